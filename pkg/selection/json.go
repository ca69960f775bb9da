// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"fmt"
	"io"
	"strings"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Document is a plan as scripts read it; names are sorted.
type Document struct {
	Rules             []string            `json:"rules"`
	Base              []string            `json:"base"`
	CustomAdded       []string            `json:"custom_added"`
	CustomRemoved     []string            `json:"custom_removed"`
	HighVolumeRemoved []string            `json:"high_volume_removed"`
	Repaired          []string            `json:"repaired"`
	Selected          []string            `json:"selected"`
	NotOnThisArch     []string            `json:"not_on_this_arch"`
	InvalidNames      []string            `json:"invalid_names"`
	Kernel            KernelDocument      `json:"kernel"`
	Reasons           map[string][]Reason `json:"reasons"`
	Warnings          []string            `json:"warnings"`
	Consequences      []Consequence       `json:"consequences"`
}

// KernelDocument is a mask in the words of the ioctl: 64 bits each, hexadecimal.
type KernelDocument struct {
	Arch        string   `json:"arch"`
	Native      []string `json:"native"`
	Compat      []string `json:"compat"`
	Tracepoints []string `json:"tracepoints"`
	Multiplexed string   `json:"multiplexed"` // behind socketcall, and from bit 32 on behind ipc
}

// Document returns the plan for printing as JSON.
func (p *Plan) Document() *Document {
	d := &Document{
		Rules: Names(p.Rules), Base: Names(p.Base), CustomAdded: withNumbers(p.Added, p.Numbers),
		CustomRemoved: Names(p.Removed), HighVolumeRemoved: Names(p.Volume),
		Repaired: Names(p.Repaired), Selected: withNumbers(p.Selected, p.Numbers), NotOnThisArch: Names(p.Missing),
		InvalidNames: append([]string{}, p.Invalid...), Kernel: MaskDocument(p.Kernel, p.Arch),
		Reasons: map[string][]Reason{}, Warnings: append([]string{}, p.Warnings()...),
		Consequences: append([]Consequence{}, p.Consequences...),
	}
	for sc, why := range p.Reasons {
		for _, name := range Names(schema.SCsOf(sc)) {
			d.Reasons[name] = append(d.Reasons[name], why...)
		}
	}
	for _, name := range NumberNames(p.Numbers) {
		d.Reasons[name] = []Reason{{Kind: ByCustom}}
	}
	return d
}

// withNumbers puts numbers behind names.
func withNumbers(set schema.SCSet, numbers []int) []string {
	return append(Names(set), NumberNames(numbers)...)
}

// MaskDocument spells out a kernel mask.
func MaskDocument(m schema.Mask, a schema.Arch) KernelDocument {
	return KernelDocument{
		Arch: a.String(), Native: hexWords(m.Native), Compat: hexWords(m.Compat),
		Tracepoints: tracepointNames(m), Multiplexed: fmt.Sprintf("0x%x", m.Multiplexed),
	}
}

// tracepointNames lists the tracepoints of a mask by their kernel names, in the
// order of their bits.
func tracepointNames(m schema.Mask) []string {
	names := []string{}
	for sc := range schema.TracepointSCs().All() {
		if info := sc.Info(); m.Tracepoints>>uint(info.Tracepoint)&1 == 1 {
			names = append(names, info.Name)
		}
	}
	return names
}

func hexWords(words schema.Numbers) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("0x%x", w)
	}
	return out
}

// WriteText prints the sets one a line.
func (p *Plan) WriteText(w io.Writer) error {
	var b strings.Builder
	d := p.Document()
	for _, line := range []struct {
		names []string
		what  string
		must  bool
	}{
		{d.Rules, "syscalls in rules", true},
		{d.CustomAdded, "syscalls added (custom set)", false},
		{d.CustomRemoved, "syscalls removed (custom set)", false},
		{d.Base, "syscalls in the base set, beyond the rules", true},
		{d.HighVolumeRemoved, "syscalls removed for their volume", false},
		{d.Repaired, "syscalls added (repair)", false},
		{d.Selected, "syscalls selected in total", true},
		{d.NotOnThisArch, "selected syscalls unknown to " + p.Arch.String(), false},
	} {
		if names := line.names; line.must || len(names) > 0 {
			text := fmt.Sprintf("(%d) %s: %s", len(names), line.what, strings.Join(names, ", "))
			b.WriteString(strings.TrimRight(text, " ") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

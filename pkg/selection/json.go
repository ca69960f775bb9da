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
}

// Document returns the plan for printing as JSON.
func (p *Plan) Document() *Document {
	d := &Document{
		Rules: Names(p.Rules), Base: Names(p.Base), CustomAdded: Names(p.Added),
		CustomRemoved: Names(p.Removed), HighVolumeRemoved: Names(p.Volume),
		Repaired: Names(p.Repaired), Selected: Names(p.Selected), NotOnThisArch: Names(p.Missing),
		InvalidNames: append([]string{}, p.Invalid...), Kernel: MaskDocument(p.Kernel, p.Arch),
		Reasons: map[string][]Reason{}, Warnings: append([]string{}, p.Warnings()...),
		Consequences: append([]Consequence{}, p.Consequences...),
	}
	for sc, why := range p.Reasons {
		for _, name := range Names(schema.SCsOf(sc)) {
			d.Reasons[name] = append(d.Reasons[name], why...)
		}
	}
	return d
}

// MaskDocument spells out a kernel mask.
func MaskDocument(m schema.Mask, a schema.Arch) KernelDocument {
	return KernelDocument{
		Arch: a.String(), Native: hexWords(m.Native), Compat: hexWords(m.Compat),
		Tracepoints: tracepointNames(m),
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

func hexWords(words [8]uint64) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("0x%x", w)
	}
	return out
}

// WriteText prints the sets one a line.
func (p *Plan) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, line := range []struct {
		set  schema.SCSet
		what string
		must bool
	}{
		{p.Rules, "syscalls in rules", true},
		{p.Added, "syscalls added (custom set)", false},
		{p.Removed, "syscalls removed (custom set)", false},
		{p.Base, "syscalls in the base set, beyond the rules", true},
		{p.Volume, "syscalls removed for their volume", false},
		{p.Repaired, "syscalls added (repair)", false},
		{p.Selected, "syscalls selected in total", true},
		{p.Missing, "selected syscalls unknown to " + p.Arch.String(), false},
	} {
		if line.must || !line.set.IsEmpty() {
			names := Names(line.set)
			fmt.Fprintf(&b, "(%d) %s: %s\n", len(names), line.what, strings.Join(names, ", "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

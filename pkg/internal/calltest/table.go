// SPDX-License-Identifier: Apache-2.0

package calltest

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/eyas-security/eyas/pkg/schema"
)

//go:embed calls.toml
var tableText string

// Table is calls.toml.
type Table struct {
	Calls     []*Call           `toml:"call"`
	Elsewhere map[string]string `toml:"elsewhere"` // system call: test
	Uncovered map[string]string `toml:"uncovered"` // system call: reason
}

// Call is a system call to make, with what its event must say.
type Call struct {
	SC        string            `toml:"sc"`
	Bits      int               `toml:"bits"`   // 64 or 32: only as such a caller; 0: as both
	Nr32      int               `toml:"nr32"`   // number of the 32-bit call, where there are several
	Args      string            `toml:"args"`   // see Parse
	Args32    *string           `toml:"args32"` // of the 32-bit call, where it differs
	Let       string            `toml:"let"`    // names the result
	Fails     bool              `toml:"fails"`  // the result is an error
	Any       bool              `toml:"any"`    // it depends on the kernel
	Partial   bool              `toml:"partial"`
	Partial32 *bool             `toml:"partial32"`
	Path      string            `toml:"path"` // the kernel's path of the opened file
	Want      map[string]string `toml:"want"` // parameters but the first, which is the result
	Want32    map[string]string `toml:"want32"`

	Code schema.SC `toml:"-"`
}

// Load returns the table.
func Load() (*Table, error) {
	t := &Table{}
	meta, err := toml.Decode(tableText, t)
	if err != nil {
		return nil, fmt.Errorf("calls.toml: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("calls.toml: unknown key %s", unknown[0])
	}
	for i, c := range t.Calls {
		if c.Code = codeOf(c.SC); c.Code == schema.SCUnknown {
			return nil, fmt.Errorf("calls.toml: call %d: unknown system call %s", i, c.SC)
		}
	}
	return t, nil
}

func codeOf(name string) schema.SC {
	for i := range schema.Syscalls {
		if schema.Syscalls[i].Name == name {
			return schema.SC(i)
		}
	}
	return schema.SCUnknown
}

// Number is the number of the call for callers of that many bits. False: the
// call is not made as one.
func (c *Call) Number(bits int) (int, bool) {
	if c.Bits != 0 && c.Bits != bits {
		return 0, false
	}
	if bits == 64 {
		return c.Code.Number(schema.X8664)
	}
	if c.Nr32 != 0 {
		return c.Nr32, true
	}
	if nrs := c.Code.CompatNumbers(schema.X8664); len(nrs) > 0 {
		return int(nrs[0]), true
	}
	return 0, false
}

// ArgsFor are the arguments for callers of that many bits.
func (c *Call) ArgsFor(bits int) ([]Expr, error) {
	text := c.Args
	if bits == 32 && c.Args32 != nil {
		text = *c.Args32
	}
	list, err := Parse(text)
	if err == nil && len(list) > 6 {
		err = fmt.Errorf("%d arguments", len(list))
	}
	if err != nil {
		return nil, fmt.Errorf("%s(%s): %w", c.SC, text, err)
	}
	return list, nil
}

// WantFor are the expected parameters for callers of that many bits, but for the
// result.
func (c *Call) WantFor(bits int) map[string]string {
	want := map[string]string{}
	for name, text := range c.Want {
		want[name] = text
	}
	if bits == 32 {
		for name, text := range c.Want32 {
			want[name] = text
		}
	}
	return want
}

// PartialFor tells whether something cannot be read.
func (c *Call) PartialFor(bits int) bool {
	if bits == 32 && c.Partial32 != nil {
		return *c.Partial32
	}
	return c.Partial
}

// Title names the call in messages.
func (c *Call) Title() string { return fmt.Sprintf("%s(%s)", c.SC, strings.TrimSpace(c.Args)) }

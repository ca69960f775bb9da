// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"slices"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Difference is what would change if a plan took the place of a mask; names are sorted.
type Difference struct {
	Added   []string `json:"added"`   // recorded by the plan only
	Removed []string `json:"removed"` // recorded now, and not by the plan
	Equal   bool     `json:"equal"`   // bit for bit
}

// Diff compares what a kernel has with the plan.
func (p *Plan) Diff(now schema.Mask) Difference {
	have, want := MaskSet(now, p.Arch), MaskSet(p.Kernel, p.Arch)
	return Difference{
		Added:   withNumbers(want.Minus(have), minus(p.Kernel.Unnamed(p.Arch), now.Native)),
		Removed: withNumbers(have.Minus(want), minus(now.Unnamed(p.Arch), p.Kernel.Native)),
		Equal:   now == p.Kernel,
	}
}

// minus leaves out what the set has.
func minus(nrs []int, set schema.Numbers) []int {
	return slices.DeleteFunc(nrs, set.Has)
}

// MaskSet is the smallest set that gives the mask. The numbers of socketcall and ipc are in it for the sake of the
// calls behind them; they are in the set only when nothing else explains them.
func MaskSet(mask schema.Mask, arch schema.Arch) schema.SCSet {
	set := mask.SCs(arch)
	for _, multiplexer := range []schema.SC{schema.SCSocketcall, schema.SCIpc} {
		without := set
		without.Del(multiplexer)
		m := schema.KernelMask(without, arch)
		for _, nr := range mask.Unnamed(arch) {
			m.AddNumber(nr, arch)
		}
		if m == mask {
			set = without
		}
	}
	return set
}

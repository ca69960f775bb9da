// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
)

// constant is one named number of the schema.
type constant struct {
	name  string
	value int64
}

func (c constant) text() string {
	if c.value < 256 {
		return strconv.FormatInt(c.value, 10)
	}
	return fmt.Sprintf("%#x", c.value)
}

// constants returns the symbols of all flag tables in their order, then the
// indexes of the dynamic tables, then the constants that have no table.
func constants(t *table) []constant {
	var out []constant
	seen := map[string]bool{}
	add := func(name string, v int64) {
		if !seen[name] {
			seen[name] = true
			out = append(out, constant{name, v})
		}
	}
	for _, tab := range t.raw.flags.Table {
		for _, e := range tab.Entries {
			add(e.Symbol, int64(e.Value))
		}
	}
	for _, d := range t.raw.flags.Dynamic {
		for i, e := range d.Entries {
			add(e.Symbol, int64(i))
		}
	}
	for _, name := range constantNames(t.raw.flags.Constants) {
		add(name, t.raw.flags.Constants[name])
	}
	return out
}

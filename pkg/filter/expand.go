// SPDX-License-Identifier: Apache-2.0

package filter

import "slices"

// Expand replaces macro references by what lookup returns for them, in depth.
// References that lookup does not know and references of a macro to itself are
// errors; all of them are reported. n is left as it is.
func Expand(n Node, lookup func(name string) (Node, bool)) (Node, error) {
	x := &expander{lookup: lookup}
	out := x.expand(n)
	if len(x.errs) > 0 {
		return nil, x.errs
	}
	return out, nil
}

type expander struct {
	lookup func(string) (Node, bool)
	open   []string // macros that are being expanded
	errs   ErrorList
	count  int
}

// maxExpanded bounds the nodes of an expanded condition: macros that use each
// other twice grow without end.
const maxExpanded = 1 << 20

func (x *expander) expand(n Node) Node {
	if x.count++; x.count > maxExpanded {
		if x.count == maxExpanded+1 {
			x.errs.add(n.Range(), "the condition is too large once its macros are expanded")
		}
		return n
	}
	switch n := n.(type) {
	case *And:
		return &And{Kids: x.kids(n.Kids), R: n.R}
	case *Or:
		return &Or{Kids: x.kids(n.Kids), R: n.R}
	case *Not:
		kid := x.expand(n.Kid)
		if not, ok := kid.(*Not); ok { // two of them are none
			return not.Kid
		}
		return &Not{Kid: kid, R: n.R}
	case *Macro:
		return x.macro(n)
	}
	return n
}

func (x *expander) kids(in []Node) []Node {
	out := make([]Node, len(in))
	for i, k := range in {
		out[i] = x.expand(k)
	}
	return out
}

func (x *expander) macro(m *Macro) Node {
	if slices.Contains(x.open, m.Name) {
		x.errs.add(m.R, "macro %s refers to itself", m.Name)
		return m
	}
	body, ok := x.lookup(m.Name)
	if !ok && (m.Name == "not" || m.Name == "and" || m.Name == "or") {
		x.errs.add(m.R, "expected a condition, found the word %s alone", m.Name)
		return m
	}
	if !ok {
		x.errs.add(m.R, "Undefined macro '%s' used in filter.", m.Name)
		return m
	}
	x.open = append(x.open, m.Name)
	defer func() { x.open = x.open[:len(x.open)-1] }()
	return x.expand(body)
}

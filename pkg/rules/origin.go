// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"

	"github.com/eyas-security/eyas/pkg/filter"
)

// Part is one of the conditions that must all hold for a rule to match.
type Part struct {
	Node  filter.Node
	Pos   Pos    // where it begins
	Macro string // that it is written in; "" for the rule itself or an exception
}

// Origin is a place in a rule file that had a hand in a rule.
type Origin struct {
	Kind string // rule, change, exception, macro or list
	Name string // of it; of a change, what it does
	Pos  Pos
}

// changed is a later item that changes a rule.
type changed struct {
	what string
	pos  point
}

func (r *ruleDef) note(it *item, what string) {
	r.changes = append(slices.Clip(r.changes), changed{what, it.f.nodePoint(it.node)})
}

// parts takes chains of "and" apart, those of macros too.
func (c *compiler) parts(dst []Part, n filter.Node) []Part {
	if and, ok := n.(*filter.And); ok {
		for _, kid := range and.Kids {
			dst = c.parts(dst, kid)
		}
		return dst
	}
	p, loc := c.written(n.Range().Start)
	part := Part{Node: n, Pos: c.pos(p)}
	if loc.kind == "macro" {
		part.Macro = loc.name
	}
	return append(dst, part)
}

func (c *compiler) places(points []point) []Pos {
	var all []Pos
	for _, p := range points {
		all = append(all, c.pos(p))
	}
	return all
}

// origins lists the rule, what changed it, and what its condition names, each
// once.
func (c *compiler) origins(def *ruleDef, s *scope) []Origin {
	o := originList{c: c}
	o.add("rule", def.name, c.pos(def.pos))
	for _, change := range def.changes {
		o.add("change", change.what, c.pos(change.pos))
	}
	for _, e := range def.exceptions {
		o.add("exception", e.name, c.pos(e.pos))
	}
	o.macros(s.uses)
	o.lists(s.lists)
	return o.all
}

type originList struct {
	c   *compiler
	all []Origin
}

// add tells whether the origin is new.
func (o *originList) add(kind, name string, pos Pos) bool {
	add := Origin{kind, name, pos}
	if slices.Contains(o.all, add) {
		return false
	}
	o.all = append(o.all, add)
	return true
}

func (o *originList) macros(macros []*Macro) {
	for _, m := range macros {
		if !o.add("macro", m.Name, m.Pos) {
			continue
		}
		for _, pos := range m.changes {
			o.add("macro", m.Name, pos)
		}
		o.macros(m.Uses)
		o.lists(m.lists)
	}
}

func (o *originList) lists(lists []*listDef) {
	for _, l := range lists {
		o.add("list", l.name, o.c.pos(l.pos))
		for _, p := range l.changes {
			o.add("list", l.name, o.c.pos(p))
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/state"
)

// node is a sub-condition. It is evaluated at most once per event: its value
// stands until the serial moves.
type node struct {
	id     int
	kind   nodeKind
	kids   []*node
	run    func(*state.Event) bool // nil for a constant
	value  bool                    // the constant, or what run said at serial
	serial uint64
	cost   int
	deps   field.Deps
	wanted bool // asked for from outside, or by a node that is not kept itself

	// A test that an index may answer. src, elements: see index.
	lookup   lookup
	src      *source
	elements bool
	index    *index // the one that does, nil without
	number   int    // of the test in it

	keep keeping
	slot int // where the memo has its value, -1: nowhere
}

// newNode makes a node of others.
func newNode(kind nodeKind, kids []*node) *node {
	n := &node{kind: kind, kids: kids, slot: -1}
	for _, k := range kids {
		n.cost += k.cost
		n.deps |= k.deps
	}
	for _, k := range kids {
		k.wanted = k.wanted || keepingOf(n.deps) == keepNot
	}
	return n
}

// costKept is what looking up a kept value costs.
const costKept = 1

// cheapWhenKept lowers the cost of a test that is rarely run: a look at what is
// kept comes before tests of the event, were they as simple as may be.
func (n *node) cheapWhenKept() {
	n.slot = -1
	if keepingOf(n.deps) != keepNot {
		n.cost = costKept
	}
}

func (n *node) isConst(v bool) bool { return n.run == nil && n.value == v }

func (n *node) eval(c *Compiler, e *state.Event) bool {
	if n.run == nil || n.serial == c.serial {
		return n.value
	}
	n.value = n.find(c, e)
	n.serial = c.serial
	return n.value
}

// find takes the value from an index, from what is kept with the thread, or
// evaluates.
func (n *node) find(c *Compiler, e *state.Event) bool {
	if n.index != nil {
		return n.index.holds(c, e, n)
	}
	if n.slot < 0 {
		c.evals++
		return n.run(e)
	}
	kept := c.memo.of(c, e, n.keep)
	if kept.known(n.slot) {
		return kept.value(n.slot)
	}
	c.evals++
	v := n.run(e)
	kept.set(n.slot, v)
	return v
}

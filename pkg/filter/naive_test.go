// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Naive evaluates conditions one by one as they were written: what a program is
// compared with. It is not slower than it must be: constants are read before,
// sets are hashed, a field is taken from an event at most once, and a comparison
// allocates nothing. But conditions share nothing else.
type Naive struct {
	c     *Compiler // for the operands alone
	Evals uint64    // tests, and, or, not
}

func NewNaive() *Naive { return &Naive{c: NewCompiler()} }

// Begin starts an event.
func (n *Naive) Begin() { n.c.serial++ }

// Build binds a condition to an event type.
func (n *Naive) Build(ck *Checked, t schema.EventType) func(*state.Event) bool {
	return n.build(ck.root, t)
}

func (n *Naive) build(ck *checkedNode, t schema.EventType) func(*state.Event) bool {
	var kids []func(*state.Event) bool
	for _, k := range ck.kids {
		kids = append(kids, n.build(k, t))
	}
	switch ck.kind {
	case nodeNot:
		return func(e *state.Event) bool { n.Evals++; return !kids[0](e) }
	case nodeTest:
		return n.test(ck.test, t)
	}
	isOr := ck.kind == nodeOr
	return func(e *state.Event) bool {
		n.Evals++
		for _, k := range kids {
			if k(e) == isOr {
				return isOr
			}
		}
		return !isOr
	}
}

func (n *Naive) test(t *checkedTest, et schema.EventType) func(*state.Event) bool {
	left := n.c.source(t.left, et)
	if t.right == nil {
		match := field.MatchOne
		if t.left.kind == exprField {
			match = t.left.ref.Match
		}
		holds := newTest(t, left.typ, match)
		return func(e *state.Event) bool {
			n.Evals++
			v := left.value(n.c, e)
			return v != nil && holds(v)
		}
	}
	right := n.c.source(t.right, et)
	holds := newPair(t.op, t.left.typ, t.left.list)
	comparable := sameKind(left.typ, right.typ)
	return func(e *state.Event) bool {
		n.Evals++
		l := left.value(n.c, e)
		r := right.value(n.c, e)
		return comparable && l != nil && r != nil && holds(l, r)
	}
}

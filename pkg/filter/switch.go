// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/eyas-security/eyas/pkg/state"
)

// Switch finds those of many programs, all for one event type, that may hold for
// an event, without a look at the others.
//
//	gate ──► index ──► programs
//
// A gate is a condition that several programs need; when it does not hold, none
// of them does. Behind it a program is found by the tests of indexes, when it
// cannot hold unless one of them does. So programs that differ in their
// constants cost next to nothing until these are met.
type Switch struct {
	c        *Compiler
	programs []*Program
	version  uint64 // of the Compiler that the groups are made for
	groups   []*group

	found []uint64 // for this event, one bit for each program; Next takes them out
	word  int
}

// group is the programs behind one gate.
type group struct {
	gate    *node   // nil: open
	always  []int32 // programs that no index finds
	indexes []*index
	wakes   map[*node][]int32 // programs by the test that finds them
}

// NewSwitch returns a Switch for programs of one event type.
func (c *Compiler) NewSwitch(programs []*Program) *Switch {
	return &Switch{c: c, programs: programs}
}

// Begin starts an event, as Compiler.Begin does, and finds the programs to try.
func (s *Switch) Begin(e *state.Event) {
	s.c.Begin()
	if s.version != s.c.version {
		s.build()
	}
	clear(s.found)
	s.word = 0
	for _, g := range s.groups {
		if g.gate != nil && !g.gate.eval(s.c, e) {
			continue
		}
		s.wake(g.always)
		for _, x := range g.indexes {
			x.look(s.c, e)
			for _, i := range x.hits {
				s.wake(g.wakes[x.tests[i]])
			}
		}
	}
}

func (s *Switch) wake(list []int32) {
	for _, i := range list {
		s.found[i/64] |= 1 << (i % 64)
	}
}

// Next returns the number of the next program to try, in their order, and -1
// when there is none.
func (s *Switch) Next() int {
	for ; s.word < len(s.found); s.word++ {
		if w := s.found[s.word]; w != 0 {
			s.found[s.word] = w & (w - 1)
			return s.word*64 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// build decides for each program how it is found.
func (s *Switch) build() {
	s.version = s.c.version
	s.found = make([]uint64, (len(s.programs)+63)/64)
	s.groups = nil
	uses := map[*node]int{}
	for _, p := range s.programs {
		for _, k := range p.root.conjuncts() {
			uses[k]++
		}
	}
	for i, p := range s.programs {
		gate := commonGate(p.root, uses)
		tests, cost := guard(p.root, uses)
		if tests != nil && gate != nil && cost <= gate.cost {
			gate = nil
		}
		if g := s.group(gate); tests != nil {
			g.findBy(tests, int32(i))
		} else {
			g.always = append(g.always, int32(i))
		}
	}
}

func (s *Switch) group(gate *node) *group {
	i := slices.IndexFunc(s.groups, func(g *group) bool { return g.gate == gate })
	if i < 0 {
		i = len(s.groups)
		s.groups = append(s.groups, &group{gate: gate, wakes: map[*node][]int32{}})
	}
	return s.groups[i]
}

func (g *group) findBy(tests []*node, program int32) {
	for _, n := range tests {
		g.wakes[n] = append(g.wakes[n], program)
		if !slices.Contains(g.indexes, n.index) {
			g.indexes = append(g.indexes, n.index)
		}
	}
}

// conjuncts are the conditions that all must hold for n to hold.
func (n *node) conjuncts() []*node {
	if n.kind == nodeAnd && n.run != nil {
		return n.kids
	}
	return []*node{n}
}

// Bounds and weights of the choice of a guard.
const (
	maxGuard  = 64 // tests of one
	costWoken = 4  // of each further program that one test finds
)

// guard returns tests of indexes of which one must hold for n to hold, the
// cheapest choice of them, or nil. Tests that many programs need are a poor
// choice: they say little about each.
func guard(n *node, uses map[*node]int) (tests []*node, cost int) {
	switch {
	case n.run == nil:
	case n.index != nil:
		return []*node{n}, n.index.cost + costWoken*max(0, uses[n]-1)
	case n.kind == nodeAnd:
		for _, k := range n.kids {
			if t, c := guard(k, uses); t != nil && (tests == nil || c < cost) {
				tests, cost = t, c
			}
		}
	case n.kind == nodeOr:
		return unionGuard(n, uses)
	}
	return tests, cost
}

// unionGuard needs a guard for each kid.
func unionGuard(n *node, uses map[*node]int) (tests []*node, cost int) {
	for _, k := range n.kids {
		t, c := guard(k, uses)
		if t == nil || len(tests)+len(t) > maxGuard {
			return nil, 0
		}
		tests, cost = append(tests, t...), cost+c
	}
	return tests, cost + costWoken*max(0, uses[n]-1)
}

// commonGate returns the condition of a program that most others need too, nil
// when none does. A test that an index answers is a guard rather than a gate.
func commonGate(root *node, uses map[*node]int) (gate *node) {
	for _, k := range root.conjuncts() {
		if k.run == nil || k.index != nil || uses[k] < 2 {
			continue
		}
		if gate == nil || cmp.Or(cmp.Compare(uses[k], uses[gate]), cmp.Compare(gate.cost, k.cost)) > 0 {
			gate = k
		}
	}
	return gate
}

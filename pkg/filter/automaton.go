// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"maps"
	"slices"
)

// automaton finds all texts of a set that a value contains, at one step for each
// byte (Aho and Corasick, 1975). A state stands for the longest text that ends
// here and begins one of the set; state 0 is the empty text.
type automaton struct {
	root  [256]int32 // from state 0
	edges [][]edge   // of the other states, in the order of their bytes
	fail  []int32    // the longest shorter text that ends here too
	found []int32    // the nearest state, itself or along fail, that has tests; -1: none
	tests [][]int32  // of the text that is whole here
}

type edge struct {
	c  byte
	to int32
}

func newAutomaton(patterns map[string][]int32) *automaton {
	a := &automaton{}
	a.add()
	for _, p := range slices.Sorted(maps.Keys(patterns)) {
		at := int32(0)
		for i := range len(p) {
			at = a.grow(at, p[i])
		}
		a.tests[at] = patterns[p]
	}
	a.link()
	return a
}

func (a *automaton) add() int32 {
	a.edges = append(a.edges, nil)
	a.fail = append(a.fail, 0)
	a.found = append(a.found, -1)
	a.tests = append(a.tests, nil)
	return int32(len(a.edges) - 1)
}

// grow follows the edge of a byte and makes it when it is new. The texts come
// in order, so edges do too.
func (a *automaton) grow(at int32, c byte) int32 {
	if to := a.follow(at, c); to != 0 {
		return to
	}
	to := a.add()
	if at == 0 {
		a.root[c] = to
	}
	a.edges[at] = append(a.edges[at], edge{c, to})
	return to
}

// follow returns the state behind an edge, 0 without one.
func (a *automaton) follow(at int32, c byte) int32 {
	if at == 0 {
		return a.root[c]
	}
	for _, e := range a.edges[at] {
		if e.c >= c {
			if e.c == c {
				return e.to
			}
			break
		}
	}
	return 0
}

// link sets fail and found, from short texts to long ones.
func (a *automaton) link() {
	if a.tests[0] != nil {
		a.found[0] = 0
	}
	queue := []int32{0}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, e := range a.edges[at] {
			if at != 0 {
				a.fail[e.to] = a.step(a.fail[at], e.c)
			}
			if a.found[e.to] = a.found[a.fail[e.to]]; a.tests[e.to] != nil {
				a.found[e.to] = e.to
			}
			queue = append(queue, e.to)
		}
	}
}

// step reads a byte.
func (a *automaton) step(at int32, c byte) int32 {
	for {
		if to := a.follow(at, c); to != 0 || at == 0 {
			return to
		}
		at = a.fail[at]
	}
}

// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"math/bits"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/state"
)

// index finds, in one look at the value of an operand, which of all tests of
// one kind on it hold: all sets of texts that have it, all prefixes that begin
// it.
type index struct {
	src      *source
	kind     lookupKind
	elements bool // a test holds when it holds for some element
	tests    []*node
	find     func(v *field.Value) // calls hit for every test that v may pass
	cost     int

	serial uint64  // of the event for which hits holds
	hits   []int32 // tests that hold
	stamps []uint64

	keep keeping
	slot int // that it was looked into; the tests follow
}

// indexKey is what the tests of an index have in common.
type indexKey struct {
	src      *source
	kind     lookupKind
	elements bool
}

// lookupCost is what a look costs, in the measure of opCost.
var lookupCost = [numLookups]int{lookEqual: 2, lookPrefix: 3, lookSuffix: 3, lookSubstring: 12, lookFolded: 16, lookPath: 6}

// buildIndexes groups the tests that an index can answer.
func (c *Compiler) buildIndexes() {
	groups := map[indexKey]*index{}
	c.indexes = nil
	c.stats.Indexed = 0
	for _, n := range c.list {
		if n.lookup.kind == lookNone {
			continue
		}
		key := indexKey{n.src, n.lookup.kind, n.elements}
		x := groups[key]
		if x == nil {
			x = &index{src: n.src, kind: key.kind, elements: key.elements}
			groups[key] = x
			c.indexes = append(c.indexes, x)
		}
		x.tests = append(x.tests, n)
		c.stats.Indexed++
	}
	for _, x := range c.indexes {
		x.build()
	}
	c.stats.Indexes = len(c.indexes)
}

func (x *index) build() {
	x.keep = keepingOf(x.src.deps)
	x.cost = x.src.cost + lookupCost[x.kind]
	if x.keep != keepNot {
		x.cost = costKept
	}
	x.stamps = make([]uint64, len(x.tests))
	x.hits = make([]int32, 0, len(x.tests))
	for i, n := range x.tests {
		n.index, n.number = x, i
	}
	switch x.kind {
	case lookEqual:
		x.find = x.equalFinder()
	case lookPath:
		x.find = x.pathFinder()
	case lookSubstring, lookFolded:
		x.find = x.substringFinder()
	default:
		x.find = x.affixFinder(x.kind == lookSuffix)
	}
}

// holds tells whether a test of the index holds for the event.
func (x *index) holds(c *Compiler, e *state.Event, n *node) bool {
	x.look(c, e)
	return x.stamps[n.number] == c.serial
}

// look fills hits for the event.
func (x *index) look(c *Compiler, e *state.Event) {
	if x.serial == c.serial {
		return
	}
	x.serial, x.hits = c.serial, x.hits[:0]
	k := kept{}
	if x.keep != keepNot {
		k = c.memo.of(c, e, x.keep)
	}
	if k.known(x.slot) {
		x.recall(k)
		return
	}
	c.evals++
	x.search(x.src.value(c, e))
	k.set(x.slot, true)
	for _, i := range x.hits {
		k.set(x.slot+1+int(i), true)
	}
}

func (x *index) search(v *field.Value) {
	switch {
	case v == nil:
	case x.elements:
		for i := range v.List {
			x.find(&v.List[i])
		}
	default:
		x.find(v)
	}
}

// hit notes that a value may pass a test.
func (x *index) hit(i int32, v *field.Value) {
	if x.stamps[i] == x.serial {
		return
	}
	if verify := x.tests[i].lookup.verify; verify != nil && !verify(v) {
		return
	}
	x.stamps[i] = x.serial
	x.hits = append(x.hits, i)
}

// recall fills hits from what is kept: the set bits among those of the tests.
func (x *index) recall(k kept) {
	first, end := x.slot+1, x.slot+1+len(x.tests)
	for w := first / 64; w*64 < end; w++ {
		word := k.bits[k.words+w]
		for ; word != 0; word &= word - 1 {
			slot := w*64 + bits.TrailingZeros64(word)
			if slot >= first && slot < end {
				x.stamps[slot-first] = x.serial
				x.hits = append(x.hits, int32(slot-first))
			}
		}
	}
}

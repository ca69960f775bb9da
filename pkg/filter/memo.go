// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"math/bits"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/state"
)

// keeping says how long the value of a condition stands.
type keeping uint8

const (
	keepNot     keeping = iota // for this event
	keepProcess                // as long as Thread.Gen
	keepLineage                // as long as Thread.Gen and State.Lineage
	numKeepings
)

// keepingOf tells from what a condition depends on how long its value stands.
// What depends on nothing is not worth keeping.
func keepingOf(d field.Deps) keeping {
	const process = field.DepExecImage | field.DepCreds
	switch {
	case d == 0 || d&^(process|field.DepAncestry) != 0:
		return keepNot
	case d&field.DepAncestry == 0:
		return keepProcess
	}
	return keepLineage
}

// Bounds of a memo.
const (
	memoBytes   = 4 << 20
	memoThreads = 1 << 12
)

// memo keeps the values of conditions that look at nothing but the process and
// its ancestors. It is a table of a fixed size, indexed by Thread.Gen: no two
// threads of a State ever have the same Gen, nor has one thread before and
// after a change that such a condition can see. A thread that comes to the place
// of another takes it over.
type memo struct {
	state  *state.State // whose Gens these are
	slots  [numKeepings]int
	places []keptThread
	serial uint64 // of the event for which cur holds
	cur    *keptThread
}

// keptThread is what is known of one thread. Gen 0 is no thread's.
type keptThread struct {
	gen, lineage uint64
	hasLineage   bool
	sets         [numKeepings]kept
}

// kept are two bits for each slot: whether the value is known, and the value.
// The zero value keeps nothing.
type kept struct {
	bits  []uint64
	words int // of one of the halves
}

func (k kept) known(slot int) bool {
	return k.words > 0 && k.bits[slot/64]&(1<<(slot%64)) != 0
}

func (k kept) value(slot int) bool { return k.bits[k.words+slot/64]&(1<<(slot%64)) != 0 }

func (k kept) set(slot int, v bool) {
	if k.words == 0 {
		return
	}
	k.bits[slot/64] |= 1 << (slot % 64)
	if v {
		k.bits[k.words+slot/64] |= 1 << (slot % 64)
	}
}

// build gives every node that is worth keeping a slot, and forgets all values;
// the table is made when it is first needed. The tests of an index have slots of their own, in a row.
func (m *memo) build(c *Compiler) {
	*m = memo{}
	c.stats.Kept = 0
	for _, n := range c.list {
		n.keep, n.slot = keepingOf(n.deps), -1
		if n.keep != keepNot && n.wanted && n.run != nil && n.index == nil {
			n.slot = m.take(n.keep, 1)
			c.stats.Kept++
		}
	}
	for _, x := range c.indexes {
		if x.keep != keepNot {
			x.slot = m.take(x.keep, 1+len(x.tests))
			c.stats.Kept++
		}
	}
	c.stats.Threads = m.numPlaces()
}

func (m *memo) take(k keeping, n int) int {
	slot := m.slots[k]
	m.slots[k] += n
	return slot
}

// numWords is how many words one half of the bits of each kind takes, and all of
// them together.
func (m *memo) numWords() (words [numKeepings]int, total int) {
	for k, n := range m.slots {
		words[k] = (n + 63) / 64
		total += 2 * words[k]
	}
	return words, total
}

// numPlaces is a power of two, 0 when there is nothing to keep.
func (m *memo) numPlaces() int {
	_, total := m.numWords()
	if total == 0 {
		return 0
	}
	num := max(1, min(memoThreads, memoBytes/(8*total)))
	return 1 << (bits.Len(uint(num)) - 1)
}

func (m *memo) makePlaces() {
	words, total := m.numWords()
	m.places = make([]keptThread, m.numPlaces())
	all := make([]uint64, len(m.places)*total)
	for i := range m.places {
		for k, w := range words {
			m.places[i].sets[k] = kept{all[: 2*w : 2*w], w}
			all = all[2*w:]
		}
	}
}

// of returns what is kept of the thread of the event. It keeps nothing where
// that would not be safe.
func (m *memo) of(c *Compiler, e *state.Event, k keeping) kept {
	if m.serial != c.serial {
		m.serial, m.cur = c.serial, m.place(e)
	}
	if m.cur == nil || k == keepLineage && !m.cur.hasLineage {
		return kept{}
	}
	return m.cur.sets[k]
}

// place finds the thread's place and clears what no longer holds of it.
func (m *memo) place(e *state.Event) *keptThread {
	t := e.Thread
	if t == nil || e.State == nil || !t.Known() {
		return nil
	}
	if m.places == nil {
		m.makePlaces()
	}
	if m.state != e.State {
		m.forget()
		m.state = e.State
	}
	p := &m.places[t.Gen&uint64(len(m.places)-1)]
	same := p.gen == t.Gen
	if same && p.lineage == e.State.Lineage() {
		return p
	}
	p.gen, p.lineage = t.Gen, e.State.Lineage()
	if !same {
		clear(p.sets[keepProcess].bits)
	}
	clear(p.sets[keepLineage].bits)
	p.hasLineage = m.slots[keepLineage] > 0 && t.HasLineage()
	return p
}

func (m *memo) forget() {
	for i := range m.places {
		m.places[i].gen = 0
	}
}

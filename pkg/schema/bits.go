// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"iter"
	"math/bits"
)

// Bits is a set of codes below 512. The zero value is the empty set.
type Bits[T ~uint16] [8]uint64

// SCSet is a set of system call codes.
type SCSet = Bits[SC]

// EventSet is a set of event types.
type EventSet = Bits[EventType]

// SCsOf returns the set of the given codes.
func SCsOf(scs ...SC) (s SCSet) {
	for _, sc := range scs {
		s.Add(sc)
	}
	return s
}

// EventsOf returns the set of the given events.
func EventsOf(types ...EventType) (s EventSet) {
	for _, t := range types {
		s.Add(t)
	}
	return s
}

// Has tells whether v is in the set.
func (b Bits[T]) Has(v T) bool {
	return int(v) < len(b)*64 && b[v/64]&(1<<(v%64)) != 0
}

// Add puts v into the set; what is out of range is left out.
func (b *Bits[T]) Add(v T) {
	if int(v) < len(b)*64 {
		b[v/64] |= 1 << (v % 64)
	}
}

// Del takes v out of the set.
func (b *Bits[T]) Del(v T) {
	if int(v) < len(b)*64 {
		b[v/64] &^= 1 << (v % 64)
	}
}

// Union returns what is in b or in o.
func (b Bits[T]) Union(o Bits[T]) Bits[T] {
	for i := range b {
		b[i] |= o[i]
	}
	return b
}

// Minus returns what is in b and not in o.
func (b Bits[T]) Minus(o Bits[T]) Bits[T] {
	for i := range b {
		b[i] &^= o[i]
	}
	return b
}

// Intersect returns what is in both b and o.
func (b Bits[T]) Intersect(o Bits[T]) Bits[T] {
	for i := range b {
		b[i] &= o[i]
	}
	return b
}

// Complement returns what is in the universe and not in b.
func (b Bits[T]) Complement(universe Bits[T]) Bits[T] { return universe.Minus(b) }

// Len counts the members.
func (b Bits[T]) Len() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// IsEmpty tells whether there is no member.
func (b Bits[T]) IsEmpty() bool { return b == Bits[T]{} }

// All yields the members in ascending order.
func (b Bits[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				if !yield(T(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

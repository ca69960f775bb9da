// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// What tests outside of the package need of those inside.

var RefEval = refEval

// RandomConditions writes conditions, of which some do not pass the check.
func RandomConditions(seed uint64, n, depth int) []string {
	return newGen(seed, 2).conditions(n, depth)
}

// StreamTypes is the set of the types of RandomEvents.
func StreamTypes() (set schema.EventSet) {
	for _, t := range streamTypes {
		set.Add(t)
	}
	return set
}

// RandomEvents calls fn for each of n events, between Update and Done.
func RandomEvents(t testing.TB, seed uint64, n int, fn func(*state.Event)) {
	s := newStream(t, seed)
	for range n {
		s.next()
		fn(s.h.Event())
		s.h.Done()
	}
}

// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"testing"

	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/state"
)

// numGateEvents is how much of the stream the gates run on: counts do not get
// truer with more.
func numGateEvents() int {
	if sharedtest.RaceDetector {
		return benchEvents / 50
	}
	return benchEvents / 10
}

// nodesPerEvent counts what an engine and the naive evaluator take, and that
// they find the same.
func nodesPerEvent(t *testing.T, list []*rules.Rule, raws [][]byte) (compiled, plain float64) {
	t.Helper()
	e, n := engine.New(list, engine.All), newNaive(list)
	replay(t, raws, func(ev *state.Event) {
		matches := 0
		e.Process(ev, func(*rules.Rule) { matches++ })
		if want := n.process(ev); matches != want {
			t.Fatalf("event %d %s: %d rules match, want %d", ev.Num, ev.Info().Code, matches, want)
		}
	})
	return float64(e.Evaluated()) / float64(len(raws)), float64(n.Evals) / float64(len(raws))
}

// The work for an event grows with what it has to do with the rules, and not
// with their number: with ten times the rules it stays below three times.
func TestCostIsSublinear(t *testing.T) {
	raws := newSynthetic(t, benchSeed, numGateEvents())
	for _, set := range []struct {
		name string
		load func(testing.TB) []*rules.Rule
	}{{"own rules", ownRules}, {"corpus rules", corpusRules}} {
		t.Run(set.name, func(t *testing.T) {
			list := set.load(t)
			one, plainOne := nodesPerEvent(t, list, raws)
			ten, plainTen := nodesPerEvent(t, multiply(t, list, 10), raws)
			t.Logf("%d rules: %.2f nodes an event (naive %.2f); ten times the rules: %.2f (naive %.2f)", len(list), one, plainOne, ten, plainTen)
			if ten > 3*one {
				t.Errorf("%.2f nodes an event with ten times the rules, more than three times %.2f", ten, one)
			}
			if one > plainOne/2 {
				t.Errorf("%.2f nodes an event, more than half of the naive %.2f", one, plainOne)
			}
			if plainTen < 5*plainOne {
				t.Errorf("the copies are not copies: naive %.2f, then %.2f", plainOne, plainTen)
			}
		})
	}
}

// An event that no rule matches allocates nothing, at no place of the stream.
func TestNoAllocationOnNonMatch(t *testing.T) {
	const first, tried = 2000, 1000
	raws := newSynthetic(t, benchSeed, first+tried)
	e := engine.New(multiply(t, ownRules(t), 3), engine.All)
	matched := false
	match := func(*rules.Rule) { matched = true }
	num, checked := 0, 0
	replay(t, raws, func(ev *state.Event) {
		matched = false
		e.Process(ev, match)
		if num++; num <= first || matched {
			return
		}
		checked++
		if n := testing.AllocsPerRun(1, func() { e.Process(ev, match) }); n != 0 {
			t.Fatalf("event %d %s: %v allocations", ev.Num, ev.Info().Code, n)
		}
	})
	if checked < tried/2 {
		t.Errorf("only %d events were checked", checked)
	}
}

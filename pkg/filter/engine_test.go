// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/state"
)

// randomRules makes rules of random conditions, those that pass the check. They
// are for the events of the stream alone: the rest is not worth compiling.
func randomRules(t testing.TB, conditions []string) []*rules.Rule {
	t.Helper()
	var out []*rules.Rule
	for i, text := range conditions {
		n, err := filter.Parse(text, filter.ParseOptions{MaxDepth: filter.RuleDepth})
		if err != nil {
			continue
		}
		ck, _, err := filter.Check(n)
		if err != nil {
			continue
		}
		r := &rules.Rule{Index: len(out), Name: fmt.Sprint(i), Condition: n, Checked: ck}
		if r.Events, r.SCs, err = filter.Codes(n); err != nil {
			t.Fatal(err)
		}
		r.Events = r.Events.Intersect(filter.StreamTypes())
		out = append(out, r)
	}
	return out
}

// checkEngine holds both ways of matching against the reference, with a sampler
// in one of them.
func checkEngine(t *testing.T, seed uint64, conditions []string, events int) int {
	t.Helper()
	list := randomRules(t, conditions)
	all, first := engine.New(list, engine.All), engine.New(list, engine.First)
	all.SampleCosts(3)
	filter.RandomEvents(t, seed, events, func(e *state.Event) {
		var want, gotAll, gotFirst []string
		for _, r := range list {
			if r.Events.Has(e.Type) && filter.RefEval(r.Condition, e) {
				want = append(want, r.Name)
			}
		}
		all.Process(e, func(r *rules.Rule) { gotAll = append(gotAll, r.Name) })
		first.Process(e, func(r *rules.Rule) { gotFirst = append(gotFirst, r.Name) })
		if !slices.Equal(gotAll, want) {
			t.Fatalf("seed %d, event %d: rules %v match, want %v", seed, e.Num, gotAll, want)
		}
		if !slices.Equal(gotFirst, want[:min(1, len(want))]) {
			t.Fatalf("seed %d, event %d: rules %v match first, want the first of %v", seed, e.Num, gotFirst, want)
		}
	})
	return len(list)
}

func TestEngineAgreesWithReference(t *testing.T) {
	total := 0
	for seed := range uint64(4) {
		total += checkEngine(t, seed, filter.RandomConditions(seed, 24, 3), 300)
	}
	if total < 50 {
		t.Errorf("only %d of 96 conditions passed the check", total)
	}
}

func FuzzEngine(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint8(10), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, rules, depth uint8) {
		checkEngine(t, seed, filter.RandomConditions(seed, 1+int(rules%12), int(depth%4)), 60)
	})
}

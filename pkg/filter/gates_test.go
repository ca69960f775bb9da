// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/scap"
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

// allocGate holds an engine to it that an event which no rule matches allocates
// nothing.
type allocGate struct {
	t       *testing.T
	e       *engine.Engine
	matched bool
	match   func(*rules.Rule)
	checked int
	first   uint64 // allocations of first evaluations, with nothing kept of the process
}

func newAllocGate(t *testing.T, list []*rules.Rule) *allocGate {
	g := &allocGate{t: t, e: engine.New(list, engine.All)}
	g.match = func(*rules.Rule) { g.matched = true }
	return g
}

// process evaluates an event, and when measured again with its allocations counted.
func (g *allocGate) process(ev *state.Event, measured bool) {
	var before, after runtime.MemStats
	if measured {
		runtime.ReadMemStats(&before)
	}
	g.matched = false
	g.e.Process(ev, g.match)
	if !measured || g.matched {
		return
	}
	runtime.ReadMemStats(&after)
	g.first += after.Mallocs - before.Mallocs
	g.checked++
	if n := testing.AllocsPerRun(1, func() { g.e.Process(ev, g.match) }); n != 0 {
		g.t.Fatalf("event %d %s: %v allocations", ev.Num, ev.Info().Code, n)
	}
}

// The own rules, on a stream that comes from no machine.
func TestNoAllocationOnNonMatch(t *testing.T) {
	const first, tried = 2000, 1000
	raws := newSynthetic(t, benchSeed, first+tried)
	g := newAllocGate(t, multiply(t, ownRules(t), 3))
	num := 0
	replay(t, raws, func(ev *state.Event) {
		num++
		g.process(ev, num > first)
	})
	if g.checked < tried/2 {
		t.Errorf("only %d events were checked", g.checked)
	}
}

// The official rules, on captures of real hosts.
func TestNoAllocationOnCaptures(t *testing.T) {
	const most, every, least = 60_000, 23, 40
	list := corpusRules(t)
	captures, err := filepath.Glob(filepath.Join(sharedtest.Dir(t), "corpus", "captures", "*.scap"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, name := range captures {
		t.Run(filepath.Base(name), func(t *testing.T) {
			g := newAllocGate(t, list)
			n := readCapture(t, name, most, func(ev *state.Event) { g.process(ev, ev.Num%every == 0) })
			t.Logf("%d of %d events measured, %d allocations with nothing kept", g.checked, n, g.first)
			if g.checked < min(least, n/every/2) {
				t.Errorf("only %d of %d events were measured", g.checked, n)
			}
			if g.first > uint64(g.checked)/50+5 { // scratch that is kept grows now and then
				t.Errorf("%d allocations when %d events were evaluated for the first time", g.first, g.checked)
			}
		})
	}
}

// readCapture runs fn on at most that many events of a capture, between Update
// and Done, and returns how many there were.
func readCapture(t *testing.T, name string, most int, fn func(*state.Event)) (n int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := scap.NewReader(f, func() *state.State { return state.New(state.Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	var ev state.Event
	for ; n < most; n++ {
		err := r.Next(&ev.Event)
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		r.State().Update(&ev)
		if r.Shown() {
			fn(&ev)
		}
		r.State().Done(&ev)
	}
	return n
}

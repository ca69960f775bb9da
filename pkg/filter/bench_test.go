// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
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

// stream calls fn for every event that rules see, between Update and Done.
type stream func(t testing.TB, fn func(*state.Event))

// capture reads a file of the corpus.
func capture(name string) stream {
	return func(t testing.TB, fn func(*state.Event)) {
		raw, err := os.ReadFile(filepath.Join(sharedtest.Dir(t), "corpus", "captures", name))
		if err != nil {
			t.Fatal(err)
		}
		r, err := scap.NewReader(bytes.NewReader(raw), nil)
		if err != nil {
			t.Fatal(err)
		}
		var e state.Event
		for {
			err := r.Next(&e.Event)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r.State().Update(&e)
			if r.Shown() {
				fn(&e)
			}
			r.State().Done(&e)
		}
	}
}

// BenchmarkRules evaluates rule sets on 100,000 synthetic events and on the
// captures of the corpus, once with the rules as they are and once with ten
// times as many, beside the naive evaluator. Each pass over a stream is one
// iteration; its time without rules is taken off.
func BenchmarkRules(b *testing.B) {
	raws := newSynthetic(b, benchSeed, benchEvents)
	synthetic := func(t testing.TB, fn func(*state.Event)) { replay(t, raws, fn) }
	b.Run("own/synthetic", func(b *testing.B) { benchRules(b, synthetic, ownRules(b)) })
	b.Run("corpus/synthetic", func(b *testing.B) { benchRules(b, synthetic, corpusRules(b)) })
	for _, name := range []string{"admin", "attack", "web", "build"} {
		b.Run("corpus/"+name, func(b *testing.B) { benchRules(b, capture(name+".scap"), corpusRules(b)) })
	}
}

func benchRules(b *testing.B, events stream, list []*rules.Rule) {
	base := newMeter(b, events)
	var one float64
	for _, n := range []int{1, 10} {
		many := multiply(b, list, n)
		var compiled float64
		b.Run(fmt.Sprintf("x%d/compiled", n), func(b *testing.B) {
			e := engine.New(many, engine.All)
			match := func(*rules.Rule) {}
			compiled = base.report(b, func(ev *state.Event) { e.Process(ev, match) }, e.Evaluated)
			if n == 1 {
				one = compiled
			}
			b.ReportMetric(compiled/one, "of-x1")
		})
		b.Run(fmt.Sprintf("x%d/naive", n), func(b *testing.B) {
			v := newNaive(many)
			plain := base.report(b, func(ev *state.Event) { v.process(ev) }, func() uint64 { return v.Evals })
			b.ReportMetric(plain/compiled, "of-compiled")
		})
	}
}

// meter knows what a stream takes without rules.
type meter struct {
	events stream
	num    float64
	idle   sample
}

type sample struct{ nanos, allocs float64 }

func newMeter(t testing.TB, events stream) *meter {
	m := &meter{events: events, idle: sample{math.Inf(1), math.Inf(1)}}
	for range 3 {
		num := 0
		m.idle = m.idle.min(m.pass(t, func(*state.Event) { num++ }))
		m.num = float64(num)
	}
	return m
}

func (s sample) min(o sample) sample {
	return sample{math.Min(s.nanos, o.nanos), math.Min(s.allocs, o.allocs)}
}

// pass runs the stream once.
func (m *meter) pass(t testing.TB, fn func(*state.Event)) sample {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := cpuTime(t)
	m.events(t, fn)
	d := cpuTime(t) - start
	runtime.ReadMemStats(&after)
	return sample{float64(d), float64(after.Mallocs - before.Mallocs)}
}

// report tells the best of all passes and returns its nanoseconds per event.
func (m *meter) report(b *testing.B, fn func(*state.Event), evals func() uint64) float64 {
	best := sample{math.Inf(1), math.Inf(1)}
	start, passes := evals(), 0
	for b.Loop() {
		best = best.min(m.pass(b, fn))
		passes++
	}
	nanos := math.Max(best.nanos-m.idle.nanos, 1) / m.num
	b.ReportMetric(0, "ns/op") // a pass over the stream is no figure of interest
	b.ReportMetric(nanos, "ns/event")
	b.ReportMetric(math.Max(0, best.allocs-m.idle.allocs)/m.num, "allocs/event")
	b.ReportMetric(float64(evals()-start)/float64(passes)/m.num, "nodes/event")
	return nanos
}

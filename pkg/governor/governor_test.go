// SPDX-License-Identifier: Apache-2.0

package governor

import (
	"slices"
	"testing"

	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// TestChoice: of several calls the costliest goes that the fewest and least urgent rules need.
func TestChoice(t *testing.T) {
	prio := func(p ...rules.Priority) []rules.Priority { return p }
	tests := []struct {
		name  string
		calls []Call
		want  Step
	}{
		{"the costliest", []Call{{schema.SCMkdir, 100, prio(rules.Notice)}, {schema.SCRmdir, 200, prio(rules.Notice)}}, Step{Off, schema.SCRmdir}},
		{"fewest rules", []Call{{schema.SCMkdir, 100, prio(rules.Notice)}, {schema.SCRmdir, 150, prio(rules.Notice, rules.Notice)}}, Step{Off, schema.SCMkdir}},
		{"least urgent", []Call{{schema.SCMkdir, 100, prio(rules.Debug)}, {schema.SCRmdir, 150, prio(rules.Critical)}}, Step{Off, schema.SCMkdir}},
		{"no rule at all", []Call{{schema.SCMkdir, 100, nil}, {schema.SCRmdir, 300, prio(rules.Debug)}}, Step{Off, schema.SCMkdir}},
		{"a flood beats urgency", []Call{{schema.SCMkdir, 100, prio(rules.Debug)}, {schema.SCRmdir, 100000, prio(rules.Emergency)}}, Step{Off, schema.SCRmdir}},
		{"nothing would help", nil, Step{}},
		{"nobody calls", []Call{{schema.SCMkdir, 0, nil}}, Step{}},
	}
	for _, tt := range tests {
		g := New(Config{Hold: 3})
		if got := g.Tick(Sample{Lost: 1, Calls: tt.calls}); got.Kind != Shorten {
			t.Errorf("%s: the first step is %+v, want to shorten", tt.name, got)
		}
		if got := g.Tick(Sample{Lost: 1, Calls: tt.calls}); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// host simulates one: calls with rates, and an agent that can take so many events a period.
type host struct {
	rates    map[schema.SC]uint64
	capacity uint64
	off      map[schema.SC]bool
	short    bool
}

func (h *host) period() (s Sample) {
	var sum uint64
	for _, sc := range slices.Sorted(func(yield func(schema.SC) bool) {
		for sc := range h.rates {
			if !yield(sc) {
				return
			}
		}
	}) {
		if !h.off[sc] {
			sum += h.rates[sc]
			s.Calls = append(s.Calls, Call{SC: sc, Events: h.rates[sc], Rules: []rules.Priority{rules.Notice}})
		}
	}
	s.Lost = sum - min(sum, h.capacity)
	s.CPUPercent = 100 * float64(min(sum, h.capacity)) / float64(h.capacity)
	return s
}

func (h *host) do(s Step) {
	switch s.Kind {
	case Shorten:
		h.short = true
	case Restore:
		h.short = false
	case Off:
		h.off[s.SC] = true
	case On:
		delete(h.off, s.SC)
	}
}

// TestFlood: the loss ends within a few periods, what is not flooded stays on, tries to take back become rare, and after
// the flood everything is back in reverse order.
func TestFlood(t *testing.T) {
	h := &host{rates: map[schema.SC]uint64{schema.SCMkdir: 50, schema.SCRmdir: 100000, schema.SCLink: 5000}, capacity: 1000, off: map[schema.SC]bool{}}
	g := New(Config{Hold: 3})
	lossy, switches := 0, 0
	var last int
	for period := range 400 {
		s := h.period()
		if s.Lost > 0 {
			lossy++
			last = period
		}
		step := g.Tick(s)
		if step.Kind != None {
			switches++
		}
		h.do(step)
		if period == 10 && (s.Lost > 0 || !h.off[schema.SCRmdir] || !h.off[schema.SCLink] || h.off[schema.SCMkdir] || !h.short) {
			t.Errorf("after 10 periods: lost %d, off %v, short %v", s.Lost, h.off, h.short)
		}
	}
	if lossy > 20 || switches > 40 {
		t.Errorf("loss in %d of 400 periods (last %d), %d switches: that is no hysteresis", lossy, last, switches)
	}
	h.rates[schema.SCRmdir], h.rates[schema.SCLink] = 10, 10
	var back []Kind
	for range 400 {
		step := g.Tick(h.period())
		h.do(step)
		if step.Kind != None {
			back = append(back, step.Kind)
		}
	}
	if want := []Kind{On, On, Restore}; !slices.Equal(back, want) || len(h.off) > 0 || h.short || len(g.Off()) > 0 || g.Short() {
		t.Errorf("after the flood: steps %v, want %v; off %v", back, want, h.off)
	}
}

// TestCPU: above the budget something goes, below it nothing comes back until there is room for it.
func TestCPU(t *testing.T) {
	calls := []Call{{SC: schema.SCMkdir, Events: 100}}
	g := New(Config{CPUPercent: 50, Hold: 2})
	steps := []struct {
		cpu  float64
		want Kind
	}{
		{49, None}, {51, Shorten}, {60, Off}, {45, None}, {45, None}, {45, None}, // 45 is below the budget, but not quiet
		{30, None}, {30, On}, {45, None}, {30, None}, {30, Restore}, {30, None}, {30, None},
	}
	for i, step := range steps {
		if got := g.Tick(Sample{CPUPercent: step.cpu, Calls: calls}); got.Kind != step.want {
			t.Errorf("period %d, CPU %v: got %v, want %v", i, step.cpu, got.Kind, step.want)
		}
	}
}

// TestUnlimited: without a budget for the CPU only loss counts.
func TestUnlimited(t *testing.T) {
	g := New(Config{})
	for range 10 {
		if got := g.Tick(Sample{CPUPercent: 100}); got.Kind != None {
			t.Errorf("got %+v", got)
		}
	}
}

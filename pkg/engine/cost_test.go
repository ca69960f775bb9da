// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/state"
)

// process runs one openat event through an engine, n times.
func process(t testing.TB, e *Engine, name, flags string, n int) {
	t.Helper()
	s := state.New(state.Options{})
	var ev state.Event
	if err := ev.Decode(openat(t, name, flags)); err != nil {
		t.Fatal(err)
	}
	for range n {
		s.Update(&ev)
		e.Process(&ev, func(*rules.Rule) {})
	}
}

func TestCosts(t *testing.T) {
	e := New(load(t), All)
	process(t, e, "/etc/a", "O_WRONLY", 5)
	if c := e.Costs(); c.Events != 0 || c.Sampled != 0 {
		t.Errorf("Costs before SampleCosts: %+v", c)
	}
	e.SampleCosts(3)
	clock := int64(0)
	e.sampler.now, e.sampler.overhead = func() int64 { clock += 10; return clock }, 4
	process(t, e, "/etc/a", "O_WRONLY", 7)
	c := e.Costs()
	if c.Events != 7 || c.Sampled != 3 {
		t.Errorf("Costs: %d of %d events sampled, want 3 of 7", c.Sampled, c.Events)
	}
	sum := c.Search
	for _, r := range c.Rules {
		sum.add(r.Shared)
		if r.Events > 0 && r.Alone.Nodes == 0 {
			t.Errorf("rule %q: evaluated alone without nodes", r.Rule.Name)
		}
	}
	if sum != c.Total {
		t.Errorf("the parts are %+v, the total %+v", sum, c.Total)
	}
	first := c.Rules[0]
	if first.Rule.Name != "any write" || first.Events != 3 || first.Tried != 3 || first.Matched != 3 || first.Shared.Nanos != 18 {
		t.Errorf("cost of the first rule: %+v", first)
	}
	if last := c.Rules[2]; last.Events != 0 || last.Tried != 0 {
		t.Errorf("cost of a rule for other events: %+v", last)
	}
}

// A measured event matches the same rules, and costs no allocation either.
func TestMeasuredEventsAllocateNothing(t *testing.T) {
	e := New(load(t), All)
	e.SampleCosts(1)
	s := state.New(state.Options{})
	var ev state.Event
	if err := ev.Decode(openat(t, "/var/lib/x", "O_RDONLY|O_CLOEXEC")); err != nil {
		t.Fatal(err)
	}
	s.Update(&ev)
	match := func(r *rules.Rule) { t.Errorf("rule %q matched", r.Name) }
	if n := testing.AllocsPerRun(100, func() { e.Process(&ev, match) }); n != 0 {
		t.Errorf("%v allocations for a measured event, want 0", n)
	}
}

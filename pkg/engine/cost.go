// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/state"
)

// Spent is work: time and the nodes of conditions that were evaluated. The
// time of measuring is taken off.
type Spent struct {
	Nanos int64
	Nodes uint64
}

func (s *Spent) add(o Spent) {
	s.Nanos += o.Nanos
	s.Nodes += o.Nodes
}

// Cost is what one rule took on the sampled events.
//
// Rules share nodes. Shared holds what the rule really added: a node counts for
// the first rule, in definition order, that asked for it, and is free for all
// later ones; so the Shared of all rules and Costs.Search add up to Costs.Total.
// Alone holds what the rule would take if it were the only one, and is what its
// author can influence; the Alone of all rules add up to more than was spent.
// In both, conditions on the process alone cost what they cost here: little
// once the thread is known.
type Cost struct {
	Rule    *rules.Rule
	Events  uint64 // sampled events of the types that the rule looks at
	Tried   uint64 // of these, those that the condition was evaluated for
	Matched uint64 // of these, those that it held for
	Shared  Spent
	Alone   Spent
}

// Costs are the sums since SampleCosts.
type Costs struct {
	Events  uint64 // processed
	Sampled uint64 // of these, measured
	Total   Spent  // on the sampled events
	Search  Spent  // of this, on finding the rules that may match; belongs to no rule
	Rules   []Cost // in definition order
}

// sampler measures every n-th event.
type sampler struct {
	every    uint64 // 0: none
	now      func() int64
	overhead int64 // of reading the clock
	costs    Costs
}

// SampleCosts makes Process measure every n-th event from now on, and forgets
// what was measured before; 0 ends it. A measured event takes several times as
// long as others.
func (e *Engine) SampleCosts(n uint64) {
	start := time.Now()
	e.sampler = sampler{every: n, now: func() int64 { return int64(time.Since(start)) }}
	e.sampler.costs.Rules = make([]Cost, len(e.rules))
	for i, r := range e.rules {
		e.sampler.costs.Rules[i].Rule = r
	}
	e.sampler.calibrate()
}

// calibrate takes the shortest time between two looks at the clock.
func (s *sampler) calibrate() {
	for i := range 100 {
		start := s.now()
		if d := s.now() - start; i == 0 || d < s.overhead {
			s.overhead = d
		}
	}
}

// Costs returns what was measured. The result is a copy.
func (e *Engine) Costs() Costs {
	c := e.sampler.costs
	c.Rules = append([]Cost(nil), c.Rules...)
	return c
}

// due counts an event and tells whether it is to be measured.
func (s *sampler) due() bool {
	if s.every == 0 {
		return false
	}
	s.costs.Events++
	return (s.costs.Events-1)%s.every == 0
}

// measure returns what fn took.
func (e *Engine) measure(fn func() bool) (Spent, bool) {
	nodes, start := e.compiler.Evaluated(), e.sampler.now()
	ok := fn()
	nanos := max(0, e.sampler.now()-start-e.sampler.overhead)
	return Spent{nanos, e.compiler.Evaluated() - nodes}, ok
}

// processMeasured is Process, with a look at the clock between the rules, and
// then each rule once more on its own.
func (e *Engine) processMeasured(t *table, ev *state.Event, match func(*rules.Rule)) {
	costs := &e.sampler.costs
	costs.Sampled++
	if t.find == nil {
		return
	}
	search, _ := e.measure(func() bool { t.find.Begin(ev); return true })
	costs.Search.add(search)
	costs.Total.add(search)
	for i := t.find.Next(); i >= 0; i = t.find.Next() {
		cost := &costs.Rules[t.rules[i]]
		spent, ok := e.measure(func() bool { return t.programs[i].Eval(ev) })
		cost.Tried++
		cost.Shared.add(spent)
		costs.Total.add(spent)
		if !ok {
			continue
		}
		cost.Matched++
		match(cost.Rule)
		if e.mode == First {
			break
		}
	}
	for i, p := range t.programs {
		cost := &costs.Rules[t.rules[i]]
		spent, _ := e.measure(func() bool { return p.Match(ev) })
		cost.Events++
		cost.Alone.add(spent)
	}
}

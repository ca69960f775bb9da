// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Matching says how many rules may match one event.
type Matching uint8

const (
	// First stops at the first rule that matches, in definition order.
	First Matching = iota
	// All reports every rule that matches.
	All
)

// ParseMatching reads the values of the config key rule_matching.
func ParseMatching(s string) (Matching, error) {
	switch s {
	case "", "first":
		return First, nil
	case "all":
		return All, nil
	}
	return First, fmt.Errorf("rule_matching is %q: want first or all", s)
}

// Engine is a rule set compiled for evaluation.
type Engine struct {
	mode     Matching
	compiler *filter.Compiler
	rules    []*rules.Rule
	byEvent  [schema.NumEvents]table
	sampler  sampler
}

// table is the rules that may match events of one type, in definition order.
type table struct {
	programs []*filter.Program
	rules    []int32 // of the programs: numbers in Engine.rules
	find     *filter.Switch
}

// New compiles the given rules, which keep their order. Sub-conditions that
// rules share are compiled once.
func New(active []*rules.Rule, mode Matching) *Engine {
	e := &Engine{mode: mode, compiler: filter.NewCompiler(), rules: active}
	for i, r := range active {
		for t := range r.Events.All() {
			if p := e.compiler.Compile(r.Checked, t); !p.Never() {
				e.byEvent[t].programs = append(e.byEvent[t].programs, p)
				e.byEvent[t].rules = append(e.byEvent[t].rules, int32(i))
			}
		}
	}
	for t := range e.byEvent {
		if list := e.byEvent[t].programs; len(list) > 0 {
			e.byEvent[t].find = e.compiler.NewSwitch(list)
		}
	}
	return e
}

// Stats says how much the rules share.
func (e *Engine) Stats() filter.CompilerStats { return e.compiler.Stats() }

// Process evaluates the rules of the event's type and calls match for each that
// holds, in definition order. The event must have been through state.Update.
func (e *Engine) Process(ev *state.Event, match func(*rules.Rule)) {
	if int(ev.Type) >= len(e.byEvent) {
		return
	}
	t := &e.byEvent[ev.Type]
	switch {
	case e.sampler.due():
		e.processMeasured(t, ev, match)
		return
	case t.find == nil:
		return
	}
	t.find.Begin(ev)
	for i := t.find.Next(); i >= 0; i = t.find.Next() {
		if !t.programs[i].Eval(ev) {
			continue
		}
		match(e.rules[t.rules[i]])
		if e.mode == First {
			return
		}
	}
}

// Evaluated is how many nodes of conditions were evaluated so far.
func (e *Engine) Evaluated() uint64 { return e.compiler.Evaluated() }

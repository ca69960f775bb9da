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
	byEvent  [schema.NumEvents][]compiled
	sampler  sampler
}

// compiled is one rule specialised for one event type.
type compiled struct {
	program *filter.Program
	rule    *rules.Rule
	index   int // in Engine.rules
}

// New compiles the given rules, which keep their order. Sub-conditions that
// rules share are compiled once.
func New(active []*rules.Rule, mode Matching) *Engine {
	e := &Engine{mode: mode, compiler: filter.NewCompiler(), rules: active}
	for i, r := range active {
		for t := range r.Events.All() {
			if p := e.compiler.Compile(r.Checked, t); !p.Never() {
				e.byEvent[t] = append(e.byEvent[t], compiled{p, r, i})
			}
		}
	}
	return e
}

// Process evaluates the rules of the event's type and calls match for each that
// holds, in definition order. The event must have been through state.Update.
func (e *Engine) Process(ev *state.Event, match func(*rules.Rule)) {
	if int(ev.Type) >= len(e.byEvent) {
		return
	}
	if e.sampler.due() {
		e.processMeasured(ev, match)
		return
	}
	e.compiler.Begin()
	for i := range e.byEvent[ev.Type] {
		c := &e.byEvent[ev.Type][i]
		if !c.program.Eval(ev) {
			continue
		}
		match(c.rule)
		if e.mode == First {
			return
		}
	}
}

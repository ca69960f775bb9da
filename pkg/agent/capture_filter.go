// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
	"github.com/eyas-security/eyas/pkg/state"
)

// Matcher evaluates one condition on events of all types; nil holds for every
// event. It is for one goroutine.
type Matcher struct {
	condition *filter.Checked
	compiler  *filter.Compiler
	programs  [schema.NumEvents]*filter.Program // made when the first event of a type comes
}

// NewMatcher returns the Matcher of a condition.
func NewMatcher(condition *filter.Checked) *Matcher {
	return &Matcher{condition: condition, compiler: filter.NewCompiler()}
}

// Match tells whether the condition holds for an event that has been through
// state.Update.
func (m *Matcher) Match(e *state.Event) bool {
	if m == nil {
		return true
	}
	p := m.programs[e.Type]
	if p == nil {
		p = m.compiler.Compile(m.condition, e.Type)
		m.programs[e.Type] = p
	}
	return p.Match(e)
}

// CapturePlan is the selection for a recording: as for one rule with that
// condition, nil for one that always holds. Context switches and page faults are
// in only when the condition tells events apart.
func CapturePlan(cfg *config.Config, condition filter.Node) (*selection.Plan, error) {
	set := schema.AllSCs()
	if condition != nil {
		var err error
		if _, set, err = filter.Codes(condition); err != nil {
			return nil, err
		}
	}
	if set == schema.AllSCs() {
		set = set.Minus(schema.SCsOf(schema.SCSchedSwitch, schema.SCPageFaultUser, schema.SCPageFaultKernel))
	}
	return Plan(cfg, []*rules.Rule{{Name: "capture", SCs: set}}), nil
}

// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/format"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
	"github.com/eyas-security/eyas/pkg/state"
)

// Matcher evaluates one condition on events of all types; nil holds for every
// event. It is for one goroutine.
type Matcher struct {
	condition filter.Node
	checked   *filter.Checked
	compiler  *filter.Compiler
	programs  [schema.NumEvents]*filter.Program // made when the first event of a type comes
}

// NewMatcher returns the Matcher of a condition that was checked.
func NewMatcher(condition filter.Node, checked *filter.Checked) *Matcher {
	return &Matcher{condition: condition, checked: checked, compiler: filter.NewCompiler()}
}

// Match tells whether the condition holds for an event that has been through
// state.Update.
func (m *Matcher) Match(e *state.Event) bool {
	if m == nil {
		return true
	}
	p := m.programs[e.Type]
	if p == nil {
		p = m.compiler.Compile(m.checked, e.Type)
		m.programs[e.Type] = p
	}
	return p.Match(e)
}

// CapturePlan is the selection for a recording: as for one rule with that
// condition. Context switches and page faults are in only when the condition
// tells events apart.
func CapturePlan(cfg *config.Config, m *Matcher) (*selection.Plan, error) {
	rule := &rules.Rule{Name: "capture", SCs: schema.AllSCs(), Checked: &filter.Checked{}, Output: &format.Format{}}
	if m != nil {
		var err error
		if _, rule.SCs, err = filter.Codes(m.condition); err != nil {
			return nil, err
		}
		rule.Checked = m.checked
	}
	if rule.SCs == schema.AllSCs() {
		rule.SCs = rule.SCs.Minus(schema.SCsOf(schema.SCSchedSwitch, schema.SCPageFaultUser, schema.SCPageFaultKernel))
	}
	return Plan(cfg, []*rules.Rule{rule}), nil
}

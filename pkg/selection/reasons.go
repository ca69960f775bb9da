// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Kind says what put a system call into a plan or took it out.
type Kind string

// Kinds of reasons.
const (
	ByRule     Kind = "rule"        // a rule's condition names it
	ByState    Kind = "state"       // the picture of the host needs it
	ByCustom   Kind = "custom"      // base_syscalls.custom_set names it
	ByRepair   Kind = "repair"      // base_syscalls.repair brings it
	ByAlways   Kind = "always"      // process exit is in every plan
	ByOperator Kind = "operator"    // 'mask set' or 'mask add' named it
	OutCustom  Kind = "negated"     // base_syscalls.custom_set takes it out
	OutVolume  Kind = "high_volume" // taken out because of its rate; base_syscalls.all keeps it

	OutOperator Kind = "operator_removed" // 'mask set' or 'mask remove' took it out
	OutGovernor Kind = "governor"         // switched off because of the load
	OutUnneeded Kind = "unneeded"         // nothing asks for it
	OutReplaced Kind = "replaced"         // part of the state set, which custom_set or repair replace
	OutArch     Kind = "arch"             // has no number on this architecture
	OutNoExit   Kind = "no_exit"          // never returns
)

// kindTexts say the same in sentences, for all but ByRule.
var kindTexts = map[Kind]string{
	ByState:     "needed to know the processes and descriptors of the host",
	ByCustom:    "named in base_syscalls.custom_set",
	ByRepair:    "added by base_syscalls.repair to keep the state right",
	ByAlways:    "in every set: the end of a process is never left out",
	ByOperator:  "named in 'agent mask set' or 'agent mask add'",
	OutOperator: "taken out by 'agent mask set' or 'agent mask remove'",
	OutGovernor: "switched off by the governor until the load is lower",
	OutCustom:   "taken out by a name with ! in base_syscalls.custom_set",
	OutVolume:   "left out because of its rate; -A or base_syscalls.all records it",
	OutUnneeded: "no rule, no part of the base set and no entry of base_syscalls asks for it",
	OutReplaced: "part of the state set, which base_syscalls.custom_set or repair replaces",
	OutArch:     "has no number on this architecture: nothing can be recorded",
	OutNoExit:   "never returns, and calls are recorded when they return",
}

// keepsOut tells reasons against a call from those for it.
func (k Kind) keepsOut() bool {
	switch k {
	case ByRule, ByState, ByCustom, ByRepair, ByAlways, ByOperator:
		return false
	}
	return true
}

// Reason is one cause. Rule, File, Line and Via are set for ByRule: Via lists
// the macros that brought the name, outermost first.
type Reason struct {
	Kind Kind     `json:"kind"`
	Rule string   `json:"rule,omitempty"`
	File string   `json:"file,omitempty"`
	Line int      `json:"line,omitempty"`
	Via  []string `json:"via,omitempty"`
}

func reasons(in Input, p *Plan, state schema.SCSet) map[schema.SC][]Reason {
	m := map[schema.SC][]Reason{}
	via := newViaFinder()
	for _, r := range in.Rules {
		for sc := range r.SCs.All() {
			m[sc] = append(m[sc], Reason{Kind: ByRule, Rule: r.Name, File: r.Pos.File, Line: r.Pos.Line, Via: via.find(r, sc)})
		}
	}
	custom := !p.Added.IsEmpty()
	for _, set := range []struct {
		scs  schema.SCSet
		kind Kind
		when bool
	}{
		{p.Added, ByCustom, true},
		{state.Intersect(p.Selected), ByState, !custom && !in.Repair},
		{p.Repaired, ByRepair, true},
		{schema.SCsOf(schema.SCSchedProcessExit), ByAlways, true},
		{in.Override.wanted(), ByOperator, true},
		{p.Removed, OutCustom, true},
		{p.Operator, OutOperator, true},
		{p.Off, OutGovernor, true},
		{p.Volume, OutVolume, true},
	} {
		if !set.when {
			continue
		}
		for sc := range set.scs.All() {
			m[sc] = append(m[sc], Reason{Kind: set.kind})
		}
	}
	return m
}

// viaFinder tells through which macros a rule names a system call. A macro
// names one when its own condition narrows the set of calls and keeps that one.
type viaFinder struct {
	codes map[*rules.Macro]schema.SCSet
}

func newViaFinder() *viaFinder { return &viaFinder{codes: map[*rules.Macro]schema.SCSet{}} }

func (v *viaFinder) find(r *rules.Rule, sc schema.SC) []string {
	return v.path(r.Macros, sc)
}

func (v *viaFinder) path(macros []*rules.Macro, sc schema.SC) []string {
	for _, m := range macros {
		if v.names(m, sc) {
			return append([]string{m.Name}, v.path(m.Uses, sc)...)
		}
	}
	return nil
}

func (v *viaFinder) names(m *rules.Macro, sc schema.SC) bool {
	set, ok := v.codes[m]
	if !ok {
		_, scs, err := filter.Codes(m.Node)
		if err == nil && scs != schema.AllSCs() {
			set = scs
		}
		v.codes[m] = set
	}
	return set.Has(sc)
}

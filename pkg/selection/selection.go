// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Input is what a plan is made from.
type Input struct {
	Rules  []*rules.Rule // the rules that take part in evaluation
	Custom []string      // base_syscalls.custom_set; a leading '!' takes a name out
	Repair bool          // base_syscalls.repair
	All    bool          // base_syscalls.all: keep the high-volume set
	Arch   schema.Arch

	Override Override     // by an operator, at run time
	Off      schema.SCSet // by the governor, at run time
}

// Plan is a selection with everything that led to it.
type Plan struct {
	Arch     schema.Arch
	Rules    schema.SCSet // needed by rules
	Base     schema.SCSet // in the base set, and not needed by a rule
	Added    schema.SCSet // positive names of the custom set
	Removed  schema.SCSet // taken out by negative names
	Volume   schema.SCSet // taken out as high-volume
	Repaired schema.SCSet // brought in by repair
	Operator schema.SCSet // taken out by the operator
	Off      schema.SCSet // switched off by the governor
	Selected schema.SCSet
	Numbers  []int        // selected by number: the table has no name for them
	Invalid  []string     // names of the custom set that name nothing
	Missing  schema.SCSet // selected, but without a number on this architecture
	Inactive schema.SCSet // needed by a rule and yet not selected
	Kernel   schema.Mask
	Reasons  map[schema.SC][]Reason

	Consequences []Consequence // fields of rules that this set leaves empty or old

	active   []*rules.Rule
	repair   bool
	reads    map[*rules.Rule][]read // fields of each rule
	warnings []string
}

// Compute makes the plan. Same input, same plan.
func Compute(in Input) *Plan {
	p := &Plan{Arch: in.Arch, active: in.Rules, repair: in.Repair}
	for _, r := range in.Rules {
		p.Rules = p.Rules.Union(r.SCs)
	}
	positive, negative := p.custom(in.Custom)
	state := schema.StateSCs(in.Arch)
	base := state
	chosen := !positive.IsEmpty() || len(p.Numbers) > 0
	if chosen {
		base = positive
	}
	selected := p.Rules.Union(base)
	var repaired schema.SCSet
	if in.Repair && !chosen {
		base = schema.SCSet{}
		repaired = schema.RepairSCs(p.Rules)
		selected = repaired
	}
	p.Removed = selected.Intersect(negative)
	selected = selected.Minus(negative)
	if !in.All {
		volume := schema.HighVolumeSCs(in.Arch)
		p.Volume = selected.Intersect(volume)
		selected = selected.Minus(volume)
	}
	if in.Repair && len(in.Custom) > 0 {
		selected = schema.RepairSCs(selected)
		repaired = repaired.Union(selected)
	}
	selected = p.overlay(in, selected)
	selected.Add(schema.SCSchedProcessExit)
	p.finish(selected, base, positive, repaired)
	p.Reasons = reasons(in, p, state)
	p.reads = p.allReads()
	p.Consequences = p.consequences()
	p.warnings = p.warn()
	return p
}

// finish derives what is shown from the sets of the algorithm.
func (p *Plan) finish(selected, base, positive, repaired schema.SCSet) {
	p.Selected = selected
	p.Added = positive
	p.Base = base.Minus(p.Rules)
	p.Repaired = repaired.Intersect(selected).Minus(p.Rules).Minus(positive)
	p.Inactive = p.Rules.Minus(selected)
	p.Missing = missing(selected, p.Arch)
	p.Kernel = schema.KernelMask(selected, p.Arch)
	for _, nr := range p.Numbers {
		p.Kernel.AddNumber(nr, p.Arch)
	}
}

// missing leaves codes out that share their name with one that can be recorded:
// fcntl64 is no loss where there is fcntl.
func missing(selected schema.SCSet, a schema.Arch) schema.SCSet {
	absent := schema.NotOnArch(selected, a)
	present := Names(selected.Minus(absent))
	lost := absent
	for sc := range absent.All() {
		if _, found := slices.BinarySearch(present, Names(schema.SCsOf(sc))[0]); found {
			lost.Del(sc)
		}
	}
	return lost
}

// custom splits the custom set by sign and resolves the names.
func (p *Plan) custom(names []string) (positive, negative schema.SCSet) {
	var plus, minus []string
	numbers := map[int]bool{}
	for _, name := range names {
		bare, negated := strings.CutPrefix(name, "!")
		switch {
		case bare == "":
			continue
		case bare[0] == '#':
			nr, ok := parseNumber(bare, p.Arch)
			if !ok {
				p.Invalid = append(p.Invalid, bare)
			} else if _, out := numbers[nr]; !out || negated {
				numbers[nr] = !negated
			}
		case schema.EventNamesToSCs([]string{bare}).IsEmpty():
			p.Invalid = append(p.Invalid, bare)
		case negated:
			minus = append(minus, bare)
		default:
			plus = append(plus, bare)
		}
	}
	slices.Sort(p.Invalid)
	p.Invalid = slices.Compact(p.Invalid)
	for nr, in := range numbers {
		if in {
			p.Numbers = append(p.Numbers, nr)
		}
	}
	slices.Sort(p.Numbers)
	return schema.EventNamesToSCs(plus), schema.EventNamesToSCs(minus)
}

// Warnings says in sentences what in the plan a user may not have meant.
func (p *Plan) Warnings() []string { return p.warnings }

func (p *Plan) warn() (w []string) {
	for _, name := range p.Invalid {
		w = append(w, "base_syscalls.custom_set: "+explainInvalid(name, p.Arch))
	}
	w = append(w, p.ruleWarnings()...)
	for i := range p.Consequences {
		w = append(w, p.Consequences[i].String())
	}
	return w
}

// Names returns the names users know the codes by, sorted: event names where a
// code has an event of its own, the system call's name otherwise. None are an
// empty list, which JSON has brackets for.
func Names(set schema.SCSet) []string {
	return append([]string{}, schema.SCsToEventNames(set)...)
}

// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Consequence is fields that a rule reads and that stay empty or go stale, because calls that feed them are not recorded.
type Consequence struct {
	Rule     string   `json:"rule"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Fields   []string `json:"fields"`   // sorted
	Syscalls []string `json:"syscalls"` // that are missing, sorted
	Remedy   string   `json:"remedy"`   // what to change in the configuration
}

func (c *Consequence) String() string {
	verb, stay := "is", "stays"
	if len(c.Syscalls) > 1 {
		verb = "are"
	}
	if len(c.Fields) > 1 {
		stay = "stay"
	}
	return fmt.Sprintf("rule %q (%s:%d) reads %s, which %s empty or old while %s %s not recorded: %s",
		c.Rule, c.File, c.Line, strings.Join(c.Fields, ", "), stay, strings.Join(c.Syscalls, ", "), verb, c.Remedy)
}

// read is a field that a rule reads, and the calls that feed it for this rule.
type read struct {
	name  string
	needs schema.SCSet
}

func (p *Plan) allReads() map[*rules.Rule][]read {
	all := make(map[*rules.Rule][]read, len(p.active))
	for _, r := range p.active {
		scs := r.SCs.Intersect(p.Selected)
		for _, name := range fieldsOf(r) {
			all[r] = append(all[r], read{name, feeders(name, scs)})
		}
	}
	return all
}

// consequences looks at every field of every rule. Fields that miss the same calls are told together.
func (p *Plan) consequences() []Consequence {
	var all []Consequence
	for _, r := range p.active {
		var sets []schema.SCSet // of missing calls, in the order of the fields
		fields := map[schema.SCSet][]string{}
		for _, f := range p.reads[r] {
			lost := f.needs.Minus(p.Selected)
			lost = lost.Minus(schema.NotOnArch(lost, p.Arch))
			if lost.IsEmpty() {
				continue
			}
			if fields[lost] == nil {
				sets = append(sets, lost)
			}
			fields[lost] = append(fields[lost], f.name)
		}
		for _, lost := range sets {
			all = append(all, Consequence{
				Rule: r.Name, File: r.Pos.File, Line: r.Pos.Line, Fields: fields[lost], Syscalls: Names(lost), Remedy: p.remedy(lost),
			})
		}
	}
	return all
}

// remedy says how the calls come in: what took one out decides.
func (p *Plan) remedy(lost schema.SCSet) string {
	var steps []string
	for _, way := range []struct {
		set  schema.SCSet
		step func(names []string) string
	}{
		{lost.Intersect(p.Removed), func(names []string) string {
			return "take !" + strings.Join(names, " and !") + " out of base_syscalls.custom_set"
		}},
		{lost.Intersect(p.Volume), func([]string) string { return "set base_syscalls.all" }},
		{lost.Intersect(p.Operator), func(names []string) string {
			return "run 'agent mask add " + strings.Join(names, " ") + "' or 'agent mask reset'"
		}},
		{lost.Intersect(p.Off), func([]string) string { return "lower the load, or raise the budget in [governor]" }},
		{lost.Minus(p.Removed).Minus(p.Volume).Minus(p.Operator).Minus(p.Off), func(names []string) string {
			return p.addition(names)
		}},
	} {
		if !way.set.IsEmpty() {
			steps = append(steps, way.step(Names(way.set)))
		}
	}
	return strings.Join(steps, "; ")
}

// addition says how to record calls that nothing asks for. The first name in custom_set replaces the state set.
func (p *Plan) addition(names []string) string {
	list := strings.Join(names, ", ")
	if p.Added.IsEmpty() && !p.repair {
		return "set base_syscalls.repair, or name " + list + " and all of the state set in base_syscalls.custom_set"
	}
	return "add " + list + " to base_syscalls.custom_set"
}

// manyCalls is the number of calls above which a rule is taken to name none: its condition says nothing about types.
const manyCalls = 100

// ruleWarnings tells of rules that wait for what cannot come.
func (p *Plan) ruleWarnings() []string {
	var w []string
	for _, r := range p.active {
		if dead := noExit(r.SCs); !dead.IsEmpty() && r.SCs.Len() <= manyCalls {
			w = append(w, fmt.Sprintf("rule %q (%s:%d) names %s, which never returns and so is never recorded; procexit tells that a thread ended",
				r.Name, r.Pos.File, r.Pos.Line, strings.Join(Names(dead), ", ")))
		}
	}
	if !p.Inactive.IsEmpty() {
		w = append(w, "rules need system calls that are not selected, so they cannot match on them: "+p.inactive())
	}
	return w
}

// noExit returns the calls that do not come back.
func noExit(set schema.SCSet) (dead schema.SCSet) {
	for sc := range set.All() {
		if sc.Info().NoExit {
			dead.Add(sc)
		}
	}
	return dead
}

// maxNamed bounds how many rules a message lists.
const maxNamed = 3

// inactive lists the calls with the rules that name them; those of a rule that names no type in particular count for nothing.
func (p *Plan) inactive() string {
	var parts []string
	for _, name := range Names(p.Inactive) {
		var who []string
		for _, r := range p.active {
			if r.SCs.Len() <= manyCalls && !schema.EventNamesToSCs([]string{name}).Intersect(r.SCs).IsEmpty() {
				who = append(who, r.Name)
			}
		}
		if len(who) == 0 {
			parts = append(parts, name)
			continue
		}
		parts = append(parts, name+" ("+someOf(who)+")")
	}
	return strings.Join(parts, ", ")
}

// someOf joins names; of many it counts the rest.
func someOf(names []string) string {
	if len(names) > maxNamed {
		names = append(slices.Clone(names[:maxNamed]), fmt.Sprintf("%d more", len(names)-maxNamed))
	}
	return strings.Join(names, "; ")
}

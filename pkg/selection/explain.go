// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/eyas-security/eyas/pkg/internal/nearest"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Member is one name of a plan: whether it is recorded, what asks for it, what keeps it out, and what it is good for.
type Member struct {
	Name     string   `json:"name"`
	Selected bool     `json:"selected"`
	In       []Reason `json:"in"`                  // what asks for it
	Out      []Reason `json:"out"`                 // what takes or leaves it out
	Feeds    []Feed   `json:"feeds"`               // fields that go wrong without it
	OnlyRule string   `json:"only_rule,omitempty"` // the rule that alone keeps it on: without it nobody asks for it
	Cost     *Cost    `json:"cost,omitempty"`      // in a running agent
}

// Cost is what recording a call takes.
type Cost struct {
	RecordsPerSecond float64 `json:"records_per_second"`
	BytesPerSecond   float64 `json:"bytes_per_second"` // of events
}

// Feed is a field that rules read and that the call keeps true.
type Feed struct {
	Field string   `json:"field"`
	Rules []string `json:"rules"`
}

// UnknownCallError says that a name is no system call or event.
type UnknownCallError struct{ Name, Suggestion string }

func (e *UnknownCallError) Error() string {
	msg := fmt.Sprintf("%q is no system call or event", e.Name)
	if e.Suggestion != "" {
		msg += " (did you mean " + e.Suggestion + "?)"
	}
	return msg
}

func newUnknownCallError(name string) error {
	return &UnknownCallError{Name: name, Suggestion: nearest.To(strings.ToLower(strings.TrimSpace(name)), Names(schema.AllSCs()))}
}

// Explain tells of the calls by those names, or #NNN; without names, of all that something asks for.
func (p *Plan) Explain(names ...string) ([]Member, error) {
	set := p.Rules.Union(p.Selected).Union(p.Removed).Union(p.Volume).Union(p.Operator).Union(p.Off)
	numbers := p.Numbers
	if len(names) > 0 {
		var err error
		if set, numbers, err = p.callsAndNumbers(names); err != nil {
			return nil, err
		}
	}
	members := []Member{}
	named := callsByName()
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if own := named[name]; !own.Intersect(set).IsEmpty() {
			members = append(members, p.member(name, own))
		}
	}
	for _, nr := range numbers {
		members = append(members, p.numberMember(nr))
	}
	return members, nil
}

// callsAndNumbers resolves what an operator may name: events, system calls and numbers that have no name.
func (p *Plan) callsAndNumbers(names []string) (set schema.SCSet, numbers []int, err error) {
	for _, name := range names {
		if nr, ok := parseNumber(name, p.Arch); ok {
			numbers = append(numbers, nr)
			continue
		}
		scs, err := callsNamed(name)
		if err != nil {
			return set, nil, err
		}
		set = set.Union(scs)
	}
	slices.Sort(numbers)
	return set, slices.Compact(numbers), nil
}

// numberMember is what the plan knows of a number that has no name.
func (p *Plan) numberMember(nr int) Member {
	m := Member{Name: NumberNames([]int{nr})[0], In: []Reason{}, Out: []Reason{}, Feeds: []Feed{}}
	if m.Selected = slices.Contains(p.Numbers, nr); m.Selected {
		m.add(Reason{Kind: ByCustom})
	} else {
		m.add(Reason{Kind: OutUnneeded})
	}
	return m
}

// callsByName are all calls by the names of Names: that of an event may stand for several.
var callsByName = sync.OnceValue(func() map[string]schema.SCSet {
	named := map[string]schema.SCSet{}
	for sc := range schema.AllSCs().All() {
		for _, name := range Names(schema.SCsOf(sc)) {
			own := named[name]
			own.Add(sc)
			named[name] = own
		}
	}
	return named
})

// member is what the plan knows of the calls of one name.
func (p *Plan) member(name string, own schema.SCSet) Member {
	m := Member{Name: name, In: []Reason{}, Out: []Reason{}, Feeds: []Feed{}}
	for sc := range own.All() {
		m.Selected = m.Selected || p.Selected.Has(sc)
		for _, why := range p.Reasons[sc] {
			m.add(why)
		}
	}
	m.Feeds = p.feeds(own)
	for _, kind := range p.absence(own) {
		m.add(Reason{Kind: kind})
	}
	if len(m.In) == 1 && m.In[0].Kind == ByRule {
		m.OnlyRule = m.In[0].Rule
	}
	return m
}

// add files a reason, once.
func (m *Member) add(why Reason) {
	list := &m.In
	if why.Kind.keepsOut() {
		list = &m.Out
	}
	same := func(r Reason) bool { return r.Kind == why.Kind && r.Rule == why.Rule }
	if !slices.ContainsFunc(*list, same) {
		*list = append(*list, why)
	}
}

// absence says why calls that nothing took out are not recorded all the same.
func (p *Plan) absence(own schema.SCSet) (kinds []Kind) {
	if dead := noExit(own); !dead.IsEmpty() {
		kinds = append(kinds, OutNoExit)
	}
	if schema.NotOnArch(own, p.Arch) == own {
		kinds = append(kinds, OutArch)
	}
	if !own.Intersect(p.Selected).IsEmpty() {
		return kinds
	}
	switch state := schema.StateSCs(p.Arch); {
	case !own.Intersect(p.Rules.Union(p.Removed).Union(p.Volume).Union(p.Operator).Union(p.Off)).IsEmpty():
	case own.Intersect(state).IsEmpty():
		kinds = append(kinds, OutUnneeded)
	default:
		kinds = append(kinds, OutReplaced)
	}
	return kinds
}

// feeds lists the fields that rules read and that the calls keep true.
func (p *Plan) feeds(own schema.SCSet) []Feed {
	readers := map[string][]string{}
	var names []string
	for _, r := range p.active {
		for _, f := range p.reads[r] {
			if f.needs.Intersect(own).IsEmpty() {
				continue
			}
			if readers[f.name] == nil {
				names = append(names, f.name)
			}
			readers[f.name] = append(readers[f.name], r.Name)
		}
	}
	slices.Sort(names)
	out := []Feed{}
	for _, name := range names {
		out = append(out, Feed{Field: name, Rules: readers[name]})
	}
	return out
}

// WriteMembers prints them for people: a heading and the reasons below.
func WriteMembers(w io.Writer, members []Member) error {
	var b strings.Builder
	for i := range members {
		members[i].text(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (m *Member) text(b *strings.Builder) {
	verdict := "not recorded"
	if m.Selected {
		verdict = "recorded"
	}
	fmt.Fprintf(b, "%s: %s", m.Name, verdict)
	if m.OnlyRule != "" && m.Selected {
		fmt.Fprintf(b, ", for a single rule")
	}
	b.WriteByte('\n')
	if m.Cost != nil {
		fmt.Fprintf(b, "  %-16s %.1f records and %.0f bytes per second\n", "costs", m.Cost.RecordsPerSecond, m.Cost.BytesPerSecond)
	}
	for _, list := range [][]Reason{m.In, m.Out} {
		for i := range list {
			fmt.Fprintf(b, "  %s\n", list[i].text(m.Selected))
		}
	}
	if len(m.Feeds) == 0 {
		return
	}
	label := "keeps true"
	if !m.Selected {
		label = "would keep true"
	}
	var parts []string
	for _, f := range m.Feeds {
		parts = append(parts, fmt.Sprintf("%s (%d)", f.Field, len(f.Rules)))
	}
	fmt.Fprintf(b, "  %-16s %s: fields, and how many rules read them\n", label, strings.Join(parts, ", "))
}

// text is a reason as a line: its kind, then what there is to say.
func (r *Reason) text(selected bool) string {
	if r.Kind != ByRule {
		return fmt.Sprintf("%-16s %s", r.Kind, kindTexts[r.Kind])
	}
	line := fmt.Sprintf("%-16s %s (%s:%d)", r.Kind, r.Rule, r.File, r.Line)
	if len(r.Via) > 0 {
		line += " through " + strings.Join(r.Via, ", ")
	}
	if !selected {
		line += "; it cannot match on this call"
	}
	return line
}

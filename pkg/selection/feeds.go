// SPDX-License-Identifier: Apache-2.0

package selection

import (
	_ "embed" // the table
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

//go:embed feeds.toml
var feedsText string

// feed is a row of feeds.toml: the calls that keep some fields true.
type feed struct {
	fields []string // names; a trailing * stands for any rest
	calls  schema.SCSet
	own    schema.SCSet // rules on these alone need none of calls
	on     schema.SCSet // rules on none of these need none of calls
}

// feeds is the table, read once.
var feeds = sync.OnceValue(func() []feed {
	rows, err := parseFeeds(feedsText)
	if err != nil {
		panic("selection: feeds.toml: " + err.Error()) // part of the program
	}
	return rows
})

func parseFeeds(text string) ([]feed, error) {
	var table struct {
		Feed []struct{ Fields, Calls, Own, On []string }
	}
	meta, err := toml.Decode(text, &table)
	if err != nil {
		return nil, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("unknown key %s", unknown[0])
	}
	var rows []feed
	for i, r := range table.Feed {
		f := feed{fields: r.Fields, on: schema.AllSCs()}
		for _, column := range []struct {
			names []string
			set   *schema.SCSet
		}{{r.Calls, &f.calls}, {r.Own, &f.own}, {r.On, &f.on}} {
			if column.names == nil {
				continue
			}
			if *column.set, err = callSet(column.names); err != nil {
				return nil, fmt.Errorf("row %d: %w", i+1, err)
			}
		}
		rows = append(rows, f)
	}
	return rows, nil
}

// feedFlags are the words in front of the colon in feeds.toml.
var feedFlags = map[string]schema.EventFlags{
	"creates_fd": schema.EFCreatesFD, "uses_fd": schema.EFUsesFD, "destroys_fd": schema.EFDestroysFD,
}

// callSet resolves names of calls, and flag:category to all calls with such an event.
func callSet(names []string) (set schema.SCSet, err error) {
	for _, name := range names {
		some := schema.EventNamesToSCs([]string{name})
		if word, category, ok := strings.Cut(name, ":"); ok {
			some = flagged(feedFlags[word], category)
		}
		if some.IsEmpty() {
			return set, fmt.Errorf("%q names no call", name)
		}
		set = set.Union(some)
	}
	return set, nil
}

func flagged(flag schema.EventFlags, category string) (set schema.SCSet) {
	for i := range schema.Events {
		e := &schema.Events[i]
		if e.Flags&flag != 0 && e.IsExit() && e.Category.About().String() == category {
			set = set.Union(schema.SCsOf(e.SCs...))
		}
	}
	return set
}

func (f *feed) covers(name string) bool {
	return slices.ContainsFunc(f.fields, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return name == pattern || open && strings.HasPrefix(name, prefix)
	})
}

// needs returns the calls of the row that a rule on scs wants recorded to read the field.
func (f *feed) needs(name string, scs schema.SCSet) (set schema.SCSet) {
	if !f.covers(name) || scs.Minus(f.own).IsEmpty() || scs.Intersect(f.on).IsEmpty() {
		return set
	}
	return f.calls
}

// feeders returns all calls that a rule on scs wants recorded to read the field.
func feeders(name string, scs schema.SCSet) (set schema.SCSet) {
	for i := range feeds() {
		set = set.Union(feeds()[i].needs(name, scs))
	}
	return set
}

// fieldsOf returns the names of the fields that a rule reads in its condition and its output, without arguments, sorted.
// What outputs have on top of the rules for the asking (append_output) is left out.
func fieldsOf(r *rules.Rule) []string {
	var names []string
	for _, ref := range r.Checked.Fields {
		names = append(names, ref.Name)
	}
	for _, f := range r.Output.Fields() {
		if ref, err := field.Lookup(f.Name); err == nil && ref.Flags&field.Suggested == 0 {
			names = append(names, ref.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

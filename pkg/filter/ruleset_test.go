// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// ownRules are those of this tree, corpusRules the official ones.
func ownRules(t testing.TB) []*rules.Rule { return loadRules(t, "../../rules") }

func corpusRules(t testing.TB) []*rules.Rule {
	return loadRules(t, filepath.Join(sharedtest.Dir(t), "corpus", "rules"))
}

func loadRules(t testing.TB, dir string) []*rules.Rule {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules in %s: %v", dir, err)
	}
	var sources []rules.Source
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, rules.Source{Name: name, Text: text})
	}
	set, report := rules.Load(sources)
	if !report.OK() {
		t.Fatal(report.Err())
	}
	for _, r := range set.Rules {
		r.Enabled = true
	}
	return set.Active(rules.Debug)
}

// multiply returns the rules, and copies of each under other names and with
// other constants: n times as many, no two equal.
func multiply(t testing.TB, list []*rules.Rule, n int) []*rules.Rule {
	t.Helper()
	out := append([]*rules.Rule(nil), list...)
	for i := 1; i < n; i++ {
		for _, r := range list {
			node := vary(r.Condition, i)
			ck, _, err := filter.Check(node)
			if err != nil {
				t.Fatalf("copy %d of rule %q: %v", i, r.Name, err)
			}
			c := *r
			c.Name, c.Condition, c.Checked = fmt.Sprintf("%s %d", r.Name, i), node, ck
			out = append(out, &c)
		}
	}
	return out
}

// vary copies a condition with other constants: names, paths, users, ports.
// Words of the event itself, such as flags and types, stay as they are.
func vary(n filter.Node, i int) filter.Node {
	switch n := n.(type) {
	case *filter.And:
		return &filter.And{Kids: varyAll(n.Kids, i), R: n.R}
	case *filter.Or:
		return &filter.Or{Kids: varyAll(n.Kids, i), R: n.R}
	case *filter.Not:
		return &filter.Not{Kid: vary(n.Kid, i), R: n.R}
	case *filter.Test:
		return varyTest(n, i)
	}
	return n
}

func varyAll(kids []filter.Node, i int) []filter.Node {
	out := make([]filter.Node, len(kids))
	for k := range kids {
		out[k] = vary(kids[k], i)
	}
	return out
}

func varyTest(t *filter.Test, i int) filter.Node {
	f, ok := t.Left.(*filter.Field)
	if !ok || t.Right == nil || !varies(f.Name) {
		return t
	}
	c := *t
	switch right := t.Right.(type) {
	case *filter.Text:
		c.Right = varyText(t.Op, right, i)
	case *filter.List:
		l := *right
		l.Items = nil
		for _, it := range right.Items {
			l.Items = append(l.Items, varyText(t.Op, it.(*filter.Text), i))
		}
		c.Right = &l
	}
	return &c
}

// varies tells the fields with an open set of texts.
func varies(name string) bool {
	switch name {
	case "fd.name", "fd.directory", "fd.filename", "fd.nameraw", "user.name", "evt.arg.name", "evt.arg.path", "evt.arg.target", "evt.arg.linkpath":
		return true
	case "proc.name", "proc.pname", "proc.aname", "proc.exe", "proc.pexe", "proc.exepath", "proc.aexepath", "proc.cmdline", "proc.pcmdline", "proc.args", "proc.sname":
		return true
	}
	return strings.HasPrefix(name, "container.image") || strings.HasPrefix(name, "k8s.")
}

func varyText(op filter.Op, text *filter.Text, i int) *filter.Text {
	c := *text
	c.Quoted = true
	switch mark := fmt.Sprintf("_%d", i); {
	case text.Text == "" || text.Text == "<NA>":
	case op == filter.OpEndsWith:
		c.Text = mark + c.Text
	default:
		c.Text += mark
	}
	return &c
}

// naive is a rule set evaluated without compiling.
type naive struct {
	*filter.Naive
	byEvent [schema.NumEvents][]func(*state.Event) bool
}

func newNaive(list []*rules.Rule) *naive {
	n := &naive{Naive: filter.NewNaive()}
	for _, r := range list {
		for t := range r.Events.All() {
			n.byEvent[t] = append(n.byEvent[t], n.Build(r.Checked, t))
		}
	}
	return n
}

// process returns how many rules match.
func (n *naive) process(e *state.Event) int {
	n.Begin()
	matches := 0
	for _, holds := range n.byEvent[e.Type] {
		if holds(e) {
			matches++
		}
	}
	return matches
}

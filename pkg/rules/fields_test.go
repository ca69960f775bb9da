// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
)

// factField is a field of the reference.
type factField struct {
	Name   string `json:"name"`
	Hidden bool   `json:"hidden"`
	Arg    *struct {
		Required, Index, Key bool
	} `json:"arg"`
}

func factFields(t *testing.T) []factField {
	t.Helper()
	var facts struct {
		Classes []struct{ Fields []factField } `json:"classes"`
		Plugins []struct{ Fields []factField } `json:"plugins"`
	}
	sharedtest.JSON(t, "facts/fields.json", &facts)
	var all []factField
	for _, c := range append(facts.Classes, facts.Plugins...) {
		all = append(all, c.Fields...)
	}
	return all
}

// Rules can name every field of the reference, in conditions and outputs, and
// lists of fields show all that the reference shows.
func TestRulesNameEveryField(t *testing.T) {
	shown := map[string]bool{}
	for _, f := range field.All() {
		shown[f.Name] = f.Flags&field.Hidden == 0
	}
	facts := factFields(t)
	if len(facts) < 300 {
		t.Fatalf("only %d fields", len(facts))
	}
	for _, f := range facts {
		name := f.Name + argumentOf(&f)
		test := name + " exists"
		if f.Name == "evt.around" {
			test = name + " = 1000" // its only operator
		}
		text := strings.Replace(ruleOf("r", "evt.type = open and "+test), "%proc.name", "%"+name, 1)
		if _, rep := load(t, text); !rep.OK() {
			t.Errorf("%s: %v", name, rep.Err())
		}
		if shown[f.Name] == f.Hidden {
			t.Errorf("%s: shown %v, hidden in the reference %v", f.Name, shown[f.Name], f.Hidden)
		}
	}
}

// argumentOf is an argument that the field takes, "" when it can do without.
func argumentOf(f *factField) string {
	dotted := map[string]string{"evt.arg": ".res", "evt.rawarg": ".res", "evt.type.is": ".open", "evt.abspath": ".src", "thread.cgroup": ".cpu", "evt.around": "[1700000000000000000]"}
	switch {
	case dotted[f.Name] != "":
		return dotted[f.Name]
	case f.Arg == nil || !f.Arg.Required:
		return ""
	case f.Arg.Index:
		return "[1]"
	}
	return "[k]"
}

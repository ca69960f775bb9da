// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/format"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/rules"
)

// Each condition of a rule file, printed and read again, is an equal tree: as it
// was written, macros in it, and as it is evaluated, without.
func TestConditionsReadBack(t *testing.T) {
	t.Run("own rules", func(t *testing.T) { checkReadBack(t, "../../rules", ownRules(t)) })
	t.Run("corpus rules", func(t *testing.T) {
		checkReadBack(t, filepath.Join(sharedtest.Dir(t), "corpus", "rules"), corpusRules(t))
	})
}

func checkReadBack(t *testing.T, dir string, expanded []*rules.Rule) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range files {
		for _, text := range conditionsOf(t, name) {
			n, err := filter.Parse(text, filter.ParseOptions{MaxDepth: filter.RuleDepth})
			if err != nil {
				t.Errorf("%s: %s: %v", name, text, err)
				continue
			}
			readBack(t, n)
			checked++
		}
	}
	for _, r := range expanded {
		readBack(t, r.Condition)
	}
	if checked < len(expanded) {
		t.Errorf("%d conditions of %d rules", checked, len(expanded))
	}
}

// conditionsOf are those of rules and macros as they stand in the file, lists
// still by name.
func conditionsOf(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var items []struct{ Condition string }
	if err := yaml.Unmarshal(raw, &items); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, it := range items {
		if it.Condition != "" {
			out = append(out, it.Condition)
		}
	}
	return out
}

func readBack(t *testing.T, n filter.Node) {
	t.Helper()
	again, err := filter.Parse(n.String(), filter.ParseOptions{MaxDepth: filter.RuleDepth})
	if err != nil {
		t.Errorf("read %s again: %v", n, err)
	} else if !filter.Equal(n, again) {
		t.Errorf("read %s again: got %s", n, again)
	}
}

// [2-3] a field that is for conditions alone may stand in an output.
func TestFieldForConditionsInOutput(t *testing.T) {
	for _, text := range []string{"%fd.ip", "%fd.net", "*%fd.port and more"} {
		if _, err := format.Parse(text); err != nil {
			t.Errorf("Parse %s: %v", text, err)
		}
	}
}

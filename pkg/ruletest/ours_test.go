// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/rules"
)

const rulesDir = "../../rules"

// ourRules loads the rule set that comes with eyas.
func ourRules(t *testing.T) []*rules.Rule {
	t.Helper()
	file := filepath.Join(rulesDir, "eyas_rules.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set, rep := rules.Load([]rules.Source{{Name: file, Text: text}})
	if err := rep.WriteText(os.Stderr); err != nil {
		t.Error(err)
	}
	if !rep.OK() {
		t.Fatal(rep.Err())
	}
	for _, r := range rep.Results {
		if len(r.Warnings) > 0 {
			t.Errorf("%s: %d warnings, want none", r.Name, len(r.Warnings))
		}
	}
	return set.Active(rules.Debug)
}

// TestOurRules runs the scripts beside our rules: every rule fires in one of
// them, and stays silent in one where its benign twin happens.
func TestOurRules(t *testing.T) {
	active := ourRules(t)
	files, err := filepath.Glob(filepath.Join(rulesDir, "tests", "*.test"))
	if err != nil || len(files) == 0 {
		t.Fatalf("rule scripts: %v, %v", files, err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(file, string(text))
		if err != nil {
			t.Error(err)
			continue
		}
		_, errs := Run(s, active)
		for _, e := range errs {
			t.Error(e)
		}
		expectations(s, fires, silent)
	}
	for _, r := range active {
		if !fires[r.Name] || !silent[r.Name] {
			t.Errorf("rule %q: no script shows it fire and its benign twin not", r.Name)
		}
	}
}

// expectations notes which rules a script expects, and that it also has a part
// in which none fires.
func expectations(s *Script, fires, silent map[string]bool) {
	var named []string
	quiet := false
	for _, st := range s.steps {
		if st.verb == "expect" {
			named = append(named, st.rules...)
			quiet = quiet || len(st.rules) == 0
		}
	}
	for _, name := range named {
		fires[name] = true
		silent[name] = silent[name] || quiet
	}
}

func TestScriptErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"evnt 1 open\nexpect none\n", "s:1: unknown word"},
		{"event x open\nexpect none\n", "s:1: thread id"},
		{"event 1 opn\nexpect none\n", "s:1: no event"},
		{"event 1 open fd\nexpect none\n", "s:1: \"fd\" is not of the form"},
		{"event 1 open fd=1 fd=2\nexpect none\n", "s:1: fd is given twice"},
		{"event 1 open name=\"a\nexpect none\n", "s:1: quote is not closed"},
		{"event 1 close fd=1\n", "s:2: the script does not end"},
		{"expect\n", "s:1: expect needs rule names"},
		{"event 1 close nofd=1\nexpect none\n", "s:1: encode close: no parameter nofd"},
		{"event 1 close fd=1\nexpect \"No such rule\"\n", "s:2: the rules that matched differ\n  missing:    No such rule (there is no such rule, or it is off)"},
	}
	active := ourRules(t)
	for _, tt := range tests {
		s, err := Parse("s", tt.text)
		if err == nil {
			_, errs := Run(s, active)
			for _, e := range errs {
				err = e
			}
		}
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: got error %v, want %s…", tt.text, err, tt.want)
		}
	}
}

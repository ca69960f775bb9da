// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// load reads the rules of texts as files of their own.
func load(t *testing.T, texts ...string) []*rules.Rule {
	t.Helper()
	var srcs []rules.Source
	for _, text := range texts {
		srcs = append(srcs, rules.Source{Name: "test.yaml", Text: []byte(text)})
	}
	set, rep := rules.Load(srcs)
	if !rep.OK() {
		t.Fatal(rep.Err())
	}
	return set.Active(rules.Debug)
}

func rule(name, condition string) string {
	return "- rule: " + name + "\n  desc: d\n  output: o\n  priority: INFO\n  condition: " + condition + "\n"
}

func TestReasons(t *testing.T) {
	active := load(t, "- macro: m\n  condition: evt.type in (unlink, openat)\n- macro: outer\n  condition: m and proc.name = a\n"+
		rule("a", "outer")+rule("b", "evt.type = read"))
	p := Compute(Input{Rules: active, Custom: []string{"!unlink", "nonsense"}})
	tests := []struct {
		sc   schema.SC
		want []Reason
	}{
		{schema.SCOpenat, []Reason{{Kind: ByRule, Rule: "a", File: "test.yaml", Line: 5, Via: []string{"outer", "m"}}, {Kind: ByState}}},
		{schema.SCUnlink, []Reason{{Kind: ByRule, Rule: "a", File: "test.yaml", Line: 5, Via: []string{"outer", "m"}}, {Kind: OutCustom}}},
		{schema.SCRead, []Reason{{Kind: ByRule, Rule: "b", File: "test.yaml", Line: 10}, {Kind: OutVolume}}},
		{schema.SCClose, []Reason{{Kind: ByState}}},
		{schema.SCSchedProcessExit, []Reason{{Kind: ByState}, {Kind: ByAlways}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, p.Reasons[tt.sc]); diff != "" {
			t.Errorf("reasons of %s (-want +got):\n%s", tt.sc, diff)
		}
	}
	if want := []string{"nonsense"}; !slices.Equal(p.Invalid, want) {
		t.Errorf("invalid names: got %q, want %q", p.Invalid, want)
	}
	if len(p.Warnings()) != 2 {
		t.Errorf("warnings: got %q, want one on the name and one on inactive calls", p.Warnings())
	}
}

// TestNumbers: what the table has no name for is selected by number.
func TestNumbers(t *testing.T) {
	p := Compute(Input{Custom: []string{"close", "#500", "#499", "!#499", "#512", "#3", "#", "#+7", "#007", "#x", "!#501"}})
	d := p.Document()
	for _, tt := range []struct {
		what      string
		got, want []string
	}{
		{"added", d.CustomAdded, []string{"close", "#500"}},
		{"selected", d.Selected, []string{"close", "procexit", "#500"}},
		{"invalid", d.InvalidNames, []string{"#", "#+7", "#007", "#3", "#512", "#x"}},
		{"native", d.Kernel.Native, []string{"0x8", "0x0", "0x0", "0x0", "0x0", "0x0", "0x0", "0x10000000000000"}},
		{"compat", d.Kernel.Compat, []string{"0x40", "0x0", "0x0", "0x0", "0x0", "0x0", "0x0", "0x10000000000000"}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
	if diff := cmp.Diff([]Reason{{Kind: ByCustom}}, d.Reasons["#500"]); diff != "" {
		t.Error(diff)
	}
	warned(t, d.Warnings, []string{`"#" is no number`, `"#+7" is no number`, `"#007" is no number`, `"#3" has a name on x86_64: write close`,
		`"#512" is no number of a system call: write # and a number from 0 to 511`, `"#x" is no number`})
	// A number is a choice of its own: it takes the place of the base set.
	if got := Compute(Input{Custom: []string{"#500"}}).Document().Selected; !slices.Equal(got, []string{"procexit", "#500"}) {
		t.Errorf("with a number alone %q is selected", got)
	}
}

// warned: one warning for each text.
func warned(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

// selectionCase is one row of corpus/selection/cases.json.
type selectionCase struct {
	ID           string   `json:"id"`
	RulesFiles   []string `json:"rules_files"`
	RulesYAML    *string  `json:"rules_yaml"`
	BaseSyscalls struct {
		CustomSet []string `json:"custom_set"`
		Repair    bool     `json:"repair"`
		All       bool     `json:"all"`
	} `json:"base_syscalls"`
	Expect struct {
		Rules    []string `json:"rules"`
		Selected []string `json:"selected"`
		Removed  []string `json:"high_volume_removed"`
		Invalid  []string `json:"invalid_names"`
	} `json:"expect"`
}

// TestConformance gives the sets of the reference implementation, name by name.
func TestConformance(t *testing.T) {
	dir := sharedtest.Dir(t)
	text, err := os.ReadFile(filepath.Join(dir, "corpus", "selection", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []selectionCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"stable": "falco_rules.yaml", "incubating": "falco-incubating_rules.yaml"}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			var texts []string
			for _, name := range c.RulesFiles {
				text, err := os.ReadFile(filepath.Join(dir, "corpus", "rules", files[name]))
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, string(text))
			}
			if c.RulesYAML != nil {
				texts = append(texts, *c.RulesYAML)
			}
			d := Compute(Input{Rules: load(t, texts...), Custom: c.BaseSyscalls.CustomSet,
				Repair: c.BaseSyscalls.Repair, All: c.BaseSyscalls.All}).Document()
			diffNames(t, "rules", c.Expect.Rules, d.Rules)
			diffNames(t, "selected", c.Expect.Selected, d.Selected)
			diffNames(t, "high_volume_removed", c.Expect.Removed, d.HighVolumeRemoved)
			diffNames(t, "invalid_names", c.Expect.Invalid, d.InvalidNames)
		})
	}
}

func diffNames(t *testing.T, what string, want, got []string) {
	t.Helper()
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestNamesOfNothing: scripts get brackets for what is empty, never null.
func TestNamesOfNothing(t *testing.T) {
	text, err := json.Marshal(Compute(Input{Repair: true}).Document())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "null") || !strings.Contains(string(text), `"rules":[]`) {
		t.Errorf("the plan without rules is %s", text)
	}
	if text, err = json.Marshal(new(Plan).Diff(schema.Mask{})); err != nil || string(text) != `{"added":[],"removed":[],"equal":true}` {
		t.Errorf("no difference is %s, %v", text, err)
	}
}

// TestInvalidNames: what the custom set does not take is told with what to write instead.
func TestInvalidNames(t *testing.T) {
	p := Compute(Input{Custom: []string{"prlimit64", "!raed", " read", "READ", "sched_process_exit", "nonsense"}})
	warned(t, p.Warnings(), []string{
		`" read" is no system call or event (did you mean read?)`, `"READ" is no system call or event (did you mean read?)`, `"nonsense" is no system call or event`,
		`"prlimit64" goes by the name of its event here: write prlimit`, `"raed" is no system call or event (did you mean read?)`,
		`"sched_process_exit" goes by the name of its event here: write procexit`,
	})
}

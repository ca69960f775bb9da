// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
)

// head is a rule that is valid when a condition follows.
const head = "- rule: r\n  desc: d\n  output: o %proc.name\n  priority: WARNING\n  condition: "

func load(t *testing.T, texts ...string) (*Set, *Report) {
	t.Helper()
	var srcs []Source
	for i, text := range texts {
		srcs = append(srcs, Source{fmt.Sprintf("%d.yaml", i), []byte(text)})
	}
	return Load(srcs)
}

// codes lists what was found as "CODE line:col", errors first.
func codes(rep *Report) []string {
	got := []string{}
	for _, r := range rep.Results {
		for _, list := range [][]Problem{r.Errors, r.Warnings} {
			for _, p := range list {
				at := p.Context.Locations[0].Position
				got = append(got, fmt.Sprintf("%s %d:%d", p.Code, at.Line, at.Column))
			}
		}
	}
	return got
}

func TestProblems(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  []string
	}{
		{"empty file", []string{""}, nil},
		{"null document and item", []string{"---\n---\n-\n"}, nil},
		{"not yaml", []string{"- rule: [a\n"}, []string{"LOAD_ERR_YAML_PARSE 1:9"}},
		{"not a sequence", []string{"rule: a\n"}, []string{"LOAD_ERR_YAML_VALIDATE 1:1"}},
		{"item not a mapping", []string{"- a\n- b\n"}, []string{"LOAD_ERR_YAML_VALIDATE 1:3", "LOAD_ERR_YAML_VALIDATE 2:3"}},
		{"unknown item", []string{"- name: a\n"}, []string{"LOAD_UNKNOWN_ITEM 1:3"}},
		{"unknown key", []string{head + "evt.type = open\n  colour: red\n"}, []string{"LOAD_UNKNOWN_KEY 6:3"}},
		{"unknown field", []string{head + "evt.type = open and proc.nam = cat\n"}, []string{"LOAD_ERR_COMPILE_CONDITION 5:34"}},
		{"unknown event type", []string{head + "evt.type = opn\n"}, []string{"LOAD_ERR_COMPILE_CONDITION 5:25"}},
		{"syntax", []string{head + "evt.type = open and\n"}, []string{"LOAD_ERR_COMPILE_CONDITION 5:33"}},
		{"unknown macro", []string{head + "evt.type = open and foo\n"}, []string{"LOAD_ERR_VALIDATE 5:34"}},
		{"error inside a macro points into the macro", []string{"- macro: m\n  condition: proc.nam = x\n" + head + "evt.type = open and m\n"},
			[]string{"LOAD_ERR_COMPILE_CONDITION 2:14"}},
		{"error in a folded condition", []string{"- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: >\n    evt.type = open and\n    proc.nam = cat\n"},
			[]string{"LOAD_ERR_COMPILE_CONDITION 7:5"}},
		{"macro loop", []string{"- macro: a\n  condition: b\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n" + head + "evt.type = open and a\n"},
			[]string{"LOAD_ERR_VALIDATE 4:14"}},
		{"macro does not see later macros", []string{"- macro: a\n  condition: b\n- macro: b\n  condition: evt.type = open\n" + head + "a and b\n"},
			[]string{"LOAD_ERR_VALIDATE 2:14"}},
		{"bad priority", []string{strings.Replace(head, "WARNING", "URGENT", 1) + "evt.type = open\n"}, []string{"LOAD_ERR_YAML_VALIDATE 4:13"}},
		{"two errors of one file", []string{head + "foo\n- macro: m\n  condition: (\n"},
			[]string{"LOAD_ERR_VALIDATE 5:14", "LOAD_ERR_COMPILE_CONDITION 7:15"}},
		{"errors of shape hide no others [4-3]", []string{head + "foo\n  tags: x\n- list: l\n  items: {}\n- macro: m\n  condition: []\n" + strings.Replace(head, "rule: r", "rule: s", 1) + "evt.type = opn and fd.sport in (l)\n" + strings.Replace(head, "rule: r", "rule: t", 1) + "m and fd.sport in (l)\n"},
			[]string{"LOAD_ERR_VALIDATE 5:14", "LOAD_ERR_YAML_VALIDATE 6:9", "LOAD_ERR_YAML_VALIDATE 8:10", "LOAD_ERR_YAML_VALIDATE 10:14"}},
		{"errors of all files, each once", []string{head + "foo\n- list: l\n- macro: m\n  condition: (\n", "- list: l\n  items: [x]\n  override: {items: append}\n" + strings.Replace(head, "rule: r", "rule: s", 1) + "m and opn\n"},
			[]string{"LOAD_ERR_VALIDATE 5:14", "LOAD_ERR_YAML_VALIDATE 6:3", "LOAD_ERR_COMPILE_CONDITION 8:15", "LOAD_ERR_VALIDATE 8:20"}},
		{"a value of an exception that another file appends", []string{head + "evt.type = open\n  exceptions: [{name: e, fields: fd.num}]\n", "- rule: r\n  exceptions:\n  - name: e\n    values:\n    - x\n  override: {exceptions: append}\n"},
			[]string{"LOAD_ERR_COMPILE_CONDITION 5:7"}},
		{"bad output", []string{strings.Replace(head, "%proc.name", "%proc.nam", 1) + "evt.type = open\n"}, []string{"LOAD_ERR_COMPILE_OUTPUT 3:13"}},
		{"no event type", []string{head + "proc.name = a\n"}, []string{"LOAD_NO_EVTTYPE 1:3"}},
		{"no event type, not warned", []string{head + "proc.name = a\n  warn_evttypes: false\n"}, nil},
		{"unknown source", []string{head + "evt.type = open\n  source: k8s_audit\n"}, []string{"LOAD_UNKNOWN_SOURCE 1:3"}},
		{"skip if unknown", []string{head + "foo.bar = 1\n  skip-if-unknown-filter: true\n"}, []string{"LOAD_UNKNOWN_FILTER 1:3"}},
		{"unused", []string{"- list: l\n  items: [a]\n- macro: m\n  condition: evt.type = open\n"}, []string{"LOAD_UNUSED_MACRO 3:3", "LOAD_UNUSED_LIST 1:3"}},
		{"odd names", []string{"- list: a b\n  items: []\n- macro: 1m\n  condition: evt.type = open\n"},
			[]string{"LOAD_INVALID_LIST_NAME 1:9", "LOAD_INVALID_MACRO_NAME 3:10", "LOAD_UNUSED_MACRO 3:3", "LOAD_UNUSED_LIST 1:3"}},
		{"append without base", []string{"- macro: m\n  condition: or a\n  override: {condition: append}\n"}, []string{"LOAD_ERR_VALIDATE 1:10"}},
		{"replace without base is fine for macros", []string{"- macro: m\n  condition: evt.type = open\n  override: {condition: replace}\n" + head + "m\n"}, nil},
		{"replace without base is an error for rules", []string{"- rule: r\n  priority: INFO\n  override: {priority: replace}\n"}, []string{"LOAD_ERR_VALIDATE 1:9"}},
		{"override not named", []string{head + "evt.type = open\n- rule: r\n  desc: x\n  priority: INFO\n  override: {desc: replace}\n"}, []string{"LOAD_ERR_YAML_VALIDATE 8:13"}},
		{"priority cannot be appended to", []string{head + "evt.type = open\n- rule: r\n  priority: INFO\n  override: {priority: append}\n"}, []string{"LOAD_ERR_YAML_VALIDATE 8:24"}},
		{"engine too old", []string{"- required_engine_version: 0.64.0\n"}, []string{"LOAD_ERR_VALIDATE 1:28"}},
		{"engine as a number", []string{"- required_engine_version: 26\n"}, nil},
		{"plugin too new", []string{"- required_plugin_versions:\n  - name: container\n    version: 0.8.0\n"}, []string{"LOAD_ERR_VALIDATE 2:5"}},
		{"plugin alternative", []string{"- required_plugin_versions:\n  - name: k8saudit\n    version: 0.8.0\n    alternatives:\n    - name: container\n      version: 0.4.0\n"}, nil},
		{"switch a rule off", []string{head + "evt.type = open\n- rule: r\n  enabled: false\n"}, []string{"LOAD_DEPRECATED_ITEM 6:9"}},
		{"old append", []string{head + "evt.type = open\n- rule: r\n  append: true\n  condition: and proc.name = x\n"}, []string{"LOAD_DEPRECATED_ITEM 7:11"}},
		{"exception without fields", []string{head + "evt.type = open\n  exceptions:\n  - name: e\n"}, []string{"LOAD_ERR_VALIDATE 7:5"}},
		{"exception with an unknown field", []string{head + "evt.type = open\n  exceptions:\n  - name: e\n    fields: proc.nam\n"}, []string{"LOAD_ERR_VALIDATE 8:13"}},
		{"second file errs on its own", []string{head + "evt.type = open\n", "- macro: m\n  condition: (\n"}, []string{"LOAD_ERR_COMPILE_CONDITION 2:15"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, rep := load(t, tt.files...)
			if tt.want == nil {
				tt.want = []string{}
			}
			if diff := cmp.Diff(tt.want, codes(rep)); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
				if err := rep.WriteText(os.Stderr); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestConditions(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"list", "- list: l\n  items: [a, b c]\n" + head + "evt.type = open and proc.name in (l)\n",
			`(evt.type = open and proc.name in (a, "b c"))`},
		{"list in a list, one level", "- list: x\n  items: [a]\n- list: l\n  items: [x, b]\n" + head + "evt.type = open and proc.name in (l, c)\n",
			`(evt.type = open and proc.name in (a, b, c))`},
		{"empty list takes a comma along", "- list: l\n  items: []\n" + head + "evt.type = open and proc.name in (a, l, b)\n",
			`(evt.type = open and proc.name in (a, b))`},
		{"macro keeps together", "- macro: m\n  condition: proc.name = a or proc.name = b\n" + head + "evt.type = open and m\n",
			`(evt.type = open and (proc.name = a or proc.name = b))`},
		{"appended macro", "- macro: m\n  condition: proc.name = a\n- macro: m\n  condition: or proc.name = b\n  override: {condition: append}\n" + head + "evt.type = open and m\n",
			`(evt.type = open and (proc.name = a or proc.name = b))`},
		{"last macro wins for earlier rules", "- macro: m\n  condition: proc.name = a\n" + head + "evt.type = open and m\n- macro: m\n  condition: proc.name = b\n",
			`(evt.type = open and proc.name = b)`},
		{"appended condition", head + "evt.type = open\n- rule: r\n  condition: and proc.name = b\n  override: {condition: append}\n",
			`(evt.type = open and proc.name = b)`},
		{"exception, single field", head + "evt.type = open\n  exceptions:\n  - name: e\n    fields: proc.name\n    values: [a, b c]\n",
			`(evt.type = open and not proc.name in (a, "b c"))`},
		{"exception, rows", head + "evt.type = open\n  exceptions:\n  - name: e\n    fields: [proc.name, fd.name]\n    comps: [in, startswith]\n    values:\n    - [[a, b], /etc]\n    - [c, /usr]\n",
			`(evt.type = open and not ((proc.name in (a, b) and fd.name startswith /etc) or (proc.name in (c) and fd.name startswith /usr)))`},
		{"appended exception values", head + "evt.type = open\n  exceptions:\n  - name: e\n    fields: proc.name\n- rule: r\n  exceptions:\n  - name: e\n    values: [x]\n  override: {exceptions: append}\n",
			`(evt.type = open and not proc.name in (x))`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, rep := load(t, tt.text)
			if !rep.OK() {
				t.Fatal(rep.Err())
			}
			if got := set.Rules[0].Condition.String(); got != tt.want {
				t.Errorf("condition: got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCorpusLoadsWithoutAWarning(t *testing.T) {
	dir := sharedtest.Dir(t)
	files, err := filepath.Glob(filepath.Join(dir, "corpus", "rules", "*.yaml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("corpus rules: %v, %v", files, err)
	}
	var srcs []Source
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		srcs = append(srcs, Source{f, text})
		checkClean(t, []Source{{f, text}})
	}
	checkClean(t, srcs)
}

func checkClean(t *testing.T, srcs []Source) {
	t.Helper()
	_, rep := Load(srcs)
	if got := codes(rep); len(got) > 0 {
		t.Errorf("%d files: got %v, want no error and no warning", len(srcs), got[:min(len(got), 10)])
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("- list: l\n  items: [a, b]\n- macro: m\n  condition: proc.name in (l)\n" + head + "evt.type = open and m\n"))
	f.Add([]byte("- &a [*a]\n"))
	f.Add([]byte("- rule: r\n  append: true\n  exceptions:\n  - {name: e, fields: [a, b], values: [[1, 2]]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, rep := Load([]Source{{"fuzz.yaml", text}})
		if (set != nil) != rep.OK() {
			t.Errorf("set %v although ok is %v", set != nil, rep.OK())
		}
	})
}

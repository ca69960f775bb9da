// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// [5-2] the report as scripts read it.
func TestReportJSON(t *testing.T) {
	_, rep := load(t, ruleOf("r", "evt.type = open and evt.dir = <"), "- macro: m\n  condition: (\n")
	got, err := json.MarshalIndent(rep, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string][]map[string]any
	if err := json.Unmarshal(got, &doc); err != nil {
		t.Fatal(err)
	}
	context := func(kind, name, file string, line, column, offset float64, snippet string) map[string]any {
		return map[string]any{
			"locations": []any{map[string]any{
				"item_type": kind, "item_name": name,
				"position": map[string]any{"name": file, "line": line, "column": column, "offset": offset},
			}},
			"snippet": snippet,
		}
	}
	results := doc["falco_load_results"]
	warning := results[0]["warnings"].([]any)[0].(map[string]any)
	delete(warning, "message")
	want := map[string]any{
		"code": "LOAD_DEPRECATED_ITEM", "codedesc": "form is deprecated", "deprecated_field": "evt.dir",
		"context": context("rule", "r", "0.yaml", 5, 34, 96, "  condition: evt.type = open and evt.dir = <"),
	}
	if diff := cmp.Diff(want, warning); diff != "" {
		t.Errorf("warning (-want +got):\n%s", diff)
	}
	fault := results[1]["errors"].([]any)[0].(map[string]any)
	delete(fault, "message")
	want = map[string]any{
		"code": "LOAD_ERR_COMPILE_CONDITION", "codedesc": "condition does not compile",
		"context": context("macro", "m", "1.yaml", 2, 15, 25, "  condition: ("),
	}
	if diff := cmp.Diff(want, fault); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if results[0]["successful"] != true || results[1]["successful"] != false || results[1]["name"] != "1.yaml" {
		t.Errorf("results: %s", got)
	}
}

// At most twenty errors, and how many more there are.
func TestErrorsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 30 {
		b.WriteString(ruleOf("r"+strings.Repeat("x", i), "foo"))
	}
	_, rep := load(t, b.String())
	if n := len(rep.Results[0].Errors); n != MaxErrors {
		t.Errorf("%d errors, want %d", n, MaxErrors)
	}
	b.Reset()
	if err := rep.WriteText(&b); err != nil || !strings.Contains(b.String(), "and 10 more errors\n") {
		t.Errorf("%v: %s", err, b.String())
	}
}

// [4.2-4] What a missing plugin makes wrong does not hide that it is missing.
func TestPluginsComeFirst(t *testing.T) {
	var text string
	for i := range 2 * MaxErrors {
		text += ruleOf("r"+strings.Repeat("x", i), "json.value = x")
	}
	_, rep := load(t, text+"- required_plugin_versions: [{name: json, version: 0.7.0}]\n")
	if msg := rep.Err().Error(); !strings.Contains(msg, "plugin requirement not satisfied: needs json 0.7.0") {
		t.Errorf("summary: %s", msg)
	}
}

// A file that is not YAML may hold what the next ones build on.
func TestFilesBehindOneThatCannotBeRead(t *testing.T) {
	_, rep := load(t, "- macro: [\n", ruleOf("r", "m"))
	var b strings.Builder
	if err := rep.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(b.String(), "\n1.yaml: not checked, it may build on the file before\n") || strings.Contains(b.String(), "Undefined") {
		t.Errorf("report: %s", b.String())
	}
}

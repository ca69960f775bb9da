// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ruleOf is a rule with more lines.
func ruleOf(name, condition string, lines ...string) string {
	text := strings.Replace(head, "rule: r", "rule: "+name, 1) + condition + "\n"
	for _, l := range lines {
		text += "  " + l + "\n"
	}
	return text
}

// change is an item that changes rule r.
func changeOf(lines ...string) string { return "- rule: r\n  " + strings.Join(lines, "\n  ") + "\n" }

// kinds are the codes without places.
func kinds(rep *Report) []string {
	got := []string{}
	for _, c := range codes(rep) {
		code, _, _ := strings.Cut(c, " ")
		got = append(got, code)
	}
	return got
}

// describe is what a test compares of a rule.
func describe(r *Rule) string {
	return fmt.Sprintf("%s|%s|%s|%s|%s|%v|%v|%v %d|%v", r.Name, r.Desc, r.Condition, r.OutputText, r.Priority,
		r.Tags, r.Enabled, r.Capture, r.CaptureDuration, r.Source)
}

const (
	base       = "r|d|evt.type = open|o %proc.name|Warning|[]|true|false 0|syscall"
	deprecated = "LOAD_DEPRECATED_ITEM"
	shape      = "LOAD_ERR_YAML_VALIDATE"
	invalid    = "LOAD_ERR_VALIDATE"
)

// fileTests: what files say, and the rules that come of it.
var fileTests = []struct {
	name  string
	files []string
	codes []string
	want  []string // rules; nil = not compared
}{
	{"[4-1] documents", []string{"---\n" + ruleOf("r", "evt.type = open") + "---\n-\n---\n" + ruleOf("s", "evt.type = open")}, nil,
		[]string{base, strings.Replace(base, "r|", "s|", 1)}},
	{"[4-2] no environment", []string{ruleOf("r", "evt.type = open and proc.name = ${HOME}")}, nil,
		[]string{strings.Replace(base, "evt.type = open", "(evt.type = open and proc.name = ${HOME})", 1)}},
	{"[4-3] all errors", []string{ruleOf("r", "(") + ruleOf("s", "foo") + ruleOf("t", "evt.type = opn")},
		[]string{"LOAD_ERR_COMPILE_CONDITION", "LOAD_ERR_VALIDATE", "LOAD_ERR_COMPILE_CONDITION"}, nil},
	{"[4-4] first key of a kind", []string{"- condition: evt.type = open\n  macro: m\n" + ruleOf("r", "m")}, nil, []string{base}},
	{"[4-4] list before macro", []string{"- macro: m\n  list: l\n  items: [a]\n"}, []string{"LOAD_UNKNOWN_KEY", "LOAD_UNUSED_LIST"}, nil},
	{"[4-5] LOAD_UNKNOWN_KEY", []string{ruleOf("r", "evt.type = open", "prioritty: x")}, []string{"LOAD_UNKNOWN_KEY"}, []string{base}},
	{"[4-6] missing", []string{"- rule: r\n  desc: d\n  condition: evt.type = open\n  priority: INFO\n"}, []string{shape}, nil},
	{"[4-6] null", []string{strings.Replace(ruleOf("r", "evt.type = open"), "desc: d", "desc:", 1)}, []string{shape}, nil},
	{"[4-6] empty", []string{"- list: ''\n  items: [a]\n"}, []string{shape}, nil},
	{"[4-6] not a scalar", []string{"- macro: m\n  condition: [a]\n"}, []string{shape}, nil},
	{"[4-6] wrong type", []string{ruleOf("r", "evt.type = open", "enabled: maybe", "capture_duration: -1")}, []string{shape, shape}, nil},

	{"[4.1-1] number", []string{"- required_engine_version: 63\n"}, nil, nil},
	{"[4.1-1] larger number", []string{"- required_engine_version: 64\n"}, []string{invalid}, nil},
	{"[4.1-2] no version", []string{"- required_engine_version: 0.63\n"}, []string{invalid}, nil},
	{"[4.1-3] newer", []string{"- required_engine_version: 0.63.1\n"}, []string{invalid}, nil},
	{"[4.1-3] other major", []string{"- required_engine_version: 1.0.0\n"}, []string{invalid}, nil},

	{"[4.2-1] no version", []string{"- required_plugin_versions: [{name: container, version: new}]\n"}, []string{invalid}, nil},
	{"[4.2-2] twice", []string{"- required_plugin_versions:\n  - {name: container, version: 0.1.0, alternatives: [{name: container, version: 0.2.0}]}\n"}, []string{invalid}, nil},
	{"[4.2-3] other major", []string{"- required_plugin_versions: [{name: container, version: 1.0.0}]\n"}, []string{invalid}, nil},
	{"[4.2-3] the same version", []string{"- required_plugin_versions: [{name: container, version: 0.7.1}]\n"}, nil, nil},
	{"[4.2-3] newer patch", []string{"- required_plugin_versions: [{name: container, version: 0.7.2}]\n"}, []string{invalid}, nil},
	{"[4.2-3] alternative", []string{"- required_plugin_versions:\n  - {name: k8smeta, version: 0.1.0, alternatives: [{name: container, version: 0.7.0}]}\n"}, nil, nil},
	{"[4.2-4] with errors of rules", []string{"- required_plugin_versions: [{name: k8smeta, version: 0.1.0}]\n" + ruleOf("r", "foo")},
		[]string{invalid, invalid}, nil},

	{"[4.3-5] append without a list", []string{"- list: l\n  items: [a]\n  append: true\n"}, []string{invalid, deprecated}, nil},
	{"[4.3-5] LOAD_INVALID_LIST_NAME", []string{"- list: a=b\n  items: [a]\n"}, []string{"LOAD_INVALID_LIST_NAME", "LOAD_UNUSED_LIST"}, nil},
	{"[4.4-3] LOAD_INVALID_MACRO_NAME", []string{"- macro: a-b\n  condition: evt.type = open\n"}, []string{"LOAD_INVALID_MACRO_NAME", "LOAD_UNUSED_MACRO"}, nil},
	{"[4.4-3] loop", []string{"- macro: a\n  condition: b\n  override: {condition: replace}\n- macro: b\n  condition: a\n- macro: a\n  condition: or b\n  append: true\n" + ruleOf("r", "a")}, []string{invalid, deprecated}, nil},

	{"[4.5-rule] needed", []string{"- rule:\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: INFO\n"}, []string{shape}, nil},
	{"[4.5-desc] appended", []string{ruleOf("r", "evt.type = open"), changeOf("desc: more", "override: {desc: append}")}, nil, []string{strings.Replace(base, "|d|", "|d more|", 1)}},
	{"[4.5-desc] replaced", []string{ruleOf("r", "evt.type = open"), changeOf("desc: more", "override: {desc: replace}")}, nil, []string{strings.Replace(base, "|d|", "|more|", 1)}},
	{"[4.5-condition] appended", []string{ruleOf("r", "evt.type = open"), changeOf("condition: and proc.name = a", "override: {condition: append}")}, nil,
		[]string{strings.Replace(base, "evt.type = open", "(evt.type = open and proc.name = a)", 1)}},
	{"[4.5-condition] replaced", []string{ruleOf("r", "evt.type = open"), changeOf("condition: evt.type = close", "override: {condition: replace}")}, nil,
		[]string{strings.Replace(base, "open", "close", 1)}},
	{"[4.5-output] trimmed and appended", []string{strings.Replace(ruleOf("r", "evt.type = open"), "o %proc.name", "' o %proc.name '", 1), changeOf("output: 'x '", "override: {output: append}")}, nil,
		[]string{strings.Replace(base, "o %proc.name", "o %proc.name  x", 1)}},
	{"[4.5-output] replaced", []string{ruleOf("r", "evt.type = open"), changeOf("output: x", "override: {output: replace}")}, nil, []string{strings.Replace(base, "o %proc.name", "x", 1)}},
	{"[4.5-priority] replaced", []string{ruleOf("r", "evt.type = open"), changeOf("priority: info", "override: {priority: replace}")}, nil, []string{strings.Replace(base, "Warning", "Informational", 1)}},
	{"[4.5-priority] not appended", []string{ruleOf("r", "evt.type = open"), changeOf("priority: info", "override: {priority: append}")}, []string{shape}, nil},
	{"[4.5-source] given", []string{ruleOf("r", "evt.type = open", "source: syscall")}, nil, []string{base}},
	{"[4.5-source] not changed", []string{ruleOf("r", "evt.type = open"), changeOf("source: syscall", "override: {source: replace}")}, []string{shape}, nil},
	{"[4.5-enabled] replaced", []string{ruleOf("r", "evt.type = open"), changeOf("enabled: false", "override: {enabled: replace}")}, nil, []string{strings.Replace(base, "true", "false", 1)}},
	{"[4.5-enabled] not appended", []string{ruleOf("r", "evt.type = open"), changeOf("enabled: false", "override: {enabled: append}")}, []string{shape}, nil},
	{"[4.5-capture] and [4.5-capture_duration] given", []string{ruleOf("r", "evt.type = open", "capture: true", "capture_duration: 250")}, nil, []string{strings.Replace(base, "false 0", "true 250", 1)}},
	{"[4.5-capture] and [4.5-capture_duration] replaced", []string{ruleOf("r", "evt.type = open"), changeOf("capture: true", "capture_duration: 9", "override: {capture: replace, capture_duration: replace}")}, nil, []string{strings.Replace(base, "false 0", "true 9", 1)}},
	{"[4.5-tags] appended [4.5-6]", []string{ruleOf("r", "evt.type = open", "tags: [c, a]"), changeOf("tags: [b, a]", "override: {tags: append}")}, nil, []string{strings.Replace(base, "[]", "[a b c]", 1)}},
	{"[4.5-tags] replaced", []string{ruleOf("r", "evt.type = open", "tags: [c, a]"), changeOf("tags: [b]", "override: {tags: replace}")}, nil, []string{strings.Replace(base, "[]", "[b]", 1)}},
	{"[4.5-exceptions] replaced", []string{ruleOf("r", "evt.type = open", "exceptions: [{name: e, fields: proc.name, values: [a]}]"),
		changeOf("exceptions: [{name: f, fields: proc.pid, values: ['7']}]", "override: {exceptions: replace}")}, nil,
		[]string{strings.Replace(base, "evt.type = open", "(evt.type = open and not proc.pid in (7))", 1)}},
	{"[4.5-warn_evttypes] replaced", []string{ruleOf("r", "proc.name = a", "warn_evttypes: false"), changeOf("warn_evttypes: true", "override: {warn_evttypes: replace}")}, []string{"LOAD_NO_EVTTYPE"}, nil},
	{"[4.5-skip-if-unknown-filter] replaced", []string{ruleOf("r", "evt.type = open", "skip-if-unknown-filter: true"),
		changeOf("condition: no.such = 1", "skip-if-unknown-filter: true", "override: {skip-if-unknown-filter: replace, condition: replace}")}, []string{"LOAD_UNKNOWN_FILTER"}, []string{}},
	{"[4.5-skip-if-unknown-filter] output", []string{strings.Replace(ruleOf("r", "evt.type = open", "skip-if-unknown-filter: true"), "%proc.name", "%no.such", 1)}, []string{"LOAD_UNKNOWN_FILTER"}, []string{}},
	{"[4.5-skip-if-unknown-filter] token and type", []string{strings.Replace(ruleOf("r", "evt.type = open", "skip-if-unknown-filter: true"), "%proc.name", "%%", 1) + ruleOf("s", "evt.type = opn", "skip-if-unknown-filter: true")},
		[]string{"LOAD_UNKNOWN_FILTER", "LOAD_UNKNOWN_FILTER"}, []string{}},
	{"[4.5-skip-if-unknown-filter] other errors stay", []string{ruleOf("r", "proc.pid = x", "skip-if-unknown-filter: true")}, []string{"LOAD_ERR_COMPILE_CONDITION"}, nil},
	{"[4.5-append] LOAD_DEPRECATED_ITEM", []string{ruleOf("r", "evt.type = open"), changeOf("append: true", "condition: and proc.name = a")}, []string{deprecated},
		[]string{strings.Replace(base, "evt.type = open", "(evt.type = open and proc.name = a)", 1)}},
	{"[4.5-override] not a mapping", []string{ruleOf("r", "evt.type = open"), changeOf("desc: x", "override: append")}, []string{shape}, nil},
	{"[4.5-override] neither append nor replace", []string{ruleOf("r", "evt.type = open"), changeOf("desc: x", "override: {desc: merge}")}, []string{shape}, nil},
	{"[4.5-1] any case", []string{strings.Replace(ruleOf("r", "evt.type = open"), "WARNING", "wArNiNg", 1)}, nil, []string{base}},
	{"[4.5-1] no numbers", []string{strings.Replace(ruleOf("r", "evt.type = open"), "WARNING", "4", 1)}, []string{shape}, nil},
	{"[4.5-2] switched off", []string{ruleOf("r", "evt.type = open"), changeOf("enabled: false")}, []string{deprecated}, []string{strings.Replace(base, "true", "false", 1)}},
	{"[4.5-2] nothing to switch", []string{changeOf("enabled: false")}, []string{invalid, deprecated}, nil},
	{"[4.5-2] neither", []string{changeOf("tags: [a]")}, []string{shape}, nil},
	{"[4.5-3] [P17] enabled is not read", []string{ruleOf("r", "evt.type = open"), changeOf("append: true", "enabled: false", "condition: and proc.name = a")}, []string{deprecated},
		[]string{strings.Replace(base, "evt.type = open", "(evt.type = open and proc.name = a)", 1)}},
	{"[4.5-3] neither condition nor exceptions", []string{ruleOf("r", "evt.type = open"), changeOf("append: true", "tags: [a]")}, []string{invalid, deprecated}, nil},
	{"[4.5-4] named without a value", []string{ruleOf("r", "evt.type = open"), changeOf("override: {desc: replace}")}, []string{shape}, nil},
	{"[4.5-4] value without a name", []string{ruleOf("r", "evt.type = open"), changeOf("desc: x", "tags: [a]", "override: {desc: replace}")}, []string{shape}, nil},
	{"[4.5-5] append with override", []string{ruleOf("r", "evt.type = open"), changeOf("desc: x", "append: true", "override: {desc: replace}")}, []string{shape, deprecated}, nil},
	{"[4.5-5] append and replace", []string{ruleOf("r", "evt.type = open"), changeOf("condition: evt.type = close", "desc: x", "override: {condition: replace, desc: append}")}, nil,
		[]string{strings.Replace(strings.Replace(base, "open", "close", 1), "|d|", "|d x|", 1)}},
	{"[4.5-7] defined again", []string{ruleOf("r", "evt.type = open") + ruleOf("s", "evt.type = open") + ruleOf("r", "evt.type = close")}, nil,
		[]string{strings.Replace(base, "open", "close", 1), strings.Replace(base, "r|", "s|", 1)}},
	{"[4.5-7] with another source", []string{ruleOf("r", "evt.type = open"), ruleOf("r", "evt.type = open", "source: k8s_audit")}, []string{invalid}, nil},
	{"[4.5-8] LOAD_UNKNOWN_SOURCE [P18]", []string{ruleOf("r", "ka.verb = get", "source: k8s_audit")}, []string{"LOAD_UNKNOWN_SOURCE"}, []string{}},

	{"[P1] evt.dir", []string{ruleOf("r", "evt.type = open and evt.dir = <")}, []string{deprecated}, nil},
	{"[P17] append before the definition", []string{"- macro: m\n  condition: or a\n  append: true\n", ruleOf("r", "evt.type = open")}, []string{invalid, deprecated}, nil},
	{"[P17] list replaced before the definition", []string{"- list: l\n  items: [a]\n  override: {items: replace}\n" + ruleOf("r", "evt.type = open and proc.name in (l)")}, nil, nil},
	{"[P17] rule replaced before the definition", []string{changeOf("desc: x", "override: {desc: replace}")}, []string{invalid}, nil},
	{"[P18] warnings only", []string{ruleOf("r", "evt.type = open", "colour: red", "exceptions: [{name: e, fields: proc.name}, {name: e, fields: proc.name}]") + "- macro: a.b\n  condition: evt.type = open\n"},
		[]string{"LOAD_UNKNOWN_KEY", "LOAD_EXCEPTION_NAME_NOT_UNIQUE", "LOAD_INVALID_MACRO_NAME", "LOAD_UNUSED_MACRO"}, []string{base}},

	{"[5-1] unused, per file", []string{"- list: l\n  items: [a]\n- macro: m\n  condition: evt.type = open\n", ruleOf("r", "evt.type = open"), ruleOf("s", "m")},
		[]string{"LOAD_UNUSED_MACRO", "LOAD_UNUSED_LIST", "LOAD_UNUSED_MACRO", "LOAD_UNUSED_LIST", "LOAD_UNUSED_LIST"}, nil},
	{"LOAD_UNKNOWN_ITEM", []string{"- {}\n- name: x\n"}, []string{"LOAD_UNKNOWN_ITEM", "LOAD_UNKNOWN_ITEM"}, nil},
	{"LOAD_UNSAFE_NA_CHECK", []string{ruleOf("r", "evt.type = open and ka.verb in (get, <NA>) and jevt.value[/a] exists", "skip-if-unknown-filter: true")}, []string{"LOAD_UNSAFE_NA_CHECK", "LOAD_UNKNOWN_FILTER"}, []string{}},
	{"LOAD_COMPILE_CONDITION", []string{ruleOf("r", "evt.type = open and proc.name = proc.pname")}, []string{"LOAD_COMPILE_CONDITION"}, nil},

	{"[6-3] all operators", []string{ruleOf("r", "evt.type contains opn") + ruleOf("s", "evt.type in (open, opn)") + ruleOf("t", "evt.type glob op*")},
		[]string{"LOAD_ERR_COMPILE_CONDITION", "LOAD_ERR_COMPILE_CONDITION", "LOAD_ERR_COMPILE_CONDITION"}, nil},
	{"[6-3] syscall.type is not checked", []string{ruleOf("r", "evt.type = open and syscall.type = opn")}, nil, nil},
	{"[6-3] unknown type", []string{ruleOf("s", "evt.type startswith opn")}, []string{"LOAD_ERR_COMPILE_CONDITION"}, nil},
}

func TestFiles(t *testing.T) {
	for _, tt := range fileTests {
		t.Run(tt.name, func(t *testing.T) {
			set, rep := load(t, tt.files...)
			want := append([]string{}, tt.codes...)
			if diff := cmp.Diff(want, kinds(rep)); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
			if tt.want == nil {
				return
			}
			if set == nil {
				t.Fatal(rep.Err())
			}
			got := []string{}
			for _, r := range set.Rules {
				got = append(got, describe(r))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}

// Codes that nothing raises are not declared either: LOAD_ERR_EXTENSION, LOAD_WARNING_EXTENSION.
func TestCodeTexts(t *testing.T) {
	for code, text := range codeTexts {
		if strings.Contains(string(code), "EXTENSION") || text == "" {
			t.Errorf("code %s: %q", code, text)
		}
	}
	if len(codeTexts) != 20 {
		t.Errorf("%d codes, want 20", len(codeTexts))
	}
}

// [4.1-4] the largest version is remembered; [4.5-9] rules below the minimum; [6-1] event types.
func TestSet(t *testing.T) {
	set, rep := load(t, "- required_engine_version: 0.31.0\n- required_engine_version: 0.50.2\n- required_engine_version: 12\n"+
		ruleOf("r", "evt.type = open")+strings.Replace(ruleOf("s", "evt.type = open"), "WARNING", "NOTICE", 1))
	if !rep.OK() {
		t.Fatal(rep.Err())
	}
	if set.RequiredEngine != (Version{0, 50, 2}) {
		t.Errorf("required engine %s", set.RequiredEngine)
	}
	if got := set.Active(Warning); len(got) != 1 || got[0].Name != "r" {
		t.Errorf("active at warning: %d rules", len(got))
	}
	var names []string
	for e := range set.Rules[0].Events.All() {
		names = append(names, e.Info().Code)
	}
	if !slices.Contains(names, "PPME_ASYNCEVENT_E") || !slices.Contains(names, "PPME_SYSCALL_OPEN_X") {
		t.Errorf("event types %v", names)
	}
}

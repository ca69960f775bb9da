// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inRule is a condition of a rule with an event type.
func inRule(condition string, lines ...string) string {
	return ruleOf("r", "evt.type = open and "+condition, lines...)
}

// exceptionsOf is a rule with exceptions, written on one line.
func exceptionsOf(list string) string { return ruleOf("r", "evt.type = open", "exceptions: "+list) }

// conditionTests: lists, macros and exceptions, and the conditions that come of
// them after "evt.type = open and".
var conditionTests = []struct{ name, text, want string }{
	{"[4.3-1] a list in a list", "- list: x\n  items: [a]\n- list: l\n  items: [x, b]\n" + inRule("proc.name in (l)"), "proc.name in (a, b)"},
	{"[4.3-1] one level only", "- list: w\n  items: [a]\n- list: x\n  items: [w]\n- list: l\n  items: [x]\n" + inRule("proc.name in (l)"), "proc.name in (w)"},
	{"[4.3-1] defined later, changed later still", "- list: l\n  items: [x]\n- list: x\n  items: [a]\n- list: l\n  items: [b]\n  override: {items: append}\n" + inRule("proc.name in (l)"), "proc.name in (a, b)"},
	{"[4.3-1] defined later, so opened as text only [4.3-2]", "- list: l\n  items: [x]\n- list: x\n  items: [a]\n" + inRule("proc.name in (l)"), "proc.name in (a)"},
	{"[4.3-2] between delimiters", "- list: l\n  items: [a]\n" + inRule("proc.name in (l,ll, l.x,l) and proc.name=l"), "proc.name in (a, ll, l.x, a) and proc.name = a"},
	{"[4.3-2] in quotes", "- list: l\n  items: [a]\n" + inRule(`proc.cmdline = "x l y"`), `proc.cmdline = "x a y"`},
	{"[4.3-2] after the rule", inRule("proc.name in (l)") + "- list: l\n  items: [a]\n", "proc.name in (a)"},
	{"[4.3-2] a list without parentheses", "- list: l\n  items: ['(a,b)']\n" + inRule("proc.name in l"), "proc.name in (a, b)"},
	{"[4.3-3] blanks", "- list: l\n  items: [a b, '\"c d\"', \"'e f'\", g]\n" + inRule("proc.name in (l)"), `proc.name in ("a b", "c d", "e f", g)`},
	{"[4.3-2] a name that is not one word", "- list: k, l\n  items: [a]\n" + inRule("proc.name in (k, l)"), "proc.name in (a)"},
	{"[4.3-4] comma before", "- list: l\n  items: []\n" + inRule("proc.name in (a, l)"), "proc.name in (a)"},
	{"[4.3-4] comma behind", "- list: l\n  items: []\n" + inRule("proc.name in (l , a)"), "proc.name in (a)"},
	{"[4.3-4] nothing else", "- list: l\n  items: []\n" + inRule("proc.name in (l)"), "proc.name in ()"},
	{"[4.3-5] defined again", "- list: l\n  items: [a]\n- list: l\n  items: [b]\n" + inRule("proc.name in (l)"), "proc.name in (b)"},

	{"[4.4-1] appended", "- macro: m\n  condition: proc.name = a\n- macro: m\n  condition: and proc.pid = 1\n  override: {condition: append}\n" + inRule("m"), "(proc.name = a and proc.pid = 1)"},
	{"[4.4-2] changed after the other", "- macro: m\n  condition: proc.name = a\n- macro: n\n  condition: proc.pid = 1\n- macro: m\n  condition: and n\n  override: {condition: append}\n" + inRule("m"), "(proc.name = a and proc.pid = 1)"},
	{"[4.4-2] rules see later macros", inRule("m") + "- macro: m\n  condition: proc.name = a\n", "proc.name = a"},
	{"[4.4-4] or", "- macro: m\n  condition: proc.name = a\n- macro: m\n  condition: or proc.name = b\n  override: {condition: append}\n" + inRule("m and proc.pid = 1"), "(proc.name = a or proc.name = b) and proc.pid = 1"},
	{"[P17] the last definition wins for earlier rules", "- macro: m\n  condition: proc.name = a\n" + inRule("m") + "- macro: m\n  condition: proc.name = b\n", "proc.name = b"},

	{"[4.6-single] [4.6-1]", exceptionsOf("[{name: e, fields: proc.name, values: [a, b]}, {name: f, fields: proc.pid}]"), "not proc.name in (a, b)"},
	{"[4.6-single] pmatch", exceptionsOf("[{name: e, fields: fd.name, comps: pmatch, values: [/etc, /usr]}]"), "not fd.name pmatch (/etc, /usr)"},
	{"[4.6-single] with a modifier", exceptionsOf("[{name: e, fields: fd.name, comps: startswith anyof, values: [/etc]}]"), "not fd.name startswith anyof (/etc)"},
	{"[4.6-sequence] rows", exceptionsOf("[{name: e, fields: [proc.name, fd.name], values: [[a, /x], [b, /y]]}]"), "not ((proc.name = a and fd.name = /x) or (proc.name = b and fd.name = /y))"},
	{"[4.6-sequence] operators", exceptionsOf("[{name: e, fields: [proc.name, fd.name], comps: [in, contains oneof], values: [[[a, b], (c)]]}]"), "not (proc.name in (a, b) and fd.name contains oneof (c))"},
	{"[4.6-2] parentheses and quotes", exceptionsOf("[{name: e, fields: [proc.name, fd.name], comps: [in, =], values: [[a b, c d], [(e), f]]}]"),
		`not ((proc.name in ("a b") and fd.name = "c d") or (proc.name in (e) and fd.name = f))`},
	{"[4.6-3] lists and blanks", "- list: l\n  items: [a, b]\n" + exceptionsOf("[{name: e, fields: [proc.name], comps: [' in '], values: [[l]]}]"), "not proc.name in (a, b)"},
	{"[4.6-3] a list in parentheses", "- list: l\n  items: [a, b]\n" + exceptionsOf("[{name: e, fields: [proc.name], comps: [in], values: [[(l)]]}]"), "not proc.name in (a, b)"},
	{"[4.6-5] more values", exceptionsOf("[{name: e, fields: proc.name, values: [a]}]") + changeOf("exceptions: [{name: e, values: [b]}]", "override: {exceptions: append}"), "not proc.name in (a, b)"},
	{"[4.6-5] a new one", exceptionsOf("[{name: e, fields: proc.name, values: [a]}]") + changeOf("exceptions: [{name: f, fields: proc.pid, values: ['1']}]", "override: {exceptions: append}"), "not proc.name in (a) and not proc.pid in (1)"},
	{"[P19] a transformer as value", exceptionsOf("[{name: e, fields: [proc.name], values: [[toupper(proc.pname)]]}]"), "not proc.name = toupper(proc.pname)"},
}

func TestConditionTexts(t *testing.T) {
	for _, tt := range conditionTests {
		t.Run(tt.name, func(t *testing.T) {
			set, rep := load(t, tt.text)
			if !rep.OK() {
				t.Fatal(rep.Err())
			}
			want := "(evt.type = open and " + tt.want + ")"
			if got := set.Rules[0].Condition.String(); got != want {
				t.Errorf("condition: got %s, want %s", got, want)
			}
		})
	}
}

func TestBadExceptions(t *testing.T) {
	tests := []struct {
		name, text string
		codes      []string
	}{
		{"[4.6-4] no name", exceptionsOf("[{fields: proc.name}]"), []string{shape}},
		{"[4.6-4] no fields", exceptionsOf("[{name: e, values: [a]}]"), []string{invalid}},
		{"[4.6-4] unequal lengths", exceptionsOf("[{name: e, fields: [proc.name, fd.name], comps: [in], values: []}]"), []string{invalid}},
		{"[4.6-4] short row", exceptionsOf("[{name: e, fields: [proc.name, fd.name], values: [[a]]}]"), []string{invalid}},
		{"[4.6-4] unknown operator", exceptionsOf("[{name: e, fields: [proc.name], comps: [like], values: [[a]]}]"), []string{invalid}},
		{"[4.6-single] no list operator", exceptionsOf("[{name: e, fields: proc.name, comps: '=', values: [a]}]"), []string{invalid}},
		{"[4.6-4] unknown field", exceptionsOf("[{name: e, fields: [proc.nam], values: [[a]]}]"), []string{invalid}},
		{"[4.6-4] list for a text", exceptionsOf("[{name: e, fields: proc.name, values: [[a]]}]"), []string{invalid}},
		{"[4.6-4] not a mapping", exceptionsOf("[e]"), []string{shape}},
		{"[4.6-5] known name with fields", exceptionsOf("[{name: e, fields: proc.name}]") + changeOf("exceptions: [{name: e, fields: proc.name, values: [a]}]", "override: {exceptions: append}"), []string{invalid}},
		{"[4.6-5] known name with operators", exceptionsOf("[{name: e, fields: proc.name}]") + changeOf("exceptions: [{name: e, comps: in, values: [a]}]", "override: {exceptions: append}"), []string{invalid}},
		{"[4.6-5] new name without fields", exceptionsOf("[]") + changeOf("exceptions: [{name: e, values: [a]}]", "append: true"), []string{invalid, deprecated}},
		{"[4.6-5] new name without values", exceptionsOf("[]") + changeOf("exceptions: [{name: e, fields: proc.name}]", "override: {exceptions: append}"), []string{invalid, "LOAD_APPEND_NO_VALUES"}},
		{"LOAD_APPEND_NO_VALUES", exceptionsOf("[{name: e, fields: proc.name}]") + changeOf("exceptions: [{name: e}]", "override: {exceptions: append}"), []string{"LOAD_APPEND_NO_VALUES"}},
		{"LOAD_EXCEPTION_NAME_NOT_UNIQUE", exceptionsOf("[{name: e, fields: proc.name}, {name: e, fields: proc.name}]"), []string{"LOAD_EXCEPTION_NAME_NOT_UNIQUE"}},
		{"[P19] a transformer with a blank is a constant", exceptionsOf("[{name: e, fields: [proc.name], values: [['toupper( proc.pname)']]}]"), []string{"LOAD_COMPILE_CONDITION"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, rep := load(t, tt.text)
			if diff := cmp.Diff(tt.codes, kinds(rep)); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
		})
	}
}

// Names that are close are told.
func TestNearNames(t *testing.T) {
	tests := []struct{ text, want string }{
		{"- macro: spawned\n  condition: evt.type = execve\n" + ruleOf("r", "spawnd"), "Undefined macro 'spawnd' used in filter. (did you mean spawned?)"},
		{ruleOf("r", "evt.type = open and proc.nam = a"), "(did you mean proc.name?)"},
		{ruleOf("r", "evt.type = opennat"), "(did you mean openat?)"},
		{ruleOf("r", "evt.type = open", "exeptions: []"), "(did you mean exceptions?)"},
	}
	for _, tt := range tests {
		_, rep := load(t, tt.text)
		var b strings.Builder
		if err := rep.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tt.want) {
			t.Errorf("got %s, want %s", b.String(), tt.want)
		}
	}
}

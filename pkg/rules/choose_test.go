// SPDX-License-Identifier: Apache-2.0

package rules

import "testing"

func TestWildcard(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"Write below /etc", "Write below /etc", true},
		{"Write*", "Write below /etc", true},
		{"*etc", "Write below /etc", true},
		{"*below*", "Write below /etc", true},
		{"W*b*c", "Write below /etc", true},
		{"*", "", true},
		{"Write", "Write below /etc", false},
		{"below*", "Write below /etc", false},
		{"*ab", "abab", false}, // no backtracking, rule-language.md §6
		{"**", "x", true},
	}
	for _, tt := range tests {
		if got := wildcard(tt.pattern, tt.name); got != tt.want {
			t.Errorf("wildcard(%q, %q): got %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
}

// [6-4] in order, the last that fits decides; a name and a tag are two choices.
func TestChoose(t *testing.T) {
	set := &Set{Rules: []*Rule{
		{Name: "a", Tags: []string{"host"}, Enabled: true},
		{Name: "b", Tags: []string{"host", "net"}, Enabled: true},
		{Name: "c", Enabled: false},
	}}
	set.Choose([]Choice{{Rule: "*"}, {Enable: true, Tag: "net"}, {Enable: true, Rule: "c"}, {Tag: ""}})
	for i, want := range []bool{false, true, true} {
		if set.Rules[i].Enabled != want {
			t.Errorf("rule %s: enabled %v, want %v", set.Rules[i].Name, set.Rules[i].Enabled, want)
		}
	}
}

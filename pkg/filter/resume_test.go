// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"strings"
	"testing"
)

// All parts that are wrong are told, each once, and nothing that only follows.
func TestParseGoesOn(t *testing.T) {
	tests := []struct {
		in   string
		want []string // "column: start of the message"
	}{
		{"a.b = and c.d = x", []string{"11: expected and, or, or the end of the condition, found c.d"}},
		{"a.b contians x and c.d < y or e", []string{"5: unknown operator contians", "26: expected a number"}},
		{"(a.b = ) and (c.d in x,y) or e.f ~ 5", []string{"8: expected a text", "23: expected ), found ,y", "34: unknown operator ~ (did you mean regex?)"}},
		{"a.b in (x, =y) and c.d in (, z) and e", []string{"12: expected a text in the list", "28: expected a text in the list"}},
		{"(a b) and (c d) and e f", []string{"4: expected )", "14: expected )", "23: expected and, or"}},
		{"not (a.b ?? 1) or not c.d !! 2", []string{"10: expected an operator", "27: expected an operator"}},
		{"a andb or c orr d", []string{"3: expected a blank or ( after and", "13: expected a blank or ( after or"}},
		{"a adn b or c", []string{"3: expected and, or, or the end of the condition, found adn (did you mean and?)"}},
		{`a.b = "x and y" z and c.d < "and" or e`, []string{"17: expected and, or", "29: expected a number"}},
		{"a.b = val(c) and d.e in tolower() and f", []string{"11: expected a field in val()", "33: expected a field, a transformer"}},
		{"tolwer(a.b) = x and c.d < y", []string{"1: unknown transformer tolwer (did you mean tolower?)", "27: expected a number"}},
		{"TOLOWER(a.b) = x and val(c.d) = y and len (e.f) > 1", []string{"1: unknown transformer TOLOWER (did you mean tolower?)", "22: val() stands on the right side", "39: the ( of len must follow at once"}},
		{"a.b = x\u00a0and c.d = y or \u201ce\u201d", []string{"14: expected and, or, or the end of the condition, found c.d (before it stands U+00A0, which is no blank)", "25: expected a field, a macro or (, found \u201ce\u201d (U+201C is no ASCII character)"}},
		{"a.b startwith x and c", []string{"5: unknown operator startwith"}},
		// There is nothing to go on from.
		{`a.b = "x and c.d < y`, []string{"7: the quoted text has no end"}},
		{`a.b < y and c.d = "x`, []string{"7: expected a number", "19: the quoted text has no end"}},
		{"(a.b < y and c", []string{"1: this ( has no )", "8: expected a number"}},
		{"a) and b.c < y", []string{"2: expected and, or, or the end of the condition, found )"}},
		{"a or(b) and c", []string{"9: expected and, or, or the end of the condition, found and"}},
		{"a and", []string{"6: expected a condition after and, but the condition ends here"}},
	}
	for _, tt := range tests {
		_, err := Parse(tt.in, ParseOptions{})
		list, _ := err.(ErrorList)
		var got []string
		for _, e := range list {
			got = append(got, fmt.Sprintf("%d: %s", e.Start+1, e.Msg))
		}
		same := len(got) == len(tt.want)
		for i := 0; same && i < len(got); i++ {
			same = strings.HasPrefix(got[i], tt.want[i])
		}
		if !same {
			t.Errorf("Parse %s:\n got %q\nwant %q", tt.in, got, tt.want)
		}
	}
}

func TestParseSuggestsOperators(t *testing.T) {
	for in, want := range map[string]string{
		"a.b contians x": "contains", "a.b startwith x": "startswith", "a.b regexp x": "regex", "a.b exist": "exists", "a.b pmach (x)": "pmatch", "a.b xyzzy x": "",
	} {
		_, err := Parse(in, ParseOptions{})
		if got := err.Error(); strings.HasSuffix(got, "(did you mean "+want+"?)") != (want != "") {
			t.Errorf("Parse %s: %s, want %q suggested", in, got, want)
		}
	}
}

// However bad a text is, there are at most twenty errors.
func TestParseStopsAtTwenty(t *testing.T) {
	_, err := Parse(strings.Repeat("a.b ~ c and ", 100)+"x", ParseOptions{})
	if got := len(err.(ErrorList)); got != MaxErrors {
		t.Errorf("Parse: got %d errors, want %d", got, MaxErrors)
	}
}

// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestCheckErrors holds the rules of operators, types and transformers, [P10] and
// [P12], on the lines that break them.
func TestCheckErrors(t *testing.T) {
	const file = "testdata/errors.txt"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\n")
		text, _, _ := strings.Cut(line, "   ###")
		if text == "" || text[0] == '#' {
			out.WriteString(line + "\n")
			continue
		}
		got := text + checkErrors(text)
		out.WriteString(got + "\n")
		if got != line && !*update {
			t.Errorf("Check:\n got %s\nwant %s", got, line)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// checkErrors writes the errors of a condition as the golden file has them.
func checkErrors(text string) string {
	n, err := Parse(text, ParseOptions{})
	if err == nil {
		_, _, err = Check(n)
	}
	if err == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("  ")
	for _, e := range err.(ErrorList) {
		at := Pos{}.At(text, e.Start)
		fmt.Fprintf(&b, " ### %d:%d %s", at.Line, at.Col, e.Msg)
	}
	return b.String()
}

// [3.2-1], [3.2-2], [3.2-3], [P1], [P5], [P8].
func TestCheckWarnings(t *testing.T) {
	tests := []struct{ text, want string }{
		{`proc.name = cat`, ""},
		{`proc.name = proc.pname`, "also the name of a field"},
		{`proc.name in (cat, "proc. pname")`, "also the name of a field"},
		{`proc.name = "toupper( proc.pname )"`, "looks like a transformer"},
		{`proc.name = "val(proc.pname)"`, "looks like a transformer"},
		{`proc.name = "foo(bar)"`, ""},
		{`proc.name regex "cat"`, "= does the same"},
		{`proc.name regex "^cat$"`, "= does the same"},
		{`proc.name regex "^cat.*"`, "startswith does the same"},
		{`proc.name regex ".*cat"`, "endswith does the same"},
		{`proc.name regex "^.*cat.*$"`, "contains does the same"},
		{`proc.name regex "c.t"`, ""},
		{`proc.name regex "(cat|dog)"`, ""},
		{`evt.dir = <`, "field evt.dir is deprecated"},
	}
	for _, tt := range tests {
		n, err := Parse(tt.text, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, warnings, err := Check(n)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, w := range warnings {
			got += w.Msg
		}
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("Check %s: got warning %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestIsUnknownName(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"proc.nam = x", true},
		{"evt.type = nosuch", true},
		{"evt.arg.nosuch = 1", true},
		{"proc.pid = x", false},
		{"proc.nam = x and proc.pid = x", false},
	}
	for _, tt := range tests {
		n, err := Parse(tt.text, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = Check(n)
		if got := IsUnknownName(err); got != tt.want {
			t.Errorf("IsUnknownName of %q: got %v", tt.text, got)
		}
	}
}

func TestCheckStopsAtTwenty(t *testing.T) {
	n, err := Parse(strings.Repeat("proc.pid = x and ", 100)+"proc.pid = y", ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Check(n)
	if got := len(err.(ErrorList)); got != MaxErrors {
		t.Errorf("Check: got %d errors, want %d", got, MaxErrors)
	}
}

func TestExpand(t *testing.T) {
	macros := map[string]string{
		"spawned": "evt.type = execve", "shell": "proc.name in (bash, sh)", "not_root": "not user.uid = 0",
		"both": "spawned and shell", "loop": "a or loop2", "loop2": "loop", "a": "proc.name = a",
	}
	lookup := func(name string) (Node, bool) {
		text, ok := macros[name]
		if !ok {
			return nil, false
		}
		n, err := Parse(text, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return n, true
	}
	tests := []struct{ in, want string }{
		{"both or a", "((evt.type = execve and proc.name in (bash, sh)) or proc.name = a)"},
		{"not not_root", "user.uid = 0"},
		{"not both", "not (evt.type = execve and proc.name in (bash, sh))"},
		{"nothing and none", "Undefined macro 'nothing' used in filter. Undefined macro 'none' used in filter. "},
		{"loop", "macro loop refers to itself "},
	}
	for _, tt := range tests {
		n, err := Parse(tt.in, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := Expand(n, lookup)
		got := ""
		if err != nil {
			for _, e := range err.(ErrorList) {
				got += e.Msg + " "
			}
		} else {
			got = out.String()
			checkRoundTrip(t, out)
		}
		if got != tt.want {
			t.Errorf("Expand %s: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

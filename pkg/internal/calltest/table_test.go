// SPDX-License-Identifier: Apache-2.0

package calltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// wantCalls is how many different system calls the table must hold.
const wantCalls = 150

func load(t *testing.T) *Table {
	t.Helper()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestCoverage: every system call of x86_64 with an event of its own is called,
// tested elsewhere, or named with a reason. For the others the event says no more
// than the number; those that are called stand for them.
func TestCoverage(t *testing.T) {
	table := load(t)
	called := map[string]bool{}
	for _, c := range table.Calls {
		called[c.SC] = true
	}
	for i := range schema.Syscalls {
		s := &schema.Syscalls[i]
		if s.Kind != schema.KindSyscall || s.Generic || s.Name == "" || s.X8664 < 0 && len(s.I386) == 0 {
			continue
		}
		ways := 0
		for _, known := range []bool{called[s.Name], table.Elsewhere[s.Name] != "", table.Uncovered[s.Name] != ""} {
			if known {
				ways++
			}
		}
		if ways != 1 {
			t.Errorf("%s is named in %d of: calls, elsewhere, uncovered", s.Name, ways)
		}
	}
	for name := range table.Uncovered {
		if codeOf(name) == schema.SCUnknown {
			t.Errorf("uncovered: no system call %s", name)
		}
	}
	source := driverTests(t)
	for name, where := range table.Elsewhere {
		test, _, _ := strings.Cut(where, ":")
		if codeOf(name) == schema.SCUnknown {
			t.Errorf("elsewhere: no system call %s", name)
		}
		if !strings.Contains(source, "func "+test+"(t ") || !strings.Contains(source, `"`+name+`"`) {
			t.Errorf("elsewhere: package driver has no %s that tests %s", test, name)
		}
	}
	if len(called) < wantCalls {
		t.Errorf("%d different system calls, want %d", len(called), wantCalls)
	}
	t.Logf("%d different system calls in %d rows", len(called), len(table.Calls))
}

// driverTests is the source of the tests that calls.toml names.
func driverTests(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("../../driver/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of package driver: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// TestTable: arguments can be read, numbers exist, and every parameter has an
// expectation, no other.
func TestTable(t *testing.T) {
	for _, c := range load(t).Calls {
		for _, bits := range []int{64, 32} {
			if _, ok := c.Number(bits); !ok {
				continue
			}
			if _, err := c.ArgsFor(bits); err != nil {
				t.Error(err)
			}
			want := c.WantFor(bits)
			info := c.Code.Info().Exit.Info()
			if info.IsGeneric() {
				if len(want) > 0 {
					t.Errorf("%s: its event has only the number", c.Title())
				}
				continue
			}
			for i, p := range info.Params {
				if _, ok := want[p.Name]; !ok && i > 0 {
					t.Errorf("%s: %d bits: nobody says what %s is", c.Title(), bits, p.Name)
				}
			}
			for name := range want {
				if i := info.ParamIndex(name); i < 0 || i == 0 && len(info.Params) > 0 {
					t.Errorf("%s: %s is no parameter to say", c.Title(), name)
				}
			}
		}
		if _, ok := c.Number(64); !ok {
			if _, ok := c.Number(32); !ok {
				t.Errorf("%s: no number", c.Title())
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{"'abc", "[l:1", "[x:1]", "abc", "$a:z3", "$a:", "{x}", "1 2x"} {
		if list, err := Parse(text); err == nil {
			t.Errorf("Parse(%q): got %v, want an error", text, list)
		}
	}
}

func TestExpand(t *testing.T) {
	lookup := func(e Expr) (string, bool) { return strings.ToUpper(e.Name), e.Name != "no" }
	if got, err := Expand("${a}/x${b:d4}", lookup); got != "A/xB" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, text := range []string{"${a", "${no}", "${a:x}"} {
		if _, err := Expand(text, lookup); err == nil {
			t.Errorf("Expand(%q): no error", text)
		}
	}
}

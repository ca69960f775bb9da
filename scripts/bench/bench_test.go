// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// results is a run in which a round costs 1000 instructions and recording it 250.
func results(change func(workload, state string, count int) int) string {
	var b strings.Builder
	for _, w := range workloads {
		for _, state := range states {
			count := 1000
			switch state {
			case "unselected":
				count += 60 * w.calls
			case "selected", "full":
				count += 250
			}
			fmt.Fprintln(&b, state, w.name, change(w.name, state, count))
		}
	}
	return b.String()
}

func same(_, _ string, count int) int { return count }

func parsed(t *testing.T, text string) costs {
	t.Helper()
	c, err := parseResults(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseResults(t *testing.T) {
	c := parsed(t, results(same))
	if got := c["open+close"]; got["none"] != 1000 || got["unselected"] != 120 || got["closed"] != 0 {
		t.Errorf("open+close: got %v", got)
	}
	for _, text := range []string{"none getppid\n", "none getppid many\n", "none getppid 1\n"} {
		if _, err := parseResults(text); err == nil {
			t.Errorf("parseResults(%q): no error", text)
		}
	}
	if _, err := parseResults(""); err == nil || !strings.Contains(err.Error(), "getppid in state none") {
		t.Errorf("parseResults of nothing: got %v", err)
	}
}

func TestTablesReadBack(t *testing.T) {
	want := parsed(t, results(same))
	page, err := replaceTables("# Page\n"+tablesBegin+"old\n"+tablesEnd+"the rest\n", want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseTable(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || strings.Contains(page, "old") || !strings.HasSuffix(page, "the rest\n") {
		t.Errorf("tables (-want +got):\n%s\n%s", diff, page)
	}
	if _, err := parseTable("no tables"); err == nil {
		t.Error("parseTable of a page without tables: no error")
	}
}

func TestThePageHasFigures(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseTable(string(page))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range overBudget(c) {
		t.Error(err)
	}
}

func TestVerdict(t *testing.T) {
	before := parsed(t, results(same))
	tests := []struct {
		name                     string
		workload, state          string
		more                     int
		wantBudgets, wantFigures int
	}{
		{"nothing changed", "", "", 0, 0, 0},
		{"noise", "getppid", "loaded", 2, 0, 0},
		{"a call is slower without a session", "getppid", "loaded", 3, 1, 0},
		{"2 % and 5 instructions", "getppid", "selected", 10, 0, 0},
		{"more than 2 % and 5 instructions", "getppid", "selected", 11, 0, 1},
		{"over budget", "getppid", "selected", 51, 1, 1},
		{"two calls share what they cost", "open+close", "unselected", 30, 0, 1},
		{"unselected over budget", "stat", "unselected", 16, 1, 1},
		{"what varies is not held to anything", "fork+wait", "selected", 5000, 0, 0},
		{"faster", "getppid", "selected", -100, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := parsed(t, results(func(workload, state string, count int) int {
				if workload == tt.workload && state == tt.state {
					return count + tt.more
				}
				return count
			}))
			if got := overBudget(now); len(got) != tt.wantBudgets {
				t.Errorf("overBudget: got %v, want %d of them", got, tt.wantBudgets)
			}
			if got := regressions(before, now); len(got) != tt.wantFigures {
				t.Errorf("regressions: got %v, want %d of them", got, tt.wantFigures)
			}
		})
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What the tables of the page stand between.
const (
	tablesBegin = "<!-- written by 'make bench-kmod UPDATE=1' -->\n"
	tablesEnd   = "<!-- end -->\n"
)

var errNoTables = errors.New("the lines that the tables stand between are missing")

func costTable(c costs) string {
	var b strings.Builder
	b.WriteString("| round | alone | module loaded | not selected | recorded | ring full | session closed | module unloaded |\n")
	b.WriteString("|---|" + strings.Repeat("---:|", len(states)) + "\n")
	for _, w := range workloads {
		fmt.Fprintf(&b, "| %s | %d |", w.name, c[w.name][states[0]])
		for _, state := range states[1:] {
			fmt.Fprintf(&b, " %+d |", c[w.name][state])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func budgetTable(c costs) string {
	var s strings.Builder
	s.WriteString("| per call | eyas | budget | Falco's module |\n|---|---:|---:|---:|\n")
	for _, b := range budgets {
		fmt.Fprintf(&s, "| %s | %+d | %d | %+d |\n", b.what, b.cost(c), b.limit, b.falco)
	}
	return s.String()
}

// cutTables splits a page at its tables.
func cutTables(page string) (before, tables, after string, err error) {
	before, rest, ok := strings.Cut(page, tablesBegin)
	if !ok {
		return "", "", "", errNoTables
	}
	tables, after, ok = strings.Cut(rest, tablesEnd)
	if !ok {
		return "", "", "", errNoTables
	}
	return before, tables, after, nil
}

func replaceTables(page string, c costs) (string, error) {
	before, _, after, err := cutTables(page)
	if err != nil {
		return "", err
	}
	return before + tablesBegin + budgetTable(c) + "\n" + costTable(c) + tablesEnd + after, nil
}

// parseTable reads the costs back from a page.
func parseTable(page string) (costs, error) {
	_, tables, _, err := cutTables(page)
	if err != nil {
		return nil, err
	}
	c := make(costs)
	for line := range strings.Lines(tables) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != len(states)+1 || cells[0] == "round" {
			continue
		}
		for i, state := range states {
			count, err := strconv.Atoi(cells[i+1])
			if err != nil {
				return nil, fmt.Errorf("row %s: %q is no figure", cells[0], cells[i+1])
			}
			c.set(cells[0], state, count)
		}
	}
	return c, c.check()
}

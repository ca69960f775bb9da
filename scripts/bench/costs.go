// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// costs[workload][state] is in instructions per round of the workload's loop:
// the whole of it in states[0], over that in the others.
type costs map[string]map[string]int

// states in the order of the table's columns.
var states = []string{"none", "loaded", "unselected", "selected", "full", "closed", "again"}

// workloads in the order of the table's rows. Those of many instructions vary
// too much from run to run to be held to anything, and so does the open that
// fails: the kernel frees a dentry for each, some calls later and in batches.
var workloads = []struct {
	name  string
	calls int // system calls of a round
	exact bool
}{
	{"getppid", 1, true},
	{"read1", 1, true},
	{"write1", 1, true},
	{"pread4k", 1, true},
	{"stat", 1, true},
	{"open+close", 2, true},
	{"open-ENOENT", 1, false},
	{"connect-udp", 1, true},
	{"tcp-conn", 5, false},
	{"fork+wait", 3, false},
	{"vfork+exec+wait", 3, false},
}

// parseResults reads what the program in the guest has printed.
func parseResults(text string) (costs, error) {
	c := make(costs)
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 3 {
			return nil, fmt.Errorf("not a result: %q", line)
		}
		count, err := strconv.Atoi(words[2])
		if err != nil {
			return nil, fmt.Errorf("not a result: %q", line)
		}
		c.set(words[1], words[0], count)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	for _, row := range c {
		for _, state := range states[1:] {
			row[state] -= row[states[0]]
		}
	}
	return c, nil
}

func (c costs) set(workload, state string, count int) {
	if c[workload] == nil {
		c[workload] = make(map[string]int)
	}
	c[workload][state] = count
}

// check says which figure is missing.
func (c costs) check() error {
	for _, w := range workloads {
		for _, state := range states {
			if _, ok := c[w.name][state]; !ok {
				return fmt.Errorf("no figure for %s in state %s", w.name, state)
			}
		}
	}
	return nil
}

// regressions are the figures that are more than 2 % and 5 instructions above
// what they were.
func regressions(before, now costs) (errs []error) {
	for _, w := range workloads {
		if !w.exact {
			continue
		}
		for _, state := range states[1:] {
			was, is := before[w.name][state], now[w.name][state]
			if is > was+max(was, 0)/50+5 {
				errs = append(errs, fmt.Errorf("%s, %s: %+d instructions, docs/performance.md has %+d", w.name, state, is, was))
			}
		}
	}
	return errs
}

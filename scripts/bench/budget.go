// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// noise is how far two runs of the same loop may lie apart, in instructions.
const noise = 2

// budget is what a call may cost over an unobserved one, in instructions.
type budget struct {
	what     string
	limit    int
	falco    int // what Falco's module costs in the same place
	workload string
	state    string
}

var budgets = []budget{
	{"no enabled session", 0, 0, "", "loaded"},
	{"the session was closed", 0, 0, "", "closed"},
	{"not selected", 75, 320, "", "unselected"},
	{"getppid recorded", 300, 644, "getppid", "selected"},
	{"read of one byte recorded", 450, 928, "read1", "selected"},
	{"stat recorded", 700, 1322, "stat", "selected"},
	{"openat + close recorded", 1700, 3544, "open+close", "selected"},
	{"UDP connect recorded", 900, 1898, "connect-udp", "selected"},
}

// cost is what the budget is held against: one workload's figure, or the call
// that costs most.
func (b budget) cost(c costs) int {
	if b.workload != "" {
		return c[b.workload][b.state]
	}
	worst := c[workloads[0].name][b.state]
	for _, w := range workloads {
		if w.exact {
			worst = max(worst, c[w.name][b.state]/w.calls)
		}
	}
	return worst
}

func overBudget(c costs) (errs []error) {
	for _, b := range budgets {
		limit := b.limit
		if limit == 0 {
			limit = noise
		}
		if cost := b.cost(c); cost > limit {
			errs = append(errs, fmt.Errorf("%s: %+d instructions, the budget is %d", b.what, cost, limit))
		}
	}
	return errs
}

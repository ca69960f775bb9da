// SPDX-License-Identifier: Apache-2.0

// Command bench judges what 'make bench-kmod' has counted: against the budget,
// and against the figures of docs/performance.md, which it also writes.
//
//	STATE WORKLOAD COUNT lines ─► parse ─► costs over an unobserved call ─► budget, figures
//
// It boots nothing: scripts/vm/bench-kmod does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	update := flag.Bool("update", false, "write the figures into DOC instead of holding them against it")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/bench [-update] RESULTS DOC")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), *update); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(results, doc string, update bool) error {
	text, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	page, err := os.ReadFile(doc)
	if err != nil {
		return err
	}
	now, err := parseResults(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", results, err)
	}
	fmt.Print(costTable(now), "\n", budgetTable(now))
	errs := overBudget(now)
	if update {
		written, err := replaceTables(string(page), now)
		if err != nil {
			return fmt.Errorf("%s: %w", doc, err)
		}
		return errors.Join(append(errs, os.WriteFile(doc, []byte(written), 0o644))...)
	}
	before, err := parseTable(string(page))
	if err != nil {
		return fmt.Errorf("%s: %w (make bench-kmod UPDATE=1 writes it anew)", doc, err)
	}
	return errors.Join(append(errs, regressions(before, now)...)...)
}

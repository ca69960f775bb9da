// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/engine"
)

func (a *command) rulesCostCommand() *cli.Command {
	return &cli.Command{
		Name:  "cost",
		Usage: "replay a capture and print what each rule costs, the dearest first",
		Description: "Rules share the conditions that are equal. 'added' is what a rule took beyond the rules before it, so all\n" +
			"of them add up to the total; 'alone' is what it would take by itself. Both are per measured event, in\n" +
			"nanoseconds and in parts of conditions that were evaluated, which do not depend on the machine.\n\n" +
			"Example:\n\n   agent rules cost -r rules/eyas_rules.yaml -e attack.scap",
		Flags: append(ruleFlags(), jsonFlag,
			&cli.StringFlag{Name: "capture", Aliases: []string{"e"}, Usage: "the capture `FILE` to replay"},
			&cli.Uint64Flag{Name: "sample", Value: 1, Usage: "measure one event of `N`"},
		),
		Action: a.rulesCost,
	}
}

type costRecord struct {
	Events   uint64           `json:"events"`
	Measured uint64           `json:"measured"`
	Total    spentRecord      `json:"total"`
	Search   spentRecord      `json:"search"` // finding the rules that may match
	Rules    []ruleCostRecord `json:"rules"`
}

// spentRecord is per measured event.
type spentRecord struct {
	Nanos float64 `json:"nanoseconds"`
	Nodes float64 `json:"conditions"`
}

type ruleCostRecord struct {
	Rule    string      `json:"rule"`
	Share   float64     `json:"share"` // of the total time, 0 to 1
	Added   spentRecord `json:"added"`
	Alone   spentRecord `json:"alone"`
	Events  uint64      `json:"events"`  // measured ones of the rule's types
	Tried   uint64      `json:"tried"`   // of these, those that it was evaluated for
	Matched uint64      `json:"matched"` // of these, those that it held for
}

func (a *command) rulesCost(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	if c.String("capture") == "" {
		return usagef(c, "%s wants a capture: -e FILE", c.Command.HelpName)
	}
	if c.Uint64("sample") == 0 {
		return usagef(c, "--sample wants a number from 1")
	}
	cfg, set, err := a.loadRules(c)
	if err != nil {
		return err
	}
	mode, err := engine.ParseMatching(cfg.RuleMatching)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	costs, err := agent.MeasureRules(c.Context, c.String("capture"), set.Active, mode, c.Uint64("sample"))
	if err != nil {
		return err
	}
	record := newCostRecord(&costs)
	if c.Bool("json") {
		return printJSON(c.App.Writer, record)
	}
	record.text(c.App.Writer)
	return nil
}

func newCostRecord(costs *engine.Costs) *costRecord {
	per := func(s engine.Spent) spentRecord {
		n := float64(max(costs.Sampled, 1))
		return spentRecord{float64(s.Nanos) / n, float64(s.Nodes) / n}
	}
	r := &costRecord{
		Events: costs.Events, Measured: costs.Sampled, Total: per(costs.Total), Search: per(costs.Search), Rules: []ruleCostRecord{},
	}
	for i := range costs.Rules {
		rule := &costs.Rules[i]
		r.Rules = append(r.Rules, ruleCostRecord{
			Rule: rule.Rule.Name, Share: float64(rule.Shared.Nanos) / float64(max(costs.Total.Nanos, 1)),
			Added: per(rule.Shared), Alone: per(rule.Alone), Events: rule.Events, Tried: rule.Tried, Matched: rule.Matched,
		})
	}
	slices.SortStableFunc(r.Rules, func(x, y ruleCostRecord) int { return cmp.Compare(y.Added.Nanos, x.Added.Nanos) })
	return r
}

func (r *costRecord) text(w io.Writer) {
	fmt.Fprintf(w, "%d events, %d measured: %.0f ns and %.1f conditions each, of which %.0f ns to find the rules\n",
		r.Events, r.Measured, r.Total.Nanos, r.Total.Nodes, r.Search.Nanos)
	fmt.Fprintf(w, "%7s %9s %10s %9s %10s %8s %8s  %s\n", "share", "added ns", "conditions", "alone ns", "conditions", "tried", "matched", "rule")
	for i := range r.Rules {
		c := &r.Rules[i]
		fmt.Fprintf(w, "%6.1f%% %9.1f %10.2f %9.1f %10.2f %8d %8d  %s\n",
			100*c.Share, c.Added.Nanos, c.Added.Nodes, c.Alone.Nanos, c.Alone.Nodes, c.Tried, c.Matched, c.Rule)
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/rules"
)

func (a *command) rulesListCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "print the rules, and which of them take part",
		Description: "A rule is on when it is enabled, as files, configuration and flags say, and urgent enough.\n\n" +
			"Example:\n\n   agent rules list -r rules/eyas_rules.yaml -t network",
		Flags:  append(ruleFlags(), listFlags()...),
		Action: a.rulesList,
	}
}

type ruleRecord struct {
	Name     string   `json:"name"`
	Desc     string   `json:"description"`
	Priority string   `json:"priority"`
	Source   string   `json:"source"`
	Tags     []string `json:"tags"`
	On       bool     `json:"on"` // takes part
	File     string   `json:"file"`
	Line     int      `json:"line"`
}

func (a *command) rulesList(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	_, set, err := a.loadRules(c)
	if err != nil {
		return err
	}
	l := list{heads: []string{"Rule", "State", "Priority", "Tags"}}
	records := []ruleRecord{}
	for _, rule := range set.Set.Rules {
		r := newRuleRecord(rule, set)
		records = append(records, r)
		l.names = append(l.names, r.Name)
		l.rows = append(l.rows, []string{r.Name, onOff(r.On), r.Priority, strings.Join(r.Tags, ", ")})
	}
	l.records = records
	return l.print(c)
}

func newRuleRecord(r *rules.Rule, set *agent.RuleSet) ruleRecord {
	return ruleRecord{
		Name: r.Name, Desc: strings.TrimSpace(r.Desc), Priority: r.Priority.String(), Source: r.Source,
		Tags: append([]string{}, r.Tags...), On: slices.Contains(set.Active, r), File: r.Pos.File, Line: r.Pos.Line,
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

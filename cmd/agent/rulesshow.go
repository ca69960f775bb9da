// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/selection"
)

func (a *command) rulesShowCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "print what a rule comes to, and where each part of it was written",
		ArgsUsage: "NAME",
		Description: "The condition is the one that is evaluated: with macros, lists, exceptions and overrides put in.\n\n" +
			"Example:\n\n   agent rules show -r rules/eyas_rules.yaml 'Kernel module loaded'",
		Flags:  append(ruleFlags(), jsonFlag),
		Action: a.rulesShow,
	}
}

// ruleDetails is all about one rule.
type ruleDetails struct {
	ruleRecord
	Output    string         `json:"output"`
	Condition string         `json:"condition"`
	Parts     []partRecord   `json:"parts"` // all must hold
	Events    []string       `json:"events"`
	Syscalls  []string       `json:"syscalls"`
	Fields    []string       `json:"fields"`
	From      []originRecord `json:"from"`
	Extra     []string       `json:"extra_fields"`
	Capture   bool           `json:"capture"`
	Duration  uint32         `json:"capture_duration"` // ms; 0 = as configured
}

type partRecord struct {
	Condition string `json:"condition"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Macro     string `json:"macro,omitempty"`
}

type originRecord struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	File string `json:"file"`
	Line int    `json:"line"`
}

func (a *command) rulesShow(c *cli.Context) error {
	if err := wantArgs(c, 1, 1); err != nil {
		return err
	}
	_, set, err := a.loadRules(c)
	if err != nil {
		return err
	}
	rule, err := set.Set.Find(c.Args().First())
	if err != nil {
		return err
	}
	d := newRuleDetails(rule, set)
	if c.Bool("json") {
		return printJSON(c.App.Writer, d)
	}
	d.text(c.App.Writer)
	return nil
}

func newRuleDetails(r *rules.Rule, set *agent.RuleSet) *ruleDetails {
	d := &ruleDetails{
		ruleRecord: newRuleRecord(r, set), Output: r.OutputText, Condition: r.Condition.String(),
		Parts: []partRecord{}, Events: []string{}, Syscalls: selection.Names(r.SCs), Fields: []string{},
		From: []originRecord{}, Extra: []string{}, Capture: r.Capture, Duration: r.CaptureDuration,
	}
	for _, p := range r.Parts {
		d.Parts = append(d.Parts, partRecord{p.Node.String(), p.Pos.File, p.Pos.Line, p.Macro})
	}
	for t := range r.Events.All() {
		d.Events = append(d.Events, t.String())
	}
	d.Events = sortedOnce(d.Events)
	for _, ref := range r.Checked.Fields {
		d.Fields = append(d.Fields, ref.Text)
	}
	d.Fields = sortedOnce(d.Fields)
	for _, o := range r.Origins {
		d.From = append(d.From, originRecord{o.Kind, o.Name, o.Pos.File, o.Pos.Line})
	}
	for _, x := range r.Extra {
		d.Extra = append(d.Extra, x.Name)
	}
	return d
}

func sortedOnce(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func (d *ruleDetails) text(w io.Writer) {
	row := func(head, text string) { fmt.Fprintf(w, "%-12s%s\n", head, text) }
	row("rule", d.Name)
	row("description", strings.Join(strings.Fields(d.Desc), " "))
	row("state", onOff(d.On))
	row("priority", d.Priority)
	row("source", d.Source)
	row("tags", strings.Join(d.Tags, ", "))
	row("output", d.Output)
	if len(d.Extra) > 0 {
		row("JSON fields", strings.Join(d.Extra, ", "))
	}
	if d.Capture {
		row("capture", captureText(d.Duration))
	}
	row("events", strings.Join(d.Events, ", "))
	row("syscalls", strings.Join(d.Syscalls, ", "))
	row("fields", strings.Join(d.Fields, ", "))
	fmt.Fprintln(w, "\ncondition, all of:")
	for _, p := range d.Parts {
		fmt.Fprintf(w, "  %s\n      %s\n", p.Condition, p.place())
	}
	fmt.Fprintln(w, "\nwritten in:")
	for _, o := range d.From {
		fmt.Fprintf(w, "  %s:%d: %s %s\n", o.File, o.Line, o.Kind, o.Name)
	}
}

func (p *partRecord) place() string {
	place := fmt.Sprintf("%s:%d", p.File, p.Line)
	if p.Macro != "" {
		place += ", macro " + p.Macro
	}
	return place
}

func captureText(ms uint32) string {
	if ms == 0 {
		return "with capture.enabled: before_duration and default_duration"
	}
	return fmt.Sprintf("with capture.enabled: before_duration and %d ms", ms)
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

var strictFlag = &cli.BoolFlag{Name: "strict", Usage: "warnings about the selection are errors: exit status 3"}

// plan makes the plan that the flags ask for and tells its warnings.
func (a *command) plan(c *cli.Context) (*selection.Plan, error) {
	cfg, set, err := a.loadRules(c)
	if err != nil {
		return nil, err
	}
	plan := agent.Plan(cfg, set.Active)
	if !c.Bool("json") || c.Bool("strict") {
		for _, w := range plan.Warnings() {
			a.log.Warn(w)
		}
	}
	return plan, nil
}

// strict is the error that --strict makes of warnings, once the command has printed what it has.
func strict(c *cli.Context, warnings []string) error {
	if !c.Bool("strict") || len(warnings) == 0 {
		return nil
	}
	return &invalidError{err: fmt.Errorf("warnings about the selection, which --strict makes errors: %d", len(warnings))}
}

// strictRun refuses to run with warnings under --strict, and tells them. A capture has no selection.
func (a *command) strictRun(c *cli.Context, loaded *agent.Loaded) error {
	if !c.Bool("strict") || c.String("capture") != "" {
		return nil
	}
	warnings := agent.Plan(loaded.Config, loaded.Rules.Active).Warnings()
	for _, w := range warnings {
		a.log.Warn(w)
	}
	return strict(c, warnings)
}

func (a *command) maskExplain(c *cli.Context) error {
	if c.Bool("live") {
		return a.explainLive(c)
	}
	plan, err := a.plan(c)
	if err != nil {
		return err
	}
	members, err := plan.Explain(c.Args().Slice()...)
	if err != nil {
		return usagef(c, "%v", err)
	}
	if c.Bool("json") {
		d := plan.Document()
		err = printJSON(c.App.Writer, map[string]any{"syscalls": members, "consequences": d.Consequences, "warnings": d.Warnings})
	} else {
		err = selection.WriteMembers(c.App.Writer, members)
	}
	return errors.Join(err, strict(c, plan.Warnings()))
}

// explainLive asks a running agent, which knows what its rules are now, what was changed by hand, and what each call costs.
func (a *command) explainLive(c *cli.Context) error {
	names := c.Args().Slice()
	if _, err := (&selection.Plan{Arch: schema.HostArch()}).Explain(names...); err != nil {
		return usagef(c, "%v", err)
	}
	resp, err := ask(c, &control.Request{Command: control.CommandExplain, Names: names})
	if err != nil {
		return err
	}
	if err := wait(c); err != nil {
		return err
	}
	after, err := ask(c, &control.Request{Command: control.CommandStatus})
	if err != nil {
		return err
	}
	for i := range resp.Members {
		m := &resp.Members[i]
		if m.Selected {
			m.Cost = costOf(m.Name, resp.Status, after.Status)
		}
	}
	if c.Bool("json") {
		return printJSON(c.App.Writer, map[string]any{"syscalls": resp.Members})
	}
	return selection.WriteMembers(c.App.Writer, resp.Members)
}

// diffRecord is what would change for one session.
type diffRecord struct {
	ID   uint32 `json:"id"`
	PID  int32  `json:"pid"`
	Comm string `json:"comm"`
	selection.Difference
}

func (a *command) maskDiff(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	plan, err := a.plan(c)
	if err != nil {
		return err
	}
	cfg, err := loadConfig(c)
	if err != nil {
		return err
	}
	stats, err := sessionStats(cfg.Driver.Device)
	if err != nil {
		return err
	}
	records := []diffRecord{}
	for _, s := range stats {
		mask := maskOf(s)
		records = append(records, diffRecord{ID: s.Head.ID, PID: s.Head.TGID, Comm: commOf(s), Difference: plan.Diff(mask)})
	}
	if c.Bool("json") {
		return errors.Join(printJSON(c.App.Writer, map[string][]diffRecord{"sessions": records}), strict(c, plan.Warnings()))
	}
	if len(records) == 0 {
		fmt.Fprintln(c.App.Writer, "the module is loaded and nobody uses it: there is nothing to compare with")
	}
	for _, r := range records {
		fmt.Fprintf(c.App.Writer, "session %d of %s (pid %d): %s\n", r.ID, r.Comm, r.PID, r.text())
	}
	return strict(c, plan.Warnings())
}

func (r *diffRecord) text() string {
	if r.Equal {
		return "as planned"
	}
	var lines []string
	for _, side := range []struct {
		sign  string
		names []string
	}{{"+", r.Added}, {"-", r.Removed}} {
		for _, name := range side.names {
			lines = append(lines, "\n  "+side.sign+" "+name)
		}
	}
	if len(lines) == 0 {
		return "the same calls, by other numbers"
	}
	return fmt.Sprintf("%d would be added, %d removed", len(r.Added), len(r.Removed)) + strings.Join(lines, "")
}

// sessionStats reads all sessions of the module.
func sessionStats(device string) ([]*driver.SessionStat, error) {
	heads, err := driver.Sessions(device)
	if err != nil {
		return nil, err
	}
	var stats []*driver.SessionStat
	for _, head := range heads {
		stat, err := driver.Stat(device, head.ID)
		if err != nil {
			return nil, fmt.Errorf("read session %d: %w", head.ID, err)
		}
		stats = append(stats, stat)
	}
	return stats, nil
}

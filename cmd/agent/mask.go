// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
)

func (a *command) maskCommand() *cli.Command {
	return &cli.Command{
		Name:        "mask",
		Usage:       "which system calls are recorded",
		Description: "Example:\n\n   agent mask plan -r rules/eyas_rules.yaml",
		Subcommands: []*cli.Command{
			{
				Name:  "plan",
				Usage: "print what rules and configuration would select",
				Description: "Needs no module and no rights.\n\n" +
					"Example:\n\n   agent mask plan -r rules/eyas_rules.yaml -o 'base_syscalls.custom_set[]=!read' --json",
				Flags:  append(ruleFlags(), jsonFlag),
				Action: a.maskPlan,
			},
			{
				Name:  "show",
				Usage: "print what the kernel records now, for whom, and what became of it",
				Description: "Lists the sessions of the module: who opened it, the mask, and for each system call how many were\n" +
					"recorded and lost. Needs root.\n\nExample:\n\n   agent mask show --json",
				Flags:  append(configFlags(), jsonFlag),
				Action: maskShow,
			},
		},
	}
}

func (a *command) maskPlan(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	cfg, set, err := a.loadRules(c)
	if err != nil {
		return err
	}
	plan := agent.Plan(cfg, set.Active)
	if c.Bool("json") {
		return printJSON(c.App.Writer, plan.Document())
	}
	for _, w := range plan.Warnings() {
		a.log.Warn(w)
	}
	return plan.WriteText(c.App.Writer)
}

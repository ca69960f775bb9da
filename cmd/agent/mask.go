// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

func (a *command) maskCommand() *cli.Command {
	return &cli.Command{
		Name:        "mask",
		Usage:       "which system calls are recorded",
		Description: "Example:\n\n   agent mask plan -r rules/eyas_rules.yaml",
		Subcommands: append([]*cli.Command{
			{
				Name:  "plan",
				Usage: "print what rules and configuration would select",
				Description: "Needs no module and no rights.\n\n" +
					"Example:\n\n   agent mask plan -r rules/eyas_rules.yaml -o 'base_syscalls.custom_set[]=!read' --json",
				Flags: append(ruleFlags(), jsonFlag, strictFlag,
					&cli.BoolFlag{Name: "high-volume", Usage: "print the system calls that are left out for their volume, whatever rules say, unless -A is given"}),
				Action: a.maskPlan,
			},
			{
				Name:      "explain",
				Usage:     "say why each system call is in the plan or out of it",
				ArgsUsage: "[SYSCALL...]",
				Description: "Names every rule (with file, line and macros), base set and configuration entry that asks for a call or\n" +
					"keeps it out, and the fields of rules that go wrong without it. Without names: all that anything asks for.\n" +
					"Needs no module and no rights. With --live a running agent tells, with what each call costs; needs root.\n\n" +
					"Example:\n\n   agent mask explain openat connect -r rules/eyas_rules.yaml",
				Flags: append(ruleFlags(), jsonFlag, strictFlag, intervalFlag,
					&cli.BoolFlag{Name: "live", Usage: "ask the running agent instead of planning anew"}),
				Action: a.maskExplain,
			},
			{
				Name:  "diff",
				Usage: "compare what the kernel records now with the plan",
				Description: "Prints for each session of the module which calls the plan of these rules and this configuration would add\n" +
					"(+) and remove (-). Needs root.\n\nExample:\n\n   agent mask diff -r rules/eyas_rules.yaml",
				Flags:  append(ruleFlags(), jsonFlag, strictFlag),
				Action: a.maskDiff,
			},
			{
				Name:  "show",
				Usage: "print what the kernel records now, for whom, and what became of it",
				Description: "Lists the sessions of the module: who opened it, the mask, and for each system call how many were\n" +
					"recorded and lost, records per second, and what a running agent tells besides: bytes per second, the rule that\n" +
					"alone keeps a call on, and what the governor has off since when. Needs root.\n\nExample:\n\n   agent mask show --json",
				Flags:  append(configFlags(), jsonFlag, intervalFlag),
				Action: maskShow,
			},
		}, a.changeCommands()...),
	}
}

func (a *command) maskPlan(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	if c.Bool("high-volume") {
		return printHighVolume(c)
	}
	plan, err := a.plan(c)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = printJSON(c.App.Writer, plan.Document())
	} else {
		err = plan.WriteText(c.App.Writer)
	}
	return errors.Join(err, strict(c, plan.Warnings()))
}

// printHighVolume prints the set that is left out unless -A or base_syscalls.all asks for it.
func printHighVolume(c *cli.Context) error {
	names := selection.Names(schema.HighVolumeSCs(schema.HostArch()))
	if c.Bool("json") {
		return printJSON(c.App.Writer, map[string][]string{"high_volume": names})
	}
	_, err := io.WriteString(c.App.Writer, lines(names))
	return err
}

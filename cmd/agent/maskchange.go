// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/control"
)

// answerTime bounds how long an agent may take to answer: it may be loading rules.
const answerTime = 60 * time.Second

// changeCommands are set, add, remove and reset, which change what a running agent records.
func (a *command) changeCommands() []*cli.Command {
	command := func(name, usage, args, more, example string, least, most int) *cli.Command {
		return &cli.Command{
			Name: name, Usage: usage, ArgsUsage: args,
			Description: more + "\nNo event of a call that is recorded before and after is lost. Needs root.\n\nExample:\n\n   agent mask " + example,
			Flags:       append(configFlags(), jsonFlag),
			Action: func(c *cli.Context) error {
				if err := wantArgs(c, least, most); err != nil {
					return err
				}
				return a.maskChange(c, &control.Request{Command: control.CommandMask, Op: name, Names: c.Args().Slice()})
			},
		}
	}
	const lasts = " Lasts until the agent ends, beyond any change of rules."
	return []*cli.Command{
		command("set", "have the running agent record these system calls and no others", "SYSCALL...",
			"Takes the place of what rules and configuration select; the end of processes stays in."+lasts, "set openat connect", 1, -1),
		command("add", "have the running agent record more system calls", "SYSCALL...",
			"Adds to what rules and configuration select, high-volume calls included."+lasts, "add read write", 1, -1),
		command("remove", "have the running agent stop recording system calls", "SYSCALL...",
			"Takes from what rules and configuration select, and warns of the fields that go wrong."+lasts, "remove sendto", 1, -1),
		command("reset", "take back what set, add and remove did", "",
			"What rules and configuration select is recorded again.", "reset", 0, 0),
	}
}

func (a *command) maskChange(c *cli.Context, req *control.Request) error {
	resp, err := ask(c, req)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c.App.Writer, resp.Change)
	}
	a.tellConsequences(resp.Change.Warnings)
	writeChange(c.App.Writer, resp.Change)
	return nil
}

// mostWarnings is how many a person reads.
const mostWarnings = 10

func (a *command) tellConsequences(warnings []string) {
	for _, w := range warnings[:min(len(warnings), mostWarnings)] {
		a.log.Warn(w)
	}
	if more := len(warnings) - mostWarnings; more > 0 {
		a.log.Warnf("%d more warnings like these: --json has all", more)
	}
}

func writeChange(w io.Writer, change *control.Change) {
	if len(change.Added)+len(change.Removed) == 0 {
		fmt.Fprintln(w, "nothing changes: that is what the agent records")
	}
	for _, name := range change.Added {
		fmt.Fprintf(w, "+ %s\n", name)
	}
	for _, name := range change.Removed {
		fmt.Fprintf(w, "- %s\n", name)
	}
}

// ask puts a request to the agent whose socket the configuration names.
func ask(c *cli.Context, req *control.Request) (*control.Response, error) {
	cfg, err := loadConfig(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.Context, answerTime)
	defer cancel()
	return control.Call(ctx, cfg.Control.Socket, req)
}

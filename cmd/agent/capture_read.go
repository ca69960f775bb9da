// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/format"
	"github.com/eyas-security/eyas/pkg/state"
)

// eventLine is how capture read prints an event without -p.
const eventLine = "*%evt.num %evt.time %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.args"

func (a *command) captureReadCommand() *cli.Command {
	return &cli.Command{
		Name:      "read",
		Usage:     "print the events of a capture",
		ArgsUsage: "FILE [EXPR]",
		Description: "Prints the events for which EXPR holds, any condition of rules, by default all: number, local time, CPU,\n" +
			"process (thread), direction, type, and each parameter as name=value with what the value stands for in\n" +
			"parentheses. - reads the standard input. Files may be compressed with gzip or put together. When a file\n" +
			"is damaged or cut, everything before is printed, and then where it ends.\n\n" +
			"Example:\n\n   agent capture read events.scap 'evt.type = openat and fd.name startswith /etc'\n" +
			"   agent capture read -p '%evt.time %proc.cmdline' events.scap 'evt.type = execve'",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "print", Aliases: []string{"p"}, Usage: "print each event by this `FORMAT`, as outputs of rules have it; with a * in front missing values print as <NA>, without it the event is left out"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document a line"},
		},
		Action: a.captureRead,
	}
}

func (a *command) captureRead(c *cli.Context) error {
	if err := wantArgs(c, 1, 2); err != nil {
		return err
	}
	if c.Bool("json") && c.IsSet("print") {
		return usagef(c, "choose one of -p and --json")
	}
	condition, err := captureCondition(c)
	if err != nil {
		return err
	}
	appendTo, err := eventPrinter(c)
	if err != nil {
		return err
	}
	progress := terminalOf(c.App.ErrWriter)
	if isTerminal(a.stdout) {
		progress = nil // the events are there
	}
	src, err := a.openCapture(c, progress)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(c.App.Writer, 64<<10)
	src.Idle = func() { _ = out.Flush() } // an error comes again with the next line
	var line []byte
	err = agent.ReadCapture(c.Context, src, condition, func(e *state.Event) error {
		if line = appendTo(line[:0], e); len(line) == 0 {
			return nil
		}
		_, err := out.Write(append(line, '\n'))
		return err
	})
	if err != nil {
		err = fmt.Errorf("read %s: %w", c.Args().First(), err)
	}
	return errors.Join(out.Flush(), err, src.Close())
}

// eventPrinter is what appends an event as the flags ask for, nothing for one that the format leaves out.
func eventPrinter(c *cli.Context) (func([]byte, *state.Event) []byte, error) {
	if c.Bool("json") {
		return field.AppendEventJSON, nil
	}
	text := eventLine
	if c.IsSet("print") {
		text = c.String("print")
	}
	f, err := format.Parse(text)
	var list filter.ErrorList
	if errors.As(err, &list) {
		fmt.Fprint(c.App.ErrWriter, list.Render("", text, filter.Pos{}))
		return nil, &invalidError{err: err, shown: true}
	}
	if err != nil {
		return nil, &invalidError{err: err}
	}
	return f.Append, nil
}

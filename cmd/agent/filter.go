// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

// maxCondition bounds what is read from the standard input.
const maxCondition = 16 << 20

var syntaxFlag = &cli.BoolFlag{Name: "syntax", Usage: "look at the syntax only: unknown fields pass"}

func (a *command) filterCommand() *cli.Command {
	return &cli.Command{
		Name:        "filter",
		Usage:       "conditions, as rules have them",
		Description: "Example:\n\n   agent filter check 'evt.type = openat and fd.name startswith /etc'",
		Subcommands: []*cli.Command{
			{
				Name:      "check",
				Usage:     "check a condition; print nothing when it is valid",
				ArgsUsage: "EXPR",
				Description: "- reads the condition from the standard input.\n\n" +
					"Example:\n\n   agent filter check --print 'proc.name in (sh, bash) or not fd.num > 2'",
				Flags: []cli.Flag{
					syntaxFlag,
					&cli.BoolFlag{Name: "print", Usage: "print the condition in its canonical form"},
				},
				Action: a.filterCheck,
			},
			{
				Name:        "evttypes",
				Usage:       "print the events and system calls that a condition can hold for",
				ArgsUsage:   "EXPR",
				Description: "Example:\n\n   agent filter evttypes 'evt.type in (open, openat) or evt.type = connect'",
				Flags:       []cli.Flag{syntaxFlag, jsonFlag},
				Action:      a.filterEvttypes,
			},
		},
	}
}

// condition reads, parses and checks the argument. What is wrong with it is shown here.
func (a *command) condition(c *cli.Context) (text string, n filter.Node, err error) {
	if err := wantArgs(c, 1, 1); err != nil {
		return "", nil, err
	}
	if text = c.Args().First(); text == "-" {
		in, err := io.ReadAll(io.LimitReader(a.stdin, maxCondition+1))
		if err != nil {
			return "", nil, fmt.Errorf("read condition: %w", err)
		}
		if len(in) > maxCondition {
			return "", nil, &invalidError{err: fmt.Errorf("the condition is longer than %d bytes", maxCondition)}
		}
		text = strings.TrimRight(string(in), "\n")
	}
	if n, err = filter.Parse(text, filter.ParseOptions{}); err != nil || c.Bool("syntax") {
		return text, n, invalidCondition(c, text, err)
	}
	_, err = checkCondition(c, text, n)
	return text, n, err
}

// checkCondition gives a parsed condition types, and shows what is odd or wrong with it.
func checkCondition(c *cli.Context, text string, n filter.Node) (*filter.Checked, error) {
	checked, warnings, err := filter.Check(n)
	for _, w := range warnings {
		at := filter.Pos{}.At(text, w.Start)
		fmt.Fprintf(c.App.ErrWriter, "%d:%d: warning: %s\n", at.Line, at.Col, w.Msg)
	}
	return checked, invalidCondition(c, text, err)
}

// invalidCondition shows what is wrong: place, message, the text and a caret.
func invalidCondition(c *cli.Context, text string, err error) error {
	if err == nil {
		return nil
	}
	var list filter.ErrorList
	if !errors.As(err, &list) {
		return &invalidError{err: err}
	}
	_, werr := io.WriteString(c.App.ErrWriter, list.Render("", text, filter.Pos{}))
	return &invalidError{err: err, shown: werr == nil}
}

func (a *command) filterCheck(c *cli.Context) error {
	_, n, err := a.condition(c)
	if err != nil {
		return err
	}
	if c.Bool("print") {
		fmt.Fprintln(c.App.Writer, n)
	}
	return nil
}

type codesRecord struct {
	Events   []codeRecord `json:"events"`
	Syscalls []string     `json:"syscalls"`
}

type codeRecord struct {
	Code schema.EventType `json:"code"`
	Name string           `json:"name"`
}

func (a *command) filterEvttypes(c *cli.Context) error {
	text, n, err := a.condition(c)
	if err != nil {
		return err
	}
	events, scs, err := filter.Codes(n)
	if err != nil {
		return invalidCondition(c, text, err)
	}
	r := codesRecord{Events: []codeRecord{}, Syscalls: selection.Names(scs)}
	for t := range events.All() {
		r.Events = append(r.Events, codeRecord{t, t.String()})
	}
	w := c.App.Writer
	if c.Bool("json") {
		return printJSON(w, r)
	}
	for _, e := range r.Events {
		fmt.Fprintf(w, "event %d %s\n", e.Code, e.Name)
	}
	for _, name := range r.Syscalls {
		fmt.Fprintf(w, "syscall %s\n", name)
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/driver"
)

// Exit codes; scripts rely on them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitInvalid  = 3 // rules, filter or config
	exitUnusable = 4 // the module is missing or cannot be used
)

// UsageError says that a command was called in a way it cannot be.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(c *cli.Context, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...) + "; see '" + c.Command.HelpName + " --help'"}
}

// InvalidError says that rules or a filter are not valid.
type invalidError struct {
	err   error
	shown bool // the user has been told already
}

func (e *invalidError) Error() string { return e.err.Error() }
func (e *invalidError) Unwrap() error { return e.err }

func exitCode(err error) int {
	var usage *usageError
	var invalid *invalidError
	var problems problemsError
	var ended daemonEnded
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &ended):
		return int(ended)
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &invalid), config.IsInvalid(err):
		return exitInvalid
	case driver.Unusable(err), errors.As(err, &problems):
		return exitUnusable
	}
	return exitFailed
}

// wasShown says that an error needs no more words.
func wasShown(err error) bool {
	var invalid *invalidError
	var ended daemonEnded
	return errors.As(err, &invalid) && invalid.shown || errors.As(err, &ended)
}

// choose is the action of commands that only have subcommands.
func choose(c *cli.Context) error {
	var names []string
	for _, sub := range c.Command.Subcommands {
		names = append(names, sub.Name)
	}
	choice := strings.Join(names, ", ")
	if c.NArg() == 0 {
		return usagef(c, "%s wants a command: %s", c.Command.HelpName, choice)
	}
	return usagef(c, "unknown command %s: want one of %s", c.Args().First(), choice)
}

// wantArgs checks the number of arguments; most < 0 means no limit.
func wantArgs(c *cli.Context, least, most int) error {
	switch n := c.NArg(); {
	case n < least:
		return usagef(c, "%s wants %s", c.Command.HelpName, c.Command.ArgsUsage)
	case most >= 0 && n > most:
		return usagef(c, "unexpected argument %s", c.Args().Get(most))
	}
	return nil
}

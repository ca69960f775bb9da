// SPDX-License-Identifier: Apache-2.0

// Command agent is Eyas: it watches a host through the eyas kernel module, and says what it would watch and why.
// Data goes to the standard output, messages to the standard error.
package main

import (
	"fmt"
	"io"
	"log/syslog"
	"os"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"
)

// Set by the linker.
var (
	version  = "0.0.0"
	revision = "unknown"
)

func main() { os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr)) }

// run is main without the process around it; tests call it too.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &stickyWriter{w: stdout}
	a := &command{args: args, stdin: stdin, stdout: stdout, log: newLogger(stderr), dialSystemLog: dialSystemLog}
	app := a.app(out, stderr)
	err := app.Run(permute(app, args))
	if err == nil {
		err = out.err
	}
	if err != nil && !wasShown(err) {
		fmt.Fprintf(stderr, "agent: %v\n", err)
		a.system.last(err)
	}
	return exitCode(err)
}

// Command is what all commands share.
type command struct {
	args   []string // of the process, for a daemon to start with
	stdin  io.Reader
	stdout io.Writer // for alerts, which outlive a write that fails
	log    *logrus.Logger
	system *systemLog // nil: messages do not go there

	dialSystemLog func() (*syslog.Writer, error)
}

func (a *command) app(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:                      "agent",
		HelpName:                  "agent",
		Usage:                     "runtime security for Linux hosts, through a kernel module",
		Description:               "Example:\n\n   agent run -r rules/eyas_rules.yaml",
		Version:                   version,
		Writer:                    stdout,
		ErrWriter:                 stderr,
		Reader:                    a.stdin,
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {}, // run decides
		Action:                    choose,
		Commands: []*cli.Command{
			a.runCommand(),
			a.maskCommand(),
			a.rulesCommand(),
			a.filterCommand(),
			a.fieldsCommand(),
			a.eventsCommand(),
			a.syscallsCommand(),
			a.driverCommand(),
			a.captureCommand(),
			a.configCommand(),
			a.supportCommand(),
			a.versionCommand(),
		},
	}
	app.OnUsageError = onUsageError
	prepare(app.Commands)
	return app
}

// prepare gives all commands what the library wants repeated in each.
func prepare(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = onUsageError
		c.HideHelpCommand = true
		if len(c.Subcommands) > 0 {
			c.Action = choose
			prepare(c.Subcommands)
		}
	}
}

// StickyWriter remembers the first error, so that commands need not look after each line.
type stickyWriter struct {
	w   io.Writer
	err error
}

func (s *stickyWriter) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	if err != nil {
		s.err = fmt.Errorf("write output: %w", err)
	}
	return n, err
}

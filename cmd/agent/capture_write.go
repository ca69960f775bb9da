// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/selection"
)

func (a *command) captureWriteCommand() *cli.Command {
	return &cli.Command{
		Name:      "write",
		Usage:     "record this host to a capture",
		ArgsUsage: "FILE [EXPR]",
		Description: "Writes users, network interfaces, processes and descriptors as they are, and then what happens, until\n" +
			"SIGINT, SIGTERM or a limit. Recorded are the system calls that EXPR can hold for, any condition of rules,\n" +
			"by default all, less those of high volume; -A records these too. Of the events for which EXPR does not\n" +
			"hold, those that change processes and descriptors are written as well, marked not to be shown. FILE is\n" +
			"compressed when it ends in .gz; - is the standard output. Lost events are told where they are missing,\n" +
			"as notification events, and at the end. Needs the eyas kernel module and root.\n\n" +
			"Example:\n\n   agent capture write -M 60 events.scap.gz 'proc.name = nginx'",
		Flags: append(configFlags(),
			&cli.BoolFlag{Name: "all", Aliases: []string{"A"}, Usage: "record high-volume system calls too (base_syscalls.all)"},
			&cli.IntFlag{Name: "seconds", Aliases: []string{"M"}, Usage: "end after `N` seconds"},
			&cli.StringFlag{Name: "snaplen", Aliases: []string{"s", "S"}, Usage: "keep `N` bytes of each data buffer (driver.snaplen)"},
			&cli.Uint64Flag{Name: "events", Aliases: []string{"n"}, Usage: "end after `N` events"},
			&cli.Int64Flag{Name: "size", Aliases: []string{"C"}, Usage: "end when the file has `N` MiB"},
			&cli.BoolFlag{Name: "gzip", Aliases: []string{"z"}, Usage: "compress, whatever the name of the file"},
			&cli.BoolFlag{Name: "plain", Usage: "write what sysdig of Debian 12 can read: calls without name there are left out, newer kinds of descriptors count as unsupported"},
		),
		Action: a.captureWrite,
	}
}

func (a *command) captureWrite(c *cli.Context) error {
	if err := wantArgs(c, 1, 2); err != nil {
		return err
	}
	const most = 1 << 40 // MiB: no file is larger
	if c.Int("seconds") < 0 || c.Int64("size") < 0 || c.Int64("size") > most {
		return usagef(c, "-M and -C want numbers that are not negative, and -C at most %d", int64(most))
	}
	name := c.Args().First()
	if name == "-" && isTerminal(a.stdout) {
		return usagef(c, "a capture is nothing for a terminal: name a file, or send the output elsewhere")
	}
	cfg, err := loadConfig(c, keyFlags(c)...)
	if err != nil {
		return err
	}
	if err := a.setLog(cfg); err != nil {
		return err
	}
	condition, err := captureCondition(c)
	if err != nil {
		return err
	}
	plan, err := agent.CapturePlan(cfg, condition)
	if err != nil {
		return invalidCondition(c, c.Args().Get(1), err)
	}
	a.tellLeftOut(plan)
	ctx, stop := untilSignalled(c.Context)
	defer stop()
	return agent.Record(ctx, cfg, agent.Recording{
		Create:   func() (io.WriteCloser, error) { return a.createCapture(name) },
		Compress: c.Bool("gzip") || strings.HasSuffix(name, ".gz"),
		Plain:    c.Bool("plain"),
		Mask:     plan.Kernel, Condition: condition,
		For:       time.Duration(c.Int("seconds")) * time.Second,
		MaxEvents: c.Uint64("events"), MaxBytes: c.Int64("size") << 20,
		Log: a.log, Proc: "/proc", Etc: "/etc",
	})
}

// tellLeftOut says which calls EXPR could hold for and are not recorded all the same.
func (a *command) tellLeftOut(plan *selection.Plan) {
	if !plan.Volume.IsEmpty() {
		a.log.Infof("not recorded for their volume, use -A to have them: %s", strings.Join(selection.Names(plan.Volume), ", "))
	}
	if rest := plan.Inactive.Minus(plan.Volume); !rest.IsEmpty() {
		a.log.Warnf("base_syscalls.custom_set leaves out what EXPR asks for: %s", strings.Join(selection.Names(rest), ", "))
	}
}

// createCapture makes the file, which only its owner may read: it holds what programs wrote.
func (a *command) createCapture(name string) (io.WriteCloser, error) {
	if name == "-" {
		return nopCloser{a.stdout}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write capture: %w", err)
	}
	return f, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/scap"
)

func (a *command) captureCommand() *cli.Command {
	return &cli.Command{
		Name:        "capture",
		Usage:       "capture files",
		Description: "Example:\n\n   agent capture info events.scap",
		Subcommands: []*cli.Command{a.captureReadCommand(), a.captureWriteCommand(), a.captureInfoCommand()},
	}
}

func (a *command) captureInfoCommand() *cli.Command {
	return &cli.Command{
		Name:      "info",
		Usage:     "print what a capture holds",
		ArgsUsage: "FILE",
		Description: "Reads the whole file; - is the standard input. What it says of host, processes and descriptors is that of\n" +
			"the last section, when files were put together; what the capture does not know is left out.\n\n" +
			"Example:\n\n   agent capture info events.scap",
		Flags:  []cli.Flag{jsonFlag},
		Action: a.captureInfo,
	}
}

// captureCondition is the condition that stands behind the file's name, nil when there is none.
func captureCondition(c *cli.Context) (*agent.Matcher, error) {
	text := c.Args().Get(1)
	if text == "" {
		return nil, nil
	}
	n, err := filter.Parse(text, filter.ParseOptions{})
	if err != nil {
		return nil, invalidCondition(c, text, err)
	}
	checked, err := checkCondition(c, text, n)
	if err != nil {
		return nil, err
	}
	return agent.NewMatcher(n, checked), nil
}

// terminalOf is w where that is a terminal, or nil.
func terminalOf(w io.Writer) io.Writer {
	if isTerminal(w) {
		return w
	}
	return nil
}

// openCapture opens the capture of the first argument.
func (a *command) openCapture(c *cli.Context, progress io.Writer) (*agent.Source, error) {
	src, err := agent.OpenCapture(c.Args().First(), a.stdin, progress)
	if err != nil {
		return nil, fmt.Errorf("read capture: %w", err)
	}
	return src, nil
}

// captureRecord is what capture info tells.
type captureRecord struct {
	Hostname string    `json:"hostname"`
	CPUs     uint32    `json:"cpus"`
	Boot     time.Time `json:"boot,omitzero"`
	Threads  int       `json:"threads"`
	FDs      int       `json:"fds"`
	Events   uint64    `json:"events"`
	Shown    uint64    `json:"shown"` // of the events, those that rules see
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Bytes    int64     `json:"bytes"` // uncompressed
}

// captureInfo prints what there is before damage, and then fails.
func (a *command) captureInfo(c *cli.Context) error {
	if err := wantArgs(c, 1, 1); err != nil {
		return err
	}
	src, err := a.openCapture(c, terminalOf(c.App.ErrWriter))
	if err != nil {
		return err
	}
	name := c.Args().First()
	r, err := scap.NewReader(src, nil)
	if err != nil {
		return errors.Join(fmt.Errorf("read %s: %w", name, err), src.Close())
	}
	rec, err := inspect(r)
	if err != nil {
		err = fmt.Errorf("read %s: %w", name, err)
	}
	err = errors.Join(err, src.Close())
	if c.Bool("json") {
		return errors.Join(printJSON(c.App.Writer, rec), err)
	}
	rec.print(c.App.Writer)
	return err
}

// print prints a line for each; what the capture does not say has none.
func (rec *captureRecord) print(w io.Writer) {
	line := func(name string, value any) { fmt.Fprintf(w, "%-8s %v\n", name, value) }
	timeLine := func(name string, t time.Time) {
		if !t.IsZero() {
			line(name, t.Format("2006-01-02 15:04:05.000000000 MST"))
		}
	}
	line("host", rec.Hostname)
	line("cpus", rec.CPUs)
	timeLine("boot", rec.Boot)
	line("threads", rec.Threads)
	line("fds", rec.FDs)
	line("events", rec.Events)
	line("shown", rec.Shown)
	timeLine("first", rec.First)
	timeLine("last", rec.Last)
	line("bytes", rec.Bytes)
}

func inspect(r *scap.Reader) (captureRecord, error) {
	var rec captureRecord
	var e event.Event
	for {
		err := r.Next(&e)
		rec.Bytes = r.Offset()
		st := r.State().Stats()
		rec.Threads, rec.FDs = st.Threads, st.FDs
		m := r.Machine()
		rec.Hostname, rec.CPUs, rec.Boot = m.Hostname, m.NumCPUs, nanoseconds(m.BootTime)
		if errors.Is(err, io.EOF) {
			return rec, nil
		}
		if err != nil {
			return rec, err
		}
		if rec.Events == 0 {
			rec.First = nanoseconds(e.TS)
		}
		rec.Events, rec.Last = e.Num, nanoseconds(e.TS)
		if r.Shown() {
			rec.Shown++
		}
	}
}

// nanoseconds is a time since the epoch; 0 is one that is not known.
func nanoseconds(ns uint64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(ns)).UTC()
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
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
		Description: "Reads the whole file. What it says of host, processes and descriptors is that of the last section,\n" +
			"when files were put together.\n\n" +
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

// isTerminal tells whether what is written there is seen at once.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// captureRecord is what capture info tells.
type captureRecord struct {
	Hostname string    `json:"hostname"`
	CPUs     uint32    `json:"cpus"`
	Boot     time.Time `json:"boot"`
	Threads  int       `json:"threads"`
	FDs      int       `json:"fds"`
	Events   uint64    `json:"events"`
	Shown    uint64    `json:"shown"` // of the events, those that rules see
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Bytes    int64     `json:"bytes"` // uncompressed
}

// captureInfo prints what there is before damage, and then fails.
func (a *command) captureInfo(c *cli.Context) error {
	if err := wantArgs(c, 1, 1); err != nil {
		return err
	}
	name := c.Args().First()
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read capture: %w", err)
	}
	defer f.Close()
	r, err := scap.NewReader(f, nil)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	rec, err := inspect(r)
	if err != nil {
		err = fmt.Errorf("read %s: %w", name, err)
	}
	if c.Bool("json") {
		return errors.Join(printJSON(c.App.Writer, rec), err)
	}
	const layout = "2006-01-02 15:04:05.000000000 MST"
	w := c.App.Writer
	fmt.Fprintf(w, "host     %s\ncpus     %d\nboot     %s\n", rec.Hostname, rec.CPUs, rec.Boot.Format(layout))
	fmt.Fprintf(w, "threads  %d\nfds      %d\n", rec.Threads, rec.FDs)
	fmt.Fprintf(w, "events   %d\nshown    %d\nfirst    %s\nlast     %s\n", rec.Events, rec.Shown, rec.First.Format(layout), rec.Last.Format(layout))
	fmt.Fprintf(w, "bytes    %d\n", rec.Bytes)
	return err
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

func nanoseconds(ns uint64) time.Time { return time.Unix(0, int64(ns)).UTC() }

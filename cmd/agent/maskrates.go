// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

var intervalFlag = &cli.DurationFlag{Name: "interval", Value: time.Second, Usage: "count for this `TIME` to tell what comes per second; 0 tells no rates"}

// wait lets the interval pass.
func wait(c *cli.Context) error {
	if c.Duration("interval") < 0 {
		return usagef(c, "--interval wants a time like 1s")
	}
	timer := time.NewTimer(c.Duration("interval"))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.Context.Done():
		return c.Context.Err()
	}
}

// glance is what module and agent say at one moment.
type glance struct {
	at    time.Time
	stats []*driver.SessionStat
	agent *control.Status // nil: none answers
}

func look(c *cli.Context, cfg *config.Config) (*glance, error) {
	stats, err := sessionStats(cfg.Driver.Device)
	if err != nil {
		return nil, err
	}
	g := &glance{at: time.Now(), stats: stats}
	resp, err := ask(c, &control.Request{Command: control.CommandStatus})
	switch {
	case errors.Is(err, control.ErrNoAgent): // somebody else's sessions, or one without a socket
	case err != nil:
		return nil, err
	default:
		g.agent = resp.Status
	}
	return g, nil
}

// counters are those of a session, by name.
func (g *glance) counters(id uint32) map[string]*counterRecord {
	for _, s := range g.stats {
		if s.Head.ID == id {
			return counters(s.Counters, schema.HostArch())
		}
	}
	return nil
}

// addRates tells what came between two glances, and what the agent of the session knows besides.
func (s *sessionRecord) addRates(before, after *glance) {
	took := after.at.Sub(before.at).Seconds()
	mine := after.agent != nil && int32(after.agent.PID) == s.PID
	if mine {
		s.Overridden, s.Governor = after.agent.Overridden, &after.agent.Governor
	}
	then := before.counters(s.ID)
	for name, n := range s.Counters {
		if then == nil {
			break // it is new
		}
		earlier := uint64(0)
		if c := then[name]; c != nil {
			earlier = c.Recorded
		}
		rate := float64(n.Recorded-earlier) / took
		n.RecordsPerSecond = &rate
		if mine && before.agent != nil && before.agent.PID == after.agent.PID {
			n.BytesPerSecond = &costOf(name, before.agent, after.agent).BytesPerSecond
		}
		if mine {
			n.OnlyRule = after.agent.OnlyRule[name]
		}
	}
}

// costOf is what a call took between two answers.
func costOf(name string, before, after *control.Status) *selection.Cost {
	took := float64(after.Time-before.Time) / float64(time.Second)
	if took <= 0 {
		return &selection.Cost{}
	}
	then, now := before.Usage[name], after.Usage[name]
	return &selection.Cost{
		RecordsPerSecond: float64(now.Records-then.Records) / took,
		BytesPerSecond:   float64(now.Bytes-then.Bytes) / took,
	}
}

func rateText(rate *float64) string {
	if rate == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f", *rate)
}

// remarks are why calls were lost, and the rule that alone keeps the call on.
func (n *counterRecord) remarks() string {
	text := n.Dropped.reasons()
	if n.OnlyRule != "" {
		text = strings.TrimPrefix(text+"; only for "+n.OnlyRule, "; ")
	}
	return text
}

// writeChanges tells what is not as rules and configuration select.
func (s *sessionRecord) writeChanges(w io.Writer) {
	if s.Overridden {
		fmt.Fprintln(w, "  changed by hand: 'agent mask reset' takes it back")
	}
	if s.Governor == nil {
		return
	}
	if s.Governor.Snaplen > 0 {
		fmt.Fprintf(w, "  governor: data buffers cut to %d bytes since %s\n", s.Governor.Snaplen, since(s.Governor.SnaplenSince))
	}
	for _, off := range s.Governor.Off {
		fmt.Fprintf(w, "  governor: %s off since %s; cannot match on it: %s\n", off.Name, since(off.Since), strings.Join(off.Rules, ", "))
	}
}

func since(ns uint64) string { return time.Unix(0, int64(ns)).Format(time.DateTime) }

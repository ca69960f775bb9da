// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/governor"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// governance is a governor with what it looks at. It belongs to the manager's goroutine.
type governance struct {
	governor *governor.Governor
	short    uint32 // snap length, when shortened
	full     uint32 // snap length otherwise

	lines    [abi.NumCounters]schema.SC // what each line counts
	counters []abi.Counter              // at the last tick
	cpu      time.Duration              // of this process, at the last tick
	at       time.Time                  // of the last tick
	periods  uint64                     // judged

	snaplen control.Governor // of it: Snaplen and SnaplenSince
	off     []control.OffCall
}

// govern begins to govern, if that is wanted. The ticks are to be answered with tick.
func (m *manager) govern() (ticks <-chan time.Time, stop func()) {
	cfg := m.cfg.Governor
	if !cfg.Enabled {
		return nil, func() {}
	}
	m.governs = &governance{
		governor: governor.New(governor.Config{CPUPercent: float64(cfg.CPUPercent), Hold: int(cfg.Hold)}),
		short:    min(cfg.Snaplen, m.cfg.Driver.Snaplen), full: m.cfg.Driver.Snaplen,
	}
	for line := range m.governs.lines {
		m.governs.lines[line] = lineSC(line, m.plan.Arch)
	}
	t := time.NewTicker(time.Duration(cfg.PeriodMS) * time.Millisecond)
	return t.C, t.Stop
}

// tick judges the time since the last one, and does what the governor decides.
func (m *manager) tick(ctx context.Context) {
	counters, err := m.session.counters()
	if err != nil {
		m.log.Errorf("governor: %v", err)
		return
	}
	g := m.governs
	now, cpu := time.Now(), cpuTime()
	before, took, used := g.counters, now.Sub(g.at), cpu-g.cpu
	g.counters, g.at, g.cpu = counters, now, cpu
	if before == nil {
		return // there is nothing to compare with
	}
	s := m.sample(before, counters)
	s.CPUPercent = 100 * float64(used) / float64(max(took, 1))
	g.periods++
	m.take(ctx, g.governor.Tick(s), &s)
}

// sample is what the counters say of one period.
func (m *manager) sample(before, now []abi.Counter) (s governor.Sample) {
	events := map[schema.SC]uint64{}
	for line := range now {
		lost := now[line].Dropped() - before[line].Dropped()
		s.Lost += lost
		if n := now[line].Recorded - before[line].Recorded + lost; n > 0 {
			events[m.governs.lines[line]] += n
		}
	}
	for sc := range m.plan.Switchable().All() {
		c := governor.Call{SC: sc, Events: events[sc]}
		for _, r := range m.set.Active {
			if r.SCs.Has(sc) {
				c.Rules = append(c.Rules, r.Priority)
			}
		}
		s.Calls = append(s.Calls, c)
	}
	return s
}

// take takes a step and says what it means.
func (m *manager) take(ctx context.Context, step governor.Step, s *governor.Sample) {
	g := m.governs
	why := fmt.Sprintf("%d events lost and %.0f%% of a CPU used in the last period", s.Lost, s.CPUPercent)
	var err error
	switch step.Kind {
	case governor.None:
		return
	case governor.Shorten:
		if err = m.session.snaplen(g.short); err == nil {
			g.snaplen = control.Governor{Snaplen: g.short, SnaplenSince: m.pipe.now()}
			m.tellCoverage(true, fmt.Sprintf("Data buffers are cut to %d bytes: %s", g.short, why), "snaplen")
		}
	case governor.Restore:
		if err = m.session.snaplen(g.full); err == nil {
			g.snaplen = control.Governor{}
			m.tellCoverage(false, fmt.Sprintf("Data buffers are kept to %d bytes again", g.full), "snaplen")
		}
	case governor.Off:
		err = m.switchOff(ctx, step.SC, why)
	case governor.On:
		err = m.switchOn(ctx, step.SC)
	}
	if err != nil && ctx.Err() == nil {
		m.log.Errorf("governor: %v", err)
	}
}

func (m *manager) switchOff(ctx context.Context, sc schema.SC, why string) error {
	off := m.off
	off.Add(sc)
	var who []string
	for _, r := range m.set.Active {
		if r.SCs.Has(sc) {
			who = append(who, r.Name)
		}
	}
	if _, err := m.apply(ctx, next{override: m.override, off: off}); err != nil {
		return err
	}
	m.governs.off = append(m.governs.off, control.OffCall{Name: scName(sc), Since: m.pipe.now(), Rules: who})
	m.tellCoverage(true, fmt.Sprintf("%s is not recorded any more (%s); rules that cannot match on it: %s", scName(sc), why, listOr(who, "none")),
		scName(sc), who...)
	return nil
}

func (m *manager) switchOn(ctx context.Context, sc schema.SC) error {
	off := m.off
	off.Del(sc)
	if _, err := m.apply(ctx, next{override: m.override, off: off}); err != nil {
		return err
	}
	for i, c := range m.governs.off {
		if c.Name == scName(sc) {
			m.governs.off = append(m.governs.off[:i:i], m.governs.off[i+1:]...)
			m.tellCoverage(false, fmt.Sprintf("%s is recorded again; rules that can match on it again: %s", c.Name, listOr(c.Rules, "none")), c.Name, c.Rules...)
			break
		}
	}
	return nil
}

func listOr(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}

// tellCoverage raises the alert of one step: what it is about is a call, or the snap length.
func (m *manager) tellCoverage(lost bool, message, what string, who ...string) {
	p, rule := rules.Notice, "Eyas: coverage regained"
	if lost {
		p, rule = rules.Warning, "Eyas: coverage reduced"
	}
	m.log.Warn(message)
	m.pipe.alerts.internal(p, rule, message, note{"subject", what}, note{"rules", strings.Join(who, ", ")})
}

// status is what is given up now.
func (g *governance) status() control.Governor {
	if g == nil {
		return control.Governor{Off: []control.OffCall{}}
	}
	s := g.snaplen
	s.Enabled, s.Periods, s.Off = true, g.periods, append([]control.OffCall{}, g.off...)
	return s
}

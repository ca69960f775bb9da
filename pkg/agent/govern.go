// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/config"
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
	off     []offCall        // in the order in which they went
	ticker  *time.Ticker
}

// offCall is a call that is switched off.
type offCall struct {
	sc    schema.SC
	since uint64
}

// ticks are to be answered with tick.
func (g *governance) ticks() <-chan time.Time {
	if g == nil {
		return nil
	}
	return g.ticker.C
}

func (g *governance) stop() {
	if g != nil {
		g.ticker.Stop()
	}
}

// govern begins to govern, if that is wanted.
func (m *manager) govern() {
	m.governs.stop()
	m.governs = nil
	cfg := m.cfg.Governor
	if !cfg.Enabled {
		return
	}
	m.governs = &governance{
		governor: governor.New(governor.Config{CPUPercent: float64(cfg.CPUPercent), Hold: int(cfg.Hold)}),
		short:    min(cfg.Snaplen, m.cfg.Driver.Snaplen), full: m.cfg.Driver.Snaplen,
		ticker: time.NewTicker(time.Duration(cfg.PeriodMS) * time.Millisecond),
	}
	for line := range m.governs.lines {
		m.governs.lines[line] = lineSC(line, m.plan.Arch)
	}
}

// governsAnew says that with this configuration the governor begins anew, with nothing given up.
func (m *manager) governsAnew(cfg *config.Config) bool {
	return cfg.Governor != m.cfg.Governor || cfg.Driver.Snaplen != m.cfg.Driver.Snaplen
}

// regovern lets it begin anew, after the calls that were off have been switched on.
func (m *manager) regovern() {
	g, full := m.governs, m.cfg.Driver.Snaplen
	if err := m.setSnaplen(full); err != nil {
		m.log.Errorf("data buffers are still cut to %d bytes: %v", m.snaplen, err)
	} else if g != nil && g.snaplen.Snaplen > 0 {
		m.tellRestored(full)
	}
	if g != nil {
		for _, c := range g.off {
			m.tellOn(c.sc)
		}
	}
	m.govern()
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
		if err = m.setSnaplen(g.short); err == nil {
			g.snaplen = control.Governor{Snaplen: g.short, SnaplenSince: m.pipe.now()}
			m.tellCoverage(true, fmt.Sprintf("Data buffers are cut to %d bytes: %s", g.short, why), "snaplen")
		}
	case governor.Restore:
		if err = m.setSnaplen(g.full); err == nil {
			g.snaplen = control.Governor{}
			m.tellRestored(g.full)
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
	if _, err := m.apply(ctx, next{override: m.override, off: off}); err != nil {
		return err
	}
	m.governs.off = append(m.governs.off, offCall{sc, m.pipe.now()})
	who := rulesOn(m.set.Active, sc)
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
	m.governs.off = slices.DeleteFunc(m.governs.off, func(c offCall) bool { return c.sc == sc })
	m.tellOn(sc)
	return nil
}

// rulesOn are the names of the rules that can match on a call.
func rulesOn(active []*rules.Rule, sc schema.SC) []string {
	who := []string{}
	for _, r := range active {
		if r.SCs.Has(sc) {
			who = append(who, r.Name)
		}
	}
	return who
}

func listOr(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}

func (m *manager) tellOn(sc schema.SC) {
	who := rulesOn(m.set.Active, sc)
	m.tellCoverage(false, fmt.Sprintf("%s is recorded again; rules that can match on it again: %s", scName(sc), listOr(who, "none")), scName(sc), who...)
}

func (m *manager) tellRestored(full uint32) {
	m.tellCoverage(false, fmt.Sprintf("Data buffers are kept to %d bytes again", full), "snaplen")
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

// status is what is given up now, and what that means for the rules.
func (g *governance) status(active []*rules.Rule) control.Governor {
	if g == nil {
		return control.Governor{Off: []control.OffCall{}}
	}
	s := g.snaplen
	s.Enabled, s.Periods, s.Off = true, g.periods, []control.OffCall{}
	for _, c := range g.off {
		s.Off = append(s.Off, control.OffCall{Name: scName(c.sc), Since: c.since, Rules: rulesOn(active, c.sc)})
	}
	return s
}

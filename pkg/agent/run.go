// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Options is what a run needs beside the configuration.
type Options struct {
	Rules  *RuleSet
	Stdout io.Writer
	Log    *logrus.Logger
	Proc   string        // root of /proc
	Etc    string        // where passwd and group are
	For    time.Duration // end by itself after that time; 0 = never

	Capture  string    // file to replay instead of watching the host; - is Stdin
	Stdin    io.Reader // for that
	Terminal io.Writer // is told how far the replay is; nil: nobody

	Ready func() // called once, when this host is being watched; nil = nobody waits for that

	Reopen <-chan os.Signal // each makes the outputs open their files anew; nil = never

	Reload        func() (*Loaded, error) // reads rules and configuration anew; nil = that cannot be done
	ReloadSignals <-chan os.Signal        // each asks for it; nil = never
	Paths         []string                // files, and folders of rule files, that they were read from

	base64  bool           // how alerts show data buffers
	bounds  state.Options  // what the configuration says of the state
	capture config.Capture // and of the files that rules ask for
	stats   *statsFile
}

// closeTime bounds how long the outputs may take to write what they still hold.
const closeTime = 5 * time.Second

// Run watches this host, or replays a capture, until ctx is done.
func Run(ctx context.Context, cfg *config.Config, opt Options) (err error) {
	mode, err := engine.ParseMatching(cfg.RuleMatching)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	opt.base64 = cfg.BufferFormatBase64
	opt.capture = cfg.Capture
	opt.bounds = state.Options{MaxBytes: int64(cfg.State.MaxBytes), MaxThreads: int(cfg.State.MaxThreads)}
	outputs, err := openOutputs(cfg, opt)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, closeOutputs(outputs, opt))
		opt.stats.end()
	}()
	if opt.stats, err = newStats(&cfg.Metrics, opt.Log, outputs); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if opt.For > 0 {
		ctx, cancel = context.WithTimeout(ctx, opt.For)
		defer cancel()
	}
	go reopen(ctx, opt.Reopen, outputs)
	if opt.Capture != "" {
		return replayFile(ctx, opt, mode, outputs)
	}
	return watch(ctx, cfg, opt, mode, outputs)
}

func reopen(ctx context.Context, signals <-chan os.Signal, outputs *output.Outputs) {
	for {
		select {
		case <-signals:
			outputs.Reopen()
		case <-ctx.Done():
			return
		}
	}
}

func watch(ctx context.Context, cfg *config.Config, opt Options, mode engine.Matching, outputs *output.Outputs) (err error) {
	plan := Plan(cfg, opt.Rules.Active)
	for _, w := range plan.Warnings() {
		opt.Log.Warn(w)
	}
	session, err := openSession(cfg, plan.Kernel)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if opt.bounds.MaxBytes == 0 {
		opt.bounds.MaxBytes = state.Budget(opt.Proc)
	}
	p, err := newPipeline(opt, mode, outputs, session.Now)
	if err != nil {
		return err
	}
	machine := thisMachine(opt.Proc)
	machine.NumCPUs = session.Info().NumCPUs
	p.flights.machine = func() scap.Machine { return machine }
	m := newManager(opt, &Loaded{cfg, opt.Rules, opt.Paths}, plan, sessionOf(session), p)
	stop := m.start(ctx, opt.ReloadSignals)
	defer stop() // before the session and the outputs are closed
	return p.live(ctx, session)
}

// openSession opens a session with its mask set. Nothing is recorded yet.
func openSession(cfg *config.Config, mask schema.Mask) (*driver.Session, error) {
	s, err := driver.Open(driver.Config{
		Path: cfg.Driver.Device, RingBytes: cfg.Driver.RingBytes, SnapLen: cfg.Driver.Snaplen,
		DropFailed: cfg.Driver.DropFailedExits, IncludeSelf: cfg.Driver.IncludeSelf,
	})
	if err != nil {
		return nil, err
	}
	if err := s.SetMask(abiMask(mask)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// live records first, then scans /proc, then replays what was recorded since:
// nothing that happens while the scan runs is missed.
func (p *pipeline) live(ctx context.Context, s *driver.Session) error {
	if err := s.Enable(); err != nil {
		return err
	}
	start := time.Now()
	if err := p.state.LoadUsers(); err != nil {
		return err
	}
	if err := p.state.ScanProc(""); err != nil {
		return fmt.Errorf("scan /proc: %w", err)
	}
	took := time.Since(start).Round(time.Millisecond)
	if p.ready != nil {
		p.ready()
	}
	p.log.WithFields(logrus.Fields{"rules": len(p.rules), "threads": p.state.NumThreads(), "scan": took}).Info("watching")
	err := s.Run(ctx, p.record, func() {
		p.tellLosses(s)
		if now := time.Now(); p.stats.due(now) {
			p.tellStats(now, s.Stats().Counts)
		}
		p.tellEvictions(time.Now())
		p.flights.tell(time.Now())
	})
	p.lastStats(time.Now(), s.Stats().Counts)
	p.summary(s)
	return err
}

// pipeline takes records to alerts. It belongs to one goroutine.
type pipeline struct {
	intake
	rules   []*rules.Rule
	state   *state.State
	bounds  state.Options
	engine  *engine.Engine
	alerts  *alerter
	flights *flights
	stats   *statsFile
	ev      state.Event
	now     func() uint64 // the clock of the events
	ready   func()        // as Options has it
	volume  volume

	evicted     uint64 // threads of which the log knows
	evictedTold time.Time
}

func newPipeline(opt Options, mode engine.Matching, outputs *output.Outputs, now func() uint64) (*pipeline, error) {
	host, err := output.Hostname()
	if err != nil {
		return nil, err
	}
	st := opt.bounds
	st.Proc, st.Etc, st.Now = opt.Proc, opt.Etc, now
	p := &pipeline{
		intake: newIntake(opt.Log), bounds: st,
		alerts: &alerter{host: host, outputs: outputs, base64: opt.base64, matches: map[string]uint64{}},
		now:    now, stats: opt.stats, ready: opt.Ready,
	}
	p.flights = newFlights(opt, p.alerts)
	p.alerts.flights = p.flights
	st.ReadUsers = p.tellUsers
	p.state = state.New(st)
	p.follow(opt.Rules.Active, engine.New(opt.Rules.Active, mode))
	return p, nil
}

// follow goes over to other rules, between two events.
func (p *pipeline) follow(active []*rules.Rule, e *engine.Engine) {
	p.rules, p.engine = active, e
	p.flights.follow(active)
}

// tellUsers has files that rules asked for know the users of a container too.
func (p *pipeline) tellUsers(t *state.Thread) {
	if p.flights.on != nil {
		p.flights.on.TellUsers(t, p.ev.TS)
	}
}

// record takes one record of the rings through state and rules.
func (p *pipeline) record(rec *ring.Record) error {
	if rec.Flags&abi.RecDrop != 0 && p.flights.on != nil {
		p.flights.on.Lost(lostBy(rec).Sum())
	}
	if p.event(&p.ev.Event, rec) {
		p.volume.add(rec, p.ev.SC)
		p.step(true)
	}
	return nil
}

// step takes the event through state and, when they may see it, rules.
func (p *pipeline) step(shown bool) {
	if p.flights.on == nil {
		p.state.Update(&p.ev)
	} else {
		p.keep(shown)
	}
	if shown {
		p.alerts.ev = &p.ev
		p.engine.Process(&p.ev, p.alerts.raise)
	}
	p.state.Done(&p.ev)
}

// keep is the state's Update while events are kept.
func (p *pipeline) keep(shown bool) {
	p.state.Find(&p.ev)
	p.flights.on.Before(&p.ev)
	p.state.Apply(&p.ev)
	p.flights.on.After(&p.ev, shown)
}

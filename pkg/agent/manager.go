// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

// Loaded is rules and configuration as they were read, and from where.
type Loaded struct {
	Config *config.Config
	Rules  *RuleSet
	Paths  []string // files, and folders of rule files, that it was read from
}

// session is what the manager needs of a driver.Session; tests put functions of their own.
type session struct {
	setMask  func(abi.Mask) error
	do       func(context.Context, func()) error // between two events
	counters func() ([]abi.Counter, error)
	snaplen  func(bytes uint32) error
}

// manager changes what a running agent watches. All changes are made one after the other by its own goroutine, beside
// the one that takes the events: the next rules, engine and mask are made ready while the present ones are at work.
type manager struct {
	log     *logrus.Logger
	reload  func() (*Loaded, error) // nil: nothing can be loaded anew
	session session
	pipe    *pipeline
	files   *fileWatch // nil: files are not watched

	cfg      *config.Config // in force
	set      *RuleSet
	paths    []string
	override selection.Override
	off      schema.SCSet
	plan     *selection.Plan
	mask     schema.Mask // that the kernel has
	snaplen  uint32      // that the kernel has
	governs  *governance // nil: nothing is given up

	asked  chan question
	status control.Status // what it counts
}

// question is a request that waits for the manager.
type question struct {
	req    *control.Request
	answer chan *control.Response
}

func newManager(opt Options, loaded *Loaded, plan *selection.Plan, s session, p *pipeline) *manager {
	return &manager{
		log: opt.Log, reload: opt.Reload, session: s, pipe: p,
		cfg: loaded.Config, set: loaded.Rules, paths: loaded.Paths, plan: plan, mask: plan.Kernel, snaplen: loaded.Config.Driver.Snaplen,
		asked: make(chan question), status: control.Status{PID: os.Getpid()},
	}
}

func sessionOf(s *driver.Session) session {
	return session{setMask: s.SetMask, do: s.Do, counters: s.Counters, snaplen: s.SetSnaplen}
}

// start lets the manager work until stop is called. What cannot be listened to or watched is told and done without.
func (m *manager) start(ctx context.Context, signals <-chan os.Signal) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	spawn := func(fn func()) {
		work.Add(1)
		go func() { defer work.Done(); fn() }()
	}
	if files, err := watchFiles(); err != nil {
		m.log.Warnf("changes of files are not noticed: %v", err)
	} else {
		m.files = files
	}
	if m.cfg.Control.Enabled {
		if server, err := control.Listen(m.cfg.Control.Socket); err != nil {
			m.log.Warnf("commands cannot talk to this agent: %v", err)
		} else {
			spawn(func() { server.Serve(ctx, m.ask) })
		}
	}
	spawn(func() { m.run(ctx, signals) })
	return func() {
		cancel()
		work.Wait()
		if m.files != nil {
			m.files.close()
		}
	}
}

// run makes changes until ctx is done.
func (m *manager) run(ctx context.Context, signals <-chan os.Signal) {
	var changed <-chan struct{}
	if m.files != nil {
		changed = m.files.changed
	}
	m.follow(m.paths)
	m.govern()
	defer func() { m.governs.stop() }()
	var ends <-chan time.Time // captures that are being written may be at their end
	for {
		select {
		case <-m.pipe.flights.begun:
			ends = time.After(tellEvery)
		case <-ends:
			ends = m.endCaptures(ctx)
		case <-m.governs.ticks():
			m.tick(ctx)
		case <-signals:
			m.loadAnew(ctx, "on SIGHUP")
		case <-changed:
			m.loadAnew(ctx, "as a file changed")
		case q := <-m.asked:
			q.answer <- m.respond(ctx, q.req)
		case <-ctx.Done():
			return
		}
	}
}

// endCaptures ends the captures whose time is over, and returns when to look again:
// nil for never. On a quiet host no event does.
func (m *manager) endCaptures(ctx context.Context) <-chan time.Time {
	left := false
	if m.session.do(ctx, func() { left = m.pipe.flights.tick(m.pipe.now()) }) != nil || !left {
		return nil
	}
	return time.After(tellEvery)
}

// follow has the file watch tell what changes in those files from now on.
func (m *manager) follow(paths []string) {
	switch {
	case m.files == nil:
	case m.reload == nil || !m.cfg.WatchConfigFiles:
		m.files.loading(nil)
	default:
		m.files.loading(paths)
	}
}

// loadAnew reads rules and configuration and puts them in force. What does not load changes nothing, and is told.
func (m *manager) loadAnew(ctx context.Context, why string) (*control.Change, error) {
	if m.reload == nil {
		return nil, errors.New("this agent reads nothing anew")
	}
	start, before := time.Now(), m.paths
	m.follow(m.paths)
	loaded, err := m.reload()
	if err == nil {
		var change *control.Change
		if change, err = m.apply(ctx, next{loaded: loaded, override: m.override, off: m.off}); err == nil {
			m.status.Reloads++
			m.followNew(before)
			m.log.WithFields(logrus.Fields{
				"rules": len(m.set.Active), "added": len(change.Added), "removed": len(change.Removed), "took": time.Since(start).Round(time.Millisecond),
			}).Infof("loaded anew %s", why)
			return change, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // the end, not a failure
	}
	m.status.FailedReloads++
	m.status.LastError = err.Error()
	m.log.Errorf("not loaded anew %s, rules and configuration stay as they were: %v", why, err)
	m.pipe.alerts.internal(rules.Warning, "Eyas: rules not reloaded",
		"Rules or configuration did not load and stay as they were: "+err.Error(), note{"error", err.Error()})
	return nil, err
}

// followNew is follow when other files were read than before.
func (m *manager) followNew(before []string) {
	if !slices.Equal(before, m.paths) {
		m.follow(m.paths)
	}
}

// next is what is to be in force.
type next struct {
	loaded   *Loaded // nil: rules and configuration stay
	override selection.Override
	off      schema.SCSet
}

// apply puts the next selection and rules in force. Until the engine has changed, the kernel records what either wants:
// nothing that both want is lost. An error leaves everything as it was.
func (m *manager) apply(ctx context.Context, n next) (*control.Change, error) {
	cfg, set, paths := m.cfg, m.set, m.paths
	var swap func()
	if n.loaded != nil {
		cfg, set, paths = n.loaded.Config, n.loaded.Rules, n.loaded.Paths
		mode, err := engine.ParseMatching(cfg.RuleMatching)
		if err != nil {
			return nil, fmt.Errorf("config: %w", err)
		}
		e := engine.New(set.Active, mode)
		swap = func() {
			m.pipe.flights.configure(cfg.Capture)
			m.pipe.follow(set.Active, e)
		}
	}
	anew := m.governsAnew(cfg)
	if anew {
		n.off = schema.SCSet{}
	}
	in := selectionInput(cfg, set.Active)
	in.Override, in.Off = n.override, n.off
	plan := selection.Compute(in)
	if err := m.swap(ctx, plan, swap); err != nil {
		return nil, err
	}
	change, old := changeOf(m.plan, plan), m.cfg
	m.cfg, m.set, m.paths, m.override, m.off, m.plan = cfg, set, paths, n.override, n.off, plan
	if anew {
		m.regovern()
	}
	if n.loaded != nil {
		m.settle(old)
	}
	return change, nil
}

// settle does what a new configuration asks for beside rules and selection, and tells what it means.
func (m *manager) settle(old *config.Config) {
	m.tellLater(old)
	if level, err := logrus.ParseLevel(m.cfg.LogLevel); err == nil && m.cfg.LogLevel != old.LogLevel { // config has checked it
		m.log.SetLevel(level)
	}
	for _, w := range m.plan.Warnings() {
		m.log.Warn(w)
	}
}

// swap goes from the mask and the rules in force to the next ones.
func (m *manager) swap(ctx context.Context, plan *selection.Plan, rules func()) error {
	if err := m.setMask(m.mask.Union(plan.Kernel)); err != nil {
		return err
	}
	if rules != nil {
		if err := m.session.do(ctx, rules); err != nil {
			return errors.Join(err, m.setMask(m.plan.Kernel))
		}
	}
	if err := m.setMask(plan.Kernel); err != nil {
		// The kernel records more than is wanted, and nobody misses anything.
		m.log.Warnf("the mask is still that of old and new rules together: %v", err)
	}
	return nil
}

func (m *manager) setMask(mask schema.Mask) error {
	if mask == m.mask {
		return nil
	}
	if err := m.session.setMask(abiMask(mask)); err != nil {
		return err
	}
	m.mask = mask
	return nil
}

func (m *manager) setSnaplen(bytes uint32) error {
	if bytes == m.snaplen {
		return nil
	}
	if err := m.session.snaplen(bytes); err != nil {
		return err
	}
	m.snaplen = bytes
	return nil
}

// liveKeys are the keys of the configuration, or tables of them, that take effect when it is loaded anew.
var liveKeys = []string{
	"rules_files", "rules", "append_output", "priority", "rule_matching", "base_syscalls", "watch_config_files", "log_level",
	"governor", "capture", "driver.snaplen",
}

// tellLater names the keys that are not as in the old configuration and wait for the next start.
func (m *manager) tellLater(old *config.Config) {
	later := slices.DeleteFunc(old.Changed(m.cfg), func(key string) bool {
		top, _, _ := strings.Cut(key, ".")
		return slices.Contains(liveKeys, top) || slices.Contains(liveKeys, key)
	})
	if len(later) > 0 {
		m.log.Warnf("these keys take effect at the next start: %s", strings.Join(later, ", "))
	}
}

func changeOf(old, now *selection.Plan) *control.Change {
	return &control.Change{
		Added: selection.Names(now.Selected.Minus(old.Selected)), Removed: selection.Names(old.Selected.Minus(now.Selected)),
		Warnings: append([]string{}, now.Warnings()...),
	}
}

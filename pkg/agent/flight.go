// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/flight"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/scap"
)

// flights is the flight recorder and what is told of its files. It belongs to the
// goroutine of the events.
type flights struct {
	cfg      config.Capture
	log      *logrus.Logger
	alerts   *alerter
	wait     bool                // for the disk
	machine  func() scap.Machine // that the events are of
	recorder *flight.Recorder    // nil: no rule has asked for files yet
	on       *flight.Recorder    // that recorder while rules ask for files, else nil
	all      []*flight.Recorder  // that one and those of former configurations, whose files may be on the way to the disk

	begun   chan struct{} // has one when a file was begun
	failing atomic.Bool   // the last file could not be written
	refused uint64        // matches without file of which the log knows
	toldAt  time.Time

	mu   sync.Mutex
	over bool // guarded by mu: the outputs may be closed
}

func newFlights(opt Options, alerts *alerter) *flights {
	return &flights{cfg: opt.capture, log: opt.Log, alerts: alerts, wait: opt.Capture != "", begun: make(chan struct{}, 1)}
}

// configure goes over to another configuration. What was kept so far is of the one before: files end, and nothing from
// before now is in later ones.
func (f *flights) configure(cfg config.Capture) {
	if cfg == f.cfg {
		return
	}
	f.cfg = cfg
	if f.recorder != nil {
		f.recorder.Stop(flight.EndOfRules)
	}
	f.recorder, f.on = nil, nil
}

// follow begins to keep events when one of the rules wants files, and ends it
// when none does any more.
func (f *flights) follow(active []*rules.Rule) {
	switch wanted := f.wanted(active); {
	case wanted && f.on == nil:
		if f.recorder == nil {
			f.recorder = f.newRecorder()
			f.all = append(f.all, f.recorder)
		}
		f.on = f.recorder
	case !wanted && f.on != nil:
		f.on.Stop(flight.EndOfRules)
		f.on = nil
	}
}

func (f *flights) wanted(active []*rules.Rule) bool {
	if !f.cfg.Enabled {
		return false
	}
	for _, r := range active {
		if r.Capture || f.everyMatch() {
			return true
		}
	}
	return false
}

func (f *flights) everyMatch() bool { return f.cfg.Mode == "all_rules" }

func (f *flights) newRecorder() *flight.Recorder {
	most := f.cfg.MaxFileSizeMB
	return flight.New(flight.Options{
		Prefix: f.cfg.PathPrefix, All: f.everyMatch(), Wait: f.wait,
		Lead:     time.Duration(f.cfg.BeforeDuration) * time.Millisecond,
		Duration: time.Duration(f.cfg.DefaultDuration) * time.Millisecond,
		Bytes:    int64(f.cfg.BufferBytes), MaxFile: int64(f.cfg.MaxFileSizeMB) << 20,
		MaxRun: int(f.cfg.MaxRunning), MaxFiles: int(f.cfg.MaxFiles),
		Machine: func() scap.Machine { return f.machine() },
		Begun:   f.tellBegun, Ended: func(file *flight.File) { f.tellEnded(file, most) },
	})
}

func (f *flights) tellBegun(file *flight.File) {
	f.log.WithFields(logrus.Fields{"file": file.Path, "rule": file.Rule, "before": file.Lead}).Info("capture begins")
	select {
	case f.begun <- struct{}{}:
	default:
	}
}

// tellEnded is called by the goroutine that wrote the file, which may be of as many MiB. A disk that fails is
// told once, until it works again.
func (f *flights) tellEnded(file *flight.File, most uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return
	}
	if file.End == flight.EndByError {
		if !f.failing.Swap(true) {
			f.log.Errorf("no capture for rule %q: %v; further ones that fail are counted", file.Rule, file.Err)
		}
		return
	}
	f.failing.Store(false)
	fields := logrus.Fields{"file": file.Path, "events": file.Events, "bytes": file.Bytes, "end": string(file.End)}
	if file.Unread > 0 {
		fields["lost"] = file.Unread
	}
	f.log.WithFields(fields).Info("capture written")
	if file.End == flight.EndOfSize {
		f.alerts.internal(rules.Informational, "Eyas: capture ended by its size",
			fmt.Sprintf("The capture %s is as large as it may be and ends; capture.max_file_size_mb is %d.", file.Path, most),
			note{"capture", file.Path}, note{"rule", file.Rule})
	}
}

// tell logs what was not written since it last did.
func (f *flights) tell(now time.Time) {
	if f.on == nil || now.Sub(f.toldAt) < tellEvery {
		return
	}
	if n := f.stats().Refused; n > f.refused {
		f.refused, f.toldAt = n, now
		f.log.Warnf("%d matches had no capture since the start, as others were being written; a larger [capture] max_running would help", n)
	}
}

// tick ends the files whose time is over when no events come, and tells whether
// others are left. Events are there a second after their time.
func (f *flights) tick(now uint64) bool {
	if f.on == nil {
		return false
	}
	f.on.Tick(now - min(now, uint64(time.Second)))
	return f.on.Following() > 0
}

// stats are the counters of all recorders.
func (f *flights) stats() (sum flight.Stats) {
	for _, r := range f.all {
		sum.Add(r.Stats())
	}
	return sum
}

// close ends all files, and adds what became of them to what is logged at the end.
// A replay has time.
func (f *flights) close(fields logrus.Fields) {
	if len(f.all) == 0 {
		return
	}
	ctx := context.Background()
	if !f.wait {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeTime)
		defer cancel()
	}
	for _, r := range f.all {
		if err := r.Close(ctx, flight.EndOfEvents); err != nil {
			f.log.Errorf("captures are not whole: %v", err)
		}
	}
	f.mu.Lock()
	f.over = true
	f.mu.Unlock()
	s := f.stats()
	fields["captures"] = s.Files
	for name, n := range map[string]uint64{
		"captures_failed": s.Failed, "captures_merged": s.Merged, "captures_refused": s.Refused,
		"capture_evicted": s.Evicted, "capture_no_room": s.NoRoom, "capture_lost": s.Unread,
	} {
		if n > 0 {
			fields[name] = n
		}
	}
}

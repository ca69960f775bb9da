// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"context"
	"time"

	"github.com/eyas-security/eyas/pkg/ring"
)

// Run hands every record to fn, in the order of time, until ctx is done: then it
// drains what there is and returns nil. A view that fn gets is valid until fn
// returns. An error of fn ends Run at once.
//
// idle, when given, is called before Run goes to sleep for want of records. Run
// uses no CPU while none come, and hands a single one on within about the batch
// time.
func (s *Session) Run(ctx context.Context, fn func(*ring.Record) error, idle func()) error {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		s.poller.wake()
		close(woken)
	})
	defer func() {
		if !stop() {
			<-woken // Close may follow: the wake-up must not come after it
		}
	}()
	for s.runTasks(); ctx.Err() == nil; s.runTasks() {
		if err := s.await(idle); err != nil {
			return err
		}
		if err := s.followCPUs(); err != nil {
			return err
		}
		if err := s.gather(); err != nil {
			return err
		}
		if _, err := s.reader.Batch(fn); err != nil {
			return err
		}
	}
	return s.drain(fn)
}

// drain hands on what the rings hold. Between its two turns the module writes
// down what emptied rings have lost behind their last record.
func (s *Session) drain(fn func(*ring.Record) error) error {
	if _, err := s.reader.Drain(fn); err != nil {
		return err
	}
	if err := s.poller.wait(waitRecords, 0); err != nil {
		return err
	}
	_, err := s.reader.Drain(fn)
	return err
}

// task is something to do between two batches.
type task struct {
	fn   func()
	done chan struct{} // closed when fn has returned
}

// Do has Run call fn between two events, and returns when it has. It waits for a
// Run to come; the error is that of ctx, which must end when Run does: then fn may
// have been called or not. No Do may be under way in Close.
func (s *Session) Do(ctx context.Context, fn func()) error {
	t := task{fn, make(chan struct{})}
	select {
	case s.tasks <- t:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.poller.wake()
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runTasks does what waits. The wake-up is forgotten first: a task that comes
// later brings another.
func (s *Session) runTasks() {
	s.poller.clear()
	for {
		select {
		case t := <-s.tasks:
			t.fn()
			close(t.done)
		default:
			return
		}
	}
}

// await sleeps until there is something to read, a CPU came or Run is to end.
// The order is the protocol: say that we sleep, look once more, then poll.
func (s *Session) await(idle func()) error {
	if !s.reader.Empty() {
		return nil
	}
	if idle != nil {
		idle()
	}
	s.reader.Sleep()
	defer s.reader.Awake()
	if !s.reader.Empty() {
		return nil
	}
	return s.poller.wait(waitRecords, forever)
}

// gather lets records come for the batch time, unless a ring passes its watermark.
func (s *Session) gather() error {
	if s.reader.Empty() {
		return nil
	}
	return s.poller.wait(waitWatermark, s.config.Batch)
}

// followCPUs maps the rings of CPUs that came up since.
func (s *Session) followCPUs() error {
	cpus := s.reader.CPUs()
	generation := cpus[0].Generation()
	if generation == s.generation {
		return nil
	}
	s.generation = generation
	return s.mapRings()
}

// waitFor is what a poller waits for beside its own wake-up.
type waitFor int

const (
	waitRecords   waitFor = iota // a record, or a CPU that came or went
	waitWatermark                // a ring above its watermark
)

// forever is any negative timeout.
const forever = time.Duration(-1)

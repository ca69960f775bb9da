// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/internal/ringtest"
	"github.com/eyas-security/eyas/pkg/ring"
)

// fakeSession is a session over an in-memory ring. An eventfd stands for the
// device: readable once the producer has woken the sleeping reader, until drained.
type fakeSession struct {
	*Session
	producer *ringtest.Producer
	device   *poller
}

func newFakeSession(t *testing.T) *fakeSession {
	t.Helper()
	device, err := newPoller(-1)
	if err != nil {
		t.Fatal(err)
	}
	own, err := newPoller(device.event)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = device.close(), own.close() })
	s := &Session{config: Config{Batch: time.Millisecond}.withDefaults(), poller: own, clock: boottime, tasks: make(chan task, maxTasks)}
	s.reader = ring.NewReader(s.Now)
	s.reader.Poison = true
	p := ringtest.New(4096)
	p.Clock = boottime
	p.Wake = device.wake
	var m ring.Mapping
	m.Reader, m.Producer, m.Data = p.Pages()
	c, err := ring.NewCPU(0, m)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.reader.AddCPU(c); err != nil {
		t.Fatal(err)
	}
	return &fakeSession{s, p, device}
}

func (s *fakeSession) put() {
	s.producer.Put(ringtest.Record{Event: ringtest.EventBytes(1, 0, 7)})
}

// TestRunSleepsAndWakes: each single record wakes the loop, and between them it
// sleeps: idle is called about as often as records come, not in a spin.
func TestRunSleepsAndWakes(t *testing.T) {
	const records = 20
	s := newFakeSession(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	asleep := make(chan struct{}, 100*records)
	got := make(chan uint32, records)
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, func(rec *ring.Record) error {
			s.device.clear()
			got <- rec.Seq
			return nil
		}, func() {
			s.device.clear() // a wake-up may come after the record was read
			asleep <- struct{}{}
		})
	}()
	for i := range uint32(records) {
		<-asleep
		s.put()
		if seq := <-got; seq != i {
			t.Errorf("record %d: got seq %d", i, seq)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	// Each wake-up may find the record within the slack of the clock once or twice.
	if n := len(asleep); n > 3*records {
		t.Errorf("%d more sleeps than the %d records account for", n, records)
	}
}

func TestRunDrainsAtTheEnd(t *testing.T) {
	s := newFakeSession(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 5 {
		s.put()
	}
	for _, want := range []int{5, 0} {
		n := 0
		err := s.Run(ctx, func(*ring.Record) error { n++; return nil }, nil)
		if n != want || err != nil {
			t.Errorf("Run: got %d records, %v, want %d", n, err, want)
		}
	}
}

func TestRunAgain(t *testing.T) {
	s := newFakeSession(t)
	for range 3 {
		ctx, cancel := context.WithCancel(context.Background())
		sleeps := 0
		err := s.Run(ctx, func(*ring.Record) error { s.device.clear(); cancel(); return nil }, func() {
			if sleeps++; sleeps > 50 {
				t.Error("the loop spins")
				cancel()
			}
			s.put()
		})
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		cancel()
	}
}

func TestRunEndsWithTheCallback(t *testing.T) {
	s := newFakeSession(t)
	s.put()
	stop := errors.New("stop")
	if err := s.Run(context.Background(), func(*ring.Record) error { return stop }, nil); !errors.Is(err, stop) {
		t.Errorf("Run: got %v, want %v", err, stop)
	}
}

// TestDo: what is to be done between two events is done when there are none, and
// while they come, in the goroutine that gets them.
func TestDo(t *testing.T) {
	s := newFakeSession(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	asleep := make(chan struct{}, 1000)
	inCallback, calls := false, 0 // touched by that goroutine alone: the race detector looks
	go func() {
		done <- s.Run(ctx, func(*ring.Record) error {
			inCallback = true
			s.device.clear()
			s.put()
			inCallback = false
			return nil
		}, func() {
			select {
			case asleep <- struct{}{}:
			default:
			}
		})
	}()
	<-asleep
	for i := range 100 {
		err := s.Do(ctx, func() {
			if calls++; inCallback {
				t.Error("called in the middle of an event")
			}
			if i == 50 {
				s.put() // from here on records never end
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := s.Do(ctx, func() {}); !errors.Is(err, context.Canceled) {
		t.Errorf("Do at the end: %v, want %v", err, context.Canceled)
	}
	if err := <-done; err != nil || calls != 100 {
		t.Errorf("Run: %v after %d calls, want 100", err, calls)
	}
}

func TestPollerReportsADeadDevice(t *testing.T) {
	p, err := newPoller(1 << 20) // no such descriptor
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := p.wait(waitRecords, forever); err == nil {
		t.Error("wait: no error")
	}
}

func TestPollerTimesOut(t *testing.T) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	p, err := newPoller(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	start := time.Now()
	if err := p.wait(waitWatermark, 5*time.Millisecond); err != nil || time.Since(start) < 5*time.Millisecond {
		t.Errorf("wait: %v after %v", err, time.Since(start))
	}
	p.wake()
	if err := p.wait(waitRecords, forever); err != nil {
		t.Error(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Recording says what goes into a capture, and when it ends by itself.
type Recording struct {
	Create    func() (io.WriteCloser, error) // called once there is something to write
	Compress  bool                           // gzip
	Plain     bool                           // for older readers, as scap.Writer has it
	Mask      schema.Mask
	Condition *Matcher      // what is shown; other events are only kept when the state needs them
	For       time.Duration // 0 = no limit, as for the others
	MaxEvents uint64        // that are shown
	MaxBytes  int64         // of the file; it ends up to a buffer later

	Log  *logrus.Logger
	Proc string // root of /proc
	Etc  string // where passwd and group are
}

// Record writes a capture of this host until ctx is done or a limit is reached.
func Record(ctx context.Context, cfg *config.Config, opt Recording) (err error) {
	if opt.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opt.For)
		defer cancel()
	}
	session, err := openSession(cfg, opt.Mask)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	return newRecorder(opt, session.Now).live(ctx, session)
}

// flushEvery is the least time between two flushes of a capture that grows
// slowly: so much of it may be missing for who reads it meanwhile.
const flushEvery = time.Second

// recorder takes records to a capture. It belongs to one goroutine.
type recorder struct {
	intake
	opt     Recording
	state   *state.State
	w       *scap.Writer
	out     countingWriter
	ev      state.Event
	told    bool   // what is known of containers is written
	shown   uint64 // events written to be seen
	kept    uint64 // events written for the state
	notice  []byte
	scratch []byte
	flushed time.Time
}

func newRecorder(opt Recording, now func() uint64) *recorder {
	r := &recorder{intake: newIntake(opt.Log), opt: opt}
	r.state = state.New(state.Options{Proc: opt.Proc, Etc: opt.Etc, Now: now, ReadUsers: r.tellUsers})
	return r
}

// live records first and scans then, as pipeline.live does: what happens during
// the scan is in the capture as events.
func (r *recorder) live(ctx context.Context, s *driver.Session) (err error) {
	if err := s.Enable(); err != nil {
		return err
	}
	if err := r.scan(); err != nil {
		return err
	}
	out, err := r.opt.Create()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	machine := thisMachine(r.opt.Proc)
	machine.NumCPUs = s.Info().NumCPUs
	if err := r.begin(out, machine); err != nil {
		return err
	}
	err = s.Run(ctx, r.record, func() {
		r.tellLosses(s)
		r.flush()
	})
	if errors.Is(err, errLimit) {
		err = nil
	}
	return errors.Join(err, r.end(s.Now(), s.Stats()))
}

func (r *recorder) scan() error {
	if err := r.state.LoadUsers(); err != nil {
		return err
	}
	if err := r.state.ScanProc(""); err != nil {
		return fmt.Errorf("scan /proc: %w", err)
	}
	return nil
}

// begin writes what is known before the first event.
func (r *recorder) begin(out io.Writer, machine scap.Machine) (err error) {
	r.out.w = out
	if r.w, err = scap.NewWriter(&r.out, r.opt.Compress, machine); err != nil {
		return err
	}
	if r.opt.Plain {
		r.w.Plain()
	}
	if err := r.w.State(r.state); err != nil {
		return err
	}
	r.log.WithField("threads", r.state.NumThreads()).Info("recording")
	return r.w.Flush()
}

// errLimit ends a recording that is as long as it may be.
var errLimit = errors.New("limit")

// record takes one record of the rings to the capture.
func (r *recorder) record(rec *ring.Record) error {
	if rec.Flags&abi.RecDrop != 0 {
		return r.notify(rec.TS, "drop", fmt.Sprintf("cpu %d: %s", rec.CPU, lossText(lostBy(rec))))
	}
	if !r.event(&r.ev.Event, rec) {
		return nil
	}
	r.state.Update(&r.ev)
	err := r.write()
	r.state.Done(&r.ev)
	if err != nil {
		return err
	}
	if r.opt.MaxEvents > 0 && r.shown >= r.opt.MaxEvents || r.opt.MaxBytes > 0 && r.out.n >= r.opt.MaxBytes {
		return errLimit
	}
	return nil
}

// tellUsers writes the users of a container when they were read in the course of
// an event.
func (r *recorder) tellUsers(t *state.Thread) {
	if r.told {
		_ = r.tell(t.Container()) // an error comes again with the event
	}
}

// tell writes what is known of a container.
func (r *recorder) tell(c *state.Container) error {
	for raw := range c.Events(r.ev.TS) {
		if err := r.w.Event(0, raw, true); err != nil {
			return err
		}
	}
	return nil
}

// tellContainers writes what the lists cannot hold, in front of the first event.
func (r *recorder) tellContainers() error {
	r.told = true
	for _, c := range r.state.Containers() {
		if err := r.tell(c); err != nil {
			return err
		}
	}
	return nil
}

// write writes the event, when it is to be seen or moves the state.
func (r *recorder) write() error {
	if !r.told {
		if err := r.tellContainers(); err != nil {
			return err
		}
	}
	if !r.w.Takes(&r.ev.Event) {
		return nil
	}
	if r.opt.Condition.Match(&r.ev) {
		r.shown++
		return r.w.Event(r.ev.CPU, scap.Encoded(&r.scratch, &r.ev.Event), false)
	}
	if !state.Moves(r.ev.Type) {
		return nil
	}
	r.kept++
	return r.w.Event(r.ev.CPU, scap.Encoded(&r.scratch, &r.ev.Event), true)
}

// notify writes a notification, the event by which a capture tells of itself.
func (r *recorder) notify(ts uint64, id, text string) error {
	r.notice = event.Append(r.notice[:0], schema.EvNotificationE, ts, -1, event.Str(id), event.Str(text))
	return r.w.Event(0, r.notice, false)
}

// lostBy is what a record of losses tells of.
func lostBy(rec *ring.Record) ring.Lost {
	d := &rec.Drop
	return ring.Lost{Full: d.Full, Nested: d.Nested, TooLarge: d.TooLarge, BadReader: d.BadReader}
}

func lossText(l ring.Lost) string {
	return fmt.Sprintf("%d events lost (ring full %d, nested %d, too large %d, bad reader %d)",
		l.Sum(), l.Full, l.Nested, l.TooLarge, l.BadReader)
}

// flush lets readers of the growing file have what there is. An error comes
// again with the next write.
func (r *recorder) flush() {
	if time.Since(r.flushed) < flushEvery {
		return
	}
	r.flushed = time.Now()
	_ = r.w.Flush()
}

// end tells what was lost, in the capture and in the log.
func (r *recorder) end(now uint64, stats ring.Stats) error {
	var err error
	if stats.Lost.Sum()+stats.SeqGaps > 0 {
		text := fmt.Sprintf("in all %s, %d gaps", lossText(stats.Lost), stats.SeqGaps)
		err = r.notify(now, "losses", text)
		r.log.Warnf("%s; a larger [driver] ring_bytes or a narrower EXPR would help", text)
	}
	err = errors.Join(err, r.w.Close())
	fields := lossFields(stats.Counts)
	fields["events"], fields["for_state"], fields["undecodable"], fields["bytes"] = r.shown, r.kept, r.undecodable, r.out.n
	r.log.WithFields(fields).Info("recorded")
	return err
}

// countingWriter counts what was written.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

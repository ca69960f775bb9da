// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/state"
)

// End is why a file ended.
type End string

// Reasons.
const (
	EndOfTime   End = "duration" // that was asked for
	EndOfSize   End = "size"     // that files may have
	EndOfEvents End = "stopped"  // the agent or the replay ends
	EndOfRules  End = "rules"    // those in force ask for no files any more, or for other ones
	EndByError  End = "error"    // it cannot be written
)

// File is a capture that is being written, or was.
type File struct {
	Path string
	Rule string        // that asked for it first
	Lead time.Duration // before its match, of which all events are there

	// When it has ended:
	End    End
	Err    error  // with EndByError
	Bytes  int64  // compressed
	Events uint64 // to be seen
	Unread uint64 // that are missing, as the disk was too slow
}

// dump is a file that follows a tree.
type dump struct {
	r     *Recorder
	file  File
	tree  *tree
	from  uint64 // events from then on are shown
	until uint64 // the first event behind ends the file

	machine  scap.Machine
	lists    *scap.Lists // the goroutine adds what the segments have
	told     [][]byte    // events that tell of containers
	lead     int         // segments that are there at the beginning
	segments chan *segment
	hostLost uint64 // events that the host lost since the first segment began; for the end
	full     atomic.Bool
}

// maxWaiting is how many segments may wait for a file beside those before the match.
const maxWaiting = 256

// Match tells that a rule matched the event that After had last. Capture and
// duration are those of the rule.
func (r *Recorder) Match(e *state.Event, rule string, capture bool, duration time.Duration) {
	if !capture && !r.opt.All {
		return
	}
	if duration == 0 {
		duration = r.opt.Duration
	}
	until := e.TS + uint64(duration)
	switch d := r.tree.dump; {
	case d != nil && !d.full.Load():
		d.until = max(d.until, until)
		r.stats.Merged++
	case d != nil || r.running.Load() >= int64(r.opt.MaxRun):
		r.stats.Refused++
	default:
		r.begin(e, rule, until)
	}
}

// begin starts a file with what is kept of the tree.
func (r *Recorder) begin(e *state.Event, rule string, until uint64) {
	t := r.tree
	d := &dump{
		r: r, tree: t, from: e.TS - min(e.TS, r.store.lead), until: until, machine: r.opt.Machine(), lists: &scap.Lists{},
		file: File{Path: fmt.Sprintf("%s_%d_%d.scap", r.opt.Prefix, e.TS, e.Num), Rule: rule},
	}
	d.file.Lead = time.Duration(e.TS - min(e.TS, max(d.from, t.cut, r.since)))
	r.store.close(t)
	base := 0
	for i, c := range t.segments {
		if c.first <= d.from {
			base = i
		}
	}
	lead := t.segments[base:]
	d.lead, d.hostLost = len(lead), lead[0].hostLost
	d.segments = make(chan *segment, d.lead+maxWaiting)
	for _, c := range lead {
		d.send(c)
	}
	r.snapshot(d, lead[0].num, lead[0].first)
	t.dump = d
	r.dumps = append(r.dumps, d)
	r.stats.Files++
	r.running.Add(1)
	r.done.Add(1)
	if r.opt.Begun != nil {
		file := d.file
		r.opt.Begun(&file)
	}
	go d.run()
}

// snapshot takes what the segments from base on, which begin at ts, do not tell:
// threads of the tree that have had no event since, who their ancestors are, and
// what is known of the containers.
func (r *Recorder) snapshot(d *dump, base, ts uint64) {
	d.lists.AddHost(r.state)
	told := map[*state.Container]bool{nil: true}
	tell := func(c *state.Container) {
		if !told[c] {
			told[c] = true
			d.told = slices.AppendSeq(d.told, c.Events(ts))
		}
	}
	r.state.Threads(func(t *state.Thread) bool {
		if r.state.Tree(t) != d.tree.id {
			return true
		}
		tell(t.Container())
		if t.Mark < base {
			d.lists.AddImage(scap.AppendImage(nil, t, r.store.maxFDs))
		}
		for a := range t.Ancestors() {
			if r.state.Tree(a) != d.tree.id && !d.lists.Has(a.TID) {
				tell(a.Container())
				d.lists.AddImage(scap.AppendImage(nil, a, r.store.maxFDs))
			}
		}
		return true
	})
}

// tellAll keeps an event that tells of containers, or of users, where files
// follow a tree: whom it is about has no part in it.
func (r *Recorder) tellAll(e *state.Event) {
	own := r.state.Tree(e.Thread)
	for _, d := range r.dumps {
		if d.tree.id != own {
			r.keep(d.tree, e.TS, e.CPU, e.Raw())
		}
	}
}

// TellUsers is to be called when the users of a container were read in the course
// of an event of one of its threads.
func (r *Recorder) TellUsers(t *state.Thread, ts uint64) {
	for _, d := range r.dumps {
		if r.state.Tree(t) != d.tree.id {
			continue
		}
		for raw := range t.Container().Events(ts) {
			r.keep(d.tree, ts, 0, raw)
		}
	}
}

// keep keeps an event for the state alone.
func (r *Recorder) keep(t *tree, ts uint64, cpu uint16, raw []byte) {
	r.store.segment(t, ts, r.lost)
	r.store.add(t, kindState, cpu, raw)
}

// send has the file written on to the end of a segment.
func (d *dump) send(c *segment) {
	if c.size == 0 || d.full.Load() {
		return
	}
	c.pins.Add(1)
	d.r.reading.Add(1)
	if d.r.opt.Wait {
		d.segments <- c
		return
	}
	select {
	case d.segments <- c:
	default:
		d.release(c)
		d.file.Unread += c.events
		d.r.unread.Add(c.events)
	}
}

// release gives a segment back that has been read.
func (d *dump) release(c *segment) {
	c.pins.Add(-1)
	d.r.reading.Add(-1)
	select {
	case d.r.read <- struct{}{}:
	default:
	}
}

// Tick ends the files whose time is over.
func (r *Recorder) Tick(now uint64) {
	if len(r.dumps) == 0 {
		return
	}
	r.dumps = slices.DeleteFunc(r.dumps, func(d *dump) bool {
		if d.full.Load() {
			d.finish(EndOfSize) // unless there was an error
			return true
		}
		if now > d.until {
			d.finish(EndOfTime)
			return true
		}
		return false
	})
}

func (r *Recorder) finish(end End) {
	for _, d := range r.dumps {
		d.finish(end)
	}
	r.dumps = r.dumps[:0]
}

// finish hands on what there is. Nothing follows.
func (d *dump) finish(end End) {
	d.r.store.close(d.tree)
	d.tree.dump = nil
	if d.file.End == "" {
		d.file.End = end
	}
	d.hostLost = d.r.lost - d.hostLost
	close(d.segments)
}

// Close ends all files and waits until they are written, or ctx is done.
func (r *Recorder) Close(ctx context.Context, end End) error {
	r.finish(end)
	written := make(chan struct{})
	go func() {
		r.done.Wait()
		close(written)
	}()
	select {
	case <-written:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write captures: %w", ctx.Err())
	}
}

func appendTID(b []byte, tid int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(tid)) }

// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Options says what is kept and where files go.
type Options struct {
	Prefix   string        // of the names of files
	All      bool          // every match asks for a file, not only those of rules that do
	Lead     time.Duration // before a match
	Duration time.Duration // behind it, for rules that do not say
	Bytes    int64         // of memory
	MaxFile  int64         // bytes of a file, which ends up to a buffer later; 0 = no bound
	MaxRun   int           // files that are written at the same time
	MaxFiles int           // files of the prefix that are kept, the oldest go; 0 = all
	Wait     bool          // for the disk, rather than lose events: there is no hurry
	Machine  func() scap.Machine
	Begun    func(*File) // called by the goroutine of the events
	Ended    func(*File) // called by the goroutine that wrote it
}

// Stats are the counters of a Recorder.
type Stats struct {
	Files   uint64 // that were begun
	Failed  uint64 // of these, those that could not be written
	Merged  uint64 // matches that made a file longer
	Refused uint64 // matches that got none, as MaxRun were being written

	Trees   int    // now
	Bytes   int64  // now, memory
	Evicted uint64 // events that went before their time, for want of memory
	NoRoom  uint64 // events that were not kept at all, for want of memory
	Unread  uint64 // events that a file lacks, as the disk was too slow
}

// Add adds those of another Recorder.
func (s *Stats) Add(o Stats) {
	s.Files += o.Files
	s.Failed += o.Failed
	s.Merged += o.Merged
	s.Refused += o.Refused
	s.Trees += o.Trees
	s.Bytes += o.Bytes
	s.Evicted += o.Evicted
	s.NoRoom += o.NoRoom
	s.Unread += o.Unread
}

// Recorder keeps events, and has files written.
type Recorder struct {
	opt     Options
	store   *store
	state   *state.State
	create  func(path string) (*os.File, error)
	since   uint64 // time of the first event
	tree    *tree  // of the event
	lost    uint64
	scratch []byte

	dumps   []*dump // that are not at their end
	running atomic.Int64
	reading atomic.Int64  // segments that files have still to read
	read    chan struct{} // one was
	done    sync.WaitGroup

	files  sync.Mutex
	writes map[string]bool // files that are being written; guarded by files

	stats  Stats
	failed atomic.Uint64
	unread atomic.Uint64
}

// New returns a recorder that knows nothing yet.
func New(opt Options) *Recorder {
	r := &Recorder{opt: opt, create: create, store: newStore(opt.Lead, opt.Bytes), read: make(chan struct{}, 1), writes: map[string]bool{}}
	if opt.Wait {
		r.store.wait = r.await
	}
	return r
}

// Stats returns the counters.
func (r *Recorder) Stats() Stats {
	s := r.stats
	s.Failed, s.Unread = r.failed.Load(), r.unread.Load()
	s.Trees, s.Bytes = len(r.store.trees), int64(r.store.made)*chunkSize
	s.Evicted, s.NoRoom = r.store.evicted, r.store.refused
	return s
}

// Lost tells that the host lost events.
func (r *Recorder) Lost(n uint64) { r.lost += n }

// Before is to be called between State.Find and State.Apply: it keeps what the
// event may change.
func (r *Recorder) Before(e *state.Event) {
	if r.state != e.State { // a capture can have several hosts
		r.Stop(EndOfEvents)
		r.state, r.since = e.State, e.TS
	}
	r.Tick(e.TS)
	r.store.sweep(e.TS)
	r.tree = nil
	t := e.Thread
	if !t.Known() {
		return // Apply may make it known
	}
	exits := e.Type == schema.EvProcexit1E
	if exits {
		r.tellChildren(e)
	}
	r.enter(e)
	r.image(t)
	if l := t.Leader(); l != t {
		r.image(l)
	}
	if exits {
		r.imageChildren(t)
	}
}

// imageChildren keeps the children of a thread that ends: they get another parent.
func (r *Recorder) imageChildren(t *state.Thread) {
	for c := range t.Children() {
		if r.state.Tree(c) == r.tree.id {
			r.image(c)
		}
	}
}

// tellChildren keeps the end of a thread in the trees of its children too: they
// get another parent by it.
func (r *Recorder) tellChildren(e *state.Event) {
	own := r.state.Tree(e.Thread)
	for c := range e.Thread.Children() {
		id := r.state.Tree(c)
		t := r.store.trees[id]
		if id == own || t == nil || len(t.segments) == 0 {
			continue
		}
		r.store.segment(t, e.TS, r.lost)
		r.scratch = scap.AppendImage(r.scratch[:0], e.Thread, r.store.maxFDs)
		if r.store.add(t, kindImage, 0, r.scratch) {
			r.store.add(t, kindState, e.CPU, e.Raw())
		}
	}
}

// enter makes the tree of the event the present one.
func (r *Recorder) enter(e *state.Event) {
	t := r.store.tree(r.state.Tree(e.Thread))
	if t == r.tree && len(t.segments) > 0 { // else others wanted its memory
		return
	}
	r.tree = t
	r.store.segment(t, e.TS, r.lost)
}

// After is to be called behind State.Apply, before the rules: it keeps the event.
func (r *Recorder) After(e *state.Event, shown bool) {
	if !e.Thread.Known() && state.Moves(e.Type) {
		r.tellAll(e)
	}
	r.enter(e)
	c := r.tree.current()
	if e.Thread.Known() {
		r.births(e, c)
	}
	if fd := e.FD; fd != nil && fd.ScanTS > e.TS { // found in /proc just now
		r.scratch = scap.AppendFD(r.scratch[:0], e.Thread.Leader().TID, fd)
		r.store.add(r.tree, kindFD, 0, r.scratch)
	}
	k := kindEvent
	if !shown {
		k = kindState
	}
	if !r.store.add(r.tree, k, e.CPU, scap.Encoded(&r.scratch, &e.Event)) {
		r.store.refused++
		return
	}
	c.events++
	c.last = max(c.last, e.TS)
	r.tree.last = max(r.tree.last, e.TS)
}

// births notes threads that the event makes: a file does without their images.
// Others that turn up by the event were missed, or changed their tree.
func (r *Recorder) births(e *state.Event, c *segment) {
	t := e.Thread
	if !state.IsClone(e.Type) {
		r.image(t)
		return
	}
	res, ok := e.Res()
	if ok && res == 0 && t.Mark != c.num {
		r.birth(t, c)
	}
	r.image(t)
	if !ok || res <= 0 {
		return
	}
	if n := r.state.Thread(res); n != nil && n.Start == e.TS && n.Mark == 0 && r.state.Tree(n) == r.tree.id {
		r.birth(n, c)
	}
}

func (r *Recorder) birth(t *state.Thread, c *segment) {
	r.scratch = appendTID(r.scratch[:0], t.TID)
	if r.store.add(r.tree, kindBirth, 0, r.scratch) {
		t.Mark = c.num
	}
}

// image keeps a thread as it is, once a segment.
func (r *Recorder) image(t *state.Thread) {
	if c := r.tree.current(); t.Mark != c.num {
		r.scratch = scap.AppendImage(r.scratch[:0], t, r.store.maxFDs)
		if r.store.add(r.tree, kindImage, 0, r.scratch) {
			t.Mark = c.num
		}
	}
}

// Stop ends all files and forgets everything, until events come again.
func (r *Recorder) Stop(end End) {
	r.finish(end)
	r.store.clear()
	r.state = nil
}

// Following returns how many files wait for more events.
func (r *Recorder) Following() int { return len(r.dumps) }

// await waits until some segment has been read.
func (r *Recorder) await() bool {
	if r.reading.Load() == 0 {
		return false
	}
	<-r.read
	return true
}

// SPDX-License-Identifier: Apache-2.0

package state

import (
	"time"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Defaults of Options.
const (
	DefaultMaxThreads = 1 << 18
	DefaultMaxBytes   = 512 << 20
	DefaultMaxFDs     = 1 << 20
	DefaultLookups    = 1000
)

// Options sets the bounds of a State. The zero value is that of a capture.
type Options struct {
	Proc       string        // root of /proc of the live host; empty: nothing is ever read
	Etc        string        // directory of passwd and group; empty: users come from events only
	Now        func() uint64 // clock of the events, ns since the epoch; default the wall clock
	MaxThreads int           // threads kept
	MaxBytes   int64         // bytes of all tables
	MaxFDs     int           // descriptors of one process
	Lookups    int           // reads of /proc on demand per second of event time
	ReadUsers  func(*Thread) // called when the users of the thread's container were read, which no event tells; nil = nobody
}

// Stats are the counters of a State.
type Stats struct {
	Threads, FDs int   // now
	Containers   int   // now
	Bytes        int64 // now, estimated

	Evicted        uint64 // threads that went because of the bounds
	MissedThreads  uint64 // threads first met by an event of theirs, and not by a clone or scan
	MissedParents  uint64 // clones whose parent is not known
	MissedExits    uint64 // threads whose id came back without an exit
	LateClones     uint64 // clones told by the parent after the child was gone
	UnknownFDs     uint64 // events on a descriptor that is not known
	RefusedFDs     uint64 // descriptors above MaxFDs
	ProcLookups    uint64 // reads of /proc on demand
	ProcMisses     uint64 // of these for what was gone already
	LookupsRefused uint64 // reads of /proc on demand that Lookups forbade
	ScanErrors     uint64 // processes that could not be read by ScanProc
	BadContainers  uint64 // container events that could not be read

	EvictedContainers uint64 // containers that went because there were too many
}

const ebadf = -9

// startSlack is how far /proc may be off about the start of a thread, in ns.
const startSlack = 50e6

// State is the picture of one host.
type State struct {
	opt     Options
	threads map[int64]*Thread
	groups  map[int64]*group

	containers map[string]*Container // by short id
	last       *Thread               // of the last event
	oldest     *Thread               // ends of the list by use
	newest     *Thread
	nobody     Thread // of events without thread
	intern     *interner
	users      users
	ifaces     []Interface
	ghosts     ghosts
	scratch    []byte
	trees      uint64 // number of the last process tree

	bytes   int64
	numFDs  int
	gen     uint64
	lineage uint64
	first   uint64 // time of the first event that is no meta event
	stats   Stats
	second  uint64 // of event time, for Lookups
	lookups int
	net     sockets // of the running or last scan
	boot    uint64  // time of boot, once known
}

// Event is an event with what it is about. It is meant to be used again and
// again: decode, Update, rules, Done.
type Event struct {
	event.Event
	State   *State
	Thread  *Thread // never nil after Update
	FD      *FD     // descriptor the event acts on, or nil
	FDNum   int64   // its number; meaningful with HasFD
	HasFD   bool    // the event names a descriptor, known or not
	OldName string  // name of FD before the event, with NameChanged
	Base64  bool    // texts of data buffers are to be base64; whoever makes the Event sets it

	NameChanged bool // the event gave FD its name
	closes      bool // Done closes FDNum
	exits       bool // Done drops Thread
}

// New returns an empty picture.
func New(opt Options) *State {
	setDefault(&opt.MaxThreads, DefaultMaxThreads)
	setDefault(&opt.MaxBytes, DefaultMaxBytes)
	setDefault(&opt.MaxFDs, DefaultMaxFDs)
	setDefault(&opt.Lookups, DefaultLookups)
	if opt.Now == nil {
		opt.Now = func() uint64 { return uint64(time.Now().UnixNano()) }
	}
	s := &State{
		opt:     opt,
		threads: map[int64]*Thread{},
		groups:  map[int64]*group{},

		containers: map[string]*Container{},
		intern:     newInterner(),
	}
	s.ghosts.init()
	return s
}

func setDefault[T int | int64](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Thread returns a thread of the table, or nil.
func (s *State) Thread(tid int64) *Thread { return s.threads[tid] }

// NumThreads returns the number of threads in the table.
func (s *State) NumThreads() int { return len(s.threads) }

// Threads calls f for every thread, in no order, until it returns false.
func (s *State) Threads(f func(*Thread) bool) {
	for _, t := range s.threads {
		if !f(t) {
			return
		}
	}
}

// FirstTS returns the time of the first event that is no meta event, 0 before
// it.
func (s *State) FirstTS() uint64 { return s.first }

// SetBootTime tells when the host was booted, ns since the epoch, for events that
// count from there.
func (s *State) SetBootTime(ts uint64) { s.boot = ts }

// sinceBoot is a time that was counted from boot; 0 when that is not known.
func (s *State) sinceBoot(ns uint64) uint64 {
	if ns == 0 || s.boot == 0 {
		return 0
	}
	return s.boot + ns
}

// Lineage moves whenever something changed that a descendant may see of its
// ancestors, or a thread changed its parent.
func (s *State) Lineage() uint64 { return s.lineage }

// Stats returns the counters.
func (s *State) Stats() Stats {
	st := s.stats
	st.Threads, st.FDs, st.Containers, st.Bytes = len(s.threads), s.numFDs, len(s.containers), s.bytes+s.users.bytes
	return st
}

// Update applies an event and fills in what it is about.
func (s *State) Update(e *Event) {
	s.Find(e)
	s.Apply(e)
}

// Find is the first half of Update: it fills in what the event is about, as it
// is before the event.
func (s *State) Find(e *Event) {
	e.State = s
	e.FD, e.FDNum, e.HasFD = nil, 0, false
	e.OldName, e.NameChanged = "", false
	e.closes, e.exits = false, false
	if s.first == 0 && e.Info().Category.Class() != schema.ECMetaevent {
		s.first = e.TS
	}
	s.findThread(e)
	s.findFD(e)
}

// Apply is the second half of Update.
func (s *State) Apply(e *Event) {
	if parse := parsers[e.Type]; parse != nil {
		parse(s, e)
	}
	if e.Thread.LastTS < e.TS {
		e.Thread.LastTS = e.TS
	}
}

// Done takes away what the event ended: closed descriptors, exited threads.
func (s *State) Done(e *Event) {
	if e.closes {
		s.closeFD(e.Thread, e.TS, e.FDNum)
	}
	if e.exits {
		s.finish(e.Thread)
	}
	if s.full() {
		s.shrink(s.last)
	}
}

// full tells whether the tables are beyond their bounds.
func (s *State) full() bool {
	return len(s.threads) > s.opt.MaxThreads || s.bytes+s.users.bytes > s.opt.MaxBytes
}

// findThread sets e.Thread. A thread that is not known is read from /proc, or
// made up: an event always has one.
func (s *State) findThread(e *Event) {
	if t := s.last; t != nil && t.TID == e.TID && e.TS >= t.ScanTS {
		e.Thread = t
		return
	}
	t := s.threads[e.TID]
	if t == nil && e.TID > 0 && provesThread(e) {
		t = s.missing(e)
	}
	if t == nil || e.TS < t.ScanTS && t.Start > e.TS+startSlack {
		// Unknown, or the scan found the next thread of that number.
		e.Thread = s.none(e.TID)
		return
	}
	s.use(t)
	s.last, e.Thread = t, t
}

// provesThread tells whether an event shows that its thread is there and ought
// to be known. A child's own clone event makes its thread by itself.
func provesThread(e *Event) bool {
	info := e.Info()
	if info.Flags&schema.EFSkipParseReset != 0 || info.Category.Class() == schema.ECMetaevent {
		return false
	}
	if IsClone(e.Type) {
		res, ok := e.Res()
		return ok && res > 0
	}
	return true
}

// none returns the stand-in for a thread that is not in the table.
func (s *State) none(tid int64) *Thread {
	s.nobody = Thread{
		TID: tid, PID: -1, PTID: -1, VTID: -1, VPID: -1, SID: -1, PGID: -1, VPGID: -1,
		UID: NoID, GID: NoID, LoginUID: NoID,
	}
	return &s.nobody
}

// missing makes up for a thread that was never seen.
func (s *State) missing(e *Event) *Thread {
	s.stats.MissedThreads++
	if e.Type != schema.EvProcexit1E {
		if t := s.lookupThread(e.TID, e.TS); t != nil {
			return t
		}
	}
	return s.guess(e.TID)
}

// guess adds a thread of which nothing but the number is known.
func (s *State) guess(tid int64) *Thread {
	t := &Thread{
		TID: tid, PID: -1, PTID: -1, VTID: -1, VPID: -1, SID: -1, PGID: -1, VPGID: -1,
		Comm: unknownText, Exe: unknownText, Cwd: "./",
		UID: NoID, GID: NoID, LoginUID: NoID, guessed: true,
	}
	s.add(t)
	return t
}

// findFD sets the descriptor that the event names.
func (s *State) findFD(e *Event) {
	i := int(fdParams[e.Type]) - 1
	if i < 0 {
		return
	}
	num, ok := e.Int(i)
	if !ok {
		num = -1
	}
	e.HasFD, e.FDNum = true, num
	if num < 0 {
		return
	}
	if e.FD = e.Thread.FD(num); e.FD != nil {
		return
	}
	if res, _ := e.Res(); res == ebadf {
		return
	}
	s.stats.UnknownFDs++
	if e.TS >= e.Thread.ScanTS {
		// Otherwise the scan would have found it: what is there now is another.
		e.FD = s.lookupFD(e.Thread, num, e.TS)
	}
}

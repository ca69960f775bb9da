// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// host feeds encoded events to a State, from a buffer that is overwritten after
// each: whatever kept a piece of it shows.
type host struct {
	t   *testing.T
	s   *State
	e   Event
	ts  uint64
	buf []byte
}

func newHost(t *testing.T, opt Options) *host {
	t.Helper()
	return &host{t: t, s: New(opt), ts: 1000}
}

// ev applies one event of thread tid; params is "name=text; name=text".
func (h *host) ev(typ schema.EventType, tid int64, params string) *Event {
	h.t.Helper()
	h.ts++
	return h.at(h.ts, typ, tid, params)
}

func (h *host) at(ts uint64, typ schema.EventType, tid int64, params string) *Event {
	h.t.Helper()
	h.begin(ts, typ, tid, params)
	h.s.Done(&h.e)
	h.poison()
	return &h.e
}

// begin stops before Done.
func (h *host) begin(ts uint64, typ schema.EventType, tid int64, params string) *Event {
	h.t.Helper()
	raw, err := event.Encode(h.buf[:0], typ, ts, tid, parseParams(params))
	if err != nil {
		h.t.Fatal(err)
	}
	h.buf = raw
	if err := h.e.Decode(raw); err != nil {
		h.t.Fatal(err)
	}
	h.s.Update(&h.e)
	return &h.e
}

func (h *host) poison() {
	for i := range h.buf {
		h.buf[i] = 0xdb
	}
}

func parseParams(s string) map[string]string {
	m := map[string]string{}
	for item := range strings.SplitSeq(s, ";") {
		if k, v, ok := strings.Cut(strings.TrimSpace(item), "="); ok {
			m[k] = v
		}
	}
	return m
}

// fork tells both sides of a fork, the child first as a rule.
func (h *host) fork(parent, child int64) {
	h.t.Helper()
	h.forkChild(parent, child)
	h.forkParent(parent, child)
}

func (h *host) forkChild(parent, child int64) {
	h.t.Helper()
	h.ev(schema.EvSyscallFork20X, child, fmt.Sprintf("res=0; tid=%d; pid=%d; ptid=%d; comm=sh; exe=sh; flags=0", child, child, parent))
}

func (h *host) forkParent(parent, child int64) {
	h.t.Helper()
	h.ev(schema.EvSyscallFork20X, parent, fmt.Sprintf("res=%d; tid=%d; pid=%d; flags=0; comm=sh; exe=sh", child, parent, parent))
}

func (h *host) thread(leader, tid int64) {
	h.t.Helper()
	h.ev(schema.EvSyscallClone20X, tid, fmt.Sprintf("res=0; tid=%d; pid=%d; ptid=1; comm=sh; flags=CLONE_THREAD|CLONE_FILES|CLONE_FS", tid, leader))
	h.ev(schema.EvSyscallClone20X, leader, fmt.Sprintf("res=%d; tid=%d; pid=%d; flags=CLONE_THREAD|CLONE_FILES|CLONE_FS", tid, leader, leader))
}

func (h *host) exec(tid int64, exe string) {
	h.t.Helper()
	name := exe[strings.LastIndexByte(exe, '/')+1:]
	h.ev(schema.EvSyscallExecve19X, tid, fmt.Sprintf("res=0; exe=%s; args=-x 'a b'; tid=%d; pid=%d; comm=%s; env=A=1 B=; trusted_exepath=%s; uid=0; gid=0", exe, tid, tid, name, exe))
}

func (h *host) exit(tid int64) {
	h.t.Helper()
	h.ev(schema.EvProcexit1E, tid, "status=0; reaper_tid=0")
}

func (h *host) open(tid, fd int64, name string) {
	h.t.Helper()
	h.ev(schema.EvSyscallOpenX, tid, fmt.Sprintf("fd=%d; name=%s; flags=O_RDONLY", fd, name))
}

func (h *host) close(tid, fd int64) {
	h.t.Helper()
	h.ev(schema.EvSyscallCloseX, tid, fmt.Sprintf("res=0; fd=%d", fd))
}

// init adds the first process, and a shell below it.
func (h *host) init() *host {
	h.s.AddThread(Thread{TID: 1, PID: 1, VTID: 1, VPID: 1, SID: 1, PGID: 1, VPGID: 1, Comm: "init", Exe: "/sbin/init", ExePath: "/sbin/init", Cwd: "/"})
	h.s.AddThread(Thread{TID: 10, PID: 10, PTID: 1, VTID: 10, VPID: 10, SID: 10, PGID: 10, VPGID: 10, Comm: "bash", Exe: "bash", ExePath: "/bin/bash", Cwd: "/root/", UID: 0})
	h.s.LinkParents()
	return h
}

// fds prints the descriptors of a process.
func (h *host) fds(tid int64) string {
	h.t.Helper()
	var b strings.Builder
	for fd := range h.s.Thread(tid).FDs() {
		fmt.Fprintf(&b, "%d:%s:%s ", fd.Num, fd.Type.Char(), fd.Name)
	}
	return strings.TrimSpace(b.String())
}

func (h *host) wantFDs(tid int64, want string) {
	h.t.Helper()
	if got := h.fds(tid); got != want {
		h.t.Errorf("fds of %d: got %q, want %q", tid, got, want)
	}
}

// line prints the ancestors of a thread, itself first.
func (h *host) line(tid int64) string {
	h.t.Helper()
	t := h.s.Thread(tid)
	if t == nil {
		return "none"
	}
	names := []string{t.Comm}
	for a := range t.Ancestors() {
		names = append(names, a.Comm)
	}
	return strings.Join(names, "<")
}

func (h *host) wantLine(tid int64, want string) {
	h.t.Helper()
	if got := h.line(tid); got != want {
		h.t.Errorf("ancestors of %d: got %q, want %q", tid, got, want)
	}
}

// check proves the books: links go both ways, sums are right.
func (h *host) check() {
	h.t.Helper()
	if err := h.s.verify(); err != nil {
		h.t.Error(err)
	}
}

// verify walks all tables.
func (s *State) verify() error {
	var bytes int64
	fds := 0
	tables := map[*table]int{}
	users := map[*files]int{}
	refs := map[*FD]int{}
	n := 0
	for t := s.oldest; t != nil; t = t.newer {
		n++
		if s.threads[t.TID] != t {
			return fmt.Errorf("thread %d is listed but not in the table", t.TID)
		}
	}
	if n != len(s.threads) {
		return fmt.Errorf("%d threads by use, %d in the table", n, len(s.threads))
	}
	for tid, t := range s.threads {
		if t.TID != tid || t.group == nil {
			return fmt.Errorf("thread %d in the place of %d, group %v", t.TID, tid, t.group)
		}
		bytes += t.bytes
		if t.files != nil {
			users[t.files]++
		}
		for c := t.children; c != nil; c = c.sibNext {
			if c.parent != t {
				return fmt.Errorf("child %d of %d has another parent", c.TID, tid)
			}
		}
	}
	inside := map[*Container]int{}
	for _, t := range s.threads {
		inside[t.container]++
	}
	for id, c := range s.containers {
		if c.ID != id || c.refs != inside[c] {
			return fmt.Errorf("container %s in the place of %s with %d threads, %d counted", c.ID, id, c.refs, inside[c])
		}
		bytes += containerBytes + int64(len(c.ID)+len(c.FullID)) + c.Meta.size() + c.users.bytes
	}
	for f, n := range users {
		if f.users != n {
			return fmt.Errorf("files with %d users, %d counted", f.users, n)
		}
		tables[f.tab]++
	}
	for tab, n := range tables {
		if tab.refs != n {
			return fmt.Errorf("table with %d refs, %d counted", tab.refs, n)
		}
		fds += tab.num
		bytes += tableBytes + int64(tab.num)*slotBytes
		m := 0
		for fd := range tab.all() {
			m++
			refs[fd]++
		}
		if m != tab.num {
			return fmt.Errorf("table of %d with %d entries", tab.num, m)
		}
	}
	for fd, n := range refs {
		if int(fd.refs) != n {
			return fmt.Errorf("fd %d %q with %d refs, %d counted", fd.Num, fd.Name, fd.refs, n)
		}
		bytes += fdSize(fd)
	}
	if fds != s.numFDs || bytes != s.bytes {
		return fmt.Errorf("%d fds and %d bytes on the books, %d and %d counted", s.numFDs, s.bytes, fds, bytes)
	}
	return s.verifyGroups()
}

func (s *State) verifyGroups() error {
	total := 0
	for pid, g := range s.groups {
		num, alive := 0, 0
		for m := g.first; m != nil; m = m.grpNext {
			num++
			if !m.dead {
				alive++
			}
			if m.group != g {
				return fmt.Errorf("thread %d in the wrong group", m.TID)
			}
		}
		if g.pid != pid || num != g.num || alive != g.alive || num == 0 {
			return fmt.Errorf("group %d: %d threads and %d alive on the books, %d and %d counted", pid, g.num, g.alive, num, alive)
		}
		total += num
	}
	if total != len(s.threads) {
		return fmt.Errorf("%d threads in groups, %d in the table", total, len(s.threads))
	}
	return nil
}

func TestForkExecExit(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.open(10, 3, "rel/../file")
	h.fork(10, 20)
	c := h.s.Thread(20)
	if c.PTID != 10 || c.PID != 20 || c.SID != 10 || c.PGID != 10 || c.Cwd != "/root/" || c.ExePath != "/bin/bash" || c.VTID != 20 {
		t.Errorf("child: got %+v", c)
	}
	h.wantLine(20, "sh<bash<init")
	h.wantFDs(20, "3:f:/root/file")
	h.exec(20, "/usr/bin/cat")
	if c != h.s.Thread(20) || c.Comm != "cat" || c.ExePath != "/usr/bin/cat" || c.Cmdline() != "cat -x a b" {
		t.Errorf("after exec: got %s %s %q", c.Comm, c.ExePath, c.Cmdline())
	}
	if v, ok := c.Getenv("A"); v != "1" || !ok {
		t.Errorf("Getenv(A): got %q %v", v, ok)
	}
	if v, ok := c.Getenv("B"); v != "" || !ok {
		t.Errorf("Getenv(B): got %q %v", v, ok)
	}
	if diff := cmp.Diff([]string{"-x", "a b"}, c.Args); diff != "" {
		t.Error(diff)
	}
	if got := string(c.AppendExeline(nil)); got != "/usr/bin/cat -x a b" {
		t.Errorf("exeline: got %q", got)
	}
	e := h.begin(h.ts+1, schema.EvProcexit1E, 20, "status=0")
	if e.Thread != c || h.s.Thread(20) != c {
		t.Error("the thread is gone before Done")
	}
	h.s.Done(e)
	if h.s.Thread(20) != nil || h.s.Stats().Threads != 2 {
		t.Error("the thread is there after Done")
	}
	h.check()
}

func TestCloneOrders(t *testing.T) {
	tests := []struct {
		name string
		run  func(h *host)
		want string // ancestors of 20
		late uint64
	}{
		{"child first", func(h *host) { h.forkChild(10, 20); h.forkParent(10, 20) }, "sh<bash<init", 0},
		{"parent first", func(h *host) { h.forkParent(10, 20); h.forkChild(10, 20) }, "sh<bash<init", 0},
		{"parent only", func(h *host) { h.forkParent(10, 20) }, "bash<bash<init", 0},
		{"child only", func(h *host) { h.forkChild(10, 20) }, "sh<bash<init", 0},
		{"exec before parent", func(h *host) { h.forkChild(10, 20); h.exec(20, "/bin/cat"); h.forkParent(10, 20) }, "cat<bash<init", 0},
		{"gone before parent", func(h *host) { h.forkChild(10, 20); h.exit(20); h.forkParent(10, 20) }, "none", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t, Options{}).init()
			tt.run(h)
			h.wantLine(20, tt.want)
			if st := h.s.Stats(); st.LateClones != tt.late || st.MissedExits != 0 {
				t.Errorf("stats: got %+v", st)
			}
			h.check()
		})
	}
}

// TestCloneFlags: what either side says of how a thread was made counts.
func TestCloneFlags(t *testing.T) {
	const params = "res=%d; tid=%d; pid=10; ptid=1; comm=t; flags=%s"
	child := func(h *host) {
		h.ev(schema.EvSyscallClone3X, 20, fmt.Sprintf(params, 0, 20, "CLONE_FILES|CLONE_FS|CLONE_THREAD"))
	}
	parent := func(h *host) {
		h.ev(schema.EvSyscallClone3X, 10, fmt.Sprintf(params, 20, 10, "CLONE_FILES|CLONE_FS|CLONE_THREAD|CLONE_SETTLS"))
	}
	for _, order := range [][]func(*host){{child, parent}, {parent, child}} {
		h := newHost(t, Options{}).init()
		for _, side := range order {
			side(h)
		}
		want := uint32(schema.PPM_CL_CLONE_FILES | schema.PPM_CL_CLONE_FS | schema.PPM_CL_CLONE_THREAD | schema.PPM_CL_CLONE_SETTLS)
		if got := h.s.Thread(20).Flags; got != want {
			t.Errorf("flags: got %#x, want %#x", got, want)
		}
	}
}

func TestPidReuse(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.fork(10, 20)
	h.exec(20, "/bin/old")
	h.open(20, 3, "/old")
	h.thread(20, 21)
	h.fork(10, 20) // the exit of 20 was lost
	h.wantLine(20, "sh<bash<init")
	h.wantFDs(20, "")
	if h.s.Thread(21) != nil {
		t.Error("a thread of the old process is left")
	}
	if n := h.s.Stats().MissedExits; n != 1 {
		t.Errorf("missed exits: got %d", n)
	}
	h.check()
}

func TestThreads(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.fork(10, 20)
	h.exec(20, "/bin/srv")
	h.thread(20, 21)
	h.thread(20, 22)
	if n := h.s.Thread(21).NumThreads(); n != 3 {
		t.Errorf("threads: got %d", n)
	}
	h.open(21, 3, "/x")
	h.wantFDs(22, "3:f:/x")
	h.ev(schema.EvSyscallChdirX, 22, "res=0; path=/tmp")
	if l, m := h.s.Thread(20), h.s.Thread(21); l.Cwd != "/tmp/" || m.Cwd != "/tmp/" {
		t.Errorf("cwd: got %q and %q", l.Cwd, m.Cwd)
	}
	h.ev(schema.EvSyscallPrctlX, 21, "res=0; option=PR_SET_NAME; arg2_str=worker")
	if l, m := h.s.Thread(20), h.s.Thread(21); l.Comm != "srv" || m.Comm != "worker" || m.Cmdline() != "worker -x a b" {
		t.Errorf("names: got %q and %q", l.Comm, m.Comm)
	}
	// A child of a thread has the thread as parent and the process as ancestor.
	h.fork(21, 30)
	if c := h.s.Thread(30); c.PTID != 21 || c.Ancestor(1).TID != 20 || c.PPID() != 20 {
		t.Errorf("child of a thread: parent %d, ancestor %v", c.PTID, c.Ancestor(1))
	}
	h.wantFDs(30, "3:f:/x")
	// The thread goes: another one of the process adopts.
	h.exit(21)
	if c := h.s.Thread(30); c.Parent() == nil || c.Parent().PID != 20 {
		t.Errorf("after the thread's exit: parent %v", c.Parent())
	}
	// The main thread goes first and stays for the other.
	h.exit(20)
	if l := h.s.Thread(20); l == nil || h.s.Thread(22).Leader() != l || l.NumThreads() != 1 {
		t.Error("the main thread did not wait for the last one")
	}
	h.exit(22)
	if h.s.Thread(20) != nil || h.s.Thread(22) != nil {
		t.Error("the process is not gone")
	}
	h.wantLine(30, "sh<init")
	h.check()
}

func TestExecFromThread(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.fork(10, 20)
	h.open(20, 3, "/keep")
	h.thread(20, 21)
	h.thread(20, 22)
	h.fork(22, 30)
	h.exit(20) // the kernel ends the main thread, then gives its number to 21
	h.exec(20, "/bin/new")
	h.wantLine(20, "new<bash<init")
	h.wantFDs(20, "3:f:/keep")
	if h.s.Thread(21) != nil || h.s.Thread(22) != nil || h.s.Thread(20).NumThreads() != 1 {
		t.Error("other threads outlived the exec")
	}
	if p := h.s.Thread(30).Parent(); p == nil || p.TID != 20 {
		t.Errorf("child of a dead thread: parent %v", p)
	}
	h.check()
}

func TestReparent(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.fork(10, 20)
	h.ev(schema.EvSyscallPrctlX, 20, "res=0; option=PR_SET_CHILD_SUBREAPER; arg2_int=1")
	h.fork(20, 30)
	h.fork(30, 40)
	h.fork(30, 41)
	h.exit(30)
	for _, tid := range []int64{40, 41} {
		if p := h.s.Thread(tid).PTID; p != 20 {
			t.Errorf("parent of %d: got %d, want the subreaper", tid, p)
		}
	}
	h.ev(schema.EvProcexit1E, 20, "status=0; reaper_tid=10")
	if p := h.s.Thread(40).PTID; p != 10 {
		t.Errorf("parent of 40: got %d, want what the event said", p)
	}
	if n := h.s.Thread(10).NumChildren(); n != 2 {
		t.Errorf("children of 10: got %d", n)
	}
	h.exit(10)
	h.wantLine(41, "sh<init")
	h.check()
}

// A process tells of its end before its children change hands: their events still name it.
func TestOrphanNamesItsParent(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.fork(10, 20)
	h.ev(schema.EvSyscallClone20X, 20, "res=30; tid=20; pid=20; ptid=10; flags=0; comm=sh")
	h.ev(schema.EvProcexit1E, 20, "status=0; reaper_tid=1")
	h.ev(schema.EvSyscallClone20X, 30, "res=0; tid=30; pid=30; ptid=20; flags=0; comm=sh")
	h.wantLine(30, "sh<init")
	h.check()
}

func TestPidNamespace(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.ev(schema.EvSyscallClone20X, 20, "res=0; tid=20; pid=20; ptid=10; comm=pause; flags=CLONE_CHILD_IN_PIDNS; vtid=1; vpid=1")
	h.ev(schema.EvSyscallClone20X, 10, "res=20; tid=10; pid=10; flags=CLONE_CHILD_IN_PIDNS; comm=bash")
	// The caller is told the number of its own namespace.
	h.ev(schema.EvSyscallFork20X, 20, "res=7; tid=20; pid=20; vtid=1; vpid=1; flags=0")
	if h.s.Thread(7) != nil {
		t.Error("a number of another namespace became a thread")
	}
	h.ev(schema.EvSyscallFork20X, 27, "res=0; tid=27; pid=27; ptid=20; vtid=7; vpid=7; flags=0; comm=app")
	if c := h.s.Thread(27); c.VTID != 7 || c.VPID != 7 {
		t.Errorf("child: got %d %d", c.VTID, c.VPID)
	}
	h.wantLine(27, "app<pause<bash<init")
	h.check()
}

func TestMissed(t *testing.T) {
	h := newHost(t, Options{}).init()
	e := h.ev(schema.EvSyscallReadX, 99, "res=1; fd=3; size=1")
	if e.Thread == nil || e.Thread.Comm != "<NA>" || e.Thread.PID != -1 || !e.Thread.Known() || e.FD != nil || e.FDNum != 3 {
		t.Errorf("event of an unknown thread: got %+v", e.Thread)
	}
	h.exec(99, "/bin/late")
	h.wantLine(99, "late")
	if c := h.s.Thread(99); c.PID != 99 || !c.IsMain() {
		t.Errorf("after exec: got %+v", c)
	}
	h.forkChild(500, 501)
	h.wantLine(501, "sh")
	h.fork(600, 601) // the parent's own event tells of the parent
	if c := h.s.Thread(601); c.PTID != 600 {
		t.Errorf("child: parent %d", c.PTID)
	}
	e = h.ev(schema.EvUserAddedE, -1, "uid=7; gid=7; name=u; home=/home/u; shell=/bin/sh")
	if e.Thread == nil || e.Thread.Known() || h.s.Thread(-1) != nil {
		t.Error("a meta event made a thread")
	}
	if u, ok := h.s.User(nil, 7); u.Name != "u" || !ok {
		t.Errorf("UserName: got %q %v", u.Name, ok)
	}
	h.exit(77)
	if h.s.Thread(77) != nil {
		t.Error("an exit made a thread")
	}
	if st := h.s.Stats(); st.MissedThreads != 3 || st.MissedParents != 2 {
		t.Errorf("stats: got %+v", st)
	}
	h.check()
}

func TestIdentity(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.fork(10, 20)
	c := h.s.Thread(20)
	gen := c.Gen
	h.ev(schema.EvSyscallSetsidX, 20, "res=20")
	h.ev(schema.EvSyscallSetuidX, 20, "res=0; uid=1000")
	h.ev(schema.EvSyscallSetresuidX, 20, "res=0; ruid=1; euid=1001; suid=1")
	h.ev(schema.EvSyscallSetreuidX, 20, "res=0; ruid=1; euid=-1")
	h.ev(schema.EvSyscallSetuidX, 20, "res=EPERM; uid=0")
	h.ev(schema.EvSyscallSetresgidX, 20, "res=0; rgid=1; egid=5; sgid=1")
	h.ev(schema.EvSyscallCapsetX, 20, "res=0; cap_inheritable=1; cap_permitted=2; cap_effective=4")
	if c.SID != 20 || c.PGID != 20 || c.UID != 1001 || c.GID != 5 || c.CapEffective != 4 || c.Gen == gen {
		t.Errorf("got %+v", c)
	}
	h.fork(20, 30)
	h.ev(schema.EvSyscallSetpgidX, 20, "res=0; pid=30; pgid=0")
	if g := h.s.Thread(30); g.PGID != 30 || g.SID != 20 || g.UID != 1001 {
		t.Errorf("group of 30: got %d, session %d", g.PGID, g.SID)
	}
	h.exec(20, "/bin/login-sh")
	if l := h.s.Thread(30).SessionLeader(); l.TID != 20 {
		t.Errorf("session leader: got %d", l.TID)
	}
	if l := h.s.Thread(30).LoginShell(); l == nil || l.TID != 10 {
		t.Errorf("login shell: got %v", l)
	}
	h.exit(20)
	if l := h.s.Thread(30).SessionLeader(); l.TID != 30 {
		t.Errorf("session leader after its exit: got %d", l.TID)
	}
}

func TestParamIndexes(t *testing.T) {
	tests := []struct {
		typ   schema.EventType
		names map[int]string
	}{
		{schema.EvSyscallExecve19X, map[int]string{execRes: "res", execExe: "exe", execArgs: "args", execTID: "tid", execPID: "pid", execPTID: "ptid", execCwd: "cwd",
			execFDLimit: "fdlimit", execPFMajor: "pgft_maj", execVMSwap: "vm_swap", execComm: "comm", execCgroups: "cgroups", execEnv: "env", execTTY: "tty", execVPGID: "vpgid",
			execLoginUID: "loginuid", execFlags: "flags", execCapInheritable: "cap_inheritable", execCapPermitted: "cap_permitted", execCapEffective: "cap_effective",
			execExeIno: "exe_ino", execExeCtime: "exe_ino_ctime", execExeMtime: "exe_ino_mtime", execUID: "uid", execExePath: "trusted_exepath", execPGID: "pgid", execGID: "gid", execFilename: "filename"}},
		{schema.EvSyscallExecveatX, map[int]string{execExe: "exe", execComm: "comm", execEnv: "env", execExePath: "trusted_exepath", execGID: "gid"}},
		{schema.EvSyscallClone20X, map[int]string{cloneRes: "res", cloneExe: "exe", cloneArgs: "args", cloneTID: "tid", clonePID: "pid", clonePTID: "ptid", cloneCwd: "cwd", cloneFDLimit: "fdlimit",
			clonePFMajor: "pgft_maj", cloneVMSwap: "vm_swap", cloneComm: "comm", cloneCgroups: "cgroups", cloneFlags: "flags", cloneUID: "uid", cloneGID: "gid", cloneVTID: "vtid", cloneVPID: "vpid", clonePidNSStart: "pidns_init_start_ts"}},
		{schema.EvSyscallClone3X, map[int]string{cloneComm: "comm", cloneFlags: "flags", cloneVPID: "vpid"}},
		{schema.EvSyscallFork20X, map[int]string{cloneComm: "comm", cloneFlags: "flags", cloneVPID: "vpid"}},
		{schema.EvSyscallVfork20X, map[int]string{cloneComm: "comm", cloneFlags: "flags", cloneVPID: "vpid"}},
		{schema.EvProcexit1E, map[int]string{exitReaper: "reaper_tid"}},
		{schema.EvSyscallPrctlX, map[int]string{1: "option", 2: "arg2_str", 3: "arg2_int"}},
		{schema.EvSyscallSetpgidX, map[int]string{1: "pid", 2: "pgid"}},
		{schema.EvSyscallSetreuidX, map[int]string{2: "euid"}},
		{schema.EvSyscallSetresuidX, map[int]string{2: "euid"}},
		{schema.EvSyscallSetregidX, map[int]string{2: "egid"}},
		{schema.EvSyscallSetresgidX, map[int]string{2: "egid"}},
		{schema.EvSyscallOpenX, map[int]string{0: "fd", 1: "name", 2: "flags", 4: "dev", 5: "ino"}},
		{schema.EvSyscallOpenat_2_X, map[int]string{1: "dirfd", 2: "name", 3: "flags", 5: "dev", 6: "ino"}},
		{schema.EvSyscallOpenat2_X, map[int]string{1: "dirfd", 2: "name", 3: "flags", 6: "dev", 7: "ino"}},
		{schema.EvSyscallCreatX, map[int]string{1: "name", 3: "dev", 4: "ino", creatFlags: "creat_flags"}},
		{schema.EvSyscallOpenByHandleAtX, map[int]string{2: "flags", 3: "path", 4: "dev", 5: "ino"}},
		{schema.EvSyscallFcntlX, map[int]string{1: "fd", 2: "cmd", 3: "arg"}},
		{schema.EvSyscallPipe2X, map[int]string{1: "fd1", 2: "fd2", 3: "ino", 4: "flags"}},
		{schema.EvSocketSocketX, map[int]string{1: "domain", 2: "type", 3: "proto"}},
		{schema.EvSocketSocketpairX, map[int]string{1: "fd1", 2: "fd2", 3: "source", 4: "peer", 6: "type"}},
		{schema.EvSocketBindX, map[int]string{1: "addr", 2: "fd"}},
		{schema.EvSocketConnectX, map[int]string{1: "tuple", 2: "fd", 3: "addr"}},
		{schema.EvSocketAccept46X, map[int]string{0: "fd", 1: "tuple", 5: "flags"}},
		{schema.EvUserAddedE, map[int]string{0: "uid", 1: "gid", 2: "name", 3: "home", 4: "shell", 5: "container_id"}},
		{schema.EvGroupAddedE, map[int]string{0: "gid", 1: "name", 2: "container_id"}},
	}
	for _, tt := range tests {
		for i, want := range tt.names {
			if got := tt.typ.Info().Params[i].Name; got != want {
				t.Errorf("%s: parameter %d is %s, want %s", tt.typ.Info().Code, i, got, want)
			}
		}
	}
}

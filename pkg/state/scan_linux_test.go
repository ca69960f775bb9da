// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// fakeProc is a /proc of our own making.
type fakeProc struct {
	t    *testing.T
	root string
}

func newFakeProc(t *testing.T) *fakeProc {
	p := &fakeProc{t, t.TempDir()}
	p.write("uptime", "0 0")
	return p
}

func (p *fakeProc) write(path, text string) {
	p.t.Helper()
	full := filepath.Join(p.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *fakeProc) link(path, to string) {
	p.t.Helper()
	full := filepath.Join(p.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		p.t.Fatal(err)
	}
	os.Remove(full)
	if err := os.Symlink(to, full); err != nil {
		p.t.Fatal(err)
	}
}

func (p *fakeProc) remove(path string) {
	if err := os.RemoveAll(filepath.Join(p.root, path)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *fakeProc) task(dir string, pid, tid, ppid int64, comm string, state byte) {
	p.write(dir+"/stat", fmt.Sprintf("%d (%s) %c %d %d %d 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 0 0 0", tid, comm, state, ppid, pid, pid))
	p.write(dir+"/status", fmt.Sprintf("Name:\t%s\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nUid:\t1\t1000\t1\t1\nGid:\t1\t1001\t1\t1\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nVmSize:\t 44 kB\nCapEff:\tff\n",
		comm, pid, tid, ppid, pid, tid, pid))
}

// process adds a process with the descriptors given.
func (p *fakeProc) process(pid, ppid int64, comm string, fds map[int64]string) {
	p.t.Helper()
	dir := strconv.FormatInt(pid, 10)
	p.task(dir, pid, pid, ppid, comm, 'S')
	p.task(dir+"/task/"+dir, pid, pid, ppid, comm, 'S')
	p.write(dir+"/cmdline", "/bin/"+comm+"\x00-a\x00")
	p.write(dir+"/environ", "HOME=/root\x00")
	p.write(dir+"/cgroup", "0::/init.scope\n")
	p.write(dir+"/limits", "Limit  Soft Hard Units\nMax open files            1024                 4096                 files\n")
	p.write(dir+"/loginuid", "4294967295")
	p.link(dir+"/exe", "/usr/bin/"+comm)
	p.link(dir+"/cwd", "/var")
	p.link(dir+"/root", "/")
	p.link(dir+"/ns/net", "net:[1]")
	p.write(dir+"/fd/.keep", "")
	for num, to := range fds {
		p.fd(pid, num, to)
	}
}

func (p *fakeProc) fd(pid, num int64, to string) {
	p.link(fmt.Sprintf("%d/fd/%d", pid, num), to)
	p.write(fmt.Sprintf("%d/fdinfo/%d", pid, num), "pos:\t0\nflags:\t02100001\nmnt_id:\t1\n")
}

// clock gives every reading its own time.
type clock uint64

func (c *clock) now() uint64 { *c++; return uint64(*c) }

func TestScanProc(t *testing.T) {
	p := newFakeProc(t)
	file := filepath.Join(p.root, "uptime")
	p.process(20, 10, "srv", map[int64]string{0: "/dev/null", 1: "pipe:[5]", 2: "socket:[11]", 3: file, 4: p.root, 5: "anon_inode:[eventpoll]", 6: "socket:[99]"})
	p.write("20/net/tcp", "h\n 0: 0100007F:0050 00000000:0000 0A 0:0 0:0 0 0 0 11 1\n")
	p.process(1, 0, "init", nil)
	p.process(10, 1, "sh", nil)
	p.task("20/task/21", 20, 21, 10, "worker", 'S')
	p.task("30", 30, 30, 10, "zombie", 'Z')
	p.task("30/task/30", 30, 30, 10, "zombie", 'Z')
	p.write("40/stat", "cut")
	p.process(50, 10, "leaving", nil)
	p.write("50/stat", "50 (leaving) R 10 50 50 0 -1 4194308 1 0 2 0 0 0 0 0 20 0 1 0 0 0 0") // PF_EXITING
	h := newHost(t, Options{Proc: p.root})
	if err := h.s.ScanProc(""); err != nil {
		t.Fatal(err)
	}
	h.wantLine(21, "worker<sh<init")
	c := h.s.Thread(20)
	if c.Exe != "/bin/srv" || c.Cmdline() != "srv -a" || c.ExePath != "/usr/bin/srv" || c.Cwd != "/var/" || c.Root != "/" ||
		c.UID != 1000 || c.GID != 1001 || c.FDLimit != 1024 || c.LoginUID != NoID || c.VMSize != 44 || c.CapEffective != 0xff || c.Cgroups[0] != "unified=/init.scope" {
		t.Errorf("process: got %+v", c)
	}
	h.wantFDs(21, fmt.Sprintf("0:f:/dev/null 1:p: 2:4:127.0.0.1:80 3:f:%s 4:d:%s 5:l: 6:o:", file, p.root))
	if f := c.FD(3); f.Ino == 0 || f.Flags != schema.PPM_O_WRONLY|schema.PPM_O_CLOEXEC {
		t.Errorf("file: got %+v", f)
	}
	if h.s.Thread(30) != nil || h.s.Thread(40) != nil || h.s.Thread(50) != nil {
		t.Error("a dead, dying or unreadable process is in the table")
	}
	if c.NumThreads() != 2 {
		t.Errorf("threads: got %d", c.NumThreads())
	}
	h.check()
}

func TestScanProcMissing(t *testing.T) {
	if err := New(Options{}).ScanProc(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("no error")
	}
}

// What /proc said at a time is not undone by an event from before.
func TestScanRace(t *testing.T) {
	const before, after = 10, 100_000
	scan := func(t *testing.T) *host {
		p := newFakeProc(t)
		p.process(1, 0, "init", nil)
		p.process(20, 1, "new", map[int64]string{3: "/scanned", 4: "pipe:[1]"})
		c := clock(1000)
		h := newHost(t, Options{Proc: p.root, Now: c.now})
		if err := h.s.ScanProc(""); err != nil {
			t.Fatal(err)
		}
		return h
	}
	tests := []struct {
		name   string
		typ    schema.EventType
		tid    int64
		params string
		before string // state after the event from before the scan
		after  string // and when the same event is from after it
	}{
		{"open", schema.EvSyscallOpenX, 20, "fd=3; name=/event", "new [3:f:/scanned 4:p:]", "new [3:f:/event 4:p:]"},
		{"open another", schema.EvSyscallOpenX, 20, "fd=5; name=/event", "new [3:f:/scanned 4:p: 5:f:/event]", "new [3:f:/scanned 4:p: 5:f:/event]"},
		{"close", schema.EvSyscallCloseX, 20, "res=0; fd=3", "new [3:f:/scanned 4:p:]", "new [4:p:]"},
		{"exec", schema.EvSyscallExecve19X, 20, "res=0; exe=x; pid=20; comm=x", "new [3:f:/scanned 4:p:]", "x []"},
		{"name", schema.EvSyscallPrctlX, 20, "res=0; option=PR_SET_NAME; arg2_str=y", "new [3:f:/scanned 4:p:]", "y [3:f:/scanned 4:p:]"},
		{"exit", schema.EvProcexit1E, 20, "status=0", "new [3:f:/scanned 4:p:]", "gone"},
		{"close range", schema.EvSyscallCloseRangeX, 20, "res=0; first=0; last=99", "new [3:f:/scanned 4:p:]", "new []"},
		{"connect", schema.EvSocketConnectX, 20, "res=0; fd=4; tuple=1.1.1.1:1->2.2.2.2:2", "new [3:f:/scanned 4:p:]", "new [3:f:/scanned 4:4:1.1.1.1:1->2.2.2.2:2]"},
		{"clone", schema.EvSyscallFork20X, 1, "res=20; tid=1; pid=1", "new [3:f:/scanned 4:p:]", "new [3:f:/scanned 4:p:]"},
		{"own clone", schema.EvSyscallFork20X, 20, "res=0; tid=20; pid=20; ptid=1; comm=z", "new [3:f:/scanned 4:p:]", "z [3:f:/scanned 4:p:]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range []struct {
				ts   uint64
				want string
			}{{before, tt.before}, {after, tt.after}} {
				h := scan(t)
				// The fd flags of the fake say close-on-exec for all.
				h.at(c.ts, tt.typ, tt.tid, tt.params)
				got := "gone"
				if th := h.s.Thread(20); th != nil {
					got = fmt.Sprintf("%s [%s]", th.Comm, h.fds(20))
				}
				if got != c.want {
					t.Errorf("at %d: got %s, want %s", c.ts, got, c.want)
				}
				h.check()
			}
		})
	}
}

// A descriptor that came and went between ENABLE and the scan leaves nothing.
func TestScanShortLived(t *testing.T) {
	p := newFakeProc(t)
	p.process(1, 0, "init", map[int64]string{3: "/now"})
	c := clock(1000)
	h := newHost(t, Options{Proc: p.root, Now: c.now})
	if err := h.s.ScanProc(""); err != nil {
		t.Fatal(err)
	}
	h.at(10, schema.EvSyscallOpenX, 1, "fd=3; name=/then")
	h.at(11, schema.EvSyscallCloseX, 1, "res=0; fd=3")
	h.at(12, schema.EvSyscallOpenX, 1, "fd=4; name=/short")
	h.wantFDs(1, "3:f:/now 4:f:/short")
	h.at(13, schema.EvSyscallCloseX, 1, "res=0; fd=4")
	h.wantFDs(1, "3:f:/now")
	// So does a process: its descriptors are as old as its fork.
	h.at(14, schema.EvSyscallFork20X, 50, "res=0; tid=50; pid=50; ptid=1; comm=short; flags=0")
	h.at(15, schema.EvSyscallCloseX, 50, "res=0; fd=3")
	h.wantFDs(50, "")
	h.at(16, schema.EvProcexit1E, 50, "status=0")
	h.at(17, schema.EvSyscallFork20X, 1, "res=50; tid=1; pid=1; flags=0")
	if h.s.Thread(50) != nil {
		t.Error("a process of before the scan is left")
	}
	h.check()
}

func TestLookup(t *testing.T) {
	p := newFakeProc(t)
	p.process(1, 0, "init", nil)
	c := clock(1000)
	h := newHost(t, Options{Proc: p.root, Now: c.now, Lookups: 100})
	if err := h.s.ScanProc(""); err != nil {
		t.Fatal(err)
	}
	// A process whose clone was lost.
	p.process(20, 1, "late", map[int64]string{3: "/three"})
	p.task("20/task/21", 20, 21, 1, "worker", 'S')
	e := h.at(5000, schema.EvSyscallReadX, 20, "res=1; fd=3")
	if e.Thread.Comm != "late" || e.FD == nil || e.FD.Name != "/three" {
		t.Errorf("lost clone: got %s %v", e.Thread.Comm, e.FD)
	}
	h.wantLine(21, "worker<init")
	// A thread, whose number is no entry of the root.
	p.task("22", 20, 22, 1, "second", 'S')
	p.task("20/task/22", 20, 22, 1, "second", 'S')
	e = h.at(5001, schema.EvSyscallReadX, 22, "res=1; fd=3")
	if e.Thread.Comm != "second" || e.Thread.PID != 20 || e.FD == nil {
		t.Errorf("lost thread: got %s %v", e.Thread.Comm, e.FD)
	}
	// A descriptor that came another way.
	p.fd(20, 9, "/nine")
	e = h.at(5002, schema.EvSyscallReadX, 20, "res=1; fd=9")
	if e.FD == nil || e.FD.Name != "/nine" {
		t.Errorf("lost descriptor: got %v", e.FD)
	}
	// The numbers of a child inside a namespace.
	p.write("30/status", "Tgid:\t30\nNStgid:\t30\t5\nNSpid:\t30\t5\n")
	h.at(5500, schema.EvSyscallFork20X, 20, "res=30; tid=20; pid=20; flags=CLONE_NEWPID")
	h.at(5501, schema.EvSyscallFork20X, 30, "res=0; tid=30; pid=30; ptid=20; flags=CLONE_CHILD_IN_PIDNS")
	if c := h.s.Thread(30); c.VTID != 5 || c.VPID != 5 || c.Comm != "late" {
		t.Errorf("child in a namespace: got %d %d %s", c.VTID, c.VPID, c.Comm)
	}
	// An exec whose context could not tell.
	e = h.at(6000, schema.EvSyscallExecve19X, 20, "res=0; exe=late; pid=20; comm=late; filename=late")
	if e.Thread.ExePath != "/usr/bin/late" {
		t.Errorf("exe path: got %q", e.Thread.ExePath)
	}
	// What is gone is gone.
	p.remove("20")
	e = h.at(6001, schema.EvSyscallReadX, 77, "res=1; fd=3")
	if e.Thread.Comm != "<NA>" {
		t.Errorf("gone: got %s", e.Thread.Comm)
	}
	if st := h.s.Stats(); st.ProcLookups == 0 || st.ProcMisses != 1 || st.MissedThreads != 3 {
		t.Errorf("stats: got %+v", st)
	}
	h.check()
}

func TestLookupBudget(t *testing.T) {
	p := newFakeProc(t)
	h := newHost(t, Options{Proc: p.root, Lookups: 2})
	for i := range int64(5) {
		h.at(7e9+uint64(i), schema.EvSyscallReadX, 100+i, "res=1; fd=1")
	}
	st := h.s.Stats()
	if st.ProcLookups != 2 || st.LookupsRefused == 0 {
		t.Errorf("stats: got %+v", st)
	}
	h.at(8e9, schema.EvSyscallReadX, 200, "res=1; fd=1")
	if n := h.s.Stats().ProcLookups; n != 3 {
		t.Errorf("a new second: got %d lookups", n)
	}
}

// The real /proc: this test finds itself.
func TestScanSelf(t *testing.T) {
	f, err := os.Open("scan_linux_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := New(Options{Proc: "/proc"})
	if err := s.ScanProc(""); err != nil {
		t.Fatal(err)
	}
	me := s.Thread(int64(os.Getpid()))
	if me == nil {
		t.Fatal("this process is not in the table")
	}
	exe, _ := os.Executable()
	cwd, err := os.Getwd() // through links, where the shell came by them
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if err != nil {
		t.Fatal(err)
	}
	if me.ExePath != exe || me.Cwd != cwd+"/" || me.PTID != int64(os.Getppid()) || me.UID != uint32(os.Geteuid()) {
		t.Errorf("got %s %s %d %d", me.ExePath, me.Cwd, me.PTID, me.UID)
	}
	fd := me.FD(int64(f.Fd()))
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if fd == nil || fd.Filename() != st.Name() || fd.Ino == 0 || fd.Flags&schema.PPM_O_RDONLY == 0 {
		t.Errorf("descriptor: got %+v", fd)
	}
	if err := s.verify(); err != nil {
		t.Error(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// kept evaluates one condition again and again.
type keptTest struct {
	t *testing.T
	h *evtest.Host
	c *Compiler
	p *Program
}

func newKeptTest(t *testing.T, text string) *keptTest {
	k := &keptTest{t: t, h: family(t), c: NewCompiler()}
	k.p = compileFor(t, k.c, text, schema.EvSyscallCloseX)
	return k
}

// expect feeds an event of a thread and wants the value, and whether it was
// worked out anew.
func (k *keptTest) expect(tid int64, want, anew bool) {
	k.t.Helper()
	e := k.h.Feed(schema.EvSyscallCloseX, tid, evtest.Values{"res": "0", "fd": "3"})
	before := k.c.Evaluated()
	if got := k.p.Match(e); got != want {
		k.t.Errorf("thread %d: got %v, want %v", tid, got, want)
	}
	if got := k.c.Evaluated() != before; got != anew {
		k.t.Errorf("thread %d: worked out anew %v, want %v", tid, got, anew)
	}
	k.h.Done()
}

func (k *keptTest) feed(typ schema.EventType, tid int64, v evtest.Values) {
	k.t.Helper()
	k.h.Feed(typ, tid, v)
	k.h.Done()
}

func (k *keptTest) exec(tid int64, comm string) {
	id := fmt.Sprint(tid)
	k.feed(schema.EvSyscallExecve19X, tid, evtest.Values{"res": "0", "tid": id, "pid": id, "comm": comm, "exe": comm, "args": "x", "uid": "0", "gid": "0"})
}

func TestKeptWithProcess(t *testing.T) {
	k := newKeptTest(t, "proc.name in (cat, dog) and user.uid = 0")
	k.expect(30, true, true)
	k.expect(30, true, false)
	k.expect(20, false, true)
	k.expect(30, true, false)
	k.feed(schema.EvSyscallSetuidX, 30, evtest.Values{"res": "0", "uid": "5"})
	k.expect(30, false, true)
	k.expect(30, false, false)
	k.exec(30, "dog")
	k.expect(30, true, true)
	k.feed(schema.EvSyscallPrctlX, 30, evtest.Values{"res": "0", "option": "PR_SET_NAME", "arg2_str": "bird", "arg2_int": "0"})
	k.expect(30, false, true)
	// The number comes back.
	k.feed(schema.EvProcexit1E, 30, evtest.Values{"status": "0", "ret": "0", "sig": "0", "core": "0", "reaper_tid": "1"})
	k.h.Process(30, 20, "cat", nil)
	k.expect(30, true, true)
	// A thread that nothing is known of has nothing kept of it.
	k.expect(99, false, true)
	k.expect(20, false, false)
}

func TestKeptWithLineage(t *testing.T) {
	k := newKeptTest(t, "proc.aname = sshd and proc.name = cat")
	k.expect(30, true, true)
	k.expect(30, true, false)
	k.exec(10, "bash") // of a grandparent
	k.expect(30, false, true)
	k.exec(10, "sshd")
	k.expect(30, true, true)
	k.feed(schema.EvProcexit1E, 20, evtest.Values{"status": "0", "ret": "0", "sig": "0", "core": "0", "reaper_tid": "1"})
	k.expect(30, false, true)
	// The parent's number comes back as a child of sshd, but not as the parent.
	k.h.Process(20, 10, "sshd", nil)
	k.expect(30, false, false)
	k.h.Process(40, 20, "cat", nil)
	k.expect(40, true, true)
}

// Names of users are not the thread's own: the database may change.
func TestUserNamesAreNotKept(t *testing.T) {
	k := newKeptTest(t, "user.name = bob")
	k.expect(20, false, true)
	k.expect(20, false, true)
	k.h.State.AddUser(state.User{UID: 1000, Name: "bob"})
	k.expect(20, true, true)
}

// A parent that is not known yet may turn up without a change of its child.
func TestNothingKeptOfUnknownAncestors(t *testing.T) {
	k := newKeptTest(t, "proc.pname = late")
	k.h.State.AddThread(state.Thread{TID: 50, PID: 50, PTID: 60, Comm: "early"})
	k.expect(50, false, true)
	k.expect(50, false, true)
	k.h.State.AddThread(state.Thread{TID: 60, PID: 60, PTID: 1, Comm: "late"})
	k.expect(50, true, true)
	k.expect(50, true, true) // the chain ends at a parent that was not there before
	k.exec(60, "late")
	k.expect(50, true, true)
	k.expect(50, true, false)
}

// The main thread may go before the others of its process.
func TestKeptUntilLeaderGoes(t *testing.T) {
	k := newKeptTest(t, "proc.aname[0] = first")
	add := func(tid int64, comm string) {
		k.h.State.AddThread(state.Thread{TID: tid, PID: 50, PTID: 1, Comm: comm})
	}
	add(50, "first")
	add(51, "worker")
	k.expect(51, true, true)
	k.expect(51, true, false)
	add(50, "second")
	k.expect(51, false, true)
}

// Another State counts its generations from the start again.
func TestKeptForOneState(t *testing.T) {
	k := newKeptTest(t, "proc.name = cat")
	k.expect(30, true, true)
	k.h = evtest.New(t)
	k.h.Process(10, 1, "a", nil)
	k.h.Process(20, 1, "b", nil)
	k.h.Process(30, 1, "dog", nil)
	k.expect(30, false, true)
}

// Conditions on anything else are never kept.
func TestNeverKept(t *testing.T) {
	for _, text := range []string{"fd.num = 3", "proc.name = cat or fd.num = 4", "proc.sname = x", "proc.nthreads > 5", "proc.cwd = /", "proc.duration > 1", "evt.num = 0", "proc.fdopencount > 100"} {
		k := newKeptTest(t, text)
		e := k.h.Feed(schema.EvSyscallCloseX, 20, evtest.Values{"res": "0", "fd": "3"})
		k.p.Match(e)
		before := k.c.Evaluated()
		if k.p.Match(e); k.c.Evaluated() == before {
			t.Errorf("%s was kept", text)
		}
	}
	for i := range 8 {
		d := field.Deps(1 << i)
		want := map[field.Deps]keeping{field.DepExecImage: keepProcess, field.DepCreds: keepProcess, field.DepAncestry: keepLineage}[d]
		if got := keepingOf(d); got != want {
			t.Errorf("keepingOf(%b): got %d, want %d", d, got, want)
		}
	}
}

// However many conditions and threads there are, the memory is bounded.
func TestMemoIsBounded(t *testing.T) {
	for _, n := range []int{1, 100, 10_000} {
		c := NewCompiler()
		for i := range n {
			compileFor(t, c, fmt.Sprintf("proc.name contains x%d or proc.pname = y%d", i, i), schema.EvSyscallCloseX)
		}
		st := c.Stats()
		_, words := c.memo.numWords()
		if size := st.Threads * words * 8; size > memoBytes || st.Threads > memoThreads || st.Threads < 64 {
			t.Errorf("%d conditions: %d threads of %d words are %d bytes, more than %d", n, st.Threads, words, size, memoBytes)
		}
	}
}

// Two threads at one place take it from each other.
func TestMemoPlacesCollide(t *testing.T) {
	k := newKeptTest(t, "proc.cmdline contains cat")
	k.c.Begin()
	k.c.memo.places = make([]keptThread, 1)
	k.c.memo.places[0].sets[keepProcess] = kept{make([]uint64, 2), 1}
	for range 3 {
		k.expect(30, true, true)
		k.expect(20, strings.Contains("bash -c 'cat /etc/shadow'", "cat"), true)
		k.expect(10, false, true)
		k.expect(10, false, false)
	}
}

// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/schema"
)

// 100,000 processes come and go in every order that events allow, some of them
// with events lost: the tables end at what lives.
func TestStorm(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.open(10, 3, "/keep")
	r := rand.New(rand.NewPCG(1, 2))
	n := int64(100_000)
	if sharedtest.RaceDetector {
		n /= 10
	}
	for i := range n {
		tid := 100 + i%500 // numbers come back
		switch r.IntN(4) {
		case 0:
			h.forkParent(10, tid)
			h.forkChild(10, tid)
		case 1:
			h.forkChild(10, tid)
		default:
			h.fork(10, tid)
		}
		if r.IntN(2) == 0 {
			h.exec(tid, "/bin/true")
		}
		h.open(tid, 4, fmt.Sprint("/tmp/", i))
		if r.IntN(3) == 0 {
			h.thread(tid, tid+1000)
		}
		if r.IntN(20) != 0 { // one exit in twenty is lost
			if h.s.Thread(tid+1000) != nil {
				h.exit(tid + 1000)
			}
			h.exit(tid)
		}
	}
	h.check()
	for i := range int64(500) {
		for _, tid := range []int64{1100 + i, 100 + i} {
			if h.s.Thread(tid) != nil {
				h.exit(tid)
			}
		}
	}
	h.check()
	if st := h.s.Stats(); st.Threads != 2 || st.FDs != 1 || st.MissedExits == 0 {
		t.Errorf("got %+v", st)
	}
	if len(h.s.groups) != 2 || len(h.s.ghosts.set) > numGhosts {
		t.Errorf("%d groups, %d ghosts", len(h.s.groups), len(h.s.ghosts.set))
	}
}

func TestEviction(t *testing.T) {
	h := newHost(t, Options{MaxThreads: 100}).init()
	for i := range int64(1000) {
		h.fork(10, 100+i)
	}
	st := h.s.Stats()
	if st.Threads != 100 || st.Evicted != 902 {
		t.Errorf("got %+v", st)
	}
	// Parents and whoever was busy last are still there.
	h.wantLine(1099, "sh<bash<init")
	if h.s.Thread(100) != nil {
		t.Error("the one that was quiet for longest is still there")
	}
	h.check()
}

func TestByteBudget(t *testing.T) {
	const limit = 1 << 20
	h := newHost(t, Options{MaxBytes: limit}).init()
	for i := range int64(500) {
		h.fork(10, 100+i)
		for fd := range int64(20) {
			h.open(100+i, fd, fmt.Sprintf("/some/rather/long/name/%d/%d", i, fd))
		}
		if b := h.s.Stats().Bytes; b > limit {
			t.Fatalf("%d bytes", b)
		}
	}
	if h.s.Stats().Evicted == 0 {
		t.Error("nothing was evicted")
	}
	h.check()
}

func TestMaxFDs(t *testing.T) {
	h := newHost(t, Options{MaxFDs: 10}).init()
	for fd := range int64(20) {
		h.open(10, fd, "/x")
	}
	h.open(10, 5, "/y")
	if n := h.s.Thread(10).NumFDs(); n != 10 || h.s.Thread(10).FD(5).Name != "/y" || h.s.Stats().RefusedFDs != 10 {
		t.Errorf("%d fds, %+v", n, h.s.Stats())
	}
	h.check()
}

// encoded returns an event as it comes from a ring.
func encoded(t testing.TB, typ schema.EventType, tid int64, params string) []byte {
	t.Helper()
	raw, err := event.Encode(nil, typ, 1, tid, parseParams(params))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Events of a known thread that bring nothing new cost no allocation.
func TestAllocs(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.open(10, 3, "/x")
	h.ev(schema.EvSocketSocketX, 10, "fd=4; domain=AF_INET; type=2")
	h.ev(schema.EvSocketConnectX, 10, "res=0; tuple=1.1.1.1:1->2.2.2.2:2; fd=4")
	tests := []struct {
		name string
		raw  []byte
	}{
		{"read", encoded(t, schema.EvSyscallReadX, 10, "res=1; fd=3; data=abc; size=3")},
		{"write to an unknown fd", encoded(t, schema.EvSyscallWriteX, 10, "res=1; fd=99; size=3")},
		{"other thread", encoded(t, schema.EvSyscallReadX, 1, "res=1; fd=3; data=abc; size=3")},
		{"unknown number", encoded(t, schema.EvUserDeletedE, -1, "uid=5")},
		{"failed open", encoded(t, schema.EvSyscallOpenat_2_X, 10, "fd=ENOENT; dirfd=AT_FDCWD; name=/etc/ld.so.preload; flags=O_RDONLY")},
		{"stat", encoded(t, schema.EvSyscallNewfstatatX, 10, "res=0; dirfd=3; path=x; flags=0")},
		{"getcwd", encoded(t, schema.EvSyscallGetcwdX, 10, "res=1; path=/root")},
		{"sendto", encoded(t, schema.EvSocketSendtoX, 10, "res=1; fd=4; size=1; tuple=1.1.1.1:1->2.2.2.2:2")},
		{"connect again", encoded(t, schema.EvSocketConnectX, 10, "res=0; tuple=1.1.1.1:1->2.2.2.2:2; fd=4")},
		{"chdir in place", encoded(t, schema.EvSyscallChdirX, 10, "res=0; path=/root")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var path []byte
			if n := testing.AllocsPerRun(100, func() {
				if err := h.e.Decode(tt.raw); err != nil {
					t.Fatal(err)
				}
				h.s.Update(&h.e)
				path, _ = h.e.AppendParam(path[:0], 2)
				h.s.Done(&h.e)
			}); n != 0 {
				t.Errorf("got %v allocations", n)
			}
		})
	}
}

// FuzzState feeds events of any shape: the books must balance whatever comes.
func FuzzState(f *testing.F) {
	f.Add(append(encoded(f, schema.EvSyscallFork20X, 1, "res=2; tid=1; pid=1"), encoded(f, schema.EvProcexit1E, 2, "status=0")...))
	f.Add(append(encoded(f, schema.EvSyscallClone20X, 2, "res=0; tid=2; pid=1; ptid=1; flags=CLONE_THREAD|CLONE_FILES"), encoded(f, schema.EvSyscallExecve19X, 2, "res=0; pid=1; exe=x; comm=x")...))
	f.Add(append(encoded(f, schema.EvSyscallOpenX, 1, "fd=3; name=x; flags=O_CLOEXEC"), encoded(f, schema.EvSyscallDup2X, 1, "res=5000; oldfd=3; newfd=5000")...))
	f.Add(append(encoded(f, schema.EvSocketSocketX, 1, "fd=3; domain=AF_INET; type=2"), encoded(f, schema.EvSocketConnectX, 1, "res=0; tuple=1.1.1.1:1->2.2.2.2:2; fd=3")...))
	f.Add(append(encoded(f, schema.EvSyscallUnshareX, 1, "res=0; flags=CLONE_FILES"), encoded(f, schema.EvSyscallSetpgidX, 1, "res=0; pid=1; pgid=0")...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := New(Options{MaxThreads: 8, MaxFDs: 100})
		s.AddThread(Thread{TID: 1, PID: 1, VTID: 1, VPID: 1})
		s.AddThread(Thread{TID: 2, PID: 2, PTID: 1, VTID: 2, VPID: 2})
		var e Event
		for len(raw) > event.HeaderSize {
			if e.Decode(raw) != nil {
				raw = raw[1:]
				continue
			}
			raw = raw[len(e.Raw()):]
			s.Update(&e)
			look(&e)
			s.Done(&e)
		}
		if err := s.verify(); err != nil {
			t.Fatal(err)
		}
	})
}

// look calls what the rules may call.
func look(e *Event) {
	t := e.Thread
	t.Cmdline()
	t.SessionLeader()
	t.GroupLeader()
	t.LoginShell()
	t.Ancestor(3)
	t.NumChildren()
	t.PPID()
	for i := range e.NumParams() {
		e.AppendParam(nil, i)
	}
	if e.FD != nil {
		e.FD.Local()
		e.FD.Directory()
	}
}

func BenchmarkUpdate(b *testing.B) {
	s := New(Options{})
	s.AddThread(Thread{TID: 10, PID: 10, VTID: 10, VPID: 10, Comm: "bash", Cwd: "/root/"})
	raws := map[string][][]byte{
		"read": {encoded(b, schema.EvSyscallReadX, 10, "res=1; fd=3; data=abc; size=3")},
		"open and close": {
			encoded(b, schema.EvSyscallOpenX, 10, "fd=3; name=/etc/passwd; flags=O_RDONLY"),
			encoded(b, schema.EvSyscallCloseX, 10, "res=0; fd=3"),
		},
		"fork, exec and exit": {
			encoded(b, schema.EvSyscallFork20X, 20, "res=0; tid=20; pid=20; ptid=10; comm=sh"),
			encoded(b, schema.EvSyscallFork20X, 10, "res=20; tid=10; pid=10"),
			encoded(b, schema.EvSyscallExecve19X, 20, "res=0; exe=true; args=-x y; env=A=1 B=2; pid=20; comm=true; trusted_exepath=/bin/true"),
			encoded(b, schema.EvProcexit1E, 20, "status=0"),
		},
	}
	for name, list := range raws {
		b.Run(name, func(b *testing.B) {
			var e Event
			b.ReportAllocs()
			for b.Loop() {
				for _, raw := range list {
					if err := e.Decode(raw); err != nil {
						b.Fatal(err)
					}
					s.Update(&e)
					s.Done(&e)
				}
			}
		})
	}
}

// randomParam makes up a value of the type, out of few, so that events meet.
func randomParam(r *rand.Rand, p *schema.Param) []byte {
	if r.IntN(20) == 0 {
		return nil
	}
	size := int(p.Type.Info().Size)
	id := strings.Repeat(strconv.Itoa(r.IntN(5)), hexID)
	switch p.Name {
	case "cgroups":
		return event.Strs("cpu=/", "io=/docker/"+id)
	case "json", "data":
		return event.Str(`{"container":{"id":"` + id[:shortID] + `","name":"` + p.Name + `"}}`)
	case "name":
		if r.IntN(2) == 0 {
			return event.Str([]string{"container", "container_removed"}[r.IntN(2)])
		}
	}
	switch p.Type {
	case schema.PTCharBuf, schema.PTFSPath, schema.PTFSRelPath:
		return event.Str([]string{"a", "/b", "../c", ""}[r.IntN(4)])
	case schema.PTByteBuf:
		return event.Strs("x", "y")
	case schema.PTSockTuple:
		return [][]byte{event.TupleUnix(1, 2, "/s"), {2, 1, 1, 1, 1, 9, 0, 2, 2, 2, 2, 8, 0}, {2}}[r.IntN(3)]
	case schema.PTSockAddr:
		return [][]byte{event.SockaddrUnix("/s"), {2, 1, 1, 1, 1, 9, 0}, {10, 1}}[r.IntN(3)]
	case schema.PTFlags32:
		return event.U32(uint32(1) << r.IntN(30))
	}
	if size == 0 || size > 8 {
		return nil
	}
	v := int64(r.IntN(12)) - 1
	if p.Name == "res" && r.IntN(2) == 0 {
		v = 0
	}
	return event.I64(v)[:size]
}

// Any order of any events that change the state: the books balance throughout.
func TestRandomWalk(t *testing.T) {
	var types []schema.EventType
	for i, p := range parsers {
		if p != nil {
			types = append(types, schema.EventType(i))
		}
	}
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 7))
		h := newHost(t, Options{MaxThreads: 6 + 2*int(seed), MaxFDs: 6}).init()
		for n := range 2000 {
			typ := types[r.IntN(len(types))]
			if r.IntN(3) == 0 {
				typ = []schema.EventType{schema.EvSyscallClone20X, schema.EvSyscallExecve19X, schema.EvProcexit1E}[r.IntN(3)]
			}
			info := typ.Info()
			params := make([][]byte, len(info.Params))
			for i := range params {
				params[i] = randomParam(r, &info.Params[i])
			}
			h.ts++
			h.buf = event.Append(h.buf[:0], typ, h.ts-uint64(r.IntN(5)), int64(r.IntN(11)), params...)
			if err := h.e.Decode(h.buf); err != nil {
				t.Fatal(err)
			}
			h.s.Update(&h.e)
			look(&h.e)
			if r.IntN(50) == 0 {
				h.s.AddThread(Thread{TID: int64(r.IntN(10)), PID: int64(r.IntN(10)), PTID: int64(r.IntN(10)), ScanTS: h.ts})
			}
			h.s.Done(&h.e)
			h.poison()
			if err := h.s.verify(); err != nil {
				t.Fatalf("seed %d, event %d, %s: %v", seed, n, typ, err)
			}
		}
	}
}

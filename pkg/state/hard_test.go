// SPDX-License-Identifier: Apache-2.0

package state

import (
	"encoding/binary"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// A thread that left the others' directory and root goes its own way, and so do
// they; a program that it starts is the process again.
func TestUnshareFS(t *testing.T) {
	for _, flags := range []string{"CLONE_FS", "CLONE_NEWNS", "CLONE_NEWUSER"} {
		h := newHost(t, Options{}).init()
		h.thread(10, 11)
		h.thread(10, 12)
		h.ev(schema.EvSyscallUnshareX, 11, "res=0; flags="+flags)
		h.ev(schema.EvSyscallUnshareX, 12, "res=EPERM; flags="+flags)
		h.ev(schema.EvSyscallChdirX, 11, "res=0; path=/own")
		h.ev(schema.EvSyscallChrootX, 11, "res=0; path=/jail")
		h.ev(schema.EvSyscallChdirX, 12, "res=0; path=/all")
		for tid, want := range map[int64]string{10: "/all/", 11: "/own/", 12: "/all/"} {
			if got := h.s.Thread(tid).Cwd; got != want {
				t.Errorf("%s: thread %d is in %q, want %q", flags, tid, got, want)
			}
		}
		if h.s.Thread(11).Root != "/jail" || h.s.Thread(10).Root != "" {
			t.Errorf("%s: roots %q and %q", flags, h.s.Thread(11).Root, h.s.Thread(10).Root)
		}
		h.ev(schema.EvSyscallExecve19X, 11, "res=0; tid=11; pid=10; exe=/bin/x; cwd=/own")
		h.thread(10, 13)
		h.ev(schema.EvSyscallChdirX, 13, "res=0; path=/new")
		if got := h.s.Thread(10).Cwd; got != "/new/" {
			t.Errorf("%s: after exec in %q", flags, got)
		}
		h.check()
	}
}

// Descriptors of a thread of its own are those of the process after its exec.
func TestExecWithOwnDescriptors(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.open(10, 3, "/leader")
	h.thread(10, 11)
	h.ev(schema.EvSyscallUnshareX, 11, "res=0; flags=CLONE_FILES")
	h.close(11, 3)
	h.open(11, 4, "/own")
	h.open(10, 5, "/leader/only")
	h.wantFDs(10, "3:f:/leader 5:f:/leader/only")
	h.ev(schema.EvSyscallExecve19X, 11, "res=0; tid=11; pid=10; exe=/bin/x; comm=x")
	h.wantFDs(10, "4:f:/own")
	if h.s.NumThreads() != 2 || h.e.Thread.TID != 10 {
		t.Errorf("%d threads, the event is of %d", h.s.NumThreads(), h.e.Thread.TID)
	}
	h.check()
}

// close_range takes away or marks a range, of a table that nobody else has if that
// is asked for.
func TestCloseRange(t *testing.T) {
	tests := []struct{ flags, own, others, afterExec string }{
		{"0", "3:f:/3 6:f:/6", "3:f:/3 6:f:/6", "3:f:/3 6:f:/6"},
		{"CLOSE_RANGE_CLOEXEC", "3:f:/3 4:f:/4 5:f:/5 6:f:/6", "3:f:/3 4:f:/4 5:f:/5 6:f:/6", "3:f:/3 6:f:/6"},
		{"CLOSE_RANGE_UNSHARE", "3:f:/3 6:f:/6", "3:f:/3 4:f:/4 5:f:/5 6:f:/6", "3:f:/3 6:f:/6"},
		{"CLOSE_RANGE_UNSHARE|CLOSE_RANGE_CLOEXEC", "3:f:/3 4:f:/4 5:f:/5 6:f:/6", "3:f:/3 4:f:/4 5:f:/5 6:f:/6", "3:f:/3 6:f:/6"},
	}
	for _, tt := range tests {
		h := newHost(t, Options{}).init()
		for i, name := range []string{"/3", "/4", "/5", "/6"} {
			h.open(10, 3+int64(i), name)
		}
		// A child that shares descriptors without being a thread.
		h.ev(schema.EvSyscallClone20X, 20, "res=0; tid=20; pid=20; ptid=10; comm=sh; exe=sh; flags=CLONE_FILES")
		h.ev(schema.EvSyscallCloseRangeX, 20, "res=0; first=4; last=5; flags="+tt.flags)
		h.ev(schema.EvSyscallCloseRangeX, 20, "res=EINVAL; first=3; last=3; flags=0")
		h.wantFDs(20, tt.own)
		h.wantFDs(10, tt.others)
		h.exec(20, "/bin/x")
		h.wantFDs(20, tt.afterExec)
		h.check()
	}
}

// pidfd_getfd gives what the other process has, as long as it is known which it is.
func TestPidfdGetfd(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.fork(1, 20)
	h.ev(schema.EvSocketSocketX, 20, "fd=7; domain=AF_INET; type=1")
	h.ev(schema.EvSocketConnectX, 20, "res=0; tuple=10.0.0.1:1->10.0.0.2:2; fd=7")
	h.ev(schema.EvSyscallPidfdOpenX, 10, "fd=3; pid=20; flags=0")
	h.ev(schema.EvSyscallPidfdGetfdX, 10, "fd=4; pid_fd=3; target_fd=7; flags=0")
	h.ev(schema.EvSyscallPidfdGetfdX, 10, "fd=5; pid_fd=3; target_fd=8; flags=0")
	h.ev(schema.EvSyscallPidfdGetfdX, 10, "fd=EPERM; pid_fd=3; target_fd=7; flags=0")
	h.wantFDs(10, "3:P: 4:4:10.0.0.1:1->10.0.0.2:2 5:o:")
	if f := h.s.Thread(10).FD(4); !f.CloseOnExec() || f.ServerPort() != 2 {
		t.Errorf("got %+v", f)
	}
	h.exit(20)
	h.ev(schema.EvSyscallPidfdGetfdX, 10, "fd=6; pid_fd=3; target_fd=7; flags=0")
	h.wantFDs(10, "3:P: 4:4:10.0.0.1:1->10.0.0.2:2 5:o: 6:o:")
	h.check()
}

// control is what comes beside a message: one part.
func control(level, typ uint32, data ...int32) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(cmsgHead+4*len(data)))
	b = binary.LittleEndian.AppendUint32(b, level)
	b = binary.LittleEndian.AppendUint32(b, typ)
	for _, v := range data {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return append(b, make([]byte, -len(b)&7)...)
}

// Descriptors that come with a message are not what was known of their numbers.
func TestReceivedDescriptors(t *testing.T) {
	credentials := control(solSocket, 2, 1, 2, 3)
	tests := []struct {
		name    string
		res     int64
		control []byte
		want    string
	}{
		{"two", 1, control(solSocket, scmRights, 4, 6), "3:u: 5:f:/5"},
		{"behind something else", 1, append(credentials, control(solSocket, scmRights, 5)...), "3:u: 4:f:/4 6:f:/6"},
		{"of another level", 1, control(6, scmRights, 4), "3:u: 4:f:/4 5:f:/5 6:f:/6"},
		{"the socket itself and none", 1, control(solSocket, scmRights, 3, -1, 99), "3:u: 4:f:/4 5:f:/5 6:f:/6"},
		{"cut", 1, control(solSocket, scmRights, 4)[:18], "3:u: 4:f:/4 5:f:/5 6:f:/6"},
		{"failed", -11, control(solSocket, scmRights, 4), "3:u: 4:f:/4 5:f:/5 6:f:/6"},
		{"nothing", 1, nil, "3:u: 4:f:/4 5:f:/5 6:f:/6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t, Options{}).init()
			h.ev(schema.EvSocketSocketX, 10, "fd=3; domain=AF_UNIX; type=1")
			for i, name := range []string{"/4", "/5", "/6"} {
				h.open(10, 4+int64(i), name)
			}
			h.feed(schema.EvSocketRecvmsgX, 10, event.I64(tt.res), event.U32(1), []byte("x"), nil, tt.control, event.I64(3))
			h.wantFDs(10, tt.want)
			h.check()
		})
	}
}

// A TCP connection may be opened by the first data. What goes over one that is
// there tells nothing new.
func TestFastOpen(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.ev(schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; type=1")
	h.ev(schema.EvSocketSendtoX, 10, "res=5; fd=3; size=5; tuple=10.0.0.1:1->10.0.0.2:80")
	h.ev(schema.EvSocketSendtoX, 10, "res=5; fd=3; size=5; tuple=10.0.0.1:1->10.0.0.3:81")
	f := h.s.Thread(10).FD(3)
	if f.Name != "10.0.0.1:1->10.0.0.2:80" || !f.Connected || f.Role != RoleClient {
		t.Errorf("got %+v", f)
	}
	h.ev(schema.EvSocketSocketX, 10, "fd=4; domain=AF_INET; type=1")
	h.ev(schema.EvSocketSendtoX, 10, "res=EPIPE; fd=4; size=5; tuple=10.0.0.1:1->10.0.0.2:80")
	h.ev(schema.EvSocketRecvfromX, 10, "res=5; fd=4; size=5; tuple=10.0.0.1:1->10.0.0.2:80")
	if f := h.s.Thread(10).FD(4); f.Name != "" || f.Connected {
		t.Errorf("got %+v", f)
	}
	h.check()
}

// Who makes or enters a user namespace has all capabilities there.
func TestUserNamespaces(t *testing.T) {
	h := newHost(t, Options{}).init()
	caps := func(tid int64) (effective, inheritable uint64) {
		return h.s.Thread(tid).CapEffective, h.s.Thread(tid).CapInheritable
	}
	want := func(tid int64, all bool) {
		t.Helper()
		e, i := caps(tid)
		if all && (e != allCaps || i != 0) || !all && (e != 1 || i != 1) {
			t.Errorf("thread %d has %#x, %#x", tid, e, i)
		}
	}
	for tid := int64(20); tid < 27; tid++ {
		h.fork(10, tid)
		h.ev(schema.EvSyscallCapsetX, tid, "res=0; cap_inheritable=1; cap_permitted=1; cap_effective=1")
	}
	h.open(23, 3, "/proc/1/ns/user")
	h.open(24, 3, "/proc/1/ns/mnt")
	h.ev(schema.EvSyscallUnshareX, 20, "res=0; flags=CLONE_NEWUSER")
	h.ev(schema.EvSyscallUnshareX, 21, "res=EPERM; flags=CLONE_NEWUSER")
	h.ev(schema.EvSyscallSetnsX, 22, "res=0; fd=9; nstype=CLONE_NEWUSER")
	h.ev(schema.EvSyscallSetnsX, 23, "res=0; fd=3; nstype=0")
	h.ev(schema.EvSyscallSetnsX, 24, "res=0; fd=3; nstype=0")
	h.ev(schema.EvSyscallClone20X, 30, "res=0; tid=30; pid=30; ptid=25; comm=sh; exe=sh; flags=CLONE_NEWUSER")
	// clone3: the child does not know, its caller does.
	h.ev(schema.EvSyscallClone3X, 31, "res=0; tid=31; pid=31; ptid=26; comm=sh; exe=sh; flags=0")
	h.ev(schema.EvSyscallClone3X, 26, "res=31; tid=26; pid=26; ptid=10; comm=sh; exe=sh; flags=CLONE_NEWUSER")
	for tid, all := range map[int64]bool{20: true, 21: false, 22: true, 23: true, 24: false, 25: false, 26: false, 30: true, 31: true} {
		want(tid, all)
	}
	h.check()
}

// A number of another namespace is nobody's limit here.
func TestPrlimitInNamespace(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.ev(schema.EvSyscallClone20X, 20, "res=0; tid=20; pid=20; ptid=1; comm=sh; exe=sh; flags=CLONE_NEWPID; vtid=1; vpid=1")
	h.ev(schema.EvSyscallPrlimitX, 20, "res=0; newcur=33; newmax=44; oldcur=1; oldmax=1; pid=10; resource=RLIMIT_NOFILE")
	h.ev(schema.EvSyscallPrlimitX, 20, "res=0; newcur=55; newmax=66; oldcur=1; oldmax=1; pid=1; resource=RLIMIT_NOFILE")
	if own, other, first := h.s.Thread(20).FDLimit, h.s.Thread(10).FDLimit, h.s.Thread(1).FDLimit; own != 55 || other != 0 || first != 0 {
		t.Errorf("limits are %d, %d and %d", own, other, first)
	}
}

// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Every call that makes a process tells of it from both sides, in any order.
func TestCloneCalls(t *testing.T) {
	calls := []schema.EventType{schema.EvSyscallClone20X, schema.EvSyscallFork20X, schema.EvSyscallVfork20X, schema.EvSyscallClone3X}
	for _, call := range calls {
		child := func(h *host) {
			h.ev(call, 20, "res=0; tid=20; pid=20; ptid=10; comm=bash; exe=bash; flags=0; vtid=20; vpid=20")
		}
		parent := func(h *host) {
			h.ev(call, 10, "res=20; tid=10; pid=10; ptid=1; comm=bash; exe=bash; flags=0; vtid=10; vpid=10")
		}
		orders := map[string][]func(*host){
			"child first": {child, parent}, "parent first": {parent, child}, "child alone": {child}, "parent alone": {parent},
		}
		for name, order := range orders {
			t.Run(call.Info().Name+" "+name, func(t *testing.T) {
				h := newHost(t, Options{}).init()
				h.open(10, 3, "/a")
				for _, tell := range order {
					tell(h)
				}
				c := h.s.Thread(20)
				if c == nil || c.PTID != 10 || c.VTID != 20 || c.Cwd != "/root/" || c.ExePath != "/bin/bash" || c.SID != 10 {
					t.Fatalf("child: got %+v", c)
				}
				h.exec(20, "/bin/cat")
				h.close(20, 3)
				h.wantLine(20, "cat<bash<init")
				h.wantFDs(10, "3:f:/a")
				h.exit(20)
				h.check()
			})
		}
	}
}

// The parent of a vfork tells of it when the child is through with exec, or gone.
func TestVforkWaits(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.ev(schema.EvSyscallVfork20X, 20, "res=0; tid=20; pid=20; ptid=10; comm=bash; exe=bash; flags=CLONE_VFORK|CLONE_VM")
	h.exec(20, "/bin/ls")
	h.ev(schema.EvSyscallVfork20X, 10, "res=20; tid=10; pid=10; ptid=1; comm=bash; exe=bash; flags=CLONE_VFORK|CLONE_VM")
	h.wantLine(20, "ls<bash<init")
	h.ev(schema.EvSyscallVfork20X, 30, "res=0; tid=30; pid=30; ptid=10; comm=bash; exe=bash; flags=CLONE_VFORK|CLONE_VM")
	h.exit(30)
	h.ev(schema.EvSyscallVfork20X, 10, "res=30; tid=10; pid=10; ptid=1; comm=bash; exe=bash; flags=CLONE_VFORK|CLONE_VM")
	h.wantLine(30, "none")
	h.check()
}

// Calls that make descriptors without a name, in their older forms too, and what
// ends with exec.
func TestAnonymousDescriptors(t *testing.T) {
	tests := []struct {
		typ       schema.EventType
		params    string
		want      string
		afterExec bool
	}{
		{schema.EvSyscallEventfdX, "res=3; initval=0; flags=0", "3:e:", true},
		{schema.EvSyscallEventfd2X, "res=3; initval=0; flags=O_CLOEXEC", "3:e:", false},
		{schema.EvSyscallSignalfdX, "res=3; fd=-1; mask=0; flags=0", "3:s:", true},
		{schema.EvSyscallSignalfd4X, "res=3; fd=-1; mask=0; flags=O_CLOEXEC", "3:s:", false},
		{schema.EvSyscallInotifyInitX, "res=3; flags=0", "3:i:", true},
		{schema.EvSyscallInotifyInit1X, "res=3; flags=O_CLOEXEC", "3:i:", false},
		{schema.EvSyscallEpollCreateX, "res=3; size=1", "3:l:", true},
		{schema.EvSyscallEpollCreate1X, "res=3; flags=EPOLL_CLOEXEC", "3:l:", false},
		{schema.EvSyscallTimerfdCreateX, "res=3; clockid=1; flags=0", "3:t:", true},
		{schema.EvSyscallUserfaultfdX, "res=3; flags=0", "3:u:", true},
		{schema.EvSyscallUserfaultfdX, "res=3; flags=O_CLOEXEC", "3:u:", false},
		{schema.EvSyscallPidfdOpenX, "fd=3; pid=1; flags=0", "3:P:", false},
		{schema.EvSyscallPidfdGetfdX, "fd=3; pid_fd=9; target_fd=1; flags=0", "3:o:", false},
		{schema.EvSyscallPipeX, "res=0; fd1=3; fd2=4; ino=5", "3:p: 4:p:", true},
		{schema.EvSyscallMemfdCreateX, "fd=3; name=x; flags=0", "3:m:x", true},
		{schema.EvSyscallOpenByHandleAtX, "fd=3; mountfd=5; flags=O_RDONLY; path=/by/handle", "3:f:/by/handle", true},
	}
	for _, tt := range tests {
		t.Run(tt.typ.Info().Name+" "+tt.params, func(t *testing.T) {
			h := newHost(t, Options{}).init()
			h.ev(tt.typ, 10, tt.params)
			h.wantFDs(10, tt.want)
			h.exec(10, "/bin/x")
			if !tt.afterExec {
				tt.want = ""
			}
			h.wantFDs(10, tt.want)
			h.check()
		})
	}
}

// Close-on-exec comes and goes by fcntl and ioctl, for one descriptor of a pair.
func TestCloseOnExec(t *testing.T) {
	h := newHost(t, Options{}).init()
	for fd := range int64(4) {
		h.open(10, 3+fd, fmt.Sprintf("/%d", fd))
	}
	h.ev(schema.EvSyscallFcntlX, 10, "res=0; fd=3; cmd=F_SETFD; arg=1")
	h.ev(schema.EvSyscallIoctl3X, 10, "res=0; fd=4; request=0x5451; argument=0")
	h.ev(schema.EvSyscallIoctl3X, 10, "res=0; fd=5; request=0x5451; argument=0")
	h.ev(schema.EvSyscallIoctl3X, 10, "res=0; fd=5; request=0x5450; argument=0")
	h.ev(schema.EvSyscallFcntlX, 10, "res=EBADF; fd=6; cmd=F_SETFD; arg=1")
	h.fork(10, 20)
	h.exec(10, "/bin/x")
	h.wantFDs(10, "5:f:/2 6:f:/3")
	h.wantFDs(20, "3:f:/0 4:f:/1 5:f:/2 6:f:/3")
	h.exec(20, "/bin/y")
	h.wantFDs(20, "5:f:/2 6:f:/3")
	h.check()
}

// Whether a socket counts as connected, by what connect returned.
func TestConnected(t *testing.T) {
	tests := []struct {
		res       string
		connected bool
	}{
		{"0", true}, {"EINPROGRESS", true}, {"EALREADY", true}, {"EISCONN", true},
		{"ECONNREFUSED", false}, {"ETIMEDOUT", false}, {"ENETUNREACH", false},
	}
	for _, tt := range tests {
		h := newHost(t, Options{}).init()
		h.ev(schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; type=1")
		h.ev(schema.EvSocketConnectX, 10, "res="+tt.res+"; tuple=10.0.0.1:1->10.0.0.2:2; fd=3")
		f := h.s.Thread(10).FD(3)
		if f.Connected != tt.connected || f.Name != "10.0.0.1:1->10.0.0.2:2" || f.IsServer() {
			t.Errorf("%s: got connected %v, %q, server %v", tt.res, f.Connected, f.Name, f.IsServer())
		}
		h.ev(schema.EvSocketConnectX, 10, "res=0; tuple=10.0.0.1:1->10.0.0.2:3; fd=3")
		if !f.Connected || f.Name != "10.0.0.1:1->10.0.0.2:3" {
			t.Errorf("%s, then success: got connected %v, %q", tt.res, f.Connected, f.Name)
		}
	}
}

// Unix sockets: who is at which end, and names that messages do not change.
func TestUnixSockets(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.ev(schema.EvSocketSocketX, 10, "fd=3; domain=AF_UNIX; type=1")
	h.ev(schema.EvSocketBindX, 10, "res=0; addr=/run/srv; fd=3")
	h.ev(schema.EvSocketListenX, 10, "res=0; fd=3")
	h.ev(schema.EvSocketAccept5X, 10, "fd=4; tuple=7->8 /run/srv")
	h.ev(schema.EvSocketSocketX, 10, "fd=5; domain=AF_UNIX; type=1")
	h.ev(schema.EvSocketConnectX, 10, "res=0; tuple=8->7 /run/srv; fd=5")
	h.ev(schema.EvSocketSocketpairX, 10, "res=0; fd1=6; fd2=7; source=1; peer=2; type=1")
	h.ev(schema.EvSocketSendtoX, 10, "res=1; fd=5; tuple=9->9 /run/other")
	want := map[int64]string{
		3: "/run/srv 0->0 true false", 4: "/run/srv 7->8 true true", 5: "/run/srv 8->7 false true", 6: " 1->2 false true", 7: " 2->1 false true",
	}
	for num, want := range want {
		f := h.s.Thread(10).FD(num)
		if got := fmt.Sprintf("%s %d->%d %v %v", f.Name, f.UnixSource, f.UnixDest, f.IsServer(), f.Connected); got != want {
			t.Errorf("fd %d: got %s, want %s", num, got, want)
		}
	}
	h.check()
}

// A new root and limits hold for the whole process, and for its children.
func TestProcessWide(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.fork(10, 20)
	h.thread(20, 21)
	h.ev(schema.EvSyscallChrootX, 21, "res=0; path=jail/../cell")
	h.ev(schema.EvSyscallChrootX, 21, "res=EPERM; path=/other")
	h.ev(schema.EvSyscallSetrlimitX, 21, "res=0; cur=77; max=99; resource=RLIMIT_NOFILE")
	h.ev(schema.EvSyscallSetrlimitX, 21, "res=0; cur=5; max=9; resource=RLIMIT_CORE")
	h.ev(schema.EvSyscallPrlimitX, 10, "res=0; newcur=33; newmax=44; oldcur=1; oldmax=1; pid=1; resource=RLIMIT_NOFILE")
	h.ev(schema.EvSyscallPrlimitX, 20, "res=0; newcur=-1; newmax=-1; oldcur=77; oldmax=99; pid=0; resource=RLIMIT_NOFILE")
	h.ev(schema.EvSyscallBrk4X, 21, "res=0x1000; vm_size=100; vm_rss=10; vm_swap=1; addr=0")
	l := h.s.Thread(20)
	if l.Root != "/root/cell" || h.s.Thread(21).Root != "/root/cell" || h.s.Thread(10).Root != "" {
		t.Errorf("roots: got %q %q %q", l.Root, h.s.Thread(21).Root, h.s.Thread(10).Root)
	}
	if l.FDLimit != 77 || h.s.Thread(1).FDLimit != 33 || l.VMSize != 100 || l.VMRSS != 10 || l.VMSwap != 1 {
		t.Errorf("got limits %d and %d, memory %d %d %d", l.FDLimit, h.s.Thread(1).FDLimit, l.VMSize, l.VMRSS, l.VMSwap)
	}
	h.check()
}

// Users and groups of the host come and go by events.
func TestUsersAndGroups(t *testing.T) {
	h := newHost(t, Options{}).init()
	look := func() string {
		u, ok := h.s.User(nil, 7)
		g, ok2 := h.s.GroupName(nil, 8)
		return fmt.Sprintf("%s %s %s %v %s %v", u.Name, u.Home, u.Shell, ok, g, ok2)
	}
	steps := []struct {
		typ          schema.EventType
		params, want string
	}{
		{schema.EvUserAddedE, "uid=7; gid=8; name=u; home=/home/u; shell=/bin/sh", "u /home/u /bin/sh true  false"},
		{schema.EvGroupAddedE, "gid=8; name=g", "u /home/u /bin/sh true g true"},
		{schema.EvUserAddedE, "uid=7; gid=8; name=v; home=/home/v; shell=/bin/ash", "v /home/v /bin/ash true g true"},
		{schema.EvGroupDeletedE, "gid=8; name=g", "v /home/v /bin/ash true  false"},
		{schema.EvUserDeletedE, "uid=7; gid=8; name=v", "   false  false"},
	}
	for _, st := range steps {
		h.ev(st.typ, -1, st.params)
		if got := look(); got != st.want {
			t.Errorf("%s %s: got %q, want %q", st.typ, st.params, got, st.want)
		}
	}
	if st := h.s.Stats(); st.Threads != 2 {
		t.Errorf("%d threads", st.Threads)
	}
}

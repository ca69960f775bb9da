// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// step is one event and, where set, the descriptors of thread 10 after it.
type step struct {
	typ    schema.EventType
	tid    int64
	params string
	want   string
}

func TestFDs(t *testing.T) {
	const (
		opn   = schema.EvSyscallOpenX
		opnat = schema.EvSyscallOpenat_2_X
		cls   = schema.EvSyscallCloseX
	)
	tests := []struct {
		name  string
		steps []step
	}{
		{"open and close", []step{
			{opn, 10, "fd=3; name=a/./b//c; flags=O_RDONLY", "3:f:/root/a/b/c"},
			{opn, 10, "fd=4; name=/d/; flags=O_RDONLY|O_DIRECTORY", "3:f:/root/a/b/c 4:d:/d"},
			{opn, 10, "fd=ENOENT; name=/x", "3:f:/root/a/b/c 4:d:/d"},
			{cls, 10, "res=EBADF; fd=3", "3:f:/root/a/b/c 4:d:/d"},
			{cls, 10, "res=0; fd=3", "4:d:/d"},
			{opn, 10, "fd=2000; name=/high", "4:d:/d 2000:f:/high"},
			{cls, 10, "res=0; fd=2000", "4:d:/d"},
		}},
		{"openat", []step{
			{opnat, 10, "fd=3; dirfd=AT_FDCWD; name=/etc; flags=O_DIRECTORY", "3:d:/etc"},
			{opnat, 10, "fd=4; dirfd=3; name=../etc/shadow", "3:d:/etc 4:f:/etc/shadow"},
			{opnat, 10, "fd=5; dirfd=AT_FDCWD; name=x", "3:d:/etc 4:f:/etc/shadow 5:f:/root/x"},
			{opnat, 10, "fd=6; dirfd=99; name=y", "3:d:/etc 4:f:/etc/shadow 5:f:/root/x 6:f:<UNKNOWN>/y"},
			{schema.EvSyscallOpenat2_X, 10, "fd=6; dirfd=3; name=z; ino=7", "3:d:/etc 4:f:/etc/shadow 5:f:/root/x 6:f:/etc/z"},
			{schema.EvSyscallCreatX, 10, "fd=5; name=new", "3:d:/etc 4:f:/etc/shadow 5:f:/root/new 6:f:/etc/z"},
		}},
		{"directories", []step{
			{schema.EvSyscallChdirX, 10, "res=0; path=../tmp/./x/", ""},
			{opn, 10, "fd=3; name=f", "3:f:/tmp/x/f"},
			{schema.EvSyscallChdirX, 10, "res=ENOENT; path=/nowhere", ""},
			{opn, 10, "fd=4; name=/srv; flags=O_DIRECTORY", ""},
			{schema.EvSyscallFchdirX, 10, "res=0; fd=4", ""},
			{opn, 10, "fd=5; name=g", "3:f:/tmp/x/f 4:d:/srv 5:f:/srv/g"},
		}},
		{"dup", []step{
			{opn, 10, "fd=3; name=/a; flags=O_RDONLY|O_CLOEXEC", ""},
			{schema.EvSyscallDup1X, 10, "res=4; oldfd=3", "3:f:/a 4:f:/a"},
			{schema.EvSyscallDup2X, 10, "res=1; oldfd=3; newfd=1", "1:f:/a 3:f:/a 4:f:/a"},
			{schema.EvSyscallDup2X, 10, "res=3; oldfd=3; newfd=3", "1:f:/a 3:f:/a 4:f:/a"},
			{schema.EvSyscallDup3X, 10, "res=5; oldfd=4; newfd=5; flags=O_CLOEXEC", "1:f:/a 3:f:/a 4:f:/a 5:f:/a"},
			{schema.EvSyscallFcntlX, 10, "res=6; fd=3; cmd=F_DUPFD_CLOEXEC; arg=5", ""},
			{schema.EvSyscallFcntlX, 10, "res=7; fd=3; cmd=F_DUPFD; arg=5", "1:f:/a 3:f:/a 4:f:/a 5:f:/a 6:f:/a 7:f:/a"},
			{schema.EvSyscallFcntlX, 10, "res=0; fd=4; cmd=F_SETFD; arg=1", ""},
			{schema.EvSyscallDup2X, 10, "res=7; oldfd=99; newfd=7", "1:f:/a 3:f:/a 4:f:/a 5:f:/a 6:f:/a 7:f:/a"},
			{cls, 10, "res=0; fd=7", "1:f:/a 3:f:/a 4:f:/a 5:f:/a 6:f:/a"},
			{schema.EvSyscallExecve19X, 10, "res=0; exe=x; pid=10; comm=x", "1:f:/a"},
		}},
		{"close range", []step{
			{opn, 10, "fd=3; name=/a", ""},
			{opn, 10, "fd=4; name=/b", ""},
			{opn, 10, "fd=5000; name=/c", ""},
			{schema.EvSyscallCloseRangeX, 10, "res=0; first=4; last=0xffffffff; flags=CLOSE_RANGE_CLOEXEC", "3:f:/a 4:f:/b 5000:f:/c"},
			{schema.EvSyscallCloseRangeX, 10, "res=0; first=3; last=3; flags=0", "4:f:/b 5000:f:/c"},
			{schema.EvSyscallExecve19X, 10, "res=0; exe=x; pid=10; comm=x", ""},
			{opn, 10, "fd=3; name=/d", "3:f:/d"},
		}},
		{"without name", []step{
			{schema.EvSyscallPipe2X, 10, "res=0; fd1=3; fd2=4; ino=9; flags=O_CLOEXEC", "3:p: 4:p:"},
			{schema.EvSyscallMemfdCreateX, 10, "fd=5; name=payload; flags=MFD_CLOEXEC", "3:p: 4:p: 5:m:payload"},
			{schema.EvSyscallEventfd2X, 10, "res=6; flags=0", ""},
			{schema.EvSyscallEpollCreate1X, 10, "res=7; flags=0", ""},
			{schema.EvSyscallTimerfdCreateX, 10, "res=8", ""},
			{schema.EvSyscallInotifyInit1X, 10, "res=9; flags=0", ""},
			{schema.EvSyscallSignalfd4X, 10, "res=10; fd=-1", ""},
			{schema.EvSyscallBpf2X, 10, "fd=11; cmd=BPF_MAP_CREATE", ""},
			{schema.EvSyscallBpf2X, 10, "fd=0; cmd=BPF_MAP_LOOKUP_ELEM", ""},
			{schema.EvSyscallIoUringSetupX, 10, "res=12", "3:p: 4:p: 5:m:payload 6:e: 7:l: 8:t: 9:i: 10:s: 11:b: 12:r:"},
			{schema.EvSyscallExecve19X, 10, "res=0; exe=x; pid=10; comm=x", "6:e: 7:l: 8:t: 9:i: 10:s:"},
		}},
		{"sockets", []step{
			{schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; type=1; proto=0", "3:4:"},
			{schema.EvSocketConnectX, 10, "res=EINPROGRESS; tuple=10.0.0.1:1000->10.0.0.2:80; fd=3", "3:4:10.0.0.1:1000->10.0.0.2:80"},
			{schema.EvSocketSocketX, 10, "fd=4; domain=AF_INET6; type=1; proto=0", ""},
			{schema.EvSocketConnectX, 10, "res=0; tuple=[::1]:1->[::1]:2; fd=4", "3:4:10.0.0.1:1000->10.0.0.2:80 4:6:::1:1->::1:2"},
			{schema.EvSocketConnectX, 10, "res=0; tuple=[::ffff:1.2.3.4]:1->[::ffff:5.6.7.8]:2; fd=4", "3:4:10.0.0.1:1000->10.0.0.2:80 4:4:1.2.3.4:1->5.6.7.8:2"},
			{schema.EvSocketSocketX, 10, "fd=3; domain=AF_UNIX; type=0x80001", "3:u: 4:4:1.2.3.4:1->5.6.7.8:2"},
			{schema.EvSocketConnectX, 10, "res=ENOENT; fd=3; addr=/run/x", "3:u: 4:4:1.2.3.4:1->5.6.7.8:2"},
			{schema.EvSocketConnectX, 10, "res=0; tuple=1->2 /run/x; fd=3", "3:u:/run/x 4:4:1.2.3.4:1->5.6.7.8:2"},
			{schema.EvSocketSocketpairX, 10, "res=0; fd1=5; fd2=6; type=0x80001", "3:u:/run/x 4:4:1.2.3.4:1->5.6.7.8:2 5:u: 6:u:"},
			{schema.EvSyscallExecve19X, 10, "res=0; exe=x; pid=10; comm=x", "4:4:1.2.3.4:1->5.6.7.8:2"},
		}},
		{"server", []step{
			{schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; type=1", ""},
			{schema.EvSocketBindX, 10, "res=EACCES; addr=0.0.0.0:80; fd=3", "3:4:"},
			{schema.EvSocketBindX, 10, "res=0; addr=0.0.0.0:80; fd=3", "3:4:0.0.0.0:80"},
			{schema.EvSocketListenX, 10, "res=0; fd=3", ""},
			{schema.EvSocketAccept46X, 10, "fd=4; tuple=10.0.0.9:999->10.0.0.1:80; flags=4096", "3:4:0.0.0.0:80 4:4:10.0.0.9:999->10.0.0.1:80"},
			{schema.EvSocketAccept5X, 10, "fd=EAGAIN", "3:4:0.0.0.0:80 4:4:10.0.0.9:999->10.0.0.1:80"},
			{schema.EvSyscallExecve19X, 10, "res=0; exe=x; pid=10; comm=x", "3:4:0.0.0.0:80"},
		}},
		{"datagrams", []step{
			{schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; type=2", ""},
			{schema.EvSocketBindX, 10, "res=0; addr=0.0.0.0:53; fd=3", "3:4:0.0.0.0:53"},
			{schema.EvSocketRecvfromX, 10, "res=5; fd=3; tuple=10.0.0.9:999->10.0.0.1:53", "3:4:10.0.0.9:999->10.0.0.1:53"},
			{schema.EvSocketSendtoX, 10, "res=5; fd=3; tuple=10.0.0.1:53->10.0.0.9:999", "3:4:10.0.0.9:999->10.0.0.1:53"},
			{schema.EvSocketSocketX, 10, "fd=4; domain=AF_INET; type=2", ""},
			{schema.EvSocketSendtoX, 10, "res=5; fd=4; tuple=10.0.0.1:1->8.8.8.8:53", "3:4:10.0.0.9:999->10.0.0.1:53 4:4:10.0.0.1:1->8.8.8.8:53"},
			{schema.EvSocketRecvmsgX, 10, "res=5; fd=4; tuple=8.8.8.8:53->10.0.0.1:1", "3:4:10.0.0.9:999->10.0.0.1:53 4:4:10.0.0.1:1->8.8.8.8:53"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t, Options{}).init()
			for i, st := range tt.steps {
				h.ev(st.typ, st.tid, st.params)
				if st.want == "" {
					continue
				}
				if got := h.fds(10); got != st.want {
					t.Errorf("step %d, %s %s:\ngot  %s\nwant %s", i, st.typ, st.params, got, st.want)
				}
			}
			h.check()
		})
	}
}

func TestEventFD(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.open(10, 3, "/a")
	tests := []struct {
		typ    schema.EventType
		params string
		num    int64
		has    bool
		name   string // of the descriptor, "-" = none
	}{
		{schema.EvSyscallReadX, "res=1; fd=3", 3, true, "/a"},
		{schema.EvSyscallReadX, "res=EBADF; fd=9", 9, true, "-"},
		{schema.EvSyscallOpenX, "fd=ENOENT; name=/x", -1, true, "-"},
		{schema.EvSyscallOpenX, "fd=4; name=/b", 4, true, "/b"},
		{schema.EvSyscallDup1X, "res=5; oldfd=3", 5, true, "/a"},
		{schema.EvSyscallDup2X, "res=5; oldfd=11; newfd=5", 11, true, "-"},
		{schema.EvSyscallPipeX, "res=0; fd1=6; fd2=7", 7, true, ""},
		{schema.EvSyscallNewfstatatX, "res=0; dirfd=AT_FDCWD; path=x", -100, true, "-"},
		{schema.EvSyscallUnlinkat2X, "res=0; dirfd=3; name=x", 3, true, "/a"},
		{schema.EvSyscallMmapX, "res=0; fd=-1", -1, true, "-"},
		{schema.EvSyscallSendfileX, "res=0; out_fd=3; in_fd=4", 3, true, "/a"},
		{schema.EvSyscallCopyFileRangeX, "res=0; fdout=3; fdin=4", 4, true, "/b"},
		{schema.EvSyscallRenameX, "res=0; oldpath=/a; newpath=/b", 0, false, "-"},
		{schema.EvSocketSetsockoptX, "", -1, true, "-"},
		{schema.EvSyscallCloseX, "res=0; fd=3", 3, true, "/a"},
	}
	for _, tt := range tests {
		e := h.begin(h.ts+1, tt.typ, 10, tt.params)
		name := "-"
		if e.FD != nil {
			name = e.FD.Name
		}
		if e.HasFD != tt.has || e.FDNum != tt.num || name != tt.name {
			t.Errorf("%s %s: got %v %d %q", tt.typ, tt.params, e.HasFD, e.FDNum, name)
		}
		h.s.Done(e)
		h.poison()
	}
	h.wantFDs(10, "4:f:/b 5:f:/a 6:p: 7:p:")
	h.check()
}

func TestNameChanged(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.ev(schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; type=2")
	tests := []struct {
		typ     schema.EventType
		params  string
		changed bool
		old     string
	}{
		{schema.EvSyscallOpenX, "fd=4; name=/b", true, ""},
		{schema.EvSocketConnectX, "res=0; tuple=10.0.0.1:1->10.0.0.2:2; fd=3", true, ""},
		{schema.EvSocketConnectX, "res=0; tuple=10.0.0.1:1->10.0.0.2:2; fd=3", false, ""},
		{schema.EvSocketSendtoX, "res=1; fd=3", false, ""},
		{schema.EvSocketConnectX, "res=0; tuple=10.0.0.1:1->10.0.0.3:3; fd=3", true, "10.0.0.1:1->10.0.0.2:2"},
	}
	for _, tt := range tests {
		e := h.ev(tt.typ, 10, tt.params)
		if e.NameChanged != tt.changed || e.OldName != tt.old {
			t.Errorf("%s %s: got %v %q", tt.typ, tt.params, e.NameChanged, e.OldName)
		}
	}
}

func TestSocketAccessors(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.s.AddInterface(Interface{Name: "eth0", Prefix: netip.MustParsePrefix("10.0.0.1/24")})
	h.ev(schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; type=1")
	h.ev(schema.EvSocketConnectX, 10, "res=0; tuple=10.0.0.1:1000->10.0.0.2:80; fd=3")
	h.ev(schema.EvSocketAccept5X, 10, "fd=4; tuple=10.0.0.9:999->10.0.0.1:22")
	h.ev(schema.EvSocketSocketX, 10, "fd=5; domain=AF_INET6; type=2")
	h.ev(schema.EvSocketBindX, 10, "res=0; addr=[::1]:53; fd=5")
	tests := []struct {
		fd   int64
		want string
	}{
		{3, "client 10.0.0.1:1000 server 10.0.0.2:80 local 10.0.0.1:1000 remote 10.0.0.2:80 tcp false true ipv4"},
		{4, "client 10.0.0.9:999 server 10.0.0.1:22 local 10.0.0.1:22 remote 10.0.0.9:999 tcp true true ipv4"},
		{5, "client invalid IP:0 server ::1:53 local ::1:53 remote invalid IP:0 udp true false ipv6"},
	}
	for _, tt := range tests {
		f := h.s.Thread(10).FD(tt.fd)
		lip, lport := f.Local()
		rip, rport := f.Remote()
		got := fmt.Sprintf("client %s:%d server %s:%d local %s:%d remote %s:%d %s %v %v %s", f.ClientIP(), f.ClientPort(), f.ServerIP(), f.ServerPort(),
			lip, lport, rip, rport, f.L4, f.IsServer(), f.Connected, f.Type)
		if got != tt.want {
			t.Errorf("fd %d:\ngot  %s\nwant %s", tt.fd, got, tt.want)
		}
	}
}

// Descriptors after a fork are each process's own, though nothing is copied
// before one of them changes something.
func TestInheritance(t *testing.T) {
	h := newHost(t, Options{}).init()
	h.open(10, 3, "/a")
	h.ev(schema.EvSocketSocketX, 10, "fd=4; domain=AF_INET; type=1")
	h.fork(10, 20)
	h.fork(20, 30)
	if h.s.Thread(30).files.tab != h.s.Thread(10).files.tab {
		t.Error("the table was copied without need")
	}
	h.ev(schema.EvSocketConnectX, 30, "res=0; tuple=1.1.1.1:1->2.2.2.2:2; fd=4")
	h.close(10, 3)
	h.open(20, 5, "/c")
	h.wantFDs(10, "4:4:")
	h.wantFDs(20, "3:f:/a 4:4: 5:f:/c")
	h.wantFDs(30, "3:f:/a 4:4:1.1.1.1:1->2.2.2.2:2")
	h.check()
	// Sharing by CLONE_FILES, until exec.
	h.ev(schema.EvSyscallClone20X, 40, "res=0; tid=40; pid=40; ptid=10; flags=CLONE_FILES; comm=shares")
	h.open(40, 7, "/d")
	h.wantFDs(10, "4:4: 7:f:/d")
	h.exec(40, "/bin/x")
	h.close(40, 7)
	h.wantFDs(10, "4:4: 7:f:/d")
	h.wantFDs(40, "4:4:")
	h.ev(schema.EvSyscallClone20X, 50, "res=0; tid=50; pid=50; ptid=10; flags=CLONE_FILES; comm=shares")
	h.ev(schema.EvSyscallUnshareX, 50, "res=0; flags=CLONE_FILES")
	h.close(50, 7)
	h.wantFDs(10, "4:4: 7:f:/d")
	h.check()
	for _, tid := range []int64{10, 20, 30, 40, 50, 1} {
		h.exit(tid)
	}
	if st := h.s.Stats(); st.Threads != 0 || st.FDs != 0 || st.Bytes != 0 {
		t.Errorf("after all are gone: %+v", st)
	}
}

// The kernel's path has to do where the arguments do not suffice.
func TestKernelPath(t *testing.T) {
	h := newHost(t, Options{}).init()
	tests := []struct{ params, path, want string }{
		{"fd=3; dirfd=99; name=x", "/real/x", "/real/x"},
		{"fd=3; dirfd=AT_FDCWD; name=x", "/real/x", "/root/x"},
		{"fd=3; dirfd=AT_FDCWD", "/real/x", "/real/x"},
		{"fd=3; dirfd=99; name=/x", "/real/x", "/x"},
	}
	for _, tt := range tests {
		h.e.Path = []byte(tt.path)
		h.ev(schema.EvSyscallOpenat_2_X, 10, tt.params)
		if got := h.s.Thread(10).FD(3).Name; got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.params, got, tt.want)
		}
	}
}

func TestNameParts(t *testing.T) {
	tests := []struct{ name, dir, file string }{
		{"/etc/shadow", "/etc", "shadow"},
		{"/x", "/", "x"},
		{"/", "/", ""},
		{"", "/", ""},
		{"x", "/", "x"},
	}
	for _, tt := range tests {
		f := FD{Name: tt.name}
		if f.Directory() != tt.dir || f.Filename() != tt.file {
			t.Errorf("%q: got %q %q", tt.name, f.Directory(), f.Filename())
		}
	}
	d := FD{Type: FDDirectory, Name: "/a/b"}
	if d.Directory() != "/a/b" {
		t.Errorf("directory: got %q", d.Directory())
	}
	f := FD{Dev: 0xfe00}
	if f.Major() != 254 || f.Minor() != 0 {
		t.Errorf("device: got %d:%d", f.Major(), f.Minor())
	}
	f.Dev = 0x12300845
	if f.Major() != 8 || f.Minor() != 0x12345&0xfff45 {
		t.Errorf("device: got %x:%x", f.Major(), f.Minor())
	}
}

func TestTransport(t *testing.T) {
	for params, want := range map[string]L4Proto{
		"type=1; proto=0": L4TCP, "type=1; proto=6": L4TCP, "type=1; proto=262": L4TCP, "type=2; proto=0": L4UDP,
		"type=2; proto=1": L4ICMP, "type=3; proto=1": L4Raw, "type=1; proto=132": L4Unknown,
	} {
		h := newHost(t, Options{}).init()
		h.ev(schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; "+params)
		if got := h.s.Thread(10).FD(3).L4; got != want {
			t.Errorf("%s: got %v, want %v", params, got, want)
		}
	}
}

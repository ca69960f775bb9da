// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// passedFile is what the holder takes from another, and opens in no way that its children would see.
const passedFile = "/etc/ld.so.conf"

// startHolder starts TestHoldChild and returns when it holds all.
func startHolder(t *testing.T) (stop func()) {
	t.Helper()
	c := startChild(t, "TestHoldChild", "EYAS_HOLD="+t.TempDir())
	return func() {
		c.stdin.Close()
		c.wait(t, func(text string) { t.Log(text) })
	}
}

// TestHoldChild is no test but a program: opens descriptors of every kind in every way, starts children with ids, places
// and namespaces of their own, and holds all until its stdin ends.
func TestHoldChild(t *testing.T) {
	dir := os.Getenv("EYAS_HOLD")
	if dir == "" {
		t.Skip("started by other tests only")
	}
	h := &holder{t: t, dir: dir}
	h.anonymous()
	h.files()
	h.copies()
	h.changed()
	h.pairs()
	h.inet("tcp4", "127.0.0.1:0")
	h.inet("tcp6", "[::1]:0")
	h.datagrams()
	children := h.children()
	fmt.Print("\nready\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	for _, c := range children {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
}

// holder opens and keeps.
type holder struct {
	t    *testing.T
	dir  string
	kept []any // from the garbage collector
}

// fd has opened a descriptor. What a kernel was built without is left out.
func (h *holder) fd(what string) func(fd int, err error) int {
	return func(fd int, err error) int {
		if err != nil {
			if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
				h.t.Errorf("%s: %v", what, err)
			}
			fmt.Printf("not held: %s: %v\n", what, err)
		}
		return fd
	}
}

func (h *holder) must(what string, err error) {
	if err != nil {
		h.t.Errorf("%s: %v", what, err)
	}
}

func (h *holder) path(name string) string { return filepath.Join(h.dir, name) }

// anonymous are descriptors without a file.
func (h *holder) anonymous() {
	h.fd("memfd")(unix.MemfdCreate("held memory", unix.MFD_CLOEXEC))
	h.fd("eventfd")(unix.Eventfd(1, unix.EFD_NONBLOCK))
	h.fd("epoll")(unix.EpollCreate1(0))
	h.fd("timerfd")(unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC))
	h.fd("signalfd")(unix.Signalfd(-1, &unix.Sigset_t{}, 0))
	h.fd("inotify")(unix.InotifyInit1(unix.IN_CLOEXEC))
	h.fd("pidfd")(unix.PidfdOpen(os.Getpid(), 0))
	h.fd("fanotify")(unix.FanotifyInit(unix.FAN_CLASS_NOTIF, unix.O_RDONLY))
	h.fd("netlink")(unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE))
	h.fd("packet")(unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0))
	var pipe [2]int
	h.must("pipe", unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	fd, _, e := unix.RawSyscall(unix.SYS_USERFAULTFD, 0, 0, 0)
	if e == 0 {
		h.fd("userfaultfd")(int(fd), nil)
	}
}

// files are opened in all ways, below a folder that is open too.
func (h *holder) files() {
	folder := h.fd("folder")(unix.Open(h.dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0))
	h.fd("openat")(unix.Openat(folder, "below", unix.O_CREAT|unix.O_RDWR|unix.O_APPEND, 0o640))
	h.fd("openat2")(unix.Openat2(folder, "below", &unix.OpenHow{Flags: unix.O_RDONLY, Resolve: unix.RESOLVE_BENEATH}))
	h.fd("creat")(unix.Creat(h.path("created"), 0o600))
	h.fd("O_PATH")(unix.Open("/etc/passwd", unix.O_PATH, 0))
	h.fd("O_TMPFILE")(unix.Open(h.dir, unix.O_TMPFILE|unix.O_RDWR, 0o600))
	h.must("symlink", unix.Symlink("below", h.path("link")))
	h.fd("through a link")(unix.Open(h.path("link"), unix.O_RDONLY|unix.O_NONBLOCK, 0))
	h.fd("with dots")(unix.Open(h.dir+"/./../"+filepath.Base(h.dir)+"//below", unix.O_WRONLY|unix.O_SYNC, 0))
	h.fd("device")(unix.Open("/dev/null", unix.O_RDWR, 0))
	h.must("mkfifo", unix.Mkfifo(h.path("fifo"), 0o600))
	h.fd("fifo")(unix.Open(h.path("fifo"), unix.O_RDWR, 0))
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, h.path("below"), 0)
	h.must("name_to_handle_at", err)
	if err == nil {
		h.fd("open_by_handle_at")(unix.OpenByHandleAt(folder, handle, unix.O_RDONLY))
	}
	h.must("chdir", unix.Chdir("/usr"))
	h.fd("relative")(unix.Open("share/../bin/perl", unix.O_RDONLY, 0))
	h.must("fchdir", unix.Fchdir(folder))
	h.fd("relative to fchdir")(unix.Open("below", unix.O_RDONLY, 0))
}

// copies are made by every call that copies.
func (h *holder) copies() {
	fd := h.fd("file")(unix.Open("/etc/group", unix.O_RDONLY|unix.O_CLOEXEC, 0))
	passed := h.fd("file to pass")(unix.Open(passedFile, unix.O_RDONLY|unix.O_CLOEXEC, 0))
	h.fd("dup")(unix.Dup(fd))
	h.must("dup3", unix.Dup3(fd, 200, unix.O_CLOEXEC))
	h.must("dup2", unix.Dup2(fd, 201))
	h.fd("F_DUPFD")(unix.FcntlInt(uintptr(fd), unix.F_DUPFD, 210))
	h.fd("F_DUPFD_CLOEXEC")(unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 220))
	self := h.fd("pidfd")(unix.PidfdOpen(os.Getpid(), 0))
	h.fd("pidfd_getfd")(unix.PidfdGetfd(self, passed, 0))
	h.must("dup2 over another", unix.Dup2(self, 201))
	for n := 230; n < 240; n++ {
		h.must("dup2", unix.Dup2(fd, n))
	}
	h.must("close_range", unix.CloseRange(232, 234, 0))
	h.must("close_range", unix.CloseRange(235, 236, unix.CLOSE_RANGE_CLOEXEC))
	h.must("close", unix.Close(239))
}

const fioclex = 0x5451 // FIOCLEX of asm-generic/ioctls.h

// changed are files whose flags or names change while they are open.
func (h *holder) changed() {
	fd := h.fd("to be renamed")(unix.Open(h.path("before"), unix.O_CREAT|unix.O_RDWR, 0o600))
	h.must("rename", unix.Rename(h.path("before"), h.path("after")))
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, unix.O_APPEND|unix.O_NONBLOCK)
	h.must("F_SETFL", err)
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC)
	h.must("F_SETFD", err)
	fd = h.fd("to be removed")(unix.Open(h.path("removed"), unix.O_CREAT|unix.O_RDWR, 0o600))
	h.must("unlink", unix.Unlink(h.path("removed")))
	h.must("FIOCLEX", unix.IoctlSetInt(fd, fioclex, 0))
}

// pairs are sockets of the host itself, one of them handed over by another.
func (h *holder) pairs() {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	h.must("socketpair", err)
	passed := h.fd("file to pass")(unix.Open(passedFile, unix.O_RDONLY, 0))
	h.must("sendmsg", unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(passed), nil, 0))
	h.must("close", unix.Close(passed))
	_, _, _, _, err = unix.Recvmsg(pair[1], make([]byte, 1), make([]byte, unix.CmsgSpace(4)), unix.MSG_CMSG_CLOEXEC)
	h.must("recvmsg", err)
	server, err := net.Listen("unix", h.path("stream"))
	h.must("listen", err)
	h.connect(server)
	bound, err := net.ListenPacket("unixgram", h.path("datagrams"))
	h.must("bind", err)
	sender, err := net.Dial("unixgram", h.path("datagrams"))
	h.must("connect", err)
	h.kept = append(h.kept, bound, sender)
}

// connect makes a connection and keeps both its ends.
func (h *holder) connect(server net.Listener) {
	client, err := net.Dial(server.Addr().Network(), server.Addr().String())
	h.must("connect", err)
	accepted, err := server.Accept()
	h.must("accept", err)
	h.kept = append(h.kept, server, client, accepted)
}

func (h *holder) inet(network, address string) {
	server, err := net.Listen(network, address)
	h.must("listen", err)
	h.connect(server)
	raw := h.fd("socket that was never bound")(unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0))
	refused := &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Connect(raw, refused); !errors.Is(err, unix.ECONNREFUSED) {
		h.t.Errorf("connect: %v", err)
	}
}

func (h *holder) datagrams() {
	bound, err := net.ListenPacket("udp4", "127.0.0.1:0")
	h.must("bind", err)
	client, err := net.Dial("udp4", bound.LocalAddr().String())
	h.must("connect", err)
	_, err = client.Write([]byte("x"))
	h.must("send", err)
	_, _, err = bound.ReadFrom(make([]byte, 1))
	h.must("receive", err)
	six, err := net.Dial("udp6", "[::1]:9")
	h.must("connect", err)
	h.kept = append(h.kept, bound, client, six)
	loose := h.fd("datagrams to many")(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0))
	for port := 9; port < 12; port++ {
		h.must("sendto", unix.Sendto(loose, []byte("x"), 0, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
	}
	h.fd("icmp")(unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP))
	both := h.fd("v6 for v4")(unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0))
	h.must("connect", unix.Connect(both, &unix.SockaddrInet6{Port: 9, Addr: [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}}))
}

// children are one for each thing that a process can have of its own.
func (h *holder) children() (all []*exec.Cmd) {
	for _, attr := range []*syscall.SysProcAttr{
		{Setsid: true}, {Setpgid: true}, {Chroot: "/"},
		{Credential: &syscall.Credential{Uid: 1, Gid: 2, Groups: []uint32{3}}},
		{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}, {Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC},
		{Unshareflags: unix.CLONE_NEWNS}, {AmbientCaps: []uintptr{unix.CAP_NET_RAW}},
	} {
		cmd := exec.Command("sleep", "1000")
		cmd.SysProcAttr, cmd.Dir = attr, "/usr/bin"
		if err := cmd.Start(); err != nil {
			h.t.Errorf("%+v: %v", attr, err)
			continue
		}
		all = append(all, cmd)
	}
	return all
}

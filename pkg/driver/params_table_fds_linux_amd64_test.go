// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"strconv"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pipeValues are what the descriptors that a call stored must be.
func pipeValues(result string, pair *[2]int32) values {
	var st unix.Stat_t
	if err := unix.Fstat(int(pair[0]), &st); err != nil {
		panic(err)
	}
	return values{"res": result, "fd1": text(int(pair[0])), "fd2": text(int(pair[1])), "ino": strconv.FormatUint(st.Ino, 10)}
}

func newFDSamples() []sample {
	var pair [2]int32
	signals := uint64(1<<(unix.SIGUSR1-1) | 1<<40)
	none := values{"fd1": "<NA>", "fd2": "<NA>", "ino": "<NA>"}
	pid := raw(unix.SYS_GETPID)
	pidfd := raw(unix.SYS_PIDFD_OPEN, fd(pid), 0)
	return []sample{
		{event: "pipe", do: func() values { return pipeValues(raw(unix.SYS_PIPE, addrOf(&pair)), &pair) }},
		res("pipe", none, unix.SYS_PIPE, 8),
		{event: "pipe2", do: func() values {
			return pipeValues(raw(unix.SYS_PIPE2, addrOf(&pair), unix.O_CLOEXEC|unix.O_DIRECT), &pair).with(values{"flags": "O_CLOEXEC|O_DIRECT"})
		}},
		res("pipe2", none.with(values{"flags": "O_NONBLOCK"}), unix.SYS_PIPE2, addrOf(&pair), unix.O_NONBLOCK|1),
		res("eventfd", values{"initval": "4294967295", "flags": "0"}, unix.SYS_EVENTFD, ^uintptr(0)),
		res("eventfd2", values{"initval": "7", "flags": "O_CLOEXEC|O_NONBLOCK"}, unix.SYS_EVENTFD2, 7, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK|unix.EFD_SEMAPHORE),
		res("eventfd2", values{"initval": "7", "flags": "0"}, unix.SYS_EVENTFD2, 7, 1<<30),
		res("signalfd", values{"fd": "-1", "mask": "0x200", "flags": "0"}, unix.SYS_SIGNALFD, ^uintptr(0), addrOf(&signals), 8),
		res("signalfd4", values{"fd": "-1", "mask": "0x200", "flags": "O_CLOEXEC"}, unix.SYS_SIGNALFD4, ^uintptr(0), addrOf(&signals), 8, unix.SFD_CLOEXEC),
		partly(res("signalfd4", values{"fd": "900", "mask": "<NA>", "flags": "0"}, unix.SYS_SIGNALFD4, badFD, 8, 8, 0)),
		res("timerfd_create", values{"clockid": "1", "flags": "0x40"}, unix.SYS_TIMERFD_CREATE, unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK),
		res("timerfd_create", values{"clockid": "99", "flags": "0"}, unix.SYS_TIMERFD_CREATE, 99, 0),
		res("inotify_init", values{"flags": "0"}, unix.SYS_INOTIFY_INIT),
		res("inotify_init1", values{"flags": "O_NONBLOCK|O_CLOEXEC"}, unix.SYS_INOTIFY_INIT1, unix.IN_NONBLOCK|unix.IN_CLOEXEC),
		res("epoll_create", values{"size": "-3"}, unix.SYS_EPOLL_CREATE, uintptr(0xfffffffd)),
		res("epoll_create1", values{"flags": "EPOLL_CLOEXEC"}, unix.SYS_EPOLL_CREATE1, unix.EPOLL_CLOEXEC),
		res("userfaultfd", values{"flags": "O_CLOEXEC"}, unix.SYS_USERFAULTFD, unix.O_CLOEXEC|1<<20),
		returns("pidfd_open", "fd", values{"pid": pid, "flags": "0"}, unix.SYS_PIDFD_OPEN, fd(pid), 0),
		returns("pidfd_open", "fd", values{"pid": "-1", "flags": "PIDFD_NONBLOCK"}, unix.SYS_PIDFD_OPEN, ^uintptr(0), unix.PIDFD_NONBLOCK),
		returns("pidfd_getfd", "fd", values{"pid_fd": pidfd, "target_fd": "1", "flags": "0"}, unix.SYS_PIDFD_GETFD, fd(pidfd), 1, 0),
		returns("pidfd_getfd", "fd", values{"pid_fd": "900", "target_fd": "-1", "flags": "0x9"}, unix.SYS_PIDFD_GETFD, badFD, ^uintptr(0), 9),
		returns("bpf", "fd", values{"cmd": "BPF_PROG_LOAD"}, unix.SYS_BPF, unix.BPF_PROG_LOAD, 0, 0),
		returns("bpf", "fd", values{"cmd": "77"}, unix.SYS_BPF, 77, 0, 0),
		res("close_range", values{"first": "9000", "last": "4294967295", "flags": "CLOSE_RANGE_CLOEXEC"},
			unix.SYS_CLOSE_RANGE, 9000, ^uintptr(0), unix.CLOSE_RANGE_CLOEXEC),
		res("close_range", values{"first": "2", "last": "1", "flags": "0"}, unix.SYS_CLOSE_RANGE, 2, 1, 0),
	}
}

func waitSamples(t *testing.T) []sample {
	var pair [2]int32
	raw(unix.SYS_PIPE, addrOf(&pair))
	r, w := text(int(pair[0])), text(int(pair[1]))
	polled := []unix.PollFd{{Fd: pair[0], Events: unix.POLLIN}, {Fd: pair[1], Events: unix.POLLOUT}, {Fd: badFD, Events: unix.POLLIN}, {Fd: -1}}
	many := make([]unix.PollFd, 1030)
	for i := range many {
		many[i].Fd = -1
	}
	keep = append(keep, polled, many)
	fds, n := uintptr(unsafe.Pointer(&polled[0])), uintptr(len(polled))
	list := r + ":0," + w + ":4,900:64,-1:0" // POLLOUT, POLLNVAL
	long := ""
	for range 1024 {
		long += "-1 "
	}
	mask := uint64(1 << (unix.SIGUSR2 - 1))
	millisecond := unix.NsecToTimespec(int64(time.Millisecond))
	epoll := raw(unix.SYS_EPOLL_CREATE1, 0)
	edge := edgeOf(t, string((*[8]byte)(unsafe.Pointer(&polled[1]))[:]))
	return []sample{
		res("poll", values{"fds": list, "timeout": "1"}, unix.SYS_POLL, fds, n, 1),
		res("poll", values{"fds": "", "timeout": "0"}, unix.SYS_POLL, 0, 0, 0),
		partly(res("poll", values{"fds": w + ":0", "timeout": "-1"}, unix.SYS_POLL, edge, 2, uintptr(0xffffffff))),
		partly(res("poll", values{"fds": long, "timeout": "0"}, unix.SYS_POLL, uintptr(unsafe.Pointer(&many[0])), uintptr(len(many)), 0)),
		{event: "ppoll", do: func() values {
			left := millisecond
			v := values{"res": raw(unix.SYS_PPOLL, fds, n, addrOf(&left), addrOf(&mask), 8), "fds": list, "sigmask": "0x800"}
			return v.with(values{"timeout": text(left.Nano())}) // the call takes off what it waited
		}},
		res("ppoll", values{"fds": list, "timeout": "<NA>", "sigmask": "<NA>"}, unix.SYS_PPOLL, fds, n, 0, 0, 8),
		res("select", nil, unix.SYS_SELECT, 0, 0, 0, 0, addrOf(&unix.Timeval{Usec: 1})),
		res("epoll_wait", values{"maxevents": "5"}, unix.SYS_EPOLL_WAIT, fd(epoll), ptr(buffer(100)), 5, 0),
		res("epoll_wait", values{"maxevents": "-2"}, unix.SYS_EPOLL_WAIT, fd(epoll), ptr(buffer(100)), ^uintptr(1), 0),
		res("nanosleep", values{"interval": "1ms"}, unix.SYS_NANOSLEEP, addrOf(&millisecond), 0),
		res("nanosleep", values{"interval": "<NA>"}, unix.SYS_NANOSLEEP, 0, 0),
		partly(res("nanosleep", values{"interval": "<NA>"}, unix.SYS_NANOSLEEP, 8, 0)),
	}
}

func uringSamples() []sample {
	const setupCQSize, setupClamp, enterGetEvents, enterExtArg, registerProbe = 8, 16, 1, 8, 8
	type params struct {
		sqEntries, cqEntries, flags, cpu, idle, features uint32
		_                                                [24]uint32
	}
	p := &params{flags: setupCQSize | setupClamp, cqEntries: 64, cpu: 3, idle: 9}
	bad := &params{flags: 1 << 31, cqEntries: 64, cpu: 3, idle: 9}
	var ring string
	mask := uint64(0xff)
	wrapped := [2]uint64{uint64(addrOf(&mask)), 8}
	return []sample{
		{event: "io_uring_setup", do: func() values {
			ring = raw(unix.SYS_IO_URING_SETUP, 8, addrOf(p))
			return values{"res": ring, "entries": "8", "sq_entries": text(p.sqEntries), "cq_entries": text(p.cqEntries),
				"flags": "IORING_SETUP_CQSIZE|IORING_SETUP_CLAMP", "sq_thread_cpu": "3", "sq_thread_idle": "9", "features": text(p.features & (1<<11 - 1))}
		}},
		res("io_uring_setup", values{"entries": "8", "sq_entries": "<NA>", "cq_entries": "<NA>", "flags": "0", "sq_thread_cpu": "3", "sq_thread_idle": "9",
			"features": "<NA>"}, unix.SYS_IO_URING_SETUP, 8, addrOf(bad)),
		{event: "io_uring_enter", do: func() values {
			return values{"res": raw(unix.SYS_IO_URING_ENTER, fd(ring), 0, 0, enterGetEvents, addrOf(&mask), 8), "fd": ring, "to_submit": "0",
				"min_complete": "0", "flags": "IORING_ENTER_GETEVENTS", "sig": "0xff"}
		}},
		res("io_uring_enter", values{"fd": "900", "to_submit": "1", "min_complete": "2", "flags": "IORING_ENTER_EXT_ARG", "sig": "0xff"},
			unix.SYS_IO_URING_ENTER, badFD, 1, 2, enterExtArg, addrOf(&wrapped), 24),
		res("io_uring_enter", values{"fd": "900", "to_submit": "1", "min_complete": "2", "flags": "0", "sig": "<NA>"},
			unix.SYS_IO_URING_ENTER, badFD, 1, 2, 0, 0, 0),
		res("io_uring_register", values{"fd": "900", "opcode": "IORING_REGISTER_PROBE", "arg": "0x1234", "nr_args": "256"},
			unix.SYS_IO_URING_REGISTER, badFD, registerProbe, 0x1234, 256),
	}
}

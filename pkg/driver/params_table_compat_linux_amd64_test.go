// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/rawcall"
	"github.com/eyas-security/eyas/pkg/schema"
)

// i386 makes a call by its 32-bit number; its result goes to ret.
func i386(nr uint16, name, ret string, want values, args ...uint32) compatSample {
	return compatSample{nr, sample{event: name, do: func() values {
		var a [5]uint32
		copy(a[:], args)
		return values{ret: strconv.Itoa(int(rawcall.Int80(uint32(nr), a[0], a[1], a[2], a[3], a[4])))}.with(want)
	}}}
}

// TestCompatParameters: what 32-bit callers give in another way than 64-bit ones.
func TestCompatParameters(t *testing.T) {
	needCompat(t)
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("file", []byte("0123456789"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := newLow(t)
	for _, group := range []struct {
		name    string
		samples []compatSample
	}{
		{"vectors", compatVectors(l)},
		{"messages", compatMessages(l)},
		{"halves", compatHalves(l)},
		{"ids", compatIDs(l)},
		{"structures", compatStructs(l, dir)},
		{"behind socketcall", compatSocketcall(l)},
		{"behind ipc", compatIPC(l)},
	} {
		t.Run(group.name, func(t *testing.T) { checkCompat(t, group.samples) })
	}
}

func checkCompat(t *testing.T, samples []compatSample) {
	var names []string
	for _, s := range samples {
		names = append(names, s.event)
	}
	var want []values
	tid, events := recordMask(t, kernelMask(schema.EventNamesToSCs(names)), func() {
		blockSignals()
		for _, s := range samples {
			want = append(want, s.do())
		}
	})
	events = slices.DeleteFunc(events, func(ev event.Event) bool { return ev.TID != tid || ev.RecFlags&abi.RecCompat == 0 })
	if len(events) != len(samples) {
		t.Fatalf("%d events for %d calls", len(events), len(samples))
	}
	for i := range samples {
		ev, s := &events[i], &samples[i]
		if name := ev.Info().Name; ev.Native != s.nr || name != s.event {
			t.Fatalf("event %d is %s of number %d, want %s of %d", i, name, ev.Native, s.event, s.nr)
		}
		checkSample(t, fmt.Sprintf("%s (%d)", s.event, i), ev, &s.sample, want[i])
	}
}

// room is n bytes that nothing else uses.
func (l *low) room(n int) uint32 { return l.put(make([]byte, n)) }

func (l *low) bytes(addr uint32, n int) []byte {
	at := uintptr(addr) - uintptr(unsafe.Pointer(&l.mem[0]))
	return l.mem[at : at+uintptr(n)]
}

func (l *low) word(addr uint32) uint32 { return binary.NativeEndian.Uint32(l.bytes(addr, 4)) }

// long is a 64-bit word.
func (l *low) long(v uint64) uint32 { return l.put(binary.NativeEndian.AppendUint64(nil, v)) }

// vector is an array of the 32-bit struct iovec.
func (l *low) vector(parts ...string) uint32 {
	var words []uint32
	for _, p := range parts {
		words = append(words, l.put([]byte(p)), uint32(len(p)))
	}
	return l.words(words...)
}

func compatVectors(l *low) []compatSample {
	const readv, writev, preadv, pwritev, vmReadv = 145, 146, 333, 334, 347
	in, out := openFile("file", unix.O_RDONLY), openFile("compat", unix.O_RDWR|unix.O_CREAT)
	into, three := l.vector("   ", "", "           "), l.vector("one ", "two ", "three")
	self := uint32(os.Getpid())
	return []compatSample{
		i386(readv, "readv", "res", values{"size": "10", "data": "0123456789", "fd": in}, uint32(fd(in)), into, 3),
		i386(preadv, "preadv", "res", values{"size": "6", "data": "456789", "fd": in, "pos": "4"}, uint32(fd(in)), into, 3, 4, 0),
		i386(writev, "writev", "res", values{"data": "one two three", "fd": out, "size": "13"}, uint32(fd(out)), three, 3),
		i386(pwritev, "pwritev", "res", values{"data": "one two three", "fd": out, "size": "13", "pos": "5000000000"},
			uint32(fd(out)), three, 3, 5000000000&0xffffffff, 5000000000>>32),
		i386(vmReadv, "process_vm_readv", "res", values{"pid": text(self), "data": "<NA>"}, self, into, 3, 8, 1),
	}
}

func compatMessages(l *low) []compatSample {
	const sendto, sendmsg, recvmsg, sendmmsg, recvmmsg = 369, 370, 372, 345, 337
	a, b := netV4.datagrams()
	there := netV4.text(portOf(a)) + "->" + netV4.text(portOf(b))
	sa := unix.RawSockaddrInet4{Family: unix.AF_INET, Port: portOf(b)<<8 | portOf(b)>>8, Addr: netV4.ip.As4()}
	const size = unix.SizeofSockaddrInet4
	to := l.put((*[size]byte)(unsafe.Pointer(&sa))[:])
	msg := l.words(to, size, l.vector("one ", "two"), 2, 0, 0, 0)
	from := l.words(l.room(size), size, l.vector("         "), 1, l.room(16), 16, 0)
	two := l.words(to, size, l.vector("first"), 1, 0, 0, 0, 0, to, size, l.vector("second"), 1, 0, 0, 0, 0)
	sent := func(data string, do func()) compatSample {
		return compatSample{sendmmsg, sample{event: "sendmmsg", do: func() values {
			do()
			return values{"res": strconv.Itoa(len(data)), "fd": a, "size": strconv.Itoa(len(data)), "data": data, "tuple": there}
		}}}
	}
	return []compatSample{
		i386(sendmsg, "sendmsg", "res", values{"data": "one two", "fd": a, "size": "7", "tuple": there}, uint32(fd(a)), msg, 0),
		i386(recvmsg, "recvmsg", "res", values{"size": "7", "data": "one two", "tuple": there, "msgcontrol": "", "fd": b}, uint32(fd(b)), from, 0),
		sent("first", func() { rawcall.Int80(sendmmsg, uint32(fd(a)), two, 2, 0, 0) }),
		sent("second", func() {}),
		i386(recvmsg, "recvmsg", "res", values{"size": "5", "data": "first", "tuple": there, "msgcontrol": "", "fd": b}, uint32(fd(b)), from, 0),
		{recvmmsg, sample{event: "recvmmsg", do: func() values {
			in := l.words(l.room(size), size, l.vector("         "), 1, 0, 0, 0, 0)
			rawcall.Int80(recvmmsg, uint32(fd(b)), in, 1, unix.MSG_DONTWAIT, 0)
			return values{"res": "6", "fd": b, "size": "6", "data": "second", "tuple": there, "msgcontrol": ""}
		}}},
	}
}

// socketcall makes the call of that number behind socketcall.
func (l *low) socketcall(nr uint32, name string, want values, args ...uint32) compatSample {
	return i386(i386Socketcall, name, "res", want, nr, l.words(args...))
}

func compatSocketcall(l *low) []compatSample {
	const sendto, recvfrom, setsockopt, sendmsg, sendmmsg = 11, 12, 14, 16, 20
	a, b := netV4.datagrams()
	there := netV4.text(portOf(a)) + "->" + netV4.text(portOf(b))
	sa := unix.RawSockaddrInet4{Family: unix.AF_INET, Port: portOf(b)<<8 | portOf(b)>>8, Addr: netV4.ip.As4()}
	const size = unix.SizeofSockaddrInet4
	to := l.put((*[size]byte)(unsafe.Pointer(&sa))[:])
	f := uint32(fd(a))
	sent := func(data string) values {
		return values{"fd": a, "size": text(len(data)), "data": data, "tuple": there}
	}
	return []compatSample{
		l.socketcall(sendto, "sendto", sent("hello"), f, l.str("hello"), 5, 0, to, size),
		l.socketcall(recvfrom, "recvfrom", values{"fd": b, "size": "16", "data": "hello", "tuple": there},
			uint32(fd(b)), l.room(16), 16, 0, l.room(size), l.words(size)),
		l.socketcall(sendmsg, "sendmsg", sent("one two"), f, l.words(to, size, l.vector("one ", "two"), 2, 0, 0, 0), 0),
		{i386Socketcall, sample{event: "sendmmsg", do: func() values {
			two := l.words(to, size, l.vector("first"), 1, 0, 0, 0, 0, to, size, l.vector("second"), 1, 0, 0, 0, 0)
			rawcall.Int80(i386Socketcall, sendmmsg, l.words(f, two, 2, 0), 0, 0, 0)
			return sent("first").with(values{"res": "5"})
		}}},
		{i386Socketcall, sample{event: "sendmmsg", do: func() values { return sent("second").with(values{"res": "6"}) }}},
		l.socketcall(setsockopt, "setsockopt", values{"fd": a, "level": "SOL_SOCKET", "optname": "SO_RCVTIMEO", "val": "4:1002ms", "optlen": "8"},
			f, unix.SOL_SOCKET, unix.SO_RCVTIMEO, l.words(1, 2000), 8),
	}
}

func compatIPC(l *low) []compatSample {
	const semop, semget, semctl = 1, 2, 3
	sem := text(int(rawcall.Int80(i386Ipc, semget, unix.IPC_PRIVATE, 1, 0o600, 0)))
	id := uint32(fd(sem))
	op := l.put(binary.NativeEndian.AppendUint32([]byte{0, 0, 1, 0, 0, 0}, 0))
	return []compatSample{
		i386(i386Ipc, "semget", "res", values{"key": "77777", "nsems": "-1", "semflg": "0"}, semget, 77777, ^uint32(0), 0),
		i386(i386Ipc, "semop", "res", values{"nsops": "1", "sem_num_0": "0", "sem_op_0": "1", "sem_flg_0": "0", "sem_num_1": "<NA>", "sem_op_1": "<NA>",
			"sem_flg_1": "<NA>", "semid": sem}, semop, id, 1, 0, op),
		i386(i386Ipc, "semctl", "res", values{"semid": sem, "semnum": "0", "cmd": "SETVAL", "val": "5"}, semctl, id, 0, 16, l.words(5)),
		i386(i386Ipc, "semctl", "res", values{"semid": sem, "semnum": "0", "cmd": "IPC_RMID", "val": "<NA>"}, semctl, id, 0, 0, l.words(0)),
	}
}

// compatHalves: 64-bit values in two arguments, or half as wide ones.
func compatHalves(l *low) []compatSample {
	const pread, pwrite, lseek, llseek, sendfile, sendfile64 = 180, 181, 19, 140, 187, 239
	in, out := openFile("file", unix.O_RDONLY), openFile("halves", unix.O_RDWR|unix.O_CREAT)
	f, g := uint32(fd(in)), uint32(fd(out))
	return []compatSample{
		i386(pread, "pread", "res", values{"data": "23", "fd": in, "size": "2", "pos": "2"}, f, l.room(8), 2, 2, 0),
		i386(pwrite, "pwrite", "res", values{"data": "ab", "fd": out, "size": "2", "pos": "8589934593"}, g, l.str("ab"), 2, 1, 2),
		i386(lseek, "lseek", "res", values{"fd": in, "offset": "-3", "whence": "SEEK_END"}, f, ^uint32(2), unix.SEEK_END),
		i386(llseek, "lseek", "res", values{"fd": in, "offset": "4294967297", "whence": "SEEK_CUR"}, f, 1, 1, l.room(8), unix.SEEK_CUR),
		i386(sendfile, "sendfile", "res", values{"offset": "4", "out_fd": out, "in_fd": in, "size": "1"}, g, f, l.words(3, 0xffffffff), 1),
		i386(sendfile64, "sendfile", "res", values{"offset": "6", "out_fd": out, "in_fd": in, "size": "2"}, g, f, l.long(4), 2),
	}
}

// compatIDs: 16-bit ids and those of today.
func compatIDs(l *low) []compatSample {
	const chown16, chown, setresgid16, setresgid, getresgid16, getresgid, getuid16 = 182, 212, 170, 210, 171, 211, 24
	a, b, c := l.words(0), l.words(0), l.words(0)
	return []compatSample{
		i386(chown16, "chown", "res", values{"path": "file", "uid": "4294967295", "gid": "7"}, l.str("file"), 0x1ffff, 0x10007),
		i386(chown, "chown", "res", values{"path": "file", "uid": "65535", "gid": "8"}, l.str("file"), 0xffff, 8),
		i386(setresgid16, "setresgid", "res", values{"rgid": "4294967295", "egid": "5", "sgid": "6"}, 0xffff, 5, 6),
		i386(getresgid16, "getresgid", "res", values{"rgid": "0", "egid": "5", "sgid": "6"}, a, b, c),
		i386(setresgid, "setresgid", "res", values{"rgid": "4294967295", "egid": "65537", "sgid": "6"}, 0xffffffff, 65537, 6),
		i386(getresgid, "getresgid", "res", values{"rgid": "0", "egid": "65537", "sgid": "6"}, a, b, c),
		i386(getuid16, "getuid", "uid", nil),
	}
}

// left is a call that takes off its timeout what it has waited.
func left(s compatSample, timeout func() int64) compatSample {
	do := s.do
	s.do = func() values { return do().with(values{"timeout": text(timeout())}) }
	return s
}

func compatStructs(l *low, dir string) []compatSample {
	const nanosleep, ppoll, ppoll64, poll, getrlimit, setrlimit, prlimit, umount = 162, 309, 414, 168, 191, 75, 340, 22
	const setsockopt, pipe, fsconfig = 366, 42, 431
	time, time64 := l.words(3, 1000), l.put((*[16]byte)(unsafe.Pointer(&unix.Timespec{Sec: 5, Nsec: 2000}))[:])
	polled := l.words(badFD, 1, ^uint32(0), 0)
	mask := l.words(0x400, 0)
	limits := l.room(8)
	s := raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, 0)
	pair := l.room(8)
	return []compatSample{
		i386(nanosleep, "nanosleep", "res", values{"interval": "1us"}, l.words(0, 1000), 0),
		i386(poll, "poll", "res", values{"fds": "900:64,-1:0", "timeout": "-5"}, polled, 2, ^uint32(4)),
		left(i386(ppoll, "ppoll", "res", values{"fds": "900:64,-1:0", "sigmask": "0x400"}, polled, 2, time, mask, 4),
			func() int64 { return int64(l.word(time))*1e9 + int64(l.word(time+4)) }),
		left(i386(ppoll64, "ppoll", "res", values{"fds": "900:64,-1:0", "sigmask": "<NA>"}, polled, 2, time64, 0, 8),
			func() int64 { return int64(l.word(time64))*1e9 + int64(l.word(time64+8)) }),
		i386(setrlimit, "setrlimit", "res", values{"cur": "3000000000", "max": "-1", "resource": "RLIMIT_CORE"}, unix.RLIMIT_CORE, l.words(3000000000, 0xffffffff)),
		{getrlimit, sample{event: "getrlimit", do: func() values {
			r := rawcall.Int80(getrlimit, unix.RLIMIT_NOFILE, limits, 0, 0, 0)
			return values{"res": strconv.Itoa(int(r)), "cur": text(l.word(limits)), "max": text(l.word(limits + 4)), "resource": "RLIMIT_NOFILE"}
		}}},
		i386(prlimit, "prlimit", "res", values{"newcur": "5000000000", "newmax": "1", "oldcur": "<NA>", "oldmax": "<NA>", "pid": "0", "resource": "RLIMIT_CORE"},
			0, unix.RLIMIT_CORE, l.put((*[16]byte)(unsafe.Pointer(&unix.Rlimit{Cur: 5000000000, Max: 1}))[:]), 0),
		i386(umount, "umount2", "res", values{"name": dir, "flags": "0"}, l.str(dir), 0xf),
		i386(setsockopt, "setsockopt", "res", values{"fd": s, "level": "SOL_SOCKET", "optname": "SO_RCVTIMEO", "val": "4:1002ms", "optlen": "8"},
			uint32(fd(s)), unix.SOL_SOCKET, unix.SO_RCVTIMEO, l.words(1, 2000), 8),
		{pipe, sample{event: "pipe", do: func() values {
			r := rawcall.Int80(pipe, pair, 0, 0, 0, 0)
			return pipeValues(strconv.Itoa(int(r)), &[2]int32{int32(l.word(pair)), int32(l.word(pair + 4))})
		}}},
		i386(fsconfig, "fsconfig", "res", values{"fd": "900", "cmd": "FSCONFIG_SET_STRING", "key": "k", "value_bytebuf": "<NA>", "value_charbuf": "v", "aux": "0"},
			900, unix.FSCONFIG_SET_STRING, l.str("k"), l.str("v"), 0),
	}
}

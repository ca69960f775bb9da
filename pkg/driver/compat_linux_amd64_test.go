// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"fmt"
	"os"
	"path/filepath"
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

// Numbers of the i386 table.
const (
	i386Open       = 5
	i386Execve     = 11
	i386Getppid    = 64
	i386Socketcall = 102
	i386Ipc        = 117
	i386Openat     = 295
	i386Socket     = 359
	i386Connect    = 362
)

// low is memory that a 32-bit caller can name.
type low struct {
	mem  []byte
	used int
}

func newLow(t *testing.T) *low {
	t.Helper()
	mem, err := unix.Mmap(-1, 0, 2*os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_32BIT)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(mem) })
	return &low{mem: mem}
}

// put copies bytes there and returns their address.
func (l *low) put(b []byte) uint32 {
	at := &l.mem[l.used]
	l.used += (copy(l.mem[l.used:], b) + 7) &^ 7
	return uint32(uintptr(unsafe.Pointer(at)))
}

// at is the memory at an address and behind it.
func (l *low) at(addr uint32) []byte { return l.mem[addr-uint32(uintptr(unsafe.Pointer(&l.mem[0]))):] }

func (l *low) str(s string) uint32 { return l.put(append([]byte(s), 0)) }

func (l *low) words(list ...uint32) uint32 {
	return l.put(unsafe.Slice((*byte)(unsafe.Pointer(&list[0])), 4*len(list)))
}

func needCompat(t *testing.T) {
	t.Helper()
	if openSession(t, Config{RingBytes: abi.MinRing}).Info().Features&abi.FeatureCompat == 0 {
		t.Fatal("this kernel's module does not record 32-bit callers")
	}
}

// compatSample is a call by its 32-bit number.
type compatSample struct {
	nr uint16
	sample
}

// TestCompat: calls of the 32-bit table are recorded by their own numbers.
func TestCompat(t *testing.T) {
	needCompat(t)
	dir := t.TempDir()
	t.Chdir(dir)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	samples := compatSamples(newLow(t), file)
	set := schema.EventNamesToSCs([]string{"openat", "open", "socket", "connect"})
	set.Add(schema.SCGetppid)
	var want []values
	tid, events := recordMask(t, kernelMask(set), func() {
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

func compatSamples(l *low, file string) []compatSample {
	text := func(v int32) string { return strconv.Itoa(int(v)) }
	sa := unix.RawSockaddrInet4{Family: unix.AF_INET, Port: 53 << 8, Addr: netV4.ip.As4()}
	const size = unix.SizeofSockaddrInet4
	addr := l.put((*[size]byte)(unsafe.Pointer(&sa))[:])
	var datagram string
	return []compatSample{
		{i386Getppid, sample{event: "syscall", do: func() values {
			rawcall.Int80(i386Getppid, 0, 0, 0, 0, 0)
			return values{"ID": "getppid", "nativeID": strconv.Itoa(i386Getppid)}
		}}},
		{i386Openat, sample{event: "openat", path: file, do: func() values {
			res := rawcall.Int80(i386Openat, ^uint32(99), l.str("file"), unix.O_RDWR, 0, 0)
			return inode(file, values{"fd": text(res), "dirfd": "AT_FDCWD", "name": "file", "flags": "O_RDWR", "mode": "0"})
		}}},
		{i386Open, sample{event: "open", partial: true, do: func() values {
			return values{"fd": text(rawcall.Int80(i386Open, 8, unix.O_RDWR, 0, 0, 0)), "name": "<NA>", "flags": "O_RDWR",
				"mode": "0", "dev": "0", "ino": "0"}
		}}},
		{i386Socket, sample{event: "socket", do: func() values {
			datagram = text(rawcall.Int80(i386Socket, unix.AF_INET, unix.SOCK_DGRAM, 0, 0, 0))
			return values{"fd": datagram, "domain": "AF_INET", "type": "2", "proto": "0", "flags": "0"}
		}}},
		{i386Connect, sample{event: "connect", do: func() values {
			res := rawcall.Int80(i386Connect, uint32(fd(datagram)), addr, size, 0, 0)
			return values{"res": text(res), "fd": datagram, "addr": netV4.text(53), "tuple": netV4.text(portOf(datagram)) + "->" + netV4.text(53)}
		}}},
		{i386Socketcall, sample{event: "socket", do: func() values {
			res := rawcall.Int80(i386Socketcall, 1, l.words(unix.AF_INET, unix.SOCK_STREAM, 6), 0, 0, 0)
			return values{"fd": text(res), "domain": "AF_INET", "type": "1", "proto": "6", "flags": "0"}
		}}},
		{i386Socketcall, sample{event: "connect", do: func() values {
			res := rawcall.Int80(i386Socketcall, 3, l.words(uint32(fd(datagram)), addr, size), 0, 0, 0)
			return values{"res": text(res), "fd": datagram, "addr": netV4.text(53), "tuple": netV4.text(portOf(datagram)) + "->" + netV4.text(53)}
		}}},
		{i386Socketcall, sample{event: "syscall", partial: true, do: func() values {
			rawcall.Int80(i386Socketcall, 3, 8, 0, 0, 0) // connect, with arguments that cannot be read
			return values{"ID": "socketcall", "nativeID": strconv.Itoa(i386Socketcall)}
		}}},
		{i386Socketcall, sample{event: "syscall", do: func() values {
			rawcall.Int80(i386Socketcall, 99, 8, 0, 0, 0) // no call at all
			return values{"ID": "socketcall", "nativeID": strconv.Itoa(i386Socketcall)}
		}}},
	}
}

// TestMultiplexed: a call behind socketcall or ipc is recorded when it is selected,
// not when a neighbour is, and counted by its own line.
func TestMultiplexed(t *testing.T) {
	needCompat(t)
	l := newLow(t)
	s := openSession(t, Config{IncludeSelf: true, RingBytes: 1 << 20})
	enable(t, s, kernelMask(schema.SCsOf(schema.SCListen, schema.SCShmget, schema.SCSemctl)))
	const badFD, semctl, shmget, semget = 900, 3, 23, 2
	for _, call := range [][5]uint32{
		{4, l.words(badFD, 5)},  // listen
		{13, l.words(badFD, 2)}, // shutdown
	} {
		rawcall.Int80(i386Socketcall, call[0], call[1], 0, 0, 0)
	}
	rawcall.Int80(i386Ipc, shmget, 0, 0, 0, 0)
	rawcall.Int80(i386Ipc, semget, 0, 0, 0, 0)
	rawcall.Int80(i386Ipc, 1<<16|semctl, badFD, 0, 0, 8) // its argument cannot be read
	if err := s.Disable(); err != nil {
		t.Fatal(err)
	}
	events := slices.DeleteFunc(drain(t, s), func(ev event.Event) bool { return ev.RecFlags&abi.RecCompat == 0 })
	if len(events) != 3 {
		t.Fatalf("%d events, want 3", len(events))
	}
	compare(t, "listen", &events[0], values{"res": "EBADF", "fd": strconv.Itoa(badFD), "backlog": "5"})
	compare(t, "shmget", &events[1], values{"ID": "shmget", "nativeID": strconv.Itoa(i386Ipc)})
	compare(t, "semctl", &events[2], values{"ID": "ipc", "nativeID": strconv.Itoa(i386Ipc)})
	checkPartial(t, &events[1], false)
	checkPartial(t, &events[2], true)
	counters, err := s.Counters()
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[int]uint64{abi.MuxSocketcall + 4: 1, abi.MuxSocketcall + 13: 0, abi.MuxIPC + shmget: 1, abi.MuxIPC + semctl: 1} {
		if got := counters[abi.CounterMux+line].Recorded; got != want {
			t.Errorf("line %d: %d recorded, want %d", line, got, want)
		}
	}
	if got := counters[abi.CounterMux+abi.MuxIPC+semctl].Partial; got != 1 {
		t.Errorf("%d partial, want 1", got)
	}
}

// TestUnnamed: a number that the table does not know is a generic event without a code.
func TestUnnamed(t *testing.T) {
	needCompat(t)
	const nr, outside = 500, 512 + 3
	m := schema.Mask{}
	m.AddNumber(nr, schema.X8664)
	mask := abi.Mask{Native: m.Native, Compat: m.Compat}
	s := openSession(t, Config{IncludeSelf: true, RingBytes: 1 << 20})
	enable(t, s, mask)
	if got, err := s.Mask(); err != nil || got.Native != mask.Native || got.Compat != mask.Compat {
		t.Errorf("the mask is %x, %v", got, err)
	}
	raw(nr)
	raw(outside)
	rawcall.Int80(nr, 0, 0, 0, 0, 0)
	rawcall.Int80(outside, 0, 0, 0, 0, 0)
	if err := s.Disable(); err != nil {
		t.Fatal(err)
	}
	events := drain(t, s)
	if len(events) != 2 {
		t.Fatalf("%d events, want 2", len(events))
	}
	for i := range events {
		compare(t, "number 500", &events[i], values{"ID": "0", "nativeID": strconv.Itoa(nr)})
		if compat := events[i].RecFlags&abi.RecCompat != 0; compat != (i == 1) || events[i].Native != nr {
			t.Errorf("event %d: number %d, flags %#x", i, events[i].Native, events[i].RecFlags)
		}
	}
}

// TestX32: calls of the third kind of caller, which kernels without x32 refuse. Their
// own numbers are given as the 64-bit ones; what they point to is laid out as for
// 32-bit callers.
func TestX32(t *testing.T) {
	needDevice(t)
	const bit, sendmsg, outside = 1 << 30, 518, 548
	l := newLow(t)
	msg := l.words(0, 0, l.vector("one ", "two"), 2, 0, 0, 0)
	tid, events := recordMask(t, kernelMask(schema.SCsOf(schema.SCGetppid, schema.SCSendmsg)), func() {
		blockSignals()
		raw(bit | unix.SYS_GETPPID)
		raw(bit|sendmsg, badFD, uintptr(msg), 0)
		raw(bit | outside)
	})
	events = slices.DeleteFunc(events, func(ev event.Event) bool { return ev.TID != tid || ev.RecFlags&abi.RecX32 == 0 })
	if len(events) != 2 || events[0].Native != unix.SYS_GETPPID || events[1].Native != unix.SYS_SENDMSG {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	compare(t, "getppid", &events[0], values{"ID": "getppid", "nativeID": strconv.Itoa(unix.SYS_GETPPID)})
	compare(t, "sendmsg", &events[1], values{"data": "<NA>", "fd": strconv.Itoa(badFD), "size": "7", "tuple": "<NA>"})
	checkPartial(t, &events[1], false)
}

// TestCompatExec: the arrays of a 32-bit caller have 32-bit entries.
func TestCompatExec(t *testing.T) {
	needCompat(t)
	l := newLow(t)
	events := record(t, []string{"execve"}, func() {
		argv, envv := l.words(l.str("zero"), l.str("one"), 0), l.words(l.str("A=1"), 0)
		rawcall.Int80(i386Execve, l.str("/no/such"), argv, envv, 0, 0)
	})
	if len(events) != 1 || events[0].RecFlags&abi.RecCompat == 0 || events[0].Native != i386Execve {
		t.Fatalf("%d events", len(events))
	}
	compare(t, "execve", &events[0], values{"res": "ENOENT", "exe": "zero", "args": "one", "env": "A=1", "filename": "/no/such"})
}

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
		{i386Socketcall, sample{event: "syscall", do: func() values {
			const socket = 1
			rawcall.Int80(i386Socketcall, socket, l.words(unix.AF_INET, unix.SOCK_DGRAM, 0), 0, 0, 0)
			return values{"ID": "socketcall", "nativeID": strconv.Itoa(i386Socketcall)}
		}}},
	}
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

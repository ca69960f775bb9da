// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/ring"
)

// The device tests run as root where the module is loaded: in the guests of
// scripts/vm. They make getppid calls, which nothing else there does.

// otherCall is one that nothing else makes either, on any architecture.
const otherCall = unix.SYS_SCHED_GET_PRIORITY_MAX

// patience bounds how long a guest under emulation may take for anything.
const patience = 3 * time.Minute

// needDevice skips where there is no module. EYAS_REQUIRE=1, as the guests set
// it, makes that a failure.
func needDevice(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(DevicePath); err != nil {
		skip(t, "no %s: needs the module, as the guests of scripts/vm have it", DevicePath)
	}
}

func skip(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("EYAS_REQUIRE") == "1" {
		t.Fatalf(format+", and EYAS_REQUIRE=1", args...)
	}
	t.Skipf(format, args...)
}

// openSession opens a session that sees this process and closes it at the end.
func openSession(t *testing.T, config Config) *Session {
	t.Helper()
	needDevice(t)
	s, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// maskOf selects native system call numbers.
func maskOf(nrs ...int) abi.Mask {
	var m abi.Mask
	for _, nr := range nrs {
		m.Native[nr/64] |= 1 << (nr % 64)
	}
	return m
}

func enable(t *testing.T, s *Session, mask abi.Mask) {
	t.Helper()
	if err := s.SetMask(mask); err != nil {
		t.Fatal(err)
	}
	if err := s.Enable(); err != nil {
		t.Fatal(err)
	}
}

// start reads records in the background. stop disables the session, drains it
// and returns when fn is no longer called.
func start(t *testing.T, s *Session, fn func(*ring.Record) error, idle func()) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, fn, idle) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			if err := s.Disable(); err != nil {
				t.Errorf("Disable: %v", err)
			}
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(stop) // runs before Close: cleanups go backwards
	return stop
}

// onlineCPUs are the CPUs this process may run on.
func onlineCPUs(t *testing.T) []int {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	var cpus []int
	for cpu := range 1024 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// onThread runs f on a thread that ends with whatever f does to it: its name, its rights, its place. The main thread never
// ends, so it is kept waiting while f has another one.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != os.Getpid() {
			done <- f()
			return
		}
		err := onThread(f)
		runtime.UnlockOSThread()
		done <- err
	}()
	return <-done
}

// on runs f on a thread of its own that stays on cpu, and gives the thread up.
func on(cpu int, f func()) error {
	return onThread(func() error {
		var set unix.CPUSet
		set.Set(cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("move to cpu %d: %w", cpu, err)
		}
		f()
		return nil
	})
}

// onAll runs f on every CPU at the same time.
func onAll(t *testing.T, cpus []int, f func(cpu int)) {
	t.Helper()
	var wg sync.WaitGroup
	for _, cpu := range cpus {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := on(cpu, func() { f(cpu) }); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
}

func call(nr uintptr, times int) {
	for range times {
		unix.RawSyscall(nr, 0, 0, 0)
	}
}

// tally is what a reader saw: how many records of each number and of each CPU.
type tally struct {
	native map[uint16]uint64
	perCPU map[int]uint64
	backs  uint64 // times that went backwards
	lastTS uint64
}

func newTally() *tally {
	return &tally{native: map[uint16]uint64{}, perCPU: map[int]uint64{}}
}

func (y *tally) add(rec *ring.Record) error {
	if rec.Flags&abi.RecDrop != 0 {
		return nil
	}
	if rec.TS < y.lastTS {
		y.backs++
	}
	y.lastTS = max(y.lastTS, rec.TS)
	y.native[rec.Native]++
	y.perCPU[rec.CPU]++
	return nil
}

// checkAccount holds what the reader saw against the module's counters: nothing
// may be missing that is not told. The session must be stopped.
func checkAccount(t *testing.T, s *Session, y *tally) {
	t.Helper()
	counters, err := s.Counters()
	if err != nil {
		t.Fatal(err)
	}
	var sum abi.Counter
	for i := range counters {
		sum.Add(&counters[i])
	}
	stats := s.Stats()
	if stats.Records != sum.Recorded || stats.SeqGaps != 0 || stats.Corrupt != nil {
		t.Errorf("read %d of %d records, %d seq gaps, corrupt %v", stats.Records, sum.Recorded, stats.SeqGaps, stats.Corrupt)
	}
	if got := stats.Lost.Sum(); got != sum.Dropped() {
		t.Errorf("the rings tell %d lost (%+v), the counters %d: %+v", got, stats.Lost, sum.Dropped(), sum)
	}
}

// counterOf is the line of a native number.
func counterOf(t *testing.T, s *Session, nr int) abi.Counter {
	t.Helper()
	counters, err := s.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return counters[abi.CounterNative+nr]
}

// until polls cond without a fixed sleep, for what another CPU is about to do.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func TestDeviceInfo(t *testing.T) {
	s := openSession(t, Config{})
	info := s.Info()
	if VersionOf(info) != WantVersion || info.PageSize != uint32(os.Getpagesize()) || info.Session == 0 ||
		info.DataBytes != 2*DefaultRingBytes || info.NumCPUs == 0 || info.MaxSessions == 0 {
		t.Errorf("Info: %+v", info)
	}
	if info.ClockOffset != 0 {
		t.Errorf("clock offset before Enable: %d", info.ClockOffset)
	}
	enable(t, s, maskOf())
	ahead := time.Duration(int64(s.Now()) - time.Now().UnixNano()).Abs()
	if ahead > time.Second {
		t.Errorf("event time is %v from the wall clock", ahead)
	}
}

// TestTwoSessions: each has its own mask and sees its own events only.
func TestTwoSessions(t *testing.T) {
	a := openSession(t, Config{IncludeSelf: true, RingBytes: 1 << 20})
	b := openSession(t, Config{IncludeSelf: true, RingBytes: 1 << 20})
	ya, yb := newTally(), newTally()
	enable(t, a, maskOf(unix.SYS_GETPPID))
	enable(t, b, maskOf(unix.SYS_GETPPID, otherCall))
	stopA, stopB := start(t, a, ya.add, nil), start(t, b, yb.add, nil)
	call(unix.SYS_GETPPID, 1000)
	call(otherCall, 500)
	stopA()
	call(unix.SYS_GETPPID, 100)
	stopB()
	if ya.native[unix.SYS_GETPPID] != 1000 || len(ya.native) != 1 {
		t.Errorf("first session: %v", ya.native)
	}
	if yb.native[unix.SYS_GETPPID] != 1100 || yb.native[otherCall] != 500 {
		t.Errorf("second session: %v", yb.native)
	}
	checkAccount(t, a, ya)
	checkAccount(t, b, yb)
	checkSessionLists(t, a, b)
}

func checkSessionLists(t *testing.T, a, b *Session) {
	t.Helper()
	heads, err := Sessions("")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint32]bool{}
	for _, h := range heads {
		if int(h.TGID) != os.Getpid() || h.Started == 0 || h.Enabled != 0 {
			t.Errorf("Sessions: %+v", h)
		}
		seen[h.ID] = true
	}
	if len(heads) != 2 || !seen[a.Info().Session] || !seen[b.Info().Session] {
		t.Errorf("Sessions: got %+v", heads)
	}
	stat, err := Stat("", b.Info().Session)
	if err != nil {
		t.Fatal(err)
	}
	mask, err := b.Mask()
	if err != nil {
		t.Fatal(err)
	}
	if stat.Mask != mask || stat.RingBytes != 1<<20 || stat.Flags != abi.SetupIncludeSelf || stat.SnapLen != abi.DefaultSnaplen ||
		stat.Counters[unix.SYS_GETPPID].Recorded != 1100 || stat.FailedRings != 0 || int(stat.NumRings) != len(b.reader.CPUs()) {
		t.Errorf("Stat: %+v, line %+v", stat.Head, stat.Counters[unix.SYS_GETPPID])
	}
	if _, err := Stat("", 1<<30); !errors.Is(err, unix.ENOENT) {
		t.Errorf("Stat of an unknown session: %v", err)
	}
}

func TestTooManySessions(t *testing.T) {
	first := openSession(t, Config{RingBytes: abi.MinRing})
	for i := uint32(2); i < first.Info().MaxSessions; i++ {
		openSession(t, Config{RingBytes: abi.MinRing})
	}
	last, err := Open(Config{RingBytes: abi.MinRing})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{}); !errors.Is(err, ErrTooManySessions) {
		t.Errorf("Open: got %v, want %v", err, ErrTooManySessions)
	}
	// Who only asks needs none.
	heads, err := Sessions("")
	if err != nil || len(heads) != int(first.Info().MaxSessions) {
		t.Errorf("Sessions: %d of %d, %v", len(heads), first.Info().MaxSessions, err)
	}
	if stat, err := Stat("", first.Info().Session); err != nil || stat.RingBytes != abi.MinRing {
		t.Errorf("Stat: %+v, %v", stat, err)
	}
	// The place of one that ends is free again.
	if err := last.Close(); err != nil {
		t.Fatal(err)
	}
	openSession(t, Config{RingBytes: abi.MinRing})
}

func TestRingMemory(t *testing.T) {
	needDevice(t)
	for _, size := range []uint64{1 << 40, 1 << 62} {
		if s, err := Open(Config{RingBytes: size}); !errors.Is(err, ErrRingMemory) {
			t.Errorf("Open with rings of %d bytes: %v, %v", size, s, err)
		}
	}
}

func TestMaskGetSet(t *testing.T) {
	s := openSession(t, Config{RingBytes: abi.MinRing})
	var full abi.Mask
	for i := range abi.MaskWords {
		full.Native[i], full.Compat[i] = ^uint64(0), 0x0123456789abcdef
	}
	full.Tracepoints = 1<<abi.TPSchedProcessExit | 1<<abi.TPSignalDeliver
	for _, enabled := range []bool{false, true} {
		for _, want := range []abi.Mask{full, maskOf(unix.SYS_GETPPID), {}} {
			if err := s.SetMask(want); err != nil {
				t.Fatal(err)
			}
			got, err := s.Mask()
			want.Size = got.Size
			if err != nil || got != want {
				t.Errorf("enabled %v: got %+v, %v, want %+v", enabled, got, err, want)
			}
		}
		if err := s.Enable(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPermission(t *testing.T) {
	needDevice(t)
	if st, err := os.Stat(DevicePath); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode of %s: %v, %v, want 0600", DevicePath, st.Mode(), err)
	}
	err := onThread(func() error {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			return err
		}
		_, err := Open(Config{})
		return err
	})
	if !errors.Is(err, ErrPermission) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Open without capabilities: got %v, want %v", err, ErrPermission)
	}
}

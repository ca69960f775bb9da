// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// tracepointMask is the mask of tracepoints by their names in rules.
func tracepointMask(names ...string) abi.Mask {
	return kernelMask(schema.EventNamesToSCs(names).Intersect(schema.TracepointSCs()))
}

// TestPageFaults: what the processor says of faults of the program, and of the
// kernel on its behalf.
func TestPageFaults(t *testing.T) {
	needDevice(t)
	pages, err := unix.Mmap(-1, 0, 3*os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Munmap(pages); err != nil {
			t.Error(err)
		}
	}()
	at := func(i int) *byte { return &pages[i*os.Getpagesize()] }
	var read byte
	tid, events := recordMask(t, tracepointMask("page_fault"), func() {
		*at(0) = 1
		read = *at(1)
		*at(1) = read + 1
		raw(unix.SYS_GETCWD, uintptr(unsafe.Pointer(at(2))), uintptr(os.Getpagesize()))
	})
	want := []struct {
		page, tp int
		errors   string
	}{
		{0, abi.TPPageFaultUser, "PAGE_NOT_PRESENT|WRITE_ACCESS|USER_FAULT"},
		{1, abi.TPPageFaultUser, "PAGE_NOT_PRESENT|READ_ACCESS|USER_FAULT"},
		{1, abi.TPPageFaultUser, "PROTECTION_VIOLATION|WRITE_ACCESS|USER_FAULT"},
		{2, abi.TPPageFaultKernel, "PAGE_NOT_PRESENT|WRITE_ACCESS|SUPERVISOR_FAULT"},
	}
	first, end := uint64(uintptr(unsafe.Pointer(at(0)))), uint64(uintptr(unsafe.Pointer(at(2))))+uint64(os.Getpagesize())
	events = slices.DeleteFunc(events, func(ev event.Event) bool {
		addr := number64(&ev, "addr")
		return ev.TID != tid || addr < first || addr >= end
	})
	if len(events) != len(want) {
		t.Fatalf("%d page faults, want %d", len(events), len(want))
	}
	for i, w := range want {
		ev := &events[i]
		compare(t, "page_fault", ev, values{"addr": strconv.FormatUint(uint64(uintptr(unsafe.Pointer(at(w.page)))), 10), "error": w.errors})
		if kernel := int64(number64(ev, "ip")) < 0; int(ev.Native) != w.tp || ev.RecFlags&abi.RecTracepoint == 0 || kernel != (w.tp == abi.TPPageFaultKernel) {
			t.Errorf("fault %d: tracepoint %d, flags %#x, at %#x", i, ev.Native, ev.RecFlags, number64(ev, "ip"))
		}
	}
}

// TestPageFaultsOfOurs: what the module itself could not read is neither an event
// nor a loss. The kernel's own tries are events.
func TestPageFaultsOfOurs(t *testing.T) {
	needDevice(t)
	mask := tracepointMask("page_fault")
	faults, opens := faultingOpen(t, mask)
	if faults == 0 || opens != 0 {
		t.Errorf("%d page faults and %d opens", faults, opens)
	}
	mask.Native[unix.SYS_OPEN/64] |= 1 << (unix.SYS_OPEN % 64)
	if more, opens := faultingOpen(t, mask); more != faults || opens != 1 {
		t.Errorf("%d page faults and %d opens when opens are recorded, %d page faults when not", more, opens, faults)
	}
}

// faultingOpen opens a file whose name cannot be read, and counts the events.
func faultingOpen(t *testing.T, mask abi.Mask) (faults, opens int) {
	t.Helper()
	const bad = 8
	tid, events := recordMask(t, mask, func() {
		blockSignals()
		raw(unix.SYS_OPEN, bad, 0, 0) // drain() tells of losses
	})
	for i := range events {
		switch ev := &events[i]; {
		case ev.TID != tid:
		case ev.Info().Name == "open":
			checkPartial(t, ev, true)
			opens++
		case number64(ev, "addr") == bad:
			faults++
		}
	}
	return faults, opens
}

// TestSignals: who sent what to whom, and that the kernel's own kills have no sender.
func TestSignals(t *testing.T) {
	needDevice(t)
	got, died := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(got, unix.SIGUSR1)
	defer signal.Stop(got)
	signal.Notify(died, unix.SIGCHLD)
	defer signal.Stop(died)
	cmd := exec.Command("/bin/sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tid, events := recordMask(t, tracepointMask("signaldeliver"), func() {
		raw(unix.SYS_TGKILL, uintptr(os.Getpid()), uintptr(unix.Gettid()), uintptr(unix.SIGUSR1))
		<-got
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait()
		<-died // a thread may take that signal after another has waited
	})
	pid := strconv.Itoa(os.Getpid())
	checkSignal(t, events, tid, values{"spid": pid, "dpid": pid, "sig": "SIGUSR1"})
	checkSignal(t, events, int64(cmd.Process.Pid), values{"spid": "0", "dpid": strconv.Itoa(cmd.Process.Pid), "sig": "SIGKILL"})
	i := slices.IndexFunc(events, func(ev event.Event) bool { return param(&ev, "sig")[0] == byte(unix.SIGCHLD) })
	if i < 0 {
		t.Fatal("no SIGCHLD")
	}
	compare(t, "SIGCHLD", &events[i], values{"spid": strconv.Itoa(cmd.Process.Pid), "dpid": pid})
}

// checkSignal looks for one signal of one thread.
func checkSignal(t *testing.T, events []event.Event, tid int64, want values) {
	t.Helper()
	for i := range events {
		if sig := unix.Signal(param(&events[i], "sig")[0]); events[i].TID == tid && unix.SignalName(sig) == want["sig"] {
			compare(t, want["sig"], &events[i], want)
			return
		}
	}
	t.Errorf("%d got no %s", tid, want["sig"])
}

// TestSwitches: a thread that sleeps gives its CPU to another, and tells what it used.
func TestSwitches(t *testing.T) {
	needDevice(t)
	tid, events := recordMask(t, tracepointMask("switch"), func() {
		raw(unix.SYS_NANOSLEEP, addrOf(&unix.Timespec{Nsec: 1e6}), 0)
	})
	i := slices.IndexFunc(events, func(ev event.Event) bool { return ev.TID == tid })
	if i < 0 {
		t.Fatal("the thread was never switched from")
	}
	ev, p := &events[i], readProc(t, "self")
	if next := int64(number64(ev, "next")); next < 0 || next == tid {
		t.Errorf("the next thread is %d", next)
	}
	if size, rss := number64(ev, "vm_size"), number64(ev, "vm_rss"); size > number(t, p.status["VmPeak"]) || rss > size {
		t.Errorf("%d KiB of memory of which %d are resident", size, rss)
	}
	if number64(ev, "pgft_maj") > p.major || number64(ev, "pgft_min") > p.minor {
		t.Errorf("more page faults than later on: %d and %d", number64(ev, "pgft_maj"), number64(ev, "pgft_min"))
	}
	compare(t, "switch", ev, values{"vm_swap": "0"})
	if into := slices.IndexFunc(events, func(ev event.Event) bool { return int64(number64(&ev, "next")) == tid }); into < 0 {
		t.Error("the thread was never switched to")
	}
}

// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
)

// sample is one system call and what its event must say.
type sample struct {
	event   string
	do      func() values
	path    string // the kernel's own path of the opened file
	partial bool   // something could not be read
}

// TestParameters makes system calls with known arguments and compares every
// parameter with what the module recorded.
func TestParameters(t *testing.T) {
	needDevice(t)
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("file", []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, group := range []struct {
		name    string
		samples []sample
	}{
		{"open", openSamples(t, dir)},
		{"paths", pathSamples(dir)},
		{"modes", modeSamples()},
		{"descriptors", descriptorSamples()},
		{"identity", identitySamples()},
		{"privileges", privilegeSamples()},
		{"ptrace", ptraceSamples(t)},
		{"others", otherSamples(dir)},
		{"faults", faultSamples(t)},
		{"inet", inetSamples(netV4)},
		{"inet6", inetSamples(netV6)},
		{"unix", unixSamples(dir)},
		{"unix datagram", datagramSamples(t, dir)},
		{"sockets", socketSamples()},
	} {
		t.Run(group.name, func(t *testing.T) { checkSamples(t, group.samples) })
	}
}

func checkSamples(t *testing.T, samples []sample) {
	names := map[string]bool{}
	for _, s := range samples {
		names[s.event] = true
	}
	var want []values
	got := record(t, slices.Collect(maps.Keys(names)), func() {
		blockSignals() // or a call that waits is recorded twice, first with ERESTARTSYS
		for _, s := range samples {
			want = append(want, s.do())
		}
	})
	if len(got) != len(want) {
		t.Errorf("%d events for %d calls", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if name := got[i].Info().Name; name != samples[i].event {
			t.Fatalf("event %d is %s, want %s", i, name, samples[i].event)
		}
		checkSample(t, fmt.Sprintf("%s (%d)", samples[i].event, i), &got[i], &samples[i], want[i])
	}
}

func checkSample(t *testing.T, what string, ev *event.Event, s *sample, want values) {
	t.Helper()
	for _, p := range ev.Info().Params {
		if _, ok := want[p.Name]; !ok && p.From != "empty" {
			t.Errorf("%s: the test does not say what %s is", what, p.Name)
		}
	}
	compare(t, what, ev, want)
	path, partial := s.path, s.partial
	if path != "" && withoutLocks(t) {
		path, partial = "", true
	}
	if string(ev.Path) != path {
		t.Errorf("%s: the kernel's path is %q, want %q", what, ev.Path, path)
	}
	if got := ev.RecFlags&abi.RecPartial != 0; got != partial {
		t.Errorf("%s: partial is %v, want %v", what, got, partial)
	}
}

// withoutLocks tells kernels on which paths and terminals are left to /proc: RT up to 6.12.
func withoutLocks(t *testing.T) bool { return features(t)&abi.FeatureNoLocks != 0 }

func features(t *testing.T) uint64 {
	t.Helper()
	s, err := Open(Config{RingBytes: abi.MinRing})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Info().Features
}

// raw makes a system call and returns its result as the kernel has it: the errno
// negated on failure.
func raw(nr uintptr, args ...uintptr) string {
	var a [6]uintptr
	copy(a[:], args)
	r, _, errno := unix.RawSyscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
	if errno != 0 {
		return strconv.Itoa(-int(errno))
	}
	return strconv.Itoa(int(r))
}

// blockSignals keeps them from the calling thread, and what Go does with them.
func blockSignals() {
	all := ^uint64(0)
	raw(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, addrOf(&all), 0, unsafe.Sizeof(all))
}

// fd is a result as an argument.
func fd(result string) uintptr {
	n, err := strconv.Atoi(result)
	if err != nil {
		panic(err)
	}
	return uintptr(n)
}

// str is a C string.
func str(s string) uintptr {
	b := append([]byte(s), 0)
	return addrOf(&b[0])
}

func addrOf[T any](v *T) uintptr {
	keep = append(keep, v)
	return uintptr(unsafe.Pointer(v))
}

// keep holds on to what the kernel is given by address.
var keep []any

const (
	atFDCWD = ^uintptr(99) // -100
	badFD   = 900
)

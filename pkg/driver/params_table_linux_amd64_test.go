// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/event"
)

// TestTableParameters is TestParameters for the calls whose values the table
// alone, or nearly so, says where to find.
func TestTableParameters(t *testing.T) {
	needDevice(t)
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("file", []byte("0123456789"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, group := range []struct {
		name    string
		samples []sample
	}{
		{"reads and writes", transferSamples(t)},
		{"vectors", vectorSamples(t)},
		{"copies", copySamples()},
		{"positions", positionSamples()},
		{"messages inet", messageSamples(netV4)},
		{"messages inet6", messageSamples(netV6)},
		{"messages unix", unixMessageSamples(dir)},
		{"batches", batchSamples()},
		{"socket options", sockoptSamples()},
		{"socket pairs", pairSamples()},
		{"new descriptors", newFDSamples()},
		{"waiting", waitSamples(t)},
		{"memory", memorySamples()},
		{"files", fileSamples(t, dir)},
		{"owners", ownerSamples(dir)},
		{"mounts", mountSamples(dir)},
		{"limits", limitSamples()},
		{"ids", idSamples()},
		{"processes", processSamples()},
		{"semaphores", semaphoreSamples()},
		{"quotas", quotaSamples()},
		{"keys", keySamples()},
		{"uring", uringSamples()},
	} {
		t.Run(group.name, func(t *testing.T) { checkSamples(t, group.samples) })
	}
}

// TestCommonCalls is the same for calls that the test itself makes all the time: a
// number that nobody else uses tells them apart.
func TestCommonCalls(t *testing.T) {
	needDevice(t)
	const mark = 0x7e577e57
	word := uint32(5)
	samples := []sample{
		res("ioctl", values{"fd": "1", "request": "0x5421", "argument": text(mark)}, unix.SYS_IOCTL, 1, 0x5421, mark),
		res("ioctl", values{"fd": "900", "request": "0xffffffff", "argument": text(mark)}, unix.SYS_IOCTL, badFD, ^uintptr(0), mark),
		res("futex", values{"addr": text(addrOf(&word)), "op": "FUTEX_WAKE|FUTEX_PRIVATE_FLAG", "val": text(mark)}, unix.SYS_FUTEX, addrOf(&word), 1|128, mark),
		res("futex", values{"addr": "0x8", "op": "0", "val": text(mark)}, unix.SYS_FUTEX, 8, 0, mark, 0),
	}
	var want []values
	got := record(t, []string{"ioctl", "futex"}, func() {
		for _, s := range samples {
			want = append(want, s.do())
		}
	})
	got = slices.DeleteFunc(got, func(ev event.Event) bool {
		return binary.NativeEndian.Uint64(slices.Concat(param(&ev, "argument"), param(&ev, "val"))) != mark
	})
	if len(got) != len(samples) {
		t.Fatalf("%d events for %d calls", len(got), len(samples))
	}
	for i := range samples {
		checkSample(t, fmt.Sprintf("%s (%d)", samples[i].event, i), &got[i], &samples[i], want[i])
	}
}

// returns is a sample of a call whose arguments are known beforehand; ret is the
// parameter that its result goes to.
func returns(name, ret string, want values, nr uintptr, args ...uintptr) sample {
	return sample{event: name, do: func() values {
		v := maps.Clone(want)
		if v == nil {
			v = values{}
		}
		v[ret] = raw(nr, args...)
		return v
	}}
}

// res is returns for the events whose result is called so.
func res(name string, want values, nr uintptr, args ...uintptr) sample {
	return returns(name, "res", want, nr, args...)
}

// partly marks a sample that cannot be read whole.
func partly(s sample) sample {
	s.partial = true
	return s
}

// with returns want and more.
func (want values) with(more values) values {
	v := maps.Clone(want)
	maps.Copy(v, more)
	return v
}

// vector is an array of struct iovec.
func vector(parts ...[]byte) (addr, n uintptr) {
	iov := make([]unix.Iovec, len(parts)+1) // so that there is one to point to
	for i, p := range parts {
		if len(p) > 0 {
			iov[i].Base = &p[0]
		}
		iov[i].SetLen(len(p))
	}
	keep = append(keep, iov)
	return uintptr(unsafe.Pointer(&iov[0])), uintptr(len(parts))
}

func buffer(n int) []byte {
	b := make([]byte, n)
	keep = append(keep, b)
	return b
}

func ptr(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }

// openFile is a descriptor that no test closes: they end with the process.
func openFile(name string, flags int) string {
	return raw(unix.SYS_OPEN, str(name), uintptr(flags), 0o600)
}

// tooLong is more than the sessions of these tests keep of a buffer.
func tooLong() string { return strings.Repeat("x", snapLen+1) }

func text[T ~int | ~int64 | ~uint32 | ~uint64 | ~uintptr](v T) string {
	if v < 0 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatUint(uint64(v), 10)
}

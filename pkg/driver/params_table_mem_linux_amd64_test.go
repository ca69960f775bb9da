// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/rawcall"
)

// TestMappings: what a call maps, and how much memory the process has then. The
// length tells these calls from the runtime's own.
func TestMappings(t *testing.T) {
	needDevice(t)
	const length = 5 * 4096
	var res, where, old string
	l := newLow(t)
	file := openFile(t.TempDir()+"/mapped", unix.O_RDWR|unix.O_CREAT)
	args := l.words(0, length, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uint32(0), 8192)
	compat := openSession(t, Config{}).Info().Features&abi.FeatureCompat != 0
	got := record(t, []string{"mmap", "munmap", "brk"}, func() {
		res = raw(unix.SYS_MMAP, 0, length, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED|unix.MAP_NORESERVE, fd(file), 4096)
		raw(unix.SYS_MMAP, 4096, length, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_32BIT, badFD, 1)
		if compat {
			old = text(uint32(rawcall.Int80(90, args, 0, 0, 0, 0)))
		}
		raw(unix.SYS_MUNMAP, fd(res), length)
		where = raw(unix.SYS_BRK, 0x1234567)
	})
	got = slices.DeleteFunc(got, func(ev event.Event) bool {
		if ev.Info().Name == "brk" {
			return !slices.Equal(param(&ev, "addr"), event.U64(0x1234567))
		}
		return !slices.Equal(param(&ev, "length"), event.U64(length))
	})
	want := []values{
		{"res": res, "addr": "0", "length": text(length), "prot": "PROT_READ|PROT_EXEC", "flags": "MAP_SHARED|MAP_NORESERVE", "fd": file, "offset": "4096"},
		{"res": "EINVAL", "addr": "4096", "length": text(length), "prot": "0", "flags": "MAP_PRIVATE|MAP_FIXED|MAP_32BIT", "fd": "900", "offset": "1"},
		{"res": old, "addr": "0", "length": text(length), "prot": "PROT_READ", "flags": "MAP_PRIVATE|MAP_ANONYMOUS", "fd": "-1", "offset": "8192"},
		{"res": "0", "addr": res, "length": text(length)},
		{"res": where, "addr": "0x1234567"},
	}
	if !compat {
		want = slices.Delete(want, 2, 3)
	}
	if len(got) != len(want) {
		t.Fatalf("%d events for %d calls", len(got), len(want))
	}
	for i := range got {
		ev := &got[i]
		compare(t, ev.Info().Name, ev, want[i])
		size, rss := param(ev, "vm_size"), param(ev, "vm_rss")
		if len(size) != 4 || len(rss) != 4 || len(param(ev, "vm_swap")) != 4 {
			t.Errorf("%s: %q, %q, %q KiB of memory", ev.Info().Name, size, rss, param(ev, "vm_swap"))
		} else if s, r := binary.NativeEndian.Uint32(size), binary.NativeEndian.Uint32(rss); r == 0 || s < r {
			t.Errorf("%s: %d KiB, %d of them resident", ev.Info().Name, s, r)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func otherSamples(dir string) []sample {
	place := filepath.Join(dir, "place")
	return []sample{
		{event: "mount", do: func() values {
			raw(unix.SYS_MKDIR, str(place), 0o700)
			v := values{"res": raw(unix.SYS_MOUNT, str("none"), str(place), str("tmpfs"), unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0),
				"dev": "none", "dir": place, "type": "tmpfs", "flags": "NOSUID|NODEV|NOEXEC"}
			raw(unix.SYS_UMOUNT2, str(place), unix.MNT_DETACH)
			return v
		}},
		{event: "mount", do: func() values {
			return values{"res": raw(unix.SYS_MOUNT, 0, str("/no/such"), 0, unix.MS_MGC_VAL|unix.MS_REMOUNT|unix.MS_RDONLY, 0),
				"dev": "<NA>", "dir": "/no/such", "type": "<NA>", "flags": "RDONLY|REMOUNT"}
		}},
		{event: "init_module", do: func() values {
			return values{"res": raw(unix.SYS_INIT_MODULE, str("not a module at all"), 19, str("a=1")),
				"img": "not a module at all", "length": "19", "uargs": "a=1"}
		}},
		{event: "finit_module", do: func() values {
			return values{"res": raw(unix.SYS_FINIT_MODULE, badFD, str("b=2 c"), unix.MODULE_INIT_IGNORE_MODVERSIONS), "fd": "900",
				"uargs": "b=2 c", "flags": "MODULE_INIT_IGNORE_MODVERSIONS"}
		}},
		{event: "setsid", do: func() values {
			raw(unix.SYS_SETPGID, 0, 0) // the leader of a group may not
			return values{"res": raw(unix.SYS_SETSID)}
		}},
	}
}

// edgeOf is a text that ends at the end of mapped memory, without NUL.
func edgeOf(t *testing.T, text string) uintptr {
	t.Helper()
	page := os.Getpagesize()
	mem, err := unix.Mmap(-1, 0, 2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err == nil {
		copy(mem[page-len(text):], text)
		err = unix.Mprotect(mem[page:], unix.PROT_NONE)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(mem) })
	return addrOf(&mem[page-len(text)])
}

// faultSamples: what cannot be read is told as such, and nothing else is put in its place.
func faultSamples(t *testing.T) []sample {
	const kernel = ^uintptr(4095)
	edge := edgeOf(t, "an edge")
	long := strings.Repeat("a/", 3000)
	samples := []sample{
		{event: "mkdir", partial: true, do: func() values {
			return values{"res": raw(unix.SYS_MKDIR, edge, 0o700), "path": "an edge", "mode": "0700"}
		}},
		{event: "mkdir", partial: true, do: func() values {
			return values{"res": raw(unix.SYS_MKDIR, str(long), 0o700), "path": long[:unix.PathMax-1], "mode": "0700"}
		}},
		{event: "mkdir", do: func() values {
			return values{"res": raw(unix.SYS_MKDIR, 0, 0o700), "path": "<NA>", "mode": "0700"}
		}},
		{event: "prctl", partial: true, do: func() values {
			return values{"res": raw(unix.SYS_PRCTL, unix.PR_SET_NAME, 8), "option": "PR_SET_NAME", "arg2_str": "<NA>", "arg2_int": "0"}
		}},
		{event: "openat2", partial: true, do: func() values {
			return values{"fd": raw(unix.SYS_OPENAT2, atFDCWD, str("file"), 8, 24), "dirfd": "AT_FDCWD", "name": "file",
				"flags": "<NA>", "mode": "<NA>", "resolve": "<NA>", "dev": "0", "ino": "0"}
		}},
		{event: "bind", partial: true, do: func() values {
			return values{"res": raw(unix.SYS_BIND, 1, edge, 16), "fd": "1", "addr": "<NA>"}
		}},
		{event: "init_module", partial: true, do: func() values {
			return values{"res": raw(unix.SYS_INIT_MODULE, edge, 1<<20, kernel), "img": "an edge", "length": "1048576", "uargs": "<NA>"}
		}},
		{event: "write", do: func() values {
			return values{"res": raw(unix.SYS_WRITE, 1, 8, 5), "data": "<NA>", "fd": "1", "size": "5"}
		}},
	}
	for _, p := range []uintptr{8, kernel, 1 << 63, 1 << 47, ^uintptr(0)} {
		samples = append(samples, sample{event: "mkdir", partial: true, do: func() values {
			return values{"res": raw(unix.SYS_MKDIR, p, 0o700), "path": "<NA>", "mode": "0700"}
		}})
	}
	return samples
}

// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"strings"

	"golang.org/x/sys/unix"
)

func descriptorSamples() []sample {
	var file string
	buf := make([]byte, 16)
	long := strings.Repeat("0123456789", 200)
	return []sample{
		{event: "dup", do: func() values { return values{"res": raw(unix.SYS_DUP, 1), "oldfd": "1"} }},
		{event: "dup", do: func() values { return values{"res": raw(unix.SYS_DUP, badFD), "oldfd": "900"} }},
		{event: "dup2", do: func() values { return values{"res": raw(unix.SYS_DUP2, 1, 200), "oldfd": "1", "newfd": "200"} }},
		{event: "dup2", do: func() values { return values{"res": raw(unix.SYS_DUP2, badFD, 200), "oldfd": "900", "newfd": "200"} }},
		{event: "dup3", do: func() values {
			return values{"res": raw(unix.SYS_DUP3, 1, 201, unix.O_CLOEXEC), "oldfd": "1", "newfd": "201", "flags": "O_CLOEXEC"}
		}},
		{event: "dup3", do: func() values {
			return values{"res": raw(unix.SYS_DUP3, 1, 1, 0), "oldfd": "1", "newfd": "1", "flags": "0"}
		}},
		{event: "close", do: func() values { return values{"res": raw(unix.SYS_CLOSE, 201), "fd": "201"} }},
		{event: "close", do: func() values { return values{"res": raw(unix.SYS_CLOSE, badFD), "fd": "900"} }},
		{event: "memfd_create", do: func() values {
			file = raw(unix.SYS_MEMFD_CREATE, str("secret"), unix.MFD_CLOEXEC)
			return values{"fd": file, "name": "secret", "flags": "MFD_CLOEXEC"}
		}},
		{event: "memfd_create", do: func() values {
			return values{"fd": raw(unix.SYS_MEMFD_CREATE, str(strings.Repeat("x", 250)), unix.MFD_ALLOW_SEALING),
				"name": strings.Repeat("x", 250), "flags": "MFD_ALLOW_SEALING"}
		}},
		{event: "write", do: func() values {
			return values{"res": raw(unix.SYS_WRITE, fd(file), str("hello"), 5), "data": "hello", "fd": file, "size": "5"}
		}},
		{event: "write", do: func() values {
			return values{"res": raw(unix.SYS_WRITE, fd(file), str(long), uintptr(len(long))), "data": long[:snapLen], "fd": file, "size": "2000"}
		}},
		{event: "write", do: func() values {
			return values{"res": raw(unix.SYS_WRITE, badFD, str("hello"), 5), "data": "<NA>", "fd": "900", "size": "5"}
		}},
		{event: "read", do: func() values {
			raw(unix.SYS_LSEEK, fd(file), 1995, 0)
			return values{"res": raw(unix.SYS_READ, fd(file), addrOf(&buf[0]), 16), "data": long[1990:], "fd": file, "size": "16"}
		}},
		{event: "read", do: func() values {
			return values{"res": raw(unix.SYS_READ, fd(file), addrOf(&buf[0]), 16), "data": "<NA>", "fd": file, "size": "16"}
		}},
		{event: "read", do: func() values {
			return values{"res": raw(unix.SYS_READ, badFD, addrOf(&buf[0]), 16), "data": "<NA>", "fd": "900", "size": "16"}
		}},
	}
}

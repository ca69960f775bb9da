// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// nobody is -1 as the identity calls take it.
const nobody = 0xffffffff

func identitySamples() []sample {
	pid, group := strconv.Itoa(os.Getpid()), strconv.Itoa(unix.Getpgrp())
	subreaper := new(int32)
	return []sample{
		{event: "setgid", do: func() values { return values{"res": raw(unix.SYS_SETGID, 0), "gid": "0"} }},
		{event: "setgid", do: func() values { return values{"res": raw(unix.SYS_SETGID, nobody), "gid": "-1"} }},
		{event: "setpgid", do: func() values {
			return values{"res": raw(unix.SYS_SETPGID, uintptr(os.Getpid()), uintptr(unix.Getpgrp())), "pid": pid, "pgid": group}
		}},
		{event: "setpgid", do: func() values {
			return values{"res": raw(unix.SYS_SETPGID, 0, 999999), "pid": "0", "pgid": "999999"}
		}},
		{event: "prctl", do: func() values {
			return values{"res": raw(unix.SYS_PRCTL, unix.PR_SET_NAME, str("renamed for eyas")), "option": "PR_SET_NAME",
				"arg2_str": "renamed for eya", "arg2_int": "0"}
		}},
		{event: "prctl", do: func() values {
			return values{"res": raw(unix.SYS_PRCTL, unix.PR_GET_CHILD_SUBREAPER, addrOf(subreaper)), "option": "PR_GET_CHILD_SUBREAPER",
				"arg2_str": "<NA>", "arg2_int": "0"}
		}},
		{event: "prctl", do: func() values {
			return values{"res": raw(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1), "option": "PR_SET_KEEPCAPS", "arg2_str": "<NA>", "arg2_int": "1"}
		}},
		{event: "prctl", do: func() values {
			return values{"res": raw(unix.SYS_PRCTL, 12345, 77), "option": "12345", "arg2_str": "<NA>", "arg2_int": "77"}
		}},
		{event: "kill", do: func() values {
			return values{"res": raw(unix.SYS_KILL, uintptr(os.Getpid()), 0), "pid": pid, "sig": "0"}
		}},
		{event: "kill", do: func() values {
			return values{"res": raw(unix.SYS_KILL, 999999, uintptr(unix.SIGKILL)), "pid": "999999", "sig": "SIGKILL"}
		}},
		{event: "kill", do: func() values {
			return values{"res": raw(unix.SYS_KILL, ^uintptr(999998), uintptr(unix.SIGTERM)), "pid": "-999999", "sig": "SIGTERM"}
		}},
	}
}

// privilegeSamples gives up the rights of the thread on the way.
func privilegeSamples() []sample {
	return []sample{
		{event: "setresuid", do: func() values {
			return values{"res": raw(unix.SYS_SETRESUID, nobody, 0, nobody), "ruid": "-1", "euid": "0", "suid": "-1"}
		}},
		{event: "setuid", do: func() values { return values{"res": raw(unix.SYS_SETUID, 1000), "uid": "1000"} }},
		{event: "setuid", do: func() values { return values{"res": raw(unix.SYS_SETUID, 0), "uid": "0"} }},
		{event: "setresuid", do: func() values {
			return values{"res": raw(unix.SYS_SETRESUID, 0, 1, 2), "ruid": "0", "euid": "1", "suid": "2"}
		}},
	}
}

// peeked is what ptraceSamples reads in the child, which has it at the same address.
var peeked = [8]byte{'p', 'e', 'e', 'k', 'e', 'd', 'a', 't'}

func ptraceSamples(t *testing.T) []sample {
	cmd := exec.Command(self(t), "-test.run=^TestHelper$")
	cmd.Env = []string{helperEnv + "=wait"}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	child, tid := strconv.Itoa(cmd.Process.Pid), uintptr(cmd.Process.Pid)
	var word uint64
	at := addrOf(&peeked)
	return []sample{
		{event: "ptrace", do: func() values {
			return values{"res": raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, 999999, 1, 2), "addr": "0:1", "data": "0:2",
				"request": "PTRACE_ATTACH", "pid": "999999"}
		}},
		{event: "ptrace", do: func() values {
			v := values{"res": raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, tid, 0, 0), "addr": "0:0", "data": "0:0",
				"request": "PTRACE_ATTACH", "pid": child}
			raw(unix.SYS_WAIT4, tid, 0, unix.WALL, 0)
			return v
		}},
		{event: "ptrace", do: func() values {
			return values{"res": raw(unix.SYS_PTRACE, unix.PTRACE_PEEKDATA, tid, at, addrOf(&word)), "addr": "0:" + strconv.Itoa(int(at)),
				"data": "0:" + strconv.FormatUint(binary.NativeEndian.Uint64(peeked[:]), 10), "request": "PTRACE_PEEKDATA", "pid": child}
		}},
		{event: "ptrace", do: func() values {
			return values{"res": raw(unix.SYS_PTRACE, unix.PTRACE_PEEKDATA, tid, 8, addrOf(&word)), "addr": "0:8", "data": "0:0",
				"request": "PTRACE_PEEKDATA", "pid": child}
		}},
		{event: "ptrace", do: func() values {
			return values{"res": raw(unix.SYS_PTRACE, unix.PTRACE_DETACH, tid, 0, uintptr(unix.SIGWINCH)), "addr": "0:0", "data": "1:SIGWINCH",
				"request": "PTRACE_DETACH", "pid": child}
		}},
	}
}

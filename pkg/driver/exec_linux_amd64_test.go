// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/schema"
)

const helperEnv = "EYAS_HELPER"

// TestHelper is no test but the program that others run, with its task in the
// environment. Where it is to end of itself, it does so with childCode.
func TestHelper(t *testing.T) {
	switch os.Getenv(helperEnv) {
	case "":
		return
	case "execveat":
		execveat(atFDCWD, os.Args[0], os.Args, []string{helperEnv + "=exit", "KEY=value"}, 0)
	case "memfd":
		execMemfd()
	case "wait":
		_, _ = os.Stdout.Write([]byte{'\n'}) // the exec is over
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	case "exit":
		os.Exit(childCode)
	}
	os.Exit(childCode + 1)
}

// execveat returns only on failure.
func execveat(dirfd uintptr, path string, argv, envv []string, flags uintptr) string {
	return raw(unix.SYS_EXECVEAT, dirfd, str(path), strs(argv), strs(envv), flags)
}

// strs is an array of C strings that NULL ends.
func strs(list []string) uintptr {
	array := make([]uintptr, len(list)+1)
	for i, s := range list {
		array[i] = str(s)
	}
	return addrOf(&array[0])
}

// execMemfd runs this program from a file without a name.
func execMemfd() {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return
	}
	file := raw(unix.SYS_MEMFD_CREATE, str("hidden"), 0)
	if _, err := unix.Write(int(fd(file)), program); err != nil {
		return
	}
	execveat(fd(file), "", os.Args, []string{helperEnv + "=exit"}, unix.AT_EMPTY_PATH)
}

// TestExecveatAlone records with a mask of execveat only: the exec is there all
// the same, although x86 shows execve at the exit of the call.
func TestExecveatAlone(t *testing.T) {
	needDevice(t)
	c := runChild(t, kernelMask(schema.SCsOf(schema.SCExecveat)), "execveat", nil)
	if code := c.ProcessState.ExitCode(); code != childCode {
		t.Fatalf("the child's exit code is %d, want %d", code, childCode)
	}
	_, execs, _ := split(c.events, c.pid())
	if len(execs) == 0 {
		t.Fatal("no exec was recorded")
	}
	checkExec(t, c, &execs[len(execs)-1], "exit")
}

// TestExecMemfd: a program without a file is told.
func TestExecMemfd(t *testing.T) {
	needDevice(t)
	c := runChild(t, kernelMask(schema.EventNamesToSCs(lifeEvents)), "memfd", nil)
	_, execs, _ := split(c.events, c.pid())
	if len(execs) != 2 || c.ProcessState.ExitCode() != childCode {
		t.Fatalf("%d execs, %v", len(execs), c.ProcessState)
	}
	want := values{"flags": "EXE_WRITABLE|EXE_FROM_MEMFD", "trusted_exepath": "/memfd:hidden (deleted)", "exe": c.Path}
	if withoutLocks(t) {
		want["trusted_exepath"] = "<NA>"
	}
	compare(t, "exec", &execs[1], want)
	if name := string(param(&execs[1], "filename")); !strings.HasPrefix(name, "/dev/fd/") {
		t.Errorf("filename is %q", name)
	}
}

// TestExecUnprivileged: whose the program runs as, and that it could not have
// changed itself.
func TestExecUnprivileged(t *testing.T) {
	needDevice(t)
	c := runChild(t, kernelMask(schema.EventNamesToSCs(lifeEvents)), "exit", func(cmd *exec.Cmd) {
		cmd.Path = self(t)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1000, Gid: 1001}}
	})
	_, execs, exits := split(c.events, c.pid())
	if len(execs) != 1 || len(exits) != 1 {
		t.Fatalf("%d execs, %d exits: %v", len(execs), len(exits), c.ProcessState)
	}
	want := values{"uid": "1000", "gid": "1001", "flags": "0", "cwd": "/", "filename": self(t)}
	if withoutLocks(t) {
		want["cwd"] = "<NA>"
	}
	compare(t, "exec", &execs[0], want)
}

// TestExecTerminal: the number of the controlling terminal.
func TestExecTerminal(t *testing.T) {
	needDevice(t)
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(slave.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	c := runChild(t, kernelMask(schema.EventNamesToSCs(lifeEvents)), "exit", func(cmd *exec.Cmd) {
		cmd.Stdin = slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	})
	_, execs, _ := split(c.events, c.pid())
	if len(execs) != 1 {
		t.Fatalf("%d execs: %v", len(execs), c.ProcessState)
	}
	want := values{"tty": strconv.FormatUint(st.Rdev, 10)}
	if withoutLocks(t) {
		want["tty"] = "<NA>"
	}
	compare(t, "exec", &execs[0], want)
}

// TestFailedExecs: arguments come from the caller's arrays, as far as they can be read.
func TestFailedExecs(t *testing.T) {
	needDevice(t)
	bad := &[3]uintptr{str("zero"), 8, 0}
	argv, env := []string{"zero", "one", "", "three words here"}, []string{"A=1", "B="}
	events := record(t, []string{"execve", "execveat"}, func() {
		raw(unix.SYS_EXECVE, str("/no/such"), strs(argv), strs(env))
		execveat(badFD, "such", argv, env, 0)
		raw(unix.SYS_EXECVE, str("/no/such"), addrOf(bad), 8)
		raw(unix.SYS_EXECVE, 8, 0, 0)
		raw(unix.SYS_EXECVE, str("/etc"), strs([]string{strings.Repeat("x", 5000), "y"}), strs(nil))
	})
	if len(events) != 5 {
		t.Fatalf("%d events, want 5", len(events))
	}
	for i := range events {
		want := values{"pid": strconv.Itoa(os.Getpid()), "ptid": strconv.Itoa(os.Getppid()), "comm": ownName(t), "uid": "0", "gid": "0",
			"trusted_exepath": self(t)}
		if withoutLocks(t) {
			want["trusted_exepath"] = "<NA>"
		}
		compare(t, "exec "+strconv.Itoa(i), &events[i], want)
	}
	compare(t, "execve", &events[0], values{"res": "ENOENT", "exe": "zero", "filename": "/no/such"})
	checkList(t, &events[0], "args", argv[1:]...)
	checkList(t, &events[0], "env", env...)
	compare(t, "execveat", &events[1], values{"res": "EBADF", "exe": "zero"})
	checkList(t, &events[1], "args", argv[1:]...)
	checkList(t, &events[1], "env", env...)
	compare(t, "execve with bad arrays", &events[2], values{"exe": "zero", "args": "<NA>", "env": "<NA>"})
	compare(t, "execve with bad name", &events[3], values{"res": "EFAULT", "exe": "<NA>", "args": "<NA>", "env": "<NA>", "filename": "<NA>"})
	compare(t, "execve with a long argument", &events[4], values{"res": "EACCES", "exe": strings.Repeat("x", 4095), "env": "<NA>"})
	checkList(t, &events[4], "args", "y")
	for i, want := range []bool{false, false, true, true, true} {
		checkPartial(t, &events[i], want || withoutLocks(t))
	}
}

// TestExits: ends by signal, and who inherits the children. Only a program with
// one thread leaves its children to others for certain: a shell.
func TestExits(t *testing.T) {
	needDevice(t)
	wait, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer release.Close()
	tests := []struct {
		name, script string
		subreaper    uintptr // whether this process takes orphans
		want         values
	}{
		{"code", "exit 7", 0, values{"status": "0x700", "ret": "7", "sig": "0", "core": "0", "reaper_tid": "0"}},
		{"signal", "kill -KILL $$", 0, values{"status": "9", "ret": "0", "sig": "SIGKILL", "core": "0", "reaper_tid": "0"}},
		{"init inherits", "cat <&3 & exit 7", 0, values{"ret": "7", "sig": "0", "reaper_tid": "1"}},
		{"subreaper inherits", "cat <&3 & exit 7", 1, values{"ret": "7", "sig": "0", "reaper_tid": strconv.Itoa(os.Getpid())}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, tt.subreaper, 0, 0, 0); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("/bin/sh", "-c", tt.script)
			cmd.ExtraFiles = []*os.File{wait}
			events := record(t, lifeEvents, func() { err = cmd.Run() })
			_, _, exits := split(events, int64(cmd.Process.Pid))
			if len(exits) != 1 {
				t.Fatalf("%d exits, want 1 (%v)", len(exits), err)
			}
			compare(t, tt.name, &exits[0], tt.want)
			checkPartial(t, &exits[0], false)
		})
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
}

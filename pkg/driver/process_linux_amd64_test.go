// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/rawcall"
	"github.com/eyas-security/eyas/pkg/schema"
)

// lifeEvents are those of processes that begin, become another program, and end.
var lifeEvents = []string{"clone", "clone3", "fork", "vfork", "execve", "execveat", "procexit"}

const childCode = 7

// TestForks: one event a side for every way to make a process or a thread, and
// the end of what was made.
func TestForks(t *testing.T) {
	needDevice(t)
	thread := uintptr(unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM)
	args := &[8]uint64{0: unix.CLONE_FS | unix.CLONE_FILES, 4: uint64(unix.SIGCHLD)} // struct clone_args: flags, …, exit_signal
	threadArgs := &[8]uint64{0: unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD}
	tests := []struct {
		name, event, flags string
		nr, a, b           uintptr
	}{
		{"fork", "fork", "0", unix.SYS_FORK, 0, 0},
		{"vfork", "vfork", "CLONE_VM|CLONE_VFORK", unix.SYS_VFORK, 0, 0},
		{"clone", "clone", "0", unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0},
		{"clone3", "clone3", "CLONE_FS|CLONE_FILES", unix.SYS_CLONE3, addrOf(args), unsafe.Sizeof(*args)},
		{"thread", "clone", "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM", unix.SYS_CLONE, thread, 0},
		{"thread by clone3", "clone3", "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD", unix.SYS_CLONE3, addrOf(threadArgs), unsafe.Sizeof(*threadArgs)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			var tid, child int64
			events := record(t, lifeEvents, func() {
				blockSignals() // the child shares them, but not what handles them
				tid = int64(unix.Gettid())
				child = rawcall.Child(tt.nr, tt.a, tt.b, childCode)
				await(child, strings.HasPrefix(tt.name, "thread"))
			})
			if child <= 0 {
				t.Fatalf("%s: %d", tt.name, child)
			}
			born, _, exits := split(events, child)
			if len(born) != 2 || len(exits) != 1 || len(events) != 3 {
				t.Fatalf("%d, %d and %d of %d events, want 2 forks and an exit", len(born), len(exits), len(events), len(events))
			}
			for i := range born {
				if name := born[i].Info().Name; name != tt.event {
					t.Errorf("event is %s, want %s", name, tt.event)
				}
				checkFork(t, &born[i], tid, child, tt.flags)
			}
			compare(t, "procexit", &exits[0], values{"status": strconv.Itoa(childCode << 8), "ret": "7", "sig": "0", "core": "0", "reaper_tid": "0"})
		})
	}
}

// checkFork holds one side of a fork in the test's own process against what is
// known of it.
func checkFork(t *testing.T, ev *event.Event, tid, child int64, flags string) {
	t.Helper()
	want := values{"res": strconv.FormatInt(child, 10), "tid": strconv.FormatInt(tid, 10)}
	want["pid"], want["ptid"] = strconv.Itoa(os.Getpid()), strconv.Itoa(os.Getppid())
	if ev.TID == child {
		want["res"], want["tid"] = "0", strconv.FormatInt(child, 10)
		if !strings.Contains(flags, "THREAD") {
			want["pid"], want["ptid"] = want["tid"], want["pid"]
		}
	}
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want["exe"], want["comm"] = os.Args[0], ownName(t)
	want["vtid"], want["vpid"] = want["tid"], want["pid"]
	want["cwd"], want["flags"], want["uid"], want["gid"] = cwd, flags, "0", "0"
	if withoutLocks(t) {
		want["cwd"] = "<NA>"
	}
	compare(t, ev.Info().Name, ev, want)
	checkList(t, ev, "args", os.Args[1:]...)
	checkPartial(t, ev, withoutLocks(t))
	// A child is as large as its parent, and has had fewer faults.
	checkUsage(t, ev, readProc(t, "self"))
	checkStart(t, ev, readProc(t, "1").started)
	checkSaid(t, ev, want, "args", "pidns_init_start_ts")
}

// usage is what checkUsage looks at.
var usage = []string{"fdlimit", "pgft_maj", "pgft_min", "vm_size", "vm_rss", "vm_swap", "cgroups"}

// checkSaid: each parameter was compared with something.
func checkSaid(t *testing.T, ev *event.Event, want values, others ...string) {
	t.Helper()
	for _, p := range ev.Info().Params {
		if _, ok := want[p.Name]; !ok && !slices.Contains(others, p.Name) && !slices.Contains(usage, p.Name) {
			t.Errorf("%s: the test does not say what %s is", ev.Info().Name, p.Name)
		}
	}
}

// await waits for the end of a child or of another thread.
func await(child int64, thread bool) {
	for thread && unix.Tgkill(os.Getpid(), int(child), 0) == nil {
	}
	if !thread {
		raw(unix.SYS_WAIT4, uintptr(child), 0, unix.WALL, 0)
	}
}

func TestFailedForks(t *testing.T) {
	needDevice(t)
	args := &[8]uint64{0: unix.CLONE_THREAD}
	events := record(t, lifeEvents, func() {
		rawcall.Child(unix.SYS_CLONE, unix.CLONE_THREAD, 0, childCode)
		rawcall.Child(unix.SYS_CLONE3, addrOf(args), unsafe.Sizeof(*args), childCode)
		rawcall.Child(unix.SYS_CLONE3, 8, unsafe.Sizeof(*args), childCode)
	})
	if len(events) != 3 {
		t.Fatalf("%d events, want 3", len(events))
	}
	compare(t, "clone", &events[0], values{"res": "EINVAL", "flags": "CLONE_THREAD", "exe": os.Args[0]})
	compare(t, "clone3", &events[1], values{"res": "EINVAL", "flags": "CLONE_THREAD"})
	compare(t, "clone3", &events[2], values{"res": "EFAULT", "flags": "0"})
	checkPartial(t, &events[2], true)
}

// child is a run of this test binary as TestHelper.
type child struct {
	*exec.Cmd
	events []event.Event
}

// runChild runs a helper while mask is recorded, in a directory of its own and by a
// symbolic link.
func runChild(t *testing.T, mask abi.Mask, helper string, change func(*exec.Cmd)) *child {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(self(t), link); err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command(link, "-test.run=^TestHelper$", "one two", "")}
	c.Dir = t.TempDir()
	c.Env = []string{helperEnv + "=" + helper, "KEY=value"}
	if change != nil {
		change(c.Cmd)
	}
	var err error
	_, c.events = recordMask(t, mask, func() { err = c.Run() })
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return c
}

func (c *child) pid() int64 { return int64(c.Process.Pid) }

// TestChild follows a child from fork over exec to exit.
func TestChild(t *testing.T) {
	needDevice(t)
	mask := kernelMask(schema.EventNamesToSCs(append([]string{"setsid"}, lifeEvents...)))
	for _, helper := range []string{"exit", "execveat"} {
		t.Run(helper, func(t *testing.T) {
			c := runChild(t, mask, helper, func(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} })
			if code := c.ProcessState.ExitCode(); code != childCode {
				t.Fatalf("the child's exit code is %d, want %d", code, childCode)
			}
			born, execs, exits := split(c.events, c.pid())
			if want := map[string]int{"exit": 1, "execveat": 2}[helper]; len(born) != 2 || len(execs) != want || len(exits) == 0 {
				t.Fatalf("%d forks, %d execs, %d exits, want 2, %d, at least 1", len(born), len(execs), len(exits), want)
			}
			checkExec(t, c, &execs[0], helper)
			if helper == "execveat" {
				checkExec(t, c, &execs[1], "exit")
			}
			// When a thread that does not lead runs execve, the leader ends first, under its own number.
			compare(t, "procexit", &exits[len(exits)-1], values{"status": strconv.Itoa(childCode << 8), "ret": "7", "sig": "0", "core": "0", "reaper_tid": "0"})
			i := slices.IndexFunc(c.events, func(ev event.Event) bool { return ev.Info().Name == "setsid" && ev.TID == c.pid() })
			if i < 0 {
				t.Fatal("no setsid event")
			}
			compare(t, "setsid", &c.events[i], values{"res": strconv.FormatInt(c.pid(), 10)})
		})
	}
}

// checkExec holds a successful exec of a helper against how it was started;
// checkExecProc compares the rest.
func checkExec(t *testing.T, c *child, ev *event.Event, helper string) {
	t.Helper()
	pid := strconv.FormatInt(c.pid(), 10)
	want := values{"res": "0", "exe": c.Path, "tid": pid, "pid": pid, "ptid": strconv.Itoa(os.Getpid()), "cwd": c.Dir, "comm": "link",
		"tty": "0", "flags": "EXE_WRITABLE", "uid": "0", "trusted_exepath": self(t), "gid": "0", "filename": c.Path}
	if withoutLocks(t) {
		want["cwd"], want["trusted_exepath"] = "<NA>", "<NA>"
	}
	compare(t, "exec", ev, want)
	checkList(t, ev, "args", c.Args[1:]...)
	checkList(t, ev, "env", helperEnv+"="+helper, "KEY=value")
	checkPartial(t, ev, withoutLocks(t))
}

func checkPartial(t *testing.T, ev *event.Event, want bool) {
	t.Helper()
	if got := ev.RecFlags&abi.RecPartial != 0; got != want {
		t.Errorf("%s of %d: partial is %v, want %v", ev.Info().Name, ev.TID, got, want)
	}
}

// ownName is the name that threads of this process have by birth.
func ownName(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// split sorts the events that concern one child: both sides of its birth, its
// execs that succeeded, its end.
func split(events []event.Event, pid int64) (born, execs, exits []event.Event) {
	for i := range events {
		ev := &events[i]
		res, _ := ev.Res()
		switch name := ev.Info().Name; {
		case name == "procexit" && ev.TID == pid:
			exits = append(exits, *ev)
		case strings.HasPrefix(name, "exec") && ev.TID == pid && res == 0:
			execs = append(execs, *ev)
		case hasParam(ev, "vpid") && (res == pid || ev.TID == pid && res == 0):
			born = append(born, *ev)
		}
	}
	return born, execs, exits
}

func checkList(t *testing.T, ev *event.Event, name string, want ...string) {
	t.Helper()
	if got := strings.SplitAfter(string(param(ev, name)), "\x00"); !slices.Equal(got[:len(got)-1], withNUL(want)) || got[len(got)-1] != "" {
		t.Errorf("%s: %s is %q, want %q", ev.Info().Name, name, got, want)
	}
}

func withNUL(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s + "\x00"
	}
	return out
}

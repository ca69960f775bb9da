// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// procInfo is what /proc tells of a process.
type procInfo struct {
	status       map[string]string
	limit        string   // soft limit of open files
	loginuid     string   // as the event has it
	cgroups      []string // "subsystem=path"
	started      uint64   // ns since boot, to 10 ms
	major, minor uint64   // page faults
	ino          uint64
	ctime, mtime uint64 // of the executable
	pgid         string
}

// readProc reads /proc/PID of a process that does not end meanwhile.
func readProc(t *testing.T, pid string) procInfo {
	t.Helper()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("/proc", pid, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(string(b), "\n")
	}
	p := procInfo{status: map[string]string{}, loginuid: read("loginuid")}
	for line := range strings.Lines(read("status")) {
		key, value, _ := strings.Cut(line, ":")
		p.status[key] = strings.TrimSpace(value)
	}
	for line := range strings.Lines(read("limits")) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
			p.limit = strings.Fields(rest)[0]
		}
	}
	for line := range strings.Lines(read("cgroup")) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		for name := range strings.SplitSeq(f[1], ",") {
			p.cgroups = append(p.cgroups, name+"="+f[2])
		}
	}
	stat := strings.Fields(read("stat")[strings.LastIndex(read("stat"), ")")+1:]) // from field 3 on
	p.pgid, p.minor, p.major, p.started = stat[2], number(t, stat[7]), number(t, stat[9]), 1e7*number(t, stat[19])
	var st unix.Stat_t
	if err := unix.Stat("/proc/"+pid+"/exe", &st); err != nil {
		t.Fatal(err)
	}
	p.ino, p.ctime, p.mtime = st.Ino, uint64(st.Ctim.Nano()), uint64(st.Mtim.Nano())
	return p
}

func number(t *testing.T, s string) uint64 {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimSuffix(s, " kB"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// last is the number of the innermost pid namespace.
func (p *procInfo) last(key string) string {
	f := strings.Fields(p.status[key])
	return f[len(f)-1]
}

// checkUsage holds memory, faults, limits and control groups of a clone or exec
// against /proc, which was read later: what only grows is no larger in the event.
func checkUsage(t *testing.T, ev *event.Event, p procInfo) {
	t.Helper()
	name := ev.Info().Name
	compare(t, name, ev, values{"fdlimit": p.limit})
	for param, most := range map[string]uint64{"pgft_maj": p.major, "pgft_min": p.minor, "vm_swap": number(t, p.status["VmSwap"]),
		"vm_size": number(t, p.status["VmPeak"])} {
		if got := number64(ev, param); got > most {
			t.Errorf("%s: %s is %d, and %d later", name, param, got, most)
		}
	}
	if size, rss := number64(ev, "vm_size"), number64(ev, "vm_rss"); size < 64 || rss > size || rss == 0 {
		t.Errorf("%s: %d KiB of memory of which %d are resident", name, size, rss)
	}
	checkCgroups(t, ev, p)
}

// checkCgroups: the groups that /proc lists by subsystem, and where all of them
// are in one hierarchy, one on the way to the group there.
func checkCgroups(t *testing.T, ev *event.Event, p procInfo) {
	t.Helper()
	if withoutLocks(t) {
		compare(t, ev.Info().Name, ev, values{"cgroups": "<NA>"})
		return
	}
	got := strings.Split(strings.TrimSuffix(string(param(ev, "cgroups")), "\x00"), "\x00")
	known := map[string]string{}
	for _, entry := range p.cgroups {
		subsystem, path, _ := strings.Cut(entry, "=")
		known[subsystem] = path
	}
	var names []string
	for _, entry := range got {
		subsystem, path, _ := strings.Cut(entry, "=")
		names = append(names, subsystem)
		switch want, ok := known[strings.Replace(subsystem, "unified", "", 1)]; {
		case ok && path != want:
			t.Errorf("%s: %s, /proc says %s", ev.Info().Name, entry, want)
		case !ok && !strings.HasPrefix(known[""]+"/", strings.TrimSuffix(path, "/")+"/"):
			t.Errorf("%s: %s is not above %q", ev.Info().Name, entry, known[""])
		}
	}
	if want := subsystems(t); !slices.Equal(names, want) {
		t.Errorf("%s: groups of %q, want %q", ev.Info().Name, names, want)
	}
}

// subsystems are those of the control groups that are told, as far as the kernel has them. /proc/cgroups, which calls io blkio, is
// without those that newer kernels have in the unified hierarchy alone.
func subsystems(t *testing.T) []string {
	t.Helper()
	var has []string
	for _, file := range []string{"/proc/cgroups", "/sys/fs/cgroup/cgroup.controllers"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		has = append(has, strings.Fields(strings.ReplaceAll(string(text), "blkio", "io"))...)
	}
	return slices.DeleteFunc([]string{"cpuset", "cpu", "cpuacct", "io", "memory", "unified"}, func(name string) bool {
		return name != "unified" && !slices.Contains(has, name)
	})
}

// number64 is a parameter as a number.
func number64(ev *event.Event, name string) uint64 {
	var b [8]byte
	copy(b[:], param(ev, name))
	return binary.LittleEndian.Uint64(b[:])
}

// bystander starts a helper that waits, reads what /proc says of it, lets it end
// and returns its events too.
func bystander(t *testing.T, program string, change func(*exec.Cmd)) (p procInfo, pid int64, born, execs []event.Event) {
	t.Helper()
	hold, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	cmd := exec.Command(program, "-test.run=^TestHelper$")
	cmd.Env, cmd.Stdin, cmd.SysProcAttr = []string{helperEnv + "=wait"}, hold, &syscall.SysProcAttr{}
	ready, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	limitFiles(t)
	_, events := recordMask(t, kernelMask(schema.EventNamesToSCs(lifeEvents)), func() {
		change(cmd)
		if err = cmd.Start(); err == nil {
			_, err = ready.Read(make([]byte, 1))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	pid = int64(cmd.Process.Pid)
	p = readProc(t, strconv.FormatInt(pid, 10))
	release.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	born, execs, _ = split(events, pid)
	if len(born) != 2 || len(execs) != 1 {
		t.Fatalf("%d forks, %d execs, want 2 and 1", len(born), len(execs))
	}
	return p, pid, born, execs
}

// limitFiles sets the limit of open files to what a Go program, which raises the
// soft one, leaves alone.
func limitFiles(t *testing.T) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 777, Max: 777}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
			t.Error(err)
		}
	})
}

// checkExecProc holds everything in an exec that /proc knows, too.
func checkExecProc(t *testing.T, ev *event.Event, p procInfo) {
	t.Helper()
	hex := func(key string) string { return "0x" + p.status[key] }
	compare(t, "exec", ev, values{"vpgid": p.last("NSpgid"), "pgid": strings.Fields(p.status["NSpgid"])[0], "loginuid": p.loginuid,
		"cap_inheritable": hex("CapInh"), "cap_permitted": hex("CapPrm"), "cap_effective": hex("CapEff"),
		"exe_ino": strconv.FormatUint(p.ino, 10), "exe_ino_ctime": strconv.FormatUint(p.ctime, 10), "exe_ino_mtime": strconv.FormatUint(p.mtime, 10)})
	checkUsage(t, ev, p)
}

// childSide is the event of a birth that the new thread itself has.
func childSide(t *testing.T, born []event.Event, pid int64) *event.Event {
	t.Helper()
	i := slices.IndexFunc(born, func(ev event.Event) bool { return ev.TID == pid })
	if i < 0 {
		t.Fatal("the child has no event of its birth")
	}
	return &born[i]
}

// TestExecOrdinary: a login session, a process group, capabilities.
func TestExecOrdinary(t *testing.T) {
	needDevice(t)
	p, pid, born, execs := bystander(t, self(t), func(cmd *exec.Cmd) {
		if err := os.WriteFile("/proc/thread-self/loginuid", []byte("1234"), 0); err != nil {
			t.Error(err)
		}
		cmd.SysProcAttr.Setpgid = true
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 1000, Gid: 1001}
		cmd.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_NET_RAW, unix.CAP_BPF}
	})
	if p.loginuid != "1234" || p.pgid != strconv.FormatInt(pid, 10) || p.status["CapEff"] == "0000000000000000" {
		t.Errorf("the test itself is wrong: %+v", p)
	}
	checkExecProc(t, &execs[0], p)
	root := readProc(t, "1").started
	for i := range born {
		compare(t, "clone", &born[i], values{"vtid": strconv.FormatInt(born[i].TID, 10), "vpid": strconv.FormatUint(number64(&born[i], "pid"), 10)})
		checkStart(t, &born[i], root)
	}
}

// checkStart: /proc counts hundredths of a second.
func checkStart(t *testing.T, ev *event.Event, want uint64) {
	t.Helper()
	if got := number64(ev, "pidns_init_start_ts"); got/1e7 != want/1e7 {
		t.Errorf("%s: the namespace's init started at %d, want %d", ev.Info().Name, got, want)
	}
}

// TestExecNamespace: the first process of a pid namespace has other numbers there.
func TestExecNamespace(t *testing.T) {
	needDevice(t)
	p, pid, born, execs := bystander(t, self(t), func(cmd *exec.Cmd) {
		cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWPID
		cmd.SysProcAttr.Setpgid = true
	})
	checkExecProc(t, &execs[0], p)
	compare(t, "exec", &execs[0], values{"vpgid": "1", "pgid": strconv.FormatInt(pid, 10)})
	ev := childSide(t, born, pid)
	compare(t, "clone", ev, values{"vtid": "1", "vpid": "1", "tid": strconv.FormatInt(pid, 10), "pid": strconv.FormatInt(pid, 10)})
	checkStart(t, ev, p.started)
	if flags := uint32(number64(ev, "flags")); flags&schema.PPM_CL_CHILD_IN_PIDNS == 0 || flags&schema.PPM_CL_CLONE_NEWPID == 0 {
		t.Errorf("flags are %#x", flags)
	}
}

// TestCgroups: a group of its own, below which only some subsystems count.
func TestCgroups(t *testing.T) {
	needDevice(t)
	root := t.TempDir()
	if err := unix.Mount("cgroup2", root, "cgroup2", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	}()
	if err := os.WriteFile(root+"/cgroup.subtree_control", []byte("+memory"), 0); err != nil {
		t.Fatal(err)
	}
	group := root + "/eyas test"
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.Remove(group); err != nil {
			t.Error(err)
		}
	}()
	dir, err := os.Open(group)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	p, pid, born, execs := bystander(t, self(t), func(cmd *exec.Cmd) {
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
	})
	checkExecProc(t, &execs[0], p)
	if withoutLocks(t) {
		return
	}
	for _, ev := range []*event.Event{&execs[0], childSide(t, born, pid)} {
		if got := string(param(ev, "cgroups")); !strings.Contains(got, "\x00memory=/eyas test\x00unified=/eyas test\x00") {
			t.Errorf("%s: groups are %q", ev.Info().Name, got)
		}
	}
}

// TestExecOverlay: which layer a program lies in.
func TestExecOverlay(t *testing.T) {
	needDevice(t)
	dir := t.TempDir()
	mount := func(source, target, kind, data string) {
		if err := unix.Mount(source, target, kind, 0, data); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	mount("eyas", dir, "tmpfs", "")
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.ReadFile(self(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/lower/program", program, 0o755); err != nil {
		t.Fatal(err)
	}
	mount("overlay", dir+"/merged", "overlay", "lowerdir="+dir+"/lower,upperdir="+dir+"/upper,workdir="+dir+"/work")
	for _, layer := range []string{"EXE_LOWER_LAYER", "EXE_UPPER_LAYER"} {
		p, _, _, execs := bystander(t, dir+"/merged/program", func(*exec.Cmd) {})
		compare(t, layer, &execs[0], values{"flags": "EXE_WRITABLE|" + layer})
		checkExecProc(t, &execs[0], p)
		if err := os.Chmod(dir+"/merged/program", 0o750); err != nil { // copies it up
			t.Fatal(err)
		}
	}
}

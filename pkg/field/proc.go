// SPDX-License-Identifier: Apache-2.0

package field

import (
	"fmt"
	"strconv"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// pick chooses the thread that a field is about: the one of the event, its
// parent, the leader of its session. Nil: the field has no value.
type pick func(e *state.Event) *state.Thread

func parent(e *state.Event) *state.Thread {
	if t := known(e); t != nil {
		return t.Ancestor(1)
	}
	return nil
}

func leader(e *state.Event) *state.Thread {
	if t := known(e); t != nil {
		return t.Leader()
	}
	return nil
}

// strOf takes a text of the chosen thread.
func strOf(who pick, get func(*state.Thread) string) Extract {
	return func(e *state.Event, v *Value) bool {
		t := who(e)
		if t == nil {
			return false
		}
		v.S = get(t)
		return true
	}
}

// intOf takes a number, boolOf a truth, appendOf a text that has to be put
// together.
func intOf(who pick, get func(*state.Thread) int64) Extract {
	return func(e *state.Event, v *Value) bool {
		t := who(e)
		if t == nil {
			return false
		}
		v.setInt(get(t))
		return true
	}
}

func boolOf(who pick, get func(*state.Thread) bool) Extract {
	return func(e *state.Event, v *Value) bool {
		t := who(e)
		if t == nil {
			return false
		}
		v.setBool(get(t))
		return true
	}
}

func appendOf(who pick, get func(*state.Thread, []byte) []byte) Extract {
	return func(e *state.Event, v *Value) bool {
		t := who(e)
		if t == nil {
			return false
		}
		v.setScratch(get(t, v.scratch()))
		return true
	}
}

// some makes values that are 0 when unknown absent.
func some(get Extract) Extract {
	return func(e *state.Event, v *Value) bool { return get(e, v) && v.U != 0 }
}

// positive does so with ids that are -1 when unknown.
func positive(get Extract) Extract {
	return func(e *state.Event, v *Value) bool { return get(e, v) && v.Int() >= 0 }
}

func comm(t *state.Thread) string    { return t.Comm }
func exe(t *state.Thread) string     { return t.Exe }
func exePath(t *state.Thread) string { return t.ExePath }
func cmdline(t *state.Thread) string { return t.Cmdline() }
func pid(t *state.Thread) int64      { return t.PID }
func vpid(t *state.Thread) int64     { return t.VPID }
func start(t *state.Thread) int64    { return int64(t.Start) }

func appendArgsOf(t *state.Thread, dst []byte) []byte { return t.AppendArgs(dst) }
func appendEnvOf(t *state.Thread, dst []byte) []byte  { return t.AppendEnv(dst) }

func exeFlag(flag uint32) func(*state.Thread) bool {
	return func(t *state.Thread) bool { return t.ExeFlags&flag != 0 }
}

// headOf takes a text of the leader of a session or group; empty when there is
// no such id.
func headOf(id func(*state.Thread) int64, head func(*state.Thread) *state.Thread, get func(*state.Thread) string) Extract {
	return func(e *state.Event, v *Value) bool {
		t := known(e)
		if t == nil {
			return false
		}
		v.S = ""
		if h := head(t); id(t) >= 0 && h != nil {
			v.S = get(h)
		}
		return true
	}
}

func sid(t *state.Thread) int64   { return t.SID }
func pgid(t *state.Thread) int64  { return t.PGID }
func vpgid(t *state.Thread) int64 { return t.VPGID }

func argCount(t *state.Thread) int64 { return int64(len(t.Args)) }

func argBytes(t *state.Thread) int64 {
	n := 0
	for _, a := range t.Args {
		n += len(a)
	}
	return int64(n)
}

func cwd(t *state.Thread) string {
	return t.Cwd
}

// procDuration is how long the process has been running.
func procDuration(e *state.Event, v *Value) bool {
	t := known(e)
	if t == nil || t.Start == 0 || e.TS < t.Start {
		return false
	}
	v.U = e.TS - t.Start
	return true
}

// parentDuration is how long the parent has been running.
func parentDuration(e *state.Event, v *Value) bool {
	p := parent(e)
	if p == nil || p.Start == 0 || e.TS < p.Start {
		return false
	}
	v.U = e.TS - p.Start
	return true
}

// exeToStart is the time from the last change of the executable file to the
// start of the process.
func exeToStart(e *state.Event, v *Value) bool {
	t := known(e)
	if t == nil || t.ExeCtime == 0 || t.Start < t.ExeCtime {
		return false
	}
	v.U = t.Start - t.ExeCtime
	return true
}

// nsToExe is the time from the start of the pid namespace to the last change of
// the executable file.
func nsToExe(e *state.Event, v *Value) bool {
	t := known(e)
	if t == nil || nsStart(t) == 0 || t.ExeCtime < t.PidNSStart {
		return false
	}
	v.U = t.ExeCtime - t.PidNSStart
	return true
}

// nsStart is when the pid namespace began, 0 for that of the host.
func nsStart(t *state.Thread) int64 {
	if !t.InPidNS() {
		return 0
	}
	return int64(t.PidNSStart)
}

// ofMain is a number that only main threads have, 0 for others.
func ofMain(get func(*state.Thread) int64) func(*state.Thread) int64 {
	return func(t *state.Thread) int64 {
		if !t.IsMain() {
			return 0
		}
		return get(t)
	}
}

func vmSize(t *state.Thread) int64      { return int64(t.VMSize) }
func vmRSS(t *state.Thread) int64       { return int64(t.VMRSS) }
func vmSizeBytes(t *state.Thread) int64 { return vmSize(t) * 1024 }
func vmRSSBytes(t *state.Thread) int64  { return vmRSS(t) * 1024 }

// cpuTime is told by no event of today; the events of process information in old
// captures have it as 0.
func cpuTime(e *state.Event, v *Value) bool {
	v.setFloat(0)
	return e.Type == schema.EvProcinfoE && known(e) != nil
}

func procinfoOnly(info *schema.Event) Decision {
	return Decision{Known: info.Type != schema.EvProcinfoE}
}

func nameTID(t *state.Thread, dst []byte) []byte {
	dst = append(append(dst, t.Comm...), ':')
	return strconv.AppendInt(dst, t.TID, 10)
}

func noTime(*state.Thread) int64 { return 0 }

func loginShell(e *state.Event, v *Value) bool {
	t := known(e)
	if t == nil {
		return false
	}
	shell := t.LoginShell()
	if shell == nil {
		return false
	}
	v.setInt(shell.PID)
	return true
}

func threadTID(e *state.Event, v *Value) bool { v.setInt(e.TID); return true }

func fdUsage(e *state.Event, v *Value) bool {
	t := leader(e)
	if t == nil {
		return false
	}
	v.setFloat(0)
	if t.FDLimit > 0 {
		v.setFloat(float64(t.NumFDs()) * 100 / float64(t.FDLimit))
	}
	return true
}

// Arguments and environment.

func bindProcArgs(r *Ref, arg string) error {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return fmt.Errorf("field %s: %q is no number", r.Name, arg)
	}
	r.Extract = strOf(known, func(t *state.Thread) string {
		if n < 0 || n >= len(t.Args) {
			return ""
		}
		return t.Args[n]
	})
	return nil
}

func bindProcEnv(r *Ref, arg string) error {
	if _, err := strconv.Atoi(arg); err == nil {
		return nil // a number means nothing here
	}
	r.Extract = strOf(known, func(t *state.Thread) string {
		s, _ := t.Getenv(arg)
		return s
	})
	return nil
}

func bindCgroup(r *Ref, arg string) error {
	r.Extract = func(e *state.Event, v *Value) bool {
		t := known(e)
		if t == nil {
			return false
		}
		path, ok := t.Cgroup(arg)
		v.S = path
		return ok
	}
	return nil
}

func appendCgroups(t *state.Thread, dst []byte) []byte {
	for i, g := range t.Cgroups {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, g...)
	}
	return dst
}

func threadCgroups(e *state.Event, v *Value) bool {
	t := known(e)
	if t == nil || len(t.Cgroups) == 0 {
		return false
	}
	v.setScratch(appendCgroups(t, v.scratch()))
	return true
}

// Standard descriptors.

func stdName(num int64) Extract {
	return func(e *state.Event, v *Value) bool {
		f := fdOf(e, num)
		if f == nil {
			return false
		}
		v.S = f.Name
		return true
	}
}

func stdType(num int64) Extract {
	return func(e *state.Event, v *Value) bool {
		f := fdOf(e, num)
		if f == nil {
			return false
		}
		v.S = f.Type.String()
		return v.S != ""
	}
}

// Capabilities.

// capNames are the capabilities of the kernel in the order of their bits.
var capNames = [...]string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
	"CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
	"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
	"CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
	"CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}

func capsOf(get func(*state.Thread) uint64) Extract {
	return appendOf(known, func(t *state.Thread, dst []byte) []byte {
		first := true
		for i, name := range capNames {
			if get(t)&(1<<i) == 0 {
				continue
			}
			if !first {
				dst = append(dst, ' ')
			}
			dst = append(dst, name...)
			first = false
		}
		return dst
	})
}

// Users and groups.

// idText is the name of a user or group, <NA> when it is not known.
func idText(id func(*state.Thread) uint32, name func(*state.Event, uint32) (string, bool)) Extract {
	return func(e *state.Event, v *Value) bool {
		t := known(e)
		if t == nil {
			return false
		}
		s, ok := name(e, id(t))
		if v.S = s; !ok {
			v.S = noText
		}
		return true
	}
}

func uid(t *state.Thread) uint32      { return t.UID }
func gid(t *state.Thread) uint32      { return t.GID }
func loginUID(t *state.Thread) uint32 { return t.LoginUID }

func idNum(id func(*state.Thread) uint32) Extract {
	return intOf(known, func(t *state.Thread) int64 { return int64(id(t)) })
}

func loginUIDNum(t *state.Thread) int64 {
	if t.LoginUID == state.NoID {
		return -1
	}
	return int64(t.LoginUID)
}

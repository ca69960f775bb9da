// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/eyas-security/eyas/pkg/state"
)

// difference is one value that a capture's replay has otherwise than a scan of /proc.
type difference struct {
	thread       *state.Thread // of the scan; of the replay when the scan has none
	fd           *state.FD     // likewise; nil: it is about the thread
	replayed     *state.FD     // what the replay has in its place, or nil
	what         string
	scan, replay string
}

func (d *difference) String() string {
	if d.fd != nil {
		return fmt.Sprintf("%d %s: fd %d %v %q: %s: %s, replayed %s", d.thread.TID, d.thread.Comm, d.fd.Num, d.fd.Type, d.fd.Name, d.what, d.scan, d.replay)
	}
	return fmt.Sprintf("%d %s: %s: %s, replayed %s", d.thread.TID, d.thread.Comm, d.what, d.scan, d.replay)
}

// comparison holds a replay against a scan.
type comparison struct {
	recorder, scanner int64 // processes
	truth             *state.State
	threads, fds      int // compared
	differences       []difference
}

// value is a part of a thread or descriptor as text.
type value struct{ name, text string }

// threadValues are what a thread is; not how much memory it uses and how often it faulted, which moves all the time.
func threadValues(th *state.Thread) []value {
	return []value{
		{"pid", fmt.Sprint(th.PID)}, {"ptid", fmt.Sprint(th.PTID)}, {"ppid", fmt.Sprint(th.PPID())},
		{"vtid", fmt.Sprint(th.VTID)}, {"vpid", fmt.Sprint(th.VPID)},
		{"sid", fmt.Sprint(th.SID)}, {"pgid", fmt.Sprint(th.PGID)}, {"vpgid", fmt.Sprint(th.VPGID)},
		{"comm", th.Comm}, {"exe", th.Exe}, {"exepath", th.ExePath}, {"args", fmt.Sprintf("%q", th.Args)}, {"env", fmt.Sprintf("%q", th.Env)},
		{"cwd", th.Cwd}, {"root", th.Root}, {"cgroups", fmt.Sprint(th.Cgroups)},
		{"uid", fmt.Sprint(th.UID)}, {"gid", fmt.Sprint(th.GID)}, {"loginuid", fmt.Sprint(th.LoginUID)},
		{"caps", fmt.Sprintf("%x %x %x", th.CapInheritable, th.CapPermitted, th.CapEffective)},
		{"tty", fmt.Sprint(th.TTY)}, {"flags", fmt.Sprintf("%#x", th.Flags)}, {"fdlimit", fmt.Sprint(th.Leader().FDLimit)},
		{"threads", fmt.Sprint(th.NumThreads())}, {"children", fmt.Sprint(th.NumChildren())},
	}
}

func fdValues(fd *state.FD) []value {
	return []value{
		{"type", fmt.Sprint(fd.Type)}, {"l4", fd.L4.String()}, {"role", fmt.Sprint(fd.Role)}, {"name", fd.Name},
		{"flags", fmt.Sprintf("%#x", fd.Flags)}, {"dev", fmt.Sprintf("%#x", fd.Dev)}, {"ino", fmt.Sprint(fd.Ino)},
		{"source", fmt.Sprint(fd.SIP, fd.SPort)}, {"dest", fmt.Sprint(fd.DIP, fd.DPort)},
		{"connected", fmt.Sprint(fd.Connected)}, {"listening", fmt.Sprint(fd.Listening)},
	}
}

func threadsOf(s *state.State) map[int64]*state.Thread {
	all := map[int64]*state.Thread{}
	s.Threads(func(th *state.Thread) bool {
		all[th.TID] = th
		return true
	})
	return all
}

func fdsOf(th *state.Thread) map[int64]*state.FD {
	all := map[int64]*state.FD{}
	if th != nil {
		for fd := range th.FDs() {
			all[fd.Num] = fd
		}
	}
	return all
}

func (c *comparison) add(d difference) { c.differences = append(c.differences, d) }

func (c *comparison) compare(truth, got *state.State) {
	c.truth = truth
	want, have := threadsOf(truth), threadsOf(got)
	for tid := range have {
		if want[tid] == nil {
			c.add(difference{thread: have[tid], what: "thread", scan: "gone", replay: "there"})
		}
	}
	for _, tid := range slices.Sorted(maps.Keys(want)) {
		th := want[tid]
		if have[tid] == nil {
			c.add(difference{thread: th, what: "thread", scan: "there", replay: "unknown"})
			continue
		}
		c.threads++
		c.values(difference{thread: th}, threadValues(th), threadValues(have[tid]))
		if th.IsMain() {
			c.compareFDs(th, have[tid])
		}
	}
}

func (c *comparison) compareFDs(th, replay *state.Thread) {
	want, have := fdsOf(th), fdsOf(replay)
	for num := range have {
		if want[num] == nil {
			c.add(difference{thread: th, fd: have[num], replayed: have[num], what: "fd", scan: "closed", replay: "open"})
		}
	}
	for _, num := range slices.Sorted(maps.Keys(want)) {
		fd := want[num]
		if have[num] == nil {
			c.add(difference{thread: th, fd: fd, what: "fd", scan: "open", replay: "unknown"})
			continue
		}
		c.fds++
		c.values(difference{thread: th, fd: fd, replayed: have[num]}, fdValues(fd), fdValues(have[num]))
	}
}

// values adds to d what differs.
func (c *comparison) values(d difference, want, have []value) {
	for i := range want {
		if want[i].text != have[i].text {
			d.what, d.scan, d.replay = want[i].name, want[i].text, have[i].text
			c.add(d)
		}
	}
}

// tell prints how many differences of each kind there are, and fails for those of none.
func (c *comparison) tell(t *testing.T, events uint64) {
	t.Helper()
	counts := make([]int, len(capturedOtherwise))
	fmt.Printf("## %d events replayed: %d threads and %d descriptors are held against /proc\n", events, c.threads, c.fds)
	if events < 10_000 || c.threads < 50 || c.fds < 200 {
		t.Error("that is not what the programs do")
	}
	for i := range c.differences {
		d := &c.differences[i]
		kind := slices.IndexFunc(capturedOtherwise, func(e explanation) bool { return e.holds(c, d) })
		if kind < 0 {
			t.Error(d)
			continue
		}
		counts[kind]++
	}
	for i, n := range counts {
		fmt.Printf("## %d times otherwise: %s\n", n, capturedOtherwise[i].why)
	}
}

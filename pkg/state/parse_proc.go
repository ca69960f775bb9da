// SPDX-License-Identifier: Apache-2.0

package state

import (
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

const atCwd = event.AtFDCWD

// prSetChildSubreaper makes a process the new parent of orphans below it.
const (
	prSetName           = schema.PPM_PR_SET_NAME
	prSetChildSubreaper = schema.PPM_PR_SET_CHILD_SUBREAPER
)

// succeeded tells whether the event is of a known thread, succeeded, and is not
// older than what /proc said of the thread.
func (e *Event) succeeded() bool {
	res, ok := e.Int(0)
	return ok && res >= 0 && e.Thread.Known() && e.TS >= e.Thread.ScanTS
}

// parsePrctl: res, option, arg2_str, arg2_int.
func (s *State) parsePrctl(e *Event) {
	if !e.succeeded() {
		return
	}
	option, _ := e.Uint(1)
	switch option {
	case prSetName:
		if b, ok := e.Str(2); ok {
			e.Thread.Comm = s.intern.text(b[:min(len(b), maxComm)])
			s.touch(e.Thread)
		}
	case prSetChildSubreaper:
		on, _ := e.Int(3)
		e.Thread.Leader().reaper = on != 0
	}
}

// parseSetsid: the caller leads a new session and a new group, without terminal.
func (s *State) parseSetsid(e *Event) {
	if !e.succeeded() {
		return
	}
	res, _ := e.Int(0)
	for m := e.Thread.group.first; m != nil; m = m.grpNext {
		m.SID, m.PGID, m.VPGID, m.TTY = m.group.pid, m.group.pid, res, 0
	}
	s.touch(e.Thread)
}

// parseSetpgid: res, pid, pgid; 0 stands for the caller and for the process.
func (s *State) parseSetpgid(e *Event) {
	if !e.succeeded() {
		return
	}
	pid, ok := e.Int(1)
	pgid, ok2 := e.Int(2)
	t := e.Thread
	if !ok || !ok2 {
		return
	}
	inNS := t.InPidNS()
	if pid != 0 && pid != t.VPID {
		if inNS {
			return // a number of another namespace
		}
		if t = s.threads[pid]; t == nil || e.TS < t.ScanTS {
			return
		}
	}
	vpgid := pgid
	if pgid == 0 {
		pgid, vpgid = t.group.pid, t.VPID
	} else if inNS && pgid == t.VPID {
		pgid = t.group.pid
	}
	for m := t.group.first; m != nil; m = m.grpNext {
		m.VPGID = vpgid
		if !inNS || pgid == t.group.pid {
			m.PGID = pgid
		}
	}
	s.touch(t)
}

// parseSetuid: res, uid.
func (s *State) parseSetuid(e *Event) { s.setUser(e, 1) }

// parseSetreuid: res, ruid, euid, and suid for setresuid.
func (s *State) parseSetreuid(e *Event) { s.setUser(e, 2) }

// parseSetgid: res, gid.
func (s *State) parseSetgid(e *Event) { s.setGroup(e, 1) }

// parseSetregid: res, rgid, egid, and sgid for setresgid.
func (s *State) parseSetregid(e *Event) { s.setGroup(e, 2) }

func (s *State) setUser(e *Event, i int) {
	if v, ok := e.Uint(i); ok && uint32(v) != NoID && e.succeeded() {
		e.Thread.UID = uint32(v)
		s.touch(e.Thread)
	}
}

func (s *State) setGroup(e *Event, i int) {
	if v, ok := e.Uint(i); ok && uint32(v) != NoID && e.succeeded() {
		e.Thread.GID = uint32(v)
		s.touch(e.Thread)
	}
}

// parseCapset: res, inheritable, permitted, effective.
func (s *State) parseCapset(e *Event) {
	if !e.succeeded() {
		return
	}
	set64(e, 1, &e.Thread.CapInheritable)
	set64(e, 2, &e.Thread.CapPermitted)
	set64(e, 3, &e.Thread.CapEffective)
	s.touch(e.Thread)
}

// parseMemory: res, vm_size, vm_rss, vm_swap, as brk, mmap and munmap have them.
func (s *State) parseMemory(e *Event) {
	t := e.Thread.Leader()
	set32(e, 1, &t.VMSize)
	set32(e, 2, &t.VMRSS)
	set32(e, 3, &t.VMSwap)
}

// parseSwitch: next, then the numbers that clone and exec have too.
func (s *State) parseSwitch(e *Event) { s.fillUsage(e.Thread, e, 1) }

// rlimitNofile is the limit of open descriptors.
const rlimitNofile = schema.PPM_RLIMIT_NOFILE

// parseSetrlimit: res, cur, max, resource.
func (s *State) parseSetrlimit(e *Event) {
	if r, _ := e.Uint(3); r == rlimitNofile && e.succeeded() {
		setInt(e, 1, &e.Thread.Leader().FDLimit)
	}
}

// parsePrlimit: res, newcur, newmax, oldcur, oldmax, pid, resource. A call that
// sets nothing has -1 or, in older captures, 0 as the new limit.
func (s *State) parsePrlimit(e *Event) {
	cur, ok := e.Int(1)
	pid, _ := e.Int(5)
	if r, _ := e.Uint(6); r != rlimitNofile || !ok || cur == -1 || !e.succeeded() {
		return
	}
	t := e.Thread
	if pid != 0 && pid != t.VPID {
		if t.InPidNS() {
			return // a number of another namespace
		}
		t = s.threads[pid]
	}
	if t != nil {
		t.Leader().FDLimit = cur
	}
}

// parseChdir: res, path.
func (s *State) parseChdir(e *Event) {
	if b, ok := e.Str(1); ok && e.succeeded() {
		s.setCwd(e.Thread, dirText(s, e.Thread, b))
	}
}

// parseFchdir: res, fd.
func (s *State) parseFchdir(e *Event) {
	if e.FD != nil && e.FD.HasPath() && e.succeeded() {
		s.setCwd(e.Thread, dirText(s, e.Thread, e.FD.Name))
	}
}

// parseGetcwd: res, path. It helps when the directory is not known.
func (s *State) parseGetcwd(e *Event) {
	t := e.Thread
	if b, ok := e.Str(1); ok && isAbs(b) && !isAbs(t.Cwd) && e.succeeded() {
		s.setCwd(t, dirText(s, t, b))
	}
}

// parseChroot: res, path.
func (s *State) parseChroot(e *Event) {
	if b, ok := e.Str(1); ok && e.succeeded() {
		s.scratch = e.Thread.AppendPath(s.scratch[:0], atCwd, b)
		root := s.intern.text(s.scratch)
		e.Thread.eachOfFS(func(m *Thread) { m.Root = root })
		s.account(e.Thread.Leader())
	}
}

// dirText returns a directory as Thread keeps it: clean, with a slash at its
// end.
func dirText[P text](s *State, t *Thread, path P) string {
	s.scratch = AppendClean(s.scratch[:0], t.Cwd, path)
	if n := len(s.scratch); n > 0 && s.scratch[n-1] != '/' {
		s.scratch = append(s.scratch, '/')
	}
	return s.intern.text(s.scratch)
}

// setCwd changes the directory of all threads that share it.
func (s *State) setCwd(t *Thread, dir string) {
	if t.Cwd == dir {
		return
	}
	t.eachOfFS(func(m *Thread) {
		m.Cwd = dir
		s.touch(m)
	})
	s.account(t.Leader())
}

// eachOfFS calls f for t and the threads of its process that share directory and
// root with it.
func (t *Thread) eachOfFS(f func(*Thread)) {
	if !t.sharesFS() {
		f(t)
		return
	}
	for m := t.group.first; m != nil; m = m.grpNext {
		if m.sharesFS() {
			f(m)
		}
	}
}

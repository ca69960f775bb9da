// SPDX-License-Identifier: Apache-2.0

package state

import (
	"strings"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Parameters of execve and execveat; execveat has no filename.
const (
	execRes = iota
	execExe
	execArgs
	execTID
	execPID
	execPTID
	execCwd
	execFDLimit
	execPFMajor
	execPFMinor
	execVMSize
	execVMRSS
	execVMSwap
	execComm
	execCgroups
	execEnv
	execTTY
	execVPGID
	execLoginUID
	execFlags
	execCapInheritable
	execCapPermitted
	execCapEffective
	execExeIno
	execExeCtime
	execExeMtime
	execUID
	execExePath
	execPGID
	execGID
	execFilename
)

// maxComm is what the kernel keeps of a name.
const maxComm = 15

func (s *State) parseExec(e *Event) {
	res, ok := e.Int(execRes)
	if !ok || res != 0 || !e.Thread.Known() {
		return
	}
	t := s.execThread(e)
	if e.TS < t.ScanTS {
		return
	}
	if t.guessed {
		s.fillExecIDs(t, e)
	}
	s.aloneInGroup(t)
	s.aloneInFiles(t)
	t.ownFS = false
	s.closeOnExec(t, e.TS)
	s.fillImage(t, e)
	s.fillPlace(t, e)
	login := t.LoginUID
	s.fillExecCreds(t, e)
	if t.LoginUID != login {
		t.tree = 0
	}
	t.ExecTS = e.TS
	t.guessed = false
	s.account(t)
	s.touch(t)
}

// execThread returns the main thread of the process: whoever called exec, that
// is who comes back from it.
func (s *State) execThread(e *Event) *Thread {
	t := e.Thread
	pid, ok := e.Int(execPID)
	if !ok || pid <= 0 || pid == t.TID {
		return t
	}
	leader := s.threads[pid]
	if leader == nil {
		leader = s.child(t, cloneIDs{tid: pid, pid: pid, ptid: t.PTID, flags: t.Flags}, e.TS)
	}
	s.takeFiles(leader, t)
	s.use(leader)
	s.last, e.Thread = leader, leader
	return leader
}

// takeFiles gives the main thread the descriptors of the one that called exec,
// which may have had its own.
func (s *State) takeFiles(leader, t *Thread) {
	if t.files == nil || t.files == leader.files {
		return
	}
	t.files.users++
	if leader.files != nil {
		s.dropFiles(leader.files)
	}
	leader.files = t.files
}

func (s *State) fillExecIDs(t *Thread, e *Event) {
	if v, ok := e.Int(execPID); ok && v != t.PID {
		s.leaveGroup(t)
		t.PID = v
		s.joinGroup(t)
	}
	if v, ok := e.Int(execPTID); ok {
		s.setParent(t, v)
	}
	if t.VPID == -1 {
		t.VTID, t.VPID = t.TID, t.PID
		s.lookupVIDs(t)
	}
}

// aloneInGroup drops the other threads of the process: an exec ended them.
func (s *State) aloneInGroup(t *Thread) {
	if t.dead {
		t.dead = false
		t.group.alive++
	}
	for m := t.group.first; m != nil; {
		next := m.grpNext
		if m != t {
			s.reparent(m, t.TID)
			s.drop(m)
		}
		m = next
	}
}

// aloneInFiles ends the sharing of descriptors with other processes.
func (s *State) aloneInFiles(t *Thread) {
	if t.files == nil || t.files.users == 1 {
		return
	}
	shared := t.files
	t.files = s.forkFiles(shared)
	s.dropFiles(shared)
}

func (s *State) closeOnExec(t *Thread, ts uint64) {
	if t.files == nil {
		return
	}
	for fd := range t.files.tab.all() {
		if fd.CloseOnExec() {
			s.closeFD(t, ts, fd.Num)
		}
	}
}

// fillImage takes over the new program.
func (s *State) fillImage(t *Thread, e *Event) {
	if b, ok := e.Str(execExe); ok {
		t.Exe = s.intern.text(b)
	}
	args, _ := e.Param(execArgs)
	t.Args = s.intern.list(args)
	env, _ := e.Param(execEnv)
	t.Env = s.intern.list(env)
	if b, ok := e.Str(execComm); ok {
		t.Comm = s.intern.text(b)
	} else {
		t.Comm = commOf(t.Exe)
	}
	t.ExeFlags, t.ExeIno, t.ExeCtime, t.ExeMtime = 0, 0, 0, 0
	set32(e, execFlags, &t.ExeFlags)
	set64(e, execExeIno, &t.ExeIno)
	set64(e, execExeCtime, &t.ExeCtime)
	set64(e, execExeMtime, &t.ExeMtime)
	s.fillUsage(t, e, execPFMajor)
	setInt(e, execFDLimit, &t.FDLimit)
}

func commOf(exe string) string {
	name := exe[strings.LastIndexByte(exe, '/')+1:]
	return name[:min(len(name), maxComm)]
}

// fillPlace takes over directory, executable, terminal, groups. What the kernel
// could not tell in its context is read from /proc.
func (s *State) fillPlace(t *Thread, e *Event) {
	if b, ok := e.Str(execCwd); ok {
		t.Cwd = dirText(s, t, b)
	} else if t.Cwd == "" || t.Cwd == "./" {
		s.lookupCwd(t)
	}
	t.ExePath = ""
	if b, ok := e.Str(execExePath); ok {
		t.ExePath = s.intern.text(b)
	} else if !s.lookupExePath(t) && e.Type == schema.EvSyscallExecve19X {
		if b, ok := e.Str(execFilename); ok {
			s.scratch = t.AppendPath(s.scratch[:0], atCwd, b)
			t.ExePath = s.intern.text(s.scratch)
		}
	}
	if b, _ := e.Param(execCgroups); len(b) > 0 {
		s.setCgroups(t, s.intern.cgroups(b))
	}
	s.lookupUsers(t)
	if v, ok := e.Uint(execTTY); ok {
		t.TTY = uint32(v)
	} else {
		s.lookupTTY(t)
	}
	setInt(e, execVPGID, &t.VPGID)
	setInt(e, execPGID, &t.PGID)
}

func (s *State) fillExecCreds(t *Thread, e *Event) {
	set32(e, execLoginUID, &t.LoginUID)
	set32(e, execUID, &t.UID)
	set32(e, execGID, &t.GID)
	set64(e, execCapInheritable, &t.CapInheritable)
	set64(e, execCapPermitted, &t.CapPermitted)
	set64(e, execCapEffective, &t.CapEffective)
}

// exitReaper is the parameter of procexit that names the new parent of the
// children.
const exitReaper = 4

func (s *State) parseExit(e *Event) {
	t := e.Thread
	if !t.Known() || e.TS < t.ScanTS {
		return
	}
	reaper, _ := e.Int(exitReaper)
	s.markDead(t)
	s.reparent(t, reaper)
	e.exits = true
}

func (s *State) markDead(t *Thread) {
	if !t.dead {
		t.dead = true
		t.group.alive--
	}
}

// finish ends a thread. A main thread stays until the last one of its process.
func (s *State) finish(t *Thread) {
	if t.seen == byChild {
		s.ghosts.add(t.TID)
	}
	g := t.group
	if g == nil {
		return
	}
	if g.leader != t || g.alive == 0 {
		s.drop(t)
	}
	if l := g.leader; l != nil && l != t && l.dead && g.alive == 0 {
		s.drop(l)
	}
}

// SPDX-License-Identifier: Apache-2.0

package state

import "github.com/eyas-security/eyas/pkg/schema"

// Parameters of clone, clone3, fork and vfork. They describe the thread that the
// event belongs to: the caller, or with result 0 the new one.
const (
	cloneRes = iota
	cloneExe
	cloneArgs
	cloneTID
	clonePID
	clonePTID
	cloneCwd
	cloneFDLimit
	clonePFMajor
	clonePFMinor
	cloneVMSize
	cloneVMRSS
	cloneVMSwap
	cloneComm
	cloneCgroups
	cloneFlags
	cloneUID
	cloneGID
	cloneVTID
	cloneVPID
	clonePidNSStart
)

// IsClone tells whether events of a type make a thread, when their result is a
// thread or, in the new one, 0.
func IsClone(t schema.EventType) bool {
	switch t {
	case schema.EvSyscallClone20X, schema.EvSyscallFork20X, schema.EvSyscallVfork20X, schema.EvSyscallClone3X:
		return true
	}
	return false
}

func (s *State) parseClone(e *Event) {
	res, ok := e.Int(cloneRes)
	switch {
	case !ok || res < 0:
	case res == 0:
		s.cloneChild(e)
	default:
		s.cloneParent(e, res)
	}
}

// cloneParent makes the thread that the caller was told of, unless its own event
// was faster.
func (s *State) cloneParent(e *Event, tid int64) {
	t := e.Thread
	if !t.Known() {
		return
	}
	if t.guessed {
		s.fillClone(t, e)
	}
	flags, _ := e.Uint(cloneFlags)
	if t.InPidNS() || uint32(flags)&schema.PPM_CL_CHILD_IN_PIDNS != 0 {
		return // the result is a number of another namespace
	}
	if s.ghosts.take(tid) {
		s.stats.LateClones++
		return
	}
	if c := s.threads[tid]; c != nil {
		if c == t || c.group == t.group && c == t.Leader() {
			return
		}
		if e.TS < c.ScanTS || c.seen&byParent == 0 && !c.guessed {
			if e.TS >= c.ScanTS {
				s.addCloneFlags(c, uint32(flags))
			}
			c.seen |= byParent
			return
		}
		s.replaced(c)
	}
	ids := cloneIDs{tid: tid, pid: tid, ptid: t.TID, flags: uint32(flags)}
	if ids.flags&schema.PPM_CL_CLONE_THREAD != 0 {
		ids.pid, ids.ptid = t.PID, t.PTID
	}
	if ids.flags&schema.PPM_CL_CLONE_PARENT != 0 {
		ids.ptid = t.PTID
	}
	c := s.child(t, ids, e.TS)
	c.seen |= byParent
}

// cloneChild makes the thread of the event, or completes what the caller's event
// made.
func (s *State) cloneChild(e *Event) {
	c := s.threads[e.TID]
	if c != nil && (e.TS < c.ScanTS || c.seen&byChild == 0 && !c.guessed) {
		if e.TS >= c.ScanTS {
			s.addCloneFlags(c, e.flags())
			s.fillChild(c, e)
		}
		c.seen |= byChild
		return
	}
	if c != nil {
		s.replaced(c)
	}
	ids := cloneIDs{tid: e.TID, pid: e.TID, ptid: -1}
	ids.flags = e.flags()
	if v, ok := e.Int(clonePID); ok {
		ids.pid = v
	}
	if v, ok := e.Int(clonePTID); ok {
		ids.ptid = v
	}
	c = s.child(s.cloneSource(ids, e.TS), ids, e.TS)
	if e.TS >= c.ScanTS {
		s.fillChild(c, e)
	}
	c.seen |= byChild
	s.last, e.Thread = c, c
}

// addCloneFlags takes over flags of a thread that its other event did not tell.
func (s *State) addCloneFlags(c *Thread, flags uint32) {
	news := flags &^ c.Flags
	c.Flags |= flags
	if news&schema.PPM_CL_CLONE_NEWUSER != 0 && c.ExecTS <= c.Start {
		s.enterUserNS(c)
	}
}

// cloneSource finds the thread that the new one is a copy of.
func (s *State) cloneSource(ids cloneIDs, ts uint64) *Thread {
	tid := ids.ptid
	if ids.flags&schema.PPM_CL_CLONE_THREAD != 0 || ids.pid != ids.tid {
		tid = ids.pid
	}
	t := s.threads[tid]
	if t == nil {
		t = s.lookupThread(tid, ts)
	}
	if t == nil {
		s.stats.MissedParents++
	}
	return t
}

type cloneIDs struct {
	tid, pid, ptid int64
	flags          uint32
}

// child adds a copy of src, which may be nil, under new ids.
func (s *State) child(src *Thread, ids cloneIDs, ts uint64) *Thread {
	if src != nil && ts < src.ScanTS {
		// src is from after the clone: better take the child itself.
		if c := s.lookupThread(ids.tid, ts); c != nil {
			return c
		}
	}
	c := &Thread{
		VTID: -1, VPID: -1, SID: -1, PGID: -1, VPGID: -1,
		UID: NoID, GID: NoID, LoginUID: NoID, Comm: unknownText, Exe: unknownText,
	}
	if src != nil {
		*c = src.image()
	}
	c.TID, c.PID, c.PTID, c.Flags = ids.tid, ids.pid, ids.ptid, ids.flags
	c.Start, c.LastTS = ts, ts
	c.VTID, c.VPID = c.TID, c.PID
	if src != nil && src.PID == initTID && c.PID != initTID {
		c.tree = 0 // one of its own
	}
	if src != nil && src.InPidNS() || ids.flags&(schema.PPM_CL_CHILD_IN_PIDNS|schema.PPM_CL_CLONE_NEWPID) != 0 {
		c.VTID, c.VPID = -1, -1
	}
	if src != nil && src.files != nil {
		c.files = s.inheritFiles(src, ids.flags, ts)
	}
	s.add(c)
	if ids.flags&schema.PPM_CL_CLONE_NEWUSER != 0 {
		s.enterUserNS(c)
	}
	return c
}

func (s *State) inheritFiles(src *Thread, flags uint32, ts uint64) *files {
	switch {
	case flags&schema.PPM_CL_CLONE_FILES != 0:
		src.files.users++
		return src.files
	case ts < src.ScanTS:
		return s.copyFiles(src.files)
	}
	return s.forkFiles(src.files)
}

// image returns a copy of t that is in no table.
func (t *Thread) image() Thread {
	c := *t
	c.state, c.parent, c.children, c.sibPrev, c.sibNext = nil, nil, nil, nil, nil
	c.group, c.grpPrev, c.grpNext, c.older, c.newer = nil, nil, nil, nil, nil
	c.files, c.bytes, c.seen, c.Mark, c.orphanOf = nil, 0, 0, 0, 0
	c.dead, c.reaper, c.guessed, c.ownFS = false, false, false, false
	c.ScanTS, c.PFMajor, c.PFMinor = 0, 0, 0
	return c
}

// InPidNS tells whether the thread has other numbers than the host gives it.
func (t *Thread) InPidNS() bool { return t.VTID > 0 && t.VTID != t.TID }

// fillChild takes over what a new thread says of itself.
func (s *State) fillChild(c *Thread, e *Event) {
	if c.has(schema.PPM_CL_CHILD_IN_PIDNS) {
		c.VTID, c.VPID = -1, -1
	}
	s.fillClone(c, e)
	if c.VTID == -1 {
		s.lookupVIDs(c)
	}
}

// fillClone takes over what the event says of its own thread.
func (s *State) fillClone(t *Thread, e *Event) {
	s.fillIDs(t, e)
	if b, ok := e.Str(cloneExe); ok {
		t.Exe = s.intern.text(b)
	}
	if b, _ := e.Param(cloneArgs); len(b) > 0 {
		t.Args = s.intern.list(b)
	}
	if b, ok := e.Str(cloneComm); ok {
		t.Comm = s.intern.text(b)
	}
	if b, ok := e.Str(cloneCwd); ok {
		t.Cwd = dirText(s, t, b)
	}
	if b, _ := e.Param(cloneCgroups); len(b) > 0 {
		s.setCgroups(t, s.intern.cgroups(b))
	}
	setInt(e, cloneFDLimit, &t.FDLimit)
	s.fillUsage(t, e, clonePFMajor)
	set32(e, cloneUID, &t.UID)
	set32(e, cloneGID, &t.GID)
	setInt(e, cloneVTID, &t.VTID)
	setInt(e, cloneVPID, &t.VPID)
	if v, ok := e.Uint(clonePidNSStart); ok {
		t.PidNSStart = s.sinceBoot(v)
	}
	t.guessed = false
	s.account(t)
	s.touch(t)
}

// fillIDs moves a thread to the process and parent that the event tells of.
func (s *State) fillIDs(t *Thread, e *Event) {
	if v, ok := e.Int(clonePID); ok && v != t.PID {
		s.leaveGroup(t)
		t.PID = v
		s.joinGroup(t)
	}
	if v, ok := e.Int(clonePTID); ok {
		s.setParent(t, v)
	}
}

// fillUsage reads five numbers that clone and exec have in the same order.
func (s *State) fillUsage(t *Thread, e *Event, first int) {
	set64(e, first, &t.PFMajor)
	set64(e, first+1, &t.PFMinor)
	set32(e, first+2, &t.VMSize)
	set32(e, first+3, &t.VMRSS)
	set32(e, first+4, &t.VMSwap)
}

func setInt(e *Event, i int, v *int64) {
	if n, ok := e.Int(i); ok {
		*v = n
	}
}

func set64(e *Event, i int, v *uint64) {
	if n, ok := e.Uint(i); ok {
		*v = n
	}
}

func set32(e *Event, i int, v *uint32) {
	if n, ok := e.Uint(i); ok {
		*v = uint32(n)
	}
}

// replaced drops a thread whose number came back although no exit was seen.
func (s *State) replaced(t *Thread) {
	if !t.guessed {
		s.stats.MissedExits++
	}
	g, wasLeader := t.group, t.group.leader == t
	s.drop(t)
	for wasLeader && g.first != nil {
		s.drop(g.first)
	}
}

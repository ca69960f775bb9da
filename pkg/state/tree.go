// SPDX-License-Identifier: Apache-2.0

package state

import "unsafe"

const threadBytes = int64(unsafe.Sizeof(Thread{})) + 64

// add puts a thread into the table: budget, group, parent. Its ids must be set.
func (s *State) add(t *Thread) {
	t.state = s
	s.threads[t.TID] = t
	s.joinGroup(t)
	s.linkParent(t)
	s.pushNewest(t)
	enterContainer(t)
	s.account(t)
	s.gen++
	t.Gen = s.gen
}

// drop takes a thread out of the table. What it leaves behind is looked after
// first: children get a new parent, descriptors lose a user.
func (s *State) drop(t *Thread) {
	s.reparent(t, 0)
	s.unlinkParent(t)
	s.leaveGroup(t)
	s.unpush(t)
	if t.files != nil {
		s.dropFiles(t.files)
		t.files = nil
	}
	s.leaveContainer(t)
	s.bytes -= t.bytes
	if s.threads[t.TID] == t {
		delete(s.threads, t.TID)
	}
	if s.last == t {
		s.last = nil
	}
}

// account brings the budget up to date with the texts of t. Threads of a
// process share them, so only the main one pays.
func (s *State) account(t *Thread) {
	size := threadBytes
	if t.IsMain() {
		size += int64(len(t.Exe) + len(t.ExePath) + len(t.Cwd) + len(t.Root))
		size += 2*listBytes(t.Args) + listBytes(t.Env) + listBytes(t.Cgroups) // args are in cmdline again
	}
	s.bytes += size - t.bytes
	t.bytes = size
}

func listBytes(list []string) int64 {
	n := int64(len(list)) * 16
	for _, v := range list {
		n += int64(len(v)) + 1
	}
	return n
}

// touch notes that image, name or credentials changed: caches keyed on Gen no
// longer hold, nor those of descendants.
func (s *State) touch(t *Thread) {
	s.gen++
	t.Gen = s.gen
	t.cmdline = ""
	if t.children != nil || t.group != nil && t.group.num > 1 {
		s.lineage++
	}
}

func (s *State) joinGroup(t *Thread) {
	pid := t.PID
	if pid <= 0 {
		pid = t.TID
	}
	g := s.groups[pid]
	if g == nil {
		g = &group{pid: pid}
		s.groups[pid] = g
	}
	t.group = g
	t.grpNext = g.first
	if g.first != nil {
		g.first.grpPrev = t
	}
	g.first = t
	g.num++
	if !t.dead {
		g.alive++
	}
	if t.TID == pid {
		g.leader = t
	}
}

func (s *State) leaveGroup(t *Thread) {
	g := t.group
	if t.grpPrev != nil {
		t.grpPrev.grpNext = t.grpNext
	} else {
		g.first = t.grpNext
	}
	if t.grpNext != nil {
		t.grpNext.grpPrev = t.grpPrev
	}
	t.grpPrev, t.grpNext, t.group = nil, nil, nil
	g.num--
	if !t.dead {
		g.alive--
	}
	if g.leader == t {
		g.leader = nil
		if g.num > 0 {
			s.lineage++ // the others looked up to it
		}
	}
	if g.num == 0 && s.groups[g.pid] == g {
		delete(s.groups, g.pid)
	}
}

// linkParent makes t a child of the thread PTID names, if that is in the table.
func (s *State) linkParent(t *Thread) {
	p := s.threads[t.PTID]
	if p == nil || p == t || t.children != nil && descends(p, t) {
		return
	}
	t.parent = p
	t.sibNext = p.children
	if p.children != nil {
		p.children.sibPrev = t
	}
	p.children = t
}

func (s *State) unlinkParent(t *Thread) {
	p := t.parent
	if p == nil {
		return
	}
	if t.sibPrev != nil {
		t.sibPrev.sibNext = t.sibNext
	} else {
		p.children = t.sibNext
	}
	if t.sibNext != nil {
		t.sibNext.sibPrev = t.sibPrev
	}
	t.parent, t.sibPrev, t.sibNext = nil, nil, nil
}

// relink looks for the parent of a thread that has none yet. A parent that
// began later than its child is another process under the same number.
func (s *State) relink(t *Thread) {
	p := s.threads[t.PTID]
	if p != nil && p.Start > t.Start && t.Start != 0 {
		return
	}
	s.linkParent(t)
}

// setParent takes the parent that an event names. A process tells of its end before
// the kernel hands its children on, so that their events may name it for a while.
func (s *State) setParent(t *Thread, ptid int64) {
	if t.parent != nil && (t.PTID == ptid || ptid > 0 && ptid == t.orphanOf && !s.lives(ptid)) {
		return
	}
	s.unlinkParent(t)
	t.PTID = ptid
	s.linkParent(t)
	s.lineage++
}

func (s *State) lives(tid int64) bool {
	t := s.threads[tid]
	return t != nil && !t.dead
}

// descends tells whether a is t or below it.
func descends(a, t *Thread) bool {
	for ; a != nil; a = a.parent {
		if a == t {
			return true
		}
	}
	return false
}

// reparent hands the children of t to the thread named, or to the one that the
// kernel would choose.
func (s *State) reparent(t *Thread, reaper int64) {
	if t.children == nil {
		return
	}
	r := s.threads[reaper]
	if r == nil || r == t {
		r = s.findReaper(t)
	}
	for c := t.children; c != nil; c = t.children {
		s.unlinkParent(c)
		c.orphanOf = t.TID
		if r == nil || r == c || descends(r, c) {
			c.PTID = 1
			continue
		}
		c.PTID = r.TID
		s.linkParent(c)
	}
	s.lineage++
}

// findReaper returns a live thread of the same process, else the nearest
// ancestor that adopts, else the first process.
func (s *State) findReaper(t *Thread) *Thread {
	if t.group != nil {
		for m := t.group.first; m != nil; m = m.grpNext {
			if m != t && !m.dead {
				return m
			}
		}
	}
	for a := t.parent; a != nil; a = a.parent {
		if l := a.Leader(); l.reaper && !l.dead {
			return l
		}
	}
	if r := s.threads[1]; r != t {
		return r
	}
	return nil
}

// pushNewest puts t at the recent end of the list of all threads.
func (s *State) pushNewest(t *Thread) {
	t.older = s.newest
	if s.newest != nil {
		s.newest.newer = t
	}
	s.newest = t
	if s.oldest == nil {
		s.oldest = t
	}
}

func (s *State) unpush(t *Thread) {
	if t.older != nil {
		t.older.newer = t.newer
	} else {
		s.oldest = t.newer
	}
	if t.newer != nil {
		t.newer.older = t.older
	} else {
		s.newest = t.older
	}
	t.older, t.newer = nil, nil
}

// use notes that an event of t was seen.
func (s *State) use(t *Thread) {
	if s.newest != t {
		s.unpush(t)
		s.pushNewest(t)
	}
}

// numSpared bounds the search for a thread that is not needed by others.
const numSpared = 16

// shrink evicts until the tables are within their bounds. keep stays.
func (s *State) shrink(keep *Thread) {
	for s.full() && len(s.threads) > 1 {
		v := s.victim(keep)
		if v == nil {
			return
		}
		s.drop(v)
		s.stats.Evicted++
	}
}

// victim picks a thread that was quiet for long, rather not one that others
// need: a main thread with other threads, a parent.
func (s *State) victim(keep *Thread) *Thread {
	t := s.oldest
	for n := 0; t != nil && n < numSpared; n++ {
		if t != keep && t.children == nil && (t.group.num == 1 || t.group.leader != t) {
			return t
		}
		t = t.newer
	}
	if s.oldest != keep {
		return s.oldest
	}
	return s.oldest.newer
}

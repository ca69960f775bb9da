// SPDX-License-Identifier: Apache-2.0

package state

// AddThread puts a thread into the table that is known from elsewhere, such as
// the lists of a capture; one of the same number goes. Threads of a process may
// come in any order. Only the exported fields of t count.
func (s *State) AddThread(t Thread) *Thread {
	if old := s.threads[t.TID]; old != nil {
		s.drop(old)
	}
	n := new(Thread)
	*n = t.image()
	n.container = s.containerOf(n.Cgroups)
	n.ScanTS, n.PFMajor, n.PFMinor = t.ScanTS, t.PFMajor, t.PFMinor
	n.seen = byParent | byChild
	s.add(n)
	if s.full() {
		s.shrink(n)
	}
	if !n.IsMain() {
		if l := n.Leader(); l != n && l.files != nil {
			s.shareFiles(n, l.files)
		}
		return n
	}
	n.files = s.newFiles()
	for m := n.group.first; m != nil; m = m.grpNext {
		if m != n && m.files == nil {
			s.shareFiles(m, n.files)
		}
	}
	return n
}

func (s *State) shareFiles(t *Thread, f *files) {
	t.files = f
	f.users++
}

// AddFD gives a thread of the table a descriptor. An IP socket without a name is
// named after its ends.
func (s *State) AddFD(t *Thread, fd FD) *FD {
	if fd.Name == "" && fd.IsServSock() {
		fd.Name = string(appendEnd(nil, fd.DIP, fd.DPort))
	} else if fd.Name == "" && fd.IsInet() && fd.SIP.IsValid() {
		fd.Name = string(appendTuple(nil, &fd))
	}
	if fd.IsInet() {
		s.findLocal(&fd)
	}
	f := s.setFD(t, fd.ScanTS, fd)
	if s.full() {
		s.shrink(t)
	}
	return f
}

// LinkParents finds the parents of threads that were added before them.
func (s *State) LinkParents() {
	for _, t := range s.threads {
		t.Parent()
	}
}

// SPDX-License-Identifier: Apache-2.0

package state

// initTID is the process that all others descend from.
const initTID = 1

// Tree returns the number of the process tree that a thread belongs to: that of
// a service or container, which is everything below a child of the first process,
// or of a login, which is everything below a process that got a login user of its
// own. Threads are born into the tree of their parent and stay there when that
// ends. No two trees ever have the same number; 0 is that of threads of which
// nothing is known.
func (s *State) Tree(t *Thread) uint64 {
	if t.tree != 0 || !t.Known() {
		return t.tree
	}
	root := t.Leader()
	for n := 0; n < maxAncestors && root.tree == 0; n++ {
		p := root.Parent()
		if p == nil || p.PID == initTID || root.beginsLogin(p.Leader()) {
			s.trees++
			root.tree = s.trees
			break
		}
		root = p.Leader()
	}
	t.tree = root.tree
	return t.tree
}

// beginsLogin tells whether t has a login user that its parent lacks.
func (t *Thread) beginsLogin(parent *Thread) bool {
	return t.LoginUID != NoID && t.LoginUID != parent.LoginUID
}

// SPDX-License-Identifier: Apache-2.0

package state

import (
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// TestTree: a tree is what is below a child of the first process, or a login;
// threads stay in the one that they were born into.
func TestTree(t *testing.T) {
	h := newHost(t, Options{})
	s := h.s
	add := func(tid, pid, ptid int64, login uint32) {
		s.AddThread(Thread{TID: tid, PID: pid, PTID: ptid, VTID: tid, VPID: pid, LoginUID: login})
	}
	add(1, 1, 0, NoID)
	add(10, 10, 1, NoID) // a service
	add(11, 11, 10, NoID)
	add(12, 11, 10, NoID)
	add(20, 20, 1, NoID) // another, with two logins of one user
	add(21, 21, 20, 1000)
	add(22, 22, 21, 1000)
	add(23, 23, 20, 1000)
	s.LinkParents()
	tree := func(tid int64) uint64 { return s.Tree(s.Thread(tid)) }
	same := func(a, b int64, want bool) {
		t.Helper()
		if got := tree(a) == tree(b); got != want || tree(a) == 0 {
			t.Errorf("%d and %d are in trees %d and %d", a, b, tree(a), tree(b))
		}
	}
	same(12, 11, true)
	same(11, 10, true)
	same(10, 20, false)
	same(10, 1, false)
	same(22, 21, true)
	same(21, 20, false)
	same(21, 23, false)
	clone := func(tid, ptid string, num int64) {
		h.ev(schema.EvSyscallClone20X, num, "res=0; tid="+tid+"; pid="+tid+"; ptid="+ptid+"; flags=0; vtid="+tid+"; vpid="+tid)
	}
	clone("30", "11", 30)
	clone("31", "30", 31)
	h.ev(schema.EvProcexit1E, 30, "status=0; ret=0; sig=0; core=0; reaper_tid=1")
	same(31, 10, true) // although it has another parent now
	clone("32", "1", 32)
	same(32, 1, false)
	clone("33", "20", 33)
	same(33, 20, true)
	h.ev(schema.EvSyscallExecve19X, 33, "res=0; tid=33; pid=33; ptid=20; loginuid=1000")
	same(33, 20, false)
	if got := s.Tree(s.none(99)); got != 0 {
		t.Errorf("a thread that is not known is in tree %d", got)
	}
}

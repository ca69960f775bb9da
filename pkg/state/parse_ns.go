// SPDX-License-Identifier: Apache-2.0

package state

import (
	"strings"

	"github.com/eyas-security/eyas/pkg/schema"
)

// allCaps are those that the first process of a user namespace has in it.
const allCaps = schema.PPM_CAP_CHECKPOINT_RESTORE<<1 - 1

// ownFS are the flags with which unshare gives a thread a directory and a root of
// its own; those for namespaces imply it.
const ownFS = schema.PPM_CL_CLONE_FS | schema.PPM_CL_CLONE_NEWNS | schema.PPM_CL_CLONE_NEWUSER

// parseUnshare: res, flags.
func (s *State) parseUnshare(e *Event) {
	if !e.succeeded() {
		return
	}
	flags := e.flags()
	if flags&schema.PPM_CL_CLONE_FILES != 0 {
		s.aloneInFiles(e.Thread)
	}
	if flags&ownFS != 0 {
		e.Thread.ownFS = true
	}
	if flags&schema.PPM_CL_CLONE_NEWUSER != 0 {
		s.enterUserNS(e.Thread)
	}
}

// parseSetns: res, fd, nstype; 0 stands for whatever fd is.
func (s *State) parseSetns(e *Event) {
	typ, _ := e.Uint(2)
	user := typ&schema.PPM_CL_CLONE_NEWUSER != 0 || typ == 0 && e.FD != nil && strings.HasSuffix(e.FD.Name, "/ns/user")
	if user && e.succeeded() {
		s.enterUserNS(e.Thread)
	}
}

// enterUserNS gives a thread all capabilities, but none to hand on.
func (s *State) enterUserNS(t *Thread) {
	t.CapPermitted, t.CapEffective, t.CapInheritable = allCaps, allCaps, 0
	s.touch(t)
}

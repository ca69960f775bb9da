// SPDX-License-Identifier: Apache-2.0

package field

import (
	"net/netip"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// What the extractors ask of the state.

func fdOf(e *state.Event, num int64) *state.FD {
	if e == nil || e.Thread == nil {
		return nil
	}
	return e.Thread.FD(num)
}

func threadOf(e *state.Event, tid int64) *state.Thread {
	if e.State == nil {
		return nil
	}
	return e.State.Thread(tid)
}

// containerOf is where the numbers of users are to be looked up; nil: the host.
func containerOf(e *state.Event) *state.Container {
	if e.Thread == nil {
		return nil
	}
	return e.Thread.Container()
}

func userOf(e *state.Event, uid uint32) (state.User, bool) {
	if e.State == nil {
		return state.User{}, false
	}
	return e.State.User(containerOf(e), uid)
}

func userName(e *state.Event, uid uint32) (string, bool) {
	u, ok := userOf(e, uid)
	return u.Name, ok
}

func userHome(e *state.Event, uid uint32) (string, bool) {
	u, ok := userOf(e, uid)
	return u.Home, ok
}

func userShell(e *state.Event, uid uint32) (string, bool) {
	u, ok := userOf(e, uid)
	return u.Shell, ok
}

func groupName(e *state.Event, gid uint32) (string, bool) {
	if e.State == nil {
		return "", false
	}
	return e.State.GroupName(containerOf(e), gid)
}

// appendAbsPath writes the path that a relative one means: from the directory
// behind the descriptor parameter, or from the working directory.
func appendAbsPath(dst []byte, e *state.Event, i int) ([]byte, bool) {
	path, ok := e.Str(i)
	if !ok || len(path) == 0 || path[0] == '/' || e.Thread == nil {
		return dst, false
	}
	return e.Thread.AppendPath(dst, dirOfParam(e, i), path), true
}

func (v *Value) setAddr(b []byte) bool {
	a, ok := netip.AddrFromSlice(b)
	v.Addr = a
	return ok
}

// known returns the thread of the event, nil when rules are to see nothing of
// it.
func known(e *state.Event) *state.Thread {
	if t := e.Thread; t != nil && t.Known() {
		return t
	}
	return nil
}

// fdByType decides for the types that name no descriptor.
func fdByType(info *schema.Event) Decision {
	const uses = schema.EFUsesFD | schema.EFCreatesFD | schema.EFDestroysFD
	return Decision{Known: info.Flags&uses == 0}
}

// SPDX-License-Identifier: Apache-2.0

package field

import (
	"net/netip"

	"github.com/eyas-security/eyas/pkg/event"
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

func userName(e *state.Event, uid uint32) (string, bool) {
	if e.State == nil {
		return "", false
	}
	return e.State.UserName(uid)
}

func userHome(e *state.Event, uid uint32) (string, bool) {
	if e.State == nil {
		return "", false
	}
	u, ok := e.State.User(uid)
	return u.Home, ok
}

func userShell(e *state.Event, uid uint32) (string, bool) {
	if e.State == nil {
		return "", false
	}
	u, ok := e.State.User(uid)
	return u.Shell, ok
}

func groupName(e *state.Event, gid uint32) (string, bool) {
	if e.State == nil {
		return "", false
	}
	return e.State.GroupName(gid)
}

// appendAbsPath writes the path that a relative one means: from the directory
// behind the descriptor parameter, or from the working directory.
func appendAbsPath(dst []byte, e *state.Event, i int) ([]byte, bool) {
	path, ok := e.Str(i)
	if !ok || len(path) == 0 || path[0] == '/' || e.Thread == nil {
		return dst, false
	}
	dirfd := int64(event.AtFDCWD)
	if di := e.Info().Params[i].DirFD; di >= 0 {
		if n, ok := e.Int(int(di)); ok {
			dirfd = n
		}
	}
	return e.Thread.AppendPath(dst, dirfd, path), true
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

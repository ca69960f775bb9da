// SPDX-License-Identifier: Apache-2.0

package field

import (
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Counts.

func infoExit(info *schema.Event) Decision {
	return Decision{Known: true, Present: info.IsExit(), Value: Value{U: 1}}
}

type about uint8

const (
	aboutFile about = 1 << iota
	aboutNet
	aboutMemory
)

// countErrors is 1 for failed calls about the given things, 0 for successful
// ones and absent for others; 0 stands for none of the things.
func countErrors(want about) Extract {
	return func(e *state.Event, v *Value) bool {
		n, ok := e.Res()
		v.setBool(n < 0)
		has := eventAbout(e)
		return ok && (has&want != 0 || has == 0 && want == 0)
	}
}

func eventAbout(e *state.Event) (a about) {
	info := e.Info()
	if info.Category.About() == schema.ECMemory {
		a |= aboutMemory
	}
	switch {
	case e.FD != nil && e.FD.HasPath(), e.FD == nil && (info.Name == "open" || info.Name == "openat"):
		a |= aboutFile
	case e.FD != nil && e.FD.IsSocket(), info.Name == "socket", info.Name == "connect":
		a |= aboutNet
	}
	return a
}

// Opening of files.

type openTest uint8

const (
	openRead openTest = iota
	openWrite
	openExec
	openCreate
)

// openParams says where the finished calls that open files have their flags and
// mode, -1 where they have none.
func openParams(info *schema.Event) (flags, mode int) {
	if !info.IsExit() {
		return -1, -1
	}
	switch info.Name {
	case "open", "openat", "openat2", "open_by_handle_at", "creat":
		return info.ParamIndex("flags"), info.ParamIndex("mode")
	}
	return -1, -1
}

// isOpenAt answers for one type, so that names are looked at only once.
func isOpenAt(test openTest) func(*schema.Event) Decision {
	return func(info *schema.Event) Decision {
		fi, mi := openParams(info)
		if fi < 0 && mi < 0 {
			return decidedBool(false)
		}
		creat := info.Name == "creat"
		return Decision{Type: schema.PTBool, Extract: func(e *state.Event, v *Value) bool {
			v.setBool(test.holds(e, fi, mi, creat))
			return true
		}}
	}
}

func isOpen(test openTest) Extract {
	return func(e *state.Event, v *Value) bool {
		fi, mi := openParams(e.Info())
		v.setBool((fi >= 0 || mi >= 0) && test.holds(e, fi, mi, e.Info().Name == "creat"))
		return true
	}
}

func (t openTest) holds(e *state.Event, flagsParam, modeParam int, creat bool) bool {
	flags, _ := e.Uint(flagsParam)
	mode, _ := e.Uint(modeParam)
	switch t {
	case openRead:
		return flags&schema.PPM_O_RDONLY != 0
	case openWrite:
		return flags&schema.PPM_O_WRONLY != 0
	case openCreate:
		res, _ := e.Res() // a nameless file comes into being without that flag
		return flags&schema.PPM_O_F_CREATED != 0 || flags&schema.PPM_O_TMPFILE != 0 && res >= 0
	}
	makes := creat || flags&(schema.PPM_O_CREAT|schema.PPM_O_TMPFILE) != 0
	return makes && mode&(schema.PPM_S_IXUSR|schema.PPM_S_IXGRP|schema.PPM_S_IXOTH) != 0
}

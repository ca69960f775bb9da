// SPDX-License-Identifier: Apache-2.0

package field

import (
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// fs.path: what finished calls on the file system act upon.

// fsParams names the parameters of one event that hold paths, -1 for none; fd is
// set where the path is that of the descriptor.
type fsParams struct {
	name, source, target int8
	fd                   bool
}

// fsCalls are the events by name, with the names of their parameters.
var fsCalls = map[string]struct{ name, source, target string }{
	"open":              {name: "name"},
	"openat":            {name: "name"},
	"openat2":           {name: "name"},
	"open_by_handle_at": {name: "path"},
	"mkdir":             {name: "path"},
	"mkdirat":           {name: "path"},
	"rmdir":             {name: "path"},
	"unlink":            {name: "path"},
	"unlinkat":          {name: "name"},
	"chmod":             {name: "filename"},
	"fchmodat":          {name: "filename"},
	"chown":             {name: "path"},
	"lchown":            {name: "path"},
	"fchownat":          {name: "pathname"},
	"mknod":             {name: "path"},
	"mknodat":           {name: "path"},
	"umount":            {name: "name"},
	"umount2":           {name: "name"},
	"fchmod":            {name: "fd"},
	"fchown":            {name: "fd"},
	"rename":            {source: "oldpath", target: "newpath"},
	"renameat":          {source: "oldpath", target: "newpath"},
	"renameat2":         {source: "oldpath", target: "newpath"},
	"link":              {source: "oldpath", target: "newpath"},
	"linkat":            {source: "oldpath", target: "newpath"},
	"symlink":           {source: "linkpath", target: "target"},
	"symlinkat":         {source: "linkpath", target: "target"},
	"mount":             {source: "dev", target: "dir"},
}

// fsByType is fsCalls for each event type.
var fsByType = findFSParams()

func findFSParams() (table [schema.NumEvents]fsParams) {
	for i := range schema.Events {
		info := &schema.Events[i]
		p := fsParams{-1, -1, -1, false}
		if c, ok := fsCalls[info.Name]; ok && info.IsExit() {
			p.name, p.source, p.target = int8(info.ParamIndex(c.name)), int8(info.ParamIndex(c.source)), int8(info.ParamIndex(c.target))
			p.fd = c.name == "fd"
		}
		table[i] = p
	}
	return table
}

// fsPart chooses one of the paths.
type fsPart func(*fsParams) int8

func fsName(p *fsParams) int8   { return p.name }
func fsSource(p *fsParams) int8 { return p.source }
func fsTarget(p *fsParams) int8 { return p.target }

func fsDecide(part fsPart) func(*schema.Event) Decision {
	return func(info *schema.Event) Decision { return Decision{Known: part(&fsByType[info.Type]) < 0} }
}

// fsPath makes the path absolute, from the directory descriptor or the working
// directory; fsRaw leaves it as it was passed.
func fsPath(part fsPart) Extract {
	return fsValue(part, func(e *state.Event, i int, path []byte, v *Value) bool {
		if e.Thread == nil {
			return false
		}
		v.setScratch(e.Thread.AppendPath(v.scratch(), dirOfParam(e, i), path))
		return true
	})
}

func fsRaw(part fsPart) Extract {
	return fsValue(part, func(_ *state.Event, _ int, path []byte, v *Value) bool {
		v.setView(path)
		return true
	})
}

// fsValue is the name of the descriptor where the event has one for a path, else
// what take makes of the parameter, which is not empty.
func fsValue(part fsPart, take func(e *state.Event, i int, path []byte, v *Value) bool) Extract {
	return func(e *state.Event, v *Value) bool {
		p := &fsByType[e.Type]
		i := int(part(p))
		switch {
		case i < 0:
			return false
		case p.fd:
			return fdPath(e, v)
		}
		path, ok := e.Str(i)
		return ok && len(path) > 0 && take(e, i, path, v)
	}
}

func fdPath(e *state.Event, v *Value) bool {
	if e.FD == nil || !e.FD.HasPath() {
		return false
	}
	v.S = e.FD.Name
	return true
}

// dirOfParam is the directory descriptor that a path parameter is relative to.
func dirOfParam(e *state.Event, i int) int64 {
	if di := e.Info().Params[i].DirFD; di >= 0 {
		if n, ok := e.Int(int(di)); ok {
			return n
		}
	}
	return event.AtFDCWD
}

// evt.abspath names its parameters itself.

var absParams = map[string][]string{
	"":    {"name", "path", "pathname", "filename", "linkpath"},
	"src": {"oldpath"},
	"dst": {"newpath"},
}

func bindAbsPath(r *Ref, arg string) error {
	names, ok := absParams[arg]
	if !ok {
		return &UnknownError{Name: r.Text, Reason: "only .src and .dst may follow", Suggestion: r.Name + ".src"}
	}
	absPathOf(r, names)
	return nil
}

func setAbsPath(r *Ref) { absPathOf(r, absParams[""]) }

func absPathOf(r *Ref, names []string) {
	idx := &paramIndex{}
	for t := range schema.Events {
		info := &schema.Events[t]
		idx[t] = -1
		for _, name := range names {
			if i := info.ParamIndex(name); i >= 0 && info.IsExit() && isPath(info.Params[i].Type) {
				idx[t] = int8(i)
				break
			}
		}
	}
	r.byType = idx.decide
	r.Extract = func(e *state.Event, v *Value) bool {
		i := int(idx[e.Type])
		path, ok := e.Str(i)
		if !ok || len(path) == 0 || e.Thread == nil {
			return false
		}
		v.setScratch(e.Thread.AppendPath(v.scratch(), dirOfParam(e, i), path))
		return true
	}
}

func isPath(t schema.ParamType) bool { return t == schema.PTFSPath || t == schema.PTFSRelPath }

// fsFields are about the paths of calls on the file system.
var fsFields = []Field{
	{Name: "fs.path.name", Class: "fs.path", Desc: "absolute path that the call acts on; of failed calls too",
		Type: schema.PTCharBuf, Deps: DepEvent | DepFDs | DepThread, get: fsPath(fsName), byType: fsDecide(fsName)},
	{Name: "fs.path.nameraw", Class: "fs.path", Desc: "path that the call acts on, as it was passed",
		Type: schema.PTCharBuf, Deps: DepEvent | DepFDs, get: fsRaw(fsName), byType: fsDecide(fsName)},
	{Name: "fs.path.source", Class: "fs.path", Desc: "absolute old path of a rename or link, the new link of a symlink, the device of a mount",
		Type: schema.PTCharBuf, Deps: DepEvent | DepFDs | DepThread, get: fsPath(fsSource), byType: fsDecide(fsSource)},
	{Name: "fs.path.sourceraw", Class: "fs.path", Desc: "fs.path.source as it was passed",
		Type: schema.PTCharBuf, Deps: DepEvent, get: fsRaw(fsSource), byType: fsDecide(fsSource)},
	{Name: "fs.path.target", Class: "fs.path", Desc: "absolute new path of a rename or link, what a symlink points to, the directory of a mount",
		Type: schema.PTCharBuf, Deps: DepEvent | DepFDs | DepThread, get: fsPath(fsTarget), byType: fsDecide(fsTarget)},
	{Name: "fs.path.targetraw", Class: "fs.path", Desc: "fs.path.target as it was passed",
		Type: schema.PTCharBuf, Deps: DepEvent, get: fsRaw(fsTarget), byType: fsDecide(fsTarget)},
}

// SPDX-License-Identifier: Apache-2.0

package field

import (
	"net/netip"
	"strconv"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

func fdNum(e *state.Event, v *Value) bool { v.setInt(e.FDNum); return e.HasFD }

// fdStr takes a text of a known descriptor, fdInt a number, fdBool a truth.
func fdStr(get func(*state.FD) string) Extract {
	return func(e *state.Event, v *Value) bool {
		if e.FD == nil {
			return false
		}
		v.S = get(e.FD)
		return true
	}
}

func fdInt(get func(*state.FD) int64) Extract {
	return func(e *state.Event, v *Value) bool {
		if e.FD == nil {
			return false
		}
		v.setInt(get(e.FD))
		return true
	}
}

func fdBool(get func(*state.FD) bool) Extract {
	return func(e *state.Event, v *Value) bool {
		if e.FD == nil {
			return false
		}
		v.setBool(get(e.FD))
		return true
	}
}

func fdType(e *state.Event, v *Value) bool {
	if e.FD == nil {
		return false
	}
	v.S = e.FD.Type.String()
	return v.S != ""
}

// failedOpen tells whether the event is a failed call that names the file it
// meant to open, and by which parameter.
func failedOpen(e *state.Event) (param int, ok bool) {
	info := e.Info()
	if e.FD != nil || !info.IsExit() {
		return 0, false
	}
	switch info.Name {
	case "open", "openat", "openat2", "creat":
		i := info.ParamIndex("name")
		return i, i >= 0
	}
	return 0, false
}

// fdTypeCharOf has a letter also for descriptors that are not known.
func fdTypeCharOf(e *state.Event, v *Value) bool {
	switch {
	case e.FD != nil:
		v.S = e.FD.Type.Char()
	case e.HasFD && e.Info().Name == "openat":
		v.S = "f"
	default:
		v.S = "o"
	}
	return e.HasFD
}

// appendFDName writes the name of the descriptor; of one that is not known the
// path that could not be opened.
func appendFDName(dst []byte, e *state.Event) []byte {
	if e.FD != nil {
		return append(dst, e.FD.Name...)
	}
	i, ok := failedOpen(e)
	if !ok {
		return dst
	}
	if out, ok := appendAbsPath(dst, e, i); ok {
		return out
	}
	path, _ := e.Str(i)
	return append(dst, path...)
}

func fdName(e *state.Event, v *Value) bool {
	if e.FD != nil {
		v.S = e.FD.Name
		return true
	}
	v.setScratch(appendFDName(v.scratch(), e))
	return e.HasFD
}

func fdNameRaw(e *state.Event, v *Value) bool {
	v.S = ""
	if e.FD != nil {
		v.S = e.FD.Raw
	} else if i, ok := failedOpen(e); ok {
		path, _ := e.Str(i)
		v.setView(path)
	}
	return e.HasFD
}

// fdDirectory is the directory of a file, and a directory itself.
func fdDirectory(e *state.Event, v *Value) bool {
	switch {
	case !e.HasFD, e.FD != nil && !e.FD.HasPath():
		return false
	case e.FD != nil && e.FD.Type == state.FDDirectory:
		v.S = e.FD.Name
	case e.FD != nil:
		v.S = e.FD.Directory()
	default:
		v.setScratch(appendFDName(v.scratch(), e))
		v.S = state.Directory(v.S)
	}
	return true
}

func fdFilename(e *state.Event, v *Value) bool {
	if e.FD == nil || !e.FD.IsFile() {
		return false
	}
	v.S = e.FD.Filename()
	return true
}

func fdUID(e *state.Event, v *Value) bool {
	if !e.HasFD {
		return false
	}
	b := strconv.AppendInt(v.scratch(), e.TID, 10)
	v.setScratch(strconv.AppendInt(b, e.FDNum, 10))
	return true
}

func fdSockFamily(e *state.Event, v *Value) bool {
	switch {
	case e.FD == nil:
		return false
	case e.FD.IsInet():
		v.S = "ip"
	case e.FD.Type == state.FDUnixSock:
		v.S = "unix"
	default:
		return false
	}
	return true
}

// end is one end of a connection.
type end func(*state.FD) (netip.Addr, uint16)

func client(f *state.FD) (netip.Addr, uint16) { return f.ClientIP(), f.ClientPort() }
func server(f *state.FD) (netip.Addr, uint16) { return f.ServerIP(), f.ServerPort() }
func local(f *state.FD) (netip.Addr, uint16)  { return f.Local() }
func remote(f *state.FD) (netip.Addr, uint16) { return f.Remote() }

// endOf returns an end that has an address.
func endOf(e *state.Event, which end) (netip.Addr, uint16, bool) {
	return endOfFD(e.FD, which)
}

func endOfFD(f *state.FD, which end) (netip.Addr, uint16, bool) {
	if f == nil || !f.IsInet() {
		return netip.Addr{}, 0, false
	}
	a, port := which(f)
	return a, port, a.IsValid()
}

func ipOf(which end) Extract {
	return func(e *state.Event, v *Value) bool {
		a, _, ok := endOf(e, which)
		v.Addr = a
		return ok
	}
}

func portOf(which end) Extract {
	return func(e *state.Event, v *Value) bool {
		_, port, ok := endOf(e, which)
		v.U = uint64(port)
		return ok
	}
}

func portText(which end) Extract {
	return func(e *state.Event, v *Value) bool {
		_, port, ok := endOf(e, which)
		v.setScratch(strconv.AppendUint(v.scratch(), uint64(port), 10))
		return ok
	}
}

// eitherIP and eitherPort list both ends.
func eitherIP(e *state.Event, v *Value) bool {
	v.Reset()
	for _, which := range [...]end{client, server} {
		if a, _, ok := endOf(e, which); ok {
			v.Next().Addr = a
		}
	}
	return len(v.List) > 0
}

func eitherPort(e *state.Event, v *Value) bool {
	v.Reset()
	for _, which := range [...]end{client, server} {
		if _, port, ok := endOf(e, which); ok {
			v.Next().U = uint64(port)
		}
	}
	return len(v.List) > 0
}

// fdTypes lists the kinds of all open descriptors, each once, for events on a
// descriptor.
func fdTypes(e *state.Event, v *Value) bool {
	v.Reset()
	t := known(e)
	if t == nil || !e.HasFD {
		return false
	}
	left := t.NumFDs()
	for num := int64(0); left > 0 && num < numLow; num++ {
		if f := t.FD(num); f != nil {
			addType(v, f.Type.String())
			left--
		}
	}
	if left > 0 || len(v.List) == 0 { // walking all of them costs an allocation
		for f := range t.FDs() {
			addType(v, f.Type.String())
		}
	}
	return len(v.List) > 0
}

// numLow is how many numbers are looked up one by one.
const numLow = 1024

func addType(v *Value, word string) {
	for i := range v.List {
		if v.List[i].S == word {
			return
		}
	}
	if word != "" {
		v.Next().S = word
	}
}

func bindFDTypes(r *Ref, arg string) error {
	num, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return &UnknownError{Name: r.Text, Reason: strconv.Quote(arg) + " is no descriptor"}
	}
	r.Extract = func(e *state.Event, v *Value) bool {
		v.Reset()
		f := fdOf(e, num)
		if f == nil || !e.HasFD {
			return false
		}
		addType(v, f.Type.String())
		return len(v.List) > 0
	}
	return nil
}

func fdFlag(flag uint32) func(*state.FD) bool {
	return func(f *state.FD) bool { return f.Flags&flag != 0 }
}

const either = FilterOnly | NoRHS | NoTransformer

// fdFields are about the descriptor that the event acts on.
var fdFields = []Field{
	{Name: "fd.num", Class: "fd", Desc: "number of the descriptor",
		Type: schema.PTInt64, Format: schema.PFID, Deps: DepFDs, get: fdNum, byType: fdByType},
	{Name: "fd.type", Class: "fd", Desc: "what it is: file, directory, ipv4, ipv6, unix, pipe, event, signalfd …",
		Type: schema.PTCharBuf, Format: schema.PFDec, Deps: DepFDs, get: fdType, byType: fdByType},
	{Name: "fd.typechar", Class: "fd", Desc: "what it is, as a letter: f, d, 4, 6, u, p …",
		Type: schema.PTCharBuf, Format: schema.PFDec, Deps: DepFDs, get: fdTypeCharOf, byType: fdByType},
	{Name: "fd.name", Class: "fd", Desc: "path, or both ends of a connection",
		Type: schema.PTCharBuf, Deps: DepFDs, get: fdName, byType: fdByType},
	{Name: "fd.directory", Class: "fd", Desc: "directory of a file",
		Type: schema.PTCharBuf, Deps: DepFDs, get: fdDirectory, byType: fdByType},
	{Name: "fd.filename", Class: "fd", Desc: "last part of the path of a file",
		Type: schema.PTCharBuf, Deps: DepFDs, get: fdFilename, byType: fdByType},
	{Name: "fd.containername", Class: "fd", Desc: "short id of the container, a colon and the name of the descriptor",
		Type: schema.PTCharBuf, Deps: DepFDs | DepThread, get: fdInContainer(fdName), byType: fdByType},
	{Name: "fd.containerdirectory", Class: "fd", Desc: "short id of the container, a colon and the directory of the file",
		Type: schema.PTCharBuf, Deps: DepFDs | DepThread, get: fdInContainer(fdDirectory), byType: fdByType},
	{Name: "fd.ip", Class: "fd", Desc: "address of either end; a test holds when it holds for one, != when it holds for both",
		Type: schema.PTIPAddr, Flags: either, Deps: DepFDs, Match: MatchEnd, get: eitherIP, print: never, byType: fdByType},
	{Name: "fd.cip", Class: "fd", Desc: "address of the client",
		Type: schema.PTIPAddr, Deps: DepFDs, get: ipOf(client), byType: fdByType},
	{Name: "fd.sip", Class: "fd", Desc: "address of the server",
		Type: schema.PTIPAddr, Deps: DepFDs, get: ipOf(server), byType: fdByType},
	{Name: "fd.lip", Class: "fd", Desc: "address of this end",
		Type: schema.PTIPAddr, Deps: DepFDs, get: ipOf(local), byType: fdByType},
	{Name: "fd.rip", Class: "fd", Desc: "address of the other end",
		Type: schema.PTIPAddr, Deps: DepFDs, get: ipOf(remote), byType: fdByType},
	{Name: "fd.port", Class: "fd", Desc: "port of either end; a test holds when it holds for one, != when it holds for both",
		Type: schema.PTPort, Format: schema.PFDec, Flags: either, Deps: DepFDs, Match: MatchEnd, get: eitherPort, print: never, byType: fdByType},
	{Name: "fd.cport", Class: "fd", Desc: "port of the client",
		Type: schema.PTPort, Format: schema.PFDec, Deps: DepFDs, get: portOf(client), byType: fdByType},
	{Name: "fd.sport", Class: "fd", Desc: "port of the server",
		Type: schema.PTPort, Format: schema.PFDec, Deps: DepFDs, get: portOf(server), byType: fdByType},
	{Name: "fd.lport", Class: "fd", Desc: "port of this end",
		Type: schema.PTPort, Format: schema.PFDec, Deps: DepFDs, get: portOf(local), byType: fdByType},
	{Name: "fd.rport", Class: "fd", Desc: "port of the other end",
		Type: schema.PTPort, Format: schema.PFDec, Deps: DepFDs, get: portOf(remote), byType: fdByType},
	{Name: "fd.l4proto", Class: "fd", Desc: "transport of a socket: tcp, udp, icmp, raw",
		Type: schema.PTCharBuf, Deps: DepFDs, get: fdStr(func(f *state.FD) string { return f.L4.String() }), byType: fdByType},
	{Name: "fd.sockfamily", Class: "fd", Desc: "family of a socket: ip or unix",
		Type: schema.PTCharBuf, Deps: DepFDs, get: fdSockFamily, byType: fdByType},
	{Name: "fd.is_server", Class: "fd", Desc: "whether the owner of the socket is the server",
		Type: schema.PTBool, Deps: DepFDs, get: fdBool((*state.FD).IsServer), byType: fdByType},
	{Name: "fd.uid", Class: "fd", Desc: "thread id and descriptor in one text",
		Type: schema.PTCharBuf, Deps: DepFDs, get: fdUID, byType: fdByType},
	{Name: "fd.proto", Class: "fd", Desc: "service of either end, by number or name",
		Type: schema.PTPort, Flags: either, Deps: DepFDs, Match: MatchEnd, get: eitherPort, print: never, byType: fdByType},
	{Name: "fd.cproto", Class: "fd", Desc: "port of the client as text",
		Type: schema.PTCharBuf, Deps: DepFDs, get: portText(client), byType: fdByType},
	{Name: "fd.sproto", Class: "fd", Desc: "port of the server as text",
		Type: schema.PTCharBuf, Deps: DepFDs, get: portText(server), byType: fdByType},
	{Name: "fd.lproto", Class: "fd", Desc: "port of this end as text",
		Type: schema.PTCharBuf, Deps: DepFDs, get: portText(local), byType: fdByType},
	{Name: "fd.rproto", Class: "fd", Desc: "port of the other end as text",
		Type: schema.PTCharBuf, Deps: DepFDs, get: portText(remote), byType: fdByType},
	{Name: "fd.net", Class: "fd", Desc: "whether either end is inside of a network",
		Type: schema.PTIPNet, Flags: either, Deps: DepFDs, Match: MatchEnd, get: eitherIP, print: never, byType: fdByType},
	{Name: "fd.cnet", Class: "fd", Desc: "whether the client is inside of a network",
		Type: schema.PTIPNet, Flags: either, Deps: DepFDs, get: ipOf(client), byType: fdByType},
	{Name: "fd.snet", Class: "fd", Desc: "whether the server is inside of a network",
		Type: schema.PTIPNet, Flags: either, Deps: DepFDs, get: ipOf(server), byType: fdByType},
	{Name: "fd.lnet", Class: "fd", Desc: "whether this end is inside of a network",
		Type: schema.PTIPNet, Flags: either, Deps: DepFDs, get: ipOf(local), byType: fdByType},
	{Name: "fd.rnet", Class: "fd", Desc: "whether the other end is inside of a network",
		Type: schema.PTIPNet, Flags: either, Deps: DepFDs, get: ipOf(remote), byType: fdByType},
	{Name: "fd.connected", Class: "fd", Desc: "whether the socket is connected",
		Type: schema.PTBool, Deps: DepFDs, get: fdBool(func(f *state.FD) bool { return f.Connected }), byType: fdByType},
	{Name: "fd.name_changed", Class: "fd", Desc: "whether the event gave the descriptor its name",
		Type: schema.PTBool, Deps: DepFDs, get: func(e *state.Event, v *Value) bool {
			v.setBool(e.NameChanged)
			return e.FD != nil
		}, byType: fdByType},
	{Name: "fd.cip.name", Class: "fd", Desc: "host name of the client; names are not looked up, so it has no value",
		Type: schema.PTCharBuf, Flags: NoRHS | NoTransformer, Deps: DepFDs, get: never, byType: alwaysAbsent},
	{Name: "fd.sip.name", Class: "fd", Desc: "host name of the server; names are not looked up, so it has no value",
		Type: schema.PTCharBuf, Flags: NoRHS | NoTransformer, Deps: DepFDs, get: never, byType: alwaysAbsent},
	{Name: "fd.lip.name", Class: "fd", Desc: "host name of this end; names are not looked up, so it has no value",
		Type: schema.PTCharBuf, Flags: NoRHS | NoTransformer, Deps: DepFDs, get: never, byType: alwaysAbsent},
	{Name: "fd.rip.name", Class: "fd", Desc: "host name of the other end; names are not looked up, so it has no value",
		Type: schema.PTCharBuf, Flags: NoRHS | NoTransformer, Deps: DepFDs, get: never, byType: alwaysAbsent},
	{Name: "fd.dev", Class: "fd", Desc: "device of the file",
		Type: schema.PTInt32, Format: schema.PFHex, Deps: DepFDs, get: fdInt(func(f *state.FD) int64 { return int64(int32(f.Dev)) }), byType: fdByType},
	{Name: "fd.dev.major", Class: "fd", Desc: "major number of the file's device",
		Type: schema.PTInt32, Format: schema.PFDec, Deps: DepFDs, get: fdInt(func(f *state.FD) int64 { return int64(f.Major()) }), byType: fdByType},
	{Name: "fd.dev.minor", Class: "fd", Desc: "minor number of the file's device",
		Type: schema.PTInt32, Format: schema.PFDec, Deps: DepFDs, get: fdInt(func(f *state.FD) int64 { return int64(f.Minor()) }), byType: fdByType},
	{Name: "fd.ino", Class: "fd", Desc: "inode of the file",
		Type: schema.PTInt64, Format: schema.PFDec, Deps: DepFDs, get: fdInt(func(f *state.FD) int64 { return int64(f.Ino) }), byType: fdByType},
	{Name: "fd.nameraw", Class: "fd", Desc: "path as it was passed to the call",
		Type: schema.PTCharBuf, Deps: DepFDs, get: fdNameRaw, byType: fdByType},
	{Name: "fd.types", Class: "fd", Desc: "what the open descriptors of the process are, each word once; or what one of them is",
		Type: schema.PTCharBuf, List: true, Format: schema.PFDec, Arg: ArgIndex, Flags: NoRHS, Deps: DepFDs, get: fdTypes, bind: bindFDTypes, byType: fdByType},
	{Name: "fd.is_upper_layer", Class: "fd", Desc: "whether the file is in the upper layer of an overlay",
		Type: schema.PTBool, Deps: DepFDs, get: fdBool(fdFlag(schema.PPM_FD_UPPER_LAYER)), byType: fdByType},
	{Name: "fd.is_lower_layer", Class: "fd", Desc: "whether the file is in a lower layer of an overlay",
		Type: schema.PTBool, Deps: DepFDs, get: fdBool(fdFlag(schema.PPM_FD_LOWER_LAYER)), byType: fdByType},
}

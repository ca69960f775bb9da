// SPDX-License-Identifier: Apache-2.0

package field

import (
	"strconv"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// fdlist: the descriptors of poll and ppoll, joined with commas.

// fdLists says where event types have their list of descriptors.
var fdLists = findFDLists()

func findFDLists() (idx paramIndex) {
	for t := range schema.Events {
		idx[t] = -1
		for i := range schema.Events[t].Params {
			if schema.Events[t].Params[i].Type == schema.PTFDList && schema.Events[t].IsExit() {
				idx[t] = int8(i)
				break
			}
		}
	}
	return idx
}

// listOf joins what show appends for each descriptor; f is nil for one that is
// not known.
func listOf(show func(dst []byte, num int64, f *state.FD) []byte) Extract {
	return func(e *state.Event, v *Value) bool {
		i := int(fdLists[e.Type])
		list, ok := e.FDList(i)
		if !ok || list.Len() == 0 {
			return false
		}
		dst := v.scratch()
		for i := range list.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			num, _ := list.At(i)
			dst = show(dst, num, fdOf(e, num))
		}
		v.setScratch(dst)
		return true
	}
}

func listNum(dst []byte, num int64, _ *state.FD) []byte { return strconv.AppendInt(dst, num, 10) }

func listName(dst []byte, _ int64, f *state.FD) []byte {
	if f == nil || f.Name == "" {
		return append(dst, noText...)
	}
	return append(dst, f.Name...)
}

// listIP and listPort leave the place of what has no such end empty.
func listIP(which end) func([]byte, int64, *state.FD) []byte {
	return func(dst []byte, _ int64, f *state.FD) []byte {
		if a, _, ok := endOfFD(f, which); ok {
			return a.AppendTo(dst)
		}
		return dst
	}
}

func listPort(which end) func([]byte, int64, *state.FD) []byte {
	return func(dst []byte, _ int64, f *state.FD) []byte {
		if _, port, ok := endOfFD(f, which); ok {
			return strconv.AppendUint(dst, uint64(port), 10)
		}
		return dst
	}
}

// fdListFields are about the descriptors that a call waits for.
var fdListFields = []Field{
	{Name: "fdlist.nums", Class: "fdlist", Desc: "numbers of the descriptors that poll waits for, joined with commas",
		Type: schema.PTCharBuf, Format: schema.PFID, Deps: DepEvent, get: listOf(listNum), byType: fdLists.decide},
	{Name: "fdlist.names", Class: "fdlist", Desc: "names of the descriptors that poll waits for; <NA> for one without",
		Type: schema.PTCharBuf, Deps: DepEvent | DepFDs, get: listOf(listName), byType: fdLists.decide},
	{Name: "fdlist.cips", Class: "fdlist", Desc: "addresses of the clients of the sockets that poll waits for",
		Type: schema.PTCharBuf, Deps: DepEvent | DepFDs, get: listOf(listIP(client)), byType: fdLists.decide},
	{Name: "fdlist.sips", Class: "fdlist", Desc: "addresses of the servers of the sockets that poll waits for",
		Type: schema.PTCharBuf, Deps: DepEvent | DepFDs, get: listOf(listIP(server)), byType: fdLists.decide},
	{Name: "fdlist.cports", Class: "fdlist", Desc: "ports of the clients of the sockets that poll waits for",
		Type: schema.PTCharBuf, Format: schema.PFDec, Deps: DepEvent | DepFDs, get: listOf(listPort(client)), byType: fdLists.decide},
	{Name: "fdlist.sports", Class: "fdlist", Desc: "ports of the servers of the sockets that poll waits for",
		Type: schema.PTCharBuf, Format: schema.PFDec, Deps: DepEvent | DepFDs, get: listOf(listPort(server)), byType: fdLists.decide},
}

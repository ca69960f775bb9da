// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/binary"

	"github.com/eyas-security/eyas/pkg/schema"
)

// fdEntrySize is the packed size of one entry of an fd list.
const fdEntrySize = 10

// FDList is a parameter of type PTFDList: u16 count, then count entries. The
// zero value is empty.
type FDList []byte

// FDList returns parameter i; false when it is absent, empty or cut.
func (e *Event) FDList(i int) (FDList, bool) {
	b, _ := e.Param(i)
	if len(b) < 2 {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	if len(b)-2 < n*fdEntrySize {
		return nil, false
	}
	return FDList(b[:2+n*fdEntrySize]), true
}

// Len returns the number of entries.
func (l FDList) Len() int { return max(0, len(l)-2) / fdEntrySize }

// At returns entry i, which must be below Len.
func (l FDList) At(i int) (fd int64, flags int16) {
	b := l[2+i*fdEntrySize:]
	return int64(binary.LittleEndian.Uint64(b)), int16(binary.LittleEndian.Uint16(b[8:]))
}

// NextString takes the first text off a NUL-separated list (args, env, cgroups).
// The last one need not end in NUL. False when the list is used up.
//
//	for s, rest, ok := NextString(b); ok; s, rest, ok = NextString(rest) { … }
func NextString(list []byte) (s, rest []byte, ok bool) {
	if len(list) == 0 {
		return nil, nil, false
	}
	if i := bytes.IndexByte(list, 0); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return list, nil, true
}

// NumStrings counts what NextString would return.
func NumStrings(list []byte) int {
	n := bytes.Count(list, []byte{0})
	if len(list) > 0 && list[len(list)-1] != 0 {
		n++
	}
	return n
}

// Dyn resolves a parameter whose type is chosen by its first byte. False when it
// is absent, empty, or names a choice that the table lacks.
func (e *Event) Dyn(i int) (schema.DynParam, []byte, bool) {
	b, _ := e.Param(i)
	if len(b) == 0 || int(b[0]) >= len(e.info.Params[i].Dyn) {
		return schema.DynParam{}, nil, false
	}
	return e.info.Params[i].Dyn[b[0]], b[1:], true
}

// DecodeInt reads a number of 1, 2, 4 or 8 bytes with the sign of type t, for
// values that Dyn returned.
func DecodeInt(t schema.ParamType, b []byte) (int64, bool) { return decodeInt(b, signed(t)) }

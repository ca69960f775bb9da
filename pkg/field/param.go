// SPDX-License-Identifier: Apache-2.0

package field

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"time"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Texts of parameters without value.
const (
	noText  = "<NA>"
	noBytes = "NULL"
	noUser  = "<NONE>"
)

// timeLayout is how an absolute time is written, in local time.
const timeLayout = "2006-01-02 15:04:05.000000000"

// appendRaw writes parameter i as it is.
func appendRaw(dst []byte, e *state.Event, i int) []byte {
	b, _ := e.Param(i)
	p := &e.Info().Params[i]
	if p.Type == schema.PTDyn {
		choice, b, ok := e.Dyn(i)
		if !ok {
			return append(dst, noText...)
		}
		return appendRawOf(dst, e, choice.Type, choice.Format, b)
	}
	return appendRawOf(dst, e, p.Type, p.Format, b)
}

func appendRawOf(dst []byte, e *state.Event, t schema.ParamType, f schema.Format, b []byte) []byte {
	if len(b) == 0 {
		if t == schema.PTByteBuf || t == schema.PTSockTuple {
			return append(dst, noBytes...)
		}
		return append(dst, noText...)
	}
	switch t {
	case schema.PTCharBuf, schema.PTFSPath, schema.PTFSRelPath:
		return append(dst, cutNUL(b)...)
	case schema.PTByteBuf:
		return appendBuffer(dst, b, e != nil && e.Base64)
	case schema.PTCharBufArray, schema.PTCharBufPairArray:
		return appendPrintable(dst, b)
	case schema.PTSockAddr:
		return appendSockaddr(dst, b)
	case schema.PTSockTuple:
		return appendTuple(dst, b)
	case schema.PTFDList:
		return appendFDList(dst, e, b)
	case schema.PTIPv4Addr, schema.PTIPv6Addr, schema.PTIPAddr:
		if a, ok := netip.AddrFromSlice(b); ok {
			return a.AppendTo(dst)
		}
		return dst
	}
	n, ok := event.DecodeInt(t, b)
	if !ok {
		return dst
	}
	return appendRawInt(dst, t, f, n)
}

func appendRawInt(dst []byte, t schema.ParamType, f schema.Format, n int64) []byte {
	switch t {
	case schema.PTUID, schema.PTGID:
		return strconv.AppendInt(dst, int64(int32(n)), 10)
	case schema.PTAbsTime:
		return time.Unix(0, n).AppendFormat(dst, timeLayout)
	case schema.PTErrno, schema.PTFlags8, schema.PTFlags16, schema.PTFlags32:
		f = schema.PFDec
	}
	return appendIntFormat(dst, t, f, n)
}

// appendIntFormat writes a number in the format of its row. 64-bit numbers
// without sign are shown with one.
func appendIntFormat(dst []byte, t schema.ParamType, f schema.Format, n int64) []byte {
	switch f {
	case schema.PFHex:
		return appendHex(dst, widthMask(t)&uint64(n))
	case schema.PFOct:
		if n != 0 {
			dst = append(dst, '0')
		}
		return strconv.AppendUint(dst, widthMask(t)&uint64(n), 8)
	case schema.PF10PaddedDec:
		return appendPadded(dst, n)
	}
	return strconv.AppendInt(dst, n, 10)
}

// widthMask keeps the bits that the type has.
func widthMask(t schema.ParamType) uint64 {
	if size := t.Info().Size; size > 0 && size < 8 {
		return 1<<(8*size) - 1
	}
	return ^uint64(0)
}

func appendHex(dst []byte, n uint64) []byte {
	const digits = "0123456789ABCDEF"
	if n == 0 {
		return append(dst, '0')
	}
	shift := 60
	for n>>shift == 0 {
		shift -= 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&15])
	}
	return dst
}

// appendPadded writes nine digits with leading zeros.
func appendPadded(dst []byte, n int64) []byte {
	var tmp [20]byte
	s := strconv.AppendInt(tmp[:0], n, 10)
	for i := len(s); i < 9; i++ {
		dst = append(dst, '0')
	}
	return append(dst, s...)
}

// appendBuffer writes data: as base64, or what of it prints.
func appendBuffer(dst, b []byte, base bool) []byte {
	if base {
		return base64.StdEncoding.AppendEncode(dst, b)
	}
	return appendPrintable(dst, b)
}

// appendPrintable writes a dot for every byte that does not print.
func appendPrintable(dst, b []byte) []byte {
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			c = '.'
		}
		dst = append(dst, c)
	}
	return dst
}

func cutNUL(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

func appendEnd(dst []byte, a netip.Addr, port uint16) []byte {
	dst = append(a.AppendTo(dst), ':')
	return strconv.AppendUint(dst, uint64(port), 10)
}

func appendSockaddr(dst, b []byte) []byte {
	a, ok := event.ParseSockaddr(b)
	switch {
	case !ok:
		return append(dst, noText...)
	case a.Family == event.FamilyUnix:
		return append(dst, a.Path...)
	case a.IsInet():
		return appendEnd(dst, a.IP, a.Port)
	}
	return dst
}

func appendTuple(dst, b []byte) []byte {
	t, ok := event.ParseTuple(b)
	switch {
	case !ok:
		return append(dst, noBytes...)
	case t.Family == event.FamilyUnix:
		dst = append(strconv.AppendUint(dst, t.Source, 16), "->"...)
		dst = append(strconv.AppendUint(dst, t.Dest, 16), ' ')
		return append(dst, t.Path...)
	case t.IsInet():
		dst = append(appendEnd(dst, t.SIP, t.SPort), "->"...)
		return appendEnd(dst, t.DIP, t.DPort)
	}
	return dst
}

// appendFDList writes descriptor, type letter and flags of every entry.
func appendFDList(dst []byte, e *state.Event, b []byte) []byte {
	if len(b) < 2 {
		return dst
	}
	n := min(int(b[0])|int(b[1])<<8, (len(b)-2)/10)
	list := event.FDList(b[:2+10*n])
	for i := range list.Len() {
		fd, flags := list.At(i)
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(strconv.AppendInt(dst, fd, 10), ':')
		if f := fdOf(e, fd); f != nil {
			dst = append(dst, f.Type.Char()...)
		}
		dst = strconv.AppendUint(dst, uint64(uint16(flags)), 16)
	}
	return dst
}

// appendResolved writes what parameter i stands for: a name, a path. False:
// there is nothing to say beyond the raw value.
func appendResolved(dst []byte, e *state.Event, i int) ([]byte, bool) {
	b, _ := e.Param(i)
	if len(b) == 0 {
		return dst, false
	}
	p := &e.Info().Params[i]
	if p.Type == schema.PTFSRelPath {
		return appendAbsPath(dst, e, i)
	}
	t := p.Type
	if t == schema.PTDyn {
		choice, rest, ok := e.Dyn(i)
		if !ok {
			return dst, false
		}
		t, b = choice.Type, rest
	}
	n, ok := event.DecodeInt(t, b)
	if !ok {
		return dst, false
	}
	return appendName(dst, e, t, p.Flags, n)
}

func appendName(dst []byte, e *state.Event, t schema.ParamType, flags *schema.FlagTable, n int64) ([]byte, bool) {
	switch t {
	case schema.PTErrno:
		if n < 0 {
			return appendErrno(dst, n)
		}
	case schema.PTFD, schema.PTFD32:
		return appendFD(dst, e, n)
	case schema.PTPID, schema.PTPID32:
		if th := threadOf(e, n); th != nil && n >= 0 {
			return append(dst, th.Comm...), true
		}
	case schema.PTUID:
		return appendUser(dst, uint32(n), userName, e)
	case schema.PTGID:
		return appendUser(dst, uint32(n), groupName, e)
	case schema.PTSigType:
		s, ok := event.SignalName(uint8(n))
		return append(dst, s...), ok && n != 0
	case schema.PTSyscallID:
		if sc := schema.SC(n).Info(); sc != nil {
			return append(dst, sc.Name...), true
		}
	case schema.PTFlags8, schema.PTFlags16, schema.PTFlags32, schema.PTMode:
		return appendFlags(dst, flags, uint32(n))
	case schema.PTEnumFlags8, schema.PTEnumFlags16, schema.PTEnumFlags32:
		return appendEnum(dst, flags, uint32(n))
	}
	return dst, false
}

func appendErrno(dst []byte, n int64) ([]byte, bool) {
	s, ok := event.ErrnoName(n)
	return append(dst, s...), ok
}

func appendFD(dst []byte, e *state.Event, n int64) ([]byte, bool) {
	switch {
	case n == event.AtFDCWD:
		return append(dst, "AT_FDCWD"...), true
	case n < 0:
		return appendErrno(dst, n)
	}
	f := fdOf(e, n)
	if f == nil {
		return dst, false
	}
	dst = append(dst, '<')
	dst = append(dst, f.Type.Char()...)
	switch f.L4 {
	case state.L4TCP:
		dst = append(dst, 't')
	case state.L4UDP:
		dst = append(dst, 'u')
	}
	dst = append(dst, '>')
	return append(dst, f.Name...), true
}

func appendUser(dst []byte, id uint32, name func(*state.Event, uint32) (string, bool), e *state.Event) ([]byte, bool) {
	if id == ^uint32(0) {
		return append(dst, noUser...), true
	}
	s, ok := name(e, id)
	return append(dst, s...), ok
}

// appendFlags takes the entries in table order while all their bits are left.
func appendFlags(dst []byte, t *schema.FlagTable, n uint32) ([]byte, bool) {
	if t == nil {
		return dst, false
	}
	if n == 0 {
		return appendEnum(dst, t, 0)
	}
	found := false
	for i := range t.Entries {
		f := &t.Entries[i]
		if f.Value == 0 || n&f.Value != f.Value {
			continue
		}
		n &^= f.Value
		dst = appendFlagName(dst, f.Name, found)
		found = true
	}
	return dst, found
}

// appendEnum takes every entry of that value.
func appendEnum(dst []byte, t *schema.FlagTable, n uint32) ([]byte, bool) {
	if t == nil {
		return dst, false
	}
	found := false
	for i := range t.Entries {
		if f := &t.Entries[i]; f.Value == n {
			dst = appendFlagName(dst, f.Name, found)
			found = true
		}
	}
	return dst, found
}

func appendFlagName(dst []byte, name string, more bool) []byte {
	if more {
		dst = append(dst, '|')
	}
	return append(dst, name...)
}

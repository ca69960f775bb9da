// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/binary"
	"net/netip"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Append encodes an event and appends it to dst. A nil parameter has length 0.
// It panics when t is not in the table or a parameter is too long for its length
// field: both are errors of the caller.
func Append(dst []byte, t schema.EventType, ts uint64, tid int64, params ...[]byte) []byte {
	width := int(t.Info().LenSize)
	size := HeaderSize + width*len(params)
	for _, p := range params {
		if width == 2 && len(p) > 0xffff {
			panic("event: parameter too long for " + t.Info().Name)
		}
		size += len(p)
	}
	dst = binary.LittleEndian.AppendUint64(dst, ts)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(tid))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(size))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(t))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(params)))
	for _, p := range params {
		if width == 2 {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(len(p)))
		} else {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(len(p)))
		}
	}
	for _, p := range params {
		dst = append(dst, p...)
	}
	return dst
}

// I64 encodes a result, an fd or a pid.
func I64(v int64) []byte { return U64(uint64(v)) }

// U64 encodes 8 bytes.
func U64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }

// U32 encodes 4 bytes.
func U32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// U16 encodes 2 bytes.
func U16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }

// U8 encodes 1 byte.
func U8(v uint8) []byte { return []byte{v} }

// Str encodes a text with its NUL.
func Str(s string) []byte { return append([]byte(s), 0) }

// Strs encodes a list of texts, each with its NUL.
func Strs(list ...string) []byte {
	b := []byte{}
	for _, s := range list {
		b = append(append(b, s...), 0)
	}
	return b
}

// SockaddrInet encodes an IPv4 or IPv6 socket address.
func SockaddrInet(a netip.AddrPort) []byte {
	return appendEnd([]byte{family(a)}, a)
}

// SockaddrUnix encodes the address of a local socket.
func SockaddrUnix(path string) []byte {
	return append(append([]byte{FamilyUnix}, path...), 0)
}

// TupleInet encodes a pair of IPv4 or IPv6 socket addresses of one family.
func TupleInet(src, dst netip.AddrPort) []byte {
	return appendEnd(appendEnd([]byte{family(src)}, src), dst)
}

// TupleUnix encodes the tuple of a local socket.
func TupleUnix(src, dst uint64, path string) []byte {
	b := binary.LittleEndian.AppendUint64([]byte{FamilyUnix}, src)
	b = binary.LittleEndian.AppendUint64(b, dst)
	return append(append(b, path...), 0)
}

// FDEntry is one entry of a list of descriptors.
type FDEntry struct {
	FD    int64
	Flags int16
}

// FDs encodes a list of descriptors.
func FDs(list ...FDEntry) []byte {
	b := U16(uint16(len(list)))
	for _, f := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(f.FD))
		b = binary.LittleEndian.AppendUint16(b, uint16(f.Flags))
	}
	return b
}

func family(a netip.AddrPort) uint8 {
	if a.Addr().Is4() {
		return FamilyInet
	}
	return FamilyInet6
}

func appendEnd(b []byte, a netip.AddrPort) []byte {
	return binary.LittleEndian.AppendUint16(append(b, a.Addr().AsSlice()...), a.Port())
}

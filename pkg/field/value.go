// SPDX-License-Identifier: Apache-2.0

package field

import (
	"math"
	"net/netip"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Kind says which part of a Value counts.
type Kind uint8

const (
	KindNone  Kind = iota
	KindInt        // U, with sign
	KindUint       // U
	KindFloat      // U holds the bits
	KindBool       // U is 0 or 1
	KindText       // S
	KindBytes      // S, any bytes
	KindIP         // Addr
	KindNet        // Addr, to be found inside a network
	KindOther      // S holds the encoded form: lists of descriptors, tuples
)

// KindOf returns the kind of value of a type.
func KindOf(t schema.ParamType) Kind {
	switch t {
	case schema.PTNone:
		return KindNone
	case schema.PTBool:
		return KindBool
	case schema.PTDouble:
		return KindFloat
	case schema.PTCharBuf, schema.PTFSPath, schema.PTFSRelPath:
		return KindText
	case schema.PTByteBuf:
		return KindBytes
	case schema.PTIPv4Addr, schema.PTIPv6Addr, schema.PTIPAddr:
		return KindIP
	case schema.PTIPv4Net, schema.PTIPv6Net, schema.PTIPNet:
		return KindNet
	}
	switch t.Info().Kind {
	case schema.TypeInt:
		return KindInt
	case schema.TypeUint:
		return KindUint
	}
	return KindOther
}

// Value is the value of a field. Who keeps one gives it to every extraction
// again, so that its buffers are reused.
type Value struct {
	U    uint64 // signed numbers are sign-extended
	S    string
	Addr netip.Addr
	List []Value

	buf []byte
}

// Int returns U with its sign.
func (v *Value) Int() int64 { return int64(v.U) }

// Float returns the number of a KindFloat.
func (v *Value) Float() float64 { return math.Float64frombits(v.U) }

func (v *Value) setInt(n int64)     { v.U = uint64(n) }
func (v *Value) setFloat(f float64) { v.U = math.Float64bits(f) }

func (v *Value) setBool(b bool) {
	v.U = 0
	if b {
		v.U = 1
	}
}

// setView makes S a view of b, which must stay as it is while v is in use.
func (v *Value) setView(b []byte) { v.S = event.View(b) }

// scratch is v's own buffer, empty; setScratch makes it S after appending.
func (v *Value) scratch() []byte { return v.buf[:0] }

func (v *Value) setScratch(b []byte) {
	v.buf = b
	v.S = event.View(b)
}

// Scratch lends v's buffer to who computes a value from another one; SetScratch
// gives it back and makes it the text.
func (v *Value) Scratch() []byte { return v.scratch() }

// SetScratch makes b, which began as Scratch, the text of v.
func (v *Value) SetScratch(b []byte) { v.setScratch(b) }

// Reset empties the list and keeps its elements for reuse.
func (v *Value) Reset() { v.List = v.List[:0] }

// Next appends an element to the list, reusing an old one.
func (v *Value) Next() *Value {
	n := len(v.List)
	if n < cap(v.List) {
		v.List = v.List[:n+1]
	} else {
		v.List = append(v.List, Value{})
	}
	return &v.List[n]
}

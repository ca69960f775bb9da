// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/eyas-security/eyas/pkg/schema"
)

// HeaderSize is the length of the packed event header.
const HeaderSize = 26

// NumMaxParams bounds the parameters of one event: the widest row of the table.
const NumMaxParams = 32

// ErrMalformed is wrapped by every error of Decode.
var ErrMalformed = errors.New("malformed event")

// Event is a view over one encoded event. The zero value is empty; Decode fills
// it and may be called again and again on the same value.
type Event struct {
	Num      uint64 // running number, given by whoever delivers events
	CPU      uint16
	SC       schema.SC // system call or tracepoint, 0 when the event does not tell
	Native   uint16    // system call number as the caller used it
	RecFlags uint16    // flags of the record that carried it
	TS       uint64    // ns since the epoch
	TID      int64
	Type     schema.EventType
	Path     []byte // the kernel's own path of the opened file, when it came along

	raw  []byte
	info *schema.Event
	n    int
	off  [NumMaxParams + 1]uint32 // off[i], off[i+1] bound parameter i
}

// Decode makes e a view over raw. Bytes after the event's own length are
// ignored, so are parameters the table does not know. Num, CPU, Native, RecFlags
// and Path belong to the carrier of the event and are left alone.
func (e *Event) Decode(raw []byte) error {
	e.info, e.n, e.raw = nil, 0, nil
	if len(raw) < HeaderSize {
		return fmt.Errorf("%w: %d bytes, header is %d", ErrMalformed, len(raw), HeaderSize)
	}
	size := binary.LittleEndian.Uint32(raw[16:])
	if size < HeaderSize || uint64(size) > uint64(len(raw)) {
		return fmt.Errorf("%w: length %d in a buffer of %d", ErrMalformed, size, len(raw))
	}
	e.TS = binary.LittleEndian.Uint64(raw)
	e.TID = int64(binary.LittleEndian.Uint64(raw[8:]))
	e.Type = schema.EventType(binary.LittleEndian.Uint16(raw[20:]))
	info := e.Type.Info()
	if info == nil {
		return fmt.Errorf("%w: unknown type %d", ErrMalformed, e.Type)
	}
	raw = raw[:size]
	if err := e.bound(raw, info); err != nil {
		return err
	}
	e.raw, e.info = raw, info
	e.SC = e.code()
	return nil
}

// bound fills off and n.
func (e *Event) bound(raw []byte, info *schema.Event) error {
	nparams := uint64(binary.LittleEndian.Uint32(raw[22:]))
	width := uint64(info.LenSize)
	start := HeaderSize + nparams*width
	if start > uint64(len(raw)) {
		return fmt.Errorf("%w: %s: %d parameters in %d bytes", ErrMalformed, info.Name, nparams, len(raw))
	}
	n := min(int(nparams), len(info.Params), NumMaxParams)
	lens, pos := raw[HeaderSize:start], start
	for i := range n {
		e.off[i] = uint32(pos)
		if width == 2 {
			pos += uint64(binary.LittleEndian.Uint16(lens[2*i:]))
		} else {
			pos += uint64(binary.LittleEndian.Uint32(lens[4*i:]))
		}
		if pos > uint64(len(raw)) {
			return fmt.Errorf("%w: %s: parameter %d ends at %d of %d", ErrMalformed, info.Name, i, pos, len(raw))
		}
	}
	e.off[n] = uint32(pos)
	e.n = n
	return nil
}

// code tells the system call of the event as far as the event itself does: the
// generic event carries it, a row with one system call implies it.
func (e *Event) code() schema.SC {
	if e.info.IsGeneric() {
		id, _ := e.Uint(0)
		return schema.SC(id)
	}
	if len(e.info.SCs) == 1 {
		return e.info.SCs[0]
	}
	return 0
}

// Raw returns the encoded event, without what followed it in the buffer.
func (e *Event) Raw() []byte { return e.raw }

// Info returns the row of the table, nil before the first Decode.
func (e *Event) Info() *schema.Event { return e.info }

// NumParams returns how many of the table's parameters the event carries.
func (e *Event) NumParams() int { return e.n }

// Param returns the bytes of parameter i. False: the event has no such
// parameter. An empty slice: it is there with length 0, that is, without value.
func (e *Event) Param(i int) ([]byte, bool) {
	if uint(i) >= uint(e.n) {
		return nil, false
	}
	return e.raw[e.off[i]:e.off[i+1]], true
}

// Int returns parameter i as a number. Width is that of the bytes (old captures
// have shorter ones), the sign that of the table. False when there is no value.
func (e *Event) Int(i int) (int64, bool) {
	b, _ := e.Param(i)
	if len(b) == 0 {
		return 0, false
	}
	return decodeInt(b, signed(e.info.Params[i].Type))
}

// Uint is Int for the types without sign.
func (e *Event) Uint(i int) (uint64, bool) {
	v, ok := e.Int(i)
	return uint64(v), ok
}

// Str returns parameter i up to its NUL. False when there is no value; an empty
// text has one.
func (e *Event) Str(i int) ([]byte, bool) {
	b, _ := e.Param(i)
	if len(b) == 0 {
		return nil, false
	}
	return cutNUL(b), true
}

// Res returns the result of a system call: parameter 0 of an exit event,
// whatever its name and type.
func (e *Event) Res() (int64, bool) {
	if e.info == nil || e.info.IsGeneric() || !e.info.IsExit() || e.info.Category&schema.ECSyscall == 0 {
		return 0, false
	}
	return e.Int(0)
}

func signed(t schema.ParamType) bool { return t.Info().Kind == schema.TypeInt }

func decodeInt(b []byte, signed bool) (int64, bool) {
	switch len(b) {
	case 1:
		if signed {
			return int64(int8(b[0])), true
		}
		return int64(b[0]), true
	case 2:
		v := binary.LittleEndian.Uint16(b)
		if signed {
			return int64(int16(v)), true
		}
		return int64(v), true
	case 4:
		v := binary.LittleEndian.Uint32(b)
		if signed {
			return int64(int32(v)), true
		}
		return int64(v), true
	case 8:
		return int64(binary.LittleEndian.Uint64(b)), true
	}
	return 0, false
}

func cutNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

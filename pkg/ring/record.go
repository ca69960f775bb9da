// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/eyas-security/eyas/pkg/abi"
)

// Record is one record of one ring. Event and Path are views into the mapping:
// they are valid until the callback that got the record returns.
type Record struct {
	CPU    int
	Seq    uint32      // counts the attempts of this ring, lost ones too
	Gap    uint32      // attempts missing before this one that no DROP record explains
	Flags  uint16      // abi.Rec*
	Native uint16      // number the caller used, or an abi.TP* with abi.RecTracepoint
	TS     uint64      // ns since the epoch
	Event  []byte      // the event as in a capture file; nil with abi.RecDrop
	Path   []byte      // the kernel's path of the opened file; nil when there is none
	Drop   abi.ExtDrop // what was lost; valid with abi.RecDrop
}

// Offsets in a record, see struct eyas_record and struct eyas_event_header.
const (
	prefixLen    = 8
	headerLen    = 26
	extHeaderLen = 4
	dropLen      = 48
	align        = 8
)

// parse decodes the record at the start of b, the unread bytes of a ring, and
// returns its length with padding. Each length is read once: the mapping is
// another's memory.
func (rec *Record) parse(b []byte) (int, error) {
	if len(b) > abi.MaxRecord {
		b = b[:abi.MaxRecord]
	}
	if len(b) < prefixLen+headerLen {
		return 0, fmt.Errorf("%d bytes are too few for a record", len(b))
	}
	rec.Seq = binary.NativeEndian.Uint32(b)
	rec.Flags = binary.NativeEndian.Uint16(b[4:])
	rec.Native = binary.NativeEndian.Uint16(b[6:])
	event := b[prefixLen:]
	rec.TS = binary.NativeEndian.Uint64(event)
	length := binary.NativeEndian.Uint32(event[16:])
	if length < headerLen || uint64(length) > uint64(len(event)) {
		return 0, fmt.Errorf("event of %d bytes, with %d left", length, len(event))
	}
	rec.Event, rec.Path = event[:length:length], nil
	n := prefixLen + int(length)
	if rec.Flags&(abi.RecExt|abi.RecDrop) != 0 {
		ext, err := rec.parseExts(b[n:])
		if err != nil {
			return 0, err
		}
		n += ext
	}
	if n = (n + align - 1) &^ (align - 1); n > len(b) {
		return 0, fmt.Errorf("padding ends at %d, with %d bytes left", n, len(b))
	}
	return n, nil
}

// parseExts walks the extensions at the start of b and returns their length.
// Those of unknown type are skipped: they are newer than this reader.
func (rec *Record) parseExts(b []byte) (int, error) {
	dropped := rec.Flags&abi.RecDrop == 0
	for n := 0; ; {
		if len(b)-n < extHeaderLen {
			return 0, errors.New("extensions without an end")
		}
		kind := binary.NativeEndian.Uint16(b[n:])
		length := int(binary.NativeEndian.Uint16(b[n+2:]))
		n += extHeaderLen
		if length > len(b)-n {
			return 0, fmt.Errorf("extension of %d bytes, with %d left", length, len(b)-n)
		}
		val := b[n : n+length : n+length]
		n += length
		switch kind {
		case abi.ExtTypeEnd:
			if length != 0 || !dropped {
				return 0, fmt.Errorf("extensions end with length %d and flags %#x", length, rec.Flags)
			}
			return n, nil
		case abi.ExtTypePath:
			rec.Path = val
		case abi.ExtTypeDrop:
			if length < dropLen || rec.Flags&abi.RecDrop == 0 {
				return 0, fmt.Errorf("drop extension of %d bytes with flags %#x", length, rec.Flags)
			}
			rec.Event, dropped = nil, true
			rec.Drop = parseDrop(val)
		}
	}
}

func parseDrop(b []byte) abi.ExtDrop {
	u64 := binary.NativeEndian.Uint64
	return abi.ExtDrop{
		FirstTS: u64(b), LastTS: u64(b[8:]),
		Full: u64(b[16:]), Nested: u64(b[24:]), TooLarge: u64(b[32:]), BadReader: u64(b[40:]),
	}
}

// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"encoding/binary"
	"sync/atomic"
)

// chunkSize is the unit of memory.
const chunkSize = 4096

type chunk [chunkSize]byte

// kind is what a record of a segment is.
type kind uint8

const (
	kindEvent kind = iota // as it was encoded
	kindState             // the same, not to be shown
	kindImage             // a thread before its first event in the segment
	kindBirth             // a thread that an event of the segment makes
	kindFD                // a descriptor that was there before but not known
)

// recordHead is the size, the kind and the CPU in front of a record.
const recordHead = 4 + 2 + 2

// segment is a stretch of the events of one tree. It is written by the goroutine
// of the events until it is full, and read by others only after that.
type segment struct {
	num         uint64 // no two have the same; later ones have greater
	first, last uint64 // times of the first and the latest event
	hostLost    uint64 // events that the host had lost when it began
	chunks      []*chunk
	size        int
	events      uint64
	pins        atomic.Int32 // files that are still to read it
}

// need returns how many chunks a record of so many bytes wants in addition.
func (s *segment) need(size int) int {
	return (s.size+recordHead+size+chunkSize-1)/chunkSize - len(s.chunks)
}

// append adds a record for which there are chunks.
func (s *segment) append(k kind, cpu uint16, b []byte) {
	var head [recordHead]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(b)))
	head[4] = byte(k)
	binary.LittleEndian.PutUint16(head[6:], cpu)
	s.write(head[:])
	s.write(b)
}

func (s *segment) write(b []byte) {
	for len(b) > 0 {
		n := copy(s.chunks[s.size/chunkSize][s.size%chunkSize:], b)
		s.size += n
		b = b[n:]
	}
}

// cursor reads the records of a segment.
type cursor struct {
	s       *segment
	pos     int
	head    [recordHead]byte
	scratch []byte
}

// next returns the next record, valid until the following call.
func (c *cursor) next() (k kind, cpu uint16, b []byte, ok bool) {
	if c.pos >= c.s.size {
		return 0, 0, nil, false
	}
	c.read(c.head[:])
	size := int(binary.LittleEndian.Uint32(c.head[:]))
	k, cpu = kind(c.head[4]), binary.LittleEndian.Uint16(c.head[6:])
	if off := c.pos % chunkSize; off+size <= chunkSize && size > 0 {
		b = c.s.chunks[c.pos/chunkSize][off:][:size]
		c.pos += size
		return k, cpu, b, true
	}
	if cap(c.scratch) < size {
		c.scratch = make([]byte, size)
	}
	b = c.scratch[:size]
	c.read(b)
	return k, cpu, b, true
}

func (c *cursor) read(b []byte) {
	for len(b) > 0 {
		n := copy(b, c.s.chunks[c.pos/chunkSize][c.pos%chunkSize:])
		c.pos += n
		b = b[n:]
	}
}

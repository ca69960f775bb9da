// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"encoding/binary"

	"github.com/eyas-security/eyas/pkg/state"
)

// cursor reads fields one behind the other. Behind the end it reads zeros and
// remembers that.
type cursor struct {
	b     []byte
	short bool
}

func (c *cursor) bytes(n int) []byte {
	if n > len(c.b) {
		c.b, c.short = nil, true
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) u8() uint8 {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (c *cursor) i64() int64 { return int64(c.u64()) }

// field reads bytes behind their length.
func (c *cursor) field() []byte { return c.bytes(int(c.u16())) }

func (c *cursor) text() string { return string(c.field()) }

// maxList bounds a list of texts: short texts take much more room than their
// bytes.
const maxList = 4096

// list reads texts that each end in a NUL; the last may lack it.
func (c *cursor) list() []string {
	b := c.field()
	return state.SplitList(b[:min(len(b), maxList)])
}

// has tells whether n bytes are left.
func (c *cursor) has(n int) bool { return len(c.b) >= n }

// entry cuts off an entry that begins with its length; extra is what the length
// does not count.
func (c *cursor) entry(extra int) cursor {
	size := int64(c.u32()) + int64(extra) - 4
	if size < 0 || size > int64(len(c.b)) {
		c.b, c.short = nil, true
		return cursor{short: true}
	}
	return cursor{b: c.bytes(int(size))}
}

// inEntry has an entry read, which may begin with its length, and tells whether
// all of it was there.
func (c *cursor) inEntry(withLen bool, extra int, read func(*cursor)) bool {
	entry := c
	if withLen {
		e := c.entry(extra)
		entry = &e
	}
	read(entry)
	c.short = c.short || entry.short
	return !c.short
}

// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"encoding/binary"

	"github.com/eyas-security/eyas/pkg/event"
)

// optionPath holds the kernel's own path of the file that an event opened, for
// which the schema has no parameter. Options stand behind the event, where those of
// pcapng do: code, length, value, each padded to four bytes, and zeros at the end.
// Codes from 0x8000 on are left to everybody; readers that do not know of options
// go by the length of the event.
const optionPath = 0x8e01

const optionHead = 4

// Encoded returns an event as Writer.Event takes it, with its options. What has
// some is put together in buf.
func Encoded(buf *[]byte, e *event.Event) []byte {
	if len(e.Path) == 0 {
		return e.Raw()
	}
	b := append((*buf)[:0], e.Raw()...)
	b = append(b, zeros[:padding(len(b))]...)
	b = binary.LittleEndian.AppendUint16(b, optionPath)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(e.Path)))
	b = append(b, e.Path...)
	b = append(b, zeros[:-len(e.Path)&3+optionHead]...)
	*buf = b
	return b
}

// padding is what an event of size bytes, behind its CPU, lacks to a multiple of
// four.
func padding(size int) int { return -(size + 2) & 3 }

// pathBehind returns the path among the options behind an event of size bytes.
func pathBehind(b []byte, size int) []byte {
	c := cursor{b: b[size:]}
	c.bytes(padding(size))
	for c.has(optionHead) {
		code, size := c.u16(), int(c.u16())
		value := c.bytes(size)
		if code == 0 || c.short {
			break
		}
		if code == optionPath {
			return value
		}
		c.bytes(-size & 3)
	}
	return nil
}

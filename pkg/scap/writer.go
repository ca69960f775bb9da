// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Writer writes a capture in the current form: head, State, then events.
type Writer struct {
	gz     *gzip.Writer // nil: not compressed
	out    *bufio.Writer
	body   []byte
	ends   [blockHeader + 4]byte // of a block: type, length, padding
	plain  bool                  // for older readers
	events bool
	err    error // the first
}

// minorVersion of the format is the one from which on entries only grow.
const minorVersion = 2

// NewWriter writes the head of a capture.
func NewWriter(w io.Writer, compress bool, m Machine) (*Writer, error) {
	c := &Writer{}
	if compress {
		c.gz = gzip.NewWriter(w)
		w = c.gz
	}
	c.out = bufio.NewWriterSize(w, readAhead)
	b := binary.LittleEndian.AppendUint32(nil, sectionMagic)
	b = binary.LittleEndian.AppendUint16(b, majorVersion)
	b = binary.LittleEndian.AppendUint16(b, minorVersion)
	c.block(typeSection, binary.LittleEndian.AppendUint64(b, ^uint64(0)))
	c.block(typeMachine, appendMachine(nil, m))
	return c, c.err
}

func appendMachine(b []byte, m Machine) []byte {
	b = binary.LittleEndian.AppendUint32(b, m.NumCPUs)
	b = binary.LittleEndian.AppendUint64(b, m.Memory)
	b = binary.LittleEndian.AppendUint64(b, m.MaxPID)
	var host [maxHostname]byte
	copy(host[:maxHostname-1], m.Hostname)
	b = append(b, host[:]...)
	b = binary.LittleEndian.AppendUint64(b, m.BootTime)
	return append(b, make([]byte, 3*8)...) // flags and room
}

// block writes one block, whose body is padded.
func (w *Writer) block(number uint32, body []byte) {
	pad := -len(body) & 3
	size := len(body) + pad + blockHeader + blockTrailer
	if w.err == nil && size > maxBlock {
		w.err = fmt.Errorf("write capture: block of type %#x has %d bytes", number, size)
	}
	if w.err != nil {
		return
	}
	binary.LittleEndian.PutUint32(w.ends[:], number)
	binary.LittleEndian.PutUint32(w.ends[4:], uint32(size))
	w.write(w.ends[:blockHeader])
	w.write(body)
	w.write(w.ends[blockHeader:][:pad])
	w.write(w.ends[4:blockHeader])
}

// What sysdig 0.29, that of Debian 12, can read: with a descriptor of a later type
// it refuses the file, with a call of a later code it crashes.
const (
	plainFDs   = state.FDFileV2
	plainCalls = schema.SCKexecFileLoad
)

// Plain has the capture be one that older readers take: descriptors of types that
// they do not know are written as unsupported. To be called before State.
func (w *Writer) Plain() { w.plain = true }

// Takes tells whether an event may go into the capture: a plain one is without
// calls that older readers have no name for.
func (w *Writer) Takes(e *event.Event) bool {
	return !w.plain || !e.Info().IsGeneric() || e.SC <= plainCalls
}

func (w *Writer) write(b []byte) {
	if _, err := w.out.Write(b); err != nil && w.err == nil {
		w.err = fmt.Errorf("write capture: %w", err)
	}
}

var errLate = errors.New("write capture: lists come before events")

// State writes interfaces, users, threads and descriptors as they are now.
func (w *Writer) State(st *state.State) error {
	if w.events {
		return errLate
	}
	w.body = appendInterfaces(w.body[:0], st)
	w.list(typeInterfaces, w.body)
	w.body = appendUsers(w.body[:0], st)
	w.list(typeUsers, w.body)
	w.threads(st)
	return w.err
}

// Event writes an event of the current schema, as Encoded has it. With stateOnly
// readers take it for their state and do not show it.
func (w *Writer) Event(cpu uint16, raw []byte, stateOnly bool) error {
	if len(raw) < event.HeaderSize {
		return fmt.Errorf("write capture: event of %d bytes", len(raw))
	}
	w.events = true
	number, head := uint32(typeEvent), 2
	w.body = binary.LittleEndian.AppendUint16(w.body[:0], cpu)
	if stateOnly {
		number, head = typeFlagged, 6
		w.body = binary.LittleEndian.AppendUint32(w.body, flagStateOnly)
	}
	w.body = append(w.body, raw...)
	if head+len(raw)+3+blockHeader+blockTrailer > maxEvent {
		number = typeLarge
		if stateOnly {
			number = typeLargeFlagged
		}
	}
	w.block(number, w.body)
	return w.err
}

// Flush brings everything so far to where it can be read, at the cost of some
// compression.
func (w *Writer) Flush() error {
	w.fail(w.out.Flush())
	if w.gz != nil {
		w.fail(w.gz.Flush())
	}
	return w.err
}

// Close ends the capture. It does not close what it was written to.
func (w *Writer) Close() error {
	w.fail(w.out.Flush())
	if w.gz != nil {
		w.fail(w.gz.Close())
	}
	return w.err
}

func (w *Writer) fail(err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write capture: %w", err)
	}
}

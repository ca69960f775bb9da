// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

const (
	blockHeader  = 8
	blockTrailer = 4
	maxEvent     = 65536 + 8 // length of an event block that is not large
	maxBlock     = 64 << 20  // of a block that is no list
	maxEntry     = 1 << 20   // of an entry of a list
	sectionHead  = 4         // of a section, its magic number

	sectionMagic = 0x1a2b3c4d
	majorVersion = 1
)

// flagStateOnly marks an event that is there for the state and not to be shown.
const flagStateOnly = 1

// Errors that Next and NewReader wrap.
var (
	ErrNotCapture = errors.New("not a capture file")
	ErrNoEvents   = errors.New("no events in the capture")
)

// Machine is what a section says of the host it was recorded on.
type Machine struct {
	NumCPUs  uint32
	Memory   uint64 // bytes
	MaxPID   uint64
	Hostname string
	BootTime uint64 // ns since the epoch
}

// Reader reads one capture. Sections that follow each other, as when files were
// concatenated, each have a host of their own.
type Reader struct {
	in       *input
	newState func() *state.State
	state    *state.State
	machine  Machine
	conv     converter
	legacy   []byte
	num      uint64 // events that came out of the conversion
	events   bool   // the section has had an event
	any      bool   // any section has
	shown    bool
	err      error // what Next returned at the end
}

// NewReader reads as far as the head of the first section. newState is called for
// each section and makes what its lists go into; nil: an empty one.
func NewReader(src io.Reader, newState func() *state.State) (*Reader, error) {
	if newState == nil {
		newState = func() *state.State { return state.New(state.Options{}) }
	}
	in, err := newInput(src)
	if err != nil {
		return nil, err
	}
	r := &Reader{in: in, newState: newState, conv: converter{stored: map[int64]*enter{}}}
	head, err := in.peek(blockHeader + sectionHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := checkHead(head); err != nil {
		return nil, err
	}
	if err := r.block(nil); err != nil {
		return nil, r.damage(0, err)
	}
	return r, nil
}

// State is what the lists of the section went into. It is complete with the
// first event; the event is not applied to it.
func (r *Reader) State() *state.State { return r.state }

// Machine is the host of the section, known with the first event.
func (r *Reader) Machine() Machine { return r.machine }

// Shown tells whether rules may see the last event; the state must always.
func (r *Reader) Shown() bool { return r.shown }

// Offset is where the block behind the last event begins, in uncompressed bytes.
func (r *Reader) Offset() int64 { return r.in.off }

// Next makes e the next event, valid until the following call. At the end it
// returns io.EOF. An error comes after everything that could be read, and again
// on every call.
func (r *Reader) Next(e *event.Event) error {
	for r.err == nil {
		num := r.num
		off := r.in.off
		switch err := r.block(e); {
		case errors.Is(err, errEnd):
			r.err = io.EOF
			if !r.any {
				r.err = ErrNoEvents
			}
		case err != nil:
			r.err = r.damage(off, err)
		}
		if r.num > num {
			return nil
		}
	}
	return r.err
}

var errEnd = errors.New("end of file") // between two blocks

// damage tells where a capture goes wrong. What is none from the beginning is not
// damaged.
func (r *Reader) damage(off int64, err error) error {
	switch {
	case errors.Is(err, ErrNotCapture) && !r.any:
		return err
	case r.in.packed:
		return fmt.Errorf("capture is damaged at byte %d of its uncompressed content: %w", off, err)
	}
	return fmt.Errorf("capture is damaged at byte %d: %w", off, err)
}

// block reads one block.
func (r *Reader) block(e *event.Event) error {
	head, err := r.in.peek(blockHeader)
	if err != nil {
		return cutError(err, len(head), "header of a block")
	}
	number, size := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
	info := infoOf(number)
	if size < blockHeader+blockTrailer || int64(size) > info.most() {
		return fmt.Errorf("block of type %#x has a length of %d", number, size)
	}
	if r.events && info.kind != blockEvent && info.kind != blockSection {
		return fmt.Errorf("block of type %#x behind events", number)
	}
	if info.isList() {
		return r.list(number, size, info)
	}
	block, err := r.in.peek(int(size))
	if err != nil {
		return cutError(err, len(block), "block")
	}
	r.in.take(int(size)) // block stays valid until the next peek
	body := block[blockHeader : size-blockTrailer]
	if info.kind == blockEvent {
		return r.event(e, body, info)
	}
	if err := checkTrailer(block, number, size); err != nil {
		return err
	}
	if info.kind == blockSection {
		return r.section(body)
	}
	return r.readMachine(body)
}

// checkTrailer compares what a block ends in with the length in its head.
func checkTrailer(b []byte, number, size uint32) error {
	if trailer := binary.LittleEndian.Uint32(b[len(b)-blockTrailer:]); trailer != size {
		return fmt.Errorf("block of type %#x has a length of %d in front and %d behind", number, size, trailer)
	}
	return nil
}

// cutError says what the end of the file means in front of or within something.
func cutError(err error, have int, what string) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if have == 0 {
		return errEnd
	}
	return fmt.Errorf("%s is cut after %d bytes: %w", what, have, io.ErrUnexpectedEOF)
}

// list reads a block entry by entry: all processes of a large host, with their
// environments, are more than one wants to hold.
func (r *Reader) list(number, size uint32, info blockInfo) error {
	read, err := r.entryReader(number, info)
	if err != nil {
		return err
	}
	left := int(size)
	take := func(n int) { r.in.take(n); left -= n }
	peek := func(n int) ([]byte, error) {
		b, err := r.in.peek(n)
		if err != nil {
			err = cutError(err, int(size)-left+len(b), "block")
		}
		return b, err
	}
	for take(blockHeader); left >= minEntry+blockTrailer; {
		b, err := peek(min(left-blockTrailer, maxEntry))
		if err != nil {
			return err
		}
		c := cursor{b: b}
		if read(&c); c.short {
			return fmt.Errorf("%s: %w", info.kind, errShort)
		}
		take(len(b) - len(c.b))
	}
	b, err := peek(left)
	if err != nil {
		return err
	}
	take(left)
	return checkTrailer(b, number, size)
}

// entryReader returns what reads an entry of a list, and of a block of which we
// have no use all that there is.
func (r *Reader) entryReader(number uint32, info blockInfo) (func(*cursor), error) {
	switch info.kind {
	case blockThreads:
		return func(c *cursor) { readThread(r.state, c, info.version) }, nil
	case blockFDs:
		return fdReader(r.state, info.version), nil
	case blockInterfaces:
		return func(c *cursor) { readIface(r.state, c, info.version) }, nil
	case blockUsers:
		return func(c *cursor) { readUser(r.state, c, info.version) }, nil
	}
	if number == typePackets {
		return nil, fmt.Errorf("%w: it looks like network packets (pcapng)", ErrNotCapture)
	}
	return func(c *cursor) { c.b = nil }, nil
}

// section begins a section: everything is new but the number of the events.
func (r *Reader) section(body []byte) error {
	c := cursor{b: body}
	magic, major, minor := c.u32(), c.u16(), c.u16()
	if c.short || magic != sectionMagic {
		return fmt.Errorf("%w: byte order or magic number %#x", ErrNotCapture, magic)
	}
	if major > majorVersion {
		return fmt.Errorf("version %d.%d of the format is not known", major, minor)
	}
	r.state, r.machine, r.events = r.newState(), Machine{}, false
	clear(r.conv.stored)
	r.conv.bytes = 0
	return nil
}

func (r *Reader) readMachine(body []byte) error {
	c := cursor{b: body}
	m := Machine{NumCPUs: c.u32(), Memory: c.u64(), MaxPID: c.u64()}
	host := cursor{b: c.bytes(maxHostname)}
	m.Hostname = cutNUL(host.b)
	m.BootTime = c.u64()
	if c.short {
		return fmt.Errorf("machine info: %w", errShort)
	}
	r.machine = m
	r.state.SetBootTime(m.BootTime)
	return nil
}

func cutNUL(b []byte) string {
	for i, v := range b {
		if v == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// event reads an event block. One that is not handed on leaves r.num alone.
func (r *Reader) event(e *event.Event, body []byte, info blockInfo) error {
	c := cursor{b: body}
	cpu := c.u16()
	var flags uint32
	if info.flags {
		flags = c.u32()
	}
	raw, err := r.header(c.b, info.version)
	if raw == nil || err != nil {
		return err
	}
	size := len(raw)
	if !r.events {
		r.events, r.any = true, true
		r.state.LinkParents()
	}
	keep, err := r.conv.run(e, raw)
	if !keep || err != nil {
		return err
	}
	r.num++
	e.Num, e.CPU, e.RecFlags, e.Native, e.Path = r.num, cpu, 0, 0, nil
	if info.version >= eventsWithNum {
		e.Path = pathBehind(c.b, size)
	}
	if e.Info().IsGeneric() {
		native, _ := e.Uint(1)
		e.Native = uint16(native)
	}
	r.shown = flags&flagStateOnly == 0 && r.forRules(e)
	return nil
}

// header cuts an event off the bytes behind it, and brings its header up to date.
// It returns nil for a type that is not in the table.
func (r *Reader) header(b []byte, version uint8) ([]byte, error) {
	least := event.HeaderSize
	if version < eventsWithNum {
		least = headerV1
	}
	if len(b) < least {
		return nil, fmt.Errorf("event block holds %d bytes", len(b))
	}
	size := binary.LittleEndian.Uint32(b[16:])
	if size < uint32(least) || uint64(size) > uint64(len(b)) {
		return nil, fmt.Errorf("event has a length of %d in a block of %d", size, len(b))
	}
	info := schema.EventType(binary.LittleEndian.Uint16(b[20:])).Info()
	if info == nil {
		return nil, nil
	}
	if version >= eventsWithNum {
		return b[:size], nil
	}
	var err error
	r.legacy, err = addNumParams(r.legacy[:0], b[:size], info)
	return r.legacy, err
}

// forRules tells whether rules get to see an event: finished calls, tracepoints
// and what is told of the host, but for users that are known already.
func (r *Reader) forRules(e *event.Event) bool {
	if e.Type.IsExit() {
		return true
	}
	switch e.Info().Category.Class() {
	case schema.ECTracepoint, schema.ECMetaevent:
	default:
		return false
	}
	switch e.Type {
	case schema.EvUserAddedE:
		uid, ok := e.Uint(0)
		_, known := r.state.User(nil, uint32(uid))
		return !ok || !known || ofContainer(e, 5)
	case schema.EvGroupAddedE:
		gid, ok := e.Uint(0)
		_, known := r.state.GroupName(nil, uint32(gid))
		return !ok || !known || ofContainer(e, 2)
	}
	return true
}

// ofContainer tells whether a user is one of a container, which has lists of its
// own.
func ofContainer(e *event.Event, param int) bool {
	id, _ := e.Str(param)
	return len(id) > 0
}

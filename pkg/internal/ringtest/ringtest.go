// SPDX-License-Identifier: Apache-2.0

// Package ringtest is the module's side of a ring, in memory: what a test needs
// to feed a ring.Reader without a kernel. It follows the protocol of
// kmod/uapi/eyas.h word by word (busy, clock, reserve, write, head) and may run
// in a goroutine of its own beside the reader.
//
//	Producer ── Put ──► data (both halves) ── head ──► ring.Reader
//	         ◄──────────────── tail ─────────────────
//
// It is a model, not a simulator: it never nests, and it counts no calls.
package ringtest

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"github.com/eyas-security/eyas/pkg/abi"
)

// Record is what one Put writes.
type Record struct {
	Flags, Native uint16
	Event         []byte // in the .scap layout
	Path          []byte // extension; nil for none
	Reserve       bool   // may use the last eighth
}

// Producer writes one ring. All methods but the mappings' readers belong to one
// goroutine.
type Producer struct {
	// Clock, when set, stamps every record while busy is set, as the module
	// does. Without it events keep the time they carry.
	Clock func() uint64
	// Wake is called after a commit that found the reader sleeping.
	Wake func()

	reader   *abi.Reader
	producer *abi.Producer
	data     []byte
	size     uint64
	head     uint64 // private, like the module's
	seq      uint32
	lost     abi.ExtDrop
}

// New returns a ring of size bytes, a power of two.
func New(size int) *Producer {
	p := &Producer{
		reader: new(abi.Reader), producer: new(abi.Producer),
		data: make([]byte, 2*size), size: uint64(size),
	}
	atomic.StoreUint32(&p.producer.Online, 1)
	return p
}

// Pages are the three mappings, as a reader gets them.
func (p *Producer) Pages() (reader, producer, data []byte) {
	return bytesOf(p.reader), bytesOf(p.producer), p.data
}

func bytesOf[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}

// Head is the number of bytes written so far.
func (p *Producer) Head() uint64 { return p.head }

// Tail is what the reader gave back so far.
func (p *Producer) Tail() uint64 { return atomic.LoadUint64(&p.reader.Tail) }

// Sleeping tells whether the reader asked for a wake-up.
func (p *Producer) Sleeping() bool { return atomic.LoadUint32(&p.reader.Sleeping) != 0 }

// SetHead publishes any head, for tests of a reader that must not believe it.
func (p *Producer) SetHead(head uint64) { atomic.StoreUint64(&p.producer.Head, head) }

// SetBusy sets or clears busy outside of a Put.
func (p *Producer) SetBusy(busy bool) {
	var v uint32
	if busy {
		v = 1
	}
	atomic.StoreUint32(&p.producer.Busy, v)
}

// Count adds one recorded call to a line of the counter table.
func (p *Producer) Count(line int) {
	atomic.AddUint64(&p.producer.Counters[line].Recorded, 1)
}

// Put makes one attempt and tells whether the record went into the ring. What
// did not fit is told by a DROP record before the next one that does.
func (p *Producer) Put(r Record) bool {
	p.SetBusy(true)
	ok := p.attempt(r)
	p.SetBusy(false)
	if ok && p.Sleeping() && p.Wake != nil {
		p.Wake()
	}
	return ok
}

// Tell writes a DROP record of its own for what was lost since the last record, as
// a poll of the emptied ring has the module do.
func (p *Producer) Tell() {
	if p.lost.Sum() == 0 {
		return
	}
	p.writeDrop(p.seq)
	atomic.StoreUint64(&p.producer.Head, p.head)
}

func (p *Producer) attempt(r Record) bool {
	ts := binary.NativeEndian.Uint64(r.Event)
	if p.Clock != nil {
		ts = p.Clock()
	}
	atomic.StoreUint64(&p.producer.LastTS, ts)
	seq := p.seq
	p.seq++
	atomic.StoreUint32(&p.producer.Seq, p.seq)

	need := recordLen(r)
	if p.lost.Sum() > 0 {
		need += dropLen
	}
	used := p.head - atomic.LoadUint64(&p.reader.Tail)
	limit := p.size
	if !r.Reserve {
		limit -= p.size / 8
	}
	switch {
	case used > p.size:
		p.lose(ts, &p.lost.BadReader)
		return false
	case recordLen(r) > abi.MaxRecord:
		p.lose(ts, &p.lost.TooLarge)
		return false
	case used+need > limit:
		p.lose(ts, &p.lost.Full)
		return false
	}
	if p.lost.Sum() > 0 {
		p.writeDrop(seq)
	}
	p.write(seq, ts, r)
	atomic.StoreUint64(&p.producer.Head, p.head)
	return true
}

func (p *Producer) lose(ts uint64, reason *uint64) {
	if p.lost.Sum() == 0 {
		p.lost.FirstTS = ts
	}
	p.lost.LastTS = ts
	*reason++
}

const (
	prefixLen = 8
	headerLen = 26
	dropLen   = 96 // prefix, event header, extension, end, padding
)

func recordLen(r Record) uint64 {
	n := prefixLen + len(r.Event)
	if r.Path != nil {
		n += 4 + len(r.Path) + 4
	}
	return uint64(n+7) &^ 7
}

func (p *Producer) writeDrop(seq uint32) {
	w := p.begin(seq, abi.RecDrop|abi.RecExt, 0)
	w.bytes(EventBytes(0, p.lost.LastTS, 0))
	w.u16(abi.ExtTypeDrop)
	w.u16(uint16(unsafe.Sizeof(p.lost)))
	for _, v := range []uint64{p.lost.FirstTS, p.lost.LastTS, p.lost.Full, p.lost.Nested, p.lost.TooLarge, p.lost.BadReader} {
		w.u64(v)
	}
	w.u32(abi.ExtTypeEnd)
	p.end(w)
	p.lost = abi.ExtDrop{}
}

func (p *Producer) write(seq uint32, ts uint64, r Record) {
	flags := r.Flags
	if r.Path != nil {
		flags |= abi.RecExt
	}
	w := p.begin(seq, flags, r.Native)
	w.u64(ts)
	w.bytes(r.Event[8:])
	if r.Path != nil {
		w.u16(abi.ExtTypePath)
		w.u16(uint16(len(r.Path)))
		w.bytes(r.Path)
		w.u32(abi.ExtTypeEnd)
	}
	p.end(w)
}

// writer puts bytes behind head, the second half of data kept the same as the
// first: the module has both halves mapped to one memory.
type writer struct {
	p   *Producer
	pos uint64
}

func (p *Producer) begin(seq uint32, flags, native uint16) *writer {
	w := &writer{p, p.head}
	w.u32(seq)
	w.u16(flags)
	w.u16(native)
	return w
}

func (p *Producer) end(w *writer) {
	for w.pos%8 != 0 {
		w.bytes([]byte{0})
	}
	p.head = w.pos
}

func (w *writer) bytes(b []byte) {
	for _, v := range b {
		off := w.pos % w.p.size
		w.p.data[off], w.p.data[off+w.p.size] = v, v
		w.pos++
	}
}

func (w *writer) u16(v uint16) { w.bytes(binary.NativeEndian.AppendUint16(nil, v)) }
func (w *writer) u32(v uint32) { w.bytes(binary.NativeEndian.AppendUint32(nil, v)) }
func (w *writer) u64(v uint64) { w.bytes(binary.NativeEndian.AppendUint64(nil, v)) }

// EventBytes encodes an event of a type with parameters of any bytes, each
// shorter than 64 KiB.
func EventBytes(typ uint16, ts, tid uint64, params ...[]byte) []byte {
	n := headerLen
	for _, p := range params {
		n += 2 + len(p)
	}
	b := binary.NativeEndian.AppendUint64(nil, ts)
	b = binary.NativeEndian.AppendUint64(b, tid)
	b = binary.NativeEndian.AppendUint32(b, uint32(n))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = binary.NativeEndian.AppendUint32(b, uint32(len(params)))
	for _, p := range params {
		b = binary.NativeEndian.AppendUint16(b, uint16(len(p)))
	}
	for _, p := range params {
		b = append(b, p...)
	}
	return b
}

// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"fmt"
	"math/bits"
	"sync/atomic"

	"github.com/eyas-security/eyas/pkg/abi"
)

// Mapping is the memory of one ring, as the module lays it out.
type Mapping struct {
	Reader   []byte // abi.Reader, the only page written here
	Producer []byte // abi.Producer
	Data     []byte // the ring, twice in a row
}

// CorruptError tells where the stream of a ring ended and why.
type CorruptError struct {
	CPU int
	Pos uint64 // bytes since SETUP
	Err error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("ring of cpu %d is corrupt at byte %d: %v", e.CPU, e.Pos, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// CPU is the ring of one CPU. Its positions count bytes since SETUP and are
// taken modulo the size only to index.
type CPU struct {
	id       int
	reader   *abi.Reader
	producer *abi.Producer
	data     []byte
	size     uint64

	tail uint64 // released: what the reader's page holds
	pos  uint64 // handed on
	head uint64 // as last loaded; tail <= pos <= head <= tail+size

	settled bool   // head holds every record up to the end of the batch
	next    Record // the record at pos, when advance found one
	nextLen uint64
	key     uint64 // its time for the merge

	want      uint32 // the seq that comes next, once seqKnown
	seqKnown  bool
	explained uint64 // losses that DROP records told since the last event
	err       error  // ended: nothing of this ring is read any more
}

// NewCPU returns the ring of cpu over m. Reading begins at the tail that the
// reader's page holds.
func NewCPU(cpu int, m Mapping) (*CPU, error) {
	reader, err := view[abi.Reader](m.Reader)
	if err != nil {
		return nil, fmt.Errorf("ring of cpu %d: %w", cpu, err)
	}
	producer, err := view[abi.Producer](m.Producer)
	if err != nil {
		return nil, fmt.Errorf("ring of cpu %d: %w", cpu, err)
	}
	size := uint64(len(m.Data) / 2)
	if len(m.Data)%2 != 0 || size < align || bits.OnesCount64(size) != 1 {
		return nil, fmt.Errorf("ring of cpu %d: %d bytes of data are not twice a power of two", cpu, len(m.Data))
	}
	tail := atomic.LoadUint64(&reader.Tail)
	if tail%align != 0 {
		return nil, fmt.Errorf("ring of cpu %d: tail %d is not aligned", cpu, tail)
	}
	return &CPU{
		id: cpu, reader: reader, producer: producer, data: m.Data, size: size,
		tail: tail, pos: tail, head: tail,
		seqKnown: tail == 0, // numbers begin at 0 with the ring
	}, nil
}

// ID is the number of the CPU.
func (c *CPU) ID() int { return c.id }

// Generation moves when a ring was added or parked; it is the same in all rings.
func (c *CPU) Generation() uint32 { return atomic.LoadUint32(&c.producer.Generation) }

// Online tells whether the CPU is up.
func (c *CPU) Online() bool { return atomic.LoadUint32(&c.producer.Online) != 0 }

// Seq is the number that the next attempt of this ring gets.
func (c *CPU) Seq() uint32 { return atomic.LoadUint32(&c.producer.Seq) }

// AddCounters adds the counters of this CPU to sum, line by line.
func (c *CPU) AddCounters(sum *[abi.NumCounters]abi.Counter) {
	for i := range c.producer.Counters {
		l := &c.producer.Counters[i]
		sum[i].Add(&abi.Counter{
			Recorded:       atomic.LoadUint64(&l.Recorded),
			Partial:        atomic.LoadUint64(&l.Partial),
			FilteredFailed: atomic.LoadUint64(&l.FilteredFailed),
			FilteredSelf:   atomic.LoadUint64(&l.FilteredSelf),
			DropFull:       atomic.LoadUint64(&l.DropFull),
			DropNested:     atomic.LoadUint64(&l.DropNested),
			DropTooLarge:   atomic.LoadUint64(&l.DropTooLarge),
			DropBadReader:  atomic.LoadUint64(&l.DropBadReader),
		})
	}
}

// empty tells that nothing waits to be read. An ended ring is empty.
func (c *CPU) empty() bool {
	return c.err != nil || atomic.LoadUint64(&c.producer.Head) == c.pos
}

// load takes what the module has stored. Busy is read before head: a ring that
// was idle then has all its earlier records below the head read after. The
// atomic loads pair with the release stores at the end of a commit.
func (c *CPU) load() {
	c.settled = atomic.LoadUint32(&c.producer.Busy) == 0
	head := atomic.LoadUint64(&c.producer.Head)
	if head-c.tail > c.size || head-c.tail < c.pos-c.tail || head%align != 0 {
		c.fail(fmt.Errorf("head %d with tail %d and a ring of %d", head, c.tail, c.size))
		return
	}
	c.head = head
}

// parse reads the record at pos.
func (c *CPU) parse() bool {
	off := c.pos & (c.size - 1)
	n, err := c.next.parse(c.data[off : off+c.head-c.pos])
	if err != nil {
		c.fail(err)
		return false
	}
	c.next.CPU, c.next.Gap = c.id, 0
	c.nextLen = uint64(n)
	return true
}

// fail ends the ring. What lies in it is thrown away from now on, or poll would
// find it readable for ever.
func (c *CPU) fail(err error) {
	c.err = &CorruptError{CPU: c.id, Pos: c.pos, Err: err}
	atomic.StoreUint32(&c.reader.Sleeping, 0)
}

// release gives everything handed on back to the module. The store pairs with
// the acquire load in the module's reserve: our reads come before its writes.
func (c *CPU) release(poison bool) {
	if c.err != nil {
		c.pos = atomic.LoadUint64(&c.producer.Head)
	}
	if c.pos == c.tail {
		return
	}
	if poison && c.err == nil {
		c.poisonReleased()
	}
	c.tail = c.pos
	atomic.StoreUint64(&c.reader.Tail, c.tail)
}

// poisonByte is what a view shows that is looked at too late.
const poisonByte = 0xdb

func (c *CPU) poisonReleased() {
	for p := c.tail; p != c.pos; p++ {
		off := p & (c.size - 1)
		c.data[off], c.data[off+c.size] = poisonByte, poisonByte
	}
}

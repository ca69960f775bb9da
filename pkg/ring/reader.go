// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
)

const (
	// slack is how long a record may take from its clock to our sight of busy:
	// clocks of CPUs differ a little, stores take their time.
	slack = time.Millisecond
	// maxWait bounds how long a batch waits for rings that are being written.
	maxWait = 100 * time.Millisecond
	// maxAhead is how far a time may lie in the future before it is taken for
	// nonsense. Such a record is delivered at once, or it would block its ring.
	maxAhead = time.Second
)

// Reader merges the rings of one session. One goroutine calls all its methods;
// Stats alone may be called from any.
type Reader struct {
	// Poison overwrites released bytes, so that a view kept too long shows it.
	// For tests: a real mapping is read-only.
	Poison bool

	now   func() uint64
	pause func(time.Duration)
	cpus  []*CPU // by number
	merge []*CPU // heap of those that have a record for this batch

	until  uint64        // end of this batch, in event time
	ahead  uint64        // times beyond are nonsense
	wait   time.Duration // what is left of maxWait
	newest uint64        // latest time handed on
	stats  Counts

	mu     sync.Mutex
	public Stats // guarded by mu
}

// NewReader returns a reader without rings. now is the clock of the events.
func NewReader(now func() uint64) *Reader {
	return &Reader{now: now, pause: pause}
}

// pause waits for a producer: on this machine it is a matter of microseconds,
// unless the hypervisor took its CPU away.
func pause(d time.Duration) {
	if d < 50*time.Microsecond {
		runtime.Gosched()
		return
	}
	time.Sleep(d)
}

// AddCPU adds a ring to the merge.
func (r *Reader) AddCPU(c *CPU) error {
	i, found := r.find(c.id)
	if found {
		return fmt.Errorf("add ring of cpu %d: there is one already", c.id)
	}
	r.cpus = slices.Insert(r.cpus, i, c)
	return nil
}

// RemoveCPU takes the ring of cpu out of the merge. What lies in it is not read.
func (r *Reader) RemoveCPU(cpu int) {
	if i, found := r.find(cpu); found {
		r.cpus = slices.Delete(r.cpus, i, i+1)
	}
}

func (r *Reader) find(cpu int) (int, bool) {
	return slices.BinarySearchFunc(r.cpus, cpu, func(c *CPU, id int) int { return cmp.Compare(c.id, id) })
}

// CPUs are the rings being read, by number. The slice is the reader's own.
func (r *Reader) CPUs() []*CPU { return r.cpus }

// Batch hands every record up to now to fn, in the order of time, and then
// gives their room back. It returns how many records fn was given. An error of
// fn ends the batch; the record it was given counts as read.
func (r *Reader) Batch(fn func(*Record) error) (int, error) {
	now := r.now()
	return r.read(now-min(now, uint64(slack)), false, fn)
}

// Drain hands on what is in the rings at this moment, whatever its time, and
// waits for nothing: for the end, when no more batches follow.
func (r *Reader) Drain(fn func(*Record) error) (int, error) {
	return r.read(math.MaxUint64, true, fn)
}

func (r *Reader) read(until uint64, settled bool, fn func(*Record) error) (n int, err error) {
	r.until, r.ahead, r.wait = until, until+min(math.MaxUint64-until, uint64(maxAhead)), maxWait
	r.merge = r.merge[:0]
	for _, c := range r.cpus {
		if c.err != nil {
			continue
		}
		c.load()
		c.settled = c.settled || settled
		if r.advance(c) {
			r.merge = append(r.merge, c)
			siftUp(r.merge)
		}
	}
	for len(r.merge) > 0 && err == nil {
		c := r.merge[0]
		err = r.deliver(c, fn)
		n++
		if !r.advance(c) {
			r.merge[0] = r.merge[len(r.merge)-1]
			r.merge = r.merge[:len(r.merge)-1]
		}
		siftDown(r.merge)
	}
	for _, c := range r.cpus {
		c.release(r.Poison)
	}
	r.publish()
	return n, err
}

// advance looks for the next record of c that belongs to this batch. A ring
// without one is done when it is settled, or was given up.
func (r *Reader) advance(c *CPU) bool {
	for c.err == nil {
		if c.pos != c.head {
			if !c.parse() {
				return false
			}
			c.key = r.keyOf(&c.next)
			return c.key <= r.until
		}
		if c.settled {
			return false
		}
		r.settle(c)
	}
	return false
}

// keyOf is the time that a record is merged by. A DROP record tells of losses
// that may be long past; it is written when the ring has room again and is never
// late.
func (r *Reader) keyOf(rec *Record) uint64 {
	switch {
	case rec.TS > r.ahead:
		return r.until
	case rec.Flags&abi.RecDrop != 0:
		return max(rec.TS, r.newest)
	}
	return rec.TS
}

// settle waits until c has a new record or is idle. The waiting of all rings
// of a batch together is bounded.
func (r *Reader) settle(c *CPU) {
	for step := time.Microsecond; ; step = min(2*step, time.Millisecond) {
		c.load()
		if c.settled || c.pos != c.head || c.err != nil {
			return
		}
		if r.wait <= 0 {
			r.stats.TimedOut++
			c.settled = true
			return
		}
		r.wait -= step
		r.pause(step)
	}
}

// deliver hands on the record that advance found.
func (r *Reader) deliver(c *CPU, fn func(*Record) error) error {
	rec := &c.next
	r.account(c, rec)
	err := fn(rec)
	c.pos += c.nextLen
	// A batch may be long: do not keep the module waiting for its end.
	if c.pos-c.tail >= c.size/4 {
		c.release(r.Poison)
	}
	return err
}

func (r *Reader) account(c *CPU, rec *Record) {
	if c.key < r.newest {
		r.stats.Late++
	}
	r.newest = max(r.newest, c.key)
	if rec.TS > r.ahead {
		r.stats.Ahead++
	}
	if rec.Flags&abi.RecDrop != 0 {
		r.stats.Drops++
		r.stats.Lost.add(&rec.Drop)
		c.explained += rec.Drop.Sum()
		return
	}
	r.stats.Records++
	if missing := uint64(rec.Seq - c.want); c.seqKnown && missing != c.explained {
		rec.Gap = uint32(max(missing, c.explained) - min(missing, c.explained))
		r.stats.SeqGaps += uint64(rec.Gap)
	}
	c.want, c.seqKnown, c.explained = rec.Seq+1, true, 0
}

// Empty tells that no ring holds anything to read.
func (r *Reader) Empty() bool {
	for _, c := range r.cpus {
		if !c.empty() {
			return false
		}
	}
	return true
}

// Sleep asks the module for a wake-up at the next record. The caller must look
// at Empty after it: a record that came just before wakes nobody.
func (r *Reader) Sleep() { r.setSleeping(1) }

// Awake tells the module that nobody waits.
func (r *Reader) Awake() { r.setSleeping(0) }

// setSleeping stores sequentially consistent: the store comes before the load
// of head in Empty, as the module's store of head before its load of sleeping.
func (r *Reader) setSleeping(v uint32) {
	for _, c := range r.cpus {
		if c.err == nil {
			atomic.StoreUint32(&c.reader.Sleeping, v)
		}
	}
}

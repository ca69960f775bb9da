// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/internal/ringtest"
)

// TestConcurrent has producers write while the reader reads, poisons and
// releases. Every attempt is accounted for, in order, with its own bytes. Run
// it under the race detector.
func TestConcurrent(t *testing.T) {
	const rings, each = 4, 20_000
	var clock atomic.Uint64
	r := NewReader(func() uint64 { return clock.Load() + uint64(slack) })
	r.Poison = true
	r.pause = func(d time.Duration) {
		pause(d)
		r.wait += d // a busy host may keep a producer from its CPU for longer than maxWait
	}
	var wg sync.WaitGroup
	var running atomic.Int32
	var ps []*ringtest.Producer
	for cpu := range rings {
		p := ringtest.New(16 << 10)
		p.Clock = func() uint64 { return clock.Add(1) }
		ps = append(ps, p)
		addCPU(t, r, cpu, p)
	}
	for cpu, p := range ps {
		wg.Add(1)
		running.Add(1)
		go func() {
			defer wg.Done()
			defer running.Add(-1)
			for i := range each {
				p.Put(ringtest.Record{Native: uint16(cpu), Event: message(cpu, i)})
			}
		}()
	}
	var last uint64
	check := func(rec *Record) error {
		if rec.Flags&abi.RecDrop != 0 {
			return nil
		}
		if rec.TS < last {
			t.Errorf("time %d after %d", rec.TS, last)
		}
		last = rec.TS
		if !bytes.Equal(rec.Event[8:], message(rec.CPU, int(rec.Seq))[8:]) {
			t.Errorf("cpu %d seq %d: got % x", rec.CPU, rec.Seq, rec.Event)
		}
		return nil
	}
	for running.Load() > 0 || !r.Empty() {
		if _, err := r.Batch(check); err != nil {
			t.Fatal(err)
		}
		r.Sleep()
		r.Awake()
	}
	wg.Wait()
	if _, err := r.Drain(check); err != nil {
		t.Fatal(err)
	}
	s := r.Stats()
	var unsaid uint64 // lost at the very end: no record followed to tell it
	for _, c := range r.CPUs() {
		unsaid += uint64(each - c.want)
	}
	if got := s.Records + s.Lost.Sum() + unsaid; got != rings*each || s.SeqGaps != 0 || s.Late != 0 || s.Corrupt != nil {
		t.Errorf("%d of %d accounted for (%d at the end): %+v", got, rings*each, unsaid, s)
	}
	t.Logf("%d records, %d lost", s.Records, s.Lost.Sum()+unsaid)
}

// message is the i-th event of a CPU: of varying length, all bytes its own.
func message(cpu, i int) []byte {
	b := make([]byte, 8+i%97)
	for j := range b {
		b[j] = byte(cpu + i + j)
	}
	binary.NativeEndian.PutUint64(b, uint64(i))
	return ringtest.EventBytes(uint16(cpu), 0, uint64(i), b)
}

// TestStatsConcurrent reads the numbers while batches run, as metrics do.
func TestStatsConcurrent(t *testing.T) {
	r, ps := newTestReader(t, later, 1, 4096)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r.Stats().Records < 1000 {
		}
	}()
	for range 1000 {
		put(t, ps[0], 1)
		collect(t, r)
	}
	<-done
}

func TestAllocs(t *testing.T) {
	r, ps := newTestReader(t, later, 3, 64<<10)
	r.Poison = false
	var bytesSeen int
	fn := func(rec *Record) error {
		bytesSeen += len(rec.Event) + len(rec.Path)
		return nil
	}
	event := ringtest.EventBytes(1, 1, 7, []byte("hello"))
	fill := func() {
		for _, p := range ps {
			for range 100 {
				p.Put(ringtest.Record{Event: event, Path: []byte("/p")})
			}
		}
	}
	fill()
	if _, err := r.Batch(fn); err != nil { // grows the heap once
		t.Fatal(err)
	}
	// Rewind instead of filling anew: the producers of the test do allocate.
	n, total := 0, 0
	got := testing.AllocsPerRun(100, func() {
		for _, c := range r.cpus {
			c.tail, c.pos, c.head, c.want = 0, 0, 0, 0
		}
		n, _ = r.Batch(fn)
		total += n
	})
	if got != 0 || n != 300 {
		t.Errorf("Batch of %d records: %v allocations, want 300 and 0", n, got)
	}
}

func BenchmarkBatch(b *testing.B) {
	for _, bm := range []struct {
		name  string
		rings int
	}{{"1ring", 1}, {"4rings", 4}, {"128rings", 128}} {
		b.Run(bm.name, func(b *testing.B) {
			r, ps := newTestReader(b, later, bm.rings, 64<<10)
			r.Poison = false
			each := 0
			for ; ps[0].Put(ringtest.Record{Event: ringtest.EventBytes(1, uint64(each), 7, make([]byte, 32))}); each++ {
				for _, p := range ps[1:] {
					p.Put(ringtest.Record{Event: ringtest.EventBytes(1, uint64(each), 7, make([]byte, 32))})
				}
			}
			var sum uint64
			b.ResetTimer()
			for done := 0; done < b.N; {
				for _, c := range r.cpus {
					c.tail, c.pos, c.head, c.want = 0, 0, 0, 0
				}
				n, err := r.Batch(func(rec *Record) error { sum += rec.TS; return nil })
				if err != nil || n == 0 {
					b.Fatal(n, err)
				}
				done += n
			}
		})
	}
}

// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/internal/ringtest"
)

// later is a time after every record of these tests, before nonsense.
const later = uint64(time.Second)

// newTestReader returns a reader at time now over n rings of size bytes, that
// poisons what it releases and never sleeps.
func newTestReader(t testing.TB, now uint64, n, size int) (*Reader, []*ringtest.Producer) {
	t.Helper()
	r := NewReader(func() uint64 { return now })
	r.Poison = true
	r.pause = func(time.Duration) {}
	var producers []*ringtest.Producer
	for cpu := range n {
		p := ringtest.New(size)
		producers = append(producers, p)
		addCPU(t, r, cpu, p)
	}
	return r, producers
}

func addCPU(t testing.TB, r *Reader, cpu int, p *ringtest.Producer) *CPU {
	t.Helper()
	var m Mapping
	m.Reader, m.Producer, m.Data = p.Pages()
	c, err := NewCPU(cpu, m)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.AddCPU(c); err != nil {
		t.Fatal(err)
	}
	return c
}

func put(t testing.TB, p *ringtest.Producer, ts uint64, params ...[]byte) {
	t.Helper()
	if !p.Put(ringtest.Record{Native: 39, Event: ringtest.EventBytes(1, ts, 7, params...)}) {
		t.Fatalf("Put at time %d: ring is full", ts)
	}
}

// collect runs one batch and writes every record as "cpu:time".
func collect(t testing.TB, r *Reader) string {
	t.Helper()
	var got []string
	_, err := r.Batch(func(rec *Record) error {
		s := fmt.Sprintf("%d:%d", rec.CPU, rec.TS)
		if rec.Flags&abi.RecDrop != 0 {
			s += fmt.Sprintf("(lost %d)", rec.Drop.Sum())
		}
		got = append(got, s)
		return nil
	})
	if err != nil {
		t.Fatalf("Batch: %v", err)
	}
	return strings.Join(got, " ")
}

func TestRecord(t *testing.T) {
	r, ps := newTestReader(t, later, 1, 4096)
	event := ringtest.EventBytes(307, 5, 42, []byte("/etc"), nil, []byte{1, 2, 3})
	ps[0].Put(ringtest.Record{Flags: abi.RecPartial, Native: 257, Event: event, Path: []byte("/etc/passwd")})
	ps[0].Put(ringtest.Record{Native: 258, Event: event, Path: []byte{}})
	ps[0].Put(ringtest.Record{Flags: abi.RecCompat, Native: 5, Event: event})
	want := []Record{
		{Seq: 0, Flags: abi.RecPartial | abi.RecExt, Native: 257, TS: 5, Event: event, Path: []byte("/etc/passwd")},
		{Seq: 1, Flags: abi.RecExt, Native: 258, TS: 5, Event: event, Path: []byte{}},
		{Seq: 2, Flags: abi.RecCompat, Native: 5, TS: 5, Event: event},
	}
	var got []Record
	n, err := r.Batch(func(rec *Record) error {
		c := *rec
		c.Event = append([]byte{}, c.Event...)
		if c.Path != nil {
			c.Path = append([]byte{}, c.Path...)
		}
		got = append(got, c)
		return nil
	})
	if n != 3 || err != nil {
		t.Fatalf("Batch: got %d, %v, want 3", n, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Batch (-want +got):\n%s", diff)
	}
	if got := r.Stats(); got.Records != 3 || got.SeqGaps != 0 {
		t.Errorf("Stats: got %+v", got)
	}
}

// TestWrap fills a ring of 512 bytes again and again with records of 104 bytes
// (prefix 8, header 26, length 2, parameter 62, padding 6), which do not divide
// it: the fifth record of the picture lies across the end.
//
//	0       104      208      312      416      512
//	├── A ───┼── B ───┼── C ───┼── D ───┼── E ───┼ ─ ─ the same memory again
//	└ E's last 8 bytes are here, and here too: ──└►
func TestWrap(t *testing.T) {
	r, ps := newTestReader(t, later, 1, 512)
	ts, read := uint64(0), uint64(0)
	for round := range 200 {
		batch := 1 + round%4
		for range batch {
			ts++
			put(t, ps[0], ts, []byte(fmt.Sprintf("%062d", ts)))
		}
		n, err := r.Batch(func(rec *Record) error {
			read++
			if got, want := string(rec.Event[28:]), fmt.Sprintf("%062d", read); got != want || rec.TS != read {
				t.Fatalf("record %d: time %d, parameter %q, want %q", read, rec.TS, got, want)
			}
			return nil
		})
		if n != batch || err != nil {
			t.Fatalf("Batch: got %d, %v, want %d", n, err, batch)
		}
		if got, want := ps[0].Tail(), ps[0].Head(); got != want {
			t.Fatalf("tail %d after the batch, want %d", got, want)
		}
	}
	if s := r.Stats(); s.SeqGaps != 0 || s.Late != 0 || s.Corrupt != nil {
		t.Errorf("Stats: got %+v", s)
	}
}

func TestMerge(t *testing.T) {
	const now = 100 + uint64(slack)
	tests := []struct {
		name  string
		rings [][]uint64
		want  []string // per batch
	}{
		{"nothing", [][]uint64{{}, {}}, []string{""}},
		{"one ring", [][]uint64{{1, 2, 2, 3}}, []string{"0:1 0:2 0:2 0:3"}},
		{"interleaved", [][]uint64{{1, 4, 9}, {2, 3, 10}, {}, {5}}, []string{"0:1 1:2 1:3 0:4 3:5 0:9 1:10"}},
		{"equal times go by cpu", [][]uint64{{7, 7}, {7}, {7}}, []string{"0:7 0:7 1:7 2:7"}},
		{"up to now and no further", [][]uint64{{99, 101}, {100, 102}}, []string{"0:99 1:100", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, ps := newTestReader(t, now, len(tt.rings), 4096)
			for cpu, times := range tt.rings {
				for _, ts := range times {
					put(t, ps[cpu], ts)
				}
			}
			for i, want := range tt.want {
				if got := collect(t, r); got != want {
					t.Errorf("batch %d: got %q, want %q", i, got, want)
				}
			}
			if s := r.Stats(); s.Late != 0 {
				t.Errorf("late: got %d, want 0", s.Late)
			}
		})
	}
}

func TestMergeManyRings(t *testing.T) {
	const rings, each = 300, 20
	r, ps := newTestReader(t, later, rings, 4096)
	state := uint64(1)
	for cpu := range rings {
		ts := uint64(0)
		for range each {
			state = state*6364136223846793005 + 1442695040888963407
			ts += state >> 60
			put(t, ps[cpu], ts)
		}
	}
	var last uint64
	n, err := r.Batch(func(rec *Record) error {
		if rec.TS < last {
			t.Fatalf("time %d after %d", rec.TS, last)
		}
		last = rec.TS
		return nil
	})
	if n != rings*each || err != nil {
		t.Errorf("Batch: got %d, %v, want %d", n, err, rings*each)
	}
}

// TestBusy has a ring that is being written when the batch begins.
func TestBusy(t *testing.T) {
	newBusy := func(t *testing.T) (*Reader, []*ringtest.Producer) {
		r, ps := newTestReader(t, 100+uint64(slack), 2, 4096)
		put(t, ps[0], 10)
		put(t, ps[0], 30)
		put(t, ps[1], 5)
		ps[1].SetBusy(true)
		return r, ps
	}
	t.Run("the writer ends in time", func(t *testing.T) {
		r, ps := newBusy(t)
		pauses := 0
		r.pause = func(time.Duration) {
			if pauses++; pauses == 3 {
				put(t, ps[1], 20)
			}
		}
		if got, want := collect(t, r), "1:5 0:10 1:20 0:30"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if s := r.Stats(); pauses != 3 || s.Late != 0 || s.TimedOut != 0 {
			t.Errorf("after %d pauses: %+v", pauses, s)
		}
	})
	t.Run("the writer ends too late", func(t *testing.T) {
		r, ps := newBusy(t)
		var waited time.Duration
		r.pause = func(d time.Duration) { waited += d }
		if got, want := collect(t, r), "1:5 0:10 0:30"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if waited < maxWait || waited > maxWait+time.Millisecond {
			t.Errorf("waited %v, want %v", waited, maxWait)
		}
		put(t, ps[1], 20)
		if got, want := collect(t, r), "1:20"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if s := r.Stats(); s.Late != 1 || s.TimedOut != 1 {
			t.Errorf("got %+v, want one late, one timed out", s)
		}
	})
	t.Run("a record after the batch settles it", func(t *testing.T) {
		r, ps := newBusy(t)
		put(t, ps[1], 200+uint64(slack))
		ps[1].SetBusy(true)
		r.pause = func(time.Duration) { t.Fatal("waited") }
		if got, want := collect(t, r), "1:5 0:10 0:30"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("drain waits for nobody", func(t *testing.T) {
		r, ps := newBusy(t)
		put(t, ps[0], 1<<60)
		ps[1].SetBusy(true)
		r.pause = func(time.Duration) { t.Fatal("waited") }
		if n, err := r.Drain(func(*Record) error { return nil }); n != 4 || err != nil {
			t.Errorf("Drain: got %d, %v, want 4", n, err)
		}
	})
}

// TestAhead: a time far in the future is nonsense, and must not stop a ring.
func TestAhead(t *testing.T) {
	now := uint64(100)
	r, ps := newTestReader(t, 0, 2, 4096)
	r.now = func() uint64 { return now + uint64(slack) }
	put(t, ps[0], 1<<63)
	put(t, ps[0], 1<<63)
	put(t, ps[1], 50)
	if got, want := collect(t, r), fmt.Sprintf("1:50 0:%d 0:%[1]d", uint64(1<<63)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	now = 200
	put(t, ps[1], 150)
	if got, want := collect(t, r), "1:150"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if s := r.Stats(); s.Ahead != 2 || s.Late != 0 {
		t.Errorf("got %+v, want two ahead, none late", s)
	}
}

func TestDropsAndGaps(t *testing.T) {
	r, ps := newTestReader(t, later, 1, 512)
	c, p := r.CPUs()[0], ps[0]
	for range 20 { // records of 40 bytes; 448 of 512 bytes may be used
		p.Put(ringtest.Record{Event: ringtest.EventBytes(1, 1, 1)})
	}
	if got, want := collect(t, r), strings.TrimSpace(strings.Repeat("0:1 ", 11)); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	put(t, p, 2)
	if got, want := collect(t, r), "0:1(lost 9) 0:2"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if s := r.Stats(); s.Lost != (Lost{Full: 9}) || s.SeqGaps != 0 || s.Drops != 1 || s.Records != 12 {
		t.Errorf("got %+v", s)
	}

	c.want -= 4 // as if four attempts had vanished
	put(t, p, 3)
	_, err := r.Batch(func(rec *Record) error {
		if rec.Gap != 4 {
			t.Errorf("gap: got %d, want 4", rec.Gap)
		}
		return nil
	})
	if s := r.Stats(); err != nil || s.SeqGaps != 4 {
		t.Errorf("got %+v, %v, want a gap of 4", s, err)
	}
	put(t, p, 4)
	collect(t, r)
	if s := r.Stats(); s.SeqGaps != 4 {
		t.Errorf("gaps: got %d, want 4", s.SeqGaps)
	}
}

// TestDropIsNotLate: what a DROP record tells may be long past when it comes.
func TestDropIsNotLate(t *testing.T) {
	r, ps := newTestReader(t, later, 2, 512)
	for range 12 { // one too many
		ps[0].Put(ringtest.Record{Event: ringtest.EventBytes(1, 10, 1)})
	}
	put(t, ps[1], 50)
	collect(t, r)
	put(t, ps[0], 60)
	put(t, ps[1], 55)
	if got, want := collect(t, r), "0:10(lost 1) 1:55 0:60"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if s := r.Stats(); s.Late != 0 {
		t.Errorf("late: got %d, want 0", s.Late)
	}
}

// TestLoneDrop: a DROP record without an event has the number of the next attempt,
// which may be lost, too.
func TestLoneDrop(t *testing.T) {
	r, ps := newTestReader(t, later, 1, 512)
	c, p := r.CPUs()[0], ps[0]
	want := strings.Repeat("0:1 ", 11) + "0:1(lost 9)"
	for range 2 {
		for range 20 {
			p.Put(ringtest.Record{Event: ringtest.EventBytes(1, 1, 1)})
		}
		got := collect(t, r) + " "
		p.Tell()
		if got += collect(t, r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if !c.empty() {
		t.Error("the ring is not empty")
	}
	put(t, p, 2)
	if got, want := collect(t, r), "0:2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if s := r.Stats(); s.Lost != (Lost{Full: 18}) || s.SeqGaps != 0 || s.Drops != 2 || s.Late != 0 {
		t.Errorf("got %+v", s)
	}
}

// TestReserve tests the model itself: the last eighth is for some only.
func TestReserve(t *testing.T) {
	p := ringtest.New(1024)
	event := ringtest.EventBytes(1, 1, 1)
	for p.Put(ringtest.Record{Event: event}) {
	}
	if got, want := p.Head(), uint64(880); got != want {
		t.Errorf("head: got %d, want %d", got, want)
	}
	if !p.Put(ringtest.Record{Event: event, Reserve: true}) {
		t.Error("no room in the reserve")
	}
	if p.Put(ringtest.Record{Event: event, Reserve: true}) {
		t.Error("went into a full ring")
	}
}

func TestCallbackError(t *testing.T) {
	r, ps := newTestReader(t, later, 2, 4096)
	for ts := range uint64(6) {
		put(t, ps[ts%2], ts)
	}
	stop, calls := errors.New("stop"), 0
	n, err := r.Batch(func(rec *Record) error {
		if calls++; rec.TS == 2 {
			return stop
		}
		return nil
	})
	if n != 3 || calls != 3 || !errors.Is(err, stop) {
		t.Errorf("Batch: got %d records, %d calls, %v", n, calls, err)
	}
	if got, want := collect(t, r), "1:3 0:4 1:5"; got != want {
		t.Errorf("then: got %q, want %q", got, want)
	}
}

// TestReleaseWithin: the room of a long batch is given back on the way, or the
// module would drop what the reader is about to make room for.
func TestReleaseWithin(t *testing.T) {
	r, ps := newTestReader(t, later, 1, 1024)
	for ts := range uint64(20) {
		put(t, ps[0], ts)
	}
	var tails []uint64
	if _, err := r.Batch(func(*Record) error {
		tails = append(tails, ps[0].Tail())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := tails[19]; got == 0 || got > 19*40 {
		t.Errorf("tail at the last record: got %d, want within what was handed on", got)
	}
}

func TestSleep(t *testing.T) {
	r, ps := newTestReader(t, later, 2, 4096)
	woken := 0
	ps[1].Wake = func() { woken++ }
	put(t, ps[1], 1)
	if r.Empty() || woken != 0 {
		t.Errorf("awake: empty %v, woken %d", r.Empty(), woken)
	}
	collect(t, r)
	r.Sleep()
	if !r.Empty() || !ps[0].Sleeping() || !ps[1].Sleeping() {
		t.Error("asleep: want an empty reader and the flag in both rings")
	}
	put(t, ps[1], 2)
	if woken != 1 {
		t.Errorf("woken %d times, want once", woken)
	}
	r.Awake()
	put(t, ps[1], 3)
	if woken != 1 || ps[0].Sleeping() {
		t.Error("awake again, but the flag is still there")
	}
}

func TestAddRemove(t *testing.T) {
	r, _ := newTestReader(t, later, 0, 0)
	two, zero := ringtest.New(512), ringtest.New(512)
	addCPU(t, r, 2, two)
	c := addCPU(t, r, 0, zero)
	if err := r.AddCPU(c); err == nil {
		t.Error("AddCPU twice: no error")
	}
	put(t, two, 1)
	put(t, zero, 1)
	if got, want := collect(t, r), "0:1 2:1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	put(t, two, 2)
	put(t, zero, 3)
	r.RemoveCPU(2)
	r.RemoveCPU(2)
	if got, want := collect(t, r), "0:3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNewCPU(t *testing.T) {
	reader, producer, data := ringtest.New(512).Pages()
	tests := []struct {
		name string
		m    Mapping
		want string
	}{
		{"no reader's page", Mapping{reader[:8], producer, data}, "shorter"},
		{"no producer's page", Mapping{reader, producer[:4096], data}, "shorter"},
		{"unaligned", Mapping{reader, producer[1:], data}, "shorter"},
		{"odd data", Mapping{reader, producer, data[1:]}, "power of two"},
		{"once only", Mapping{reader, producer, data[:700]}, "power of two"},
		{"empty", Mapping{}, "shorter"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewCPU(3, tt.m); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewCPU: got %v, want %q", err, tt.want)
			}
		})
	}
	reader[0] = 4
	if _, err := NewCPU(3, Mapping{reader, producer, data}); err == nil {
		t.Error("NewCPU with an unaligned tail: no error")
	}
}

func TestCounters(t *testing.T) {
	r, ps := newTestReader(t, later, 2, 512)
	ps[0].Count(abi.CounterNative + 39)
	ps[1].Count(abi.CounterNative + 39)
	ps[1].Count(abi.CounterTP)
	var sum [abi.NumCounters]abi.Counter
	for _, c := range r.CPUs() {
		c.AddCounters(&sum)
	}
	if sum[39].Recorded != 2 || sum[abi.CounterTP].Calls() != 1 {
		t.Errorf("AddCounters: got %+v and %+v", sum[39], sum[abi.CounterTP])
	}
}

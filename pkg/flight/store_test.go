// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

const second = uint64(time.Second)

// TestSegment: records come back as they went in, wherever chunks end.
func TestSegment(t *testing.T) {
	s := newStore(time.Second, 4<<20)
	tr := s.tree(1)
	c := s.segment(tr, 1, 0)
	rnd := rand.New(rand.NewPCG(1, 2))
	var want [][]byte
	sizes := []int{0, 1, chunkSize - recordHead, chunkSize - 2*recordHead - 1, 1, 3 * chunkSize, chunkSize - 3}
	for range 200 {
		sizes = append(sizes, rnd.IntN(700))
	}
	for i, size := range sizes {
		b := bytes.Repeat([]byte{byte(i)}, size)
		if !s.add(tr, kind(i%5), uint16(i), b) {
			t.Fatalf("record %d: no memory", i)
		}
		want = append(want, b)
	}
	cur := cursor{s: c}
	for i, b := range want {
		k, cpu, got, ok := cur.next()
		if !ok || k != kind(i%5) || cpu != uint16(i) || !bytes.Equal(got, b) {
			t.Fatalf("record %d: got %v, kind %d, cpu %d, %d bytes, want %d", i, ok, k, cpu, len(got), len(b))
		}
	}
	if _, _, _, ok := cur.next(); ok {
		t.Error("a record behind the last")
	}
	if most := c.size/chunkSize + 1; len(c.chunks) > most {
		t.Errorf("%d chunks, want at most %d", len(c.chunks), most)
	}
}

// put adds an event of so many bytes.
func put(s *store, id, ts uint64, size int) bool {
	s.sweep(ts)
	tr := s.tree(id)
	c := s.segment(tr, ts, 0)
	if !s.add(tr, kindEvent, 0, make([]byte, size)) {
		return false
	}
	c.events++
	c.last, tr.last = ts, ts
	return true
}

func events(tr *tree) (n uint64) {
	for _, c := range tr.segments {
		n += c.events
	}
	return n
}

// check counts the memory anew.
func check(t *testing.T, s *store) {
	t.Helper()
	held := len(s.free)
	for id, tr := range s.trees {
		n := 0
		for i, c := range tr.segments {
			n += len(c.chunks)
			if i > 0 && tr.segments[i-1].num >= c.num {
				t.Errorf("tree %d: segment %d behind %d", id, c.num, tr.segments[i-1].num)
			}
		}
		if n != tr.chunks {
			t.Errorf("tree %d has %d chunks and counts %d", id, n, tr.chunks)
		}
		held += n
	}
	for _, c := range s.limbo {
		held += len(c.chunks)
	}
	if held != s.made || s.made > s.most {
		t.Errorf("%d chunks held, %d made, at most %d allowed", held, s.made, s.most)
	}
}

func TestTimeBound(t *testing.T) {
	s := newStore(4*time.Second, 4<<20)
	for ts := range 100 * second / 1e7 {
		put(s, 1, ts*1e7, 10)
		tr := s.trees[1]
		from := tr.segments[0].first
		if now := ts * 1e7; now > 10*second && (from+4*second > now || from+8*second < now) {
			t.Fatalf("at %d the oldest segment is of %d", now, from)
		}
	}
	check(t, s)
	put(s, 2, 200*second, 10)
	if len(s.trees) != 2 && s.evicted != 0 {
		t.Errorf("%d trees, %d events evicted", len(s.trees), s.evicted)
	}
	put(s, 2, 203*second, 10)
	if len(s.trees) != 1 {
		t.Error("a tree that was quiet for long is kept")
	}
	check(t, s)
}

// TestNoisyNeighbour: one tree that has more to say than there is memory loses
// its own events, and no other does.
func TestNoisyNeighbour(t *testing.T) {
	s := newStore(10*time.Second, 1<<20)
	for id := range uint64(20) {
		for i := range 10 * id {
			put(s, 100+id, second+i, 100)
		}
	}
	for i := range uint64(50_000) {
		if !put(s, 1, second+i*1e5, 300) {
			t.Fatal("no memory for the noisy tree")
		}
	}
	for id := range uint64(20) {
		if tr := s.trees[100+id]; id > 0 && events(tr) != 10*id {
			t.Errorf("tree %d has %d events, want %d", 100+id, events(tr), 10*id)
		}
	}
	noisy := s.trees[1]
	if got := events(noisy); got+s.evicted != 50_000 || got < 1000 || noisy.cut == 0 {
		t.Errorf("the noisy tree has %d events, %d were evicted, up to %d", got, s.evicted, noisy.cut)
	}
	check(t, s)
}

// TestManyTrees: when all hold the same, those that were quiet for longest go.
func TestManyTrees(t *testing.T) {
	s := newStore(10*time.Second, 1<<20)
	for id := range uint64(1000) {
		if !put(s, id+1, second+id, 100) {
			t.Fatalf("no memory for tree %d", id+1)
		}
	}
	check(t, s)
	for id := range uint64(1000) {
		tr := s.trees[id+1]
		if kept := tr != nil && len(tr.segments) == 1; kept != (int(id) >= 1000-s.most) {
			t.Errorf("tree %d of 1000 is kept: %v", id+1, kept)
		}
	}
}

// TestPinned: what a file still has to read is not used for something else.
func TestPinned(t *testing.T) {
	s := newStore(10*time.Second, 1<<20)
	n := 0
	for ; s.made < s.maxTree; n++ {
		put(s, 1, second, 1000)
	}
	tr := s.trees[1]
	s.close(tr)
	for _, c := range tr.segments {
		c.pins.Add(1)
	}
	if put(s, 1, second, 1000) {
		t.Error("there is memory although all is pinned")
	}
	if !put(s, 2, second, 1000) {
		t.Error("one tree took the memory of all")
	}
	for _, c := range tr.segments {
		c.pins.Store(0)
	}
	if !put(s, 1, second, 1000) || s.evicted == 0 {
		t.Errorf("there is no memory although all was read; %d evicted", s.evicted)
	}
	check(t, s)
}

// TestLimbo: a segment that is too old but pinned comes back when it was read.
func TestLimbo(t *testing.T) {
	s := newStore(time.Second, 1<<20)
	put(s, 1, second, 1000)
	s.close(s.trees[1])
	c := s.trees[1].segments[0]
	c.pins.Add(1)
	put(s, 1, 10*second, 10)
	if len(s.limbo) != 1 {
		t.Fatalf("%d segments in limbo", len(s.limbo))
	}
	c.pins.Add(-1)
	put(s, 1, 20*second, 10)
	if len(s.limbo) != 0 || len(s.unused) == 0 {
		t.Errorf("%d segments in limbo, %d unused", len(s.limbo), len(s.unused))
	}
	check(t, s)
}

func TestStoreAllocs(t *testing.T) {
	s := newStore(time.Second, 1<<20)
	b := make([]byte, 200)
	ts := second
	step := func() {
		ts += 1e6
		s.sweep(ts)
		for id := range uint64(4) {
			tr := s.tree(id)
			c := s.segment(tr, ts, 0)
			s.add(tr, kindEvent, 0, b)
			c.events++
			c.last, tr.last = ts, ts
		}
	}
	for range 20_000 {
		step()
	}
	if n := testing.AllocsPerRun(20_000, step); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}

// SPDX-License-Identifier: Apache-2.0

package flight

import "time"

// tree is the events that are kept of one process tree.
type tree struct {
	id       uint64
	segments []*segment // oldest first
	open     bool       // the last segment can grow
	chunks   int
	last     uint64 // time of the latest event
	cut      uint64 // events up to that time are gone for want of memory
	dump     *dump  // that follows the tree, or nil
}

func (t *tree) current() *segment { return t.segments[len(t.segments)-1] }

// store holds all trees within a budget of memory.
type store struct {
	lead    uint64      // ns before now that are kept
	age     uint64      // ns after which a segment is closed
	maxSize int         // bytes after which it is
	maxFDs  int         // descriptors in an image
	maxTree int         // chunks of one tree
	most    int         // chunks of all
	wait    func() bool // for a file to read what it has to; nil = never, false = there is nothing

	trees   map[uint64]*tree
	recent  *tree // of the last event
	free    []*chunk
	unused  []*segment
	limbo   []*segment // of no tree any more, but still to be read
	made    int        // chunks
	num     uint64     // of the last segment
	swept   uint64
	evicted uint64 // events that went although they were not old enough
	refused uint64 // events for which there was no memory
}

const (
	minAge       = uint64(time.Second) // of a segment that is closed, and of one that a file waits for
	perFD        = 256                 // bytes of a segment of the largest size for each descriptor in an image
	segmentShare = 32                  // segments of the largest size in the budget
)

func newStore(lead time.Duration, bytes int64) *store {
	most := max(int(bytes/chunkSize), 2*segmentShare)
	size := most / segmentShare * chunkSize
	return &store{
		lead: uint64(lead), age: max(uint64(lead)/2, minAge), maxSize: size, maxFDs: size / perFD,
		maxTree: most / 2, most: most, trees: map[uint64]*tree{},
	}
}

// tree returns the tree of that number.
func (s *store) tree(id uint64) *tree {
	if s.recent != nil && s.recent.id == id {
		return s.recent
	}
	t := s.trees[id]
	if t == nil {
		t = &tree{id: id}
		s.trees[id] = t
	}
	s.recent = t
	return t
}

// segment returns the segment of t that an event of that time belongs to.
func (s *store) segment(t *tree, ts, hostLost uint64) *segment {
	if t.open {
		if c := t.current(); c.size < s.maxSize && ts < c.first+s.ageOf(t) {
			return c
		}
		s.close(t)
	}
	s.retire(t, ts)
	s.num++
	c := s.newSegment()
	c.num, c.first, c.last, c.hostLost = s.num, ts, ts, hostLost
	t.segments, t.open = append(t.segments, c), true
	return c
}

func (s *store) ageOf(t *tree) uint64 {
	if t.dump != nil {
		return minAge
	}
	return s.age
}

func (s *store) newSegment() *segment {
	if n := len(s.unused); n > 0 {
		c := s.unused[n-1]
		s.unused = s.unused[:n-1]
		return c
	}
	return &segment{}
}

// close ends the current segment. Who follows the tree gets it.
func (s *store) close(t *tree) {
	if !t.open {
		return
	}
	t.open = false
	if t.dump != nil {
		t.dump.send(t.current())
	}
}

// add appends a record to the current segment of t; false when there is no memory.
func (s *store) add(t *tree, k kind, cpu uint16, b []byte) bool {
	c := t.current()
	if c.need(len(b)) > s.maxTree/2 {
		return false // all others would have to go
	}
	for c.need(len(b)) > 0 {
		m := s.chunk(t)
		if m == nil {
			return false
		}
		c.chunks = append(c.chunks, m)
		t.chunks++
	}
	c.append(k, cpu, b)
	return true
}

// chunk finds memory for t, nil when there is none.
func (s *store) chunk(t *tree) *chunk {
	for {
		if m := s.take(t); m != nil {
			return m
		}
		if s.wait == nil || !s.wait() {
			return s.take(t)
		}
	}
}

func (s *store) take(t *tree) *chunk {
	for t.chunks >= s.maxTree {
		if !s.evict(t, t) {
			return nil
		}
	}
	for len(s.free) == 0 {
		if s.made < s.most {
			s.made++
			return new(chunk)
		}
		if !s.reclaim() && !s.evict(s.largest(t), t) {
			return nil
		}
	}
	m := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	return m
}

// largest returns the tree that holds the most and can lose some of it; of equal
// ones that which was quiet for longest.
func (s *store) largest(busy *tree) *tree {
	var l *tree
	for _, t := range s.trees {
		if !t.canLose(busy) {
			continue
		}
		if l == nil || t.chunks > l.chunks || t.chunks == l.chunks && t.last < l.last {
			l = t
		}
	}
	return l
}

// canLose tells whether the oldest segment of t can be used for something else.
// That which is being written stays with the tree that is at work, and where a
// file waits for it.
func (t *tree) canLose(busy *tree) bool {
	if len(t.segments) == 0 || t.segments[0].pins.Load() > 0 {
		return false
	}
	return len(t.segments) > 1 || !t.open || t != busy && t.dump == nil
}

// evict takes the oldest segment of t away, although it is young enough.
func (s *store) evict(t, busy *tree) bool {
	if t == nil || !t.canLose(busy) {
		return false
	}
	c := t.segments[0]
	if c.events > 0 {
		s.evicted += c.events
		t.cut = c.last
	}
	s.drop(t)
	return true
}

// drop takes the oldest segment of t away.
func (s *store) drop(t *tree) {
	c := t.segments[0]
	if len(t.segments) == 1 {
		s.close(t)
	}
	t.segments = t.segments[:copy(t.segments, t.segments[1:])]
	t.chunks -= len(c.chunks)
	if c.pins.Load() > 0 {
		s.limbo = append(s.limbo, c)
		return
	}
	s.recycle(c)
}

func (s *store) recycle(c *segment) {
	s.free = append(s.free, c.chunks...)
	c.chunks, c.size, c.events = c.chunks[:0], 0, 0
	s.unused = append(s.unused, c)
}

// reclaim takes back what has been read meanwhile; false when there is nothing.
func (s *store) reclaim() bool {
	n := len(s.limbo)
	keep := s.limbo[:0]
	for _, c := range s.limbo {
		if c.pins.Load() > 0 {
			keep = append(keep, c)
		} else {
			s.recycle(c)
		}
	}
	s.limbo = keep
	return len(keep) < n
}

// retire drops the segments of t that no file would begin with any more.
func (s *store) retire(t *tree, now uint64) {
	for len(t.segments) > 1 && t.segments[1].first+s.lead < now {
		s.drop(t)
	}
	if len(t.segments) == 1 && !t.open && t.last+s.lead < now {
		s.drop(t)
	}
}

// sweep drops what is too old, and trees of which nothing is left.
func (s *store) sweep(now uint64) {
	if now < s.swept+s.age {
		return
	}
	s.swept = now
	for id, t := range s.trees {
		if t.dump != nil {
			continue
		}
		if t.last+s.lead < now {
			t.open = false
		}
		s.retire(t, now)
		if len(t.segments) == 0 && t != s.recent {
			delete(s.trees, id)
		}
	}
	s.reclaim()
}

// clear forgets all trees, and gives their memory away.
func (s *store) clear() {
	for id, t := range s.trees {
		for len(t.segments) > 0 {
			s.drop(t)
		}
		delete(s.trees, id)
	}
	s.recent = nil
	s.made -= len(s.free)
	s.free, s.unused = nil, nil
}

// SPDX-License-Identifier: Apache-2.0

package ring

import "github.com/eyas-security/eyas/pkg/abi"

// Stats says what a reader has handed on and what it missed, since it began.
type Stats struct {
	Counts
	Corrupt map[int]error // by CPU: why its ring ended; nil when none did
}

// Counts are the numbers of Stats.
type Counts struct {
	Records  uint64 // events handed on; DROP records are no events
	Drops    uint64 // DROP records handed on
	Lost     Lost   // what they told
	SeqGaps  uint64 // attempts for which seq and DROP records do not agree
	Late     uint64 // handed on after a record with a later time
	Ahead    uint64 // with a time far in the future, handed on at once
	TimedOut uint64 // rings that were still being written when the wait ended
}

// Lost counts lost attempts by reason.
type Lost struct {
	Full, Nested, TooLarge, BadReader uint64
}

func (l *Lost) add(d *abi.ExtDrop) {
	l.Full += d.Full
	l.Nested += d.Nested
	l.TooLarge += d.TooLarge
	l.BadReader += d.BadReader
}

// Sum is the number of attempts lost.
func (l Lost) Sum() uint64 { return l.Full + l.Nested + l.TooLarge + l.BadReader }

// Stats is the state after the last batch. It may be called from any goroutine.
func (r *Reader) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.public
	s.Corrupt = nil
	for cpu, err := range r.public.Corrupt {
		if s.Corrupt == nil {
			s.Corrupt = make(map[int]error)
		}
		s.Corrupt[cpu] = err
	}
	return s
}

func (r *Reader) publish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.public.Counts = r.stats
	for _, c := range r.cpus {
		if c.err == nil {
			continue
		}
		if r.public.Corrupt == nil {
			r.public.Corrupt = make(map[int]error)
		}
		r.public.Corrupt[c.id] = c.err
	}
}

// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/state"
)

// tellEvery is the least time between two messages on losses.
const tellEvery = time.Second

// tellLosses logs what was lost since it last did.
func (in *intake) tellLosses(s *driver.Session) {
	if time.Since(in.toldAt) < tellEvery {
		return
	}
	stats := s.Stats()
	if lost := stats.Lost.Sum() + stats.SeqGaps; lost > in.told.Lost.Sum()+in.told.SeqGaps {
		in.log.WithFields(lossFields(stats.Counts)).Warnf("%d events lost since the start; a larger [driver] ring_bytes or fewer system calls would help", lost)
	}
	for cpu, err := range stats.Corrupt {
		in.log.Errorf("the ring of cpu %d is not read any more: %v", cpu, err)
	}
	if in.badRecord != nil {
		in.log.Errorf("%d records cannot be decoded, the last: %v", in.undecodable, in.badRecord)
		in.badRecord = nil
	}
	in.told, in.toldAt = stats.Counts, time.Now()
}

// summary logs what became of everything that was recorded.
func (p *pipeline) summary(s *driver.Session) {
	stats := s.Stats()
	st := p.state.Stats()
	fields := lossFields(stats.Counts)
	fields["events"], fields["alerts"] = stats.Records, p.alerts.num
	fields["undecodable"] = p.undecodable
	addStateFields(fields, &st)
	p.flights.close(fields)
	p.log.WithFields(fields).Info("stopped")
}

// tellEvictions logs that the state had to forget threads to stay within its
// bounds.
func (p *pipeline) tellEvictions(now time.Time) {
	st := p.state.Stats()
	if st.Evicted == p.evicted || now.Sub(p.evictedTold) < tellEvery {
		return
	}
	p.evicted, p.evictedTold = st.Evicted, now
	fields := logrus.Fields{}
	addStateFields(fields, &st)
	p.log.WithFields(fields).Warnf("%d threads were forgotten since the start; a larger [state] max_bytes or max_threads would help", st.Evicted)
}

// addStateFields adds what the tables hold, and what they had to do without.
func addStateFields(f logrus.Fields, st *state.Stats) {
	f["threads"], f["fds"], f["containers"], f["state_bytes"] = st.Threads, st.FDs, st.Containers, st.Bytes
	for name, n := range map[string]uint64{
		"evicted": st.Evicted, "evicted_containers": st.EvictedContainers, "refused_fds": st.RefusedFDs,
		"missed_threads": st.MissedThreads, "missed_parents": st.MissedParents, "missed_exits": st.MissedExits,
		"unknown_fds": st.UnknownFDs, "lookups_refused": st.LookupsRefused, "scan_errors": st.ScanErrors,
	} {
		if n > 0 {
			f[name] = n
		}
	}
}

func lossFields(c ring.Counts) logrus.Fields {
	return logrus.Fields{
		"lost_full": c.Lost.Full, "lost_nested": c.Lost.Nested, "lost_too_large": c.Lost.TooLarge,
		"lost_bad_reader": c.Lost.BadReader, "seq_gaps": c.SeqGaps, "late": c.Late,
	}
}

// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/ring"
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
	fields["threads"], fields["evicted"] = st.Threads, st.Evicted
	p.log.WithFields(fields).Info("stopped")
}

func lossFields(c ring.Counts) logrus.Fields {
	return logrus.Fields{
		"lost_full": c.Lost.Full, "lost_nested": c.Lost.Nested, "lost_too_large": c.Lost.TooLarge,
		"lost_bad_reader": c.Lost.BadReader, "seq_gaps": c.SeqGaps, "late": c.Late,
	}
}

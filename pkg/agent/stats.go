// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/ring"
)

// statsLine is what a line of metrics.output_file says. All numbers but those of
// the state count from the start of the agent.
type statsLine struct {
	Time    time.Time         `json:"time"`
	Running float64           `json:"running_seconds"`
	CPU     float64           `json:"cpu_seconds"`
	Rules   int               `json:"rules"`
	Events  uint64            `json:"events"`
	Alerts  uint64            `json:"alerts"`
	Matches map[string]uint64 `json:"matches"` // by rule
	Lost    lostEvents        `json:"lost"`
	State   stateSize         `json:"state"`
	Outputs []sentLines       `json:"outputs"`
}

// lostEvents are events that were recorded and did not arrive, by the reason.
type lostEvents struct {
	Full        uint64 `json:"full"`
	Nested      uint64 `json:"nested"`
	TooLarge    uint64 `json:"too_large"`
	BadReader   uint64 `json:"bad_reader"`
	SeqGaps     uint64 `json:"seq_gaps"`
	Undecodable uint64 `json:"undecodable"`
}

// stateSize is what the tables hold now, and how many threads they had to forget.
type stateSize struct {
	Threads    int    `json:"threads"`
	FDs        int    `json:"fds"`
	Containers int    `json:"containers"`
	Bytes      int64  `json:"bytes"`
	Evicted    uint64 `json:"evicted"`
}

// sentLines is what became of the alerts of one output.
type sentLines struct {
	Name string `json:"name"`
	Sent uint64 `json:"sent"`
	Lost uint64 `json:"lost"`
}

// statsFile gets a line of JSON now and then, and one at the end. A nil one gets
// nothing.
type statsFile struct {
	name        string
	log         *logrus.Logger
	outputs     *output.Outputs
	every       time.Duration
	start, next time.Time
	failing     bool // the last line could not be written, which was told
	last        *statsLine
}

// newStats makes sure that the file of the configuration can be written to.
func newStats(cfg *config.Metrics, log *logrus.Logger, outputs *output.Outputs) (*statsFile, error) {
	if !cfg.Enabled {
		return nil, nil
	}
	now := time.Now()
	s := &statsFile{name: cfg.OutputFile, log: log, outputs: outputs, every: cfg.Every(), start: now, next: now.Add(cfg.Every())}
	if err := s.write(nil); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return s, nil
}

// write appends to the file, which may be another one than last time.
func (s *statsFile) write(line []byte) error {
	f, err := os.OpenFile(s.name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Close())
}

// due tells whether it is time for a line.
func (s *statsFile) due(now time.Time) bool { return s != nil && !now.Before(s.next) }

// tellStats writes a line. What is lost comes from the reader of the rings.
func (p *pipeline) tellStats(now time.Time, lost ring.Counts) {
	if p.stats != nil {
		p.stats.tell(p.statsLine(now, lost))
	}
}

// lastStats is tellStats for the line that end writes.
func (p *pipeline) lastStats(now time.Time, lost ring.Counts) {
	if p.stats != nil {
		p.stats.last = p.statsLine(now, lost)
	}
}

// end writes the last line, after the outputs have taken what was still on the way.
func (s *statsFile) end() {
	if s != nil && s.last != nil {
		s.tell(s.last)
	}
}

// tell writes a line with what the outputs have taken.
func (s *statsFile) tell(line *statsLine) {
	s.next = line.Time.Add(s.every)
	for _, o := range s.outputs.Stats() {
		line.Outputs = append(line.Outputs, sentLines(o))
	}
	text, err := json.Marshal(line)
	if err == nil {
		err = s.write(append(text, '\n'))
	}
	if err != nil && !s.failing {
		s.log.Errorf("metrics are missing from here on, until they can be written again: %v", err)
	}
	s.failing = err != nil
}

func (p *pipeline) statsLine(now time.Time, lost ring.Counts) *statsLine {
	st := p.state.Stats()
	return &statsLine{
		Time: now.UTC(), Running: now.Sub(p.stats.start).Seconds(), CPU: cpuTime().Seconds(),
		Rules: len(p.rules), Events: p.num, Alerts: p.alerts.num, Matches: p.alerts.matches,
		Lost:  lostEvents{lost.Lost.Full, lost.Lost.Nested, lost.Lost.TooLarge, lost.Lost.BadReader, lost.SeqGaps, p.undecodable},
		State: stateSize{st.Threads, st.FDs, st.Containers, st.Bytes, st.Evicted}, Outputs: []sentLines{},
	}
}

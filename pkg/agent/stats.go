// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/ring"
)

// statsLine is what a line of the statistics file says. All numbers but those of
// the state count from the start of the agent.
type statsLine struct {
	Time    time.Time   `json:"time"`
	Running float64     `json:"running_seconds"`
	Rules   int         `json:"rules"`
	Events  uint64      `json:"events"`
	Alerts  uint64      `json:"alerts"`
	Lost    lostEvents  `json:"lost"`
	State   stateSize   `json:"state"`
	Outputs []sentLines `json:"outputs"`
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
	f           *os.File
	log         *logrus.Logger
	outputs     *output.Outputs
	every       time.Duration
	start, next time.Time
}

// openStats opens the file of the options, which is appended to.
func openStats(opt Options, outputs *output.Outputs) (*statsFile, error) {
	if opt.Stats == "" {
		return nil, nil
	}
	f, err := os.OpenFile(opt.Stats, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open statistics file: %w", err)
	}
	now := time.Now()
	return &statsFile{f: f, log: opt.Log, outputs: outputs, every: opt.StatsEvery, start: now, next: now.Add(opt.StatsEvery)}, nil
}

func (s *statsFile) close() error {
	if s == nil || s.f == nil {
		return nil
	}
	return s.f.Close()
}

// due tells whether it is time for a line.
func (s *statsFile) due(now time.Time) bool { return s != nil && !now.Before(s.next) }

// tellStats writes a line. What is lost comes from the reader of the rings.
func (p *pipeline) tellStats(now time.Time, lost ring.Counts) {
	s := p.stats
	if s == nil || s.f == nil {
		return
	}
	s.next = now.Add(s.every)
	st := p.state.Stats()
	line := statsLine{
		Time: now.UTC(), Running: now.Sub(s.start).Seconds(), Rules: len(p.rules), Events: p.num, Alerts: p.alerts.num,
		Lost:  lostEvents{lost.Lost.Full, lost.Lost.Nested, lost.Lost.TooLarge, lost.Lost.BadReader, lost.SeqGaps, p.undecodable},
		State: stateSize{st.Threads, st.FDs, st.Containers, st.Bytes, st.Evicted}, Outputs: []sentLines{},
	}
	for _, o := range s.outputs.Stats() {
		line.Outputs = append(line.Outputs, sentLines(o))
	}
	if err := json.NewEncoder(s.f).Encode(&line); err != nil {
		s.log.Errorf("no more statistics are written: %v", err)
		_ = s.f.Close() // the write has said what is wrong
		s.f = nil
	}
}

// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/ring"
)

func statsPipeline(t *testing.T, file string, log *bytes.Buffer) *pipeline {
	t.Helper()
	logger := logrus.New()
	logger.SetOutput(log)
	outputs, err := output.New(output.Options{Capacity: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { outputs.Close(t.Context()) })
	opt := Options{Log: logger, Rules: ruleSet(t, config.Default(), ""), Stats: file, StatsEvery: time.Minute}
	if opt.stats, err = openStats(opt, outputs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opt.stats.close() })
	p, err := newPipeline(opt, engine.First, outputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A line is due a while after the one before, and says what was lost and why.
func TestStats(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stats")
	p := statsPipeline(t, file, &bytes.Buffer{})
	p.num, p.alerts.num, p.undecodable = 70, 7, 3
	at := p.stats.next
	if p.stats.due(at.Add(-1)) || !p.stats.due(at) {
		t.Error("a line is not due when it should be")
	}
	lost := ring.Counts{SeqGaps: 5}
	lost.Lost.Full = 9
	p.tellStats(at, lost)
	if p.stats.due(at.Add(time.Minute-1)) || !p.stats.due(at.Add(time.Minute)) {
		t.Error("the next line is not due a minute later")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got statsLine
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if !got.Time.Equal(at) || got.Running != 60 || got.Events != 70 || got.Alerts != 7 || got.Lost != (lostEvents{Full: 9, SeqGaps: 5, Undecodable: 3}) {
		t.Errorf("got %s", text)
	}
}

// A file that takes no more is told once.
func TestStatsFull(t *testing.T) {
	var log bytes.Buffer
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full: ", err)
	}
	p := statsPipeline(t, "/dev/full", &log)
	for range 3 {
		p.tellStats(p.stats.next, ring.Counts{})
	}
	if n := strings.Count(log.String(), "no more statistics are written: "); n != 1 {
		t.Errorf("told %d times: %s", n, &log)
	}
}

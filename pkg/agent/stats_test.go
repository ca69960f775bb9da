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
	opt := Options{Log: logger, Rules: ruleSet(t, config.Default(), "")}
	if opt.stats, err = newStats(&config.Metrics{Enabled: true, Interval: "1m", OutputFile: file}, logger, outputs); err != nil {
		t.Fatal(err)
	}
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

// What cannot be written is told once, until it can be again; the file may be moved away meanwhile.
func TestStatsFails(t *testing.T) {
	var log bytes.Buffer
	dir := filepath.Join(t.TempDir(), "dir")
	file := filepath.Join(dir, "stats")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := statsPipeline(t, file, &log)
	for _, there := range []bool{true, false, false, true, false} {
		from, to := dir, dir+".away"
		if there {
			from, to = to, from
		}
		if _, err := os.Stat(from); err == nil {
			if err := os.Rename(from, to); err != nil {
				t.Fatal(err)
			}
		}
		p.tellStats(p.stats.next, ring.Counts{})
	}
	if n := strings.Count(log.String(), "metrics are missing from here on"); n != 2 {
		t.Errorf("told %d times, want 2: %s", n, &log)
	}
	if text, err := os.ReadFile(filepath.Join(dir+".away", "stats")); err != nil || bytes.Count(text, []byte("\n")) != 2 {
		t.Errorf("the file has %q, %v; want two lines", text, err)
	}
}

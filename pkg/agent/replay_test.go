// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/output"
)

// A capture that was cut gives the alerts of all events before the cut, even
// through an output that takes one at a time, and then an error with the place.
func TestReplayOfCutCapture(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "corpus")
	whole, err := os.ReadFile(filepath.Join(dir, "captures", "attack.scap"))
	if err != nil {
		t.Fatal(err)
	}
	capture := filepath.Join(t.TempDir(), "cut.scap")
	if err := os.WriteFile(capture, whole[:len(whole)*3/4], 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.JSONOutput, cfg.TimeISO8601, cfg.OutputsQueue.Capacity = true, true, 1
	srcs, err := ReadRules(ruleFilesOf(t, dir, "stable_incubating"), false)
	if err != nil {
		t.Fatal(err)
	}
	set, err := LoadRules(cfg, srcs, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	t.Setenv(output.HostnameVariable, "db1")
	var out bytes.Buffer
	err = Run(context.Background(), cfg, Options{Rules: set, Stdout: &out, Log: log, Capture: capture})
	if err == nil || !strings.Contains(err.Error(), "cut.scap: capture is damaged at byte ") {
		t.Errorf("got %v", err)
	}
	golden, err := os.ReadFile(filepath.Join(dir, "goldens", "attack__stable_incubating.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	want, got := alertsOf(t, golden), alertsOf(t, out.Bytes())
	if len(got) == 0 || len(got) >= len(want) {
		t.Fatalf("%d alerts before the cut, %d in the whole", len(got), len(want))
	}
	compareAlerts(t, want[:len(got)], got)
}

func TestReplayErrors(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.scap")
	if err := os.WriteFile(text, []byte("not a capture"), 0o600); err != nil {
		t.Fatal(err)
	}
	for capture, want := range map[string]string{
		text:              "text.scap: not a capture file",
		text + ".missing": "no such file",
	} {
		log := logrus.New()
		log.SetOutput(io.Discard)
		err := Run(context.Background(), config.Default(), Options{Rules: &RuleSet{}, Stdout: io.Discard, Log: log, Capture: capture})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", filepath.Base(capture), err, want)
		}
	}
}

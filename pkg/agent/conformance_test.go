// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/output"
)

// rulesOf are the rule files behind the names of the corpus.
var rulesOf = map[string][]string{
	"stable":            {"falco_rules.yaml"},
	"incubating":        {"falco-incubating_rules.yaml"},
	"stable_incubating": {"falco_rules.yaml", "falco-incubating_rules.yaml"},
}

// TestConformance replays every capture of the corpus with every rule set, and
// compares the alerts with those of the reference: the same in the same order,
// with the same times and values. There is no deviation, in containers and users
// either, which this host may not have.
func TestConformance(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "corpus")
	goldens, err := filepath.Glob(filepath.Join(dir, "goldens", "*.jsonl"))
	if err != nil || len(goldens) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, golden := range goldens {
		name := strings.TrimSuffix(filepath.Base(golden), ".jsonl")
		capture, set, _ := strings.Cut(name, "__")
		set, all := strings.CutSuffix(set, "_matchall")
		if sharedtest.RaceDetector && (!all || slices.Contains([]string{"admin", "web", "build"}, capture)) {
			continue // too slow; runs without it have the whole corpus
		}
		t.Run(name, func(t *testing.T) {
			cfg := config.Default()
			if all {
				cfg.RuleMatching = "all"
			}
			got := replayed(t, cfg, filepath.Join(dir, "captures", capture+".scap"), ruleFilesOf(t, dir, set))
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			compareAlerts(t, alertsOf(t, want), alertsOf(t, got))
			if !t.Failed() && !bytes.Equal(want, got) {
				t.Error("the alerts are equal, but not to the last byte")
			}
		})
	}
}

func ruleFilesOf(t *testing.T, dir, set string) []string {
	t.Helper()
	if len(rulesOf[set]) == 0 {
		t.Fatalf("unknown rule set %s", set)
	}
	var files []string
	for _, f := range rulesOf[set] {
		files = append(files, filepath.Join(dir, "rules", f))
	}
	return files
}

// replayed returns the alerts of a capture as JSON lines, on the host that the
// reference ran on.
func replayed(t *testing.T, cfg *config.Config, capture string, ruleFiles []string) []byte {
	t.Helper()
	t.Setenv(output.HostnameVariable, "db1")
	cfg.JSONOutput, cfg.TimeISO8601 = true, true
	srcs, err := ReadRules(ruleFiles, false)
	if err != nil {
		t.Fatal(err)
	}
	set, err := LoadRules(cfg, srcs, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	var out bytes.Buffer
	if err := Run(context.Background(), cfg, Options{Rules: set, Stdout: &out, Log: log, Capture: capture}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// alertsOf decodes JSON lines, numbers as they are written.
func alertsOf(t *testing.T, lines []byte) []map[string]any {
	t.Helper()
	var alerts []map[string]any
	dec := json.NewDecoder(bytes.NewReader(lines))
	dec.UseNumber()
	for {
		var a map[string]any
		err := dec.Decode(&a)
		if err == io.EOF {
			return alerts
		}
		if err != nil {
			t.Fatalf("alert %d: %v", len(alerts), err)
		}
		alerts = append(alerts, a)
	}
}

func compareAlerts(t *testing.T, want, got []map[string]any) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d alerts, want %d", len(got), len(want))
	}
	const most = 5
	differ := 0
	for i := range min(len(got), len(want)) {
		if d := cmp.Diff(want[i], got[i]); d != "" {
			if differ++; differ <= most {
				t.Errorf("alert %d (-want +got):\n%s", i, d)
			}
		}
	}
	if differ > most {
		t.Errorf("and %d more alerts differ", differ-most)
	}
}

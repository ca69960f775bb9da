// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
)

// rulesOf are the rule files behind the names of the corpus.
var rulesOf = map[string][]string{
	"stable":            {"falco_rules.yaml"},
	"incubating":        {"falco-incubating_rules.yaml"},
	"stable_incubating": {"falco_rules.yaml", "falco-incubating_rules.yaml"},
}

// suggested are the fields that the reference adds to every alert because its
// container plugin suggests them. Eyas has no append_output yet, which is what
// adds suggested fields; where an alert of ours has such a field, it is compared.
var suggested = []struct{ field, label string }{
	{"container.id", "container_id"},
	{"container.name", "container_name"},
	{"container.image.repository", "container_image_repository"},
	{"container.image.tag", "container_image_tag"},
	{"k8s.pod.name", "k8s_pod_name"},
	{"k8s.ns.name", "k8s_ns_name"},
}

// TestConformance replays every capture of the corpus with every rule set, and
// compares the alerts with those of the reference: the same in the same order,
// with the same times and values. There is no other deviation than suggested.
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

// replayed returns the alerts of a capture as JSON lines.
func replayed(t *testing.T, cfg *config.Config, capture string, ruleFiles []string) []byte {
	t.Helper()
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
		delete(a, "hostname")
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
		dropSuggested(t, want[i], got[i])
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

// dropSuggested takes the suggested fields off an alert of the reference, as far
// as ours has not got them.
func dropSuggested(t *testing.T, want, got map[string]any) {
	t.Helper()
	fields, _ := want["output_fields"].(map[string]any)
	ours, _ := got["output_fields"].(map[string]any)
	var tail strings.Builder
	for _, s := range suggested {
		text := "<NA>"
		if fields[s.field] != nil {
			text = fmt.Sprint(fields[s.field])
		}
		fmt.Fprintf(&tail, " %s=%s", s.label, text)
		if _, have := ours[s.field]; !have {
			delete(fields, s.field)
		}
	}
	output, _ := want["output"].(string)
	short, ok := strings.CutSuffix(output, tail.String())
	if !ok {
		t.Errorf("output does not end in%s: %s", tail.String(), output)
	}
	want["output"] = short
}

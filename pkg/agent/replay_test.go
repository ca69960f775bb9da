// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
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

// [P24] A replay tells the users of the capture, not those of this machine, and
// host as the container of processes in none.
func TestReplayUsers(t *testing.T) {
	for name, tt := range map[string]struct {
		uid  uint32
		want string
	}{
		"[P24] the capture names root otherwise": {0, "captain host"},
		"[P24] the capture lacks a user of here": {1, "<NA> host"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			rule, capture := filepath.Join(dir, "r.yaml"), filepath.Join(dir, "c.scap")
			text := "- rule: r\n  desc: d\n  condition: evt.type = mkdir\n  output: \"%user.name %container.id\"\n  priority: INFO\n"
			if err := errors.Join(os.WriteFile(rule, []byte(text), 0o600), os.WriteFile(capture, mkdirBy(t, tt.uid), 0o600)); err != nil {
				t.Fatal(err)
			}
			cfg := config.Default()
			cfg.AppendOutput = nil
			alerts := alertsOf(t, replayed(t, cfg, capture, []string{rule}))
			if len(alerts) != 1 || !strings.HasSuffix(alerts[0]["output"].(string), ": Informational "+tt.want) {
				t.Errorf("got %v, want %s", alerts, tt.want)
			}
		})
	}
}

// mkdirBy is a capture of one event, whose only user is one with the id 0.
func mkdirBy(t *testing.T, uid uint32) []byte {
	t.Helper()
	st := state.New(state.Options{})
	st.AddUser(state.User{Name: "captain"})
	st.AddThread(state.Thread{TID: 10, PID: 10, PTID: 1, VTID: 10, VPID: 10, Comm: "sh", UID: uid})
	raw, err := event.Encode(nil, schema.EvSyscallMkdir2X, 1_700_000_000_000_000_000, 10, map[string]string{"res": "0", "path": "/x"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := scap.NewWriter(&out, false, scap.Machine{NumCPUs: 1, Hostname: "db1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.State(st), w.Event(0, raw, false), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
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

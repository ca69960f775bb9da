// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/internal/scaptest"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// capturing is a configuration that has files written, and their folder.
func capturing(t *testing.T, mode string) (*config.Config, string) {
	t.Helper()
	dir := t.TempDir()
	cfg := config.Default()
	cfg.Capture.Enabled, cfg.Capture.Mode, cfg.Capture.PathPrefix = true, mode, filepath.Join(dir, "rec")
	cfg.Capture.MaxRunning, cfg.Capture.MaxFiles = 1000, 0
	return cfg, dir
}

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// concat makes one capture of several.
func concat(t *testing.T, files []string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "all.scap")
	var all []byte
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	if err := os.WriteFile(name, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// alertKey is an alert without what differs between a capture and a part of it.
func alertKey(t *testing.T, a map[string]any) string {
	t.Helper()
	a = maps.Clone(a)
	if fields, ok := a["output_fields"].(map[string]any); ok {
		fields = maps.Clone(fields)
		delete(fields, "evt.num")
		a["output_fields"] = fields
	}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// broadRule looks at much of what the state knows. Not at what no capture can tell:
// the number of descriptors, as lists do not say which of them an exec closes; the
// names of processes of other trees.
const broadRule = `
- rule: Broad
  desc: d
  condition: evt.type in (execve, unlinkat, unlink, renameat2, connect, listen, chmod) and evt.res in (SUCCESS, EINPROGRESS)
  output: >
    %evt.rawtime %evt.type %thread.tid %proc.pid %proc.ppid %proc.name %proc.exe %proc.exepath %proc.args %proc.cwd %proc.env %proc.sname
    %proc.pname %proc.pexe %proc.pcmdline %proc.aname[2] %proc.aname[3] %proc.apid[2] %proc.tty %proc.loginshellid %proc.sid %proc.vpgid
    %proc.nchilds %proc.nthreads %proc.is_exe_upper_layer %proc.exe_ino
    %thread.cap_effective %thread.cgroups %user.name %user.uid %user.loginuid %group.name %fd.num %fd.name %fd.type %fd.lip %fd.rip %evt.args
  priority: INFO
`

// TestFilesAlertAgain: every alert of a capture, by the official rules, has a file
// that raises the same alert, with the same fields, and no file raises another.
func TestFilesAlertAgain(t *testing.T) {
	corpus := filepath.Join(sharedtest.Dir(t), "corpus")
	official := ruleFilesOf(t, corpus, "stable_incubating")
	broad := filepath.Join(t.TempDir(), "broad.yaml")
	if err := os.WriteFile(broad, []byte(broadRule), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, ruleFiles := range map[string][]string{"attack": official, "admin": official, "build": {broad}, "web": {broad}} {
		if sharedtest.RaceDetector && name != "web" {
			continue // too slow; runs without it have them all
		}
		t.Run(name, func(t *testing.T) {
			cfg, dir := capturing(t, "all_rules")
			cfg.Capture.BeforeDuration, cfg.Capture.DefaultDuration = 1000, 100
			missing, known := map[string]bool{}, map[string]bool{}
			for _, a := range alertsOf(t, replayed(t, cfg, filepath.Join(corpus, "captures", name+".scap"), ruleFiles)) {
				key := alertKey(t, a)
				missing[key], known[key] = true, true
			}
			files := filesIn(t, dir)
			for _, a := range alertsOf(t, replayed(t, config.Default(), concat(t, files), ruleFiles)) {
				key := alertKey(t, a)
				delete(missing, key)
				if !known[key] {
					t.Errorf("a file raises another alert: %s", key)
				}
			}
			for key := range missing {
				t.Errorf("no file raises %s", key)
			}
			t.Logf("%d alerts, %d files", len(known), len(files))
		})
	}
}

const shadowDump = `
- rule: Shadow
  desc: d
  condition: evt.type in (open, openat, openat2) and fd.name = /etc/shadow and evt.res = SUCCESS
  output: "%evt.rawtime %proc.pid %proc.cmdline %proc.aname[1] %proc.aname[2] %fd.name %user.name"
  priority: INFO
  capture: true
  capture_duration: 300
- rule: Silent
  desc: asks for no file
  condition: evt.type = execve
  output: "%proc.cmdline"
  priority: INFO
`

// seen is an event of a capture as it was recorded.
type seen struct {
	ts   uint64
	num  uint64
	cpu  uint16
	tree uint64
	raw  string
}

// shownEvents reads the events of a capture that are to be seen, with their trees.
func shownEvents(t *testing.T, file string) []seen {
	t.Helper()
	var all []seen
	scaptest.Each(t, file, func(r *scap.Reader, ev *state.Event) {
		st := r.State()
		st.Update(ev)
		if r.Shown() {
			all = append(all, seen{ev.TS, ev.Num, ev.CPU, st.Tree(ev.Thread), string(ev.Raw())})
		}
		st.Done(ev)
	})
	return all
}

// TestFileHasWindow: a file has the events of the tree from the time before the
// match to the time after the last, exactly those.
func TestFileHasWindow(t *testing.T) {
	if sharedtest.RaceDetector {
		t.Skip("too slow; TestFilesAlertAgain has the same goroutines at work")
	}
	capture := filepath.Join(sharedtest.Dir(t), "corpus", "captures", "attack.scap")
	rule := filepath.Join(t.TempDir(), "r.yaml")
	if err := os.WriteFile(rule, []byte(shadowDump), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, dir := capturing(t, "rules")
	cfg.Capture.BeforeDuration = 200
	alerts := replayed(t, cfg, capture, []string{rule})
	events := shownEvents(t, capture)
	want := map[string][]seen{}
	var times []uint64
	for _, a := range alertsOf(t, alerts) {
		if a["rule"] == "Shadow" {
			ts, err := a["output_fields"].(map[string]any)["evt.rawtime"].(json.Number).Int64()
			if err != nil {
				t.Fatal(err)
			}
			times = append(times, uint64(ts))
		}
	}
	until := map[uint64]uint64{} // end of the tree's file
	for _, e := range events {
		if !slices.Contains(times, e.ts) || until[e.tree] >= e.ts {
			continue
		}
		name := fmt.Sprintf("rec_%d_%d.scap", e.ts, e.num)
		want[name], until[e.tree] = window(events, e, times)
	}
	if len(want) == 0 {
		t.Fatal("no match")
	}
	for _, file := range filesIn(t, dir) {
		name := filepath.Base(file)
		compareWindow(t, name, want[name], shownEvents(t, file))
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}

// window is the events of the tree of a match.
func window(events []seen, match seen, times []uint64) (in []seen, until uint64) {
	before, after := uint64(200*time.Millisecond), uint64(300*time.Millisecond)
	until = match.ts + after
	for _, e := range events {
		if e.num >= match.num && e.ts > until {
			break
		}
		if e.tree != match.tree || e.ts < match.ts-before {
			continue
		}
		in = append(in, e)
		if e.num > match.num && slices.Contains(times, e.ts) {
			until = max(until, e.ts+after)
		}
	}
	return in, until
}

func compareWindow(t *testing.T, name string, want, got []seen) {
	t.Helper()
	if len(want) == 0 || len(got) != len(want) {
		t.Errorf("%s: %d events, want %d", name, len(got), len(want))
		return
	}
	for i := range want {
		if g, w := got[i], want[i]; g.ts != w.ts || g.cpu != w.cpu || g.raw != w.raw {
			t.Fatalf("%s: event %d is of %d, want %d", name, i, g.ts, w.ts)
		}
	}
	t.Logf("%s: %d events", name, len(got))
}

// TestNoFiles: without the key, or with no rule that asks, nothing is written.
func TestNoFiles(t *testing.T) {
	dir := t.TempDir()
	capture, text := filepath.Join(dir, "c.scap"), filepath.Join(dir, "r.yaml")
	if err := os.WriteFile(capture, mkdirBy(t, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		rules   string
		enabled bool
		files   int
	}{
		"off":          {mkdirRule + "  capture: true\n", false, 0},
		"nobody asks":  {mkdirRule, true, 0},
		"somebody did": {mkdirRule + "  capture: true\n", true, 1},
	} {
		if err := os.WriteFile(text, []byte(tt.rules), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, dir := capturing(t, "rules")
		cfg.Capture.Enabled = tt.enabled
		if alerts := alertsOf(t, replayed(t, cfg, capture, []string{text})); len(alerts) != 1 {
			t.Errorf("%s: %d alerts", name, len(alerts))
		}
		if files := filesIn(t, dir); len(files) != tt.files {
			t.Errorf("%s: files %v", name, files)
		}
	}
}

// TestReloadOfFiles: rules that ask for files switch the recorder on and off. A
// file of rules that are gone ends with them; one on a quiet host, with its time.
func TestReloadOfFiles(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	asking := mkdirRule + "  capture: true\n  capture_duration: 5000\n"
	cfg, dir := capturing(t, "rules")
	tm := newTestManager(t, mkdirRule, nil)
	p := tm.pipe
	p.flights.cfg, p.flights.machine = cfg.Capture, func() scap.Machine { return scap.Machine{} }
	ts := uint64(10 * time.Second)
	mkdir := func() {
		ts += uint64(time.Second)
		if err := p.record(testRecord(t, schema.EvSyscallMkdir2X, ts, map[string]string{"res": "0", "path": "/x"})); err != nil {
			t.Fatal(err)
		}
	}
	reload := func(text string) {
		t.Helper()
		p.follow(ruleSet(t, cfg, text).Active, engine.New(ruleSet(t, cfg, text).Active, engine.First))
	}
	mkdir()
	if p.flights.on != nil {
		t.Error("events are kept although no rule asks")
	}
	reload(asking)
	mkdir()
	if n := p.flights.on.Following(); n != 1 {
		t.Errorf("%d files are written, want 1", n)
	}
	reload(mkdirRule)
	mkdir()
	reload(asking)
	mkdir()
	p.now = func() uint64 { return ts + uint64(7*time.Second) }
	go tm.idle(ctx)
	if again := tm.endCaptures(ctx); again != nil || p.flights.on.Following() != 0 {
		t.Error("a file goes on although its time is over")
	}
	fields := logrus.Fields{}
	p.flights.close(fields)
	tm.end()
	if d := cmp.Diff(logrus.Fields{"captures": uint64(2)}, fields); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	var shown []uint64
	for _, file := range filesIn(t, dir) {
		for _, e := range shownEvents(t, file) {
			shown = append(shown, e.ts/uint64(time.Second))
		}
	}
	if d := cmp.Diff([]uint64{12, 14}, shown); d != "" {
		t.Errorf("events of the files (-want +got):\n%s", d)
	}
}

// TestReloadCapture: another [capture] ends the files that are being written and holds for the next ones.
func TestReloadCapture(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	asking := mkdirRule + "  capture: true\n"
	first, dir := capturing(t, "rules")
	second, otherDir := capturing(t, "rules")
	tm := newTestManager(t, asking, nil)
	p := tm.pipe
	p.flights.machine = func() scap.Machine { return scap.Machine{} }
	go tm.idle(ctx)
	ts := uint64(10 * time.Second)
	for _, cfg := range []*config.Config{config.Default(), first, first, second, config.Default()} {
		tm.reload = func() (*Loaded, error) { return loadedFrom(t, cfg, asking), nil }
		if _, err := tm.loadAnew(ctx, "in a test"); err != nil {
			t.Fatal(err)
		}
		ts += uint64(time.Second)
		if err := p.record(testRecord(t, schema.EvSyscallMkdir2X, ts, map[string]string{"res": "0", "path": "/x"})); err != nil {
			t.Fatal(err)
		}
	}
	fields := logrus.Fields{}
	p.flights.close(fields)
	tm.end()
	if d := cmp.Diff(logrus.Fields{"captures": uint64(2), "captures_merged": uint64(1)}, fields); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for dir, want := range map[string]int{dir: 2, otherDir: 1} {
		files := filesIn(t, dir)
		if len(files) != 1 {
			t.Fatalf("files %v, want one", files)
		}
		if n := len(shownEvents(t, files[0])); n != want {
			t.Errorf("%s: %d events, want %d", files[0], n, want)
		}
	}
}

// TestKeptAllocs: keeping an event costs no allocation.
func TestKeptAllocs(t *testing.T) {
	cfg, _ := capturing(t, "rules")
	tm := newTestManager(t, mkdirRule, nil)
	defer tm.end()
	p := tm.pipe
	cfg.Capture.BufferBytes = 1 << 20
	p.flights.cfg = cfg.Capture
	set := ruleSet(t, cfg, mkdirRule+"  capture: true\n")
	p.follow(set.Active, engine.New(set.Active, engine.First))
	rec := testRecord(t, schema.EvSyscallWriteX, 1, map[string]string{"res": "5", "data": "hello", "fd": "3", "size": "5"})
	ts := uint64(time.Second)
	step := func() {
		ts += 1e6
		binary.LittleEndian.PutUint64(rec.Event, ts)
		if err := p.record(rec); err != nil {
			t.Fatal(err)
		}
	}
	for range 20_000 {
		step()
	}
	if n := testing.AllocsPerRun(10_000, step); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
	if s := p.flights.on.Stats(); s.Bytes == 0 || s.NoRoom != 0 {
		t.Errorf("stats: %+v", s)
	}
}

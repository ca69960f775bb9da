// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/internal/ringtest"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/schema"
)

// testManager is a manager over a module of memory.
type testManager struct {
	*manager
	masks  []abi.Mask // that were set, in order
	refuse error      // what setMask answers
	tasks  chan func()
	lines  [abi.NumCounters]abi.Counter

	snaplens []uint32     // that were set
	out      bytes.Buffer // alerts; to be read after end
	end      func()
}

const mkdirRule = "\n- rule: Mkdir\n  desc: d\n  condition: evt.type = mkdir\n  output: o\n  priority: INFO\n"
const rmdirRule = "\n- rule: Rmdir\n  desc: d\n  condition: evt.type = rmdir\n  output: o\n  priority: INFO\n"

func ruleSet(t *testing.T, cfg *config.Config, text string) *RuleSet {
	t.Helper()
	set, err := LoadRules(cfg, []rules.Source{{Name: "test.yaml", Text: []byte(text)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// newTestManager runs rules; its reloads load what next returns.
func newTestManager(t *testing.T, text string, next func() (*Loaded, error)) *testManager {
	t.Helper()
	cfg := config.Default()
	cfg.JSONOutput = true
	cfg.OutputsQueue.Capacity = 1 << 16
	log := logrus.New()
	log.SetOutput(io.Discard)
	tm := &testManager{tasks: make(chan func())}
	opt := Options{Rules: ruleSet(t, cfg, text), Stdout: &tm.out, Log: log, Reload: next}
	outputs, err := openOutputs(cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := newPipeline(opt, engine.First, outputs, func() uint64 { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan(cfg, opt.Rules.Active)
	s := session{
		setMask: func(m abi.Mask) error {
			if tm.refuse == nil {
				tm.masks = append(tm.masks, m)
			}
			return tm.refuse
		},
		do: func(ctx context.Context, fn func()) error {
			done := make(chan struct{})
			select {
			case tm.tasks <- func() { fn(); close(done) }:
				<-done
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		counters: func() ([]abi.Counter, error) { return slices.Clone(tm.lines[:]), nil },
		snaplen:  func(bytes uint32) error { tm.snaplens = append(tm.snaplens, bytes); return nil },
	}
	tm.manager = newManager(opt, &Loaded{Config: cfg, Rules: opt.Rules}, plan, s, pipe)
	tm.end = func() {
		if err := outputs.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	return tm
}

// idle does what is to be done between events while there are none.
func (tm *testManager) idle(ctx context.Context) {
	for {
		select {
		case fn := <-tm.tasks:
			fn()
		case <-ctx.Done():
			return
		}
	}
}

func loadedFrom(t *testing.T, cfg *config.Config, text string) *Loaded {
	return &Loaded{Config: cfg, Rules: ruleSet(t, cfg, text)}
}

// TestReloadOrder: the kernel records what old or new rules want before the engine changes, and only what the new ones want after.
func TestReloadOrder(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tm := newTestManager(t, mkdirRule, nil)
	tm.reload = func() (*Loaded, error) { return loadedFrom(t, config.Default(), rmdirRule), nil }
	go tm.idle(ctx)
	old := tm.plan.Kernel
	change, err := tm.loadAnew(ctx, "in a test")
	if err != nil {
		t.Fatal(err)
	}
	now := tm.plan.Kernel
	if want := []abi.Mask{abiMask(old.Union(now)), abiMask(now)}; !slices.Equal(tm.masks, want) || old == now {
		t.Errorf("masks: got %x, want those of both rules and of the new ones", tm.masks)
	}
	if diff := cmp.Diff([][]string{{"rmdir"}, {"mkdir"}}, [][]string{change.Added, change.Removed}); diff != "" {
		t.Errorf("change (-want +got):\n%s", diff)
	}
	if tm.set.Active[0].Name != "Rmdir" || tm.pipe.rules[0].Name != "Rmdir" || tm.status.Reloads != 1 {
		t.Errorf("rules in force: %s, %d reloads", tm.pipe.rules[0].Name, tm.status.Reloads)
	}
	tm.end()
}

// TestReloadFails: whatever goes wrong, all stays as it was, and an alert says so.
func TestReloadFails(t *testing.T) {
	broken := errors.New("test.yaml:3:1: broken")
	tests := []struct {
		name   string
		load   func() (*Loaded, error)
		refuse error
		want   string
	}{
		{"rules", func() (*Loaded, error) { return nil, broken }, nil, broken.Error()},
		{"mask", nil, errors.New("set mask: no tracepoint"), "set mask: no tracepoint"},
	}
	for _, tt := range tests {
		ctx, cancel := context.WithCancel(context.Background())
		tm := newTestManager(t, mkdirRule, nil)
		tm.reload = func() (*Loaded, error) { return loadedFrom(t, config.Default(), rmdirRule), nil }
		if tt.load != nil {
			tm.reload = tt.load
		}
		go tm.idle(ctx)
		tm.refuse = tt.refuse
		old, oldEngine := tm.plan, tm.pipe.engine
		_, err := tm.loadAnew(ctx, "in a test")
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if tm.plan != old || tm.pipe.engine != oldEngine || len(tm.masks) > 0 || tm.mask != old.Kernel {
			t.Errorf("%s: something changed", tt.name)
		}
		if tm.status.FailedReloads != 1 || tm.status.LastError != tt.want {
			t.Errorf("%s: status %+v", tt.name, tm.status)
		}
		tm.end()
		if out := tm.out.String(); !strings.Contains(out, `"rule":"Eyas: rules not reloaded"`) || !strings.Contains(out, tt.want) {
			t.Errorf("%s: alerts %q", tt.name, out)
		}
		cancel()
	}
}

func TestChangeMask(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tm := newTestManager(t, mkdirRule, nil)
	go tm.idle(ctx)
	go tm.run(ctx, nil)
	ask := func(op string, names ...string) *control.Response {
		return tm.ask(ctx, &control.Request{Command: control.CommandMask, Op: op, Names: names})
	}
	resp := ask("add", "read")
	if resp.Error != "" || !slices.Equal(resp.Change.Added, []string{"read"}) || len(resp.Change.Removed) > 0 {
		t.Errorf("add read: %+v", resp)
	}
	if resp = ask("remove", "mkdir"); !slices.Equal(resp.Change.Removed, []string{"mkdir"}) || len(resp.Change.Warnings) == 0 {
		t.Errorf("remove mkdir: %+v, want a warning: a rule needs it", resp.Change)
	}
	if resp = ask("add", "raed"); !strings.Contains(resp.Error, "did you mean read?") {
		t.Errorf("add raed: %+v", resp)
	}
	status := tm.ask(ctx, &control.Request{Command: control.CommandStatus})
	if status.Error != "" || !status.Status.Overridden || status.Status.Rules != 1 {
		t.Errorf("status: %+v", status)
	}
	explain := tm.ask(ctx, &control.Request{Command: control.CommandExplain, Names: []string{"mkdir"}})
	if len(explain.Members) != 1 || explain.Members[0].Selected || explain.Members[0].Out[0].Kind != "operator_removed" {
		t.Errorf("explain mkdir: %+v", explain)
	}
	if resp = ask("reset"); !slices.Equal(resp.Change.Added, []string{"mkdir"}) || !slices.Equal(resp.Change.Removed, []string{"read"}) {
		t.Errorf("reset: %+v", resp.Change)
	}
	if resp = tm.ask(ctx, &control.Request{Command: "dance"}); !strings.Contains(resp.Error, "another version") {
		t.Errorf("dance: %+v", resp)
	}
	cancel()
	tm.end()
}

// TestReloadUnderLoad changes the rules again and again while events of a rule that all sets have stream in: each of them
// is an alert. To be run under the race detector.
func TestReloadUnderLoad(t *testing.T) {
	const lives, reloads = 2000, 100
	tm := newTestManager(t, secretRule+mkdirRule, nil)
	var flip atomic.Int32
	tm.reload = func() (*Loaded, error) {
		switch flip.Add(1) % 3 {
		case 0:
			return nil, errors.New("broken")
		case 1:
			return loadedFrom(t, tm.cfg, rmdirRule+secretRule), nil
		}
		return loadedFrom(t, tm.cfg, secretRule+mkdirRule), nil
	}
	var clock atomic.Uint64
	clock.Store(1_700_000_000_000_000_000)
	reader := ring.NewReader(func() uint64 { return clock.Load() + 10_000_000 })
	reader.Poison = true
	p := ringtest.New(1 << 20)
	p.Clock = func() uint64 { return clock.Add(1000) }
	c, err := ring.NewCPU(0, mapping(p))
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.AddCPU(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var work sync.WaitGroup
	work.Add(3)
	go func() { defer work.Done(); tm.run(ctx, nil) }()
	go func() { defer work.Done(); produce(t, p, 0, lives) }()
	go func() {
		defer work.Done()
		for range reloads {
			tm.ask(ctx, &control.Request{Command: control.CommandReload})
		}
		cancel()
	}()
	ended := make(chan struct{})
	go func() { work.Wait(); close(ended) }()
	for busy := true; busy; {
		select {
		case fn := <-tm.tasks:
			fn()
		case <-ended:
			busy = false
		default:
			if _, err := reader.Batch(tm.pipe.record); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := reader.Drain(tm.pipe.record); err != nil {
		t.Fatal(err)
	}
	tm.end()
	checkAlerts(t, keep(tm.out.Bytes(), "Secret read"), lives)
	if tm.status.Reloads+tm.status.FailedReloads != reloads || tm.status.Reloads < reloads/2 {
		t.Errorf("%d reloads and %d failed, want %d in all", tm.status.Reloads, tm.status.FailedReloads, reloads)
	}
}

// keep returns the lines with the text.
func keep(lines []byte, text string) []byte {
	var kept [][]byte
	for _, line := range bytes.Split(lines, []byte("\n")) {
		if bytes.Contains(line, []byte(text)) {
			kept = append(kept, line)
		}
	}
	return bytes.Join(kept, []byte("\n"))
}

// TestRecordLine: bytes are booked where the module counts the record.
func TestRecordLine(t *testing.T) {
	for _, tt := range []struct {
		sc     schema.SC
		native uint16
		flags  uint16
		want   int
	}{
		{schema.SCConnect, 42, 0, 42},
		{schema.SCConnect, 362, abi.RecCompat, abi.CounterCompat + 362},
		{schema.SCConnect, 102, abi.RecCompat, abi.CounterMux + abi.MuxSocketcall + 3},
		{schema.SCSemop, 117, abi.RecCompat, abi.CounterMux + abi.MuxIPC + 1},
		{schema.SCSocketcall, 102, abi.RecCompat, abi.CounterCompat + 102},
		{schema.SCUnknown, 500, abi.RecCompat, abi.CounterCompat + 500},
		{schema.SCSchedProcessExit, 0, abi.RecTracepoint, abi.CounterTP},
	} {
		if got := recordLine(&ring.Record{Native: tt.native, Flags: tt.flags}, tt.sc); got != tt.want {
			t.Errorf("%s by number %d, flags %#x: line %d, want %d", tt.sc, tt.native, tt.flags, got, tt.want)
		}
	}
}

func TestLineName(t *testing.T) {
	for line, want := range map[int]string{257: "openat", abi.CounterCompat + 3: "read", abi.CounterTP: "procexit", abi.CounterMux + 3: "connect", 511: "#511"} {
		if got := LineName(line, schema.X8664); got != want {
			t.Errorf("line %d: got %s, want %s", line, got, want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/engine"
	"github.com/eyas-security/eyas/pkg/rules"
)

// The tests of this file need the module and a guest of their own.

// loadRule matches the calls of the load program, whose name is that of /proc/self/exe, and no others.
const loadRule = `
- rule: Load
  desc: the load program's calls
  condition: evt.type = getppid and proc.name = exe
  output: o
  priority: DEBUG
`

// TestLoadChild is no test but the load program, a process of its own: makes EYAS_LOAD_RATE calls a second (0: as many as
// it can) until its stdin ends, and prints how many it made.
func TestLoadChild(t *testing.T) {
	text := os.Getenv("EYAS_LOAD_RATE")
	if text == "" {
		t.Skip("started by other tests only")
	}
	rate, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	fmt.Print("\nready\n")
	calls := 0
	for start := time.Now(); ; {
		select {
		case <-done:
			fmt.Printf("\ncalls=%d\n", calls)
			return
		default:
		}
		for range 100 {
			unix.RawSyscallNoError(unix.SYS_GETPPID, 0, 0, 0)
		}
		calls += 100
		if rate > 0 {
			pauseFor(time.Until(start.Add(time.Duration(calls) * time.Second / time.Duration(rate))))
		}
	}
}

// load is a running load program.
type load struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Scanner
	start time.Time
}

// startLoad returns when it makes its calls.
func startLoad(t *testing.T, rate int) *load {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestLoadChild$")
	cmd.Env = append(os.Environ(), "EYAS_LOAD_RATE="+strconv.Itoa(rate))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l := &load{cmd: cmd, stdin: stdin, out: bufio.NewScanner(stdout)}
	for l.out.Scan() && l.out.Text() != "ready" {
	}
	l.start = time.Now()
	return l
}

// stop ends it and returns how many calls it made, and how many that was a second.
func (l *load) stop(t *testing.T) (calls uint64, rate int) {
	t.Helper()
	l.stdin.Close()
	for l.out.Scan() {
		if text, ok := strings.CutPrefix(l.out.Text(), "calls="); ok {
			n, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			calls, rate = n, int(float64(n)/time.Since(l.start).Seconds())
		}
	}
	if err := l.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return calls, rate
}

// liveRun is an agent within this process, without outputs unless alerts are wanted.
type liveRun struct {
	*manager
	session *driver.Session // of the module
	end     func()
}

func runLive(t *testing.T, cfg *config.Config, text string, alerts io.Writer) *liveRun {
	t.Helper()
	cfg.Control.Enabled = false
	cfg.JSONOutput, cfg.AppendOutput = true, nil
	cfg.StdoutOutput.Enabled = alerts != nil
	log := logrus.New()
	log.SetOutput(io.Discard)
	opt := Options{Rules: ruleSet(t, cfg, text), Log: log, Stdout: alerts, Proc: "/proc", Etc: "/etc"}
	opt.Reload = func() (*Loaded, error) { return nil, errors.New("nothing to load") }
	outputs, err := openOutputs(cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	plan := Plan(cfg, opt.Rules.Active)
	s, err := openSession(cfg, plan.Kernel)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPipeline(opt, engine.First, outputs, s.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &liveRun{manager: newManager(opt, &Loaded{Config: cfg, Rules: opt.Rules}, plan, sessionOf(s), p), session: s}
	stop := r.start(ctx, nil)
	ended := make(chan error, 1)
	go func() { ended <- p.live(ctx, s) }()
	r.end = func() {
		stop()
		cancel()
		if err := errors.Join(<-ended, outputs.Close(context.Background()), s.Close()); err != nil {
			t.Error(err)
		}
	}
	r.status0(t) // it is running
	return r
}

// status0 asks how it is doing.
func (r *liveRun) status0(t *testing.T) *control.Status {
	t.Helper()
	resp := r.ask(context.Background(), &control.Request{Command: control.CommandStatus})
	if resp.Error != "" {
		t.Fatal(resp.Error)
	}
	return resp.Status
}

// settled is the status when nothing more comes.
func (r *liveRun) settled(t *testing.T) *control.Status {
	t.Helper()
	for last := uint64(0); ; {
		pauseFor(500 * time.Millisecond)
		s := r.status0(t)
		if s.Alerts == last {
			return s
		}
		last = s.Alerts
	}
}

func (r *liveRun) lost() uint64 {
	c := r.session.Stats().Counts
	return c.Lost.Sum() + c.SeqGaps
}

func pauseFor(d time.Duration) { <-time.After(d) }

// highestRate halves the load until no event is lost with small rings. 0 is as much as the load program can.
func highestRate(t *testing.T) int {
	t.Helper()
	cfg := config.Default()
	cfg.Driver.RingBytes = 1 << 20
	r := runLive(t, cfg, loadRule, nil)
	defer r.end()
	for wanted := 0; ; {
		before := r.lost()
		l := startLoad(t, wanted)
		pauseFor(2 * time.Second)
		calls, rate := l.stop(t)
		r.status0(t)
		lost := r.lost() - before
		t.Logf("%d calls, %d a second: %d lost", calls, rate, lost)
		if lost == 0 {
			return wanted
		}
		if wanted = rate / 2; wanted < 1000 {
			t.Fatal("even the smallest load loses events")
		}
	}
}

// TestGuestReload changes the rules 200 times under the highest load that loses nothing without that. The load program
// counts its calls: each must have matched the rule that all sets have. A broken file in between changes nothing.
func TestGuestReload(t *testing.T) {
	requireDevice(t)
	const reloads, least = 200, 1_000_000
	rate := highestRate(t)
	t.Logf("highest load without loss: %d calls a second (0: all that the load program can)", rate)
	cfg := config.Default()
	r := runLive(t, cfg, loadRule+mkdirRule, nil)
	n := 0
	r.reload = func() (*Loaded, error) {
		n++
		text := loadRule + mkdirRule
		switch {
		case n%20 == 0:
			text = "- rule: broken\n  condition: ["
		case n%2 == 1:
			text = rmdirRule + loadRule
		}
		set, err := LoadRules(cfg, []rules.Source{{Name: "test.yaml", Text: []byte(text)}}, nil)
		return &Loaded{Config: cfg, Rules: set}, err
	}
	l := startLoad(t, rate)
	start := time.Now()
	for done, broken := 0, 0; done < reloads; {
		for r.status0(t).Events < uint64(done*least/(reloads-1)) { // spread over all events
			pauseFor(200 * time.Millisecond)
		}
		mask, err := r.session.Mask()
		if err != nil {
			t.Fatal(err)
		}
		resp := r.ask(context.Background(), &control.Request{Command: control.CommandReload})
		if resp.Error == "" {
			done++
		} else if now, err := r.session.Mask(); err != nil || now != mask {
			t.Errorf("a broken file changed the mask: %v", err)
		} else if broken++; broken > done {
			t.Fatalf("reload: %s", resp.Error)
		}
	}
	calls, achieved := l.stop(t)
	took := time.Since(start)
	s := r.settled(t)
	lost := r.lost()
	t.Logf("%d reloads and %d broken ones in %v: %d events, %d of the load (%d a second), %d matched, %d lost", s.Reloads, s.FailedReloads,
		took.Round(time.Millisecond), s.Events, calls, achieved, s.Alerts, lost)
	r.end()
	if s.Alerts != calls || lost > 0 {
		t.Errorf("%d of %d calls matched, %d events lost", s.Alerts, calls, lost)
	}
	if s.FailedReloads == 0 {
		t.Error("no broken file was tried")
	}
}

// oddRule is on another call than the flood.
const oddRule = `
- rule: Odd
  desc: a call that nothing else makes
  condition: evt.type in (mkdir, mkdirat) and evt.arg.path startswith /nonexistent/eyas-odd
  output: path=%evt.arg.path
  priority: NOTICE
`

// alertLog keeps the alerts of a run.
type alertLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (a *alertLog) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if bytes.Contains(b, []byte(`"rule":"Eyas`)) || bytes.Contains(b, []byte(`"rule":"Odd"`)) {
		for _, line := range bytes.SplitAfter(b, []byte("\n")) {
			if !bytes.Contains(line, []byte(`"rule":"Load"`)) {
				a.text.Write(line)
			}
		}
	}
	return len(b), nil
}

func (a *alertLog) holds(text string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Contains(a.text.String(), text)
}

// startFlood starts load programs that make one call as fast as they can; stop ends them.
func startFlood(t *testing.T) (stop func()) {
	t.Helper()
	var all []*load
	for range 3 {
		all = append(all, startLoad(t, 0))
	}
	return func() {
		for _, l := range all {
			calls, rate := l.stop(t)
			t.Logf("flood: %d calls, %d a second", calls, rate)
		}
	}
}

// dropped is what the module's counters say was lost.
func (r *liveRun) dropped(t *testing.T) (n uint64) {
	t.Helper()
	counters, err := r.session.Counters()
	if err != nil {
		t.Fatal(err)
	}
	for i := range counters {
		n += counters[i].Dropped()
	}
	return n
}

// TestGuestGovernor floods one call with a small ring. Without the governor events are lost. With it the loss ends within
// ten periods, a rule on another call still fires, an alert says what was given up, and after the flood all is back.
func TestGuestGovernor(t *testing.T) {
	requireDevice(t)
	configure := func(governed bool) *config.Config {
		cfg := config.Default()
		cfg.Driver.RingBytes = 512 << 10
		cfg.Governor.Enabled, cfg.Governor.PeriodMS, cfg.Governor.Hold, cfg.Governor.CPUPercent = governed, 500, 20, 0
		return cfg
	}
	r := runLive(t, configure(false), loadRule+oddRule, &alertLog{})
	stop := startFlood(t)
	pauseFor(3 * time.Second)
	stop()
	lost := r.dropped(t)
	r.end()
	t.Logf("governor off: %d events lost in 3 s", lost)
	if lost == 0 {
		t.Fatal("the flood loses nothing: it proves nothing")
	}

	cfg, alerts := configure(true), &alertLog{}
	period := time.Duration(cfg.Governor.PeriodMS) * time.Millisecond
	r = runLive(t, cfg, loadRule+oddRule, alerts)
	defer r.end()
	full, err := r.session.Mask()
	if err != nil {
		t.Fatal(err)
	}
	stop = startFlood(t)
	pauseFor(10 * period)
	before := r.dropped(t)
	if out, err := exec.Command("/bin/mkdir", "/nonexistent/eyas-odd").CombinedOutput(); err == nil {
		t.Errorf("mkdir went well: %s", out)
	}
	pauseFor(4 * period)
	s, after := r.status0(t), r.dropped(t)
	t.Logf("governor on: %d lost in the first 10 periods, %d in the next 4; off: %+v", before, after-before, s.Governor.Off)
	stop()
	if after != before {
		t.Errorf("%d events lost after 10 periods", after-before)
	}
	for _, want := range []string{`"rule":"Odd"`, "getppid is not recorded any more", "rules that cannot match on it: Load"} {
		if !alerts.holds(want) {
			t.Errorf("no alert with %q:\n%s", want, alerts.text.String())
		}
	}
	for range 200 {
		s = r.status0(t)
		if len(s.Governor.Off) == 0 && s.Governor.Snaplen == 0 {
			break
		}
		pauseFor(period)
	}
	mask, err := r.session.Mask()
	if err != nil || mask != full || !alerts.holds("getppid is recorded again") || s.Snaplen != cfg.Driver.Snaplen {
		t.Errorf("after the flood: mask equal %v, %v, %+v", mask == full, err, s.Governor)
	}
}

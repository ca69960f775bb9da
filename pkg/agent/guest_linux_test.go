// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/engine"
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

// TestLoadChild is no test but the load program, a process of its own: makes EYAS_LOAD_BURST calls, pauses for a
// millisecond, and so on until its stdin ends or it has made EYAS_LOAD_CALLS. It prints how many it made. A burst of 0 is
// a load without pauses, EYAS_LOAD_CALLS=0 one without an end. It never makes up for lost time, so that a host that
// stops the guest for a while makes no flood.
func TestLoadChild(t *testing.T) {
	if os.Getenv("EYAS_LOAD_BURST") == "" {
		t.Skip("started by other tests only")
	}
	burst, most := numberOf(t, "EYAS_LOAD_BURST"), numberOf(t, "EYAS_LOAD_CALLS")
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	fmt.Print("\nready\n")
	paused := burst > 0
	if !paused {
		burst = 100
	}
	calls := 0
	for most == 0 || calls < most {
		select {
		case <-done:
			most = calls
			continue
		default:
		}
		for range burst {
			unix.RawSyscallNoError(unix.SYS_GETPPID, 0, 0, 0)
		}
		calls += burst
		if paused {
			pauseFor(time.Millisecond)
		}
	}
	fmt.Printf("\ncalls=%d\n", calls)
}

func numberOf(t *testing.T, variable string) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// child is another test of this binary, run as a program of its own that ends when its stdin does.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Scanner
}

// startChild starts a test that says when it is ready, and returns then.
func startChild(t *testing.T, test string, env ...string) *child {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), env...)
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
	c := &child{cmd: cmd, stdin: stdin, out: bufio.NewScanner(stdout)}
	for c.out.Scan() {
		switch text := c.out.Text(); text {
		case "ready":
			return c
		case "":
		default:
			t.Log(text)
		}
	}
	t.Fatalf("%s ended before it was ready: %v", test, cmd.Wait())
	return nil
}

// wait hands on what else it says until it has ended.
func (c *child) wait(t *testing.T, line func(text string)) {
	t.Helper()
	for c.out.Scan() {
		line(c.out.Text())
	}
	c.stdin.Close()
	if err := c.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// load is a running load program.
type load struct {
	*child
	start time.Time
}

// startLoad returns when it makes its calls.
func startLoad(t *testing.T, burst, most int) *load {
	t.Helper()
	c := startChild(t, "TestLoadChild", fmt.Sprintf("EYAS_LOAD_BURST=%d", burst), fmt.Sprintf("EYAS_LOAD_CALLS=%d", most))
	return &load{child: c, start: time.Now()}
}

// stop ends it and returns how many calls it made, and how many that was a second.
func (l *load) stop(t *testing.T) (calls uint64, rate int) {
	t.Helper()
	l.stdin.Close()
	return l.wait(t)
}

// wait is stop for a load that ends by itself.
func (l *load) wait(t *testing.T) (calls uint64, rate int) {
	t.Helper()
	l.child.wait(t, func(text string) {
		text, ok := strings.CutPrefix(text, "calls=")
		if !ok {
			return
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		calls, rate = n, int(float64(n)/time.Since(l.start).Seconds())
	})
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

// counts is what became of events of the load so far.
type counts struct{ matched, lost uint64 }

func (r *liveRun) counts(t *testing.T) counts {
	t.Helper()
	c := r.session.Stats().Counts
	return counts{matched: r.status0(t).Alerts, lost: c.Lost.Sum() + c.SeqGaps}
}

// settled is what was added since before when so many calls have matched or are known to be lost, or nothing has changed
// for half a minute.
func (r *liveRun) settled(t *testing.T, before counts, calls uint64) counts {
	t.Helper()
	last := before
	for quiet := 0; ; quiet++ {
		now := r.counts(t)
		if now != last {
			last, quiet = now, 0
		}
		added := counts{matched: now.matched - before.matched, lost: now.lost - before.lost}
		if added.matched+added.lost >= calls || quiet == 60 {
			return added
		}
		pauseFor(500 * time.Millisecond)
	}
}

func pauseFor(d time.Duration) { <-time.After(d) }

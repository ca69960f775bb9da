// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/control"
)

// oddRule is on another call than the flood.
const oddRule = `
- rule: Odd
  desc: a call that nothing else makes
  condition: evt.type in (mkdir, mkdirat) and evt.arg.path startswith /nonexistent/eyas-odd
  output: path=%evt.arg.path
  priority: NOTICE
`

// floodRule needs the flooded call and never fires: what is in the rings when the call is given up is read in no time.
const floodRule = `
- rule: Load
  desc: the flooded call, by a program that does not run
  condition: evt.type = getppid and proc.name = nobody
  output: o
  priority: DEBUG
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
		all = append(all, startLoad(t, 0, 0))
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

// afterPeriods is the status when the governor has judged so many more periods. A busy host makes them longer.
func (r *liveRun) afterPeriods(t *testing.T, n uint64) control.Governor {
	t.Helper()
	for end := r.status0(t).Governor.Periods + n; ; pauseFor(50 * time.Millisecond) {
		if g := r.status0(t).Governor; g.Periods >= end {
			return g
		}
	}
}

// floodLoses tells whether the flood loses events within half a minute.
func (r *liveRun) floodLoses(t *testing.T) bool {
	t.Helper()
	stop := startFlood(t)
	defer stop()
	for range 30 {
		pauseFor(time.Second)
		if lost := r.dropped(t); lost > 0 {
			t.Logf("governor off: %d events lost", lost)
			return true
		}
	}
	return false
}

// TestGuestGovernor floods one call with a small ring. Without the governor events are lost. With it the loss ends within
// ten periods, a rule on another call still fires, an alert says what was given up, and after the flood all is back.
func TestGuestGovernor(t *testing.T) {
	requireDevice(t)
	const hold = 200 // periods: a minute nearly, which starting a program can take under the flood on a busy host
	configure := func(governed bool) *config.Config {
		cfg := config.Default()
		cfg.Driver.RingBytes = 512 << 10
		cfg.Governor.Enabled, cfg.Governor.PeriodMS, cfg.Governor.Hold, cfg.Governor.CPUPercent = governed, 250, hold, 0
		return cfg
	}
	r := runLive(t, configure(false), floodRule+oddRule, &alertLog{})
	loses := r.floodLoses(t)
	r.end()
	if !loses {
		t.Fatal("the flood loses nothing: it proves nothing")
	}

	cfg, alerts := configure(true), &alertLog{}
	r = runLive(t, cfg, floodRule+oddRule, alerts)
	defer r.end()
	full, err := r.session.Mask()
	if err != nil {
		t.Fatal(err)
	}
	stop := startFlood(t)
	r.afterPeriods(t, 10)
	before := r.dropped(t)
	if out, err := exec.Command("/bin/mkdir", "/nonexistent/eyas-odd").CombinedOutput(); err == nil {
		t.Errorf("mkdir went well: %s", out)
	}
	g := r.afterPeriods(t, 4)
	after := r.dropped(t)
	t.Logf("governor on: %d lost in the first 10 periods, %d in the next; now: %+v", before, after-before, g)
	stop()
	if after != before {
		t.Errorf("%d events lost after 10 periods", after-before)
	}
	for _, want := range []string{`"rule":"Odd"`, "getppid is not recorded any more", "rules that cannot match on it: Load"} {
		if !alerts.holds(want) {
			t.Errorf("no alert with %q:\n%s", want, alerts.text.String())
		}
	}
	for range 3 * hold {
		if g = r.afterPeriods(t, 1); len(g.Off) == 0 && g.Snaplen == 0 {
			break
		}
	}
	s := r.status0(t)
	mask, err := r.session.Mask()
	if err != nil || mask != full || !alerts.holds("getppid is recorded again") || s.Snaplen != cfg.Driver.Snaplen {
		t.Errorf("after the flood: mask equal %v, %v, %+v", mask == full, err, s.Governor)
	}
}

// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/rules"
)

// highestLoad is the largest burst of the load program, to an eighth, of which no event is lost. Small rings tell within
// a hundred thousand calls what those of the default size would hide for a million.
func highestLoad(t *testing.T) (burst int) {
	t.Helper()
	const calls, ring = 100_000, 512 << 10
	cfg := config.Default()
	cfg.Driver.RingBytes = ring
	r := runLive(t, cfg, loadRule, nil)
	defer r.end()
	loses := func(burst int) bool {
		before := r.counts(t)
		made, rate := startLoad(t, burst, calls).wait(t)
		added := r.settled(t, before, made)
		t.Logf("bursts of %d: %d calls, %d a second, %d lost", burst, made, rate, added.lost)
		return added.lost > 0
	}
	const most, least = 512, 8 // of more, the pauses in between hardly count
	if !loses(0) {
		return most
	}
	for burst = most; loses(burst); burst /= 2 {
		if burst == least {
			t.Fatal("even the smallest load loses events")
		}
	}
	for step := burst / 2; step >= burst/4; step /= 2 {
		if !loses(burst + step) {
			burst += step
		}
	}
	return burst
}

// changingRules is what the reloads of TestGuestReload load: two sets in turn, and now and then a broken file.
type changingRules struct {
	cfg *config.Config
	n   int
}

func (c *changingRules) load() (*Loaded, error) {
	c.n++
	text := loadRule + mkdirRule
	switch {
	case c.n%20 == 0:
		text = "- rule: broken\n  condition: ["
	case c.n%2 == 1:
		text = rmdirRule + loadRule
	}
	set, err := LoadRules(c.cfg, []rules.Source{{Name: "test.yaml", Text: []byte(text)}}, nil)
	return &Loaded{Config: c.cfg, Rules: set}, err
}

// TestGuestReload changes the rules 200 times under the highest load that loses nothing without that. The load program
// counts its calls: each must have matched the rule that all sets have. A broken file in between changes nothing. That load
// is right at what the guest can do, and reloads take time of the same CPU: when rings overflow, what they lost must be all
// that is missing, and half of the load is tried.
func TestGuestReload(t *testing.T) {
	requireDevice(t)
	burst := highestLoad(t)
	least := burst / 8
	for ; reloadsLose(t, burst); burst /= 2 {
		if burst <= least {
			t.Fatalf("reloads lose events even under bursts of %d, an eighth of what loses nothing without them", burst)
		}
	}
}

// reloadsLose tells whether rings overflow under that load.
func reloadsLose(t *testing.T, burst int) bool {
	t.Helper()
	const reloads, least = 200, 1_000_000
	cfg := config.Default()
	r := runLive(t, cfg, loadRule+mkdirRule, nil)
	defer r.end()
	r.reload = (&changingRules{cfg: cfg}).load
	l := startLoad(t, burst, 0)
	start, longest := time.Now(), time.Duration(0)
	for done := range reloads + 1 {
		r.awaitEvents(t, uint64(done*least/reloads))
		if done == reloads {
			break
		}
		longest = max(longest, r.reloadOnce(t))
	}
	calls, rate := l.stop(t)
	took := time.Since(start)
	added := r.settled(t, counts{}, calls)
	s := r.status0(t)
	fmt.Printf("## %d reloads and %d of a broken file in %v, the longest took %v, under %d calls a second: "+
		"%d events, %d calls, %d matched, %d events lost\n", s.Reloads, s.FailedReloads, took.Round(time.Millisecond),
		longest.Round(time.Millisecond), rate, s.Events, calls, added.matched, added.lost)
	if added.matched > calls || added.matched+added.lost < calls {
		t.Fatalf("%d of %d calls matched, %d events lost", added.matched, calls, added.lost)
	}
	if s.Reloads != reloads || s.FailedReloads == 0 {
		t.Fatalf("%d reloads, want %d; %d of a broken file", s.Reloads, reloads, s.FailedReloads)
	}
	return added.lost > 0
}

// awaitEvents waits until the agent has taken so many.
func (r *liveRun) awaitEvents(t *testing.T, n uint64) {
	t.Helper()
	for {
		var events uint64
		if err := r.session.Do(context.Background(), func() { events = r.pipe.num }); err != nil {
			t.Fatal(err)
		}
		if events >= n {
			return
		}
		pauseFor(20 * time.Millisecond)
	}
}

// reloadOnce reloads until that changes the rules, and returns how long the change took. What does not load leaves the
// mask as it was.
func (r *liveRun) reloadOnce(t *testing.T) time.Duration {
	t.Helper()
	for range 2 {
		mask, err := r.session.Mask()
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		resp := r.ask(context.Background(), &control.Request{Command: control.CommandReload})
		if resp.Error == "" {
			return time.Since(start)
		}
		if now, err := r.session.Mask(); err != nil || now != mask {
			t.Errorf("%s: changed the mask, %v", resp.Error, err)
		}
	}
	t.Fatal("two reloads in a row failed")
	return 0
}

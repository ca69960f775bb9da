// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// period is one of the governor, in which mkdir lost events.
func (tm *testManager) period(ctx context.Context, lost uint64) {
	mkdir, _ := schema.SCMkdir.Number(schema.HostArch())
	closing, _ := schema.SCClose.Number(schema.HostArch())
	tm.lines[mkdir].Recorded += 100
	tm.lines[mkdir].DropFull += lost
	tm.lines[closing].Recorded += 100000 // more, but of the state
	tm.tick(ctx)
}

// TestGovern: loss shortens buffers and then takes the flooded call out of the kernel's mask, never one of the state; the
// status and the alerts say what is given up; when it is quiet all comes back.
func TestGovern(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tm := newTestManager(t, mkdirRule+rmdirRule, nil)
	tm.cfg.Governor.Enabled, tm.cfg.Governor.Hold, tm.cfg.Governor.CPUPercent = true, 2, 0
	go tm.idle(ctx)
	tm.govern()
	defer tm.governs.stop()
	period := func(lost uint64) { tm.period(ctx, lost) }
	full := tm.plan.Kernel
	period(0) // the first has nothing to compare with
	period(50)
	if !slices.Equal(tm.snaplens, []uint32{16}) || tm.mask != full {
		t.Errorf("after one bad period: snap lengths %v, mask changed %v", tm.snaplens, tm.mask != full)
	}
	period(50)
	s := tm.governs.status(tm.set.Active)
	if len(s.Off) != 1 || s.Off[0].Name != "mkdir" || !slices.Equal(s.Off[0].Rules, []string{"Mkdir"}) || s.Off[0].Since == 0 || s.Snaplen != 16 {
		t.Errorf("status: %+v", s)
	}
	if tm.plan.Selected.Has(schema.SCMkdir) || !tm.plan.Selected.Has(schema.SCRmdir) || tm.mask != tm.plan.Kernel {
		t.Error("mkdir is not off, or something else is")
	}
	if members, err := tm.plan.Explain("mkdir"); err != nil || members[0].Out[0].Kind != "governor" {
		t.Errorf("explain mkdir: %+v, %v", members, err)
	}
	for range 4 {
		period(0)
	}
	if s := tm.governs.status(tm.set.Active); len(s.Off) > 0 || s.Snaplen != 0 || tm.mask != full || !slices.Equal(tm.snaplens, []uint32{16, 80}) {
		t.Errorf("when it is quiet: %+v, snap lengths %v, mask is the full one: %v", s, tm.snaplens, tm.mask == full)
	}
	tm.end()
	out := tm.out.String()
	for _, want := range []string{
		"Data buffers are cut to 16 bytes: 50 events lost", "mkdir is not recorded any more (50 events lost", "rules that cannot match on it: Mkdir",
		"mkdir is recorded again", "Data buffers are kept to 80 bytes again", `"rule":"Eyas: coverage reduced"`, `"rule":"Eyas: coverage regained"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("alerts lack %q:\n%s", want, out)
		}
	}
}

// TestReloadGovernor: with another budget, or another snap length, nothing is given up at first; with the same one all goes on.
func TestReloadGovernor(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tm := newTestManager(t, mkdirRule+rmdirRule, nil)
	cfg := *tm.cfg
	tm.reload = func() (*Loaded, error) {
		c := cfg
		return loadedFrom(t, &c, mkdirRule+strings.ReplaceAll(mkdirRule, "Mkdir", "Other")), nil
	}
	load := func(change func()) {
		t.Helper()
		change()
		if _, err := tm.loadAnew(ctx, "in a test"); err != nil {
			t.Fatal(err)
		}
	}
	go tm.idle(ctx)
	defer func() { tm.governs.stop() }()
	if load(func() {}); tm.governs.ticks() != nil {
		t.Error("the governor ticks without being asked to")
	}
	load(func() { cfg.Governor.Enabled, cfg.Governor.CPUPercent = true, 0 })
	for range 3 {
		tm.period(ctx, 50)
	}
	governs := tm.governs
	load(func() {})
	if s := tm.governs.status(tm.set.Active); tm.governs != governs || tm.snaplen != 16 || len(s.Off) != 1 || !slices.Equal(s.Off[0].Rules, []string{"Mkdir", "Other"}) {
		t.Errorf("after rules were loaded anew: %+v, snap length %d; want the rules of now without mkdir", s, tm.snaplen)
	}
	load(func() { cfg.Governor.Hold = 3 })
	if s := tm.governs.status(tm.set.Active); tm.governs == governs || s.Snaplen != 0 || len(s.Off) > 0 || tm.snaplen != 80 || !tm.plan.Selected.Has(schema.SCMkdir) {
		t.Errorf("with another budget: %+v, snap length %d", s, tm.snaplen)
	}
	load(func() { cfg.Driver.Snaplen = 100 })
	load(func() { cfg.Governor.Enabled = false })
	if tm.governs != nil || !slices.Equal(tm.snaplens, []uint32{16, 80, 100}) {
		t.Errorf("at the end: %+v, snap lengths %v", tm.governs, tm.snaplens)
	}
	tm.end()
	if out := tm.out.String(); strings.Count(out, "is recorded again") != 1 || strings.Count(out, "kept to 80 bytes again") != 1 {
		t.Errorf("alerts:\n%s", out)
	}
}

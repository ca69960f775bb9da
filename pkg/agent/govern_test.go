// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// TestGovern: loss shortens buffers and then takes the flooded call out of the kernel's mask, never one of the state; the
// status and the alerts say what is given up; when it is quiet all comes back.
func TestGovern(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tm := newTestManager(t, mkdirRule+rmdirRule, nil)
	tm.cfg.Governor.Enabled, tm.cfg.Governor.Hold, tm.cfg.Governor.CPUPercent = true, 2, 0
	go tm.idle(ctx)
	_, stop := tm.govern()
	defer stop()
	period := func(lost uint64) {
		mkdir, _ := schema.SCMkdir.Number(schema.HostArch())
		closing, _ := schema.SCClose.Number(schema.HostArch())
		tm.lines[mkdir].Recorded += 100
		tm.lines[mkdir].DropFull += lost
		tm.lines[closing].Recorded += 100000 // more, but of the state
		tm.tick(ctx)
	}
	full := tm.plan.Kernel
	period(0) // the first has nothing to compare with
	period(50)
	if !slices.Equal(tm.snaplens, []uint32{16}) || tm.mask != full {
		t.Errorf("after one bad period: snap lengths %v, mask changed %v", tm.snaplens, tm.mask != full)
	}
	period(50)
	s := tm.governs.status()
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
	if s := tm.governs.status(); len(s.Off) > 0 || s.Snaplen != 0 || tm.mask != full || !slices.Equal(tm.snaplens, []uint32{16, 80}) {
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

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/schema"
)

// TestRates: two looks at a session give records per second, and two answers of its agent the bytes and the rest.
func TestRates(t *testing.T) {
	nr, ok := schema.SCMkdir.Number(schema.HostArch())
	if !ok {
		nr, _ = schema.SCMkdirat.Number(schema.HostArch())
	}
	name := agent.LineName(int(nr), schema.HostArch())
	look := func(seconds int, records, bytes uint64) *glance {
		lines := make([]abi.Counter, abi.NumCounters)
		lines[nr].Recorded = records
		start := time.Unix(1000, 0)
		return &glance{
			at:    start.Add(time.Duration(seconds) * time.Second),
			stats: []*driver.SessionStat{{Head: abi.SessionHead{ID: 3, TGID: 77}, Counters: lines}},
			agent: &control.Status{
				PID: 77, Time: uint64(start.UnixNano()) + uint64(seconds)*1e9, Overridden: true,
				Usage:    map[string]control.Usage{name: {Records: records, Bytes: bytes}},
				OnlyRule: map[string]string{name: "The rule"},
				Governor: control.Governor{Enabled: true, Snaplen: 16, SnaplenSince: 1e18, Off: []control.OffCall{{Name: "getppid", Since: 1e18, Rules: []string{"Load"}}}},
			},
		}
	}
	before, after := look(0, 100, 5000), look(2, 300, 25000)
	s := newSessionRecord(after.stats[0], schema.HostArch())
	s.addRates(before, after)
	n := s.Counters[name]
	if n == nil || n.RecordsPerSecond == nil || *n.RecordsPerSecond != 100 || n.BytesPerSecond == nil || *n.BytesPerSecond != 10000 || n.OnlyRule != "The rule" {
		t.Errorf("%s: %+v, want 100 records and 10000 bytes a second for one rule", name, n)
	}
	var b strings.Builder
	s.text(&b)
	for _, want := range []string{
		"changed by hand", "data buffers cut to 16 bytes since 2001-09-", "getppid off since 2001-09-", "cannot match on it: Load", "100     10000  only for The rule",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("text lacks %q:\n%s", want, b.String())
		}
	}

	// Somebody else's session: the agent that answers says nothing of it.
	after.stats[0].Head.TGID = 78
	s = newSessionRecord(after.stats[0], schema.HostArch())
	s.addRates(before, after)
	if n := s.Counters[name]; *n.RecordsPerSecond != 100 || n.BytesPerSecond != nil || n.OnlyRule != "" || s.Governor != nil {
		t.Errorf("another session: %+v", n)
	}
}

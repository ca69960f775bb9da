// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/control"
	"github.com/eyas-security/eyas/pkg/driver"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

type sessionRecord struct {
	ID          uint32                    `json:"id"`
	PID         int32                     `json:"pid"`
	Comm        string                    `json:"comm"`
	Recording   bool                      `json:"recording"`
	RingBytes   uint64                    `json:"ring_bytes"`
	Snaplen     uint32                    `json:"snaplen"`
	DropFailed  bool                      `json:"drop_failed_exits"`
	IncludeSelf bool                      `json:"include_self"`
	Rings       uint32                    `json:"rings"`
	FailedRings uint32                    `json:"failed_rings"`
	Kernel      selection.KernelDocument  `json:"kernel"`
	Names       []string                  `json:"names"`
	Counters    map[string]*counterRecord `json:"counters"`

	// As far as the agent of the session tells.
	Overridden bool              `json:"overridden,omitempty"`
	Governor   *control.Governor `json:"governor,omitempty"`
}

type counterRecord struct {
	Recorded       uint64      `json:"recorded"`
	Partial        uint64      `json:"partial"`
	FilteredFailed uint64      `json:"filtered_failed"`
	FilteredSelf   uint64      `json:"filtered_self"`
	Dropped        dropsRecord `json:"dropped"`

	RecordsPerSecond *float64 `json:"records_per_second,omitempty"`
	BytesPerSecond   *float64 `json:"bytes_per_second,omitempty"` // as far as the agent tells
	OnlyRule         string   `json:"only_rule,omitempty"`        // that keeps the call on
}

type dropsRecord struct {
	Full      uint64 `json:"full"`
	Nested    uint64 `json:"nested"`
	TooLarge  uint64 `json:"too_large"`
	BadReader uint64 `json:"bad_reader"`
}

func (d *dropsRecord) sum() uint64 { return d.Full + d.Nested + d.TooLarge + d.BadReader }

func maskShow(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	cfg, err := loadConfig(c)
	if err != nil {
		return err
	}
	before, err := look(c, cfg)
	if err != nil {
		return err
	}
	if err := wait(c); err != nil {
		return err
	}
	after, err := look(c, cfg)
	if err != nil {
		return err
	}
	sessions := []*sessionRecord{}
	for _, stat := range after.stats {
		s := newSessionRecord(stat, schema.HostArch())
		s.addRates(before, after)
		sessions = append(sessions, s)
	}
	if c.Bool("json") {
		return printJSON(c.App.Writer, map[string][]*sessionRecord{"sessions": sessions})
	}
	if len(sessions) == 0 {
		fmt.Fprintln(c.App.Writer, "the module is loaded and nobody uses it: nothing is recorded")
	}
	for _, s := range sessions {
		s.text(c.App.Writer)
	}
	return nil
}

// maskOf is what a session records.
func maskOf(s *driver.SessionStat) schema.Mask {
	return schema.Mask{Native: s.Mask.Native, Compat: s.Mask.Compat, Tracepoints: s.Mask.Tracepoints, Multiplexed: s.Mask.Multiplexed}
}

func newSessionRecord(s *driver.SessionStat, arch schema.Arch) *sessionRecord {
	mask := maskOf(s)
	return &sessionRecord{
		ID: s.Head.ID, PID: s.Head.TGID, Comm: commOf(s), Recording: s.Head.Enabled != 0,
		RingBytes: s.RingBytes, Snaplen: s.SnapLen, Rings: s.NumRings, FailedRings: s.FailedRings,
		DropFailed: s.Flags&abi.SetupDropFailed != 0, IncludeSelf: s.Flags&abi.SetupIncludeSelf != 0,
		Kernel:   selection.MaskDocument(mask, arch),
		Names:    append(selection.Names(selection.MaskSet(mask, arch)), selection.NumberNames(mask.Unnamed(arch))...),
		Counters: counters(s.Counters, arch),
	}
}

func commOf(s *driver.SessionStat) string {
	comm, _, _ := strings.Cut(string(s.Head.Comm[:]), "\x00")
	return comm
}

// counters sums the lines of the kernel by name: a call has a line for each number by which it is reached.
func counters(lines []abi.Counter, arch schema.Arch) map[string]*counterRecord {
	sums := map[string]*counterRecord{}
	for i := range lines {
		l := &lines[i]
		if l.Calls() == 0 {
			continue
		}
		name := agent.LineName(i, arch)
		sum := sums[name]
		if sum == nil {
			sum = new(counterRecord)
			sums[name] = sum
		}
		sum.Recorded += l.Recorded
		sum.Partial += l.Partial
		sum.FilteredFailed += l.FilteredFailed
		sum.FilteredSelf += l.FilteredSelf
		sum.Dropped.Full += l.DropFull
		sum.Dropped.Nested += l.DropNested
		sum.Dropped.TooLarge += l.DropTooLarge
		sum.Dropped.BadReader += l.DropBadReader
	}
	return sums
}

func (s *sessionRecord) text(w io.Writer) {
	state := "stopped"
	if s.Recording {
		state = "recording"
	}
	fmt.Fprintf(w, "session %d of %s (pid %d): %s, %d rings of %d bytes\n", s.ID, s.Comm, s.PID, state, s.Rings, s.RingBytes)
	if s.FailedRings > 0 {
		fmt.Fprintf(w, "  %d CPUs came up and have no ring: they are not watched\n", s.FailedRings)
	}
	s.writeChanges(w)
	fmt.Fprintf(w, "  native       %s\n", strings.Join(s.Kernel.Native, " "))
	fmt.Fprintf(w, "  compat       %s\n", strings.Join(s.Kernel.Compat, " "))
	fmt.Fprintf(w, "  multiplexed  %s\n", s.Kernel.Multiplexed)
	fmt.Fprintf(w, "  tracepoints  %s\n", strings.Join(s.Kernel.Tracepoints, ", "))
	fmt.Fprintf(w, "  (%d) syscalls: %s\n", len(s.Names), strings.Join(s.Names, ", "))
	s.table(w)
}

// table prints the busiest first.
func (s *sessionRecord) table(w io.Writer) {
	if len(s.Counters) == 0 {
		fmt.Fprintln(w, "  no call of them so far")
		return
	}
	names := slices.SortedFunc(maps.Keys(s.Counters), func(a, b string) int {
		return cmp.Or(-cmp.Compare(s.Counters[a].Recorded, s.Counters[b].Recorded), strings.Compare(a, b))
	})
	const row = "  %-20s %12v %10v %10v %10v %9v %9v  %s\n"
	fmt.Fprintf(w, row, "syscall", "recorded", "partial", "filtered", "dropped", "per s", "bytes/s", "")
	for _, name := range names {
		n := s.Counters[name]
		fmt.Fprintf(w, row, name, n.Recorded, n.Partial, n.FilteredFailed+n.FilteredSelf, n.Dropped.sum(),
			rateText(n.RecordsPerSecond), rateText(n.BytesPerSecond), n.remarks())
	}
}

func (d *dropsRecord) reasons() string {
	var why []string
	for _, r := range []struct {
		n    uint64
		name string
	}{{d.Full, "ring full"}, {d.Nested, "nested"}, {d.TooLarge, "too large"}, {d.BadReader, "bad reader"}} {
		if r.n > 0 {
			why = append(why, fmt.Sprintf("%d %s", r.n, r.name))
		}
	}
	return strings.Join(why, ", ")
}

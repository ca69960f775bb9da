// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/config"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/format"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

func matcherOf(t *testing.T, condition string) *Matcher {
	t.Helper()
	if condition == "" {
		return nil
	}
	n, err := filter.Parse(condition, filter.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checked, _, err := filter.Check(n)
	if err != nil {
		t.Fatal(err)
	}
	return NewMatcher(n, checked)
}

// testRecorder is a recorder that has begun, on a host with one process.
func testRecorder(t *testing.T, out io.Writer, opt Recording) *recorder {
	t.Helper()
	opt.Log = logrus.New()
	opt.Log.SetOutput(io.Discard)
	r := newRecorder(opt, nil)
	r.state.AddThread(state.Thread{TID: 10, PID: 10, PTID: 1, Comm: "sh", Exe: "sh", Cwd: "/"})
	r.state.LinkParents()
	if err := r.begin(out, scap.Machine{Hostname: "db1"}); err != nil {
		t.Fatal(err)
	}
	return r
}

func testRecord(t *testing.T, typ schema.EventType, ts uint64, values map[string]string) *ring.Record {
	t.Helper()
	raw, err := event.Encode(nil, typ, ts, 10, values)
	if err != nil {
		t.Fatal(err)
	}
	return &ring.Record{CPU: 1, TS: ts, Event: raw}
}

// testRecords: a file is opened, written to and closed, and a directory made.
func testRecords(t *testing.T) []*ring.Record {
	return []*ring.Record{
		testRecord(t, schema.EvSyscallOpenat_2_X, 1, map[string]string{"fd": "3", "dirfd": "AT_FDCWD", "name": "/srv/a", "flags": "O_WRONLY", "mode": "0"}),
		testRecord(t, schema.EvSyscallWriteX, 2, map[string]string{"res": "5", "data": "hello", "fd": "3", "size": "5"}),
		testRecord(t, schema.EvSyscallMkdir2X, 3, map[string]string{"res": "ENOENT", "path": "/no/such", "mode": "0700"}),
		testRecord(t, schema.EvSyscallCloseX, 4, map[string]string{"res": "0", "fd": "3"}),
	}
}

// readLines reads a capture as 'agent capture read' does.
func readLines(t *testing.T, file []byte, condition string) []string {
	t.Helper()
	f, err := format.Parse("*%evt.num %proc.name %evt.type %evt.args")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	err = ReadCapture(context.Background(), bytes.NewReader(file), matcherOf(t, condition), func(e *state.Event) error {
		lines = append(lines, string(f.Append(nil, e)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestRecorder(t *testing.T) {
	open := "1 sh openat fd=3(<f>/srv/a) dirfd=-100(AT_FDCWD) name=/srv/a flags=2(O_WRONLY) mode=0 dev=<NA> ino=<NA>"
	write := "2 sh write res=5 data=hello fd=3(<f>/srv/a) size=5"
	mkdir := "3 sh mkdir res=-2(ENOENT) path=/no/such mode=1C0"
	tests := []struct {
		name, condition, read string
		compress              bool
		want                  []string
	}{
		{name: "everything", want: []string{open, write, mkdir, "4 sh close res=0 fd=3(<f>/srv/a)"}},
		{name: "compressed", compress: true, read: "evt.type = write", want: []string{write}},
		// The open is there for the state, so that the file has its name.
		{name: "some", condition: "evt.type = write", want: []string{write}},
		{name: "by state", condition: "fd.name = /srv/a and evt.type in (mkdir, write)", want: []string{write}},
		{name: "none", condition: "proc.name = bash", want: nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			r := testRecorder(t, &out, Recording{Compress: tt.compress, Condition: matcherOf(t, tt.condition)})
			for _, rec := range testRecords(t) {
				if err := r.record(rec); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.end(5, ring.Stats{}); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, readLines(t, out.Bytes(), tt.read)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if compressed := bytes.HasPrefix(out.Bytes(), []byte{0x1f, 0x8b}); compressed != tt.compress {
				t.Errorf("compressed is %v", compressed)
			}
		})
	}
}

// TestRecorderContainers: what is known of containers is in front of the first
// event, and users that are read later in front of the event that had them read.
func TestRecorderContainers(t *testing.T) {
	const id = "0123456789ab"
	var out bytes.Buffer
	r := testRecorder(t, &out, Recording{})
	tell := func(typ schema.EventType, values map[string]string) {
		t.Helper()
		var e state.Event
		if err := e.Decode(testRecord(t, typ, 1, values).Event); err != nil {
			t.Fatal(err)
		}
		r.state.Update(&e)
	}
	tell(schema.EvContainerJson2E, map[string]string{"json": `{"container":{"id":"` + id + `","type":0,"name":"web"}}`})
	user := map[string]string{"uid": "33", "gid": "34", "name": "www", "container_id": id}
	tell(schema.EvUserAddedE, user)
	exec := map[string]string{"res": "0", "comm": "sh", "exe": "sh", "uid": "33", "cgroups": "cpu=/docker/" + strings.Repeat(id, 6)[:64]}
	if err := r.record(testRecord(t, schema.EvSyscallExecve19X, 1, exec)); err != nil {
		t.Fatal(err)
	}
	user["name"] = "other"
	tell(schema.EvUserAddedE, user)
	r.tellUsers(r.state.Thread(10))
	if err := errors.Join(r.record(testRecords(t)[2]), r.end(5, ring.Stats{})); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := ReadCapture(context.Background(), &out, nil, func(e *state.Event) error {
		c := e.Thread.Container()
		u, _ := e.State.User(c, e.Thread.UID)
		got = append(got, e.Info().Name+" "+c.Meta.Name+" "+u.Name)
		return nil
	})
	if d := cmp.Diff([]string{"execve web www", "mkdir web other"}, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

// TestRecorderLosses: what was lost is an event where it is missing, and at the end.
func TestRecorderLosses(t *testing.T) {
	var out bytes.Buffer
	r := testRecorder(t, &out, Recording{Condition: matcherOf(t, "evt.type = close")})
	records := testRecords(t)
	drop := &ring.Record{CPU: 2, TS: 3, Flags: abi.RecDrop, Drop: abi.ExtDrop{Full: 6, Nested: 1}}
	bad := &ring.Record{Event: []byte("short")}
	for _, rec := range []*ring.Record{records[0], drop, bad, records[3]} {
		if err := r.record(rec); err != nil {
			t.Fatal(err)
		}
	}
	stats := ring.Stats{Counts: ring.Counts{Lost: ring.Lost{Full: 8, Nested: 1}, SeqGaps: 2}}
	if err := r.end(9, stats); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2 <NA> notification id=drop desc=cpu 2: 7 events lost (ring full 6, nested 1, too large 0, bad reader 0)",
		"3 sh close res=0 fd=3(<f>/srv/a)",
		"4 <NA> notification id=losses desc=in all 9 events lost (ring full 8, nested 1, too large 0, bad reader 0), 2 gaps",
	}
	if d := cmp.Diff(want, readLines(t, out.Bytes(), "")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if r.undecodable != 1 {
		t.Errorf("%d records that are no events, want 1", r.undecodable)
	}
}

func TestRecorderLimits(t *testing.T) {
	for name, opt := range map[string]Recording{"events": {MaxEvents: 2}, "bytes": {MaxBytes: 1}} {
		r := testRecorder(t, io.Discard, opt)
		var err error
		n := 0
		for _, rec := range testRecords(t) {
			n++
			if err = r.record(rec); err != nil {
				break
			}
		}
		if want := int(max(opt.MaxEvents, 1)); !errors.Is(err, errLimit) || n != want {
			t.Errorf("%s: %v after %d events, want the limit after %d", name, err, n, want)
		}
	}
}

func TestRecorderAllocs(t *testing.T) {
	r := testRecorder(t, io.Discard, Recording{Condition: matcherOf(t, "proc.name = sh")})
	rec := testRecords(t)[1]
	if n := testing.AllocsPerRun(1000, func() {
		if err := r.record(rec); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}

// TestCapturePlan: a condition selects what it can hold for, beside the base set.
func TestCapturePlan(t *testing.T) {
	tests := []struct {
		condition string
		all       bool
		in, out   schema.SCSet
	}{
		{"", false, schema.SCsOf(schema.SCGetppid, schema.SCOpenat, schema.SCSchedProcessExit), schema.SCsOf(schema.SCRead, schema.SCSchedSwitch, schema.SCPageFaultUser)},
		{"", true, schema.SCsOf(schema.SCRead, schema.SCGetppid), schema.SCsOf(schema.SCSchedSwitch, schema.SCPageFaultKernel)},
		{"evt.type = getppid", false, schema.SCsOf(schema.SCGetppid, schema.SCOpenat), schema.SCsOf(schema.SCGetpgid, schema.SCRead)},
		{"evt.type in (switch, read)", true, schema.SCsOf(schema.SCSchedSwitch, schema.SCRead), schema.SCsOf(schema.SCWrite)},
	}
	for _, tt := range tests {
		cfg := config.Default()
		cfg.BaseSyscalls.All = tt.all
		plan, err := CapturePlan(cfg, matcherOf(t, tt.condition))
		if err != nil {
			t.Fatal(err)
		}
		if missing := tt.in.Minus(plan.Selected); !missing.IsEmpty() {
			t.Errorf("%q: not selected: %v", tt.condition, schema.SCsToEventNames(missing))
		}
		if more := tt.out.Intersect(plan.Selected); !more.IsEmpty() {
			t.Errorf("%q: selected: %v", tt.condition, schema.SCsToEventNames(more))
		}
	}
}

// TestReadDamaged: a cut capture gives what is in front of the cut, then one error that says where.
func TestReadDamaged(t *testing.T) {
	var out bytes.Buffer
	r := testRecorder(t, &out, Recording{})
	for _, rec := range testRecords(t) {
		if err := r.record(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.end(5, ring.Stats{}); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := ReadCapture(context.Background(), bytes.NewReader(out.Bytes()[:out.Len()-5]), nil, func(*state.Event) error { n++; return nil })
	if n != 3 || err == nil || !strings.HasPrefix(err.Error(), "capture is damaged at byte ") {
		t.Errorf("%d events and %v, want 3 and an error with the offset", n, err)
	}
}

// A terminal is told how much has been read, once for a percent.
func TestProgress(t *testing.T) {
	var said bytes.Buffer
	s := &Source{in: strings.NewReader("0123456789"), close: func() error { return nil }}
	s.follow(10, &said)
	if _, err := io.ReadFull(s, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "\r 50 % read\r\r          \r"; said.String() != want {
		t.Errorf("said %q, want %q", said.String(), want)
	}
}

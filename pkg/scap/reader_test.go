// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

func TestEventBlocks(t *testing.T) {
	raw := closeEvent(7, 5)
	want := seen{Num: 1, Type: schema.EvSyscallCloseX, TID: 7, Shown: true, Params: []string{string(event.I64(0)), string(event.I64(5))}}
	hidden := want
	hidden.Shown = false
	big := ev(schema.EvPlugineventE, 7, event.U32(1), bytes.Repeat([]byte("x"), 100_000))
	tests := []struct {
		name  string
		block []byte
		want  []seen
	}{
		{"plain", eventBlock(raw), []seen{want}},
		{"flags", block(typeFlagged, bin(uint16(3), uint32(0), raw)), []seen{want}},
		{"state only", block(typeFlagged, bin(uint16(3), uint32(flagStateOnly), raw)), []seen{hidden}},
		{"options behind", eventBlock(join(raw, bin(uint16(1), uint16(4), []byte("note"), uint32(0)))), []seen{want}},
		{"large", block(typeLarge, bin(uint16(3), raw)), []seen{want}},
		{"large with flags", block(0x222, bin(uint16(3), uint32(0), raw)), []seen{want}},
		{"version 1", block(0x204, bin(uint16(3), oldEvent(raw))), []seen{want}},
		{"version 1, early number", block(0x8010abcd, bin(uint16(3), oldEvent(raw))), []seen{want}},
		{"version 1 with flags", block(0x208, bin(uint16(3), uint32(0), oldEvent(raw))), []seen{want}},
		{"unknown type", eventBlock(bin(uint64(1), uint64(7), uint32(26), uint16(schema.NumEvents), uint32(0))), nil},
		{"large payload", block(typeLarge, bin(uint16(0), big)), []seen{{Num: 1, Type: schema.EvPlugineventE, TID: 7,
			Params: []string{string(event.U32(1)), strings.Repeat("x", 100_000)}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain := join(section(), tt.block)
			if tt.want == nil {
				plain = join(plain, eventBlock(raw))
				tt.want = []seen{want}
			}
			for _, file := range [][]byte{plain, packed(t, plain)} {
				got, _ := mustRead(t, file)
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
		})
	}
}

// Sections follow each other; each has a host of its own, and events are counted
// through.
func TestSections(t *testing.T) {
	one := func(tid uint64) []byte {
		return join(section(), block(0x202, threadV1(tid)), eventBlock(closeEvent(int64(tid), 1)))
	}
	for _, file := range [][]byte{
		join(one(5), one(6)),
		packed(t, join(one(5), one(6))),
		join(packed(t, one(5)), packed(t, one(6))),
	} {
		got, st := mustRead(t, file)
		if len(got) != 2 || got[1].Num != 2 || st.Thread(5) != nil || st.Thread(6) == nil {
			t.Errorf("got %+v, %d threads at the end", got, st.NumThreads())
		}
	}
}

func TestShown(t *testing.T) {
	users := block(typeUsers, join(
		entry(uint8(0), uint32(1000), uint32(100), "alice", "/home/alice", "/bin/sh"),
		entry(uint8(1), uint32(100), "users")))
	user := func(uid uint32, container string) []byte {
		return ev(schema.EvUserAddedE, -1, event.U32(uid), event.U32(1), event.Str("u"), event.Str("/"), event.Str("sh"), event.Str(container))
	}
	group := func(gid uint32) []byte {
		return ev(schema.EvGroupAddedE, -1, event.U32(gid), event.Str("g"), event.Str(""))
	}
	tests := []struct {
		name string
		raw  []byte
		want bool
	}{
		{"exit", closeEvent(1, 1), true},
		{"enter", ev(schema.EvSyscallOpenE, 1, event.Str("/x"), event.U32(1), event.U32(0)), false},
		{"tracepoint", ev(schema.EvProcexit1E, 1), true},
		{"known user", user(1000, ""), false},
		{"new user", user(1001, ""), true},
		{"user of a container", user(1000, "c0ffee"), true},
		{"known group", group(100), false},
		{"new group", group(101), true},
		{"iterator", ev(schema.EvIterTaskE, 1), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := mustRead(t, join(section(), users, eventBlock(tt.raw)))
			if len(got) != 1 || got[0].Shown != tt.want {
				t.Errorf("got %+v, want shown %v", got, tt.want)
			}
		})
	}
}

// [P21] what is not shown has a number too: the first event that rules see need
// not be number 1.
func TestHiddenEventsCount(t *testing.T) {
	hidden := eventBlock(ev(schema.EvSyscallOpenE, 1, event.Str("/x"), event.U32(1), event.U32(0)))
	got, _ := mustRead(t, join(section(), hidden, eventBlock(closeEvent(1, 1)), hidden, eventBlock(closeEvent(1, 1))))
	for i, want := range []bool{false, true, false, true} {
		if i >= len(got) || got[i].Num != uint64(i+1) || got[i].Shown != want {
			t.Errorf("event %d: got %+v, want shown %v", i+1, got, want)
		}
	}
}

func TestMachine(t *testing.T) {
	host := make([]byte, 128)
	copy(host, "db1")
	body := bin(uint32(4), uint64(1<<30), uint64(4_194_304), host, uint64(testTime), uint64(0), uint64(0), uint64(0))
	r, err := NewReader(bytes.NewReader(join(section(), block(typeMachine, body), eventBlock(closeEvent(1, 1)))), nil)
	if err != nil {
		t.Fatal(err)
	}
	var e event.Event
	if err := r.Next(&e); err != nil || e.CPU != 3 {
		t.Fatalf("%v, cpu %d", err, e.CPU)
	}
	want := Machine{NumCPUs: 4, Memory: 1 << 30, MaxPID: 4_194_304, Hostname: "db1", BootTime: testTime}
	if d := cmp.Diff(want, r.Machine()); d != "" {
		t.Error(d)
	}
}

// A file that is cut gives every event before the cut, then one error with the
// place.
func TestCut(t *testing.T) {
	const events = 3
	head := section()
	one := eventBlock(closeEvent(1, 1))
	file := join(head, bytes.Repeat(one, events))
	for n := len(head); n < len(file); n++ {
		got, _, err := readAll(t, file[:n])
		whole := (n - len(head)) / len(one)
		if len(got) != whole {
			t.Errorf("cut at %d: %d events, want %d", n, len(got), whole)
		}
		switch {
		case n == len(head):
			if !errors.Is(err, ErrNoEvents) {
				t.Errorf("cut at %d: %v", n, err)
			}
		case (n-len(head))%len(one) == 0:
			if err != nil {
				t.Errorf("cut between blocks at %d: %v", n, err)
			}
		case !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	gz := packed(t, file)
	if got, _, err := readAll(t, gz[:len(gz)-4]); len(got) != events || err == nil || !strings.Contains(err.Error(), "damaged at byte 220") {
		t.Errorf("cut gzip: %d events, %v", len(got), err)
	}
}

// Parts of a packed file may be of any size, and blocks in it too.
func TestPackedInParts(t *testing.T) {
	const events = 300
	r := rand.New(rand.NewPCG(1, 2))
	parts, nothing := [][]byte{packed(t, section())}, packed(t, nil)
	for range events {
		b := make([]byte, 2000+r.IntN(4000))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		parts = append(parts, packed(t, eventBlock(ev(schema.EvSyscallReadX, 1, event.I64(int64(len(b))), b))), nothing)
	}
	file := join(parts...)
	if len(file) < 2*(lookAhead+refill) {
		t.Fatalf("only %d bytes", len(file))
	}
	if got, _, err := readAll(t, file); len(got) != events || err != nil {
		t.Errorf("%d events, %v; want %d", len(got), err, events)
	}
	if got, _, err := readAll(t, file[:len(file)-30]); len(got) == 0 || err == nil {
		t.Errorf("cut: %d events, %v", len(got), err)
	}
}

// errAfter fails when its bytes have been read.
type errAfter struct {
	r   io.Reader
	err error
}

func (r *errAfter) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if errors.Is(err, io.EOF) {
		err = r.err
	}
	return n, err
}

// What ends a packed file too early is told as it is.
func TestPackedEnds(t *testing.T) {
	gz := packed(t, join(section(), bytes.Repeat(eventBlock(closeEvent(1, 1)), 1000)))
	broken := errors.New("broken disk")
	empty := packed(t, nil)
	tests := []struct {
		name string
		src  io.Reader
		want error
	}{
		{"broken", &errAfter{bytes.NewReader(gz[:len(gz)-20]), broken}, broken},
		{"cut", bytes.NewReader(gz[:len(gz)-20]), io.ErrUnexpectedEOF},
		{"empty parts without end", io.MultiReader(bytes.NewReader(packed(t, section())), bytes.NewReader(bytes.Repeat(empty, 2*lookAhead))), errSparse},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := NewReader(tt.src, nil)
			var e event.Event
			for err == nil {
				err = r.Next(&e)
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	good := eventBlock(closeEvent(1, 1))
	patched := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	tests := []struct {
		name, want string
		events     int
		file       []byte
	}{
		{"empty", "not a capture file", 0, nil},
		{"text", "not a capture file", 0, []byte("not really a capture")},
		{"gzip of text", "not a capture file", 0, packed(t, []byte("not really a capture"))},
		{"half a gzip header", "not a capture file", 0, []byte{0x1f, 0x8b, 8}},
		{"other byte order", "not a capture file", 0, patched(section(), 8, 0x1a)},
		{"newer format", "version 2.2", 0, patched(section(), 12, 2)},
		{"no events", "no events in the capture", 0, section()},
		{"length of zero", "damaged at byte 100: block of type 0x216 has a length of 0", 1, join(section(), good, bin(uint32(typeEvent), uint32(0)))},
		{"huge block", "length of 67108865", 1, join(section(), good, bin(uint32(typeLarge), uint32(maxBlock+1)))},
		{"block too large for its type", "length of 65545", 1, join(section(), good, bin(uint32(typeEvent), uint32(maxEvent+1)))},
		{"list behind events", "block of type 0x215 behind events", 1, join(section(), good, block(typeThreads, nil))},
		{"trailer of a list", "24 in front and 25 behind", 0, join(section(), patched(block(typeUsers, make([]byte, 12)), 20, 25))},
		{"short event block", "event block holds 10 bytes", 1, join(section(), good, block(typeEvent, make([]byte, 12)))},
		{"long event", "event has a length of 255 in a block of 46", 1, join(section(), good, patched(good, 8+2+16, 255))},
		{"many parameters", "malformed event", 1, join(section(), good, patched(good, 8+2+25, 255))},
		{"long parameter", "malformed event", 1, join(section(), good, patched(good, 8+2+27, 255))},
		{"version 1 that does not add up", "no number of parameters fits", 1, join(section(), good, block(0x204, bin(uint16(0), patched(oldEvent(closeEvent(1, 1)), headerV1, 9))))},
		{"thread entry", "process list: an entry ends behind", 0, join(section(), block(typeThreads, bin(uint32(200), uint64(1))))},
		{"thread entry of nothing", "process list: an entry ends behind", 0, join(section(), block(typeThreads, bin(uint32(0), uint64(1))))},
		{"fd list", "list of descriptors: an entry", 0, join(section(), block(typeFDs, bin(uint64(1), uint32(5), uint64(1))))},
		{"fd list without thread", "list of descriptors: an entry", 0, join(section(), block(typeFDs, bin(uint32(1))))},
		{"user list", "user list: an entry", 0, join(section(), block(typeUsers, entry(uint8(0), uint32(1), uint32(1), uint16(60))))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := readAll(t, tt.file)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if len(got) != tt.events {
				t.Errorf("%d events before it, want %d", len(got), tt.events)
			}
		})
	}
}

// A length is not believed further than there are bytes.
func TestHostileLengths(t *testing.T) {
	files := [][]byte{
		join(section(), bin(uint32(typeLarge), uint32(maxBlock))),
		join(section(), bin(uint32(typeThreads), uint32(maxBlock))),
		join(section(), block(typeThreads, bin(^uint32(0), make([]byte, 100)))),
	}
	for i, file := range files {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := readAll(t, file)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; err == nil || n > 2<<20 {
			t.Errorf("file %d: %v, %d bytes allocated", i, err, n)
		}
	}
}

// endless gives the same events again and again.
type endless struct {
	head, loop []byte
	off        int
}

func (s *endless) Read(p []byte) (int, error) {
	if s.off < len(s.head) {
		n := copy(p, s.head[s.off:])
		s.off += n
		return n, nil
	}
	at := (s.off - len(s.head)) % len(s.loop)
	n := copy(p, s.loop[at:])
	s.off += n
	return n, nil
}

func TestAllocs(t *testing.T) {
	tests := []struct {
		name string
		loop []byte
	}{
		{"current", eventBlock(closeEvent(1, 1))},
		{"version 1", block(0x204, bin(uint16(0), oldEvent(closeEvent(1, 1))))},
		{"pair", join(
			eventBlock(ev(schema.EvSyscallReadE, 1, event.I64(3), event.U32(10))),
			eventBlock(ev(schema.EvSyscallReadX, 1, event.I64(2), []byte("ab"))))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := NewReader(&endless{head: section(), loop: tt.loop}, func() *state.State { return state.New(state.Options{}) })
			if err != nil {
				t.Fatal(err)
			}
			var e event.Event
			if n := testing.AllocsPerRun(1000, func() {
				if err := r.Next(&e); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%v allocations per event", n)
			}
		})
	}
}

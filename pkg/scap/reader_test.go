// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

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

// Events that come through a pipe are there when they were written, compressed or
// not.
func TestPipe(t *testing.T) {
	for _, compress := range []bool{false, true} {
		from, to, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		defer to.Close()
		if err := from.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err) // or a reader that wants more than there is would wait for ever
		}
		w, err := NewWriter(to, compress, Machine{})
		var r *Reader
		var e event.Event
		for fd := int64(1); fd < 10; fd++ {
			err = errors.Join(err, w.Event(0, closeEvent(1, fd), false), w.Flush())
			if r == nil && err == nil {
				r, err = NewReader(from, nil)
			}
			if err == nil {
				err = r.Next(&e)
			}
			if num, _ := e.Int(1); err != nil || num != fd {
				t.Fatalf("compressed %v: fd %d, %v; want %d", compress, num, err, fd)
			}
		}
		if err := errors.Join(w.Close(), to.Close()); err != nil {
			t.Fatal(err)
		}
		if err := r.Next(&e); !errors.Is(err, io.EOF) {
			t.Errorf("compressed %v: %v at the end", compress, err)
		}
	}
}

// A list is read however long it is, and not held as a whole.
func TestLongList(t *testing.T) {
	const threads = 10_000
	var list []byte
	env := strings.Repeat("v", 3000)
	for i := range threads {
		list = append(list, entry(uint64(i+1), uint64(i+1), uint64(1), uint64(1), uint64(1), "java", "java", "/bin/java", "", "/", uint64(1),
			uint32(0), uint32(0), uint32(0), make([]byte, 28), env, uint64(1), uint64(1), "", "/")...)
	}
	file := join(section(), block(typeThreads, list), eventBlock(closeEvent(1, 1)))
	r, err := NewReader(bytes.NewReader(file), func() *state.State { return state.New(state.Options{MaxThreads: 100}) })
	if err != nil {
		t.Fatal(err)
	}
	var e event.Event
	if err := r.Next(&e); err != nil {
		t.Fatal(err)
	}
	if st := r.State(); st.NumThreads() != 100 || st.Thread(threads) == nil || st.Thread(threads).Env[0] != env {
		t.Errorf("got %d threads, and of the last %+v", st.NumThreads(), st.Thread(threads))
	}
	if n := len(r.in.buf); n > 4*maxEntry {
		t.Errorf("a buffer of %d bytes for a list of %d", n, len(list))
	}
}

// A section may be without events, as long as another has some.
func TestSectionWithoutEvents(t *testing.T) {
	for _, file := range [][]byte{
		join(section(), section(), eventBlock(closeEvent(1, 1))),
		join(section(), eventBlock(closeEvent(1, 1)), section()),
	} {
		if got, _ := mustRead(t, file); len(got) != 1 {
			t.Errorf("%d events", len(got))
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

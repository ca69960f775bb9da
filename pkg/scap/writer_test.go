// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// TestWriter copies captures: the copy has the same state at its start and the
// same events.
func TestWriter(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "corpus", "captures")
	for _, name := range []string{"curl_google", "test_ipv6_client", "build"} {
		for _, compress := range []bool{false, true} {
			file, err := os.ReadFile(filepath.Join(dir, name+".scap"))
			if err != nil {
				t.Fatal(err)
			}
			compareCaptures(t, file, rewritten(t, file, compress, (*Writer).State))
			compareCaptures(t, file, rewritten(t, file, compress, writeLists))
		}
		if sharedtest.RaceDetector {
			break
		}
	}
}

// TestPlain: a capture for older readers has no types of descriptors and no calls
// that they do not know.
func TestPlain(t *testing.T) {
	for _, plain := range []bool{false, true} {
		st := state.New(state.Options{})
		th := st.AddThread(state.Thread{TID: 10, PID: 10, Comm: "systemd"})
		for typ := state.FDFile; typ < state.NumFDTypes; typ++ {
			st.AddFD(th, state.FD{Num: int64(typ), Type: typ, Name: "x"})
		}
		var out bytes.Buffer
		w, err := NewWriter(&out, false, Machine{})
		if plain {
			w.Plain()
		}
		if err := errors.Join(err, w.State(st), w.Event(0, closeEvent(10, 3), false), w.Close()); err != nil {
			t.Fatal(err)
		}
		_, got := mustRead(t, out.Bytes())
		for typ := state.FDFile; typ < state.NumFDTypes; typ++ {
			want := typ
			if plain && typ > state.FDFileV2 {
				want = state.FDUnsupported
			}
			if fd := got.Thread(10).FD(int64(typ)); fd == nil || fd.Type != want {
				t.Errorf("plain %v: type %d came back as %+v", plain, typ, fd)
			}
		}
		for sc, known := range map[schema.SC]bool{schema.SCGetpid: true, schema.SCKexecFileLoad: true, schema.SCFutexWaitv: false} {
			var e event.Event
			if err := e.Decode(ev(schema.EvGenericX, 10, event.U16(uint16(sc)), event.U16(1))); err != nil {
				t.Fatal(err)
			}
			if got := w.Takes(&e); got != (known || !plain) {
				t.Errorf("plain %v: %v is taken: %v", plain, sc, got)
			}
		}
	}
}

// writeLists writes a state by images of its threads.
func writeLists(w *Writer, st *state.State) error {
	var l Lists
	l.AddHost(st)
	st.Threads(func(t *state.Thread) bool {
		l.AddImage(AppendImage(nil, t, 1<<20))
		return true
	})
	return w.Lists(&l)
}

// TestLists: the first image of a thread counts, and no descriptor is listed twice.
func TestLists(t *testing.T) {
	st := state.New(state.Options{})
	th := st.AddThread(state.Thread{TID: 10, PID: 10, Comm: "old"})
	fd := st.AddFD(th, state.FD{Num: 3, Type: state.FDFileV2, Name: "/old"})
	var l Lists
	l.Skip(20)
	l.AddFD(AppendFD(nil, 10, fd)) // no thread yet
	l.AddImage(AppendImage(nil, th, 1))
	th.Comm, fd.Name = "new", "/new"
	l.AddImage(AppendImage(nil, th, 1))
	l.AddFD(AppendFD(nil, 10, fd))
	l.Skip(10)
	for num := range int64(3) {
		l.AddFD(AppendFD(nil, 10, &state.FD{Num: num, Type: state.FDFileV2, Name: "/more"}))
	}
	late := st.AddThread(state.Thread{TID: 20, PID: 20})
	l.AddImage(AppendImage(nil, late, 0))
	if !l.Has(10) || !l.Has(20) || l.Has(30) {
		t.Errorf("threads: %v", l.known)
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, false, Machine{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Lists(&l), w.Event(0, event.Append(nil, schema.EvSyscallGetuidX, 1, 10), false), w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(&out, nil)
	if err != nil {
		t.Fatal(err)
	}
	var e event.Event
	if err := r.Next(&e); err != nil {
		t.Fatal(err)
	}
	var got []string
	r.State().Threads(func(t *state.Thread) bool {
		got = append(got, t.Comm)
		for fd := range t.FDs() {
			got = append(got, fd.Name)
		}
		return true
	})
	if d := cmp.Diff([]string{"old", "/more", "/more", "/more", "/old"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := w.Lists(&l); !errors.Is(err, errLate) {
		t.Errorf("lists behind events: %v", err)
	}
}

// rewritten reads a capture and writes it again, its lists by a function.
func rewritten(t *testing.T, file []byte, compress bool, lists func(*Writer, *state.State) error) []byte {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var w *Writer
	var e event.Event
	for {
		err := r.Next(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if w == nil {
			if w, err = NewWriter(&out, compress, r.Machine()); err != nil {
				t.Fatal(err)
			}
			if err := lists(w, r.State()); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Event(e.CPU, e.Raw(), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compareCaptures(t *testing.T, want, got []byte) {
	t.Helper()
	a, err := NewReader(bytes.NewReader(want), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewReader(bytes.NewReader(got), nil)
	if err != nil {
		t.Fatal(err)
	}
	var e, f event.Event
	for n := 0; ; n++ {
		errA, errB := a.Next(&e), b.Next(&f)
		if n == 0 {
			if d := cmp.Diff(a.Machine(), b.Machine()); d != "" {
				t.Errorf("machine (-want +got):\n%s", d)
			}
			compareStates(t, a.State(), b.State())
		}
		if errA != nil || errB != nil {
			if errA != io.EOF || errB != io.EOF {
				t.Fatalf("event %d: %v, %v", n, errA, errB)
			}
			return
		}
		if e.Num != f.Num || e.CPU != f.CPU || a.Shown() != b.Shown() || !bytes.Equal(e.Raw(), f.Raw()) {
			t.Fatalf("event %d: got %x, want %x", n, f.Raw(), e.Raw())
		}
	}
}

func compareStates(t *testing.T, want, got *state.State) {
	t.Helper()
	if want.NumThreads() != got.NumThreads() {
		t.Errorf("got %d threads, want %d", got.NumThreads(), want.NumThreads())
	}
	addr := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	fdFields := cmp.Options{cmpopts.IgnoreUnexported(state.FD{}), addr}
	want.Threads(func(a *state.Thread) bool {
		b := got.Thread(a.TID)
		if b == nil {
			t.Errorf("no thread %d", a.TID)
			return true
		}
		if d := cmp.Diff(*a, *b, threadFields); d != "" {
			t.Errorf("thread %d (-want +got):\n%s", a.TID, d)
		}
		if d := cmp.Diff(slices.Collect(a.FDs()), slices.Collect(b.FDs()), fdFields); d != "" {
			t.Errorf("descriptors of %d (-want +got):\n%s", a.TID, d)
		}
		return true
	})
	byUID := cmpopts.SortSlices(func(a, b state.User) bool { return a.UID < b.UID })
	if d := cmp.Diff(slices.Collect(want.Users()), slices.Collect(got.Users()), byUID); d != "" {
		t.Errorf("users (-want +got):\n%s", d)
	}
	if d := cmp.Diff(maps.Collect(want.Groups()), maps.Collect(got.Groups())); d != "" {
		t.Errorf("groups (-want +got):\n%s", d)
	}
}

func TestWriteInterfaces(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, false, Machine{})
	if err != nil {
		t.Fatal(err)
	}
	st := state.New(state.Options{})
	st.AddInterface(state.Interface{Name: "eth0", Prefix: netip.MustParsePrefix("10.1.2.3/20")})
	st.AddInterface(state.Interface{Name: "lo", Prefix: netip.MustParsePrefix("::1/128")})
	if err := errors.Join(w.State(st), w.Close()); err != nil {
		t.Fatal(err)
	}
	one := netip.MustParseAddr("::1").As16()
	want := block(0x219, bin(
		uint32(24+4), uint16(1), uint16(4), []byte{10, 1, 2, 3, 255, 255, 240, 0, 10, 1, 15, 255}, uint64(0), []byte("eth0"),
		uint32(60+2), uint16(2), uint16(2), one[:], bytes.Repeat([]byte{255}, 16), make([]byte, 16), uint64(0), []byte("lo")))
	if !bytes.Contains(out.Bytes(), want) {
		t.Errorf("got %x, want %x in it", out.Bytes(), want)
	}
}

func TestWriteEvents(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, true, Machine{Hostname: strings.Repeat("h", 200)})
	if err != nil {
		t.Fatal(err)
	}
	small := closeEvent(1, 1)
	large := ev(schema.EvPlugineventE, 1, event.U32(1), bytes.Repeat([]byte("x"), 70_000))
	for _, raw := range [][]byte{small, large} {
		for _, stateOnly := range []bool{false, true} {
			if err := w.Event(7, raw, stateOnly); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := w.State(state.New(state.Options{})); !errors.Is(err, errLate) {
		t.Errorf("lists behind events: %v", err)
	}
	if err := w.Event(0, small[:20], false); err == nil {
		t.Error("half an event was written")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _ := mustRead(t, out.Bytes())
	if len(got) != 4 || !got[0].Shown || got[1].Shown || len(got[3].Params[1]) != 70_000 {
		t.Errorf("got %d events", len(got))
	}
}

// full takes no more than n bytes.
type full int

var errFull = errors.New("disk is full")

func (f *full) Write(b []byte) (int, error) {
	if len(b) > int(*f) {
		return 0, errFull
	}
	*f -= full(len(b))
	return len(b), nil
}

func TestWriteErrors(t *testing.T) {
	room := full(readAhead)
	w, err := NewWriter(&room, false, Machine{})
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		if err = w.Event(0, closeEvent(1, 1), false); err != nil {
			break
		}
	}
	if !errors.Is(err, errFull) || !errors.Is(w.Close(), errFull) {
		t.Errorf("got %v", err)
	}
}

func TestWriteAllocs(t *testing.T) {
	w, err := NewWriter(io.Discard, false, Machine{})
	if err != nil {
		t.Fatal(err)
	}
	raw := closeEvent(1, 1)
	if n := testing.AllocsPerRun(1000, func() {
		if err := w.Event(0, raw, false); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}

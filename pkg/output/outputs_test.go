// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is a writer that says what it got.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func alertN(n int) *Alert { return &Alert{Message: fmt.Sprint("number ", n)} }

func text(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&b, "00:00:00.000000000: Emergency number %d\n", n)
	}
	return b.String()
}

var textEncoder = Encoder{Zone: time.UTC}

func open(t *testing.T, opt Options) *Outputs {
	t.Helper()
	opt.Encoder = textEncoder
	if opt.Capacity == 0 {
		opt.Capacity = 1000
	}
	o, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func closeAll(t *testing.T, o *Outputs) {
	t.Helper()
	if err := o.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestAllOutputsGetAll(t *testing.T) {
	for _, keep := range []bool{false, true} {
		for _, buffered := range []bool{false, true} {
			var stdout lines
			name := filepath.Join(t.TempDir(), "alerts")
			o := open(t, Options{Stdout: &stdout, File: &FileOptions{Name: name, KeepAlive: keep}, Buffered: buffered})
			for n := range 500 {
				o.Send(alertN(n))
			}
			closeAll(t, o)
			inFile, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if want := text(0, 500); stdout.String() != want || string(inFile) != want {
				t.Errorf("keep %v, buffered %v: stdout or file have other lines", keep, buffered)
			}
			for _, s := range o.Stats() {
				if s.Sent != 500 || s.Lost != 0 {
					t.Errorf("%+v", s)
				}
			}
		}
	}
}

func TestReopen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "alerts")
	o := open(t, Options{File: &FileOptions{Name: name, KeepAlive: true}})
	o.Send(alertN(0))
	waitFor(t, func() bool { return o.Stats()[0].Sent == 1 })
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	o.Reopen()
	o.Send(alertN(1))
	closeAll(t, o)
	for i, want := range map[string]string{name + ".1": text(0, 1), name: text(1, 2)} {
		if got, err := os.ReadFile(i); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", i, got, err)
		}
	}
}

// waitFor lets others run until something holds.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 60_000 {
		if holds() {
			return
		}
		<-tick.C
	}
	t.Fatal("it never came to hold")
}

func TestUnopenable(t *testing.T) {
	_, err := New(Options{Capacity: 1, File: &FileOptions{Name: filepath.Join(t.TempDir(), "no/such/folder")}})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A reader that stopped reading costs alerts, not time, and not those of others.
func TestHangingOutput(t *testing.T) {
	r, w := io.Pipe()
	reports := make(chan error, 10)
	name := filepath.Join(t.TempDir(), "alerts")
	o := open(t, Options{Stdout: w, File: &FileOptions{Name: name}, Capacity: 100, Report: func(err error) { reports <- err }, reportTime: time.Hour})
	for n := range 1000 {
		o.Send(alertN(n))
		waitFor(t, func() bool { return o.Stats()[1].Sent == uint64(n+1) })
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := o.Close(ctx); !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "output stdout: ") {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(name); string(got) != text(0, 1000) {
		t.Errorf("the other output has %d bytes", len(got))
	}
	go io.Copy(io.Discard, r)
	if err := <-reports; !errors.Is(err, errFull) {
		t.Errorf("reported: %v", err)
	}
	<-o.channels[0].done
	if s := o.Stats()[0]; s.Sent+s.Lost != 1000 || s.Lost < 800 {
		t.Errorf("%+v", s)
	}
}

// full takes a number of bytes and then no more, until it is emptied.
type full struct {
	room int
	got  bytes.Buffer
}

var errNoSpace = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.got.Write(p[:n])
	f.room -= n
	if n < len(p) {
		return n, errNoSpace
	}
	return n, nil
}

func TestFullDisk(t *testing.T) {
	line := len(text(0, 1))
	disk := &full{room: 2*line + line/2}
	var reports []string
	c := newChannel("file", stream{disk}, Options{Capacity: 1, Report: func(err error) { reports = append(reports, err.Error()) }, reportTime: time.Hour})
	for n := range 6 {
		if n == 4 {
			disk.room = 1000
		}
		c.write(stream{disk}, []byte(text(n, n+1)), 1)
	}
	want := text(0, 2) + text(2, 3)[:line/2] + "\n" + text(4, 6)
	if got := disk.got.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if c.sent.Load() != 4 || c.lost.Load() != 2 {
		t.Errorf("sent %d, lost %d", c.sent.Load(), c.lost.Load())
	}
	c.losses.flush()
	if len(reports) != 1 || reports[0] != "output file: no space left; alerts lost: 2" {
		t.Errorf("reports: %q", reports)
	}
}

// Several lines in one write: those before the fault arrived.
func TestPartOfABatch(t *testing.T) {
	disk := &full{room: 3*len(text(0, 1)) + 1}
	c := newChannel("file", stream{disk}, Options{Capacity: 1, Report: func(error) {}, reportTime: time.Hour})
	c.write(stream{disk}, []byte(text(0, 5)), 5)
	if c.sent.Load() != 3 || c.lost.Load() != 2 || !c.torn {
		t.Errorf("sent %d, lost %d, torn %v", c.sent.Load(), c.lost.Load(), c.torn)
	}
}

// Losses are told together, after the time.
func TestReportsAreGathered(t *testing.T) {
	const lost, every = 1000, 20 * time.Millisecond
	told := make(chan uint64, lost)
	l := losses{every: every, tell: func(n uint64, _ error) { told <- n }}
	start := time.Now()
	for range lost {
		l.add(1, errFull)
	}
	reports, sum := 0, uint64(0)
	for ; sum < lost; reports++ {
		sum += <-told
	}
	if took := time.Since(start); sum > lost || reports > int(took/every) {
		t.Errorf("%d reports of %d losses within %v", reports, sum, took)
	}
}

func TestNoOutputs(t *testing.T) {
	o := open(t, Options{})
	o.Send(alertN(0))
	closeAll(t, o)
}

func TestHostname(t *testing.T) {
	t.Setenv(HostnameVariable, "elsewhere")
	if name, err := Hostname(); name != "elsewhere" || err != nil {
		t.Errorf("got %q, %v", name, err)
	}
	t.Setenv(HostnameVariable, "")
	want, _ := os.Hostname()
	if name, err := Hostname(); name != want || err != nil {
		t.Errorf("got %q, %v; want %q", name, err, want)
	}
}

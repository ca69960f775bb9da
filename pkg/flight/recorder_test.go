// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/scaptest"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// host is a small host whose events go through a recorder.
type host struct {
	t     *testing.T
	r     *Recorder
	st    *state.State
	ev    state.Event
	num   uint64
	files chan *File
}

func newHost(t *testing.T, opt Options) *host {
	t.Helper()
	h := &host{t: t, st: state.New(state.Options{}), files: make(chan *File, 64)}
	if opt.Prefix == "" {
		opt.Prefix = filepath.Join(t.TempDir(), "rec")
	}
	if opt.Bytes == 0 {
		opt.Bytes = 4 << 20
	}
	if opt.MaxRun == 0 {
		opt.MaxRun = 4
	}
	opt.Machine = func() scap.Machine { return scap.Machine{Hostname: "db1", NumCPUs: 2} }
	opt.Ended = func(f *File) { h.files <- f }
	h.r = New(opt)
	for _, p := range []state.Thread{
		{TID: 1, PID: 1, Comm: "init"},
		{TID: 10, PID: 10, PTID: 1, Comm: "web"}, {TID: 11, PID: 11, PTID: 10, Comm: "worker"},
		{TID: 20, PID: 20, PTID: 1, Comm: "sshd"}, {TID: 21, PID: 21, PTID: 20, Comm: "bash", LoginUID: 1000},
	} {
		p.VTID, p.VPID, p.Exe, p.Cwd = p.TID, p.PID, p.Comm, "/"
		if p.LoginUID == 0 {
			p.LoginUID = state.NoID
		}
		h.st.AddThread(p)
	}
	h.st.AddFD(h.st.Thread(11), state.FD{Num: 3, Type: state.FDFileV2, Name: "/srv/log"})
	h.st.AddUser(state.User{UID: 1000, Name: "ann"})
	h.st.LinkParents()
	return h
}

// event takes one event through state and recorder; match is called in between,
// as rules are.
func (h *host) event(typ schema.EventType, ts uint64, tid int64, values map[string]string, match ...func()) {
	h.t.Helper()
	raw, err := event.Encode(nil, typ, ts, tid, values)
	if err != nil {
		h.t.Fatal(err)
	}
	h.raw(raw, match...)
}

func (h *host) raw(raw []byte, match ...func()) {
	h.t.Helper()
	if err := h.ev.Decode(raw); err != nil {
		h.t.Fatal(err)
	}
	h.num++
	h.ev.Num, h.ev.CPU = h.num, 1
	h.st.Find(&h.ev)
	h.r.Before(&h.ev)
	h.st.Apply(&h.ev)
	h.r.After(&h.ev, true)
	for _, f := range match {
		f()
	}
	h.st.Done(&h.ev)
}

func (h *host) mkdir(ts uint64, tid int64, path string, match ...func()) {
	h.t.Helper()
	h.event(schema.EvSyscallMkdir2X, ts, tid, map[string]string{"res": "0", "path": path}, match...)
}

// match is a rule that asks for a file.
func (h *host) match() { h.r.Match(&h.ev, "the rule", true, 0) }

func (h *host) close() *File {
	h.t.Helper()
	if err := h.r.Close(context.Background(), EndOfEvents); err != nil {
		h.t.Fatal(err)
	}
	return h.next()
}

func (h *host) next() *File {
	h.t.Helper()
	select {
	case f := <-h.files:
		return f
	case <-time.After(time.Minute):
		h.t.Fatal("no file within a minute")
		return nil
	}
}

// lines are the events of a file that are to be seen, each with its process as
// it was then.
func lines(t *testing.T, path string) []string {
	t.Helper()
	var out []string
	st := scaptest.Each(t, path, func(r *scap.Reader, ev *state.Event) {
		r.State().Update(ev)
		if r.Shown() {
			out = append(out, line(ev))
		}
		r.State().Done(ev)
	}).Stats()
	if st.MissedThreads+st.MissedExits+st.MissedParents > 0 {
		t.Errorf("the file does without threads: %+v", st)
	}
	return out
}

func line(ev *state.Event) string {
	s := fmt.Sprintf("%d %s", ev.TS/1e8, ev.Thread.Comm)
	if p := ev.Thread.Parent(); p != nil {
		s += "<" + p.Comm
	}
	s += " " + ev.Info().Name
	if path, ok := ev.Str(1); ok && ev.Type == schema.EvSyscallMkdir2X {
		s += " " + string(path)
	}
	if ev.FD != nil {
		s += " fd=" + ev.FD.Name
	}
	return s
}

const tenth = uint64(1e8)

// TestFile: a file has the events of one tree from the lead to the end, and every
// process in it is what it was at the time.
func TestFile(t *testing.T) {
	h := newHost(t, Options{Lead: 2 * time.Second, Duration: time.Second})
	var num uint64 // of the match
	id := func(v int64) string { return strconv.FormatInt(v, 10) }
	clone := func(ts uint64, tid, res int64, ptid int64) {
		own := id(tid)
		h.event(schema.EvSyscallClone20X, ts, tid, map[string]string{"res": id(res), "tid": own, "pid": own, "ptid": id(ptid),
			"comm": "child", "exe": "child", "cwd": "/", "flags": "0", "uid": "0", "gid": "0", "vtid": own, "vpid": own})
	}
	for i := range uint64(110) { // eleven seconds
		h.mkdir(i*tenth, 10, "/a"+id(int64(i)))
		h.mkdir(i*tenth, 21, "/not/this/tree")
		h.event(schema.EvSyscallWriteX, i*tenth, 11, map[string]string{"res": "1", "data": "x", "fd": "3", "size": "1"})
		switch i {
		case 70: // before the lead: the child is there at its beginning
			clone(i*tenth, 10, 30, 1)
			clone(i*tenth, 30, 0, 10)
		case 85: // the worker was another program before
			h.event(schema.EvSyscallExecve19X, i*tenth, 11, map[string]string{"res": "0", "tid": "11", "pid": "11", "ptid": "10",
				"comm": "evil", "exe": "evil", "args": "", "cwd": "/", "uid": "0", "gid": "0", "flags": "0"})
		case 88: // and there is one more
			clone(i*tenth, 11, 31, 10)
			clone(i*tenth, 31, 0, 11)
			h.mkdir(i*tenth, 31, "/by/child")
		case 89:
			h.event(schema.EvSyscallCloseX, i*tenth, 11, map[string]string{"res": "0", "fd": "3"})
		case 90:
			h.event(schema.EvProcexit1E, i*tenth, 30, map[string]string{"status": "0", "ret": "0", "sig": "0", "core": "0", "reaper_tid": "0"})
			h.mkdir(i*tenth, 10, "/alarm", h.match)
			num = h.num
		}
	}
	f := h.next()
	if f.Err != nil || f.End != EndOfTime || f.Rule != "the rule" || f.Lead != 2*time.Second || !strings.HasSuffix(f.Path, fmt.Sprintf("rec_%d_%d.scap", 90*tenth, num)) {
		t.Errorf("the file is %+v", f)
	}
	var want []string
	worker := "worker"
	for i := 70; i <= 100; i++ {
		add := func(text string) { want = append(want, fmt.Sprintf("%d %s", i, text)) }
		add(fmt.Sprintf("web<init mkdir /a%d", i))
		if i < 90 {
			add(worker + "<web write fd=/srv/log")
		} else {
			add(worker + "<web write")
		}
		switch i {
		case 70:
			add("web<init clone")
			add("child<web clone")
		case 85:
			worker = "evil"
			add("evil<web execve")
		case 88:
			add("evil<web clone")
			add("child<evil clone")
			add("child<evil mkdir /by/child")
		case 89:
			add(worker + "<web close fd=/srv/log")
		case 90:
			add("child<web procexit")
			add("web<init mkdir /alarm")
		}
	}
	if d := cmp.Diff(want, lines(t, f.Path)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o600 || info.Size() != f.Bytes {
		t.Errorf("the file is %v, %v; %d bytes counted", info, err, f.Bytes)
	}
}

// TestOrphan: a login's parent is of another tree; when that ends, the login gets
// another parent, in the file too.
func TestOrphan(t *testing.T) {
	h := newHost(t, Options{Lead: time.Minute, Duration: time.Second})
	h.mkdir(50*tenth, 21, "/1")
	h.mkdir(51*tenth, 20, "/of/another/tree")
	h.event(schema.EvProcexit1E, 52*tenth, 20, map[string]string{"status": "0", "ret": "0", "sig": "0", "core": "0", "reaper_tid": "1"})
	h.mkdir(53*tenth, 21, "/2", h.match)
	want := []string{"50 bash<sshd mkdir /1", "53 bash<init mkdir /2"}
	if d := cmp.Diff(want, lines(t, h.close().Path)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestTrees: each tree has a file of its own; a match in a tree whose file is
// being written makes that one longer.
func TestTrees(t *testing.T) {
	h := newHost(t, Options{Lead: time.Second, Duration: time.Second, MaxRun: 2})
	h.mkdir(50*tenth, 10, "/1", h.match)
	h.mkdir(51*tenth, 21, "/2", h.match)
	h.mkdir(52*tenth, 20, "/none", h.match) // two are being written
	h.mkdir(55*tenth, 11, "/3", h.match)
	h.mkdir(61*tenth, 10, "/4", func() { h.r.Match(&h.ev, "another", false, 0) })
	h.mkdir(62*tenth, 21, "/over")
	h.mkdir(66*tenth, 11, "/over")
	want := map[string][]string{
		fmt.Sprintf("rec_%d_1.scap", 50*tenth): {"50 web<init mkdir /1", "55 worker<web mkdir /3", "61 web<init mkdir /4"},
		fmt.Sprintf("rec_%d_2.scap", 51*tenth): {"51 bash<sshd mkdir /2"},
	}
	for range 2 {
		f := h.next()
		if d := cmp.Diff(want[filepath.Base(f.Path)], lines(t, f.Path)); d != "" || f.Err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", f.Path, f.Err, d)
		}
	}
	if s := h.r.Stats(); s.Files != 2 || s.Refused != 1 || s.Merged != 1 || s.Failed+s.Evicted+s.NoRoom+s.Unread != 0 {
		t.Errorf("stats: %+v", s)
	}
}

// TestAll: with All every match asks for a file, for as long as its rule says.
func TestAll(t *testing.T) {
	h := newHost(t, Options{All: true, Duration: time.Second})
	h.mkdir(50*tenth, 10, "/1", func() { h.r.Match(&h.ev, "a rule", false, 2*time.Second) })
	h.mkdir(69*tenth, 10, "/2")
	f := h.close()
	want := []string{"50 web<init mkdir /1", "69 web<init mkdir /2"}
	if d := cmp.Diff(want, lines(t, f.Path)); d != "" || f.End != EndOfEvents {
		t.Errorf("%+v (-want +got):\n%s", f, d)
	}
}

// TestSize: a file that is as large as it may be ends, and a new one can follow.
func TestSize(t *testing.T) {
	h := newHost(t, Options{Duration: time.Hour, MaxFile: 20_000, Wait: true})
	h.mkdir(1, 10, "/1", h.match)
	data := make([]byte, 0, 1000)
	for i := uint64(2); i < 5000; i++ {
		data = data[:0]
		for k := range uint64(500) {
			data = append(data, byte('a'+(i*k*k)%26))
		}
		h.event(schema.EvSyscallWriteX, i*1e6, 11, map[string]string{"res": "1", "data": string(data), "fd": "3", "size": "1"})
	}
	f := h.close()
	if f.End != EndOfSize || f.Err != nil || f.Bytes < 20_000 || f.Bytes > 200_000 {
		t.Errorf("the file is %+v", f)
	}
	if n := len(lines(t, f.Path)); uint64(n) != f.Events || n < 100 {
		t.Errorf("%d events in the file, %d counted", n, f.Events)
	}
	h.mkdir(6e9, 10, "/2", h.match)
	if f := h.close(); f.Err != nil || f.Events == 0 {
		t.Errorf("the next file is %+v", f)
	}
}

// TestLost: events that the host lost meanwhile are told at the end.
func TestLost(t *testing.T) {
	h := newHost(t, Options{Lead: time.Second, Duration: time.Second})
	h.r.Lost(100)
	h.mkdir(1, 10, "/1")
	h.r.Lost(5)
	h.mkdir(2, 10, "/2", h.match)
	h.r.Lost(2)
	f := h.close()
	want := []string{"0 web<init mkdir /1", "0 web<init mkdir /2", "0  notification"}
	if d := cmp.Diff(want, lines(t, f.Path)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestSlowDisk: what a disk is too slow for is missing in the file, counted, and
// the events do not wait.
func TestSlowDisk(t *testing.T) {
	h := newHost(t, Options{Duration: time.Hour})
	h.mkdir(1, 10, "/1")
	d := &dump{r: h.r, tree: h.r.tree, segments: make(chan *segment, 1), until: ^uint64(0)} // that nobody writes
	h.r.tree.dump = d
	h.r.dumps = append(h.r.dumps, d)
	for i := range uint64(10) {
		h.mkdir(i*second*2, 10, "/1")
	}
	if got := h.r.Stats().Unread; got != 8 || d.file.Unread != 8 { // one waits, one is not at its end
		t.Errorf("%d events unread, the file says %d, want 8", got, d.file.Unread)
	}
}

// TestFailing: what cannot be written is told with the file, and nothing is left.
func TestFailing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, fmt.Sprintf("link_%d_1.scap", 5*second))); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]string{
		filepath.Join(dir, "file", "x"): "not a directory",
		filepath.Join(dir, "link"):      "file exists",
	} {
		h := newHost(t, Options{Prefix: prefix, Duration: time.Hour})
		h.mkdir(5*second, 10, "/1", h.match)
		for i := range uint64(1000) {
			h.mkdir(5*second+i*tenth, 10, "/2")
		}
		f := h.close()
		if f.Err == nil || !strings.Contains(f.Err.Error(), want) || f.End != EndByError {
			t.Errorf("%s: %+v, want %s", prefix, f, want)
		}
		if s := h.r.Stats(); s.Failed != 1 {
			t.Errorf("%s: %+v", prefix, s)
		}
		if h.r.reading.Load() != 0 {
			t.Errorf("%s: %d segments are still to be read", prefix, h.r.reading.Load())
		}
	}
}

// TestFullDisk: what a disk does not take is told, and does not hold up anything.
func TestFullDisk(t *testing.T) {
	h := newHost(t, Options{Duration: time.Hour})
	h.r.create = func(string) (*os.File, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) }
	for i := range uint64(1000) {
		h.mkdir(5*second+i*tenth, 10, "/1", h.match)
	}
	f := h.close()
	if f.Err == nil || !strings.Contains(f.Err.Error(), "no space left") || h.r.Stats().Failed == 0 || h.r.reading.Load() != 0 {
		t.Errorf("%+v, %+v", f, h.r.Stats())
	}
}

// TestTrust: a path is not gone along where others may bend it.
func TestTrust(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	for _, d := range []string{"safe/sub", "open/sub"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{"in": open + "/sub", "round": dir + "/round", "safe/up": "../safe/sub"}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"safe/sub": "", "safe/up/x": "", "safe/not/there": "", "open": "",
		"open/sub": "others may", "in": "others may", "in/x": "others may", "round": "too many links",
	} {
		err := trust(filepath.Join(dir, path))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestFiles: the oldest files of the prefix go, and no others.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"rec_1_1.scap", "rec_9000000000_9.scap", "rec_9_10.scap", "rec_x_1.scap", "rec_1_1.txt", "other_1_1.scap", "rec_.scap"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := newHost(t, Options{Prefix: filepath.Join(dir, "rec"), MaxFiles: 2, Duration: time.Second})
	h.mkdir(5*second, 10, "/1", h.match)
	h.close()
	var got []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{"other_1_1.scap", "rec_.scap", "rec_1_1.txt", "rec_5000000000_1.scap", "rec_9000000000_9.scap", "rec_x_1.scap"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestAnotherHost: a capture of two sections is of two hosts.
func TestAnotherHost(t *testing.T) {
	h := newHost(t, Options{Lead: time.Minute, Duration: time.Hour})
	h.mkdir(5*second, 10, "/1", h.match)
	h.st = newHost(t, Options{}).st
	h.mkdir(6*second, 10, "/2")
	f := h.next()
	if d := cmp.Diff([]string{"50 web<init mkdir /1"}, lines(t, f.Path)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	h.mkdir(7*second, 10, "/3", h.match)
	f = h.close()
	if d := cmp.Diff([]string{"60 web<init mkdir /2", "70 web<init mkdir /3"}, lines(t, f.Path)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestManyDescriptors: a process with more descriptors than there is room for does
// not take the memory of all.
func TestManyDescriptors(t *testing.T) {
	h := newHost(t, Options{Lead: time.Minute, Duration: time.Second})
	for num := range int64(20_000) {
		h.st.AddFD(h.st.Thread(11), state.FD{Num: num, Type: state.FDFileV2, Name: "/srv/log"})
	}
	h.mkdir(second, 21, "/1")
	for i := range uint64(100) {
		h.mkdir(second+i, 11, "/2")
	}
	h.mkdir(2*second, 21, "/3", h.match)
	if d := cmp.Diff([]string{"10 bash<sshd mkdir /1", "20 bash<sshd mkdir /3"}, lines(t, h.close().Path)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	h.mkdir(3*second, 10, "/4", h.match)
	if n := len(lines(t, h.close().Path)); n != 101 || h.r.Stats().Evicted != 0 {
		t.Errorf("%d events, want 101; %+v", n, h.r.Stats())
	}
}

func TestAllocs(t *testing.T) {
	h := newHost(t, Options{Lead: time.Second, Bytes: 1 << 20})
	raw, err := event.Encode(nil, schema.EvSyscallWriteX, 1, 11, map[string]string{"res": "1", "data": "hello", "fd": "3", "size": "5"})
	if err != nil {
		t.Fatal(err)
	}
	ts := second
	step := func() {
		ts += 1e6
		binary.LittleEndian.PutUint64(raw, ts)
		h.raw(raw)
	}
	for range 20_000 {
		step()
	}
	if n := testing.AllocsPerRun(20_000, step); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/agent"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/format"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// What must agree between sysdig and us.
const (
	wantSameEvents = 500
	wantSameTypes  = 40
)

// A difference is right for one of these reasons, which get the parameter's value
// by sysdig and by us.
var differences = []struct {
	reason string
	most   int // events that may differ so; 0 is any number
	holds  func(p *schema.Param, theirs, ours string) bool
}{
	{"what has no value is empty, where that version shows the bytes behind it", 0, func(_ *schema.Param, _, ours string) bool {
		return ours == "<NA>" || ours == "NULL" || ours == ""
	}},
	{"that version cuts long values", 0, func(_ *schema.Param, theirs, ours string) bool {
		return strings.HasSuffix(theirs, "...") && strings.HasPrefix(ours, strings.TrimSuffix(theirs, "..."))
	}},
	{"that version resolves all paths, and leaves a directory out that it does not know", 0, func(p *schema.Param, theirs, ours string) bool {
		raw, _, _ := strings.Cut(ours, "(")
		return isPath(p) && strings.HasPrefix(theirs, raw+"(")
	}},
	{"the lists of a program are shown without their last separator", 0, func(p *schema.Param, theirs, ours string) bool {
		return p.Type == schema.PTByteBuf && strings.TrimRight(theirs, ". ") == strings.TrimRight(ours, ". ")
	}},
	{"flags got more names since", 0, func(p *schema.Param, theirs, ours string) bool {
		return p.Flags != nil && strings.HasPrefix(ours, strings.TrimSuffix(theirs, ")")+"|")
	}},
	{"that version does not follow names given by prctl, and names a child by its own event only", 0, func(p *schema.Param, theirs, ours string) bool {
		return p.Type == schema.PTPID && number(theirs) == number(ours)
	}},
	{"users were plain numbers in some events", 0, func(p *schema.Param, theirs, ours string) bool {
		return (p.Type == schema.PTUID || p.Type == schema.PTGID) && theirs == number(ours)
	}},
	{"results that are addresses were shown in base 16", 0, func(p *schema.Param, theirs, ours string) bool {
		n, err := strconv.ParseInt(number(ours), 10, 64)
		return err == nil && p.Type == schema.PTErrno && p.Format == schema.PFHex && theirs == fmt.Sprintf("%X", uint64(n))
	}},
	{"that version takes the descriptor of fchdir from an event that is not recorded any more, and stays where it was", 20, func(p *schema.Param, theirs, ours string) bool {
		return p.Type == schema.PTFD && strings.Contains(ours, "(<f>/") && number(theirs) == number(ours)
	}},
	{"that version does not know what a descriptor is when it skips the event that made it", 20, func(p *schema.Param, theirs, ours string) bool {
		known := strings.ReplaceAll(regexp.QuoteMeta(theirs), `:\?`, `:\w`)
		return p.Type == schema.PTFDList && regexp.MustCompile("^"+known+"$").MatchString(ours)
	}},
}

// number is what stands in front of the parentheses.
func number(value string) string {
	n, _, _ := strings.Cut(value, "(")
	return n
}

func isPath(p *schema.Param) bool { return p.Type == schema.PTFSPath || p.Type == schema.PTFSRelPath }

// line is an event as both print it.
type line struct{ typ, args string }

const lineFormat = "*%evt.time %evt.cpu %thread.tid %evt.type %evt.args"

// parseLine takes the time, CPU and thread as the key.
func parseLine(text string) (key string, l line, ok bool) {
	words := strings.SplitN(text, " ", 5)
	if len(words) < 4 {
		return "", line{}, false
	}
	if len(words) == 5 {
		l.args = strings.TrimSpace(words[4])
	}
	l.typ = words[3]
	return strings.Join(words[:3], " "), l, true
}

// TestSysdig: sysdig opens a capture of ours and says the same of its events, as
// far as it knows them. EYAS_SYSDIG is the program, EYAS_CAPTURE the capture;
// scripts/vm/test has both.
func TestSysdig(t *testing.T) {
	program, capture := os.Getenv("EYAS_SYSDIG"), os.Getenv("EYAS_CAPTURE")
	if program == "" || capture == "" {
		t.Skip("needs EYAS_SYSDIG and EYAS_CAPTURE; scripts/vm/test runs this")
	}
	t.Setenv("TZ", "UTC")
	file := filepath.Join(t.TempDir(), "known.scap")
	if err := copyKnown(file, capture); err != nil {
		t.Fatal(err)
	}
	theirs := sysdigLines(t, program, file)
	same, why := map[string]int{}, map[string]int{}
	events := 0
	eachLine(t, file, func(key string, ours line, info *schema.Event) {
		their, ok := theirs[key]
		if !ok {
			why["that version skips events of types that it does not know"]++
			return
		}
		if their.typ == "<NA>" {
			why["that version has no name for the call"]++
			return
		}
		reason, err := compareLines(info, their, ours)
		if err != nil {
			t.Errorf("%s: %v\nsysdig: %s %s\nours:   %s %s", key, err, their.typ, their.args, ours.typ, ours.args)
		}
		if reason != "" {
			why[reason]++
			return
		}
		events++
		same[ours.typ]++
	})
	t.Logf("%d events of %d types are the same", events, len(same))
	for reason, n := range why {
		t.Logf("%d differ: %s", n, reason)
	}
	for _, d := range differences {
		if d.most > 0 && why[d.reason] > d.most {
			t.Errorf("want at most %d that differ: %s", d.most, d.reason)
		}
	}
	if events < wantSameEvents || len(same) < wantSameTypes {
		t.Errorf("want %d events of %d types", wantSameEvents, wantSameTypes)
	}
}

// compareLines compares what sysdig prints: events had fewer parameters then.
// It returns the last reason for a difference, "" when there is none.
func compareLines(info *schema.Event, theirs, ours line) (reason string, err error) {
	if theirs.typ != ours.typ {
		return "", errors.New("another event")
	}
	their, our := splitArgs(info, theirs.args), splitArgs(info, ours.args)
	for i := range their {
		if i >= len(our) {
			return "", fmt.Errorf("we have no %s", info.Params[i].Name)
		}
		if their[i] == our[i] {
			continue
		}
		found := false
		for _, d := range differences {
			if d.holds(&info.Params[i], their[i], our[i]) {
				reason, found = d.reason, true
				break
			}
		}
		if !found {
			return "", fmt.Errorf("%s is %q, and by us %q", info.Params[i].Name, their[i], our[i])
		}
	}
	return reason, nil
}

// splitArgs cuts name=value name=value at the names of the parameters.
func splitArgs(info *schema.Event, args string) []string {
	var values []string
	for i := range info.Params {
		rest, ok := strings.CutPrefix(args, info.Params[i].Name+"=")
		if !ok {
			break
		}
		end := len(rest)
		if i+1 < len(info.Params) {
			if at := strings.Index(rest, " "+info.Params[i+1].Name+"="); at >= 0 {
				end = at
			}
		}
		values = append(values, strings.TrimSpace(rest[:end]))
		args = strings.TrimPrefix(rest[end:], " ")
	}
	return values
}

// copyKnown copies a capture as sysdig can read it.
func copyKnown(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	r, err := scap.NewReader(in, nil)
	if err != nil {
		return err
	}
	var w *scap.Writer
	var e event.Event
	for {
		err := r.Next(&e)
		if errors.Is(err, io.EOF) {
			return w.Close()
		}
		if err != nil {
			return err
		}
		if w == nil {
			if w, err = scap.NewWriter(out, false, r.Machine()); err != nil {
				return err
			}
			w.Plain()
			if err := w.State(r.State()); err != nil {
				return err
			}
		}
		if !w.Takes(&e) {
			continue
		}
		if err := w.Event(e.CPU, e.Raw(), !r.Shown()); err != nil {
			return err
		}
	}
}

func sysdigLines(t *testing.T, program, file string) map[string]line {
	t.Helper()
	cmd := exec.Command(program, "-r", file, "-p", lineFormat)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sysdig -r: %v\n%s", err, stderr.String())
	}
	lines := map[string]line{}
	s := bufio.NewScanner(strings.NewReader(string(out)))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if key, l, ok := parseLine(s.Text()); ok {
			if strings.HasPrefix(l.typ, "execve") { // one was renamed
				l.args = strings.Replace(l.args, " pgid=", " vpgid=", 1)
			}
			lines[key] = l
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func eachLine(t *testing.T, file string, fn func(key string, l line, info *schema.Event)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	printed, err := format.Parse(lineFormat)
	if err != nil {
		t.Fatal(err)
	}
	err = agent.ReadCapture(context.Background(), f, nil, func(e *state.Event) error {
		if key, l, ok := parseLine(string(printed.Append(nil, e))); ok && e.Type.IsExit() {
			fn(key, l, e.Info())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/schema"
)

// snapLen is what the tests of parameters keep of a data buffer.
const snapLen = 512

// kernelMask is the mask of a set of codes on this machine.
func kernelMask(set schema.SCSet) abi.Mask {
	m := schema.KernelMask(set, schema.HostArch())
	return abi.Mask{Native: m.Native, Compat: m.Compat, Tracepoints: m.Tracepoints, Multiplexed: m.Multiplexed}
}

// record runs act on a thread of its own, which ends with it, while the system
// calls behind the named events are recorded. It returns the events with these
// names of that thread and of its children, in order.
func record(t *testing.T, names []string, act func()) []event.Event {
	t.Helper()
	tid, events := recordMask(t, kernelMask(schema.EventNamesToSCs(names)), act)
	family := familyOf(tid, events)
	return slices.DeleteFunc(events, func(ev event.Event) bool {
		return !family[ev.TID] || !slices.Contains(names, ev.Info().Name)
	})
}

// recordMask is record without a choice of events; it returns the thread's id too.
func recordMask(t *testing.T, mask abi.Mask, act func()) (tid int64, events []event.Event) {
	t.Helper()
	s := openSession(t, Config{IncludeSelf: true, SnapLen: snapLen, RingBytes: 1 << 20})
	if err := s.SetMask(mask); err != nil {
		t.Fatal(err)
	}
	err := onThread(func() error {
		tid = int64(unix.Gettid())
		if err := s.Enable(); err != nil {
			return err
		}
		act()
		return s.Disable() // before the thread's own end
	})
	if err != nil {
		t.Fatal(err)
	}
	return tid, drain(t, s)
}

// drain reads all that a session holds, as copies.
func drain(t *testing.T, s *Session) (events []event.Event) {
	t.Helper()
	err := s.drain(func(rec *ring.Record) error {
		if rec.Flags&abi.RecDrop != 0 {
			return nil
		}
		var ev event.Event
		if err := ev.Decode(slices.Clone(rec.Event)); err != nil {
			return err
		}
		ev.RecFlags, ev.Native, ev.Path = rec.Flags, rec.Native, slices.Clone(rec.Path)
		events = append(events, ev)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if lost := s.Stats().Lost.Sum(); lost > 0 {
		t.Errorf("%d events were lost", lost)
	}
	return events
}

// familyOf is a thread, its children and theirs. The event of a parent tells the
// child's id and may come after all events of the child.
func familyOf(tid int64, events []event.Event) map[int64]bool {
	family := map[int64]bool{tid: true}
	for known := 0; known < len(family); {
		known = len(family)
		for i := range events {
			ev := &events[i]
			if res, ok := ev.Res(); ok && res > 0 && hasParam(ev, "ptid") && family[ev.TID] {
				family[res] = true
			}
		}
	}
	return family
}

func hasParam(ev *event.Event, name string) bool { return ev.Info().ParamIndex(name) >= 0 }

// param is a parameter by name; what is not there has length 0.
func param(ev *event.Event, name string) []byte {
	b, _ := ev.Param(ev.Info().ParamIndex(name))
	return b
}

// values are parameters by name, written as event.Encode reads them. "<NA>" is
// length 0. A unix tuple is "unix:" and the path: its two numbers only have to
// be there. With "half unix:" one of them is 0.
type values map[string]string

// compare holds the named parameters of an event against texts.
func compare(t *testing.T, what string, ev *event.Event, want values) {
	t.Helper()
	var wanted event.Event
	raw, err := event.Encode(nil, ev.Type, 0, 0, plain(want))
	if err == nil {
		err = wanted.Decode(raw)
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	for name, text := range want {
		got, exp := param(ev, name), param(&wanted, name)
		if isUnix(text) {
			got = withoutIDs(got, strings.HasPrefix(text, halfUnix))
		}
		if !bytes.Equal(got, exp) {
			t.Errorf("%s: %s is %q, want %q (%s)", what, name, got, exp, text)
		}
	}
}

// plain is want as event.Encode reads it.
func plain(want values) map[string]string {
	texts := make(map[string]string, len(want))
	for name, text := range want {
		if _, path, ok := strings.Cut(text, ":"); ok && isUnix(text) {
			text = "0->0 " + path
		}
		texts[name] = text
	}
	return texts
}

// halfUnix is the start of a unix tuple of a socket that has no peer.
const (
	unixTuple = "unix:"
	halfUnix  = "half unix:"
)

func isUnix(text string) bool {
	return strings.HasPrefix(text, unixTuple) || strings.HasPrefix(text, halfUnix)
}

// withoutIDs blanks the two numbers of a unix tuple that has both, or just one.
func withoutIDs(tuple []byte, half bool) []byte {
	const end = 1 + 2*8
	if len(tuple) < end {
		return tuple
	}
	none := make([]byte, 8)
	first, second := !bytes.Equal(tuple[1:9], none), !bytes.Equal(tuple[9:end], none)
	if half && first == second || !half && !(first && second) {
		return tuple
	}
	return slices.Concat(tuple[:1], make([]byte, end-1), tuple[end:])
}

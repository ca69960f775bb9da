// SPDX-License-Identifier: Apache-2.0

// Package evtest is a small host for tests: a state that is fed with events
// written by hand.
package evtest

import (
	"maps"
	"strconv"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/birth"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// FirstTime is the time of the first event; each further one is a millisecond
// later.
const FirstTime = 1_700_000_000_123_456_789

const tick = 1_000_000

// Values are parameters by name, as event.Encode reads them.
type Values map[string]string

// Host is a state with the event that was fed last.
type Host struct {
	State *state.State
	t     testing.TB
	ev    state.Event
	num   uint64
}

// New returns a host whose first process is init.
func New(t testing.TB) *Host {
	h := &Host{State: state.New(state.Options{}), t: t}
	h.State.AddUser(state.User{UID: 0, Name: "root"})
	h.State.AddUser(state.User{UID: 1000, Name: "alice"})
	h.State.AddGroup(0, "root")
	h.Process(1, 0, "systemd", Values{"trusted_exepath": "/usr/lib/systemd/systemd", "exe": "/sbin/init"})
	return h
}

// Process lets a process begin by a clone and an exec. Values override what the
// exec event says.
func (h *Host) Process(pid, parent int64, comm string, v Values) {
	h.t.Helper()
	id := strconv.FormatInt(pid, 10)
	values := Values{
		"res": "0", "tid": id, "pid": id, "vtid": id, "vpid": id, "ptid": strconv.FormatInt(parent, 10), "comm": comm, "exe": comm,
		"cwd": "/root", "uid": "0", "gid": "0", "loginuid": "0xffffffff", "flags": "0", "fdlimit": "1024", "tty": "0", "vpgid": id, "pgid": id,
		"trusted_exepath": "/usr/bin/" + comm, "filename": "/usr/bin/" + comm,
	}
	maps.Copy(values, v)
	clone, exec := birth.Events(values)
	h.Feed(schema.EvSyscallClone20X, pid, clone)
	h.Done()
	h.Feed(schema.EvSyscallExecve19X, pid, exec)
	h.Done()
}

// Feed applies an event and returns it; Done ends it.
func (h *Host) Feed(t schema.EventType, tid int64, v Values) *state.Event {
	h.t.Helper()
	raw, err := event.Encode(nil, t, FirstTime+tick*h.num, tid, v)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.FeedRaw(raw)
}

// FeedRaw applies an encoded event.
func (h *Host) FeedRaw(raw []byte) *state.Event {
	h.t.Helper()
	if err := h.ev.Decode(raw); err != nil {
		h.t.Fatal(err)
	}
	h.num++
	h.ev.Num = h.num
	h.State.Update(&h.ev)
	return &h.ev
}

// Event is the event that was fed last.
func (h *Host) Event() *state.Event { return &h.ev }

// Done takes away what the last event ended.
func (h *Host) Done() { h.State.Done(&h.ev) }

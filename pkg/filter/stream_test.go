// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"testing"

	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
)

// stream feeds random events to a host of few threads, so that all of them soon
// have been parent, child, dead and born again under the same number.
type stream struct {
	t testing.TB
	h *evtest.Host
	g gen
}

func newStream(t testing.TB, seed uint64) *stream {
	return &stream{t, evtest.New(t), newGen(seed, 1)}
}

// streamTypes are the events that next feeds.
var streamTypes = []schema.EventType{
	schema.EvSyscallExecve19X, schema.EvSyscallClone20X, schema.EvProcexit1E, schema.EvSocketConnectX, schema.EvSocketSocketX, schema.EvSyscallReadX,
	schema.EvGenericX, schema.EvSyscallCloseX, schema.EvSyscallOpenat_2_X, schema.EvSyscallSetuidX, schema.EvSyscallSetgidX, schema.EvSyscallPrctlX,
	schema.EvSyscallCapsetX, schema.EvSyscallSetsidX, schema.EvSyscallSetnsX, schema.EvUserAddedE, schema.EvUserDeletedE, schema.EvSyscallChdirX,
}

func (s *stream) tid() int64 { return int64(10 * (1 + s.g.r.IntN(6))) }

func (s *stream) name() string { return s.g.pick("cat", "bash", "sshd", "CAT") }

// next feeds an event. Rarely the state is a new one, whose generations begin
// again, as after a reload.
func (s *stream) next() schema.EventType {
	if s.g.r.IntN(200) == 0 {
		s.h = evtest.New(s.t)
	}
	tid := s.tid()
	typ, v := s.process(tid)
	if v == nil {
		typ, v = s.other()
	}
	s.h.Feed(typ, tid, v)
	return typ
}

// process changes what conditions on processes see.
func (s *stream) process(tid int64) (schema.EventType, evtest.Values) {
	g, pid := s.g, fmt.Sprint(tid)
	switch g.r.IntN(22) {
	case 0, 1:
		return schema.EvSyscallExecve19X, evtest.Values{"res": "0", "tid": pid, "pid": pid, "ptid": fmt.Sprint(s.tid()), "comm": s.name(), "exe": s.name(),
			"args": g.pick("a /etc", "-c cat", ""), "env": "HOME=/etc", "cwd": "/", "uid": g.pick("0", "1000"), "gid": "0", "fdlimit": "10", "flags": "0", "pgid": pid}
	case 2, 3:
		return schema.EvProcexit1E, evtest.Values{"status": "0", "ret": "0", "sig": "0", "core": "0", "reaper_tid": g.pick("1", "0", fmt.Sprint(s.tid()))}
	case 4, 5:
		return s.cloneParent(pid)
	case 6:
		leader := fmt.Sprint(s.tid())
		return schema.EvSyscallClone20X, evtest.Values{"res": "0", "tid": pid, "pid": g.pick(pid, leader), "ptid": g.pick("1", leader), "comm": s.name(), "exe": "bash",
			"uid": "0", "gid": "0", "flags": g.pick("0", "CLONE_THREAD", "CLONE_PARENT"), "fdlimit": "10", "vtid": pid, "vpid": pid}
	case 7:
		return schema.EvSyscallSetuidX, evtest.Values{"res": g.pick("0", "EPERM"), "uid": g.pick("0", "1000", "5")}
	case 8:
		return schema.EvSyscallSetgidX, evtest.Values{"res": "0", "gid": g.pick("0", "1000")}
	case 9:
		return schema.EvSyscallPrctlX, evtest.Values{"res": "0", "option": g.pick("PR_SET_NAME", "PR_SET_CHILD_SUBREAPER"), "arg2_str": s.name(), "arg2_int": "1"}
	case 10:
		return schema.EvSyscallCapsetX, evtest.Values{"res": "0", "cap_inheritable": "0", "cap_permitted": "0", "cap_effective": g.pick("0", "1", "3")}
	case 11:
		return schema.EvSyscallSetsidX, evtest.Values{"res": pid}
	case 12:
		return schema.EvSyscallSetnsX, evtest.Values{"res": "0", "fd": "3", "nstype": "0"}
	case 13:
		return schema.EvUserAddedE, evtest.Values{"uid": g.pick("0", "5"), "gid": "0", "name": g.pick("root", "cat", "a"), "home": "/", "shell": "sh"}
	case 14:
		return schema.EvUserDeletedE, evtest.Values{"uid": g.pick("0", "5"), "gid": "0", "name": "x"}
	case 15:
		return schema.EvSyscallChdirX, evtest.Values{"res": "0", "path": g.pick("/etc", "x", "/")}
	}
	return 0, nil
}

func (s *stream) cloneParent(pid string) (schema.EventType, evtest.Values) {
	return schema.EvSyscallClone20X, evtest.Values{"res": fmt.Sprint(s.tid()), "tid": pid, "pid": pid, "ptid": "1", "comm": "bash", "exe": "bash",
		"uid": "0", "gid": "0", "flags": s.g.pick("0", "0", "CLONE_THREAD"), "fdlimit": "10", "vtid": pid, "vpid": pid}
}

func (s *stream) other() (schema.EventType, evtest.Values) {
	g := s.g
	switch g.r.IntN(7) {
	case 0:
		return schema.EvSocketConnectX, evtest.Values{"res": "0", "fd": "3", "tuple": g.pick("10.0.0.1:1000->10.0.0.2:443", "[::1]:80->[2001:db8::1]:443", "<NA>")}
	case 1:
		return schema.EvSocketSocketX, evtest.Values{"fd": "3", "domain": "AF_INET", "type": "1", "proto": "6"}
	case 2:
		return schema.EvSyscallReadX, evtest.Values{"res": g.pick("10", "0", "ENOENT"), "fd": "3", "data": "\x00cat\xff", "size": "10"}
	case 3:
		return schema.EvGenericX, evtest.Values{"ID": g.pick("getpid", "sync"), "nativeID": "39"}
	case 4:
		return schema.EvSyscallCloseX, evtest.Values{"res": "0", "fd": "3"}
	}
	return schema.EvSyscallOpenat_2_X, evtest.Values{"fd": g.pick("3", "4", "ENOENT"), "dirfd": "AT_FDCWD", "name": g.pick("/etc/shadow", "../etc/passwd", "x", "/tmp/CAT", "Y2F0"),
		"flags": g.pick("O_RDONLY", "O_WRONLY|O_CREAT", "<NA>"), "mode": "0755", "dev": "1", "ino": "2"}
}

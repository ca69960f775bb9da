// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// synthetic makes a stream that looks like that of a busy host: many reads,
// writes and opens of a few hundred processes, programs that begin and end, and
// now and then a connection.
type synthetic struct {
	t    testing.TB
	r    *rand.Rand
	tids []int64
	next int64
	out  [][]byte
}

// The seed of the events that benchmarks and gates run on, and their number.
const (
	benchSeed   = 20240229
	benchEvents = 100_000
)

var (
	programs = []string{"bash", "sh", "cat", "nginx", "postgres", "python3", "sshd", "systemd", "cron", "curl", "java", "node", "dpkg", "git", "make", "cc1"}
	argLists = []string{"-c 'echo hello world'", "--config /etc/nginx/nginx.conf", "-D", "/usr/lib/python3/dist-packages/x.py --verbose", "-O2 -c main.c -o main.o", "", "status --short"}
	dirs     = []string{"/usr/lib/x86_64-linux-gnu/", "/usr/share/zoneinfo/", "/var/lib/postgresql/13/main/base/", "/var/log/", "/home/alice/src/", "/proc/self/", "/tmp/", "/etc/", "/usr/bin/", "/opt/app/node_modules/"}
	names    = []string{"libc.so.6", "libm.so.6", "index.js", "16384", "access.log", "main.c", "stat", "passwd", "hosts", "x7", "localtime", "data.db"}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func newSynthetic(t testing.TB, seed uint64, events int) [][]byte {
	s := &synthetic{t: t, r: rand.New(rand.NewPCG(seed, 0)), next: 100}
	for range 200 {
		s.fork(1)
	}
	for len(s.out) < events {
		s.step()
	}
	return s.out[:events]
}

func (s *synthetic) feed(typ schema.EventType, tid int64, v evtest.Values) {
	raw, err := event.Encode(nil, typ, evtest.FirstTime+uint64(len(s.out))*1000, tid, v)
	if err != nil {
		s.t.Fatal(err)
	}
	s.out = append(s.out, raw)
}

// fork begins a process and lets it exec.
func (s *synthetic) fork(parent int64) {
	s.next++
	id, comm := strconv.FormatInt(s.next, 10), pick(s.r, programs)
	base := evtest.Values{"res": "0", "tid": id, "pid": id, "ptid": strconv.FormatInt(parent, 10), "comm": comm, "exe": "/usr/bin/" + comm,
		"args": pick(s.r, argLists), "uid": pick(s.r, []string{"0", "1000", "33"}), "gid": "0", "flags": "0", "fdlimit": "1024"}
	clone := evtest.Values{"vtid": id, "vpid": id}
	for k, v := range base {
		clone[k] = v
	}
	s.feed(schema.EvSyscallClone20X, s.next, clone)
	base["env"], base["cwd"], base["trusted_exepath"], base["pgid"], base["vpgid"] = "PATH=/usr/bin", "/", "/usr/bin/"+comm, id, id
	s.feed(schema.EvSyscallExecve19X, s.next, base)
	s.tids = append(s.tids, s.next)
}

func (s *synthetic) step() {
	i := s.r.IntN(len(s.tids))
	tid := s.tids[i]
	fd := strconv.Itoa(3 + s.r.IntN(8))
	switch n := s.r.IntN(100); {
	case n < 40:
		s.feed(schema.EvSyscallOpenat_2_X, tid, evtest.Values{"fd": fd, "dirfd": "AT_FDCWD", "name": pick(s.r, dirs) + pick(s.r, names),
			"flags": pick(s.r, []string{"O_RDONLY|O_CLOEXEC", "O_RDONLY|O_CLOEXEC", "O_RDONLY", "O_RDWR|O_CREAT", "O_WRONLY"}), "mode": "0644", "dev": "1", "ino": "2"})
	case n < 60:
		s.feed(schema.EvSyscallCloseX, tid, evtest.Values{"res": "0", "fd": fd})
	case n < 80:
		s.feed(schema.EvSyscallReadX, tid, evtest.Values{"res": "10", "fd": fd, "data": "0123456789", "size": "4096"})
	case n < 85:
		s.feed(schema.EvSyscallUnlinkat2X, tid, evtest.Values{"res": "0", "dirfd": "AT_FDCWD", "name": pick(s.r, dirs) + pick(s.r, names), "flags": "0"})
	case n < 90:
		s.feed(schema.EvSocketConnectX, tid, evtest.Values{"res": "0", "fd": fd, "tuple": fmt.Sprintf("10.0.0.1:%d->10.0.%d.7:443", 1024+s.r.IntN(60000), s.r.IntN(200))})
	case n < 95 || len(s.tids) < 100:
		s.fork(tid)
	default:
		s.feed(schema.EvProcexit1E, tid, evtest.Values{"status": "0", "ret": "0", "sig": "0", "core": "0", "reaper_tid": "1"})
		s.tids[i] = s.tids[len(s.tids)-1]
		s.tids = s.tids[:len(s.tids)-1]
	}
}

// newState is the host that the events are of.
func newState() *state.State {
	s := state.New(state.Options{})
	s.AddUser(state.User{UID: 0, Name: "root"})
	s.AddUser(state.User{UID: 1000, Name: "alice"})
	s.AddThread(state.Thread{TID: 1, PID: 1, VTID: 1, VPID: 1, Comm: "systemd", Exe: "/sbin/init"})
	return s
}

// replay runs fn on every event between Update and Done.
func replay(t testing.TB, raws [][]byte, fn func(*state.Event)) {
	t.Helper()
	s := newState()
	var ev state.Event
	for i, raw := range raws {
		if err := ev.Decode(raw); err != nil {
			t.Fatal(err)
		}
		ev.Num = uint64(i + 1)
		s.Update(&ev)
		fn(&ev)
		s.Done(&ev)
	}
}

// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const second = uint64(1e9)

// mayLookup tells whether /proc may be asked on behalf of an event, and counts.
func (s *State) mayLookup(ts uint64) bool {
	if s.opt.Proc == "" {
		return false
	}
	if sec := ts / second; sec > s.second {
		s.second, s.lookups = sec, 0
	}
	if s.lookups >= s.opt.Lookups {
		s.stats.LookupsRefused++
		return false
	}
	s.lookups++
	s.stats.ProcLookups++
	return true
}

// lookupThread reads a thread that an event showed to be missing, with all of
// its process.
func (s *State) lookupThread(tid int64, ts uint64) *Thread {
	if tid <= 0 || !s.mayLookup(ts) {
		return nil
	}
	s.expireNet(ts)
	root := procDir(s.opt.Proc)
	own := s.readThread(root, root.num(tid), tid)
	if own == nil || own.dead {
		s.stats.ProcMisses++
		return nil
	}
	leader := s.threads[own.PID]
	if leader == nil || leader.guessed && leader.TID != tid {
		if leader != nil {
			s.drop(leader)
		}
		s.readProcess(root, own.PID)
	} else {
		s.readTask(root, root.num(own.PID), leader, tid)
	}
	t := s.threads[tid]
	if t == nil {
		s.stats.ProcMisses++
	}
	return t
}

// lookupFD reads a descriptor that an event showed to be missing.
func (s *State) lookupFD(t *Thread, num int64, ts uint64) *FD {
	if !t.Known() || t.PID <= 0 || num < 0 || !s.mayLookup(ts) {
		return nil
	}
	s.expireNet(ts)
	s.closeFD(t, s.opt.Now(), num)
	owner := t.PID
	if l := t.Leader(); l.dead || l.files != t.files {
		owner = t.TID // the process has none any more, or others
	}
	fd := s.readFD(procDir(s.opt.Proc).num(owner), t, num)
	if fd == nil {
		s.stats.ProcMisses++
	}
	return fd
}

// expireNet forgets socket tables that are older than a second.
func (s *State) expireNet(ts uint64) {
	if ts-s.net.ts >= second {
		s.net = sockets{ts: ts}
	}
}

func (s *State) lookupCwd(t *Thread) {
	if !s.mayLookup(t.LastTS) {
		return
	}
	if cwd := procDir(s.opt.Proc).num(t.TID).link("cwd"); cwd != "" {
		t.Cwd = dirText(s, t, cwd)
	}
}

func (s *State) lookupExePath(t *Thread) bool {
	if !s.mayLookup(t.LastTS) {
		return false
	}
	exe := procDir(s.opt.Proc).num(t.TID).link("exe")
	t.ExePath = s.intern.text([]byte(strings.TrimSuffix(exe, " (deleted)")))
	return exe != ""
}

func (s *State) lookupTTY(t *Thread) {
	if !s.mayLookup(t.LastTS) {
		return
	}
	if st, ok := parseStat(procDir(s.opt.Proc).num(t.TID).read("stat", maxProcFile)); ok {
		t.TTY = st.tty
	}
}

// lookupVIDs reads the numbers of a thread in its own pid namespace.
func (s *State) lookupVIDs(t *Thread) {
	if !s.mayLookup(t.LastTS) {
		return
	}
	var own Thread
	parseStatus(&own, procDir(s.opt.Proc).num(t.TID).read("status", maxProcFile))
	if own.VTID > 0 {
		t.VTID, t.VPID = own.VTID, own.VPID
	}
}

// lookupUsers reads the users of a container through the root directory of one of
// its processes. A process that is still on its way into the container has the
// root of the host and does not do.
func (s *State) lookupUsers(t *Thread) {
	c := t.container
	if c == nil || c.users.loaded || s.opt.Etc == "" || !s.mayLookup(t.LastTS) {
		return
	}
	proc := procDir(s.opt.Proc)
	root := proc.num(t.TID).sub("root")
	if sameFile(root, proc.num(1).sub("root")) {
		return
	}
	c.users.loaded = true
	if etc, err := openEtc(root); err == nil {
		defer unix.Close(etc)
		c.users.parse(readAt(etc, "passwd"), readAt(etc, "group"))
		s.accountContainer(c)
		if s.opt.ReadUsers != nil {
			s.opt.ReadUsers(t)
		}
	}
}

// sameFile is true also when there is nothing to compare.
func sameFile(a, b procDir) bool {
	var x, y unix.Stat_t
	err := errors.Join(unix.Stat(string(a), &x), unix.Stat(string(b), &y))
	return err != nil || x.Dev == y.Dev && x.Ino == y.Ino
}

// openEtc opens /etc below root. Links would lead out of the container, so none
// is followed.
func openEtc(root procDir) (etc int, err error) {
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	dir, err := unix.Open(string(root), flags, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(dir)
	return unix.Openat(dir, "etc", flags|unix.O_NOFOLLOW, 0)
}

// readAt returns a regular file of a directory, nothing when there is none.
func readAt(dir int, name string) string {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	b, _ := io.ReadAll(io.LimitReader(f, maxUserFile))
	return string(b)
}

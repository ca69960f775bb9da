// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/schema"
)

const (
	maxProcText = 4096    // of args and env, as captures keep them
	maxProcFile = 1 << 16 // of stat, status, cgroup, limits
	numPasses   = 3       // over the list of processes
	ticks       = 100     // USER_HZ
	statFlags   = unix.AT_STATX_DONT_SYNC
)

// procDir is a directory of /proc.
type procDir string

func (d procDir) sub(name string) procDir { return d + procDir("/"+name) }

func (d procDir) num(n int64) procDir { return d.sub(strconv.FormatInt(n, 10)) }

// read returns a file, nil when it cannot be read. Processes come and go; what
// is not there is not there.
func (d procDir) read(name string, limit int64) []byte {
	f, err := os.Open(string(d.sub(name)))
	if err != nil {
		return nil
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, limit))
	return b
}

func (d procDir) link(name string) string {
	s, _ := os.Readlink(string(d.sub(name)))
	return s
}

// numbers returns the entries that are numbers, in order.
func (d procDir) numbers() ([]int64, error) {
	f, err := os.Open(string(d))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	var list []int64
	for _, name := range names {
		if n, err := strconv.ParseInt(name, 10, 64); err == nil {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list, err
}

// ScanProc reads all threads and descriptors of the live host. To be called
// after recording began and before its first event is applied. root is where
// /proc is; empty: Options.Proc.
func (s *State) ScanProc(root string) error {
	if root == "" {
		root = s.opt.Proc
	}
	dir := procDir(root)
	s.net = sockets{}
	defer func() { s.net = sockets{} }()
	s.scanInterfaces()
	// Processes that began while we read are in the next list.
	for range numPasses {
		pids, err := dir.numbers()
		if err != nil {
			return fmt.Errorf("scan %s: %w", root, err)
		}
		found := 0
		for _, pid := range pids {
			if s.threads[pid] == nil && s.readProcess(dir, pid) != nil {
				found++
			}
		}
		if found == 0 {
			break
		}
	}
	s.LinkParents()
	s.shrink(nil)
	return nil
}

// scanInterfaces reads the addresses of the network namespace that we are in.
func (s *State) scanInterfaces() {
	s.ifaces = nil
	list, err := net.Interfaces()
	if err != nil {
		s.stats.ScanErrors++
		return
	}
	for _, i := range list {
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				s.AddInterface(Interface{Name: i.Name, Prefix: p})
			}
		}
	}
}

// readProcess adds a process with its threads and descriptors.
func (s *State) readProcess(root procDir, pid int64) *Thread {
	dir := root.num(pid)
	tids, err := dir.sub("task").numbers()
	if err != nil {
		return s.scanError(err)
	}
	t := s.readThread(root, dir, pid)
	if t == nil {
		return nil
	}
	if t.dead && len(tids) < 2 {
		return nil
	}
	s.readImage(dir, t)
	s.lookupUsers(t)
	t.files = s.newFiles()
	s.add(t)
	for _, tid := range tids {
		if tid != pid && s.threads[tid] == nil {
			s.readTask(root, dir, t, tid)
		}
	}
	s.readFDs(dir, t)
	return t
}

func (s *State) scanError(err error) *Thread {
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
		s.stats.ScanErrors++
	}
	return nil
}

// readThread reads what each thread has of its own.
func (s *State) readThread(root, dir procDir, tid int64) *Thread {
	now := s.opt.Now()
	st, ok := parseStat(dir.read("stat", maxProcFile))
	status := dir.read("status", maxProcFile)
	if !ok || len(status) == 0 {
		return nil
	}
	t := &Thread{
		TID: tid, PID: tid, VTID: tid, VPID: tid, SID: st.session, PGID: st.pgid, VPGID: st.pgid,
		TTY: st.tty, PFMajor: st.major, PFMinor: st.minor, LoginUID: NoID,
		ScanTS: now, LastTS: now,
	}
	parseStatus(t, status)
	t.dead = st.exits()
	if boot := s.bootTime(root); boot != 0 {
		t.Start = boot + st.startTicks*(1e9/ticks)
	}
	return t
}

// bootTime returns the time of boot by the clock of the events, 0 when unknown.
func (s *State) bootTime(root procDir) uint64 {
	if s.boot == 0 {
		text, _, _ := strings.Cut(string(root.read("uptime", maxProcFile)), " ")
		up, err := strconv.ParseFloat(text, 64)
		if err == nil {
			s.boot = s.opt.Now() - uint64(up*1e9)
		}
	}
	return s.boot
}

// readImage reads what the threads of a process share.
func (s *State) readImage(dir procDir, t *Thread) {
	cmdline := s.intern.list(dir.read("cmdline", maxProcText))
	t.Exe = t.Comm
	if len(cmdline) > 0 {
		t.Exe, t.Args = cmdline[0], cmdline[1:]
	}
	t.Env = s.intern.list(dir.read("environ", maxProcText))
	s.setCgroups(t, parseCgroups(dir.read("cgroup", maxProcFile)))
	t.FDLimit = parseFDLimit(dir.read("limits", maxProcFile))
	t.ExePath = s.intern.text([]byte(strings.TrimSuffix(dir.link("exe"), " (deleted)")))
	t.Root = dir.link("root")
	if cwd := dir.link("cwd"); cwd != "" {
		t.Cwd = dirText(s, t, cwd)
	}
	if uid, err := strconv.ParseUint(strings.TrimSpace(string(dir.read("loginuid", maxProcFile))), 10, 32); err == nil {
		t.LoginUID = uint32(uid)
	}
}

// readTask adds one more thread of a process.
func (s *State) readTask(root, dir procDir, leader *Thread, tid int64) *Thread {
	own := s.readThread(root, dir.sub("task").num(tid), tid)
	if own == nil || own.dead {
		return nil
	}
	t := new(Thread)
	*t = leader.image()
	t.TID, t.PID, t.PTID, t.VTID, t.VPID = tid, leader.PID, leader.PTID, own.VTID, leader.VPID
	t.Comm, t.UID, t.GID = own.Comm, own.UID, own.GID
	t.CapInheritable, t.CapPermitted, t.CapEffective = own.CapInheritable, own.CapPermitted, own.CapEffective
	t.PFMajor, t.PFMinor = own.PFMajor, own.PFMinor
	t.Start, t.ScanTS, t.LastTS = own.Start, own.ScanTS, own.LastTS
	t.Flags = schema.PPM_CL_CLONE_THREAD | schema.PPM_CL_CLONE_FILES | schema.PPM_CL_CLONE_FS
	t.files = leader.files
	t.files.users++
	s.add(t)
	return t
}

// readFDs reads the descriptors of a process. Each carries its own time: it is
// noted before the link is read.
func (s *State) readFDs(dir procDir, t *Thread) {
	nums, err := dir.sub("fd").numbers()
	if err != nil {
		s.scanError(err)
		return
	}
	for _, num := range nums {
		s.readFD(dir, t, num)
	}
}

func (s *State) readFD(dir procDir, t *Thread, num int64) *FD {
	now := s.opt.Now()
	name := strconv.FormatInt(num, 10)
	link := dir.sub("fd").link(name)
	if link == "" {
		return nil
	}
	fd, isPath := classifyLink(link)
	switch {
	case isPath:
		statFile(dir.sub("fd").sub(name), &fd)
	case strings.HasPrefix(link, "socket:"):
		if sock, ok := s.netTable(dir)[fd.Ino]; ok {
			sock.Ino = fd.Ino
			fd = sock
		}
	}
	fd.Num, fd.ScanTS = num, now
	fd.Name = s.intern.text([]byte(fd.Name))
	fd.Flags |= fdFlags(dir.sub("fdinfo").read(name, maxProcFile))
	if fd.IsInet() {
		s.findLocal(&fd)
	}
	return s.setFD(t, now, fd)
}

// statFile tells a directory from a file, and which one it is.
func statFile(path procDir, fd *FD) {
	var st unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, string(path), statFlags, unix.STATX_BASIC_STATS, &st) != nil {
		return
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		fd.Type = FDDirectory
	case unix.S_IFIFO:
		fd.Type = FDFIFO
	}
	if st.Nlink == 0 {
		fd.Name = strings.TrimSuffix(fd.Name, " (deleted)")
	}
	fd.Ino = st.Ino
	fd.Dev = st.Dev_minor&0xff | st.Dev_major<<8 | st.Dev_minor&^0xff<<12
}

// openFlags maps the kernel's flags to those of the schema.
var openFlags = [...]struct {
	kernel uint64
	flag   uint32
}{
	{unix.O_CREAT, schema.PPM_O_CREAT},
	{unix.O_EXCL, schema.PPM_O_EXCL},
	{unix.O_TRUNC, schema.PPM_O_TRUNC},
	{unix.O_APPEND, schema.PPM_O_APPEND},
	{unix.O_NONBLOCK, schema.PPM_O_NONBLOCK},
	{unix.O_SYNC, schema.PPM_O_SYNC},
	{unix.O_DSYNC, schema.PPM_O_DSYNC},
	{unix.O_DIRECT, schema.PPM_O_DIRECT},
	{unix.O_DIRECTORY, schema.PPM_O_DIRECTORY},
	{unix.O_CLOEXEC, schema.PPM_O_CLOEXEC},
}

// fdFlags reads the line "flags:" of fdinfo.
func fdFlags(b []byte) uint32 {
	_, rest, ok := strings.Cut(string(b), "flags:")
	if !ok {
		return 0
	}
	f := strings.Fields(rest)
	if len(f) == 0 {
		return 0
	}
	v, err := strconv.ParseUint(f[0], 8, 64)
	if err != nil {
		return 0
	}
	flags := [4]uint32{schema.PPM_O_RDONLY, schema.PPM_O_WRONLY, schema.PPM_O_RDWR, 0}[v&3]
	for _, o := range openFlags {
		if v&o.kernel == o.kernel {
			flags |= o.flag
		}
	}
	return flags
}

// netTable returns the sockets of the process's network namespace.
func (s *State) netTable(dir procDir) map[uint64]FD {
	ns := dir.sub("ns").link("net")
	if t, ok := s.net.byNS[ns]; ok {
		return t
	}
	t := map[uint64]FD{}
	files := dir.sub("net")
	for _, f := range []struct {
		name string
		l4   L4Proto
	}{
		{"tcp", L4TCP}, {"tcp6", L4TCP}, {"udp", L4UDP}, {"udp6", L4UDP},
		{"icmp", L4ICMP}, {"icmp6", L4ICMP}, {"raw", L4Raw}, {"raw6", L4Raw},
	} {
		parseInet(t, files.read(f.name, maxNetFile), f.l4)
	}
	parseUnix(t, files.read("unix", maxNetFile))
	parseNetlink(t, files.read("netlink", maxNetFile))
	findServers(t)
	if s.net.byNS == nil {
		s.net.byNS = map[string]map[uint64]FD{}
	}
	s.net.byNS[ns] = t
	return t
}

// maxNetFile bounds what is read of one socket table.
const maxNetFile = 256 << 20

// SPDX-License-Identifier: Apache-2.0

package state

import "github.com/eyas-security/eyas/pkg/schema"

// openParams are the indexes of what the open calls have in common; -1 = none.
type openParams struct{ dirfd, name, flags, dev, ino int }

func (s *State) parseOpen(e *Event)         { s.open(e, openParams{-1, 1, 2, 4, 5}) }
func (s *State) parseOpenat(e *Event)       { s.open(e, openParams{1, 2, 3, 5, 6}) }
func (s *State) parseOpenat2(e *Event)      { s.open(e, openParams{1, 2, 3, 6, 7}) }
func (s *State) parseOpenByHandle(e *Event) { s.open(e, openParams{-1, 3, 2, 4, 5}) }
func (s *State) parseCreat(e *Event)        { s.open(e, openParams{-1, 1, -1, 3, 4}) }

// creatFlags is the parameter of creat with the layer of the new file.
const creatFlags = 5

func (s *State) open(e *Event, p openParams) {
	res, ok := e.ok()
	if !ok {
		e.noFD()
		return
	}
	fd := FD{Num: res, Type: FDFileV2}
	if p.flags >= 0 {
		set32(e, p.flags, &fd.Flags)
	} else {
		fd.Flags = s.creatFlags(e)
	}
	if fd.Flags&schema.PPM_O_DIRECTORY != 0 {
		fd.Type = FDDirectory
	}
	set32(e, p.dev, &fd.Dev)
	set64(e, p.ino, &fd.Ino)
	fd.Name, fd.Raw = s.openName(e, p)
	s.made(e, fd)
	e.NameChanged = true
}

func (s *State) creatFlags(e *Event) uint32 {
	flags := uint32(schema.PPM_O_CREAT | schema.PPM_O_WRONLY | schema.PPM_O_TRUNC)
	layer, _ := e.Uint(creatFlags)
	if layer&schema.PPM_FD_UPPER_LAYER_CREAT != 0 {
		flags |= schema.PPM_FD_UPPER_LAYER
	}
	if layer&schema.PPM_FD_LOWER_LAYER_CREAT != 0 {
		flags |= schema.PPM_FD_LOWER_LAYER
	}
	return flags
}

// openName returns the absolute path by the text of the arguments. Where these
// do not suffice the kernel's own path has to do.
func (s *State) openName(e *Event, p openParams) (name, raw string) {
	b, ok := e.Str(p.name)
	dirfd := int64(atCwd)
	if p.dirfd >= 0 {
		setInt(e, p.dirfd, &dirfd)
	}
	if len(e.Path) > 0 && (!ok || !isAbs(b) && !isAbs(e.Thread.DirOf(dirfd))) {
		return s.intern.text(e.Path), s.intern.text(b)
	}
	s.scratch = e.Thread.AppendPath(s.scratch[:0], dirfd, b)
	return s.intern.text(s.scratch), s.intern.text(b)
}

// made stores a descriptor that the event made and says so in the event.
func (s *State) made(e *Event, fd FD) {
	e.HasFD, e.FDNum = true, fd.Num
	e.FD = nil
	if e.Thread.Known() {
		e.FD = s.setFD(e.Thread, e.TS, fd)
	}
}

// noFD says that a call which makes descriptors made none.
func (e *Event) noFD() { e.HasFD, e.FDNum, e.FD = true, -1, nil }

// parseClose: res, fd. The descriptor stays until the rules have seen it.
func (s *State) parseClose(e *Event) {
	_, ok := e.ok()
	e.closes = ok && e.FD != nil
}

// parseCloseRange: res, first, last, flags.
func (s *State) parseCloseRange(e *Event) {
	_, ok := e.ok()
	first, ok1 := e.Uint(1)
	last, ok2 := e.Uint(2)
	t := e.Thread
	if !ok || !ok1 || !ok2 || t.files == nil {
		return
	}
	if e.flags()&schema.PPM_CLOSE_RANGE_UNSHARE != 0 {
		s.aloneInFiles(t)
	}
	cloexec := e.flags()&schema.PPM_CLOSE_RANGE_CLOEXEC != 0
	for fd := range t.files.tab.all() {
		switch {
		case uint64(fd.Num) < first || uint64(fd.Num) > last:
		case cloexec:
			s.setCloexec(e, fd.Num, true)
		default:
			s.closeFD(t, e.TS, fd.Num)
		}
	}
}

func (s *State) setCloexec(e *Event, num int64, on bool) {
	fd := e.Thread.FD(num)
	if fd == nil || fd.CloseOnExec() == on {
		return
	}
	if fd = s.changeFD(e.Thread, e.TS, num); fd == nil {
		return
	}
	fd.Flags &^= schema.PPM_O_CLOEXEC
	if on {
		fd.Flags |= schema.PPM_O_CLOEXEC
	}
	if num == e.FDNum && e.HasFD {
		e.FD = fd
	}
}

// parseDup: res, oldfd; for dup2 newfd too.
func (s *State) parseDup(e *Event) { s.dup(e, false) }

// parseDup3: res, oldfd, newfd, flags.
func (s *State) parseDup3(e *Event) { s.dup(e, e.flags()&schema.PPM_O_CLOEXEC != 0) }

// dup copies the descriptor of the event to the number that the call returned.
func (s *State) dup(e *Event, cloexec bool) {
	res, ok := e.ok()
	if !ok || res == e.FDNum || !e.Thread.Known() {
		return
	}
	src := e.FD
	if src == nil {
		// What was at the new number stays: the usual case is a shell that puts
		// back what it had saved.
		return
	}
	if e.TS < src.ScanTS {
		if fd := s.lookupFD(e.Thread, res, e.TS); fd != nil {
			e.FD, e.FDNum = fd, res
			return
		}
	}
	fd := *src
	fd.Num, fd.ScanTS = res, 0
	fd.Flags &^= schema.PPM_O_CLOEXEC
	if cloexec {
		fd.Flags |= schema.PPM_O_CLOEXEC
	}
	s.made(e, fd)
}

// parseFcntl: res, fd, cmd, arg.
func (s *State) parseFcntl(e *Event) {
	cmd, _ := e.Uint(2)
	switch cmd {
	case schema.PPM_FCNTL_F_DUPFD:
		s.dup(e, false)
	case schema.PPM_FCNTL_F_DUPFD_CLOEXEC:
		s.dup(e, true)
	case schema.PPM_FCNTL_F_SETFD:
		arg, _ := e.Uint(3)
		if _, ok := e.ok(); ok {
			s.setCloexec(e, e.FDNum, arg&1 != 0)
		}
	}
}

// Requests of ioctl that set and clear close-on-exec.
const (
	fioNClex = 0x5450
	fioClex  = 0x5451
)

// parseIoctl: res, fd, request, argument.
func (s *State) parseIoctl(e *Event) {
	req, _ := e.Uint(2)
	if req != fioClex && req != fioNClex {
		return
	}
	if _, ok := e.ok(); ok {
		s.setCloexec(e, e.FDNum, req == fioClex)
	}
}

// parsePipe: res, fd1, fd2, ino; for pipe2 flags too.
func (s *State) parsePipe(e *Event) {
	if !s.pairOK(e) {
		return
	}
	var ino uint64
	set64(e, 3, &ino)
	for i := 1; i <= 2; i++ {
		num, _ := e.Int(i)
		s.made(e, FD{Num: num, Type: FDFIFO, Ino: ino, Flags: e.flags()})
	}
}

// pairOK tells whether a call that makes two descriptors did.
func (s *State) pairOK(e *Event) bool {
	_, ok := e.ok()
	_, ok1 := e.Int(1)
	_, ok2 := e.Int(2)
	if !ok || !ok1 || !ok2 {
		e.noFD()
		return false
	}
	return true
}

// parseMemfd: fd, name, flags.
func (s *State) parseMemfd(e *Event) {
	res, ok := e.ok()
	if !ok {
		e.noFD()
		return
	}
	b, _ := e.Str(1)
	fd := FD{Num: res, Type: FDMemfd, Name: s.intern.text(b), Flags: schema.PPM_O_RDWR}
	if e.flags()&schema.PPM_MFD_CLOEXEC != 0 {
		fd.Flags |= schema.PPM_O_CLOEXEC
	}
	s.made(e, fd)
}

// anonFDs are the calls whose result is a descriptor without name.
// cloexec: the bit of the parameter flags, or always.
var anonFDs = [schema.NumEvents]struct {
	typ     FDType
	cloexec uint32
	always  bool
}{
	schema.EvSyscallEventfdX:       {typ: FDEvent},
	schema.EvSyscallEventfd2X:      {typ: FDEvent, cloexec: schema.PPM_O_CLOEXEC},
	schema.EvSyscallTimerfdCreateX: {typ: FDTimerfd},
	schema.EvSyscallSignalfdX:      {typ: FDSignalfd},
	schema.EvSyscallSignalfd4X:     {typ: FDSignalfd, cloexec: schema.PPM_O_CLOEXEC},
	schema.EvSyscallEpollCreateX:   {typ: FDEventpoll},
	schema.EvSyscallEpollCreate1X:  {typ: FDEventpoll, cloexec: schema.PPM_EPOLL_CLOEXEC},
	schema.EvSyscallInotifyInitX:   {typ: FDInotify},
	schema.EvSyscallInotifyInit1X:  {typ: FDInotify, cloexec: schema.PPM_O_CLOEXEC},
	schema.EvSyscallUserfaultfdX:   {typ: FDUserfaultfd, cloexec: schema.PPM_O_CLOEXEC},
	schema.EvSyscallIoUringSetupX:  {typ: FDIOUring, always: true},
	schema.EvSyscallPidfdOpenX:     {typ: FDPidfd, always: true},
	schema.EvSyscallBpf2X:          {typ: FDBPF, always: true},
}

func (s *State) parseAnon(e *Event) {
	res, ok := e.ok()
	if !ok {
		e.noFD()
		return
	}
	a := &anonFDs[e.Type]
	fd := FD{Num: res, Type: a.typ}
	if a.always || e.flags()&a.cloexec != 0 {
		fd.Flags |= schema.PPM_O_CLOEXEC
	}
	s.made(e, fd)
}

// parseBPF: fd, cmd. Only some commands return a descriptor.
func (s *State) parseBPF(e *Event) {
	cmd, _ := e.Uint(1)
	switch cmd {
	case schema.PPM_BPF_MAP_CREATE, schema.PPM_BPF_PROG_LOAD, schema.PPM_BPF_OBJ_GET,
		schema.PPM_BPF_PROG_GET_FD_BY_ID, schema.PPM_BPF_MAP_GET_FD_BY_ID, schema.PPM_BPF_RAW_TRACEPOINT_OPEN,
		schema.PPM_BPF_BTF_LOAD, schema.PPM_BPF_BTF_GET_FD_BY_ID, schema.PPM_BPF_LINK_CREATE,
		schema.PPM_BPF_LINK_GET_FD_BY_ID, schema.PPM_BPF_ENABLE_STATS, schema.PPM_BPF_ITER_CREATE:
		s.parseAnon(e)
	}
}

// parsePidfdOpen: fd, pid, flags.
func (s *State) parsePidfdOpen(e *Event) {
	s.parseAnon(e)
	if pid, ok := e.Int(1); ok && e.FD != nil && e.TS >= e.FD.ScanTS && !e.Thread.InPidNS() {
		e.FD.process = pid
	}
}

// parsePidfdGetfd: fd, pid_fd, target_fd, flags. Where it is not known which
// process the descriptor came from, the live host can tell what it is.
func (s *State) parsePidfdGetfd(e *Event) {
	res, ok := e.ok()
	if !ok {
		e.noFD()
		return
	}
	fd := FD{Type: FDUnknown}
	src := s.behindPidfd(e)
	if src != nil {
		fd = *src
	}
	fd.Num, fd.ScanTS = res, 0
	fd.Flags |= schema.PPM_O_CLOEXEC
	s.made(e, fd)
	if src == nil {
		if fd := s.lookupFD(e.Thread, res, e.TS); fd != nil {
			e.FD = fd
		}
	}
}

// behindPidfd returns the descriptor that pidfd_getfd duplicates, nil when it is
// not known.
func (s *State) behindPidfd(e *Event) *FD {
	num, _ := e.Int(1)
	target, ok := e.Int(2)
	pidfd := e.Thread.FD(num)
	if !ok || pidfd == nil || pidfd.process == 0 {
		return nil
	}
	if t := s.threads[pidfd.process]; t != nil {
		return t.FD(target)
	}
	return nil
}

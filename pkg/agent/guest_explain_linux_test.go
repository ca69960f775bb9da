// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// explanation is a kind of difference between a replay and a scan, and why it is right.
type explanation struct {
	why   string
	holds func(c *comparison, d *difference) bool
}

// Flags that belong to the call that opened a file, and those that F_SETFL changes.
const (
	flagsOfOpen   = schema.PPM_O_CREAT | schema.PPM_O_EXCL | schema.PPM_O_TRUNC | schema.PPM_O_TMPFILE | schema.PPM_O_F_CREATED
	flagsOfStatus = schema.PPM_O_APPEND | schema.PPM_O_NONBLOCK | schema.PPM_O_DIRECT
)

// capturedOtherwise is every kind of difference that is known. The first that holds counts.
var capturedOtherwise = []explanation{
	{"the kernel starts its own threads without a call", func(_ *comparison, d *difference) bool {
		return d.thread.PTID == 2 || d.thread.PID == 2
	}},
	{"the recorder leaves itself out", func(c *comparison, d *difference) bool { return d.thread.PID == c.recorder }},
	{"the scanning process goes on after its scan", func(c *comparison, d *difference) bool {
		return d.thread.PID == c.scanner && (d.what == "thread" || d.what == "threads")
	}},
	{"events name the controllers of a cgroup, /proc the hierarchies", sameCgroup},
	{"events tell with which flags a thread was made, /proc only what follows from its process", moreFlags},
	{"flags of open that do not last", flagsWithin(flagsOfOpen)},
	{"F_SETFL changes the flags of all who share the open file", flagsWithin(flagsOfOpen | flagsOfStatus)},
	{"the calls that make descriptors without a path do not tell the access mode, and captures list flags of files only", func(_ *comparison, d *difference) bool {
		return d.what == "flags" && d.fd != nil && !d.fd.IsSocket() && !isFile(d.replayed)
	}},
	{"timerfd_create has no room for TFD_CLOEXEC", func(_ *comparison, d *difference) bool {
		return d.what == "fd" && d.replay == "open" && d.replayed.Type == state.FDTimerfd
	}},
	{"captures list flags of files only, so that others from before seem to survive exec", inherited},
	{"captures list no device of a named pipe", func(_ *comparison, d *difference) bool {
		return d.what == "dev" && d.fd.Type == state.FDFIFO && d.replayed.Type == state.FDFIFO
	}},
	{"open does not tell that the file is a named pipe", func(_ *comparison, d *difference) bool {
		return d.what == "type" && d.fd.Type == state.FDFIFO && isFile(d.replayed)
	}},
	{"O_TMPFILE: open tells the folder", func(_ *comparison, d *difference) bool {
		return (d.what == "name" || d.what == "type" || d.what == "flags") && d.fd != nil &&
			d.replayed.Flags&schema.PPM_O_TMPFILE != 0 && unnamed.MatchString(d.fd.Name)
	}},
	{"open tells the path of the caller, through symbolic links", func(_ *comparison, d *difference) bool {
		real, err := filepath.EvalSymlinks(d.replay)
		return d.what == "name" && isFile(d.fd) && err == nil && real == d.scan
	}},
	{"the file was renamed while it was open", func(_ *comparison, d *difference) bool {
		_, err := os.Lstat(d.replay)
		return d.what == "name" && isFile(d.fd) && errors.Is(err, fs.ErrNotExist)
	}},
	{"events of sockets do not tell the inode", func(_ *comparison, d *difference) bool {
		return d.what == "ino" && (d.fd.IsSocket() || d.fd.Type == state.FDUnknown)
	}},
	{"/proc lists no sockets without address, and none of another network namespace", func(_ *comparison, d *difference) bool {
		return d.fd != nil && d.fd.Type == state.FDUnknown && d.replayed != nil
	}},
	{"/proc does not tell the other end of a unix socket", func(_ *comparison, d *difference) bool {
		return d.fd != nil && d.fd.Type == state.FDUnixSock && slices.Contains([]string{"name", "role", "connected"}, d.what)
	}},
	{"datagrams tell both ends, /proc only what connect and bind have fixed", func(_ *comparison, d *difference) bool {
		return d.fd != nil && d.fd.L4 == state.L4UDP && slices.Contains([]string{"name", "role", "source", "dest"}, d.what)
	}},
	{"/proc shows the protocol of a raw socket as its port", func(_ *comparison, d *difference) bool {
		return d.fd != nil && d.fd.L4 == state.L4Raw && slices.Contains([]string{"name", "role", "dest"}, d.what)
	}},
	{"bind to any port does not tell which it became", func(_ *comparison, d *difference) bool {
		return d.fd != nil && d.fd.Listening && strings.HasSuffix(d.replayed.Name, ":0") && slices.Contains([]string{"name", "dest"}, d.what)
	}},
	{"no event tells of it: fanotify", func(_ *comparison, d *difference) bool {
		return d.what == "fd" && d.replay == "unknown" && d.fd.Type == state.FDUnsupported
	}},
	{"clone leaves the pidfd in the caller's memory", func(_ *comparison, d *difference) bool {
		return d.what == "fd" && d.replay == "unknown" && d.fd.Type == state.FDPidfd
	}},
	{"what came by message or pidfd_getfd is known on the live host only", func(_ *comparison, d *difference) bool {
		return d.fd != nil && d.fd.Name == passedFile && (d.replayed == nil || d.replayed.Type == state.FDUnknown)
	}},
	{"the program wrote over its own arguments", func(_ *comparison, d *difference) bool {
		return isRetitled(d.thread) && slices.Contains([]string{"exe", "args", "env"}, d.what)
	}},
	{"calls that set users do not tell the capabilities that go with that", func(_ *comparison, d *difference) bool {
		return d.what == "caps" && d.thread.UID != 0
	}},
	{"the login user is set by a write to /proc", func(_ *comparison, d *difference) bool {
		return d.what == "loginuid" && d.thread.ExePath == "/usr/sbin/cron"
	}},
}

// unnamed is the name that /proc gives a file without one.
var unnamed = regexp.MustCompile(`/#[0-9]+$`)

func isFile(fd *state.FD) bool {
	return fd != nil && (fd.Type == state.FDFile || fd.Type == state.FDFileV2 || fd.Type == state.FDDirectory)
}

// isRetitled tells whether a thread is one of those programs that show how they are doing in their arguments.
func isRetitled(th *state.Thread) bool {
	return slices.Contains([]string{"/usr/sbin/sshd", "/usr/sbin/cron", "/usr/bin/perl"}, th.ExePath)
}

func sameCgroup(_ *comparison, d *difference) bool {
	if d.what != "cgroups" || len(d.thread.Cgroups) != 1 {
		return false
	}
	path := strings.TrimPrefix(d.thread.Cgroups[0], "unified=")
	for entry := range strings.FieldsSeq(strings.Trim(d.replay, "[]")) {
		if _, p, _ := strings.Cut(entry, "="); p != path {
			return false
		}
	}
	return true
}

func moreFlags(_ *comparison, d *difference) bool {
	scan, replay := number(d.scan), number(d.replay)
	return d.what == "flags" && d.fd == nil && scan&^replay == 0
}

// flagsWithin holds when a descriptor's flags differ by no others.
func flagsWithin(mask uint64) func(*comparison, *difference) bool {
	return func(_ *comparison, d *difference) bool {
		return d.what == "flags" && d.fd != nil && (number(d.scan)^number(d.replay))&^mask == 0
	}
}

// inherited tells whether the descriptor is one of the scanning process, which closes by exec, in a child of it.
func inherited(c *comparison, d *difference) bool {
	if d.what != "fd" || d.replay != "open" || isFile(d.replayed) {
		return false
	}
	parents := c.truth.Thread(c.scanner).FD(d.replayed.Num)
	return parents != nil && parents.Type == d.replayed.Type && parents.Ino == d.replayed.Ino && parents.CloseOnExec()
}

func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 0, 64)
	return n
}

// SPDX-License-Identifier: Apache-2.0

package state

import (
	"iter"
	"strings"

	"github.com/eyas-security/eyas/pkg/schema"
)

// NoID is the value of a user, group or login user that is not known.
const NoID = ^uint32(0)

// unknownText stands for the name of a thread of which nothing is known.
const unknownText = "<NA>"

// maxAncestors bounds walks towards the root of the process tree.
const maxAncestors = 1 << 12

// Thread is one thread. Texts are shared between threads and never change in
// place.
type Thread struct {
	TID, PID, PTID   int64 // PTID is the thread that is the parent
	VTID, VPID       int64 // in the thread's own pid namespace
	SID, PGID, VPGID int64

	Comm    string
	Exe     string // first word of the command line
	ExePath string
	Cwd     string // ends in a slash, empty when unknown
	Root    string
	Args    []string // without the first word
	Env     []string
	Cgroups []string // "subsystem=path"

	UID, GID, LoginUID                         uint32
	CapInheritable, CapPermitted, CapEffective uint64

	TTY      uint32
	Flags    uint32 // PPM_CL_*
	ExeFlags uint32 // PPM_EXE_*
	ExeIno   uint64
	ExeCtime uint64 // ns
	ExeMtime uint64 // ns
	FDLimit  int64

	VMSize, VMRSS, VMSwap uint32 // kB
	PFMajor, PFMinor      uint64

	PidNSStart uint64 // ns since the epoch, 0 when unknown
	Start      uint64 // ns since the epoch, 0 when unknown
	ExecTS     uint64 // of the last exec seen, ns
	ScanTS     uint64 // when it was read from /proc, 0 = known from events
	LastTS     uint64 // of the last event

	// Gen moves with the executable image, the name, the working directory
	// and the credentials. No two threads ever have the same.
	Gen uint64

	// Mark is for whoever watches the threads; the state has no use for it.
	// A new thread begins with 0.
	Mark uint64

	state     *State
	parent    *Thread
	children  *Thread // first child
	sibPrev   *Thread
	sibNext   *Thread
	group     *group
	grpPrev   *Thread
	grpNext   *Thread
	older     *Thread // towards the least recently used
	newer     *Thread
	files     *files
	container *Container
	cmdline   string // cache of Cmdline
	bytes     int64
	orphanOf  int64  // thread that was the parent and has ended, 0 = none
	tree      uint64 // number of the process tree, 0 = not looked for
	seen      seen
	dead      bool // exited, kept for its threads or until Done
	reaper    bool // child subreaper
	ownFS     bool // directory and root are its own, whatever it was born with
	guessed   bool // made up for an event of a thread that was never seen
}

// seen tells which events of a clone told of a thread. Either may come first, and
// a thread read from /proc may still get both.
type seen uint8

const (
	byParent seen = 1 << iota // the caller's event
	byChild                   // the thread's own
)

// group is the threads of one process.
type group struct {
	pid    int64
	leader *Thread // nil when it was never seen
	first  *Thread
	num    int // threads in the table
	alive  int // of these not dead
}

// Known tells whether anything is known about the thread; rules see nothing of
// one that is not.
func (t *Thread) Known() bool { return t.state != nil }

// IsMain tells whether the thread is the main one of its process.
func (t *Thread) IsMain() bool { return t.TID == t.PID }

// Leader returns the main thread of the process, t itself when it is not known.
func (t *Thread) Leader() *Thread {
	if t.group == nil || t.group.leader == nil {
		return t
	}
	return t.group.leader
}

// Parent returns the thread that is the parent, or nil.
func (t *Thread) Parent() *Thread {
	if t.parent == nil && t.state != nil && t.PTID > 0 {
		t.state.relink(t)
	}
	return t.parent
}

// Ancestor returns the main thread of the n-th process towards the root: 0 is
// the thread's own process, 1 its parent.
func (t *Thread) Ancestor(n int) *Thread {
	a := t.Leader()
	for ; n > 0 && a != nil; n-- {
		if a = a.Parent(); a != nil {
			a = a.Leader()
		}
	}
	return a
}

// Ancestors walks from the parent's process to the root.
func (t *Thread) Ancestors() iter.Seq[*Thread] {
	return func(yield func(*Thread) bool) {
		a := t.Ancestor(1)
		for n := 0; a != nil && n < maxAncestors; n++ {
			if !yield(a) {
				return
			}
			a = a.Ancestor(1)
		}
	}
}

// Children walks the threads whose parent is t.
func (t *Thread) Children() iter.Seq[*Thread] {
	return func(yield func(*Thread) bool) {
		for c := t.children; c != nil; c = c.sibNext {
			if !yield(c) {
				return
			}
		}
	}
}

// HasLineage tells whether all ancestors up to the root are known, so that who
// they are cannot change without State.Lineage.
func (t *Thread) HasLineage() bool {
	a := t.Leader()
	for n := 0; n < maxAncestors; n++ {
		if !a.IsMain() {
			return false
		}
		p := a.Parent()
		if p == nil {
			return a.PTID <= 0
		}
		a = p.Leader()
	}
	return false
}

// PPID returns the process id of the parent as it was recorded, -1 when unknown.
func (t *Thread) PPID() int64 {
	if p := t.Leader().Parent(); p != nil && p.PID > 0 {
		return p.PID
	}
	return t.Leader().PTID
}

// NumThreads returns the number of live threads of the process, 0 when the
// process is not known.
func (t *Thread) NumThreads() int {
	if t.group == nil || t.PID <= 0 {
		return 0
	}
	return t.group.alive
}

// NumChildren returns the number of live child processes.
func (t *Thread) NumChildren() int {
	n := 0
	for c := t.children; c != nil; c = c.sibNext {
		if c.IsMain() && !c.dead {
			n++
		}
	}
	return n
}

// SessionLeader returns the thread whose session t is in; when it is gone, the
// highest ancestor of the same session.
func (t *Thread) SessionLeader() *Thread {
	return t.headOf(t.SID, func(a *Thread) bool { return a.SID == t.SID })
}

// GroupLeader is SessionLeader for the process group.
func (t *Thread) GroupLeader() *Thread {
	return t.headOf(t.PGID, func(a *Thread) bool { return a.PGID == t.PGID })
}

// VGroupLeader is GroupLeader for the id inside the pid namespace.
func (t *Thread) VGroupLeader() *Thread {
	return t.headOf(t.VPGID, func(a *Thread) bool { return a.VPGID == t.VPGID })
}

func (t *Thread) headOf(id int64, same func(*Thread) bool) *Thread {
	if t.state != nil && id > 0 {
		if l := t.state.Thread(id); l != nil {
			return l
		}
	}
	head := t
	for a := range t.Ancestors() {
		if !same(a) {
			break
		}
		head = a
	}
	return head
}

// LoginShell returns the oldest shell among t and its ancestors, or nil.
func (t *Thread) LoginShell() *Thread {
	var shell *Thread
	if isShell(t.Leader()) {
		shell = t.Leader()
	}
	for a := range t.Ancestors() {
		if isShell(a) {
			shell = a
		}
	}
	return shell
}

func isShell(t *Thread) bool { return strings.HasSuffix(t.Comm, "sh") }

// Cmdline returns name and arguments. It is put together once per image.
func (t *Thread) Cmdline() string {
	if t.cmdline == "" && t.Comm != "" {
		t.cmdline = t.Comm
		if args := strings.Join(t.Args, " "); args != "" {
			t.cmdline = t.Comm + " " + args
		}
	}
	return t.cmdline
}

// AppendArgs appends the arguments joined by one space.
func (t *Thread) AppendArgs(dst []byte) []byte { return appendJoined(dst, t.Args) }

// AppendEnv appends the environment joined by one space.
func (t *Thread) AppendEnv(dst []byte) []byte { return appendJoined(dst, t.Env) }

// AppendExeline appends the first word and the arguments.
func (t *Thread) AppendExeline(dst []byte) []byte {
	dst = append(append(dst, t.Exe...), ' ')
	return t.AppendArgs(dst)
}

func appendJoined(dst []byte, list []string) []byte {
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, s...)
	}
	return dst
}

// Getenv returns the value of an environment variable.
func (t *Thread) Getenv(name string) (string, bool) {
	for _, v := range t.Env {
		if len(v) > len(name) && v[len(name)] == '=' && v[:len(name)] == name {
			return v[len(name)+1:], true
		}
	}
	return "", false
}

// Cgroup returns the path of one control group subsystem.
func (t *Thread) Cgroup(subsystem string) (string, bool) {
	for _, v := range t.Cgroups {
		if len(v) > len(subsystem) && v[len(subsystem)] == '=' && v[:len(subsystem)] == subsystem {
			return v[len(subsystem)+1:], true
		}
	}
	return "", false
}

// FD returns an open descriptor of the process, or nil.
func (t *Thread) FD(num int64) *FD {
	if t.files == nil {
		return nil
	}
	return t.files.tab.get(num)
}

// NumFDs returns the number of open descriptors of the process, 0 when the
// process is not known.
func (t *Thread) NumFDs() int {
	if t.files == nil || t.PID <= 0 {
		return 0
	}
	return t.files.tab.num
}

// FDs walks the open descriptors of the process in the order of their numbers.
func (t *Thread) FDs() iter.Seq[*FD] {
	if t.files == nil {
		return func(func(*FD) bool) {}
	}
	return t.files.tab.all()
}

func (t *Thread) has(flag uint32) bool { return t.Flags&flag != 0 }

// sharesFS tells whether a change of directory concerns the whole process.
func (t *Thread) sharesFS() bool {
	return !t.ownFS && (t.IsMain() || t.has(schema.PPM_CL_CLONE_FS))
}

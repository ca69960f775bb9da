// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"encoding/binary"

	"github.com/eyas-security/eyas/pkg/state"
)

// AppendImage appends a thread, and the descriptors of its process if it is the
// main one, as they are now: for Lists, later. Of the descriptors, at most so many
// of the lowest.
func AppendImage(dst []byte, t *state.Thread, most int) []byte {
	return appendFDs(appendThread(dst, t), t, most, false)
}

// AppendFD appends one descriptor of a thread, for Lists.
func AppendFD(dst []byte, tid int64, fd *state.FD) []byte {
	return appendFD(u64s(dst, tid), fd)
}

// Lists is what a capture says of its host before the first event, put together
// from pieces that may be from different times. Of several images of a thread the
// first counts.
type Lists struct {
	interfaces, users []byte
	threads           [][]byte       // entries
	fds               [][]byte       // bodies of lists
	known             map[int64]bool // threads; false: those to do without
	open              map[openFD]bool
}

type openFD struct{ tid, num int64 }

// AddHost adds interfaces and users.
func (l *Lists) AddHost(st *state.State) {
	l.interfaces, l.users = appendInterfaces(nil, st), appendUsers(nil, st)
}

// Has tells whether the lists have a thread, or are to do without it.
func (l *Lists) Has(tid int64) bool {
	_, known := l.known[tid]
	return known
}

// AddImage adds what AppendImage made, and keeps it.
func (l *Lists) AddImage(image []byte) {
	size := binary.LittleEndian.Uint32(image)
	thread, fds := image[:size], image[size:]
	tid := int64(binary.LittleEndian.Uint64(fds))
	if l.Has(tid) {
		return
	}
	l.note(tid, true)
	l.threads, l.fds = append(l.threads, thread), append(l.fds, fds)
	for entry := range fdEntries(fds[8:]) {
		l.setOpen(openFD{tid, fdNum(entry)})
	}
}

// Skip has the lists do without a thread, unless they have it: an event will
// bring it.
func (l *Lists) Skip(tid int64) {
	if !l.Has(tid) {
		l.note(tid, false)
	}
}

func (l *Lists) note(tid int64, listed bool) {
	if l.known == nil {
		l.known = map[int64]bool{}
	}
	l.known[tid] = listed
}

// AddFD adds what AppendFD made, and keeps it, unless the thread is not listed or
// has a descriptor of that number.
func (l *Lists) AddFD(fd []byte) {
	tid := int64(binary.LittleEndian.Uint64(fd))
	if !l.known[tid] {
		return
	}
	for entry := range fdEntries(fd[8:]) {
		if id := (openFD{tid, fdNum(entry)}); !l.open[id] {
			l.setOpen(id)
			l.fds = append(l.fds, fd)
		}
	}
}

func (l *Lists) setOpen(id openFD) {
	if l.open == nil {
		l.open = map[openFD]bool{}
	}
	l.open[id] = true
}

func fdNum(entry []byte) int64 { return int64(binary.LittleEndian.Uint64(entry[4:])) }

func fdEntries(b []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			size := binary.LittleEndian.Uint32(b)
			if !yield(b[:size]) {
				return
			}
			b = b[size:]
		}
	}
}

// Lists writes lists, as State does.
func (w *Writer) Lists(l *Lists) error {
	if w.events {
		return errLate
	}
	w.list(typeInterfaces, l.interfaces)
	w.list(typeUsers, l.users)
	b := w.body[:0]
	for _, entry := range l.threads {
		b = w.split(typeThreads, append(b, entry...))
	}
	w.list(typeThreads, b)
	w.body = b
	for _, fds := range l.fds {
		w.block(typeFDs, fds)
	}
	return w.err
}

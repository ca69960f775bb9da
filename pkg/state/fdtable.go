// SPDX-License-Identifier: Apache-2.0

package state

import (
	"iter"
	"maps"
	"slices"
	"unsafe"
)

// numDense is how many low descriptor numbers live in a slice; the rest are in a
// map, so that a high number costs no memory.
const numDense = 1024

const (
	fdBytes    = int64(unsafe.Sizeof(FD{})) + 16
	tableBytes = int64(unsafe.Sizeof(table{})) + 32
	slotBytes  = 8
)

// files is the descriptors of one process; threads that share descriptors point
// to the same one.
type files struct {
	tab   *table
	users int // threads that point here
}

// table is shared by a process and its forked children until one of them
// changes it.
type table struct {
	refs   int // files that point here
	num    int
	dense  []*FD
	sparse map[int64]*FD
}

func (t *table) get(num int64) *FD {
	if uint64(num) < uint64(len(t.dense)) {
		return t.dense[num]
	}
	if t.sparse == nil {
		return nil
	}
	return t.sparse[num]
}

func (t *table) all() iter.Seq[*FD] {
	return func(yield func(*FD) bool) {
		for _, f := range t.dense {
			if f != nil && !yield(f) {
				return
			}
		}
		if len(t.sparse) == 0 {
			return
		}
		for _, num := range slices.Sorted(maps.Keys(t.sparse)) {
			if !yield(t.sparse[num]) {
				return
			}
		}
	}
}

// put stores f, which the table now holds a reference on, and returns what was
// there before.
func (t *table) put(num int64, f *FD) (old *FD) {
	old = t.get(num)
	if old == nil {
		t.num++
	}
	if uint64(num) >= numDense {
		if t.sparse == nil {
			t.sparse = map[int64]*FD{}
		}
		t.sparse[num] = f
		return old
	}
	for int64(len(t.dense)) <= num {
		t.dense = append(t.dense, nil)
	}
	t.dense[num] = f
	return old
}

// take removes and returns an entry.
func (t *table) take(num int64) *FD {
	f := t.get(num)
	if f == nil {
		return nil
	}
	t.num--
	if uint64(num) >= numDense {
		delete(t.sparse, num)
	} else {
		t.dense[num] = nil
	}
	return f
}

func (t *table) clone() *table {
	return &table{refs: 1, num: t.num, dense: slices.Clone(t.dense), sparse: maps.Clone(t.sparse)}
}

func fdSize(f *FD) int64 { return fdBytes + int64(len(f.Name)+len(f.Raw)) }

// newFiles returns an empty set of descriptors with one user.
func (s *State) newFiles() *files {
	s.bytes += tableBytes
	return &files{tab: &table{refs: 1}, users: 1}
}

// forkFiles returns what a child starts with: the same table, until either
// changes it.
func (s *State) forkFiles(f *files) *files {
	f.tab.refs++
	return &files{tab: f.tab, users: 1}
}

// copyFiles returns descriptors of their own, with the time of no scan.
func (s *State) copyFiles(f *files) *files {
	c := s.newFiles()
	for fd := range f.tab.all() {
		n := new(FD)
		*n = *fd
		n.refs, n.ScanTS = 1, 0
		c.tab.put(n.Num, n)
		s.bytes += fdSize(n) + slotBytes
		s.numFDs++
	}
	return c
}

// dropFiles gives up one use.
func (s *State) dropFiles(f *files) {
	if f.users--; f.users > 0 {
		return
	}
	t := f.tab
	if t.refs--; t.refs > 0 {
		return
	}
	s.bytes -= tableBytes + int64(t.num)*slotBytes
	s.numFDs -= t.num
	for fd := range t.all() {
		s.unrefFD(fd)
	}
}

// ownTable returns the table of f for writing.
func (s *State) ownTable(f *files) *table {
	if f.tab.refs == 1 {
		return f.tab
	}
	f.tab.refs--
	f.tab = f.tab.clone()
	for fd := range f.tab.all() {
		fd.refs++
	}
	s.bytes += tableBytes + int64(f.tab.num)*slotBytes
	s.numFDs += f.tab.num
	return f.tab
}

func (s *State) unrefFD(f *FD) {
	if f.refs--; f.refs == 0 {
		s.bytes -= fdSize(f)
	}
}

// setFD stores a descriptor that an event of time ts made. One that was read
// from /proc later is left alone and returned instead.
func (s *State) setFD(t *Thread, ts uint64, fd FD) *FD {
	if fd.Num < 0 {
		return nil
	}
	if have := t.FD(fd.Num); have != nil && ts < have.ScanTS {
		return have
	}
	if t.files == nil {
		t.files = s.newFiles()
	}
	if t.files.tab.num >= s.opt.MaxFDs && t.FD(fd.Num) == nil {
		s.stats.RefusedFDs++
		return nil
	}
	f := new(FD)
	*f = fd
	f.refs = 1
	tab := s.ownTable(t.files)
	if old := tab.put(f.Num, f); old != nil {
		s.unrefFD(old)
	} else {
		s.numFDs++
		s.bytes += slotBytes
	}
	s.bytes += fdSize(f)
	return f
}

// closeFD removes a descriptor, unless it was read from /proc after ts.
func (s *State) closeFD(t *Thread, ts uint64, num int64) {
	have := t.FD(num)
	if have == nil || ts < have.ScanTS {
		return
	}
	s.unrefFD(s.ownTable(t.files).take(num))
	s.numFDs--
	s.bytes -= slotBytes
}

// changeFD returns a descriptor for changing in place; nil when it is not open
// or was read from /proc after ts.
func (s *State) changeFD(t *Thread, ts uint64, num int64) *FD {
	f := t.FD(num)
	if f == nil || ts < f.ScanTS {
		return nil
	}
	if f.refs == 1 && t.files.tab.refs == 1 {
		return f
	}
	return s.setFD(t, ts, *f)
}

// renameFD keeps the budget in step with the name.
func (s *State) renameFD(f *FD, name string) {
	s.bytes += int64(len(name) - len(f.Name))
	f.Name = name
}

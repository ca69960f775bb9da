// SPDX-License-Identifier: Apache-2.0

package schema

import "slices"

// Mask says what the kernel module records. It has the words of 'struct
// eyas_mask' in kmod/uapi/eyas.h.
type Mask struct {
	Native      Numbers // bit = native system call number
	Compat      Numbers // bit = number of a 32-bit caller
	Tracepoints uint64  // bit = EYAS_TP_*
	Multiplexed uint64  // bit = number behind socketcall, or 32 + number behind ipc
}

// Numbers is a set of system call numbers.
type Numbers [NumNative / 64]uint64

// Add puts nr, below NumNative, into the set.
func (n *Numbers) Add(nr int) { n[nr/64] |= 1 << (nr % 64) }

// Has tells whether nr is in the set.
func (n *Numbers) Has(nr int) bool { return nr >= 0 && nr < NumNative && n[nr/64]>>(nr%64)&1 == 1 }

// ipcBits is where the numbers behind ipc begin in Mask.Multiplexed.
const ipcBits = 32

// multiplexers are the calls of 32-bit callers that stand for others.
var multiplexers = [...]struct {
	sc    SC
	calls []SC // by number, 0 where there is none
	first int  // bit of number 0
}{
	{SCSocketcall, socketcalls[:], 0},
	{SCIpc, ipcCalls[:], ipcBits},
}

// IsMultiplexer tells whether 32-bit callers reach other calls through sc.
func (sc SC) IsMultiplexer() bool { return sc == SCSocketcall || sc == SCIpc }

// MultiplexedBit returns the bit in Mask.Multiplexed of sc, which 32-bit callers
// reach through a multiplexer.
func (sc SC) MultiplexedBit() (bit int, ok bool) {
	for _, mux := range &multiplexers {
		if nr := slices.Index(mux.calls, sc); nr >= 0 && sc != SCUnknown {
			return mux.first + nr, true
		}
	}
	return 0, false
}

// KernelMask returns the mask that records every code of the set: all numbers by
// which native and 32-bit callers reach it, and the tracepoints. The
// multiplexers socketcall and ipc are in when a call behind them is.
func KernelMask(set SCSet, a Arch) (m Mask) {
	for _, mux := range multiplexers {
		for nr, sc := range mux.calls {
			if sc != SCUnknown && a.Compat() != nil && set.Has(sc) {
				m.Multiplexed |= 1 << (mux.first + nr)
				m.addNumbers(mux.sc, a)
			}
		}
	}
	for sc := range set.All() {
		m.addNumbers(sc, a)
		if bit, ok := sc.tracepoint(a); ok {
			m.Tracepoints |= 1 << bit
		}
	}
	return m
}

// Union returns the mask that records what either records.
func (m Mask) Union(o Mask) Mask {
	for i := range m.Native {
		m.Native[i] |= o.Native[i]
		m.Compat[i] |= o.Compat[i]
	}
	m.Tracepoints |= o.Tracepoints
	m.Multiplexed |= o.Multiplexed
	return m
}

// addNumbers adds the numbers by which sc is called.
func (m *Mask) addNumbers(sc SC, a Arch) {
	if nr, ok := sc.Number(a); ok {
		m.Native.Add(nr)
	}
	for _, nr := range sc.CompatNumbers(a) {
		m.Compat.Add(int(nr))
	}
}

// AddNumber adds a number that the table has no name for: for native callers,
// and for 32-bit callers where it has none for them, either. It tells whether
// there is such a number.
func (m *Mask) AddNumber(nr int, a Arch) bool {
	if nr < 0 || nr >= NumNative || a.Native()[nr] != SCUnknown {
		return false
	}
	m.Native.Add(nr)
	if compat := a.Compat(); compat != nil && compat[nr] == SCUnknown {
		m.Compat.Add(nr)
	}
	return true
}

// Unnamed returns the native numbers of the mask that the table has no name for.
func (m Mask) Unnamed(a Arch) (nrs []int) {
	for nr, sc := range a.Native() {
		if sc == SCUnknown && m.Native.Has(nr) {
			nrs = append(nrs, nr)
		}
	}
	return nrs
}

// tracepoint returns the bit of sc in Mask.Tracepoints.
func (sc SC) tracepoint(a Arch) (bit int, ok bool) {
	s := sc.Info()
	if s == nil || s.Kind != KindTracepoint || s.X86Only && a != X8664 {
		return 0, false
	}
	return int(s.Tracepoint), true
}

// SCs returns the codes that the mask records on a.
func (m Mask) SCs(a Arch) (s SCSet) {
	m.addNamed(&s, &m.Native, a.Native())
	if compat := a.Compat(); compat != nil {
		m.addNamed(&s, &m.Compat, compat)
	}
	for sc := range TracepointSCs().All() {
		if bit, ok := sc.tracepoint(a); ok && m.Tracepoints&(1<<bit) != 0 {
			s.Add(sc)
		}
	}
	for _, mux := range multiplexers {
		for nr, sc := range mux.calls {
			if sc != SCUnknown && m.Multiplexed>>(mux.first+nr)&1 == 1 {
				s.Add(sc)
			}
		}
	}
	return s
}

func (m Mask) addNamed(s *SCSet, numbers *Numbers, table *[NumNative]SC) {
	for nr, sc := range table {
		if sc != SCUnknown && numbers.Has(nr) {
			s.Add(sc)
		}
	}
}

// NotOnArch returns the codes of the set that nothing on a can record: no native
// number, no number of a 32-bit caller, no tracepoint, and not behind a
// multiplexer.
func NotOnArch(set SCSet, a Arch) (s SCSet) {
	for sc := range set.All() {
		if KernelMask(SCsOf(sc), a) == (Mask{}) {
			s.Add(sc)
		}
	}
	return s
}

// SPDX-License-Identifier: Apache-2.0

package schema

// Mask says what the kernel module records. It has the words of 'struct
// eyas_mask' in kmod/uapi/eyas.h.
type Mask struct {
	Native      [8]uint64 // bit = native system call number
	Compat      [8]uint64 // bit = number of a 32-bit caller
	Tracepoints uint64    // bit = EYAS_TP_*
}

// KernelMask returns the mask that records every code of the set: all numbers by
// which native and 32-bit callers reach it, and the tracepoints. The
// multiplexers socketcall and ipc are in when a call behind them is.
func KernelMask(set SCSet, a Arch) (m Mask) {
	if meets(set, SCsOf(socketcalls[:]...)) {
		set.Add(SCSocketcall)
	}
	if meets(set, SCsOf(ipcCalls[:]...)) {
		set.Add(SCIpc)
	}
	for sc := range set.All() {
		if nr, ok := sc.Number(a); ok {
			m.Native[nr/64] |= 1 << (nr % 64)
		}
		for _, nr := range sc.CompatNumbers(a) {
			m.Compat[nr/64] |= 1 << (nr % 64)
		}
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
	return m
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
	numbers := func(bits Bits[uint16], table *[NumNative]SC) {
		for nr := range bits.All() {
			if sc := table[nr]; sc != SCUnknown {
				s.Add(sc)
			}
		}
	}
	numbers(m.Native, a.Native())
	if compat := a.Compat(); compat != nil {
		numbers(m.Compat, compat)
	}
	for sc := range TracepointSCs().All() {
		if bit, ok := sc.tracepoint(a); ok && m.Tracepoints&(1<<bit) != 0 {
			s.Add(sc)
		}
	}
	return s
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

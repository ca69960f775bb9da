// SPDX-License-Identifier: Apache-2.0

package schema

// AllEvents returns every event type.
func AllEvents() (s EventSet) {
	for i := range Events {
		s.Add(EventType(i))
	}
	return s
}

// AllSCs returns every code but SCUnknown.
func AllSCs() (s SCSet) {
	for i := range Syscalls {
		if k := Syscalls[i].Kind; k == KindSyscall || k == KindTracepoint {
			s.Add(SC(i))
		}
	}
	return s
}

// GenericSCs returns the codes without an event of their own.
func GenericSCs() SCSet { return SCsOf(Events[EvGenericX].SCs...) }

// TracepointSCs returns the codes that are tracepoints.
func TracepointSCs() (s SCSet) {
	for i := range Syscalls {
		if Syscalls[i].Kind == KindTracepoint {
			s.Add(SC(i))
		}
	}
	return s
}

// IOSCs returns the codes that read or write.
func IOSCs() SCSet { return categorySCs(ECIORead, ECIOWrite) }

// IOOtherSCs returns the codes of other I/O: close, dup, poll …
func IOOtherSCs() SCSet { return categorySCs(ECIOOther) }

// FileSCs returns the codes that act on files.
func FileSCs() SCSet { return categorySCs(ECFile) }

// NetSCs returns the codes that act on sockets.
func NetSCs() SCSet { return categorySCs(ECNet) }

// ProcSCs returns the codes that act on processes.
func ProcSCs() SCSet { return categorySCs(ECProcess) }

// SysSCs returns the codes that act on the system: memory, signals …
func SysSCs() SCSet { return categorySCs(ECSystem, ECMemory, ECSignal) }

// categorySCs returns the codes that have an event in one of the categories; old
// versions of events count.
func categorySCs(cats ...Category) (s SCSet) {
	for i := range Events {
		for _, c := range cats {
			if Events[i].Category.About() == c {
				s = s.Union(SCsOf(Events[i].SCs...))
			}
		}
	}
	return s
}

// StateSCs returns the codes without which the picture of processes and files
// rots: those that an event says modify state, and those that load shedding
// never drops.
func StateSCs(a Arch) (s SCSet) {
	for i := range Events {
		e := &Events[i]
		class := e.Category.Class()
		if !e.IsGeneric() && e.Flags&EFModifiesState != 0 && (class == ECSyscall || class == ECTracepoint) {
			s = s.Union(SCsOf(e.SCs...))
		}
	}
	for i := range Syscalls {
		if _, ok := SC(i).Number(a); ok && Syscalls[i].NeverDrop {
			s.Add(SC(i))
		}
	}
	return s
}

// HighVolumeSCs returns the codes that are left out unless everything is asked
// for: I/O that state can do without.
func HighVolumeSCs(a Arch) SCSet { return IOSCs().Minus(StateSCs(a)) }

// RepairSCs returns in with what is needed to keep processes and the files of
// the selected codes known, and no more.
func RepairSCs(in SCSet) SCSet {
	out := in
	for i := range Syscalls {
		if Syscalls[i].Repair {
			out.Add(SC(i))
		}
	}
	network := meets(in, NetSCs())
	if network {
		out.Add(SCSocket)
		out.Add(SCGetsockopt)
	}
	if meets(in, SCsOf(SCAccept, SCAccept4, SCListen)) {
		out.Add(SCBind)
	}
	if network || meets(in, FileSCs()) || meets(in, IOSCs()) || meets(in, IOOtherSCs()) {
		out.Add(SCClose)
	}
	out.Add(SCSchedProcessExit)
	return out
}

func meets(a, b SCSet) bool { return !a.Intersect(b).IsEmpty() }

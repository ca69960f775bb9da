// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"testing"
)

func TestInfoOutOfRange(t *testing.T) {
	if EventType(NumEvents).Info() != nil || SC(NumSCs).Info() != nil || SC(382).Info() != nil {
		t.Error("a number outside the table has a row")
	}
	if got := ParamType(200).Info().Name; got != "none" {
		t.Errorf("type 200: got %q", got)
	}
	for text, want := range map[string]string{
		EventType(NumEvents).String(): "event(454)", SC(382).String(): "sc(382)", SCOpenat.String(): "openat", EvProcexit1E.String(): "procexit",
	} {
		if text != want {
			t.Errorf("got %q, want %q", text, want)
		}
	}
}

func TestParamIndex(t *testing.T) {
	e := EvSyscallOpenat_2_X.Info()
	if i := e.ParamIndex("name"); i != 2 || e.Params[i].DirFD != 1 {
		t.Errorf("openat: name is parameter %d", i)
	}
	if i := e.ParamIndex("nothing"); i != -1 {
		t.Errorf("openat: nothing is parameter %d", i)
	}
	if !e.IsExit() || !e.Produced() || EvSyscallOpenE.Info().Produced() || EvSyscallOpenE.IsExit() {
		t.Error("openat exit must be produced, open enter not")
	}
}

func TestLookups(t *testing.T) {
	for i := range Events {
		e := &Events[i]
		if got, ok := EventByCode(e.Code); !ok || got != e.Type {
			t.Errorf("EventByCode(%q): got %d", e.Code, got)
		}
		if byName := EventsByName(e.Name); slices.Contains(byName, e.Type) == e.IsGeneric() {
			t.Errorf("EventsByName(%q): got %v", e.Name, byName)
		}
	}
	for i := range Syscalls {
		if s := SC(i).Info(); s != nil {
			if got, ok := SCByName(s.Name); !ok || got != s.SC {
				t.Errorf("SCByName(%q): got %d", s.Name, got)
			}
		}
	}
	if _, ok := EventByCode("PPME_NOTHING"); ok || EventsByName("nothing") != nil || FlagTableByName("nothing") != nil {
		t.Error("a name that does not exist was found")
	}
}

// What is decoded on the event path must be there in the rows that the module
// fills in.
func TestProducedRowsAreWhole(t *testing.T) {
	for i := range Events {
		e := &Events[i]
		for _, p := range e.Params {
			if (p.From != "") != e.Produced() {
				t.Errorf("%s: parameter %s: from %q", e.Code, p.Name, p.From)
			}
		}
		if e.Produced() && (e.Flags&(EFOldVersion|EFUnused) != 0 || len(e.SCs) == 0) {
			t.Errorf("%s: produced, but old or without code", e.Code)
		}
	}
}

// No call that the schema knows an event for is left to the generic one, and no
// parameter without a source.
func TestCallsAreRecordedByTheirEvents(t *testing.T) {
	for i := range Events {
		e := &Events[i]
		live := e.Flags&(EFOldVersion|EFUnused) == 0 && len(e.SCs) > 0
		tracepoint := live && e.SCs[0].Info().Kind == KindTracepoint
		if live && (e.IsExit() || tracepoint) && !e.Produced() {
			t.Errorf("%s: no parameter says where it comes from", e.Code)
		}
	}
}

func TestBits(t *testing.T) {
	var s SCSet
	if !s.IsEmpty() || s.Len() != 0 {
		t.Error("the zero value is not empty")
	}
	for _, v := range []SC{0, 63, 64, 511} {
		s.Add(v)
	}
	s.Add(512)
	s.Add(65535)
	if got := slices.Collect(s.All()); !slices.Equal(got, []SC{0, 63, 64, 511}) || s.Len() != 4 {
		t.Errorf("All: got %v", got)
	}
	if s.Has(512) || !s.Has(511) || s.Has(1) {
		t.Error("Has is wrong")
	}
	s.Del(63)
	s.Del(9999)
	o := SCsOf(64, 100)
	for name, c := range map[string]struct{ got, want SCSet }{
		"Union":      {s.Union(o), SCsOf(0, 64, 100, 511)},
		"Minus":      {s.Minus(o), SCsOf(0, 511)},
		"Intersect":  {s.Intersect(o), SCsOf(64)},
		"Complement": {s.Complement(o), SCsOf(100)},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
	for v := range s.All() {
		if v == 0 {
			break
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		for range s.All() {
		}
		if Events[EvSyscallOpenX].Type.Info() == nil || s.Has(3) {
			t.Error("unexpected")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestArch(t *testing.T) {
	for _, a := range []Arch{X8664, AArch64} {
		if got, err := ParseArch(a.String()); err != nil || got != a {
			t.Errorf("ParseArch(%q): got %v, %v", a, got, err)
		}
	}
	if _, err := ParseArch("vax"); err == nil {
		t.Error("ParseArch(vax): no error")
	}
	if X8664.Native()[257] != SCOpenat || X8664.Compat()[295] != SCOpenat || AArch64.Native()[56] != SCOpenat || AArch64.Compat() != nil {
		t.Error("the numbers of openat are wrong")
	}
}

func TestKernelMask(t *testing.T) {
	bits := func(nrs ...int) (w Numbers) {
		for _, nr := range nrs {
			w[nr/64] |= 1 << (nr % 64)
		}
		return w
	}
	for _, tt := range []struct {
		name string
		set  SCSet
		arch Arch
		want Mask
	}{
		{"empty", SCSet{}, X8664, Mask{}},
		{"plain", SCsOf(SCOpenat), X8664, Mask{Native: bits(257), Compat: bits(295)}},
		{"aarch64", SCsOf(SCOpenat, SCOpen), AArch64, Mask{Native: bits(56)}},
		{"two numbers", SCsOf(SCSetuid), X8664, Mask{Native: bits(105), Compat: bits(23, 213)}},
		{"socketcall", SCsOf(SCAccept), X8664, Mask{Native: bits(43), Compat: bits(102), Multiplexed: 1 << 5}},
		{"ipc", SCsOf(SCShmat), X8664, Mask{Native: bits(30), Compat: bits(117, 397), Multiplexed: 1 << (32 + 21)}},
		{"socketcall itself", SCsOf(SCSocketcall), X8664, Mask{Compat: bits(102)}},
		{"socketcall, aarch64", SCsOf(SCAccept), AArch64, Mask{Native: bits(202)}},
		{"widened", SCsOf(SCChown), X8664, Mask{Native: bits(92), Compat: bits(182, 212)}},
		{"tracepoints", SCsOf(SCSchedProcessExit, SCSignalDeliver), X8664, Mask{Tracepoints: 1<<0 | 1<<4}},
		{"page fault", SCsOf(SCPageFaultUser), AArch64, Mask{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := KernelMask(tt.set, tt.arch); got != tt.want {
				t.Errorf("got %x, want %x", got, tt.want)
			}
		})
	}
}

func TestMaskRoundTrip(t *testing.T) {
	for _, a := range []Arch{X8664, AArch64} {
		all := AllSCs()
		there := all.Minus(NotOnArch(all, a))
		got := KernelMask(there, a).SCs(a)
		if lost := there.Minus(got); !lost.IsEmpty() {
			t.Errorf("%s: %v are not in the mask", a, codes(lost))
		}
		if extra := got.Minus(all); !extra.IsEmpty() {
			t.Errorf("%s: unexpected %v", a, codes(extra))
		}
	}
}

// TestUnnamedNumbers: numbers that kernels will give one day.
func TestUnnamedNumbers(t *testing.T) {
	for _, tt := range []struct {
		nr             int
		arch           Arch
		native, compat bool
	}{
		{500, X8664, true, true},
		{500, AArch64, true, false},
		{400, X8664, true, false}, // msgsnd of 32-bit callers
		{0, X8664, false, false},  // read
		{244, AArch64, true, false},
		{-1, X8664, false, false},
		{NumNative, X8664, false, false},
	} {
		var m Mask
		ok := m.AddNumber(tt.nr, tt.arch)
		if ok != tt.native || m.Native.Has(tt.nr) != tt.native || m.Compat.Has(tt.nr) != tt.compat {
			t.Errorf("%s: number %d: %v, %x", tt.arch, tt.nr, ok, m)
		}
		if got := m.Unnamed(tt.arch); ok && !slices.Equal(got, []int{tt.nr}) || !ok && got != nil {
			t.Errorf("%s: unnamed numbers of %d: %v", tt.arch, tt.nr, got)
		}
		if got := m.SCs(tt.arch); !got.IsEmpty() {
			t.Errorf("%s: %d is %v", tt.arch, tt.nr, codes(got))
		}
	}
}

func TestNotOnArch(t *testing.T) {
	set := SCsOf(SCOpen, SCOpenat, SCPageFaultUser, SCWaitpid, SCSend)
	if got, want := NotOnArch(set, AArch64), SCsOf(SCOpen, SCPageFaultUser, SCWaitpid, SCSend); got != want {
		t.Errorf("aarch64: got %v, want %v", codes(got), codes(want))
	}
	if got := NotOnArch(set, X8664); !got.IsEmpty() {
		t.Errorf("x86_64: got %v", codes(got))
	}
}

// TestMaskUnion: the union of two masks records what either does, whatever a mask is made of.
func TestMaskUnion(t *testing.T) {
	for _, a := range []Arch{X8664, AArch64} {
		var halves [2]SCSet
		for sc := range AllSCs().All() {
			halves[sc%2].Add(sc)
		}
		got := KernelMask(halves[0], a).Union(KernelMask(halves[1], a))
		if want := KernelMask(AllSCs(), a); got != want {
			t.Errorf("%s: got %+v, want %+v", a, got, want)
		}
	}
}

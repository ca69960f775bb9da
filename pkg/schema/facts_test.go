// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/internal/sharedtest"
)

// These tests hold every field of the table against the facts that were read
// from the reference implementation.

type factEvents struct {
	Events []struct {
		Number   int
		Code     string
		Name     string
		Category struct{ Value uint16 }
		Flags    uint16 `json:"flags_value"`
		LenSize  uint8  `json:"len_field_size"`
		Params   []struct {
			Name   string
			Type   uint8  `json:"type_num"`
			Format uint8  `json:"format_num"`
			Flags  string `json:"flags_table"`
			Dyn    string `json:"dynamic_table"`
			DirFD  *int8  `json:"dirfd_param_index"`
		}
	}
}

type factFlags struct {
	Tables map[string]struct {
		Entries []struct {
			Name, Symbol string
			Value        uint32
		}
	}
	Dynamic map[string]struct {
		Entries []struct {
			Type   uint8 `json:"type_num"`
			Format uint8 `json:"format_num"`
		}
	}
}

func TestEventsAgainstFacts(t *testing.T) {
	var facts factEvents
	var flags factFlags
	sharedtest.JSON(t, "facts/events.json", &facts)
	sharedtest.JSON(t, "facts/flags.json", &flags)
	if len(facts.Events) != NumEvents {
		t.Fatalf("got %d events, want %d", NumEvents, len(facts.Events))
	}
	for i, want := range facts.Events {
		got := &Events[i]
		if int(got.Type) != want.Number || got.Code != want.Code || got.Name != want.Name {
			t.Errorf("event %d: got %d %s %s, want %s %s", i, got.Type, got.Code, got.Name, want.Code, want.Name)
		}
		if uint16(got.Category) != want.Category.Value || uint16(got.Flags) != want.Flags || got.LenSize != want.LenSize {
			t.Errorf("%s: got category %d flags %#x length size %d, want %d %#x %d",
				want.Code, got.Category, got.Flags, got.LenSize, want.Category.Value, want.Flags, want.LenSize)
		}
		if len(got.Params) != len(want.Params) {
			t.Errorf("%s: got %d parameters, want %d", want.Code, len(got.Params), len(want.Params))
			continue
		}
		for j, w := range want.Params {
			g := got.Params[j]
			dirfd := int8(-1)
			if w.DirFD != nil {
				dirfd = *w.DirFD
			}
			if g.Name != w.Name || uint8(g.Type) != w.Type || uint8(g.Format) != w.Format || g.DirFD != dirfd {
				t.Errorf("%s: parameter %d: got %+v, want %+v", want.Code, j, g, w)
			}
			if name := tableName(g.Flags); name != w.Flags {
				t.Errorf("%s: parameter %s: got flag table %q, want %q", want.Code, w.Name, name, w.Flags)
			}
			alts := flags.Dynamic[w.Dyn].Entries
			if len(g.Dyn) != len(alts) {
				t.Errorf("%s: parameter %s: got %d alternatives, want %d", want.Code, w.Name, len(g.Dyn), len(alts))
				continue
			}
			for k, a := range alts {
				if uint8(g.Dyn[k].Type) != a.Type || uint8(g.Dyn[k].Format) != a.Format {
					t.Errorf("%s: parameter %s: alternative %d: got %v, want %v", want.Code, w.Name, k, g.Dyn[k], a)
				}
			}
		}
	}
}

// Every event that a kernel produces says where each of its parameters comes from.
func TestLiveEventsHaveSources(t *testing.T) {
	var facts struct {
		Live   []string `json:"live_event_codes"`
		Events []struct {
			Code      string
			Direction string
			Category  struct{ Event []string }
		}
	}
	sharedtest.JSON(t, "facts/events.json", &facts)
	produced := 0
	for i, f := range facts.Events {
		kernel := f.Direction == "exit" && slices.Contains(f.Category.Event, "EC_SYSCALL") || slices.Contains(f.Category.Event, "EC_TRACEPOINT")
		want := kernel && slices.Contains(facts.Live, f.Code)
		if got := Events[i].Produced(); got != want {
			t.Errorf("%s: produced is %v, want %v", f.Code, got, want)
		}
		if want {
			produced++
		}
	}
	t.Logf("%d events are produced", produced)
}

func tableName(f *FlagTable) string {
	if f == nil {
		return ""
	}
	return f.Name
}

func TestFlagsAgainstFacts(t *testing.T) {
	var facts factFlags
	sharedtest.JSON(t, "facts/flags.json", &facts)
	if len(FlagTables) != len(facts.Tables) {
		t.Errorf("got %d flag tables, want %d", len(FlagTables), len(facts.Tables))
	}
	for name, want := range facts.Tables {
		got := FlagTableByName(name)
		if got == nil || len(got.Entries) != len(want.Entries) {
			t.Errorf("flag table %s: got %v", name, got)
			continue
		}
		for i, w := range want.Entries {
			if g := got.Entries[i]; g.Name != w.Name || g.Value != w.Value {
				t.Errorf("flag table %s: entry %d: got %v, want %v", name, i, g, w)
			}
		}
	}
}

func TestTypesAgainstFacts(t *testing.T) {
	var facts struct {
		Types []struct {
			Name   string
			Number int
			Size   any `json:"encode_size"`
		}
	}
	sharedtest.JSON(t, "facts/types.json", &facts)
	if len(facts.Types) != len(Types) {
		t.Fatalf("got %d types, want %d", len(Types), len(facts.Types))
	}
	for i, want := range facts.Types {
		got := Types[i]
		if want.Number != i || "PT_"+upperASCII(got.Name) != want.Name {
			t.Errorf("type %d: got %s, want %s", i, got.Name, want.Name)
		}
		size := 0.0
		if n, ok := want.Size.(float64); ok {
			size = n
		}
		if float64(got.Size) != size {
			t.Errorf("type %s: got size %d, want %v", got.Name, got.Size, want.Size)
		}
	}
}

func upperASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

type factCode struct {
	Number    int
	Code      string
	Name      string
	Kind      string
	Numbers   map[string]any
	Flags     []string `json:"driver_flags"`
	ExitEvent string   `json:"exit_event"`
	Generic   bool
	Events    []string `json:"userspace_events"`
}

type factSyscalls struct {
	Codes []factCode
	IA32  []factIA32 `json:"ia32_map"`
	Mux   struct {
		Map []struct {
			Call   string
			Number int
		}
	} `json:"socketcall"`
}

type factIA32 struct {
	I386     int
	X8664    int    `json:"x86_64"`
	I386Name string `json:"i386_name"`
}

func TestSyscallsAgainstFacts(t *testing.T) {
	var facts factSyscalls
	sharedtest.JSON(t, "facts/syscalls.json", &facts)
	seen := 0
	for _, want := range facts.Codes {
		got := SC(want.Number).Info()
		if got == nil {
			t.Errorf("%s: not in the table", want.Code)
			continue
		}
		seen++
		checkCode(t, got, want)
	}
	for i := range Syscalls {
		if Syscalls[i].Kind != KindNone {
			seen--
		}
	}
	if seen != 0 {
		t.Errorf("the table has %d codes too many", -seen)
	}
}

func checkCode(t *testing.T, got *Syscall, want factCode) {
	t.Helper()
	kind := map[string]SyscallKind{"unknown": KindUnknown, "syscall": KindSyscall, "tracepoint": KindTracepoint}[want.Kind]
	if got.Code != want.Code || got.Name != want.Name || got.Kind != kind || got.Generic != want.Generic {
		t.Errorf("%s: got %+v, want %+v", want.Code, *got, want)
	}
	if got.NeverDrop != slices.Contains(want.Flags, "UF_NEVER_DROP") || got.AlwaysDrop != slices.Contains(want.Flags, "UF_ALWAYS_DROP") {
		t.Errorf("%s: got never drop %v, always drop %v, want %v", want.Code, got.NeverDrop, got.AlwaysDrop, want.Flags)
	}
	if want.ExitEvent != "" && got.Exit.Info().Code != want.ExitEvent {
		t.Errorf("%s: got exit event %s, want %s", want.Code, got.Exit.Info().Code, want.ExitEvent)
	}
	for _, a := range []Arch{X8664, AArch64} {
		nr, ok := got.SC.Number(a)
		w, wantOK := want.Numbers[a.String()].(float64)
		if ok != wantOK || ok && nr != int(w) {
			t.Errorf("%s: got number %d on %s, want %v", want.Code, nr, a, want.Numbers[a.String()])
		}
		if ok && a.Native()[nr] != got.SC {
			t.Errorf("%s: number %d of %s is %v", want.Code, nr, a, a.Native()[nr])
		}
	}
	var events []string
	for i := range Events {
		if slices.Contains(Events[i].SCs, got.SC) {
			events = append(events, Events[i].Code)
		}
	}
	slices.Sort(events)
	slices.Sort(want.Events)
	if !slices.Equal(events, want.Events) {
		t.Errorf("%s: got events %v, want %v", want.Code, events, want.Events)
	}
}

// Each number of a 32-bit caller must mean what the reference map says. Calls
// that it leaves out count as the call that they widen.
func TestCompatAgainstFacts(t *testing.T) {
	var facts factSyscalls
	sharedtest.JSON(t, "facts/syscalls.json", &facts)
	compat, native := X8664.Compat(), X8664.Native()
	listed := map[int]bool{}
	for _, r := range facts.IA32 {
		listed[r.I386] = true
		got := compat[r.I386]
		if r.X8664 >= 0 {
			if got != native[r.X8664] {
				t.Errorf("i386 %d: got %v, want %v", r.I386, got, native[r.X8664])
			}
			continue
		}
		if sc, ok := SCByName(r.I386Name); ok && got != sc {
			t.Errorf("i386 %d: got %v, want %s", r.I386, got, r.I386Name)
		} else if !ok && got == SCUnknown && r.I386Name != "vm86old" {
			t.Errorf("i386 %d: %s means nothing", r.I386, r.I386Name)
		}
	}
	for nr, sc := range compat {
		if sc != SCUnknown && !listed[nr] {
			t.Errorf("i386 %d: got %v, want nothing", nr, sc)
		}
	}
	for _, m := range facts.Mux.Map {
		if m.Number >= len(socketcalls) || socketcalls[m.Number].String() != m.Call {
			t.Errorf("socketcall %d: want %s", m.Number, m.Call)
		}
	}
}

func TestConstantsAgainstFacts(t *testing.T) {
	var facts struct {
		Constants map[string]int64 `json:"ppm_constants"`
	}
	sharedtest.JSON(t, "facts/flags.json", &facts)
	for name, got := range map[string]int64{
		"PPM_O_RDWR": PPM_O_RDWR, "PPM_O_F_CREATED": PPM_O_F_CREATED, "PPM_CL_CLONE_THREAD": PPM_CL_CLONE_THREAD,
		"PPM_CL_CLOSED": PPM_CL_CLOSED, "PPM_AT_FDCWD": PPM_AT_FDCWD, "PPM_EXE_FROM_MEMFD": PPM_EXE_FROM_MEMFD,
		"PPM_CAP_CHECKPOINT_RESTORE": PPM_CAP_CHECKPOINT_RESTORE, "PPM_MS_NOUSER": PPM_MS_NOUSER, "PPM_AF_UNIX": PPM_AF_UNIX,
		"PPM_KEYCTL_IDX_CHARBUF": PPM_KEYCTL_IDX_CHARBUF, "PPM_MAX_ARG_SIZE": PPM_MAX_ARG_SIZE,
	} {
		if want, ok := facts.Constants[name]; !ok || got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}

// The conversion rules are those of the reference, one for one.
func TestConversionsAgreeWithFacts(t *testing.T) {
	var facts struct {
		Conversion struct {
			Rules []factsRule `json:"rules"`
		} `json:"conversion"`
	}
	sharedtest.JSON(t, "facts/events.json", &facts)
	if len(facts.Conversion.Rules) != len(conversions) {
		t.Errorf("got %d rules, want %d", len(conversions), len(facts.Conversion.Rules))
	}
	for _, want := range facts.Conversion.Rules {
		got := FindConversion(want.Type, want.NumParams)
		if got == nil {
			t.Errorf("%s with %d parameters: no rule", want.Code, want.NumParams)
			continue
		}
		if d := cmp.Diff(want.conversion(), got); d != "" {
			t.Errorf("%s with %d parameters (-want +got):\n%s", want.Code, want.NumParams, d)
		}
	}
}

// factsRule is a conversion rule as the facts spell it.
type factsRule struct {
	Code      string    `json:"type"`
	Type      EventType `json:"type_num"`
	NumParams int       `json:"nparams"`
	Action    string    `json:"action"`
	To        EventType `json:"desired_type_num"`
	Instrs    []struct {
		Op       string `json:"op"`
		Param    uint8  `json:"param"`
		Fallback string `json:"fallback"`
	} `json:"instrs"`
}

func (r factsRule) conversion() *Conversion {
	c := &Conversion{Type: r.Type, NumParams: uint8(r.NumParams), To: r.To}
	c.Action = map[string]ConvAction{
		"C_ACTION_PASS": ConvPass, "C_ACTION_STORE": ConvStore, "C_ACTION_STORE_AND_PASS": ConvStoreAndPass,
		"C_ACTION_ADD_PARAMS": ConvAppend, "C_ACTION_CHANGE_TYPE": ConvBecome,
	}[r.Action]
	for _, in := range r.Instrs {
		v := ConvValue{Param: in.Param}
		v.From = map[string]ConvFrom{
			"C_INSTR_FROM_OLD": ConvOld, "C_INSTR_FROM_ENTER": ConvEnter, "C_INSTR_FROM_EMPTY": ConvEmpty,
			"C_INSTR_FROM_DEFAULT": ConvDefault, "C_INSTR_FROM_CALLBACK": ConvContainerJSON,
		}[in.Op]
		v.OrEmpty = v.From == ConvEnter && in.Fallback == "empty"
		c.Values = append(c.Values, v)
	}
	return c
}

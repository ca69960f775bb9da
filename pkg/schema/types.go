// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"strconv"
)

// EventType is the number of an event: even numbers are entered calls, odd ones
// finished calls.
type EventType uint16

// SC is a portable system call code. Tracepoints have codes too.
type SC uint16

// ParamType is the encoding of a parameter.
type ParamType uint8

// Format is how a number is shown.
type Format uint8

// Category is the class of an event (syscall, tracepoint, meta event …) in the
// upper bits, and what it is about (file, net, process …) in the lower nine.
type Category uint16

// EventFlags are the properties of an event.
type EventFlags uint16

// categoryBits are the bits of a Category that say what an event is about.
const categoryBits Category = 511

// Class returns the class alone.
func (c Category) Class() Category { return c &^ categoryBits }

// About returns the category without its class.
func (c Category) About() Category { return c & categoryBits }

// Event is one row of the table of events.
type Event struct {
	Type     EventType
	Code     string // name in the schema, "PPME_SYSCALL_OPENAT_2_X"
	Name     string // name in rules, "openat"
	Category Category
	Flags    EventFlags
	Params   []Param
	SCs      []SC  // codes that are recorded as this event; all generic codes for the generic event
	LenSize  uint8 // bytes of each parameter's length field: 2, or 4 for large payloads
	Reserve  bool  // may use the part of a ring that other events must leave free
}

// Param is one parameter of an event.
type Param struct {
	Name   string
	Type   ParamType
	Format Format
	Flags  *FlagTable // names of flags and enums, or nil
	Dyn    []DynParam // alternatives of a dynamically typed parameter
	DirFD  int8       // parameter that holds the directory of a relative path, -1 = none
	From   string     // where the kernel module takes the value from, "" = event is not produced
}

// DynParam is one alternative of a dynamically typed parameter.
type DynParam struct {
	Type   ParamType
	Format Format
}

// FlagTable names the values of a flag word or an enum.
type FlagTable struct {
	Name    string
	Entries []FlagEntry
}

// FlagEntry is one name in a FlagTable. The order of the entries is the order in
// which they are tried.
type FlagEntry struct {
	Name  string
	Value uint32
}

// SyscallKind tells calls from tracepoints.
type SyscallKind uint8

const (
	KindNone       SyscallKind = iota // a hole in the table
	KindUnknown                       // SCUnknown
	KindSyscall                       // a system call
	KindTracepoint                    // a tracepoint of the kernel
)

// Syscall is one row of the table of codes.
type Syscall struct {
	SC         SC
	Name       string // "openat", empty in a hole
	Code       string // name in the schema, "PPM_SC_OPENAT"
	Kind       SyscallKind
	Exit       EventType // event it is recorded as
	Generic    bool      // Exit is the generic event
	NeverDrop  bool      // load shedding keeps it; part of the state set
	AlwaysDrop bool      // load shedding drops it first
	NoExit     bool      // does not return and is never recorded
	Repair     bool      // part of every repaired base set
	X86Only    bool      // tracepoint of x86_64 alone
	Tracepoint int8      // bit in Mask.Tracepoints, -1 for calls
	X8664      int16     // native number on x86_64, -1 = none
	AArch64    int16     // native number on aarch64, -1 = none
	I386       []int16   // numbers of 32-bit callers on x86_64
}

// Info returns the row of t, nil when t is not in the table.
func (t EventType) Info() *Event {
	if int(t) >= len(Events) {
		return nil
	}
	return &Events[t]
}

// String returns the name of the event in rules.
func (t EventType) String() string {
	if e := t.Info(); e != nil {
		return e.Name
	}
	return "event(" + strconv.Itoa(int(t)) + ")"
}

// IsExit tells whether the number is that of a finished call.
func (t EventType) IsExit() bool { return t&1 == 1 }

// IsExit tells whether the event is recorded when a call finishes.
func (e *Event) IsExit() bool { return e.Type.IsExit() }

// IsGeneric tells whether the event stands for all calls without an own one.
func (e *Event) IsGeneric() bool { return e.Type <= EvGenericX }

// Produced tells whether the kernel module records the event; others are read
// from captures only.
func (e *Event) Produced() bool {
	if len(e.Params) == 0 {
		return e.IsExit() && e.Flags&(EFOldVersion|EFUnused) == 0 && len(e.SCs) > 0
	}
	return e.Params[0].From != ""
}

// ParamIndex returns the index of the named parameter, or -1.
func (e *Event) ParamIndex(name string) int {
	return slices.IndexFunc(e.Params, func(p Param) bool { return p.Name == name })
}

// Info returns the row of sc, nil when sc is not in the table.
func (sc SC) Info() *Syscall {
	if int(sc) >= len(Syscalls) || Syscalls[sc].Kind == KindNone {
		return nil
	}
	return &Syscalls[sc]
}

// String returns the name of the code.
func (sc SC) String() string {
	if s := sc.Info(); s != nil {
		return s.Name
	}
	return "sc(" + strconv.Itoa(int(sc)) + ")"
}

// Type describes a ParamType.
type Type struct {
	Name string // "fsrelpath"
	Kind TypeKind
	Size uint8 // bytes, 0 when the length field tells
}

// TypeKind is the kind of value behind a ParamType.
type TypeKind uint8

const (
	TypeNone    TypeKind = iota // holds nothing
	TypeInt                     // signed integer
	TypeUint                    // unsigned integer
	TypeFloat                   // IEEE double
	TypeString                  // text with a terminating NUL
	TypeBytes                   // raw bytes or a structure of its own
	TypeAddress                 // raw bytes of a network address
)

// Info returns the row of t; the row of PTNone when t is not in the table.
func (t ParamType) Info() *Type {
	if int(t) >= len(Types) {
		return &Types[PTNone]
	}
	return &Types[t]
}

// String returns the name of the type.
func (t ParamType) String() string { return t.Info().Name }

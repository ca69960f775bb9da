// SPDX-License-Identifier: Apache-2.0

package abi

import "unsafe"

// Device is the name of the device node below /dev.
const Device = "eyas"

// Version of the interface and of the event schema that this mirror knows.
const (
	ABIMajor = 1
	ABIMinor = 2

	SchemaMajor = 4
	SchemaMinor = 5
	SchemaPatch = 1
)

// Sizes in bytes.
const (
	MaxRecord      = 128 << 10     // one record with prefix and padding
	MinRing        = 4 * MaxRecord // one ring
	MaxSnaplen     = 65000
	DefaultSnaplen = 80
)

// Bits of each mask of system call numbers, and the words that hold them.
const (
	NumSyscalls = 512
	MaskWords   = NumSyscalls / 64
)

// Bits of Mask.Tracepoints.
const (
	TPSchedProcessExit = 0
	TPSchedSwitch      = 1
	TPPageFaultUser    = 2
	TPPageFaultKernel  = 3
	TPSignalDeliver    = 4
	NumTracepoints     = 5
)

// Bits of Mask.Multiplexed: numbers of socketcall and of ipc.
const (
	MuxSocketcall = 0
	MuxIPC        = 32
	NumMux        = 64
)

// Bits of Info.Features.
const (
	FeatureCompat    = 1 << 0 // 32-bit callers are recorded
	FeaturePageFault = 1 << 1 // the page fault tracepoints exist
	FeatureRT        = 1 << 2 // a PREEMPT_RT kernel: the other end of a unix datagram socket stays empty
	FeatureNoLocks   = 1 << 3 // cwd, exe path and tty stay empty
)

// Bits of Setup.Flags.
const (
	SetupDropFailed  = 1 << 0 // calls that returned an error are filtered
	SetupIncludeSelf = 1 << 1 // the opener's own calls are recorded too
)

// Lines of the counter table: native numbers, compat numbers, tracepoints,
// multiplexed calls.
const (
	CounterNative = 0
	CounterCompat = NumSyscalls
	CounterTP     = 2 * NumSyscalls
	CounterMux    = 2*NumSyscalls + 64
	NumCounters   = CounterMux + NumMux
)

// Bits of RecordHeader.Flags.
const (
	RecCompat     = 1 << 0 // NativeNr is a 32-bit caller's number
	RecX32        = 1 << 1 // called with the x32 bit
	RecPartial    = 1 << 2 // a value could not be read whole
	RecDrop       = 1 << 3 // no event: says what was lost, see ExtDrop
	RecTracepoint = 1 << 4 // NativeNr is a TP* bit number
	RecExt        = 1 << 5 // extensions follow the event
)

// Types of extensions.
const (
	ExtTypeEnd  = 0
	ExtTypeDrop = 1 // ExtDrop
	ExtTypePath = 2 // the kernel's path of the opened file, no NUL
)

// Kinds of mappings a CPU has.
const (
	MmapReader   = 0 // Reader, read-write
	MmapProducer = 1 // Producer, read-only
	MmapData     = 2 // the ring twice in a row, read-only
)

// MmapOffset is EYAS_MMAP_OFFSET: the offset that names one mapping to mmap.
func MmapOffset(cpu, kind int) int64 {
	return int64(cpu)<<36 | int64(kind)<<32
}

// Commands of ioctl. The direction bits are those of x86 and arm64.
const (
	IocMagic = 0xE7

	iocW  = 1 << 30
	iocRW = 3 << 30

	//lint:ignore SA4016 the number of the command stands in the same place as in its neighbours
	IocInfo        = iocRW | unsafe.Sizeof(Info{})<<16 | IocMagic<<8 | 0
	IocSetup       = iocW | unsafe.Sizeof(Setup{})<<16 | IocMagic<<8 | 1
	IocSetMask     = iocW | unsafe.Sizeof(Mask{})<<16 | IocMagic<<8 | 2
	IocGetMask     = iocRW | unsafe.Sizeof(Mask{})<<16 | IocMagic<<8 | 3
	IocEnable      = IocMagic<<8 | 4
	IocDisable     = IocMagic<<8 | 5
	IocSessions    = iocRW | unsafe.Sizeof(Sessions{})<<16 | IocMagic<<8 | 6
	IocSessionStat = iocRW | unsafe.Sizeof(SessionStat{})<<16 | IocMagic<<8 | 7
	IocSetSnaplen  = iocW | unsafe.Sizeof(Snaplen{})<<16 | IocMagic<<8 | 8
)

// SPDX-License-Identifier: Apache-2.0

package abi

// Info is 'struct eyas_info' in kmod/uapi/eyas.h.
type Info struct {
	Size          uint32 `c:"size"`
	ABIMajor      uint16 `c:"abi_major"`
	ABIMinor      uint16 `c:"abi_minor"`
	SchemaMajor   uint16 `c:"schema_major"`
	SchemaMinor   uint16 `c:"schema_minor"`
	SchemaPatch   uint16 `c:"schema_patch"`
	_             uint16 `c:"reserved0"`
	NumCPUs       uint32 `c:"num_cpus"`       // possible CPUs: rings are 0..NumCPUs-1
	PageSize      uint32 `c:"page_size"`      // bytes
	ReaderBytes   uint64 `c:"reader_bytes"`   // size of an MmapReader mapping
	ProducerBytes uint64 `c:"producer_bytes"` // size of an MmapProducer mapping
	DataBytes     uint64 `c:"data_bytes"`     // size of an MmapData mapping, 0 before SETUP
	MaxRingBytes  uint64 `c:"max_ring_bytes"` // bound on all rings of all sessions together
	ClockOffset   int64  `c:"clock_offset"`   // event time minus CLOCK_BOOTTIME in ns, 0 before ENABLE
	Features      uint64 `c:"features"`       // Feature* bits
	Session       uint32 `c:"session"`        // id of this session
	MaxSessions   uint32 `c:"max_sessions"`
}

// Setup is 'struct eyas_setup' in kmod/uapi/eyas.h.
type Setup struct {
	Size      uint32 `c:"size"`
	Flags     uint32 `c:"flags"`      // Setup* bits
	RingBytes uint64 `c:"ring_bytes"` // per CPU; a power of two, at least MinRing
	Snaplen   uint32 `c:"snaplen"`    // bytes, at most MaxSnaplen
	Watermark uint32 `c:"watermark"`  // bytes; 0 means half the ring
}

// Snaplen is 'struct eyas_snaplen' in kmod/uapi/eyas.h.
type Snaplen struct {
	Size    uint32 `c:"size"`
	Snaplen uint32 `c:"snaplen"` // bytes, at most MaxSnaplen
}

// Mask is 'struct eyas_mask' in kmod/uapi/eyas.h.
type Mask struct {
	Size        uint32            `c:"size"`
	_           uint32            `c:"reserved0"`
	Native      [MaskWords]uint64 `c:"native"` // bit = system call number of this architecture
	Compat      [MaskWords]uint64 `c:"compat"` // bit = number as a 32-bit caller uses it
	Tracepoints uint64            `c:"tracepoints"`
	Multiplexed uint64            `c:"multiplexed"` // bit = Mux* + number; needs the bit of socketcall or ipc in Compat
}

// SessionHead is 'struct eyas_session_head' in kmod/uapi/eyas.h.
type SessionHead struct {
	ID      uint32   `c:"id"`
	TGID    int32    `c:"tgid"`    // process that opened it, in the initial pid namespace
	Started uint64   `c:"started"` // CLOCK_BOOTTIME of the open, ns
	Enabled uint32   `c:"enabled"` // 1 while recording
	_       uint32   `c:"reserved0"`
	Comm    [16]byte `c:"comm"` // of the opener, NUL-padded
}

// Sessions is 'struct eyas_sessions' in kmod/uapi/eyas.h.
type Sessions struct {
	Size  uint32 `c:"size"`
	Num   uint32 `c:"num"`   // in: room in Heads; out: sessions there are
	Heads uint64 `c:"heads"` // user address of Num SessionHeads
}

// Counter is 'struct eyas_counter' in kmod/uapi/eyas.h: what became of every
// call of a selected number.
type Counter struct {
	Recorded       uint64 `c:"recorded"`
	Partial        uint64 `c:"partial"` // of the recorded: with RecPartial
	FilteredFailed uint64 `c:"filtered_failed"`
	FilteredSelf   uint64 `c:"filtered_self"`
	DropFull       uint64 `c:"drop_full"`
	DropNested     uint64 `c:"drop_nested"`
	DropTooLarge   uint64 `c:"drop_too_large"`
	DropBadReader  uint64 `c:"drop_bad_reader"`
}

// SessionStat is 'struct eyas_session_stat' in kmod/uapi/eyas.h.
type SessionStat struct {
	Size        uint32      `c:"size"`
	ID          uint32      `c:"id"`           // in: which session
	Counters    uint64      `c:"counters"`     // in: user address of NumCounters Counters, or 0
	NumCounters uint32      `c:"num_counters"` // in: room, in lines; out: lines there are
	Snaplen     uint32      `c:"snaplen"`
	RingBytes   uint64      `c:"ring_bytes"`
	Flags       uint32      `c:"flags"` // Setup* bits
	NumRings    uint32      `c:"num_rings"`
	FailedRings uint32      `c:"failed_rings"` // CPUs that came up and could be given none
	_           uint32      `c:"reserved0"`
	Head        SessionHead `c:"head"`
	Mask        Mask        `c:"mask"`
}

// Reader is 'struct eyas_reader' in kmod/uapi/eyas.h: written by user space only.
type Reader struct {
	Tail     uint64 `c:"tail"`     // bytes consumed since ENABLE; never above Head
	Sleeping uint32 `c:"sleeping"` // 1: poll is or will be waiting
	_        uint32 `c:"reserved0"`
}

// Producer is 'struct eyas_producer' in kmod/uapi/eyas.h: written by the module only.
type Producer struct {
	Head       uint64               `c:"head"`       // bytes produced
	Busy       uint32               `c:"busy"`       // 1 from before the clock is read until Head is stored
	Seq        uint32               `c:"seq"`        // number the next attempt of this ring gets
	Generation uint32               `c:"generation"` // in CPU 0's ring: moves when a ring was added or parked
	Online     uint32               `c:"online"`     // 1 while this CPU is up
	LastTS     uint64               `c:"last_ts"`    // time of the newest attempt, ns
	_          [4096 - 32]byte      `c:"reserved0"`
	Counters   [NumCounters]Counter `c:"counters"`
}

// RecordHeader is 'struct eyas_record' in kmod/uapi/eyas.h: the prefix of every
// record. Records lie back to back, each padded to a multiple of 8 bytes.
type RecordHeader struct {
	Seq      uint32 `c:"seq"`
	Flags    uint16 `c:"flags"` // Rec* bits
	NativeNr uint16 `c:"native_nr"`
}

// EventHeader is 'struct eyas_event_header' in kmod/uapi/eyas.h. It is packed,
// so that its fields are kept as bytes here.
type EventHeader struct {
	TS      [8]byte `c:"ts"`  // ns since the epoch
	TID     [8]byte `c:"tid"` // in the initial pid namespace
	Len     [4]byte `c:"len"` // this header, lengths and parameters
	Type    [2]byte `c:"type"`
	NParams [4]byte `c:"nparams"`
}

// ExtDrop is 'struct eyas_ext_drop' in kmod/uapi/eyas.h.
type ExtDrop struct {
	FirstTS   uint64 `c:"first_ts"` // time of the first and the last loss
	LastTS    uint64 `c:"last_ts"`
	Full      uint64 `c:"full"`
	Nested    uint64 `c:"nested"`
	TooLarge  uint64 `c:"too_large"`
	BadReader uint64 `c:"bad_reader"`
}

// Sum is the number of attempts lost.
func (d *ExtDrop) Sum() uint64 { return d.Full + d.Nested + d.TooLarge + d.BadReader }

// Dropped is the number of calls lost on this line.
func (c *Counter) Dropped() uint64 {
	return c.DropFull + c.DropNested + c.DropTooLarge + c.DropBadReader
}

// Calls is the number of calls seen on this line: recorded, filtered or dropped.
func (c *Counter) Calls() uint64 {
	return c.Recorded + c.FilteredFailed + c.FilteredSelf + c.Dropped()
}

// Add adds the line o to c.
func (c *Counter) Add(o *Counter) {
	c.Recorded += o.Recorded
	c.Partial += o.Partial
	c.FilteredFailed += o.FilteredFailed
	c.FilteredSelf += o.FilteredSelf
	c.DropFull += o.DropFull
	c.DropNested += o.DropNested
	c.DropTooLarge += o.DropTooLarge
	c.DropBadReader += o.DropBadReader
}

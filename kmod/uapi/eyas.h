/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * eyas.h - the interface between the eyas kernel module and user space.
 *
 * One open file of /dev/eyas is one session: it has its own mask, its own
 * settings and one ring per CPU. The module is the only writer of a ring, one
 * reader per session consumes it.
 *
 * Every structure begins with its own size in bytes. A caller built against an
 * older header passes a smaller size: the missing tail reads as zero. A larger
 * size is accepted as long as the unknown tail is zero, otherwise the call
 * fails with E2BIG. Calls that answer fill in as much as the caller has room
 * for and set size to that. Reserved fields and unknown flag bits must be zero
 * (EINVAL). All layouts are the same for 32-bit and 64-bit callers.
 */
#ifndef _UAPI_EYAS_H
#define _UAPI_EYAS_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EYAS_DEVICE		"eyas"		/* /dev/eyas */

#define EYAS_ABI_MAJOR		1		/* moves when old readers break */
#define EYAS_ABI_MINOR		2		/* moves when something is added */

#define EYAS_SCHEMA_MAJOR	4		/* event numbers and layouts */
#define EYAS_SCHEMA_MINOR	5
#define EYAS_SCHEMA_PATCH	1

/* Largest record, prefix and padding included, in bytes. */
#define EYAS_MAX_RECORD		(128u << 10)
/* Smallest ring, in bytes. */
#define EYAS_MIN_RING		(4u * EYAS_MAX_RECORD)
/* Largest and default snap length: bytes kept of a data buffer. */
#define EYAS_MAX_SNAPLEN	65000u
#define EYAS_DEFAULT_SNAPLEN	80u

/* Bits in each syscall mask: native numbers 0..EYAS_NR_SYSCALLS-1. */
#define EYAS_NR_SYSCALLS	512
#define EYAS_MASK_WORDS		(EYAS_NR_SYSCALLS / 64)

/* Bits of eyas_mask.tracepoints. */
#define EYAS_TP_SCHED_PROCESS_EXIT	0
#define EYAS_TP_SCHED_SWITCH		1
#define EYAS_TP_PAGE_FAULT_USER		2
#define EYAS_TP_PAGE_FAULT_KERNEL	3
#define EYAS_TP_SIGNAL_DELIVER		4
#define EYAS_NR_TRACEPOINTS		5

/* Bits of eyas_mask.multiplexed: what 32-bit callers name by the first argument of socketcall and ipc. */
#define EYAS_MUX_SOCKETCALL	0	/* + number, 1..20 */
#define EYAS_MUX_IPC		32	/* + number, 1..24 */
#define EYAS_NR_MUX		64

/* ------------------------------------------------------------------ ioctls */

/* Bits of eyas_info.features. */
#define EYAS_FEATURE_COMPAT	(1ull << 0)	/* 32-bit callers are recorded */
#define EYAS_FEATURE_PAGE_FAULT	(1ull << 1)	/* page fault tracepoints exist */
#define EYAS_FEATURE_RT		(1ull << 2)	/* PREEMPT_RT kernel: a unix datagram socket's other end stays empty */
#define EYAS_FEATURE_NO_LOCKS	(1ull << 3)	/* cwd, exe path, tty stay empty (RT up to 6.12) */

struct eyas_info {
	__u32 size;
	__u16 abi_major;
	__u16 abi_minor;
	__u16 schema_major;
	__u16 schema_minor;
	__u16 schema_patch;
	__u16 reserved0;
	__u32 num_cpus;		/* possible CPUs: ring indexes are 0..num_cpus-1 */
	__u32 page_size;	/* bytes */
	__u64 reader_bytes;	/* size of a kind 0 mapping */
	__u64 producer_bytes;	/* size of a kind 1 mapping */
	__u64 data_bytes;	/* size of a kind 2 mapping (2 x ring), 0 before SETUP */
	__u64 max_ring_bytes;	/* bound on all rings of all sessions together */
	__s64 clock_offset;	/* event time minus CLOCK_BOOTTIME in ns, 0 before ENABLE */
	__u64 features;		/* EYAS_FEATURE_* */
	__u32 session;		/* id of this session */
	__u32 max_sessions;
};

/* Bits of eyas_setup.flags. */
#define EYAS_SETUP_DROP_FAILED	(1u << 0)	/* calls that returned an error are filtered */
#define EYAS_SETUP_INCLUDE_SELF	(1u << 1)	/* the opener's own calls are recorded too */

struct eyas_setup {
	__u32 size;
	__u32 flags;		/* EYAS_SETUP_* */
	__u64 ring_bytes;	/* per CPU; a power of two, at least EYAS_MIN_RING */
	__u32 snaplen;		/* bytes, at most EYAS_MAX_SNAPLEN */
	__u32 watermark;	/* wake a reader at once above this fill, bytes; 0 = half the ring */
};

/* Since ABI 1.1. */
struct eyas_snaplen {
	__u32 size;
	__u32 snaplen;		/* bytes, at most EYAS_MAX_SNAPLEN */
};

struct eyas_mask {
	__u32 size;
	__u32 reserved0;
	__u64 native[EYAS_MASK_WORDS];	/* bit = system call number of this architecture */
	__u64 compat[EYAS_MASK_WORDS];	/* bit = number as a 32-bit caller uses it */
	__u64 tracepoints;		/* bit = EYAS_TP_* */
	/*
	 * bit = EYAS_MUX_*; since ABI 1.2. Works only together with the bit in compat of
	 * socketcall or ipc, which alone stands for calls that name none of these.
	 */
	__u64 multiplexed;
};

struct eyas_session_head {
	__u32 id;
	__s32 tgid;		/* process that opened it, in the initial pid namespace */
	__u64 started;		/* CLOCK_BOOTTIME of the open, ns */
	__u32 enabled;		/* 1 while recording */
	__u32 reserved0;
	char comm[16];		/* of the opener, at open */
};

struct eyas_sessions {
	__u32 size;
	__u32 num;		/* in: room in heads; out: sessions there are */
	__u64 heads;		/* user address of struct eyas_session_head[num] */
};

/* What became of every call of a selected number, one line per number. */
struct eyas_counter {
	__u64 recorded;
	__u64 partial;		/* of the recorded: with EYAS_REC_PARTIAL */
	__u64 filtered_failed;	/* EYAS_SETUP_DROP_FAILED */
	__u64 filtered_self;	/* own process without EYAS_SETUP_INCLUDE_SELF */
	__u64 drop_full;	/* no room in the ring */
	__u64 drop_nested;	/* hit while another record of this CPU was being written */
	__u64 drop_too_large;	/* longer than EYAS_MAX_RECORD */
	__u64 drop_bad_reader;	/* the reader's page made no sense */
};

/* Lines of the counter table: native numbers, then compat, then tracepoints, then multiplexed calls. */
#define EYAS_COUNTER_NATIVE	0
#define EYAS_COUNTER_COMPAT	EYAS_NR_SYSCALLS
#define EYAS_COUNTER_TP		(2 * EYAS_NR_SYSCALLS)
#define EYAS_COUNTER_MUX	(2 * EYAS_NR_SYSCALLS + 64)
#define EYAS_NR_COUNTERS	(EYAS_COUNTER_MUX + EYAS_NR_MUX)

struct eyas_session_stat {
	__u32 size;
	__u32 id;		/* in: which session */
	__u64 counters;		/* in: user address of struct eyas_counter[num_counters], or 0 */
	__u32 num_counters;	/* in: room, in lines; out: lines there are */
	__u32 snaplen;
	__u64 ring_bytes;
	__u32 flags;		/* EYAS_SETUP_* */
	__u32 num_rings;	/* rings there are */
	__u32 failed_rings;	/* CPUs that came up and could be given none */
	__u32 reserved0;
	struct eyas_session_head head;
	struct eyas_mask mask;
};

/*
 * SETUP: EBUSY after the first mmap or ENABLE, EUSERS when max_sessions others were
 * set up, ENOSPC when all rings together would pass max_ring_bytes. Until then an
 * opener takes no session's place and may ask all the same; SESSIONS and SESSION_STAT
 * tell of those that were set up. SET_MASK takes effect at once in an enabled session;
 * when it returns, no call that exits later is judged by the old mask. EOPNOTSUPP:
 * this kernel lacks a tracepoint that the mask asks for. ENABLE before SETUP is
 * EINVAL. SESSION_STAT of an unknown id is ENOENT. SET_SNAPLEN changes what SETUP gave
 * at any time after it; calls that are being recorded may still have the old length.
 */
#define EYAS_IOC_MAGIC		0xE7
#define EYAS_IOC_INFO		_IOWR(EYAS_IOC_MAGIC, 0, struct eyas_info)
#define EYAS_IOC_SETUP		_IOW(EYAS_IOC_MAGIC, 1, struct eyas_setup)
#define EYAS_IOC_SET_MASK	_IOW(EYAS_IOC_MAGIC, 2, struct eyas_mask)
#define EYAS_IOC_GET_MASK	_IOWR(EYAS_IOC_MAGIC, 3, struct eyas_mask)
#define EYAS_IOC_ENABLE		_IO(EYAS_IOC_MAGIC, 4)
#define EYAS_IOC_DISABLE	_IO(EYAS_IOC_MAGIC, 5)
#define EYAS_IOC_SESSIONS	_IOWR(EYAS_IOC_MAGIC, 6, struct eyas_sessions)
#define EYAS_IOC_SESSION_STAT	_IOWR(EYAS_IOC_MAGIC, 7, struct eyas_session_stat)
#define EYAS_IOC_SET_SNAPLEN	_IOW(EYAS_IOC_MAGIC, 8, struct eyas_snaplen)

/* -------------------------------------------------------------------- poll */

/*
 * POLLIN	some ring holds a record
 * POLLRDBAND	some ring is filled above its watermark
 * POLLPRI	generation moved since a poll that asked for POLLPRI said so
 *
 * A waiter is woken for records only while the ring's sleeping word is not zero,
 * and for the watermark always. So a reader that goes to sleep stores sleeping = 1
 * in every ring and polls for POLLIN; one that lets a batch gather stores 0 and
 * polls for POLLRDBAND with a timeout.
 */

/* -------------------------------------------------------------------- mmap */

/*
 * Three mappings per CPU, MAP_SHARED, of exactly the size eyas_info tells.
 * ENXIO: that CPU has no ring.
 */
#define EYAS_MMAP_READER	0	/* struct eyas_reader, read-write */
#define EYAS_MMAP_PRODUCER	1	/* struct eyas_producer, read-only */
#define EYAS_MMAP_DATA		2	/* the ring twice in a row, read-only */
#define EYAS_MMAP_OFFSET(cpu, kind)	((__u64)(cpu) << 36 | (__u64)(kind) << 32)

/* Written by user space only; the module reads each field once per record. */
struct eyas_reader {
	__u64 tail;		/* bytes consumed since SETUP; never above head */
	__u32 sleeping;		/* 1: poll() is or will be waiting */
	__u32 reserved0;
};

/*
 * Written by the module only. A ring is complete up to the time T when, after T
 * was taken from the clock, busy reads as 0, or head shows a record at or after T.
 * Load busy before head, both with acquire semantics.
 */
struct eyas_producer {
	__u64 head;		/* bytes produced; stored with release semantics after the record */
	__u32 busy;		/* 1 from before the clock is read until head is stored */
	__u32 seq;		/* number the next attempt of this ring gets */
	__u32 generation;	/* the same in every ring: moves when a ring was added or parked */
	__u32 online;		/* 1 while this CPU is up */
	__u64 last_ts;		/* time of the newest attempt, ns */
	__u8 reserved0[4096 - 32];
	struct eyas_counter counters[EYAS_NR_COUNTERS];
};

/* ----------------------------------------------------------------- records */

/* Bits of eyas_record.flags. */
#define EYAS_REC_COMPAT		(1u << 0)	/* native_nr is a 32-bit caller's number */
#define EYAS_REC_X32		(1u << 1)	/* x32 caller; 512..547 are given as their 64-bit numbers */
#define EYAS_REC_PARTIAL	(1u << 2)	/* a value could not be read whole */
#define EYAS_REC_DROP		(1u << 3)	/* no event: says what was lost, see eyas_ext_drop */
#define EYAS_REC_TRACEPOINT	(1u << 4)	/* native_nr is an EYAS_TP_* */
#define EYAS_REC_EXT		(1u << 5)	/* extensions follow the event */

/*
 * A call behind socketcall or ipc has the event and the arguments of the call that it
 * is, and the number of socketcall or ipc. When its arguments could not be read, it is
 * a generic event of socketcall with EYAS_REC_PARTIAL.
 *
 * A record is this prefix, then one event in the .scap layout (struct
 * eyas_event_header, nparams lengths, parameters), then, with EYAS_REC_EXT,
 * extensions, then zeroes up to a multiple of 8 bytes. Records lie in the ring
 * back to back; the ring is mapped twice, so none ever wraps for the reader.
 *
 * seq counts the attempts of one ring, lost ones too. A DROP record takes no
 * number: its seq is that of the record after it, so that the difference to the
 * last seq seen is what it explains. In the place of its event it has a header
 * with type 0 and no parameters, then an EYAS_EXT_DROP; it and the record after
 * it become visible together. When none follows, a poll() of the emptied ring has
 * it written alone.
 */
struct eyas_record {
	__u32 seq;
	__u16 flags;		/* EYAS_REC_* */
	__u16 native_nr;
};

struct eyas_event_header {
	__u64 ts;		/* ns since the epoch */
	__u64 tid;		/* in the initial pid namespace */
	__u32 len;		/* this header, lengths and parameters, bytes */
	__u16 type;		/* event number of the schema */
	__u32 nparams;
} __attribute__((packed));	/* 26 bytes; unaligned by design of the format */

/*
 * Extensions: {u16 type, u16 length, length bytes} back to back, unaligned,
 * ended by a header of two zeroes.
 */
#define EYAS_EXT_END		0
#define EYAS_EXT_DROP		1	/* struct eyas_ext_drop */
#define EYAS_EXT_PATH		2	/* the kernel's path of the opened file, no NUL */

struct eyas_ext_drop {
	__u64 first_ts;		/* time of the first and the last loss, ns since the epoch */
	__u64 last_ts;
	__u64 full;
	__u64 nested;
	__u64 too_large;
	__u64 bad_reader;
};

#endif /* _UAPI_EYAS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table.h - the shape of the generated tables in gen/. The rows themselves come
 * from the .toml files of pkg/schema through "make gen"; nothing here lists an
 * event.
 */
#ifndef EYAS_TABLE_H
#define EYAS_TABLE_H

#include <linux/types.h>

#include "uapi/eyas.h"

/* Where the value of a parameter comes from: the "from" key of the table. */
enum eyas_src {
	EYAS_SRC_EMPTY,		/* recorded with length 0 */
	EYAS_SRC_RET,		/* the return value */
	EYAS_SRC_ARG,		/* argument `arg`, as wide as a register */
	EYAS_SRC_INT,		/* argument `arg`, a C int: fds, pids; sign-extended from 32 bits */
	EYAS_SRC_CONST,		/* `val` */
	/* Up to here just numbers, up to the next line what is filled in without a call. */
	EYAS_SRC_BUF_RET,	/* buffer at `arg`, as long as the return value */
	EYAS_SRC_BUF_ARG,	/* buffer at `arg`, as long as argument `arg2` */

	EYAS_SRC_FLAGS,		/* argument `arg` through flag map `val` */
	EYAS_SRC_NONE,		/* the row has no parameter */
	EYAS_SRC_GOT,		/* the return value, 0 after a failure */
	EYAS_SRC_UINT,		/* argument `arg`, a C unsigned int */
	EYAS_SRC_ID,		/* argument `arg`, a user or group id; 16 bits wide in old calls of 32-bit callers */
	EYAS_SRC_PAIR,		/* argument `arg`, 64 bits: from 32-bit callers the low half, then the high one */
	EYAS_SRC_MEM,		/* number at address `arg` plus `arg2`; `val` is EYAS_MEM_*, with a size in bytes */
	EYAS_SRC_TIMESPEC,	/* struct timespec at `arg`, in ns */
	EYAS_SRC_BUF_MOST,	/* buffer at `arg`, as long as the return value and at most argument `arg2` */
	EYAS_SRC_IOV,		/* what the `arg2` struct iovec at `arg` point to, as long as the return value */
	EYAS_SRC_IOVLEN,	/* how much the `arg2` struct iovec at `arg` have room for */
	EYAS_SRC_STR,		/* NUL-terminated user string at argument `arg` */
	EYAS_SRC_OUTSTR,	/* string that a successful call left at argument `arg` */
	EYAS_SRC_SOCKADDR,	/* struct sockaddr at `arg`, `arg2` bytes long */
	EYAS_SRC_TUPLE_ARG,	/* both ends of the socket that is fd `arg` */
	EYAS_SRC_TUPLE_RET,	/* both ends of the socket that is the returned fd */
	EYAS_SRC_CUSTOM,	/* eyas_customs[val](), with `arg` as its operand */
};

/* val of EYAS_SRC_MEM. What is at address 0, and OUT after a failure, has length 0. */
#define EYAS_MEM_SIZE		0x0fu	/* bytes */
#define EYAS_MEM_LONG		0u	/* as many as a long of the caller; then `arg2` counts longs */
#define EYAS_MEM_SIGNED		0x10u
#define EYAS_MEM_OUT		0x20u	/* only a successful call wrote it */
#define EYAS_MEM_MAP(map)	(((map) + 1u) << 16)	/* through a flag map, 0 = none */

/* How an integer value is stored: bytes, sign-extended from the source. */
struct eyas_param {
	u8 src;			/* enum eyas_src */
	u8 arg;
	u8 arg2;
	u8 width;		/* 1, 2, 4, 8 for integers; 0 for variable length */
	u32 val;
};

/* Bits of eyas_row.flags. */
#define EYAS_ROW_RESERVE	(1u << 0)	/* may use the last eighth of a ring */
#define EYAS_ROW_LOCKS		(1u << 1)	/* a source may take a spinlock_t */
#define EYAS_ROW_ARGS		(1u << 2)	/* some source reads an argument */
#define EYAS_ROW_PATH		(1u << 3)	/* EYAS_EXT_PATH: the kernel's path of the returned fd */

#define EYAS_ROW_SPECIAL	(1u << 4)	/* more or less than one event of each call: see probe.c */

/* One event. */
struct eyas_row {
	u16 type;		/* event number of the schema */
	u8 nparams;
	u8 flags;		/* EYAS_ROW_* */
	const struct eyas_param *params;
};

/* One native system call number. Calls without a row of their own have row 0, generic. */
struct eyas_call {
	u16 sc;			/* portable code; 0 where the schema knows none */
	u16 row;		/* index in eyas_rows */
};

/*
 * One step of a flag map: (v & mask) == value adds out. Stops at mask 0, whose out
 * is added to what has bits that no row knows.
 */
struct eyas_flag {
	u32 mask;
	u32 value;
	u32 out;
};

struct eyas_fill;

/* Appends one parameter; -ENOSPC when it does not fit. */
typedef int (*eyas_custom_t)(struct eyas_fill *f, u8 arg);

extern const struct eyas_row eyas_rows[];		/* index EYAS_ROW_<code> of gen/codes.h */
extern const struct eyas_call eyas_calls_native[EYAS_NR_SYSCALLS];
extern const struct eyas_call eyas_calls_compat[EYAS_NR_SYSCALLS];
extern const struct eyas_call eyas_calls_tp[EYAS_NR_TRACEPOINTS];	/* index EYAS_TP_* */
extern const struct eyas_call eyas_socketcalls[];	/* index SYS_*, up to EYAS_NR_SOCKETCALLS */
extern const struct eyas_call eyas_ipc_calls[];		/* index of ipc(2), up to EYAS_NR_IPC_CALLS */
extern const u8 eyas_socketcall_words[];		/* the same index: 32-bit words in memory */
extern const u8 eyas_ipc_args[][6];			/* the same index: enum eyas_ipc_arg of each argument */
extern const struct eyas_flag *const eyas_flag_maps[];	/* index EYAS_MAP_* */
extern const eyas_custom_t eyas_customs[];

#endif /* EYAS_TABLE_H */

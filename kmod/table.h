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
	EYAS_SRC_STR,		/* NUL-terminated user string at argument `arg` */
	EYAS_SRC_SOCKADDR,	/* struct sockaddr at `arg`, `arg2` bytes long */
	EYAS_SRC_TUPLE_ARG,	/* both ends of the socket that is fd `arg` */
	EYAS_SRC_TUPLE_RET,	/* both ends of the socket that is the returned fd */
	EYAS_SRC_CUSTOM,	/* eyas_customs[val](), with `arg` as its operand */
};

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

/* One step of a flag map: (v & mask) == value adds out. Stops at mask 0. */
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
extern const struct eyas_flag *const eyas_flag_maps[];	/* index EYAS_MAP_* */
extern const eyas_custom_t eyas_customs[];

#endif /* EYAS_TABLE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fill.h - writing the parameters of one event into the room reserved for it.
 * The core (probe.c, ring.c) reserves, writes the headers and commits; the
 * filler appends parameters and never looks at a ring.
 */
#ifndef EYAS_FILL_H
#define EYAS_FILL_H

#include <linux/ptrace.h>
#include <linux/sched.h>

#include "table.h"

struct file;
struct linux_binprm;
struct eyas_scratch;

/*
 * One call or tracepoint hit, gathered once and shared by every session that
 * wants it. Lives on the probe's stack.
 */
struct eyas_hit {
	const struct eyas_row *row;
	struct pt_regs *regs;
	long ret;
	/*
	 * Valid with EYAS_ROW_ARGS; zero-extended for compat callers. Page fault: address, instruction
	 * pointer, error code. Signal delivery: signal number, sender's pid or 0.
	 */
	unsigned long args[6];
	u64 ts;			/* event time, ns since the epoch; set with preemption off */
	u64 tid;		/* header tid, initial pid namespace */
	u16 sc;
	u16 rec_flags;		/* EYAS_REC_COMPAT, _X32, _TRACEPOINT */
	u16 native_nr;
	u16 counter;		/* line in the counter table */
	bool locks_ok;		/* spinlock_t may be taken here (never on RT with preemption off) */
	struct task_struct *task;	/* whose event it is: current, or the child of a fork */
	struct linux_binprm *bprm;	/* sched_process_exec, else NULL; with it, regs carry no arguments */
	struct task_struct *other;	/* sched_switch: next; unset elsewhere */
	struct eyas_scratch *scratch;	/* values read before preemption went off, or NULL */
};

/* The room of one event being filled. */
struct eyas_fill {
	const struct eyas_hit *hit;
	u8 *lens;		/* where the next u16 length goes (unaligned) */
	u8 *pos;		/* where the next parameter goes */
	u8 *end;		/* first byte that may not be written */
	u32 snaplen;
	/* Out; both start as 0. */
	u16 rec_flags;		/* EYAS_REC_PARTIAL, EYAS_REC_EXT */
	u16 ext_len;		/* bytes of extensions behind the event, without the end header */
	/* The rest belongs to the filler, which sets it up and cleans it up itself. */
	struct file *file;	/* the returned fd, held, once a parameter asked for it */
	u8 *ahead;		/* bytes already copied for the parameter that starts here */
	u32 ahead_len;
};

/*
 * eyas_fill_params - append all parameters of hit->row, then extensions.
 * Context: preemption off, page faults must not be taken. Returns 0, or -ENOSPC
 * when f->end was reached: then nothing of it may be published.
 * On return f->pos is the end of the event, extensions lie behind it; the core
 * adds the end header and the padding, there is room for both behind f->end.
 */
int notrace eyas_fill_params(struct eyas_fill *f);

/*
 * eyas_fill_prepare - read what takes sleeping locks on RT into a scratch
 * buffer, where the callback is still preemptible. eyas_fill_release gives it
 * back. Both do nothing for rows without EYAS_ROW_LOCKS.
 */
void eyas_fill_prepare(struct eyas_hit *h);
void eyas_fill_release(struct eyas_hit *h);

/* eyas_read_num - a number of user memory, extended to 64 bits; false when it cannot be read. */
bool eyas_read_num(u64 *v, const void __user *src, size_t size, bool is_signed);

/* Copies what is there without faulting anything in; returns how many bytes were. */
size_t eyas_copy_user(void *dst, const void __user *src, size_t n);

int eyas_fill_init(void);
void eyas_fill_exit(void);

#endif /* EYAS_FILL_H */

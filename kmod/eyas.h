/* SPDX-License-Identifier: GPL-2.0 */
/*
 * eyas.h - what the files of the core share.
 *
 *   tracepoint -> probe.c -> ring.h (reserve, commit) -> fill.c
 *                    ^
 *   dev.c -> session.c -> mask.c (which probes are attached, who wants what)
 *
 * Locks, outermost first:
 *   session->lock	serialises the ioctls of one session
 *   eyas_mask_lock	the union, the attached probes, the list of enabled sessions
 *   CPU hotplug lock
 *   eyas_sessions_lock	the list of sessions, their rings and what is charged for them
 * mmap_lock may be held when eyas_sessions_lock is taken, and no other.
 */
#ifndef EYAS_H
#define EYAS_H

#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "compat/arch.h"
#include "compat/compat.h"
#include "fill.h"
#include "table.h"
#include "uapi/eyas.h"

/*
 * A line is a bit of a mask and a line of the counter table: native numbers, then compat
 * ones, tracepoints, multiplexed calls. The last bits of the tracepoints' word are ours.
 */
#define EYAS_LINES		EYAS_NR_COUNTERS
#define EYAS_LINE_LONGS		(EYAS_LINES / BITS_PER_LONG)
#define EYAS_LINE_TP(tp)	(EYAS_COUNTER_TP + (tp))
#define EYAS_LINE_EXEC		EYAS_LINE_TP(63)	/* some exec is wanted */
#define EYAS_LINE_CHILD		EYAS_LINE_TP(62)	/* some clone is wanted */

/* Memory shared with user space: pages, seen `copies` times in a row by us. */
struct eyas_area {
	struct page **pages;	/* num * copies of them */
	unsigned int num;
	unsigned int copies;
	void *addr;
};

struct eyas_ring;

struct eyas_session {
	/* Read by probes. */
	struct list_head enabled_list;	/* in eyas_enabled; RCU */
	unsigned long lines[EYAS_LINE_LONGS];
	struct eyas_ring * __percpu *rings;
	s64 clock_offset;
	pid_t filter_tgid;	/* the opener's, or -1: its own calls are wanted, too */
	struct pid *opener;
	u32 flags;		/* EYAS_SETUP_* */
	u32 snaplen;

	/* Written at wake-ups. */
	u32 waiting ____cacheline_aligned_in_smp;	/* someone is or will be in poll() */
	wait_queue_head_t wait;
	struct irq_work wake;

	/* Guarded by eyas_sessions_lock. */
	struct list_head list;	/* empty before SETUP */
	u64 ring_bytes;		/* 0 before SETUP */
	u64 watermark;
	u32 generation;
	u32 generation_told;	/* by poll() */
	u32 num_rings;
	u32 failed_rings;
	bool frozen;		/* mapped or enabled once: no SETUP any more */
	struct eyas_session_head head;
	struct eyas_mask mask;	/* as SET_MASK gave it */

	/* Guarded by eyas_mask_lock. */
	bool enabled;

	struct mutex lock;
};

/* main.c */
extern unsigned int eyas_max_sessions;
extern u64 eyas_max_ring_bytes;

/* ioctl.c */
long eyas_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* dev.c */
int eyas_dev_init(void);
void eyas_dev_exit(void);

/* session.c */
extern struct mutex eyas_sessions_lock;
int eyas_session_init(void);
void eyas_session_exit(void);
struct eyas_session *eyas_session_open(void);
void eyas_session_close(struct eyas_session *s);
int eyas_session_setup(struct eyas_session *s, const struct eyas_setup *setup);
int eyas_session_enable(struct eyas_session *s);
int eyas_session_snaplen(struct eyas_session *s, u32 snaplen);
unsigned int eyas_session_heads(struct eyas_session_head *heads, unsigned int room);
int eyas_session_stat(struct eyas_session_stat *stat, struct eyas_counter *counters);
void eyas_session_wake(struct eyas_session *s);
void eyas_session_tell(struct eyas_session *s);

/* mask.c */
extern unsigned long eyas_union[EYAS_LINE_LONGS];
extern struct list_head eyas_enabled;
int eyas_mask_set(struct eyas_session *s, const struct eyas_mask *mask);
void eyas_mask_get(struct eyas_session *s, struct eyas_mask *mask);
int eyas_mask_enable(struct eyas_session *s);
void eyas_mask_disable(struct eyas_session *s);

/* attach.c */
int eyas_probe_init(void);
void eyas_probe_exit(void);
bool eyas_probe_exists(unsigned int line);
int eyas_probe_attach(const unsigned long *lines);
void eyas_probe_detach(const unsigned long *lines);

/* exec.c */
void eyas_exec_renamed(void);
unsigned int eyas_exec_line(void);

static inline bool eyas_line_is_exec(unsigned int line)
{
	return line == EYAS_LINE_EXECVE || line == EYAS_LINE_EXECVEAT ||
	       line == EYAS_LINE_COMPAT_EXECVE || line == EYAS_LINE_COMPAT_EXECVEAT;
}

static inline bool eyas_line_is_mux(unsigned int line)
{
	return EYAS_COMPAT_CALLS && (line == EYAS_COUNTER_COMPAT + EYAS_COMPAT_SOCKETCALL ||
				     line == EYAS_COUNTER_COMPAT + EYAS_COMPAT_IPC);
}

/* probe.c */
/* Which call the thread of these registers is in. */
struct eyas_origin {
	unsigned int line;
	u16 nr;
	u16 rec_flags;		/* EYAS_REC_COMPAT, _X32 */
};

bool eyas_origin_of(struct pt_regs *regs, struct eyas_origin *o);
const struct eyas_call *eyas_call_of(unsigned int line);
void eyas_tell_losses(void *session);

/* mux.c */
void eyas_mux_init(void);
bool eyas_mux_open(struct eyas_hit *hit);

#endif /* EYAS_H */

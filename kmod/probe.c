// SPDX-License-Identifier: GPL-2.0
/*
 * probe.c - the callbacks of the tracepoints. Nothing here prints, sleeps,
 * allocates or fails; what cannot be recorded is counted.
 *
 * Since v6.13 system call callbacks run preemptible, since v7.0 all do: preemption
 * is always turned off here before anything of a CPU or a session is touched. That
 * is also what eyas_synchronize() waits for.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/uio.h>

#include "eyas.h"
#include "probe.h"
#include "ring.h"

/*
 * Hits under way on this CPU. Above 1, a hit has interrupted another: the ring is
 * in the middle of a record. Set before any user memory is read, since that may
 * fault and so hit the page fault tracepoint.
 */
static DEFINE_PER_CPU(int, eyas_depth);

/* ---------------------------------------------------------------- delivery */

/* The number alone may have been given to a new process since. */
static noinline notrace bool is_opener(const struct eyas_session *s, struct task_struct *task)
{
	return task_tgid(task) == s->opener;
}

static __always_inline void deliver_to(struct eyas_session *s, struct eyas_hit *hit, unsigned int counter)
{
	struct eyas_ring *r = __this_cpu_read(*s->rings);

	if (unlikely(!r))
		return;
	if (unlikely(hit->task->tgid == s->filter_tgid) && is_opener(s, hit->task))
		r->producer->counters[counter].filtered_self++;
	else if (unlikely(s->flags & EYAS_SETUP_DROP_FAILED) && IS_ERR_VALUE((unsigned long)hit->ret))
		r->producer->counters[counter].filtered_failed++;
	else
		eyas_ring_write(s, r, hit, counter);
}

static noinline notrace void deliver_nested(unsigned int line, unsigned int counter)
{
	struct eyas_session *s;
	struct eyas_ring *r;

	/* Counting may fault itself where kernels map vmalloc memory lazily, up to v5.7. */
	if (__this_cpu_read(eyas_depth) > 3)
		return;
	list_for_each_entry_rcu(s, &eyas_enabled, enabled_list) {
		r = __this_cpu_read(*s->rings);
		if (r && test_bit(line, s->lines)) {
			eyas_ring_nested(r, counter);
			eyas_ring_wake(s, r);
		}
	}
}

/*
 * Tells a session of what its ring of this CPU has lost. By interrupt, so a hit may
 * be under way: then the reader is woken to ask again, since that hit may leave
 * nothing that does.
 */
void eyas_tell_losses(void *session)
{
	struct eyas_session *s = session;
	struct eyas_ring *r = __this_cpu_read(*s->rings);

	if (likely(__this_cpu_inc_return(eyas_depth) == 1)) {
		if (r)
			eyas_ring_tell(s, r);
	} else {
		eyas_session_wake(s);
	}
	__this_cpu_dec(eyas_depth);
}

/* Hands a hit to every session whose mask has the line, to be counted in another. */
static __always_inline void deliver(struct eyas_hit *hit, unsigned int line, unsigned int counter)
{
	struct eyas_session *s;
	bool prepared = false;

	if (EYAS_RT && (hit->row->flags & EYAS_ROW_LOCKS) && preemptible()) {
		prepared = true;
		eyas_fill_prepare(hit);
	}
	preempt_disable_notrace();
	if (likely(__this_cpu_inc_return(eyas_depth) == 1)) {
		list_for_each_entry_rcu(s, &eyas_enabled, enabled_list)
			if (likely(test_bit(line, s->lines)))
				deliver_to(s, hit, counter);
	} else {
		deliver_nested(line, counter);
	}
	__this_cpu_dec(eyas_depth);
	preempt_enable_notrace();
	if (EYAS_RT && prepared)
		eyas_fill_release(hit);
}

/* For all but the hottest caller. */
static noinline notrace void deliver_call(struct eyas_hit *hit, unsigned int line)
{
	deliver(hit, line, hit->counter);
}

/* What every hit has. The rest is set where the row needs it. */
static __always_inline void hit_init(struct eyas_hit *hit, const struct eyas_call *call, struct task_struct *task)
{
	const struct eyas_row *row = &eyas_rows[call->row];

	/* Or its address is computed once for this and once for each look at it. */
	OPTIMIZER_HIDE_VAR(row);
	hit->row = row;
	hit->sc = call->sc;
	hit->task = task;
	hit->tid = task->pid;
	hit->ret = 0;
	hit->rec_flags = 0;
	hit->locks_ok = !EYAS_RT;
	hit->bprm = NULL;
	hit->scratch = NULL;
}

/* ------------------------------------------------------------ system calls */

/*
 * Which call the thread of these registers is in: false for none and for numbers
 * beyond the table, which are nobody's.
 */
bool eyas_origin_of(struct pt_regs *regs, struct eyas_origin *o)
{
	int nr = syscall_get_nr(current, regs);

	o->rec_flags = 0;
	o->line = EYAS_COUNTER_NATIVE;
	if (eyas_is_compat()) {
		if (!EYAS_COMPAT_CALLS)
			return false;
		o->rec_flags = EYAS_REC_COMPAT;
		o->line = EYAS_COUNTER_COMPAT;
	} else if (nr >= EYAS_NR_SYSCALLS) {
		nr = eyas_x32_number(nr);
		o->rec_flags = EYAS_REC_X32;
	}
	if (nr < 0 || nr >= EYAS_NR_SYSCALLS)
		return false;
	o->nr = eyas_index_nospec(nr, EYAS_NR_SYSCALLS);
	o->line += o->nr;
	return true;
}

const struct eyas_call *eyas_call_of(unsigned int line)
{
	if (EYAS_COMPAT_CALLS && line >= EYAS_COUNTER_COMPAT)
		return &eyas_calls_compat[line - EYAS_COUNTER_COMPAT];
	return &eyas_calls_native[line];
}

static __always_inline void exit_init(struct eyas_hit *hit, struct pt_regs *regs, long ret,
				      const struct eyas_call *call, unsigned int line, u16 nr, u16 rec_flags)
{
	hit_init(hit, call, current);
	hit->regs = regs;
	hit->ret = ret;
	hit->native_nr = nr;
	hit->counter = line;
	hit->rec_flags = rec_flags;
	if (hit->row->flags & EYAS_ROW_ARGS)
		eyas_syscall_args(regs, hit->args);
}

/* Around reads of user memory before a record's: a fault of ours is none that anybody asked for. */
static __always_inline void read_begin(void)
{
	preempt_disable_notrace();
	__this_cpu_inc(eyas_depth);
}

static __always_inline void read_end(void)
{
	__this_cpu_dec(eyas_depth);
	preempt_enable_notrace();
}

/* struct mmsghdr: a struct msghdr, then how many bytes of it were moved. */
#define MMSG_BYTES		64
#define MMSG_LEN		56
#define MMSG_BYTES_NARROW	32
#define MMSG_LEN_NARROW		28

static bool message_len(const struct eyas_hit *hit, unsigned int at, u64 *len)
{
	bool ok;

	read_begin();
	ok = eyas_read_num(len, (void __user *)(hit->args[1] + at), sizeof(u32), false);
	read_end();
	return ok;
}

/*
 * sendmmsg and recvmmsg: one hit of each message that was moved, as if it had come
 * through a call of its own. The kernel does no more than UIO_MAXIOV at once.
 */
static noinline notrace void record_messages(struct eyas_hit *hit, unsigned int line)
{
	const bool narrow = hit->rec_flags & (EYAS_REC_COMPAT | EYAS_REC_X32);
	const unsigned int size = narrow ? MMSG_BYTES_NARROW : MMSG_BYTES;
	const unsigned int at = narrow ? MMSG_LEN_NARROW : MMSG_LEN;
	const u16 rec_flags = hit->rec_flags;
	long left;
	u64 len;

	for (left = min_t(long, hit->ret, UIO_MAXIOV); left > 0; left--) {
		hit->rec_flags = rec_flags;
		if (!message_len(hit, at, &len)) {
			len = 0;
			hit->rec_flags |= EYAS_REC_PARTIAL;
		}
		hit->ret = len;
		deliver_call(hit, line);
		hit->args[1] += size;
	}
}

/* Rows that are not one event of each call. */
static noinline notrace void record_special(struct eyas_hit *hit, unsigned int line)
{
	if (!eyas_line_is_exec(line) && hit->ret > 0)
		record_messages(hit, line);
	/* A program that was started is eyas_on_exec()'s to tell. */
	else if (!eyas_line_is_exec(line) || hit->ret)
		deliver_call(hit, line);
}

static noinline notrace void record_native(struct pt_regs *regs, long ret, unsigned int nr)
{
	struct eyas_hit hit EYAS_UNINITIALIZED;
	const struct eyas_row *row;

	exit_init(&hit, regs, ret, &eyas_calls_native[nr], nr, nr, 0);
	row = hit.row;
	OPTIMIZER_HIDE_VAR(row);	/* or flags are kept in a register from their first test on, which costs more */
	if (unlikely(row->flags & EYAS_ROW_SPECIAL))
		record_special(&hit, nr);
	else
		deliver(&hit, nr, nr);
}

static bool mux_open(struct eyas_hit *hit)
{
	bool wanted;

	read_begin();
	wanted = eyas_mux_open(hit);
	read_end();
	return wanted;
}

/* 32-bit callers, x32, and numbers out of range such as -1 after a sigreturn. */
static noinline notrace void record_odd(struct pt_regs *regs, long ret)
{
	struct eyas_hit hit EYAS_UNINITIALIZED;
	struct eyas_origin o;

	if (!eyas_origin_of(regs, &o) || !test_bit(o.line, eyas_union))
		return;
	exit_init(&hit, regs, ret, eyas_call_of(o.line), o.line, o.nr, o.rec_flags);
	if (eyas_line_is_mux(o.line)) {
		eyas_syscall_args(regs, hit.args);
		if (!mux_open(&hit))
			return;
	}
	if (hit.row->flags & EYAS_ROW_SPECIAL)
		record_special(&hit, hit.counter);
	else
		deliver_call(&hit, hit.counter);
}

notrace void eyas_on_sys_exit(void *data, struct pt_regs *regs, long ret)
{
	unsigned int nr = syscall_get_nr(current, regs);

	if (unlikely(eyas_is_compat() || nr >= EYAS_NR_SYSCALLS)) {
		record_odd(regs, ret);
		return;
	}
	/* What array_index_nospec() is for, at a third of the price: 512 is a power of two. */
	BUILD_BUG_ON_NOT_POWER_OF_2(EYAS_NR_SYSCALLS);
	OPTIMIZER_HIDE_VAR(nr);
	nr &= EYAS_NR_SYSCALLS - 1;
	if (unlikely(test_bit(nr, eyas_union)))
		record_native(regs, ret, nr);
}

/* --------------------------------------------------------------- processes */

notrace void eyas_on_rename(void *data, struct task_struct *task, const char *comm)
{
	if (task == current)
		eyas_exec_renamed();
}

/* All successful execs are the event of execve, as at sys_exit on x86. */
notrace void eyas_on_exec(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	unsigned int line = eyas_exec_line();
	struct eyas_hit hit EYAS_UNINITIALIZED;

	if (!test_bit(EYAS_LINE_EXEC, eyas_union))
		return;
	hit_init(&hit, eyas_call_of(line), task);
	hit.row = &eyas_rows[eyas_calls_native[EYAS_LINE_EXECVE].row];
	hit.regs = task_pt_regs(task);
	hit.native_nr = line % EYAS_NR_SYSCALLS;
	hit.counter = line;
	hit.bprm = bprm;
	if (line >= EYAS_COUNTER_COMPAT)
		hit.rec_flags = EYAS_REC_COMPAT;
	memset(hit.args, 0, sizeof(hit.args));
	deliver_call(&hit, EYAS_LINE_EXEC);
}

/* Where the child of a clone leaves without a sys_exit of its own. */
notrace void eyas_on_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct eyas_origin o;
	struct eyas_hit hit EYAS_UNINITIALIZED;

	if (child->flags & PF_KTHREAD || !eyas_origin_of(regs, &o) || !test_bit(o.line, eyas_union))
		return;
	hit_init(&hit, eyas_call_of(o.line), child);
	hit.regs = regs;
	hit.native_nr = o.nr;
	hit.counter = o.line;
	hit.rec_flags = o.rec_flags;
	eyas_syscall_args(regs, hit.args);
	deliver_call(&hit, o.line);
}

/* ------------------------------------------------------- other tracepoints */

static __always_inline void hit_init_tp(struct eyas_hit *hit, unsigned int tp)
{
	hit_init(hit, &eyas_calls_tp[tp], current);
	hit->regs = NULL;
	hit->native_nr = tp;
	hit->counter = EYAS_LINE_TP(tp);
	hit->rec_flags = EYAS_REC_TRACEPOINT;
}

notrace void eyas_on_exit(void *data, EYAS_PROCESS_EXIT_ARGS)
{
	struct eyas_hit hit EYAS_UNINITIALIZED;

	if (task->flags & PF_KTHREAD || !test_bit(EYAS_LINE_TP(EYAS_TP_SCHED_PROCESS_EXIT), eyas_union))
		return;
	hit_init_tp(&hit, EYAS_TP_SCHED_PROCESS_EXIT);
	deliver_call(&hit, hit.counter);
}

/* Under the run queue's lock, interrupts off. */
notrace void eyas_on_switch(void *data, EYAS_SCHED_SWITCH_ARGS)
{
	struct eyas_hit hit EYAS_UNINITIALIZED;

	if (!test_bit(EYAS_LINE_TP(EYAS_TP_SCHED_SWITCH), eyas_union))
		return;
	hit_init_tp(&hit, EYAS_TP_SCHED_SWITCH);
	hit.locks_ok = false;
	hit.other = next;
	deliver_call(&hit, hit.counter);
}

static __always_inline void page_fault(unsigned int tp, unsigned long address, struct pt_regs *regs,
				       unsigned long error_code)
{
	struct eyas_hit hit EYAS_UNINITIALIZED;

	if (!test_bit(EYAS_LINE_TP(tp), eyas_union))
		return;
	hit_init_tp(&hit, tp);
	hit.locks_ok = false;
	hit.regs = regs;
	hit.args[0] = address;
	hit.args[1] = instruction_pointer(regs);
	hit.args[2] = error_code;
	deliver_call(&hit, hit.counter);
}

notrace void eyas_on_page_fault_user(void *data, unsigned long address, struct pt_regs *regs,
					unsigned long error_code)
{
	page_fault(EYAS_TP_PAGE_FAULT_USER, address, regs, error_code);
}

/*
 * In any context, and in the middle of our own reads of user memory: those nobody
 * asked for, so they are no events and no losses, either.
 */
notrace void eyas_on_page_fault_kernel(void *data, unsigned long address, struct pt_regs *regs,
					unsigned long error_code)
{
	if (eyas_pagefault_disabled() && raw_cpu_read(eyas_depth))
		return;
	page_fault(EYAS_TP_PAGE_FAULT_KERNEL, address, regs, error_code);
}

/* Who sent a signal; 0 for the kernel. The pointer may be one of its small marks. */
static pid_t signal_sender(int sig, const eyas_siginfo_t *info)
{
	if ((unsigned long)info <= 2)
		return 0;
	switch (info->si_code) {
	case SI_USER:
	case SI_QUEUE:
	case SI_MESGQ:
	case SI_TKILL:
		return info->si_pid;
	}
	return sig == SIGCHLD && info->si_code > 0 ? info->si_pid : 0;
}

/* Under the signal lock, interrupts off. */
notrace void eyas_on_signal(void *data, int sig, eyas_siginfo_t *info, struct k_sigaction *action)
{
	struct eyas_hit hit EYAS_UNINITIALIZED;

	if (!test_bit(EYAS_LINE_TP(EYAS_TP_SIGNAL_DELIVER), eyas_union))
		return;
	hit_init_tp(&hit, EYAS_TP_SIGNAL_DELIVER);
	hit.locks_ok = false;
	hit.args[0] = sig;
	hit.args[1] = signal_sender(sig, info);
	deliver_call(&hit, hit.counter);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tracepoint.h - finding tracepoints, attaching to them, and the shapes that
 * callbacks have had.
 */
#ifndef EYAS_TRACEPOINT_H
#define EYAS_TRACEPOINT_H

#include <linux/binfmts.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>
#include <trace/events/signal.h>
#include <trace/events/syscalls.h>
#include <trace/events/task.h>
/* x86 only; moved between v6.13 and v7.2. */
#if defined(HAVE_EVENTS_EXCEPTIONS_H)
#include <trace/events/exceptions.h>
#elif defined(HAVE_ASM_EXCEPTIONS_H)
#include <asm/trace/exceptions.h>
#endif

struct eyas_tracepoint {
	const char *name;
	void *func;		/* checked against the tracepoint in probe.c */
	struct tracepoint *tp;	/* NULL: this kernel has none of that name */
	bool attached;
};

void eyas_tracepoint_find(struct eyas_tracepoint *t);
bool eyas_tracepoint_exists(const struct eyas_tracepoint *t);
int eyas_tracepoint_attach(struct eyas_tracepoint *t);
void eyas_tracepoint_detach(struct eyas_tracepoint *t);

/*
 * Parameters of callbacks. sched_switch got `preempt` in v4.4 and `prev_state` in
 * v5.18 (RHEL from 9.1), sched_process_exit `group_dead` in v6.16, signal_deliver
 * its own siginfo in v4.20 (RHEL from 8.1).
 */
#if defined(HAVE_SWITCH_PREV_STATE)
#define EYAS_SCHED_SWITCH_ARGS	\
	bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state
#elif defined(HAVE_SWITCH_PREEMPT)
#define EYAS_SCHED_SWITCH_ARGS	bool preempt, struct task_struct *prev, struct task_struct *next
#else
#define EYAS_SCHED_SWITCH_ARGS	struct task_struct *prev, struct task_struct *next
#endif

#ifdef HAVE_EXIT_GROUP_DEAD
#define EYAS_PROCESS_EXIT_ARGS	struct task_struct *task, bool group_dead
#else
#define EYAS_PROCESS_EXIT_ARGS	struct task_struct *task
#endif

#ifdef HAVE_KERNEL_SIGINFO
typedef struct kernel_siginfo eyas_siginfo_t;
#else
typedef struct siginfo eyas_siginfo_t;
#endif

#if defined(HAVE_EVENTS_EXCEPTIONS_H) || defined(HAVE_ASM_EXCEPTIONS_H)
#define eyas_check_page_fault(func) do {			\
	check_trace_callback_type_page_fault_user(func);	\
	check_trace_callback_type_page_fault_kernel(func);	\
} while (0)
#else
#define eyas_check_page_fault(func) do { (void)(func); } while (0)
#endif

#endif /* EYAS_TRACEPOINT_H */

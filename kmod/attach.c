// SPDX-License-Identifier: GPL-2.0
/* attach.c - which callback belongs to which tracepoint, and while what is wanted. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/kernel.h>

#include "eyas.h"
#include "probe.h"

/* A probe is attached while any line from first to last is wanted. */
struct probe {
	struct eyas_tracepoint tp;
	unsigned int first;
	unsigned int last;
	bool optional;		/* not every kernel has it */
	bool unused;		/* this architecture does without */
};

static struct probe probes[] = {
	{
		.tp = { .name = "task_rename", .func = eyas_on_rename },
		.first = EYAS_LINE_EXEC,
		.last = EYAS_LINE_EXEC,
		.unused = !EYAS_EXEC_FROM_RENAME,
	}, {
		.tp = { .name = "sched_process_exec", .func = eyas_on_exec },
		.first = EYAS_LINE_EXEC,
		.last = EYAS_LINE_EXEC,
	}, {
		.tp = { .name = "sched_process_fork", .func = eyas_on_fork },
		.first = EYAS_LINE_CHILD,
		.last = EYAS_LINE_CHILD,
		.unused = !EYAS_CHILD_FROM_FORK,
	}, {
		.tp = { .name = "sys_exit", .func = eyas_on_sys_exit },
		.first = EYAS_COUNTER_NATIVE,
		.last = EYAS_COUNTER_TP - 1,
	}, {
		.tp = { .name = "sched_process_exit", .func = eyas_on_exit },
		.first = EYAS_LINE_TP(EYAS_TP_SCHED_PROCESS_EXIT),
		.last = EYAS_LINE_TP(EYAS_TP_SCHED_PROCESS_EXIT),
	}, {
		.tp = { .name = "sched_switch", .func = eyas_on_switch },
		.first = EYAS_LINE_TP(EYAS_TP_SCHED_SWITCH),
		.last = EYAS_LINE_TP(EYAS_TP_SCHED_SWITCH),
	}, {
		.tp = { .name = "page_fault_user", .func = eyas_on_page_fault_user },
		.first = EYAS_LINE_TP(EYAS_TP_PAGE_FAULT_USER),
		.last = EYAS_LINE_TP(EYAS_TP_PAGE_FAULT_USER),
		.optional = true,
	}, {
		.tp = { .name = "page_fault_kernel", .func = eyas_on_page_fault_kernel },
		.first = EYAS_LINE_TP(EYAS_TP_PAGE_FAULT_KERNEL),
		.last = EYAS_LINE_TP(EYAS_TP_PAGE_FAULT_KERNEL),
		.optional = true,
	}, {
		.tp = { .name = "signal_deliver", .func = eyas_on_signal },
		.first = EYAS_LINE_TP(EYAS_TP_SIGNAL_DELIVER),
		.last = EYAS_LINE_TP(EYAS_TP_SIGNAL_DELIVER),
	},
};

/* A callback is registered as void *: only this sees whether its shape is right. */
static void __maybe_unused check_callbacks(void)
{
	check_trace_callback_type_task_rename(eyas_on_rename);
	check_trace_callback_type_sched_process_exec(eyas_on_exec);
	check_trace_callback_type_sched_process_fork(eyas_on_fork);
	check_trace_callback_type_sys_exit(eyas_on_sys_exit);
	check_trace_callback_type_sched_process_exit(eyas_on_exit);
	check_trace_callback_type_sched_switch(eyas_on_switch);
	eyas_check_page_fault(eyas_on_page_fault_user);
	eyas_check_page_fault(eyas_on_page_fault_kernel);
	check_trace_callback_type_signal_deliver(eyas_on_signal);
}

static bool probe_needed(const struct probe *p, const unsigned long *lines)
{
	return !p->unused && find_next_bit(lines, p->last + 1, p->first) <= p->last;
}

/* Whether anything fires for this line of a tracepoint. */
bool eyas_probe_exists(unsigned int line)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].first <= line && line <= probes[i].last)
			return eyas_tracepoint_exists(&probes[i].tp);
	return false;
}

/*
 * Attaches what these lines need and is not there yet. On an error some may have
 * been attached: eyas_probe_detach() puts that right. Caller holds eyas_mask_lock.
 */
int eyas_probe_attach(const unsigned long *lines)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (!probe_needed(&probes[i], lines))
			continue;
		err = eyas_tracepoint_attach(&probes[i].tp);
		if (err)
			return err;
	}
	return 0;
}

/* Detaches what these lines do not need. Caller holds eyas_mask_lock. */
void eyas_probe_detach(const unsigned long *lines)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!probe_needed(&probes[i], lines))
			eyas_tracepoint_detach(&probes[i].tp);
}

int eyas_probe_init(void)
{
	struct probe *p;

	eyas_mux_init();
	for (p = probes; p < probes + ARRAY_SIZE(probes); p++) {
		eyas_tracepoint_find(&p->tp);
		if (p->unused || p->optional || eyas_tracepoint_exists(&p->tp))
			continue;
		pr_err("this kernel has no tracepoint %s\n", p->tp.name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Nothing is attached any more; on return nothing of ours runs, either. */
void eyas_probe_exit(void)
{
	tracepoint_synchronize_unregister();
	eyas_synchronize();
}

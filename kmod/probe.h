/* SPDX-License-Identifier: GPL-2.0 */
/* probe.h - the callbacks of the tracepoints; attach.c checks their shapes. */
#ifndef EYAS_PROBE_H
#define EYAS_PROBE_H

#include "compat/tracepoint.h"

notrace void eyas_on_sys_exit(void *data, struct pt_regs *regs, long ret);
notrace void eyas_on_rename(void *data, struct task_struct *task, const char *comm);
notrace void eyas_on_exec(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm);
notrace void eyas_on_fork(void *data, struct task_struct *parent, struct task_struct *child);
notrace void eyas_on_exit(void *data, EYAS_PROCESS_EXIT_ARGS);
notrace void eyas_on_switch(void *data, EYAS_SCHED_SWITCH_ARGS);
notrace void eyas_on_page_fault_user(void *data, unsigned long address, struct pt_regs *regs,
				     unsigned long error_code);
notrace void eyas_on_page_fault_kernel(void *data, unsigned long address, struct pt_regs *regs,
				       unsigned long error_code);
notrace void eyas_on_signal(void *data, int sig, eyas_siginfo_t *info, struct k_sigaction *action);

#endif /* EYAS_PROBE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * exec.c - which system call started a program.
 *
 * On x86 the registers no longer tell when sched_process_exec fires: they look as
 * if the new program had been started by an execve of its own kind. They still
 * tell when the thread gets its new name, a moment before; what they say then is
 * kept here unless it is the common case, a native execve.
 *
 * An entry is the task with a call in its low bits. Two tasks that meet in one
 * entry while both are in an exec cost one of them the right counter line, never
 * the event. A stale entry is overwritten or cleared by the next exec of a task at
 * that address, since each one is renamed.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "eyas.h"

#define SLOT_BITS	8
#define CALL_MASK	3ul

static unsigned long slots[1 << SLOT_BITS];

static const u16 call_lines[] = {
	EYAS_LINE_EXECVE,
	EYAS_LINE_EXECVEAT,
	EYAS_LINE_COMPAT_EXECVE,
	EYAS_LINE_COMPAT_EXECVEAT,
};

static unsigned long *slot_of(struct task_struct *task)
{
	return &slots[hash_ptr(task, SLOT_BITS)];
}

/* The thread was renamed: by an exec under way, or by prctl and the like. */
void eyas_exec_renamed(void)
{
	unsigned long *slot = slot_of(current);
	struct eyas_origin o;
	unsigned long call;

	if (!eyas_origin_of(task_pt_regs(current), &o))
		o.line = EYAS_LINE_EXECVE;	/* started by the kernel */
	for (call = 0; call < ARRAY_SIZE(call_lines); call++)
		if (call_lines[call] == o.line)
			break;
	if (call == ARRAY_SIZE(call_lines))
		return;
	if (call)
		WRITE_ONCE(*slot, (unsigned long)current | call);
	else if ((READ_ONCE(*slot) & ~CALL_MASK) == (unsigned long)current)
		WRITE_ONCE(*slot, 0);
}

/* The line of the exec that current has just done. */
unsigned int eyas_exec_line(void)
{
	unsigned long *slot = slot_of(current);
	struct eyas_origin o;
	unsigned long v;

	if (!EYAS_EXEC_FROM_RENAME) {
		if (eyas_origin_of(task_pt_regs(current), &o) && eyas_line_is_exec(o.line))
			return o.line;
		return EYAS_LINE_EXECVE;
	}
	v = READ_ONCE(*slot);
	if ((v & ~CALL_MASK) != (unsigned long)current)
		return EYAS_LINE_EXECVE;
	cmpxchg(slot, v, 0);
	return call_lines[v & CALL_MASK];
}

// SPDX-License-Identifier: GPL-2.0
/*
 * fill_usage.c - what a task uses and may use: memory, page faults, descriptors.
 * No lock is needed for any of it: whose event it is is current, or a child that
 * has not run yet, and neither loses its memory meanwhile.
 */
#include <linux/mm.h>
#include <linux/resource.h>
#include <linux/sched.h>

#include "fill_priv.h"

int eyas_custom_fdlimit(struct eyas_fill *f, u8 arg)
{
	unsigned long limit = READ_ONCE(f->hit->task->signal->rlim[RLIMIT_NOFILE].rlim_cur);

	return eyas_put_int(f, limit, sizeof(u64));
}

/* V of custom:pgft. */
enum fault { FAULT_MAJOR, FAULT_MINOR };

int eyas_custom_pgft(struct eyas_fill *f, u8 arg)
{
	const struct task_struct *task = f->hit->task;

	return eyas_put_int(f, arg == FAULT_MAJOR ? task->maj_flt : task->min_flt, sizeof(u64));
}

/* V of custom:vm. */
enum vm_number { VM_SIZE, VM_RESIDENT, VM_SWAPPED, VM_RESIDENT_ABOUT, VM_SWAPPED_ABOUT };

static u64 vm_pages(struct mm_struct *mm, enum vm_number what)
{
	switch (what) {
	case VM_SIZE:
		return mm->total_vm;
	case VM_RESIDENT:
		return eyas_mm_rss(mm);
	case VM_SWAPPED:
		return eyas_mm_swap(mm);
	case VM_RESIDENT_ABOUT:
		return get_mm_rss(mm);
	case VM_SWAPPED_ABOUT:
		return get_mm_counter(mm, MM_SWAPENTS);
	}
	return 0;
}

int eyas_custom_vm(struct eyas_fill *f, u8 arg)
{
	struct mm_struct *mm = f->hit->task->mm;
	u64 kib = mm ? vm_pages(mm, arg) << (PAGE_SHIFT - 10) : 0;

	return eyas_put_int(f, min_t(u64, kib, U32_MAX), sizeof(u32));
}

/* The thread that gets the CPU. */
int eyas_custom_next(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, (s64)f->hit->other->pid, sizeof(s64));
}

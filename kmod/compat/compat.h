/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - makes old kernels look new, under our own names. This folder is
 * the only place that knows that kernels differ; HAVE_* comes from compat/probes.
 */
#ifndef EYAS_COMPAT_H
#define EYAS_COMPAT_H

#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/hardirq.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#ifdef HAVE_NOSPEC_H
#include <linux/nospec.h>
#endif
/* Split from linux/sched.h in v4.11. */
#ifdef HAVE_SCHED_TASK_STACK_H
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#endif
#include <asm/syscall.h>

#ifndef CONFIG_64BIT
#error "eyas: only 64-bit kernels are supported"
#endif
#ifndef CONFIG_HAVE_SYSCALL_TRACEPOINTS
#error "eyas: this kernel has no system call tracepoints"
#endif
#ifndef CONFIG_TRACEPOINTS
#error "eyas: this kernel is built without tracepoints"
#endif

/* Since v3.19; drop with support for v3.18 and older. */
#ifndef READ_ONCE
#define READ_ONCE(x) ACCESS_ONCE(x)
#endif
#ifndef WRITE_ONCE
#define WRITE_ONCE(x, v) (ACCESS_ONCE(x) = (v))
#endif

/* Since v4.7. */
#ifndef u64_to_user_ptr
#define u64_to_user_ptr(x) ((void __user *)(unsigned long)(x))
#endif

/*
 * Hardened kernels zero every variable on the stack, which for the two structures
 * of the hot path costs as much as filling them. Since gcc 12, clang 9.
 */
#ifdef HAVE_UNINITIALIZED
#define EYAS_UNINITIALIZED __attribute__((__uninitialized__))
#else
#define EYAS_UNINITIALIZED
#endif

/* In v3.x to v5.3 out-of-tree, as CONFIG_PREEMPT_RT_FULL. */
#if defined(CONFIG_PREEMPT_RT) || defined(CONFIG_PREEMPT_RT_FULL)
#define EYAS_RT 1
#else
#define EYAS_RT 0
#endif

/* Since v6.13 system call callbacks run preemptible. */
#ifdef HAVE_FAULTABLE_TRACEPOINTS
#define EYAS_PREEMPTIBLE_CALLBACKS 1
#else
#define EYAS_PREEMPTIBLE_CALLBACKS 0
#endif

/* Since v4.15 and in stable kernels of early 2018. */
static __always_inline unsigned int eyas_index_nospec(unsigned int index, unsigned int size)
{
#ifdef HAVE_NOSPEC_H
	return array_index_nospec(index, size);
#else
	return index;
#endif
}

/* Until v5.0 with the kind of access as first argument. */
static inline bool eyas_access_ok(const void __user *p, unsigned long n)
{
#ifdef HAVE_ACCESS_OK_2
	return access_ok(p, n);
#else
	return access_ok(VERIFY_READ, p, n);
#endif
}

/* Whether page faults would not be handled; not told apart from preemption being off until v4.1. */
static __always_inline bool eyas_pagefault_disabled(void)
{
#ifdef HAVE_PAGEFAULT_DISABLED
	return pagefault_disabled();
#else
	return true;
#endif
}

/* Until v5.1 with first index and number of arguments. */
static inline void eyas_syscall_args(struct pt_regs *regs, unsigned long *args)
{
#ifdef HAVE_ARGUMENTS_ALL
	syscall_get_arguments(current, regs, args);
#else
	syscall_get_arguments(current, regs, 0, 6, args);
#endif
}

/*
 * Nanoseconds since boot, suspend included, in any context. Since v4.10; before
 * that the clock cannot be read in an NMI, where 0 lets the ring's clamp decide.
 */
static __always_inline u64 eyas_clock(void)
{
#if defined(HAVE_KTIME_BOOT_FAST)
	return ktime_get_boot_fast_ns();
#else
	return in_nmi() ? 0 : ktime_to_ns(ktime_get_boottime());
#endif
}

/* The same clock, exact, in process context. Named ktime_get_boot_ns until v5.3. */
static inline u64 eyas_clock_exact(void)
{
#ifdef HAVE_KTIME_BOOTTIME_NS
	return ktime_get_boottime_ns();
#else
	return ktime_to_ns(ktime_get_boottime());
#endif
}

/* Since v3.17. */
static inline u64 eyas_wall_clock(void)
{
#ifdef HAVE_KTIME_REAL_NS
	return ktime_get_real_ns();
#else
	return ktime_to_ns(ktime_get_real());
#endif
}

/*
 * Waits until every section with preemption off that is running now has ended.
 * Until v4.19 that was a flavour of its own.
 */
static inline void eyas_synchronize(void)
{
#ifdef HAVE_SYNCHRONIZE_SCHED
	synchronize_sched();
#else
	synchronize_rcu();
#endif
}

/* Named get_online_cpus() until v4.13. */
static inline void eyas_cpus_read_lock(void)
{
#ifdef HAVE_CPUS_READ_LOCK
	cpus_read_lock();
#else
	get_online_cpus();
#endif
}

static inline void eyas_cpus_read_unlock(void)
{
#ifdef HAVE_CPUS_READ_LOCK
	cpus_read_unlock();
#else
	put_online_cpus();
#endif
}

/* Plain assignments until v6.3. */
static inline void eyas_vm_flags(struct vm_area_struct *vma, unsigned long set, unsigned long clear)
{
#ifdef HAVE_VM_FLAGS_SET
	vm_flags_set(vma, set);
	vm_flags_clear(vma, clear);
#else
	vma->vm_flags |= set;
	vma->vm_flags &= ~clear;
#endif
}

/* A type of its own since v4.16, and EPOLL* for POLL*. */
#ifdef HAVE_POLL_T
typedef __poll_t eyas_poll_t;
#else
typedef unsigned int eyas_poll_t;
#define EPOLLIN		POLLIN
#define EPOLLPRI	POLLPRI
#define EPOLLRDNORM	POLLRDNORM
#define EPOLLRDBAND	POLLRDBAND
#endif

/* Bytes of memory; totalram_pages became a function in v5.0. */
static inline u64 eyas_total_memory(void)
{
	struct sysinfo si;

	si_meminfo(&si);
	return (u64)si.totalram * si.mem_unit;
}

#endif /* EYAS_COMPAT_H */

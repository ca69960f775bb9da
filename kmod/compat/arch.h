/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arch.h - how system calls look on an architecture: who is a 32-bit caller,
 * which numbers start a program, which calls end without a sys_exit.
 */
#ifndef EYAS_ARCH_H
#define EYAS_ARCH_H

#include <linux/thread_info.h>
#include <asm/unistd.h>

#include "compat.h"
#include "../uapi/eyas.h"

/* Since v3.19. */
#ifndef __NR_execveat
#ifdef CONFIG_X86_64
#define __NR_execveat	322
#else
#define __NR_execveat	281
#endif
#endif
/* Since v5.3. */
#ifndef __NR_clone3
#define __NR_clone3	435
#endif

/* Lines of the counter table, see eyas.h. */
#define EYAS_LINE_EXECVE	(EYAS_COUNTER_NATIVE + __NR_execve)
#define EYAS_LINE_EXECVEAT	(EYAS_COUNTER_NATIVE + __NR_execveat)

#if defined(CONFIG_X86_64)

/* Since v4.6; TS_COMPAT has moved between structures before and after. */
static __always_inline bool eyas_is_compat(void)
{
#if !defined(CONFIG_IA32_EMULATION)
	return false;
#elif defined(HAVE_IN_IA32_SYSCALL)
	return in_ia32_syscall();
#else
	return is_ia32_task();
#endif
}

#define EYAS_COMPAT_CALLS	IS_ENABLED(CONFIG_IA32_EMULATION)
#define EYAS_COMPAT_EXECVE	11
#define EYAS_COMPAT_EXECVEAT	358
#define EYAS_COMPAT_SOCKETCALL	102
#define EYAS_COMPAT_IPC		117

/* The child of a clone leaves through sys_exit with 0 like any call. */
#define EYAS_CHILD_FROM_FORK	0

/*
 * Loading a program rewrites the registers as if it had been started by a native
 * execve, or by a 32-bit one if it is a 32-bit program. Since v5.8 the thread is
 * renamed just before that, which is where the true number can be seen.
 */
#ifdef HAVE_BEGIN_NEW_EXEC
#define EYAS_EXEC_FROM_RENAME	1
#else
#define EYAS_EXEC_FROM_RENAME	0
#endif

#elif defined(CONFIG_ARM64)

static __always_inline bool eyas_is_compat(void)
{
#ifdef CONFIG_COMPAT
	return test_thread_flag(TIF_32BIT);
#else
	return false;
#endif
}

/* 32-bit ARM callers have a number table of their own that is not known here. */
#define EYAS_COMPAT_CALLS	0
#define EYAS_COMPAT_EXECVE	11
#define EYAS_COMPAT_EXECVEAT	387
#define EYAS_COMPAT_SOCKETCALL	102
#define EYAS_COMPAT_IPC		117

#define EYAS_CHILD_FROM_FORK	1
#define EYAS_EXEC_FROM_RENAME	0

#else
#error "eyas: only x86_64 and arm64 are supported"
#endif

#define EYAS_LINE_COMPAT_EXECVE		(EYAS_COUNTER_COMPAT + EYAS_COMPAT_EXECVE)
#define EYAS_LINE_COMPAT_EXECVEAT	(EYAS_COUNTER_COMPAT + EYAS_COMPAT_EXECVEAT)

/*
 * The 64-bit number of an x32 call given as it stands in the registers, bit
 * included; -1 for anything else.
 */
int eyas_x32_number(int nr);

#endif /* EYAS_ARCH_H */

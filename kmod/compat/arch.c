// SPDX-License-Identifier: GPL-2.0
/*
 * arch.c - x32: most numbers are those of 64-bit callers plus a bit, some calls
 * have numbers of their own.
 */
#include <linux/kernel.h>

#include "arch.h"

#ifdef CONFIG_X86_64

#define X32_BIT		0x40000000
#define X32_FIRST	512

/* Frozen ABI: what 512 + index is called with as a 64-bit number. */
static const u16 x32_own[] = {
	13,	/* rt_sigaction */
	15,	/* rt_sigreturn */
	16,	/* ioctl */
	19,	/* readv */
	20,	/* writev */
	45,	/* recvfrom */
	46,	/* sendmsg */
	47,	/* recvmsg */
	59,	/* execve */
	101,	/* ptrace */
	127,	/* rt_sigpending */
	128,	/* rt_sigtimedwait */
	129,	/* rt_sigqueueinfo */
	131,	/* sigaltstack */
	222,	/* timer_create */
	244,	/* mq_notify */
	246,	/* kexec_load */
	247,	/* waitid */
	273,	/* set_robust_list */
	274,	/* get_robust_list */
	278,	/* vmsplice */
	279,	/* move_pages */
	295,	/* preadv */
	296,	/* pwritev */
	297,	/* rt_tgsigqueueinfo */
	299,	/* recvmmsg */
	307,	/* sendmmsg */
	310,	/* process_vm_readv */
	311,	/* process_vm_writev */
	54,	/* setsockopt */
	55,	/* getsockopt */
	206,	/* io_setup */
	209,	/* io_submit */
	322,	/* execveat */
	327,	/* preadv2 */
	328,	/* pwritev2 */
};

int eyas_x32_number(int nr)
{
	unsigned int n = nr ^ X32_BIT;

	if (n < X32_FIRST)
		return eyas_index_nospec(n, X32_FIRST);
	n -= X32_FIRST;
	if (n < ARRAY_SIZE(x32_own))
		return x32_own[eyas_index_nospec(n, ARRAY_SIZE(x32_own))];
	return -1;
}

#else

int eyas_x32_number(int nr)
{
	return -1;
}

#endif

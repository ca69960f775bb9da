// SPDX-License-Identifier: GPL-2.0
/*
 * fill_misc.c - arguments whose meaning hangs on another argument: prctl,
 * ptrace, mount, fsconfig, keyctl.
 */
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "fill_priv.h"

/* Once every mount had this in the upper half of its flags; the kernel still takes it off. */
#define MOUNT_MAGIC		0xc0ed0000u
#define MOUNT_MAGIC_MASK	0xffff0000u

int eyas_custom_mount_flags(struct eyas_fill *f, u8 arg)
{
	u32 flags = f->hit->args[3];

	if ((flags & MOUNT_MAGIC_MASK) == MOUNT_MAGIC)
		flags &= ~MOUNT_MAGIC_MASK;
	return eyas_put_int(f, flags, sizeof(flags));
}

static bool sets_name(const struct eyas_fill *f)
{
	return eyas_arg_int(f, 0) == PR_SET_NAME;
}

/* The name as it was set, if it was: the caller's memory may say something else by now. */
int eyas_custom_prctl_str(struct eyas_fill *f, u8 arg)
{
	if (!sets_name(f))
		return eyas_put_empty(f);
	if (f->hit->ret == 0)
		return eyas_custom_comm(f, 0);
	return eyas_put_user_str(f, eyas_arg_ptr(f, 1), TASK_COMM_LEN);
}

int eyas_custom_prctl_int(struct eyas_fill *f, u8 arg)
{
	s64 v = f->hit->args[1];
	s32 answer;

	if (sets_name(f))
		v = 0;
	if (eyas_arg_int(f, 0) == PR_GET_CHILD_SUBREAPER && f->hit->ret == 0) {
		if (eyas_copy_user(&answer, eyas_arg_ptr(f, 1), sizeof(answer)) != sizeof(answer))
			return eyas_put_missing(f);
		v = answer;
	}
	return eyas_put_int(f, v, sizeof(v));
}

/* eyas_put_dyn - a dynamic parameter: the index byte, then the value. */
int eyas_put_dyn(struct eyas_fill *f, u8 index, u64 value, u8 width)
{
	u8 *start = f->pos;
	__le64 v = cpu_to_le64(value);

	if (eyas_room(f) < 1 + sizeof(v))
		return -ENOSPC;
	start[0] = index;
	memcpy(start + 1, &v, sizeof(v));
	f->pos += 1 + width;
	return eyas_end_param(f, start);
}

int eyas_custom_ptrace_addr(struct eyas_fill *f, u8 arg)
{
	return eyas_put_dyn(f, PPM_PTRACE_IDX_UINT64, f->hit->args[2], sizeof(u64));
}

/* The system call, unlike the library's function, stores the word it has peeked at. */
static int put_peeked(struct eyas_fill *f)
{
	u64 word = 0;
	size_t width = eyas_is_compat(f) ? sizeof(u32) : sizeof(unsigned long);

	if (f->hit->ret >= 0 && eyas_copy_user(&word, eyas_arg_ptr(f, 3), width) != width)
		return eyas_put_missing(f);
	return eyas_put_dyn(f, PPM_PTRACE_IDX_UINT64, word, sizeof(word));
}

int eyas_custom_ptrace_data(struct eyas_fill *f, u8 arg)
{
	switch (f->hit->args[0]) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
	case PTRACE_PEEKUSR:
		return put_peeked(f);
	case PTRACE_CONT:
	case PTRACE_SINGLESTEP:
	case PTRACE_DETACH:
	case PTRACE_SYSCALL:
		return eyas_put_dyn(f, PPM_PTRACE_IDX_SIGTYPE, f->hit->args[3], sizeof(u8));
	}
	return eyas_put_dyn(f, PPM_PTRACE_IDX_UINT64, f->hit->args[3], sizeof(u64));
}

/* fsconfig: a blob as long as argument 4 says. */
int eyas_custom_fsconfig_bytes(struct eyas_fill *f, u8 arg)
{
	if (eyas_arg_int(f, 1) != PPM_FSCONFIG_SET_BINARY)
		return eyas_put_empty(f);
	return eyas_put_user_bytes(f, eyas_arg_ptr(f, 3), max(eyas_arg_int(f, 4), 0));
}

int eyas_custom_fsconfig_str(struct eyas_fill *f, u8 arg)
{
	switch (eyas_arg_int(f, 1)) {
	case PPM_FSCONFIG_SET_STRING:
	case PPM_FSCONFIG_SET_PATH:
	case PPM_FSCONFIG_SET_PATH_EMPTY:
		return eyas_put_user_str(f, eyas_arg_ptr(f, 3), PATH_MAX);
	}
	return eyas_put_empty(f);
}

/* Which arguments of keyctl are strings that the caller gives: bit i is argument i. */
static unsigned int key_strings(const struct eyas_fill *f)
{
	switch (eyas_arg_int(f, 0)) {
	case PPM_KEYCTL_JOIN_SESSION_KEYRING:
		return 1 << 1;
	case PPM_KEYCTL_SEARCH:
	case PPM_KEYCTL_RESTRICT_KEYRING:
		return 1 << 2 | 1 << 3;
	case PPM_KEYCTL_PKEY_QUERY:
		return 1 << 3;
	case PPM_KEYCTL_PKEY_ENCRYPT:
	case PPM_KEYCTL_PKEY_DECRYPT:
	case PPM_KEYCTL_PKEY_SIGN:
	case PPM_KEYCTL_PKEY_VERIFY:
		return 1 << 2;
	}
	return 0;
}

static int put_key_string(struct eyas_fill *f, const char __user *src)
{
	u8 *start = f->pos, *lens = f->lens;
	int err;

	if (eyas_room(f) < 1)
		return -ENOSPC;
	*f->pos++ = PPM_KEYCTL_IDX_CHARBUF;
	err = eyas_put_user_str(f, src, PATH_MAX);
	f->lens = lens;
	return err ? err : eyas_end_param(f, start);
}

int eyas_custom_keyctl(struct eyas_fill *f, u8 arg)
{
	s64 v = f->hit->args[arg];

	if (key_strings(f) >> arg & 1)
		return put_key_string(f, eyas_arg_ptr(f, arg));
	if (eyas_is_compat(f))
		v = (s32)v;
	return eyas_put_dyn(f, PPM_KEYCTL_IDX_INT64, v, sizeof(v));
}

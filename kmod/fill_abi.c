// SPDX-License-Identifier: GPL-2.0
/*
 * fill_abi.c - calls whose arguments are other ones, or lie elsewhere, in the
 * older calls of 32-bit callers: seeking, mapping, limits, ids.
 */
#include <linux/mm.h>

#include "fill_priv.h"

/* Numbers of 32-bit callers. */
#define I386_OLDUMOUNT		22
#define I386_OLD_MMAP		90
#define I386_LLSEEK		140
#define I386_GETRESUID16	165
#define I386_GETRESGID16	171
#define I386_SENDFILE32		187
#define I386_MMAP2		192

/* mmap2 counts in these, whatever the page size. */
#define MMAP2_SHIFT		12

static bool is_i386(const struct eyas_fill *f, u16 nr)
{
	return eyas_is_compat(f) && f->hit->native_nr == nr;
}

int eyas_custom_seek_offset(struct eyas_fill *f, u8 arg)
{
	const unsigned long *args = f->hit->args;
	u64 v = args[1];

	if (is_i386(f, I386_LLSEEK))
		v = args[1] << 32 | (u32)args[2];
	else if (eyas_is_compat(f))
		v = (s64)(s32)args[1];
	return eyas_put_int(f, v, sizeof(v));
}

int eyas_custom_seek_whence(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, f->hit->args[is_i386(f, I386_LLSEEK) ? 4 : 2], sizeof(u8));
}

/* Argument i of mmap; the oldest form has them all in memory. False when that cannot be read. */
static bool mmap_arg(const struct eyas_fill *f, u8 i, u64 *v)
{
	const u32 __user *old = eyas_arg_ptr(f, 0);

	if (is_i386(f, I386_OLD_MMAP))
		return eyas_read_num(v, old + i, sizeof(*old), false);
	*v = f->hit->args[i];
	if (i == 5 && is_i386(f, I386_MMAP2))
		*v <<= MMAP2_SHIFT;
	return true;
}

int eyas_custom_mmap(struct eyas_fill *f, u8 arg)
{
	u64 v;

	if (!mmap_arg(f, arg, &v))
		return eyas_put_missing(f);
	return eyas_put_int(f, v, sizeof(v));
}

int eyas_custom_mmap_fd(struct eyas_fill *f, u8 arg)
{
	u64 v;

	if (!mmap_arg(f, 4, &v))
		return eyas_put_missing(f);
	return eyas_put_int(f, (s64)(s32)v, sizeof(v));
}

int eyas_custom_mmap_prot(struct eyas_fill *f, u8 arg)
{
	u64 v;

	if (!mmap_arg(f, 2, &v))
		return eyas_put_missing(f);
	return eyas_put_int(f, eyas_map_flags(EYAS_MAP_PROT_FLAGS, v), sizeof(u32));
}

int eyas_custom_mmap_flags(struct eyas_fill *f, u8 arg)
{
	u64 v;

	if (!mmap_arg(f, 3, &v))
		return eyas_put_missing(f);
	return eyas_put_int(f, eyas_map_flags(EYAS_MAP_MMAP_FLAGS, v), sizeof(u32));
}

/* The limits of 32-bit callers are half as wide; all ones mean none all the same. */
int eyas_custom_rlimit(struct eyas_fill *f, u8 arg)
{
	const size_t size = eyas_long_size(f);
	const u8 __user *at = eyas_arg_ptr(f, 1);
	u64 v;

	if (!at)
		return eyas_put_empty(f);
	if (!eyas_read_num(&v, at + arg * size, size, false))
		return eyas_put_missing(f);
	return eyas_put_int(f, size == sizeof(u32) && v == U32_MAX ? U64_MAX : v, sizeof(v));
}

int eyas_custom_got_rlimit(struct eyas_fill *f, u8 arg)
{
	return f->hit->ret < 0 ? eyas_put_empty(f) : eyas_custom_rlimit(f, arg);
}

int eyas_custom_got_id(struct eyas_fill *f, u8 arg)
{
	const size_t size = is_i386(f, I386_GETRESUID16) || is_i386(f, I386_GETRESGID16) ? sizeof(u16) : sizeof(u32);

	return f->hit->ret < 0 ? eyas_put_empty(f) : eyas_put_num(f, eyas_arg_ptr(f, arg), size, sizeof(u32));
}

int eyas_custom_sendfile_offset(struct eyas_fill *f, u8 arg)
{
	const size_t size = is_i386(f, I386_SENDFILE32) ? sizeof(u32) : sizeof(u64);

	return eyas_put_num(f, eyas_arg_ptr(f, 2), size, sizeof(u64));
}

int eyas_custom_umount_flags(struct eyas_fill *f, u8 arg)
{
	u32 flags = is_i386(f, I386_OLDUMOUNT) ? 0 : f->hit->args[1];

	return eyas_put_int(f, eyas_map_flags(EYAS_MAP_UMOUNT_FLAGS, flags), sizeof(flags));
}

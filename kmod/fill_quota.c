// SPDX-License-Identifier: GPL-2.0
/*
 * fill_quota.c - quotactl: what its argument 3 points to hangs on the command,
 * the upper three bytes of argument 0.
 */
#include <linux/time64.h>
#include <uapi/linux/quota.h>

#include "fill_priv.h"

/* struct if_dqblk: eight 64-bit words, the last two are times in seconds. */
#define FIRST_TIME	6

/* struct if_dqinfo: two 64-bit words, then the flags. */
#define INFO_FLAGS	16

static u32 command(const struct eyas_fill *f)
{
	return (u32)f->hit->args[0] >> SUBCMDSHIFT;
}

/* Whether argument 3 holds what `get` reads and `set` writes. */
static bool holds(const struct eyas_fill *f, u32 get, u32 set)
{
	const u32 cmd = command(f);

	return cmd == set || (cmd == get && f->hit->ret >= 0);
}

int eyas_custom_quota_path(struct eyas_fill *f, u8 arg)
{
	if (command(f) != Q_QUOTAON)
		return eyas_put_empty(f);
	return eyas_put_user_str(f, eyas_arg_ptr(f, 3), PATH_MAX);
}

int eyas_custom_quota_fmt(struct eyas_fill *f, u8 arg)
{
	u32 fmt = 0;

	if (command(f) == Q_QUOTAON)
		fmt = f->hit->args[2];
	return eyas_put_int(f, eyas_map_flags(EYAS_MAP_QUOTA_FORMATS, fmt), sizeof(u8));
}

int eyas_custom_quota_got_fmt(struct eyas_fill *f, u8 arg)
{
	u64 fmt = 0;

	if (command(f) == Q_GETFMT && f->hit->ret >= 0 &&
	    !eyas_read_num(&fmt, eyas_arg_ptr(f, 3), sizeof(u32), false))
		return eyas_put_missing(f);
	return eyas_put_int(f, eyas_map_flags(EYAS_MAP_QUOTA_FORMATS, fmt), sizeof(u8));
}

/* Seconds as the ns of the schema. */
static int put_seconds(struct eyas_fill *f, const u64 __user *at)
{
	u64 v;

	if (!eyas_read_num(&v, at, sizeof(v), false))
		return eyas_put_missing(f);
	return eyas_put_int(f, v * NSEC_PER_SEC, sizeof(v));
}

int eyas_custom_quota_limit(struct eyas_fill *f, u8 arg)
{
	const u64 __user *words = eyas_arg_ptr(f, 3);

	if (!words || !holds(f, Q_GETQUOTA, Q_SETQUOTA))
		return eyas_put_empty(f);
	if (arg >= FIRST_TIME)
		return put_seconds(f, words + arg);
	return eyas_put_num(f, words + arg, sizeof(*words), sizeof(*words));
}

int eyas_custom_quota_grace(struct eyas_fill *f, u8 arg)
{
	const u64 __user *words = eyas_arg_ptr(f, 3);

	if (!words || !holds(f, Q_GETINFO, Q_SETINFO))
		return eyas_put_empty(f);
	return put_seconds(f, words + arg);
}

int eyas_custom_quota_info_flags(struct eyas_fill *f, u8 arg)
{
	const u8 __user *info = eyas_arg_ptr(f, 3);
	u64 flags;

	if (!info || !holds(f, Q_GETINFO, Q_SETINFO))
		return eyas_put_empty(f);
	if (!eyas_read_num(&flags, info + INFO_FLAGS, sizeof(u32), false))
		return eyas_put_missing(f);
	return eyas_put_int(f, eyas_map_flags(EYAS_MAP_QUOTA_INFO, flags), sizeof(u8));
}

// SPDX-License-Identifier: GPL-2.0
/* fill_sockopt.c - socket options: what type a value has hangs on level and name. */
#include <linux/socket.h>
#include <linux/time64.h>

#include "fill_priv.h"

/*
 * The numbers of the schema are those of the kernel up to this one; above are only
 * the 64-bit time forms of older options.
 */
#define LAST_OPTION		PPM_SOCKOPT_SO_COOKIE

#define TIMESTAMP_NEW		63
#define TIMESTAMPNS_NEW		64
#define TIMESTAMPING_NEW	65
#define RCVTIMEO_NEW		66
#define SNDTIMEO_NEW		67

static u8 option(const struct eyas_fill *f)
{
	const u32 name = f->hit->args[2];

	if (eyas_arg_int(f, 1) != SOL_SOCKET)
		return PPM_SOCKOPT_UNKNOWN;
	switch (name) {
	case TIMESTAMP_NEW:
		return PPM_SOCKOPT_SO_TIMESTAMP;
	case TIMESTAMPNS_NEW:
		return PPM_SOCKOPT_SO_TIMESTAMPNS;
	case TIMESTAMPING_NEW:
		return PPM_SOCKOPT_SO_TIMESTAMPING;
	case RCVTIMEO_NEW:
		return PPM_SOCKOPT_SO_RCVTIMEO;
	case SNDTIMEO_NEW:
		return PPM_SOCKOPT_SO_SNDTIMEO;
	}
	return name <= LAST_OPTION ? name : PPM_SOCKOPT_UNKNOWN;
}

int eyas_custom_sockopt_name(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, option(f), sizeof(u8));
}

/* Options that are no int: structures, texts, addresses, lists. */
static bool is_plain(u8 option)
{
	switch (option) {
	case PPM_SOCKOPT_UNKNOWN:
	case PPM_SOCKOPT_SO_LINGER:
	case PPM_SOCKOPT_SO_PEERCRED:
	case PPM_SOCKOPT_SO_PEERSEC:
	case PPM_SOCKOPT_SO_PEERNAME:
	case PPM_SOCKOPT_SO_PEERGROUPS:
	case PPM_SOCKOPT_SO_BINDTODEVICE:
	case PPM_SOCKOPT_SO_ATTACH_FILTER:
	case PPM_SOCKOPT_SO_MEMINFO:
	case PPM_SOCKOPT_SO_MAX_PACING_RATE:
		return false;
	}
	return true;
}

static int put_bytes(struct eyas_fill *f, const void __user *val, size_t len)
{
	u8 *start = f->pos;
	size_t n = min_t(size_t, len, f->snaplen), got;

	if (eyas_room(f) < 1 + n)
		return -ENOSPC;
	*start = PPM_SOCKOPT_IDX_UNKNOWN;
	got = eyas_copy_user(start + 1, val, n);
	if (got < n)
		f->rec_flags |= EYAS_REC_PARTIAL;
	f->pos += 1 + got;
	return eyas_end_param(f, start);
}

static int put_timeval(struct eyas_fill *f, const u8 __user *val, size_t len)
{
	const size_t half = len / 2;
	u64 sec, usec;

	if (!eyas_read_num(&sec, val, half, true) || !eyas_read_num(&usec, val + half, half, true))
		return eyas_put_missing(f);
	return eyas_put_dyn(f, PPM_SOCKOPT_IDX_TIMEVAL, sec * NSEC_PER_SEC + usec * NSEC_PER_USEC, sizeof(u64));
}

static int put_number(struct eyas_fill *f, const void __user *val, u8 index, size_t size)
{
	u64 v;

	if (!eyas_read_num(&v, val, size, index == PPM_SOCKOPT_IDX_ERRNO))
		return eyas_put_missing(f);
	if (index == PPM_SOCKOPT_IDX_ERRNO)
		return eyas_put_dyn(f, index, -v, sizeof(u64));
	return eyas_put_dyn(f, index, v, size);
}

static int put_value(struct eyas_fill *f, const void __user *val, size_t len)
{
	const u8 name = option(f);

	if (!val)
		return eyas_put_empty(f);
	switch (name) {
	case PPM_SOCKOPT_SO_RCVTIMEO:
	case PPM_SOCKOPT_SO_SNDTIMEO:
		if (len == 2 * sizeof(u32) || len == 2 * sizeof(u64))
			return put_timeval(f, val, len);
		break;
	case PPM_SOCKOPT_SO_COOKIE:
		if (len == sizeof(u64))
			return put_number(f, val, PPM_SOCKOPT_IDX_UINT64, len);
		break;
	case PPM_SOCKOPT_SO_ERROR:
		if (len == sizeof(u32))
			return put_number(f, val, PPM_SOCKOPT_IDX_ERRNO, len);
		break;
	default:
		if (is_plain(name) && len == sizeof(u32))
			return put_number(f, val, PPM_SOCKOPT_IDX_UINT32, len);
	}
	return put_bytes(f, val, len);
}

int eyas_custom_setsockopt_val(struct eyas_fill *f, u8 arg)
{
	return put_value(f, eyas_arg_ptr(f, 3), max(eyas_arg_int(f, 4), 0));
}

int eyas_custom_getsockopt_val(struct eyas_fill *f, u8 arg)
{
	u64 len;

	if (f->hit->ret < 0)
		return eyas_put_empty(f);
	if (!eyas_read_num(&len, eyas_arg_ptr(f, 4), sizeof(u32), false))
		return eyas_put_missing(f);
	return put_value(f, eyas_arg_ptr(f, 3), len);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * fill_src.c - the sources of the table that are not worth their place in the
 * interpreter's loop: numbers that lie in memory or that callers of another width
 * give in another way, flags, addresses.
 */
#include <linux/time64.h>

#include "fill_priv.h"

/* From here on the ids of 32-bit callers are 32 bits wide. */
#define I386_ID32_FIRST		198

/* The calls of 32-bit callers whose times are 64 bits wide. */
#define I386_TIME64_FIRST	403
#define I386_TIME64_LAST	423

bool eyas_read_num(u64 *v, const void __user *src, size_t size, bool is_signed)
{
	const unsigned int unused = 8 * (sizeof(*v) - size);
	u64 raw = 0;

	if (eyas_copy_user(&raw, src, size) != size)
		return false;
	raw = le64_to_cpu((__force __le64)raw);
	*v = is_signed ? (u64)((s64)(raw << unused) >> unused) : raw;
	return true;
}

/* eyas_put_num - an unsigned number of user memory; what is at address 0 is not there. */
int eyas_put_num(struct eyas_fill *f, const void __user *src, size_t size, u8 width)
{
	u64 v;

	if (!src)
		return eyas_put_empty(f);
	if (!eyas_read_num(&v, src, size, false))
		return eyas_put_missing(f);
	return eyas_put_int(f, v, width);
}

/* eyas_put_user_bytes - a buffer, as far as it can be read and the snap length allows. */
int eyas_put_user_bytes(struct eyas_fill *f, const void __user *src, size_t n)
{
	u8 *start = f->pos;
	size_t got;

	n = src ? min_t(size_t, n, f->snaplen) : 0;
	if (eyas_room(f) < n)
		return -ENOSPC;
	got = eyas_copy_user(start, src, n);
	if (got < n)
		f->rec_flags |= EYAS_REC_PARTIAL;
	f->pos += got;
	return eyas_end_param(f, start);
}

static int put_mem(struct eyas_fill *f, const struct eyas_param *p)
{
	const u8 __user *at = eyas_arg_ptr(f, p->arg);
	size_t size = p->val & EYAS_MEM_SIZE, offset = p->arg2;
	u32 map = p->val >> 16;
	u64 v;

	if (!at || (p->val & EYAS_MEM_OUT && IS_ERR_VALUE((unsigned long)f->hit->ret)))
		return eyas_put_empty(f);
	if (size == EYAS_MEM_LONG) {
		size = eyas_long_size(f);
		offset *= size;
	}
	if (!eyas_read_num(&v, at + offset, size, p->val & EYAS_MEM_SIGNED))
		return eyas_put_missing(f);
	return eyas_put_int(f, map ? eyas_map_flags(map - 1, v) : v, p->width);
}

static bool has_time32(const struct eyas_fill *f)
{
	const u16 nr = f->hit->native_nr;

	return eyas_is_compat(f) && (nr < I386_TIME64_FIRST || nr > I386_TIME64_LAST);
}

static int put_timespec(struct eyas_fill *f, const struct eyas_param *p)
{
	const size_t size = has_time32(f) ? sizeof(u32) : sizeof(u64);
	const u8 __user *at = eyas_arg_ptr(f, p->arg);
	u64 sec, nsec;

	if (!at)
		return eyas_put_empty(f);
	if (!eyas_read_num(&sec, at, size, true) || !eyas_read_num(&nsec, at + size, size, true))
		return eyas_put_missing(f);
	return eyas_put_int(f, sec * NSEC_PER_SEC + nsec, p->width);
}

static u64 id_arg(const struct eyas_fill *f, u8 arg)
{
	u32 id = f->hit->args[arg];

	if (!eyas_is_compat(f) || f->hit->native_nr >= I386_ID32_FIRST)
		return id;
	return (u16)id == (u16)-1 ? (u32)-1 : (u16)id;
}

static u64 pair_arg(const struct eyas_fill *f, u8 arg)
{
	const unsigned long *args = f->hit->args;

	return eyas_is_compat(f) ? (u32)args[arg] | (u64)args[arg + 1] << 32 : args[arg];
}

static int put_buf_most(struct eyas_fill *f, const struct eyas_param *p)
{
	size_t n = max(f->hit->ret, 0L);

	return eyas_put_user_bytes(f, eyas_arg_ptr(f, p->arg), min_t(size_t, n, f->hit->args[p->arg2]));
}

static int put_outstr(struct eyas_fill *f, u8 arg)
{
	if (f->hit->ret < 0)
		return eyas_put_empty(f);
	return eyas_put_user_str(f, eyas_arg_ptr(f, arg), PATH_MAX);
}

/* Both ends as the socket has them, which tells nothing after a failed connect. */
static int put_tuple_arg(struct eyas_fill *f, u8 arg)
{
	long ret = f->hit->ret;

	if (ret < 0 && ret != -EINPROGRESS)
		return eyas_put_empty(f);
	return eyas_put_tuple(f, eyas_arg_int(f, arg), false);
}

static int put_tuple_ret(struct eyas_fill *f)
{
	if (f->hit->ret < 0)
		return eyas_put_empty(f);
	return eyas_put_tuple(f, (int)f->hit->ret, true);
}

/* Numbers that are there without a look at memory. */
static int put_number(struct eyas_fill *f, const struct eyas_param *p)
{
	u64 v;

	switch (p->src) {
	case EYAS_SRC_GOT:
		v = max(f->hit->ret, 0L);
		break;
	case EYAS_SRC_UINT:
		v = (u32)f->hit->args[p->arg];
		break;
	case EYAS_SRC_ID:
		v = id_arg(f, p->arg);
		break;
	default:
		v = pair_arg(f, p->arg);
	}
	return eyas_put_int(f, v, p->width);
}

/* eyas_put_source - whatever put_params() has no case for; the table knows no other. */
int eyas_put_source(struct eyas_fill *f, const struct eyas_param *p)
{
	const struct eyas_hit *h = f->hit;

	switch (p->src) {
	case EYAS_SRC_NONE:
		return 0;
	case EYAS_SRC_FLAGS:
		return eyas_put_int(f, eyas_map_flags(p->val, h->args[p->arg]), p->width);
	case EYAS_SRC_MEM:
		return put_mem(f, p);
	case EYAS_SRC_TIMESPEC:
		return put_timespec(f, p);
	case EYAS_SRC_BUF_MOST:
		return put_buf_most(f, p);
	case EYAS_SRC_IOV:
		return eyas_put_iov(f, eyas_arg_ptr(f, p->arg), h->args[p->arg2], max(h->ret, 0L));
	case EYAS_SRC_IOVLEN:
		return eyas_put_iovlen(f, eyas_arg_ptr(f, p->arg), h->args[p->arg2], p->width);
	case EYAS_SRC_OUTSTR:
		return put_outstr(f, p->arg);
	case EYAS_SRC_SOCKADDR:
		return eyas_put_sockaddr(f, eyas_arg_ptr(f, p->arg), eyas_arg_int(f, p->arg2));
	case EYAS_SRC_TUPLE_ARG:
		return put_tuple_arg(f, p->arg);
	case EYAS_SRC_TUPLE_RET:
		return put_tuple_ret(f);
	}
	return put_number(f, p);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * fill.c - the interpreter of the table: integers, strings, buffers. What the
 * table cannot say is in fill_*.c.
 */
#include <linux/mm.h>
#include <asm/word-at-a-time.h>

#include "fill_priv.h"

/* The first bite of a string: most are shorter, and few cross a page. */
#define FIRST_BITE	64u

/*
 * eyas_copy_user - copy what is there without faulting anything in; returns how
 * many bytes were. access_ok() stands inside because some forms of it may only
 * be called where a fault cannot sleep, and because the check of the
 * destination looks up no vmap area while page faults are off.
 */
size_t eyas_copy_user(void *dst, const void __user *src, size_t n)
{
	size_t left = n;

	pagefault_disable();
	if (likely(eyas_access_ok(src, n)))
		left = __copy_from_user_inatomic(dst, src, n);
	pagefault_enable();
	return n - left;
}

/* eyas_find_nul - index of the first NUL, n without one. */
size_t eyas_find_nul(const u8 *s, size_t n)
{
	const struct word_at_a_time wat = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word, bits;
	size_t i;

	for (i = 0; i + sizeof(word) <= n; i += sizeof(word)) {
		memcpy(&word, s + i, sizeof(word));
		if (has_zero(word, &bits, &wat)) {
			bits = prep_zero_mask(word, bits, &wat);
			return i + find_zero(create_zero_mask(bits));
		}
	}
	for (; i < n; i++)
		if (!s[i])
			return i;
	return n;
}

/*
 * eyas_read_str - copy a string of at most max bytes, NUL included, and return
 * how many bytes were got; *whole: the last of them is the NUL. Goes from page
 * edge to page edge: a page that is not there costs nothing of the one before.
 */
size_t eyas_read_str(u8 *dst, const char __user *src, size_t max, bool *whole)
{
	size_t bite = FIRST_BITE, done = 0, got, nul;

	*whole = false;
	while (done < max) {
		bite = min3(bite, max - done, PAGE_SIZE - offset_in_page(src + done));
		got = eyas_copy_user(dst + done, src + done, bite);
		nul = eyas_find_nul(dst + done, got);
		if (nul < got) {
			*whole = true;
			return done + nul + 1;
		}
		done += got;
		if (got < bite)
			break;
		bite = PAGE_SIZE;
	}
	return done;
}

/* eyas_map_flags - translate flags or an enumeration through a map of the table. */
u32 eyas_map_flags(u32 map, u32 v)
{
	const struct eyas_flag *m;
	u32 out = 0;

	for (m = eyas_flag_maps[map]; m->mask; m++)
		if ((v & m->mask) == m->value)
			out |= m->out;
	return out;
}

int eyas_put_bytes(struct eyas_fill *f, const void *src, size_t n)
{
	u8 *start = f->pos;

	if (eyas_room(f) < n)
		return -ENOSPC;
	memcpy(start, src, n);
	f->pos += n;
	return eyas_end_param(f, start);
}

/*
 * eyas_put_user_str - a string of at most max bytes, NUL included. What faults
 * or is too long goes in as far as it was got, with a NUL behind it.
 */
int eyas_put_user_str(struct eyas_fill *f, const char __user *src, size_t max)
{
	size_t room = min(eyas_room(f), max), got;
	u8 *start = f->pos;
	bool whole;

	if (!src)
		return eyas_put_empty(f);
	got = eyas_read_str(start, src, room, &whole);
	if (!whole) {
		if (got == room && room < max)
			return -ENOSPC;
		if (!got)
			return eyas_put_missing(f);
		f->rec_flags |= EYAS_REC_PARTIAL;
		if (got == max)
			got--;
		start[got++] = 0;
	}
	f->pos += got;
	return eyas_end_param(f, start);
}

static int put_buf(struct eyas_fill *f, const void __user *src, u64 n)
{
	u8 *start = f->pos;
	size_t got;

	if (!src)
		return eyas_put_empty(f);
	n = min3(n, (u64)f->snaplen, (u64)EYAS_MAX_SNAPLEN);
	if (eyas_room(f) < n)
		return -ENOSPC;
	got = eyas_copy_user(start, src, n);
	if (got < n)
		f->rec_flags |= EYAS_REC_PARTIAL;
	f->pos += got;
	return eyas_end_param(f, start);
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

static int put_param(struct eyas_fill *f, const struct eyas_param *p)
{
	const struct eyas_hit *h = f->hit;

	switch (p->src) {
	case EYAS_SRC_EMPTY:
		return eyas_put_empty(f);
	case EYAS_SRC_RET:
		return eyas_put_int(f, h->ret, p->width);
	case EYAS_SRC_ARG:
		return eyas_put_int(f, h->args[p->arg], p->width);
	case EYAS_SRC_INT:
		return eyas_put_int(f, (s64)eyas_arg_int(f, p->arg), p->width);
	case EYAS_SRC_CONST:
		return eyas_put_int(f, (s64)(s32)p->val, p->width);
	case EYAS_SRC_FLAGS:
		return eyas_put_int(f, eyas_map_flags(p->val, h->args[p->arg]), p->width);
	case EYAS_SRC_STR:
		return eyas_put_user_str(f, eyas_arg_ptr(f, p->arg), PATH_MAX);
	case EYAS_SRC_BUF_RET:
		return put_buf(f, eyas_arg_ptr(f, p->arg), max(h->ret, 0L));
	case EYAS_SRC_BUF_ARG:
		return put_buf(f, eyas_arg_ptr(f, p->arg), h->args[p->arg2]);
	case EYAS_SRC_SOCKADDR:
		return eyas_put_sockaddr(f, eyas_arg_ptr(f, p->arg), eyas_arg_int(f, p->arg2));
	case EYAS_SRC_TUPLE_ARG:
		return put_tuple_arg(f, p->arg);
	case EYAS_SRC_TUPLE_RET:
		return put_tuple_ret(f);
	case EYAS_SRC_CUSTOM:
		return eyas_customs[p->val](f, p->arg);
	}
	return eyas_put_missing(f);
}

int eyas_fill_params(struct eyas_fill *f)
{
	const struct eyas_row *row = f->hit->row;
	const struct eyas_param *p = row->params, *end = p + row->nparams;
	int err = 0;

	f->file = NULL;
	f->ahead = NULL;
	f->ext_len = 0;
	for (; p < end && !err; p++)
		err = put_param(f, p);
	if (!err && (row->flags & EYAS_ROW_PATH))
		err = eyas_put_file_ext(f);
	if (f->file)
		fput(f->file);
	return err;
}

/* The numbers of a generic event. */
int eyas_custom_sc(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, f->hit->sc, sizeof(u16));
}

int eyas_custom_native_nr(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, f->hit->native_nr, sizeof(u16));
}

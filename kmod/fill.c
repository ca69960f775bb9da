// SPDX-License-Identifier: GPL-2.0
/*
 * fill.c - the interpreter of the table: integers, strings, buffers. What the
 * table cannot say is in fill_*.c.
 */
#include <linux/mm.h>
#include <asm/word-at-a-time.h>

#include "fill_priv.h"

/*
 * Copies what is there without faulting anything in; returns how many bytes
 * were. access_ok() stands inside because some forms of it may only
 * be called where a fault cannot sleep. The destination is not checked again:
 * its bounds are ours, and looking them up takes longer than most copies.
 */
static __always_inline size_t copy_user(void *dst, const void __user *src, size_t n)
{
	size_t left = n;

	pagefault_disable();
	if (likely(eyas_access_ok(src, n)))
		left = eyas_raw_copy(dst, src, n);
	pagefault_enable();
	return n - left;
}

size_t eyas_copy_user(void *dst, const void __user *src, size_t n)
{
	return copy_user(dst, src, n);
}

static inline size_t nul_in_word(unsigned long word, unsigned long bits)
{
	const struct word_at_a_time wat __maybe_unused = WORD_AT_A_TIME_CONSTANTS;

	return find_zero(create_zero_mask(prep_zero_mask(word, bits, &wat)));
}

/* eyas_find_nul - index of the first NUL, n without one. */
size_t eyas_find_nul(const u8 *s, size_t n)
{
	const struct word_at_a_time wat __maybe_unused = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word, bits;
	size_t i;

	for (i = 0; i + sizeof(word) <= n; i += sizeof(word)) {
		memcpy(&word, s + i, sizeof(word));
		if (has_zero(word, &bits, &wat))
			return i + nul_in_word(word, bits);
	}
	for (; i < n; i++)
		if (!s[i])
			return i;
	return n;
}

/*
 * Copies n bytes at most, all of one page, and stops behind a NUL. Returns how
 * many bytes were got, the NUL included. May write up to n bytes.
 */
#ifdef EYAS_GET_USER_WORDS
static __always_inline size_t read_piece(u8 *dst, const char __user *src, size_t n)
{
	const struct word_at_a_time wat __maybe_unused = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word, bits;
	size_t i = 0;

	pagefault_disable();
	if (unlikely(!user_access_begin(src, n)))
		goto out;
	for (; i + sizeof(word) <= n; i += sizeof(word)) {
		unsafe_get_user(word, (const unsigned long __user *)(src + i), end);
		memcpy(dst + i, &word, sizeof(word));
		if (has_zero(word, &bits, &wat)) {
			i += nul_in_word(word, bits) + 1;
			goto end;
		}
	}
	while (i < n) {
		unsafe_get_user(dst[i], (const u8 __user *)(src + i), end);
		if (!dst[i++])
			break;
	}
end:
	user_access_end();
out:
	pagefault_enable();
	return i;
}
#else
static __always_inline size_t read_piece(u8 *dst, const char __user *src, size_t n)
{
	size_t got = copy_user(dst, src, n), nul = eyas_find_nul(dst, got);

	return nul < got ? nul + 1 : got;
}
#endif

/* Short buffers are quicker a word at a time than with what is made for long ones. */
#ifdef EYAS_GET_USER_WORDS
#define SHORT_BYTES	32u
static __always_inline size_t copy_short(u8 *dst, const u8 __user *src, size_t n)
{
	unsigned long word;
	size_t i = 0;

	pagefault_disable();
	if (unlikely(!user_access_begin(src, n)))
		goto out;
	for (; i + sizeof(word) <= n; i += sizeof(word)) {
		unsafe_get_user(word, (const unsigned long __user *)(src + i), end);
		memcpy(dst + i, &word, sizeof(word));
	}
	for (; i < n; i++)
		unsafe_get_user(dst[i], src + i, end);
end:
	user_access_end();
out:
	pagefault_enable();
	return i;
}
#else
#define SHORT_BYTES	0u
#define copy_short	copy_user
#endif

/* The rest of a buffer; a word before the edge of a page is got here in part. */
static noinline size_t copy_rest(struct eyas_fill *f, u8 *dst, const u8 __user *src, size_t n, size_t got)
{
	got += copy_user(dst + got, src + got, n - got);
	if (got < n)
		f->rec_flags |= EYAS_REC_PARTIAL;
	return got;
}

static __always_inline size_t copy_buf(struct eyas_fill *f, u8 *dst, const u8 __user *src, size_t n)
{
	size_t got = 0;

	if (n <= SHORT_BYTES)
		got = copy_short(dst, src, n);
	if (unlikely(got < n))
		return copy_rest(f, dst, src, n, got);
	return n;
}

/*
 * eyas_read_str - copy a string of at most max bytes, NUL included, and return
 * how many bytes were got; see eyas_is_whole(). Goes from page edge to page edge:
 * a page that is not there costs nothing of the one before.
 */
size_t eyas_read_str(u8 *dst, const char __user *src, size_t max)
{
	size_t done = 0, n, got;

	while (done < max) {
		n = min(max - done, PAGE_SIZE - offset_in_page(src + done));
		got = read_piece(dst + done, src + done, n);
		done += got;
		if (got < n || !dst[done - 1])
			break;
	}
	return done;
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

/* A string that is not whole after got bytes: cut, faulted, or there is no room. */
static noinline int put_part_str(struct eyas_fill *f, const char __user *src, size_t max, size_t got)
{
	size_t room = min(eyas_room(f), max);
	u8 *start = f->pos;

	got += eyas_read_str(start + got, src + got, room - got);
	if (!eyas_is_whole(start, got)) {
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

/*
 * eyas_put_user_str - a string of at most max bytes, NUL included. What faults
 * or is too long goes in as far as it was got, with a NUL behind it.
 */
int eyas_put_user_str(struct eyas_fill *f, const char __user *src, size_t max)
{
	u8 *start = f->pos;
	size_t n, got;

	if (!src)
		return eyas_put_empty(f);
	n = min3(eyas_room(f), max, PAGE_SIZE - offset_in_page(src));
	got = read_piece(start, src, n);
	if (unlikely(!eyas_is_whole(start, got)))
		return put_part_str(f, src, max, got);
	f->pos += got;
	return eyas_end_param(f, start);
}

/* What is neither number nor buffer. */
static __always_inline int put_param(struct eyas_fill *f, const struct eyas_param *p)
{
	if (p->src == EYAS_SRC_CUSTOM)
		return eyas_customs[p->val](f, p->arg);
	if (p->src == EYAS_SRC_STR)
		return eyas_put_user_str(f, eyas_arg_ptr(f, p->arg), PATH_MAX);
	return eyas_put_source(f, p);
}

/* The generic event, by far the most frequent: two lengths and two numbers. */
static inline int put_generic(struct eyas_fill *f)
{
	const struct eyas_hit *h = f->hit;
	__le64 v = cpu_to_le64(2 | 2 << 16 | (u64)h->sc << 32 | (u64)h->native_nr << 48);

	if (unlikely(eyas_room(f) < sizeof(v)))
		return -ENOSPC;
	memcpy(f->lens, &v, sizeof(v));
	f->pos += 2 * sizeof(u16);
	return 0;
}

/* Bytes of the buffer that a parameter is; *src: where it lies. */
static __always_inline size_t buffer(const struct eyas_fill *f, const struct eyas_param *p,
				     const u8 __user **src)
{
	const struct eyas_hit *h = f->hit;
	size_t n = p->src == EYAS_SRC_BUF_RET ? max(h->ret, 0L) : h->args[p->arg2];

	*src = eyas_arg_ptr(f, p->arg);
	return *src ? min_t(size_t, n, f->snaplen) : 0;
}

/*
 * Numbers and buffers, what reads, writes and most other calls consist of, go in
 * here without a call; f is brought up to date for the rest.
 */
static __always_inline int put_params(struct eyas_fill *f)
{
	const struct eyas_param *p = f->hit->row->params, *end = p + f->hit->row->nparams;
	u8 *pos = f->pos, *lens = f->lens;
	u8 *last = f->end - sizeof(u64);	/* where a number still fits */
	const u8 __user *src;
	size_t len;
	int err;
	u64 v;

	do {	/* no row is empty */
		switch (p->src) {
		case EYAS_SRC_EMPTY:	/* width 0, so any value will do */
		case EYAS_SRC_RET:
			v = f->hit->ret;
			break;
		case EYAS_SRC_ARG:
			v = f->hit->args[p->arg];
			break;
		case EYAS_SRC_INT:
			v = (s64)eyas_arg_int(f, p->arg);
			break;
		case EYAS_SRC_CONST:
			v = (s64)(s32)p->val;
			break;
		case EYAS_SRC_BUF_RET:
		case EYAS_SRC_BUF_ARG:
			len = buffer(f, p, &src);
			if (unlikely(len > f->end - pos))
				return -ENOSPC;
			len = copy_buf(f, pos, src, len);
			eyas_store_len(lens, len);
			pos += len;
			lens += sizeof(__le16);
			continue;
		default:
			f->pos = pos;
			f->lens = lens;
			err = put_param(f, p);
			if (unlikely(err))
				return err;
			pos = f->pos;
			lens = f->lens;
			continue;
		}
		if (unlikely(pos > last))
			return -ENOSPC;
		len = p->width;
		eyas_store_int(pos, lens, v, len);
		pos += len;
		lens += sizeof(__le16);
	} while (++p < end);
	f->pos = pos;
	f->lens = lens;
	return 0;
}

static noinline int fill_row(struct eyas_fill *f)
{
	int err;

	f->file = NULL;
	err = put_params(f);
	if (f->hit->row->flags & EYAS_ROW_PATH)
		err = eyas_end_file(f, err);
	return err;
}

int eyas_fill_params(struct eyas_fill *f)
{
	if (f->hit->row == &eyas_rows[EYAS_ROW_GENERIC_X])
		return put_generic(f);
	return fill_row(f);
}

/* The numbers of a generic event, where put_generic() is not used: its arguments could not be read. */
int eyas_custom_sc(struct eyas_fill *f, u8 arg)
{
	f->rec_flags |= f->hit->rec_flags & EYAS_REC_PARTIAL;
	return eyas_put_int(f, f->hit->sc, sizeof(u16));
}

int eyas_custom_native_nr(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, f->hit->native_nr, sizeof(u16));
}

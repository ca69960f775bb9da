// SPDX-License-Identifier: GPL-2.0
/*
 * fill_iov.c - vectors and messages. Their layout is that of the caller's kind:
 * 32-bit and x32 callers have half as wide pointers and sizes.
 */
#include <linux/uio.h>

#include "fill_priv.h"

/* As many entries are read at once; they lie on the stack. */
#define BATCH	8u

/* struct iovec of 32-bit callers. */
struct vec32 {
	u32 base;
	u32 len;
};

bool eyas_is_narrow(const struct eyas_fill *f)
{
	return f->hit->rec_flags & (EYAS_REC_COMPAT | EYAS_REC_X32);
}

/* In place, so from the last one on. */
static void widen(struct iovec *vec, unsigned int n)
{
	const struct vec32 *narrow = (const struct vec32 *)vec;
	struct vec32 v;

	while (n--) {
		v = narrow[n];
		vec[n].iov_base = (void __user *)(unsigned long)v.base;
		vec[n].iov_len = v.len;
	}
}

/* Reads entries first.. of a vector; returns how many could be read. */
static unsigned int read_vec(const struct eyas_fill *f, struct iovec *vec, const void __user *src,
			     unsigned int first, unsigned int n)
{
	const bool narrow = eyas_is_narrow(f);
	const size_t size = narrow ? sizeof(struct vec32) : sizeof(*vec);

	n = eyas_copy_user(vec, src + first * size, n * size) / size;
	if (narrow)
		widen(vec, n);
	return n;
}

/* One entry's bytes at f->pos, at most n; false when not all of them could be read. */
static bool copy_entry(struct eyas_fill *f, const struct iovec *v, size_t *n)
{
	size_t want = min(*n, v->iov_len), got;

	got = eyas_copy_user(f->pos, v->iov_base, want);
	f->pos += got;
	*n -= got;
	return got == want;
}

/* Copies at most n bytes; false when something could not be read. */
static bool copy_vec(struct eyas_fill *f, const void __user *src, unsigned int count, size_t n)
{
	struct iovec vec[BATCH];
	unsigned int i, k, got;

	for (i = 0; i < count && n; i += BATCH) {
		got = read_vec(f, vec, src, i, min(count - i, BATCH));
		for (k = 0; k < got && n; k++)
			if (!copy_entry(f, &vec[k], &n))
				return false;
		if (n && got < min(count - i, BATCH))
			return false;
	}
	return true;
}

/*
 * eyas_put_iov - what the vector's entries point to, one behind the other, as many
 * bytes as were moved, up to the snap length. The kernel takes no more entries
 * than UIO_MAXIOV.
 */
int eyas_put_iov(struct eyas_fill *f, const void __user *vec, u64 count, size_t bytes)
{
	u8 *start = f->pos;

	bytes = min_t(size_t, bytes, f->snaplen);
	if (eyas_room(f) < bytes)
		return -ENOSPC;
	if (!copy_vec(f, vec, min_t(u64, count, UIO_MAXIOV), bytes))
		f->rec_flags |= EYAS_REC_PARTIAL;
	return eyas_end_param(f, start);
}

/* eyas_put_iovlen - the sum of the lengths of all entries. */
int eyas_put_iovlen(struct eyas_fill *f, const void __user *src, u64 count, u8 width)
{
	struct iovec vec[BATCH];
	unsigned int i, k, n, left;
	u64 sum = 0;

	left = min_t(u64, count, UIO_MAXIOV);
	for (i = 0; left; i += n, left -= n) {
		n = min(left, BATCH);
		if (read_vec(f, vec, src, i, n) < n)
			return eyas_put_missing(f);
		for (k = 0; k < n; k++)
			sum += vec[k].iov_len;
	}
	return eyas_put_int(f, sum, width);
}

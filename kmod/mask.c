// SPDX-License-Identifier: GPL-2.0
/*
 * mask.c - who wants what. The union of the masks of all enabled sessions is the
 * first thing a probe looks at; a probe is attached only while the union needs it.
 *
 * The union is never too small: it grows before a session's own mask changes and
 * shrinks only after a grace period, when nobody can be acting on the old mask.
 */
#include <linux/bitmap.h>
#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/rculist.h>
#include <linux/string.h>

#include "eyas.h"
#include "gen/codes.h"

/* Guards the union, the attached probes, eyas_enabled and session->enabled. */
static DEFINE_MUTEX(eyas_mask_lock);

unsigned long eyas_union[EYAS_LINE_LONGS] __read_mostly __aligned(SMP_CACHE_BYTES);
LIST_HEAD(eyas_enabled);

static bool any_exec(const unsigned long *lines)
{
	return test_bit(EYAS_LINE_EXECVE, lines) || test_bit(EYAS_LINE_EXECVEAT, lines) ||
	       test_bit(EYAS_LINE_COMPAT_EXECVE, lines) || test_bit(EYAS_LINE_COMPAT_EXECVEAT, lines);
}

static bool any_child(const unsigned long *lines)
{
	return test_bit(EYAS_COUNTER_NATIVE + __NR_clone, lines) || test_bit(EYAS_COUNTER_NATIVE + __NR_clone3, lines);
}

/* The bits of a mask as lines, our own included. */
static void mask_lines(unsigned long *lines, const struct eyas_mask *mask)
{
	BUILD_BUG_ON(sizeof(mask->native) + sizeof(mask->compat) + sizeof(mask->tracepoints) +
		     sizeof(mask->multiplexed) != EYAS_LINE_LONGS * sizeof(long));
	BUILD_BUG_ON(BITS_PER_LONG != 64);

	memcpy(lines, mask->native, sizeof(mask->native));
	memcpy(lines + BIT_WORD(EYAS_COUNTER_COMPAT), mask->compat, sizeof(mask->compat));
	memcpy(lines + BIT_WORD(EYAS_COUNTER_TP), &mask->tracepoints, sizeof(mask->tracepoints));
	memcpy(lines + BIT_WORD(EYAS_COUNTER_MUX), &mask->multiplexed, sizeof(mask->multiplexed));
	if (any_exec(lines))
		__set_bit(EYAS_LINE_EXEC, lines);
	if (EYAS_CHILD_FROM_FORK && any_child(lines))
		__set_bit(EYAS_LINE_CHILD, lines);
}

/* Word by word: a probe looks at one bit, and one in both masks never goes away. */
static void lines_store(unsigned long *to, const unsigned long *from)
{
	unsigned int i;

	for (i = 0; i < EYAS_LINE_LONGS; i++)
		WRITE_ONCE(to[i], from[i]);
}

/* Caller holds eyas_mask_lock. */
static void union_grow(const unsigned long *lines)
{
	unsigned int i;

	for (i = 0; i < EYAS_LINE_LONGS; i++)
		WRITE_ONCE(eyas_union[i], eyas_union[i] | lines[i]);
}

/* To what the enabled sessions want now. Caller holds eyas_mask_lock. */
static void union_shrink(void)
{
	unsigned long lines[EYAS_LINE_LONGS] = {};
	struct eyas_session *s;

	list_for_each_entry(s, &eyas_enabled, enabled_list)
		bitmap_or(lines, lines, s->lines, EYAS_LINES);
	lines_store(eyas_union, lines);
	eyas_probe_detach(lines);
}

/* The bits of multiplexed calls that there are. */
static u64 mux_known(void)
{
	u64 bits = 0;
	unsigned int i;

	for (i = 0; i < EYAS_NR_SOCKETCALLS; i++)
		if (eyas_socketcalls[i].sc)
			bits |= 1ull << (EYAS_MUX_SOCKETCALL + i);
	for (i = 0; i < EYAS_NR_IPC_CALLS; i++)
		if (eyas_ipc_calls[i].sc)
			bits |= 1ull << (EYAS_MUX_IPC + i);
	return bits;
}

static int mask_check(const struct eyas_mask *mask)
{
	unsigned int tp;

	if (mask->reserved0 || mask->tracepoints >> EYAS_NR_TRACEPOINTS || mask->multiplexed & ~mux_known())
		return -EINVAL;
	for (tp = 0; tp < EYAS_NR_TRACEPOINTS; tp++)
		if (mask->tracepoints & (1ull << tp) && !eyas_probe_exists(EYAS_LINE_TP(tp)))
			return -EOPNOTSUPP;
	return 0;
}

static void mask_remember(struct eyas_session *s, const struct eyas_mask *mask)
{
	mutex_lock(&eyas_sessions_lock);
	s->mask = *mask;
	s->mask.size = sizeof(s->mask);
	mutex_unlock(&eyas_sessions_lock);
}

int eyas_mask_set(struct eyas_session *s, const struct eyas_mask *mask)
{
	unsigned long lines[EYAS_LINE_LONGS];
	int err;

	err = mask_check(mask);
	if (err)
		return err;
	mask_lines(lines, mask);

	mutex_lock(&eyas_mask_lock);
	if (s->enabled) {
		err = eyas_probe_attach(lines);
		if (err)
			goto out_shrink;
		union_grow(lines);
	}
	lines_store(s->lines, lines);
	mask_remember(s, mask);
	if (!s->enabled)
		goto out_unlock;
	/* From here on nobody judges a call by the old mask. */
	eyas_synchronize();

out_shrink:
	union_shrink();
out_unlock:
	mutex_unlock(&eyas_mask_lock);
	return err;
}

void eyas_mask_get(struct eyas_session *s, struct eyas_mask *mask)
{
	mutex_lock(&eyas_sessions_lock);
	*mask = s->mask;
	mutex_unlock(&eyas_sessions_lock);
}

int eyas_mask_enable(struct eyas_session *s)
{
	int err = 0;

	mutex_lock(&eyas_mask_lock);
	if (s->enabled)
		goto out_unlock;
	err = eyas_probe_attach(s->lines);
	if (err) {
		union_shrink();
		goto out_unlock;
	}
	union_grow(s->lines);
	list_add_tail_rcu(&s->enabled_list, &eyas_enabled);
	WRITE_ONCE(s->enabled, true);
	eyas_synchronize();

out_unlock:
	mutex_unlock(&eyas_mask_lock);
	return err;
}

/* On return no probe touches the session or its rings. */
void eyas_mask_disable(struct eyas_session *s)
{
	mutex_lock(&eyas_mask_lock);
	if (s->enabled) {
		list_del_rcu(&s->enabled_list);
		WRITE_ONCE(s->enabled, false);
		eyas_synchronize();
		union_shrink();
	}
	mutex_unlock(&eyas_mask_lock);
}

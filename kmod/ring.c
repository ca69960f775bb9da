// SPDX-License-Identifier: GPL-2.0
/* ring.c - what a ring needs besides its hot path: memory, and telling of losses. */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "eyas.h"
#include "ring.h"

#define NO_DROP	(~0ull)		/* no attempt has this number */

/* ------------------------------------------------------------------ memory */

static void area_free(struct eyas_area *a)
{
	unsigned int i;

	if (a->addr)
		vunmap(a->addr);
	for (i = 0; a->pages && i < a->num; i++)
		if (a->pages[i])
			__free_page(a->pages[i]);
	vfree(a->pages);
	memset(a, 0, sizeof(*a));
}

static int area_alloc(struct eyas_area *a, u64 bytes, unsigned int copies, int node)
{
	unsigned int i;

	a->num = PAGE_ALIGN(bytes) >> PAGE_SHIFT;
	a->copies = copies;
	a->pages = vzalloc_node((size_t)a->num * copies * sizeof(*a->pages), node);
	if (!a->pages)
		return -ENOMEM;
	for (i = 0; i < a->num; i++) {
		/* Rather fail than make others pay for a ring that is too large. */
		a->pages[i] = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN, 0);
		if (!a->pages[i])
			goto err_free;
	}
	for (; i < a->num * copies; i++)
		a->pages[i] = a->pages[i - a->num];
	a->addr = vmap(a->pages, a->num * copies, VM_MAP, PAGE_KERNEL);
	if (!a->addr)
		goto err_free;
	return 0;

err_free:
	area_free(a);
	return -ENOMEM;
}

struct eyas_ring *eyas_ring_alloc(int cpu, u64 bytes, u64 watermark)
{
	int node = cpu_to_node(cpu);
	struct eyas_ring *r;

	r = kzalloc_node(sizeof(*r), GFP_KERNEL, node);
	if (!r)
		return NULL;
	if (area_alloc(&r->reader_area, sizeof(struct eyas_reader), 1, node))
		goto err_free;
	if (area_alloc(&r->producer_area, sizeof(struct eyas_producer), 1, node))
		goto err_free;
	if (area_alloc(&r->data_area, bytes, 2, node))
		goto err_free;

	r->data = r->data_area.addr;
	r->reader = r->reader_area.addr;
	r->producer = r->producer_area.addr;
	r->mask = bytes - 1;
	r->begin[0] = bytes - bytes / 8 - EYAS_LEAST_ROOM;
	r->begin[EYAS_ROW_RESERVE] = bytes - EYAS_LEAST_ROOM;
	r->watermark = watermark;
	r->drop_seq = NO_DROP;
	local_set(&r->seq, 0);
	return r;

err_free:
	eyas_ring_free(r);
	return NULL;
}

void eyas_ring_free(struct eyas_ring *r)
{
	if (!r)
		return;
	area_free(&r->data_area);
	area_free(&r->producer_area);
	area_free(&r->reader_area);
	kfree(r);
}

/* Bytes the reader has not consumed; more than the size if its page makes no sense. */
u64 eyas_ring_used(struct eyas_ring *r)
{
	/* Pairs with smp_store_release() in eyas_ring_write(). */
	return smp_load_acquire(&r->producer->head) - READ_ONCE(r->reader->tail);
}

/* ------------------------------------------------------------------ losses */

/* Why the attempt that has just taken its number came to nothing. */
static void ring_lost(struct eyas_ring *r, u64 *reason, u64 *counter, u64 ts)
{
	if (!r->lost.first_ts)
		r->lost.first_ts = ts;
	r->lost.last_ts = ts;
	(*reason)++;
	(*counter)++;
}

/* No record can be begun: the ring is fuller than it may be, or than it can be. */
void eyas_ring_refuse(struct eyas_ring *r, const struct eyas_hit *hit)
{
	struct eyas_counter *c = &r->producer->counters[hit->counter];

	if (r->head - r->tail > r->mask + 1)
		ring_lost(r, &r->lost.bad_reader, &c->drop_bad_reader, hit->ts);
	else
		ring_lost(r, &r->lost.full, &c->drop_full, hit->ts);
}

/*
 * The record that was begun does not fit its room. It is taken back, and with it
 * the DROP record before it, if there is one.
 */
void eyas_ring_overrun(struct eyas_ring *r, const struct eyas_hit *hit)
{
	struct eyas_counter *c = &r->producer->counters[hit->counter];
	u64 room = eyas_ring_room(r->begin[hit->row->flags & EYAS_ROW_RESERVE], r->head - r->tail);

	r->told_seq--;
	if (r->drop_seq == r->told_seq) {
		r->head -= EYAS_DROP_BYTES;
		r->told_seq = r->drop_told_seq;
		r->lost = r->telling;
		r->lost.nested = 0;
		r->drop_seq = NO_DROP;
	}
	if (room == EYAS_MAX_RECORD)
		ring_lost(r, &r->lost.too_large, &c->drop_too_large, hit->ts);
	else
		ring_lost(r, &r->lost.full, &c->drop_full, hit->ts);
}

/* What a few records have behind the event, and in their counter line. Returns their end. */
u8 *eyas_ring_trailer(struct eyas_ring *r, const struct eyas_fill *f)
{
	u8 *end = f->pos;

	if (f->rec_flags & EYAS_REC_PARTIAL)
		r->producer->counters[f->hit->counter].partial++;
	if (f->rec_flags & EYAS_REC_EXT) {
		end += f->ext_len;
		memset(end, 0, EYAS_EXT_HEADER);
		end += EYAS_EXT_HEADER;
	}
	return end;
}

/*
 * An attempt in the middle of another one of this CPU. It takes its number, and
 * that is all it does to the ring; may itself be interrupted by the next.
 */
void eyas_ring_nested(struct eyas_ring *r, unsigned int line)
{
	BUILD_BUG_ON(sizeof(local_t) != sizeof(u64));
	local_inc(&r->seq);
	local_inc((local_t *)&r->producer->counters[line].drop_nested);
}

static void ring_write_drop(struct eyas_record *rec, const struct eyas_ext_drop *drop, u32 seq)
{
	static const u16 ext[2] = { EYAS_EXT_DROP, sizeof(*drop) };
	struct eyas_event_header *h = (struct eyas_event_header *)(rec + 1);
	u8 *pos = (u8 *)(h + 1);

	memset(rec, 0, EYAS_DROP_BYTES);
	rec->seq = seq;
	rec->flags = EYAS_REC_DROP | EYAS_REC_EXT;
	h->ts = drop->last_ts;
	h->len = sizeof(*h);
	memcpy(pos, ext, sizeof(ext));
	memcpy(pos + sizeof(ext), drop, sizeof(*drop));
}

/*
 * Begins attempt seq with a DROP record that accounts for all numbers since
 * told_seq, unless it would leave no room for the event: the reader sees both
 * together. Returns how full the ring is with it, above begin for no room.
 */
u64 eyas_ring_drop(struct eyas_ring *r, u64 seq, u64 used, u64 begin, u64 prev_ts, u64 ts)
{
	struct eyas_ext_drop *drop = &r->telling;

	if (used > begin)
		return used;
	if (used + EYAS_DROP_BYTES > begin)
		return begin + 1;

	/* What no attempt of ours explains came in the middle of one and took no time. */
	*drop = r->lost;
	drop->nested = seq - r->told_seq - drop->full - drop->too_large - drop->bad_reader;
	if (drop->nested) {
		if (!drop->first_ts)
			drop->first_ts = prev_ts;
		drop->last_ts = ts;
	}
	ring_write_drop(eyas_ring_at(r, r->head), drop, seq);

	r->drop_seq = seq;
	r->drop_told_seq = r->told_seq;
	memset(&r->lost, 0, sizeof(r->lost));
	r->head += EYAS_DROP_BYTES;
	return used + EYAS_DROP_BYTES;
}

/*
 * eyas_ring_tell - a DROP record of its own for losses that no attempt has followed
 * yet. It carries the number of the next one and may take the room that others
 * leave. Context: that of eyas_ring_write(), or the ring's CPU is gone.
 */
void eyas_ring_tell(struct eyas_session *s, struct eyas_ring *r)
{
	struct eyas_producer *p = r->producer;
	const u64 size = r->mask + 1, prev_ts = r->last_ts;
	u64 seq;

	if (!eyas_ring_untold(r))
		return;
	/* As in eyas_ring_write(). */
	WRITE_ONCE(p->busy, 1);
	barrier();
	r->last_ts = max(eyas_clock() + s->clock_offset, prev_ts);
	WRITE_ONCE(p->last_ts, r->last_ts);
	seq = local_read(&r->seq);
	r->tail = READ_ONCE(r->reader->tail);
	if (eyas_ring_drop(r, seq, r->head - r->tail, size, prev_ts, r->last_ts) <= size) {
		r->told_seq = seq;
		r->drop_seq = NO_DROP;	/* the attempt of that number must not take it back */
		smp_store_release(&p->head, r->head);
	}
	smp_store_release(&p->busy, 0);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ring.c - one CPU's ring of one session.
 *
 *   data:  |...free...|consumed|====unread====|...free...| and the same again
 *                     ^         tail           ^ head
 *
 * Positions count bytes since SETUP and only grow; position & (size - 1) is the
 * place in the ring. The data is mapped twice in a row here as for the reader, so
 * a record is filled in place and never wraps. Of all that user space can write,
 * only tail and sleeping are read, once per record, and tail is checked.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "eyas.h"

#define EXT_HEADER	4	/* {u16 type, u16 length} */
#define RECORD_ALIGN	8

/* A record without event: prefix, bare event header, the extension, the end. */
#define DROP_BYTES	ALIGN(sizeof(struct eyas_record) + sizeof(struct eyas_event_header) + \
			      EXT_HEADER + sizeof(struct eyas_ext_drop) + EXT_HEADER, RECORD_ALIGN)

/* What follows an event and its extensions at most: end header and padding. */
#define TRAILER_BYTES	(EXT_HEADER + RECORD_ALIGN)

/* One attempt to write a record. */
struct attempt {
	u8 *base;		/* where the ring goes on */
	u32 room;		/* for the record, without DROP record */
	u32 drop;		/* bytes of the DROP record before it, or 0 */
	u32 len;		/* of the finished record */
	u32 seq;
	unsigned long nested;	/* r->nested as of this attempt */
	u64 prev_ts;
	u64 used;
};

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
	r->size = bytes;
	r->spare = bytes / 8;
	r->watermark = watermark;
	local_set(&r->nested, 0);
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
	/* Pairs with smp_store_release() in ring_commit(). */
	return smp_load_acquire(&r->producer->head) - READ_ONCE(r->reader->tail);
}

/* ------------------------------------------------------------------ losses */

static noinline void ring_lost(struct eyas_ring *r, u64 *reason, u64 *counter, u64 ts)
{
	if (!r->lossy)
		r->lost.first_ts = ts;
	r->lost.last_ts = ts;
	r->lossy = true;
	(*reason)++;
	WRITE_ONCE(*counter, *counter + 1);
}

/*
 * An attempt in the middle of another one of this CPU. May itself be interrupted
 * by the next, hence the local_t.
 */
void eyas_ring_nested(struct eyas_ring *r, unsigned int line)
{
	BUILD_BUG_ON(sizeof(local_t) != sizeof(u64));
	local_inc(&r->nested);
	local_inc((local_t *)&r->producer->counters[line].drop_nested);
}

static noinline void ring_write_drop(struct eyas_ring *r, const struct attempt *a, u64 ts)
{
	static const u16 ext[2] = { EYAS_EXT_DROP, sizeof(struct eyas_ext_drop) };
	struct eyas_record *rec = (struct eyas_record *)a->base;
	struct eyas_event_header *h = (struct eyas_event_header *)(rec + 1);
	u8 *pos = (u8 *)(h + 1);

	/* Nested losses have no time of their own: between the last attempt and this one. */
	if (a->nested != r->nested_told) {
		if (!r->lossy)
			r->lost.first_ts = a->prev_ts;
		r->lost.last_ts = ts;
		r->lost.nested = a->nested - r->nested_told;
	}

	memset(a->base, 0, a->drop);
	rec->seq = a->seq;
	rec->flags = EYAS_REC_DROP | EYAS_REC_EXT;
	h->ts = r->lost.last_ts;
	h->len = sizeof(*h);
	memcpy(pos, ext, sizeof(ext));
	memcpy(pos + sizeof(ext), &r->lost, sizeof(r->lost));

	memset(&r->lost, 0, sizeof(r->lost));
	r->lossy = false;
	r->nested_told = a->nested;
}

/* ---------------------------------------------------------------- hot path */

/* Finds room at the head for any record of this row. */
static __always_inline bool ring_reserve(struct eyas_ring *r, const struct eyas_hit *hit,
					 struct eyas_counter *c, struct attempt *a)
{
	const struct eyas_row *row = hit->row;
	u64 limit = r->size;
	u64 need;

	a->used = r->head - READ_ONCE(r->reader->tail);
	if (unlikely(a->used > r->size)) {
		ring_lost(r, &r->lost.bad_reader, &c->drop_bad_reader, hit->ts);
		return false;
	}
	if (!(row->flags & EYAS_ROW_RESERVE))
		limit -= r->spare;
	a->drop = 0;
	if (unlikely(r->lossy || a->nested != r->nested_told))
		a->drop = DROP_BYTES;
	need = a->used + a->drop + sizeof(struct eyas_record) + sizeof(struct eyas_event_header) +
	       row->nparams * sizeof(u16) + TRAILER_BYTES;
	if (unlikely(need > limit)) {
		ring_lost(r, &r->lost.full, &c->drop_full, hit->ts);
		return false;
	}
	a->room = min_t(u64, limit - a->used - a->drop, EYAS_MAX_RECORD);
	a->base = r->data + (r->head & (r->size - 1));
	return true;
}

/* Writes the record, but does not let the reader see it. */
static __always_inline bool ring_fill(struct eyas_session *s, struct eyas_ring *r, const struct eyas_hit *hit,
				      struct eyas_counter *c, struct attempt *a)
{
	struct eyas_record *rec = (struct eyas_record *)(a->base + a->drop);
	struct eyas_event_header *h = (struct eyas_event_header *)(rec + 1);
	const struct eyas_row *row = hit->row;
	struct eyas_fill f;
	u8 *end;

	f.hit = hit;
	f.lens = (u8 *)(h + 1);
	f.pos = f.lens + row->nparams * sizeof(u16);
	f.end = (u8 *)rec + a->room - TRAILER_BYTES;
	f.snaplen = s->snaplen;
	f.rec_flags = 0;
	f.ext_len = 0;
	if (unlikely(eyas_fill_params(&f))) {
		if (a->room == EYAS_MAX_RECORD)
			ring_lost(r, &r->lost.too_large, &c->drop_too_large, hit->ts);
		else
			ring_lost(r, &r->lost.full, &c->drop_full, hit->ts);
		return false;
	}

	rec->seq = a->seq;
	rec->flags = hit->rec_flags | f.rec_flags;
	rec->native_nr = hit->native_nr;
	h->ts = hit->ts;
	h->tid = hit->tid;
	h->len = f.pos - (u8 *)h;
	h->type = row->type;
	h->nparams = row->nparams;

	end = f.pos + f.ext_len;
	if (unlikely(f.rec_flags & EYAS_REC_EXT)) {
		memset(end, 0, EXT_HEADER);
		end += EXT_HEADER;
	}
	if (unlikely(f.rec_flags & EYAS_REC_PARTIAL))
		WRITE_ONCE(c->partial, c->partial + 1);
	memset(end, 0, RECORD_ALIGN);	/* at least the padding; the rest is free room */
	a->len = ALIGN(end - (u8 *)rec, RECORD_ALIGN);
	return true;
}

static __always_inline void ring_commit(struct eyas_ring *r, const struct eyas_hit *hit,
					struct eyas_counter *c, const struct attempt *a)
{
	if (unlikely(a->drop))
		ring_write_drop(r, a, hit->ts);
	r->head += a->drop + a->len;
	WRITE_ONCE(c->recorded, c->recorded + 1);
	/* Pairs with the reader's acquire load of head and with eyas_ring_used(). */
	smp_store_release(&r->producer->head, r->head);
}

static __always_inline void ring_wake(struct eyas_session *s, struct eyas_ring *r, const struct attempt *a)
{
	/*
	 * Head first, then who waits. Pairs with smp_mb() in eyas_dev_poll(), which
	 * comes after `sleeping` was stored: one of us sees what the other stored.
	 */
	smp_mb();
	if (likely(!READ_ONCE(s->waiting)))
		return;
	if (READ_ONCE(r->reader->sleeping) || a->used + a->len >= r->watermark)
		eyas_session_wake(s);
}

/*
 * Records a hit or counts why not. Context: preemption off, the outermost hit of
 * this CPU; r is this CPU's ring.
 */
void eyas_ring_write(struct eyas_session *s, struct eyas_ring *r, struct eyas_hit *hit)
{
	struct eyas_producer *p = r->producer;
	struct eyas_counter *c = &p->counters[hit->counter];
	struct attempt a;
	bool written;

	/*
	 * The reader takes the time, then looks at busy. The store may linger in the
	 * CPU while the clock is read; the reader's slack covers that many times over.
	 */
	WRITE_ONCE(p->busy, 1);
	barrier();
	a.prev_ts = r->last_ts;
	hit->ts = max(eyas_clock() + s->clock_offset, a.prev_ts);
	r->last_ts = hit->ts;
	a.nested = local_read(&r->nested);
	a.seq = r->attempts++ + a.nested;
	WRITE_ONCE(p->last_ts, hit->ts);
	WRITE_ONCE(p->seq, a.seq + 1);

	written = ring_reserve(r, hit, c, &a) && ring_fill(s, r, hit, c, &a);
	if (likely(written))
		ring_commit(r, hit, c, &a);
	/* Pairs with the reader's acquire load of busy: then it sees the head, too. */
	smp_store_release(&p->busy, 0);
	if (likely(written))
		ring_wake(s, r, &a);
}

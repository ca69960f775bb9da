/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring.h - one CPU's ring of one session, and its hot path, which is part of the
 * probes' code: a call would cost a tenth of a small record.
 *
 *   data:  |...free...|consumed|====unread====|...free...| and the same again
 *                               ^ tail         ^ head
 *
 * Positions count bytes since SETUP and only grow; position & (size - 1) is the
 * place in the ring. The data is mapped twice in a row here as for the reader, so
 * a record is filled in place and never wraps. Of all that user space can write,
 * only tail and sleeping are read, once per record, and tail is checked.
 */
#ifndef EYAS_RING_H
#define EYAS_RING_H

#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/local.h>

#include "eyas.h"

/* Both ends of a ring. Written by its CPU only, with preemption off. */
struct eyas_ring {
	u8 *data;		/* twice in a row: a record never wraps */
	struct eyas_reader *reader;
	struct eyas_producer *producer;
	u64 mask;		/* size - 1 */
	u64 begin[2];		/* fullest at which a record is begun; index: row has EYAS_ROW_RESERVE */
	u64 head;		/* the truth; producer->head is a copy for the reader */
	u64 tail;		/* as last seen, not trusted */
	u64 last_ts;		/* of the newest attempt */
	local_t seq;		/* number of the next attempt; nested ones come by interrupt */
	u64 told_seq;		/* the reader knows, or is about to, of all numbers before it */
	u64 watermark;

	struct eyas_ext_drop lost;	/* numbers from told_seq on; `nested` is found out last */
	struct eyas_ext_drop telling;	/* what the DROP record of attempt drop_seq says */
	u64 drop_seq;		/* which may yet be taken back */
	u64 drop_told_seq;	/* told_seq before it */

	struct eyas_ring *next;	/* while being freed */
	struct eyas_area data_area;
	struct eyas_area reader_area;
	struct eyas_area producer_area;
};

struct eyas_ring *eyas_ring_alloc(int cpu, u64 bytes, u64 watermark);
void eyas_ring_free(struct eyas_ring *r);
u64 eyas_ring_used(struct eyas_ring *r);
void eyas_ring_nested(struct eyas_ring *r, unsigned int line);
void eyas_ring_tell(struct eyas_session *s, struct eyas_ring *r);
u64 eyas_ring_drop(struct eyas_ring *r, u64 seq, u64 used, u64 begin, u64 prev_ts, u64 ts);
void eyas_ring_refuse(struct eyas_ring *r, const struct eyas_hit *hit);
u8 *eyas_ring_trailer(struct eyas_ring *r, const struct eyas_fill *f);
void eyas_ring_overrun(struct eyas_ring *r, const struct eyas_hit *hit);

#define EYAS_EXT_HEADER		4	/* {u16 type, u16 length} */
#define EYAS_RECORD_ALIGN	8

/* A record without event: prefix, bare event header, the extension, the end. */
#define EYAS_DROP_BYTES		ALIGN(sizeof(struct eyas_record) + sizeof(struct eyas_event_header) + \
				      EYAS_EXT_HEADER + sizeof(struct eyas_ext_drop) + EYAS_EXT_HEADER, \
				      EYAS_RECORD_ALIGN)

/* What follows an event and its extensions at most: end header and padding. */
#define EYAS_TRAILER_BYTES	(EYAS_EXT_HEADER + EYAS_RECORD_ALIGN)

/* Room without which no record is begun: headers and lengths of any row. */
#define EYAS_LEAST_ROOM		(sizeof(struct eyas_record) + sizeof(struct eyas_event_header) + \
				 255 * sizeof(u16) + EYAS_TRAILER_BYTES)

static __always_inline void *eyas_ring_at(const struct eyas_ring *r, u64 position)
{
	return r->data + (position & r->mask);
}

/* Losses that no DROP record accounts for; elsewhere than on the ring's CPU a hint. */
static inline bool eyas_ring_untold(struct eyas_ring *r)
{
	return local_read(&r->seq) != READ_ONCE(r->told_seq);
}

/*
 * Fills a record in place, not visible to the reader yet. Sets *end behind it;
 * false when room bytes are too few.
 */
static __always_inline bool eyas_ring_fill(struct eyas_ring *r, struct eyas_record *rec, u64 room, u32 snaplen,
					   const struct eyas_hit *hit, u64 ts, u8 **end)
{
	struct eyas_event_header *h = (struct eyas_event_header *)(rec + 1);
	const struct eyas_row *row = hit->row;
	u32 nparams = row->nparams;
	struct eyas_fill f EYAS_UNINITIALIZED;

	rec->native_nr = hit->native_nr;
	h->ts = ts;
	h->tid = hit->tid;
	h->type = row->type;
	h->nparams = nparams;

	f.hit = hit;
	f.lens = (u8 *)(h + 1);
	f.pos = f.lens + nparams * sizeof(u16);
	f.end = (u8 *)rec + room - EYAS_TRAILER_BYTES;
	f.snaplen = snaplen;
	f.rec_flags = 0;
	f.ext_len = 0;
	if (unlikely(eyas_fill_params(&f)))
		return false;

	rec->flags = hit->rec_flags | f.rec_flags;
	*end = f.pos;
	h->len = *end - (u8 *)rec - sizeof(*rec);
	if (unlikely(f.rec_flags))
		*end = eyas_ring_trailer(r, &f);
	memset(*end, 0, EYAS_RECORD_ALIGN);	/* at least the padding; the rest is free room */
	return true;
}

/* How much a record may take when the ring holds `used` bytes. */
static __always_inline u64 eyas_ring_room(u64 begin, u64 used)
{
	return min_t(u64, begin + EYAS_LEAST_ROOM - used, EYAS_MAX_RECORD);
}

/* Wakes who waits for the record that has just been committed. */
static __always_inline void eyas_ring_wake(struct eyas_session *s, struct eyas_ring *r)
{
	/*
	 * Head first, then who waits. Pairs with smp_mb() in dev_poll(), which comes
	 * after `sleeping` was stored: one of us sees what the other stored.
	 */
	smp_mb();
	if (likely(!READ_ONCE(s->waiting)))
		return;
	if (READ_ONCE(r->reader->sleeping) || r->head - r->tail >= r->watermark)
		eyas_session_wake(s);
}

/*
 * Records a hit or counts why not. Context: preemption off, the outermost hit of
 * this CPU; r is this CPU's ring of the session.
 */
static __always_inline void eyas_ring_write(struct eyas_session *s, struct eyas_ring *r,
					    struct eyas_hit *hit, unsigned int counter)
{
	struct eyas_producer *p = r->producer;
	u64 seq, next, head, used, begin, ts, prev_ts;
	struct eyas_record *rec;
	u8 *end;

	/*
	 * The reader takes the time, then looks at busy. The store may linger in the
	 * CPU while the clock is read; the reader's slack covers that many times over.
	 */
	WRITE_ONCE(p->busy, 1);
	barrier();
	ts = eyas_clock() + s->clock_offset;
	prev_ts = r->last_ts;
	ts = max(ts, prev_ts);
	r->last_ts = ts;
	hit->ts = ts;
	WRITE_ONCE(p->last_ts, ts);
	next = local_inc_return(&r->seq);
	OPTIMIZER_HIDE_VAR(next);
	seq = next - 1;
	WRITE_ONCE(p->seq, next);

	r->tail = READ_ONCE(r->reader->tail);
	head = r->head;
	used = head - r->tail;
	begin = r->begin[hit->row->flags & EYAS_ROW_RESERVE];
	if (unlikely(seq != r->told_seq)) {
		used = eyas_ring_drop(r, seq, used, begin, prev_ts, ts);
		head = r->head;
	}
	if (unlikely(used > begin)) {
		eyas_ring_refuse(r, hit);
		goto out_idle;
	}
	r->told_seq = next;
	rec = eyas_ring_at(r, head);
	rec->seq = seq;
	if (unlikely(!eyas_ring_fill(r, rec, eyas_ring_room(begin, used), READ_ONCE(s->snaplen), hit, ts, &end))) {
		eyas_ring_overrun(r, hit);
		goto out_idle;
	}

	p->counters[counter].recorded++;
	r->head += ALIGN(end - (u8 *)rec, EYAS_RECORD_ALIGN);
	/* Pairs with the reader's acquire load of head and with eyas_ring_used(). */
	smp_store_release(&p->head, r->head);
	/* Pairs with the reader's acquire load of busy: then it sees the head, too. */
	smp_store_release(&p->busy, 0);
	eyas_ring_wake(s, r);
	return;

out_idle:
	/* Pairs with the reader's acquire load of busy. */
	smp_store_release(&p->busy, 0);
}

#endif /* EYAS_RING_H */

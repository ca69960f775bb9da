// SPDX-License-Identifier: GPL-2.0
/*
 * session.c - one opener of the device: its settings, its rings, its life. CPUs
 * that come up later get a ring here, too; one that goes down keeps its ring, so
 * that the reader can empty it and nothing mapped is ever taken away.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "compat/hotplug.h"
#include "eyas.h"
#include "ring.h"

#define KNOWN_FLAGS	(EYAS_SETUP_DROP_FAILED | EYAS_SETUP_INCLUDE_SELF)

/* Guards the list, every session's rings and settings, and the two numbers. */
DEFINE_MUTEX(eyas_sessions_lock);
static LIST_HEAD(sessions);	/* those with rings; who only asks takes no place */
static unsigned int num_sessions;
static u64 bytes_charged;
static u32 last_id;

/* ------------------------------------------------------------------- rings */

/* Tells every reader that rings came or went. Caller holds eyas_sessions_lock. */
static void session_generation(struct eyas_session *s)
{
	struct eyas_ring *r;
	int cpu;

	WRITE_ONCE(s->generation, s->generation + 1);
	for_each_possible_cpu(cpu) {
		r = *per_cpu_ptr(s->rings, cpu);
		if (r)
			WRITE_ONCE(r->producer->generation, s->generation);
	}
	wake_up_interruptible(&s->wait);
}

/* Caller holds eyas_sessions_lock. */
static int session_add_ring(struct eyas_session *s, int cpu)
{
	struct eyas_ring *r;

	if (s->ring_bytes > eyas_max_ring_bytes - bytes_charged)
		return -ENOSPC;
	r = eyas_ring_alloc(cpu, s->ring_bytes, s->watermark);
	if (!r)
		return -ENOMEM;
	r->producer->online = 1;
	bytes_charged += s->ring_bytes;
	s->num_rings++;
	/* Pairs with the dependent load in deliver_to() and session users: r is whole. */
	smp_store_release(per_cpu_ptr(s->rings, cpu), r);
	return 0;
}

/* Takes all rings out of the session, and the session out of the list. Caller holds eyas_sessions_lock. */
static struct eyas_ring *session_take_rings(struct eyas_session *s)
{
	struct eyas_ring *r, *all = NULL;
	int cpu;

	for_each_possible_cpu(cpu) {
		r = *per_cpu_ptr(s->rings, cpu);
		if (!r)
			continue;
		WRITE_ONCE(*per_cpu_ptr(s->rings, cpu), NULL);
		r->next = all;
		all = r;
		bytes_charged -= s->ring_bytes;
	}
	s->num_rings = 0;
	s->failed_rings = 0;
	s->ring_bytes = 0;
	if (!list_empty(&s->list)) {
		list_del_init(&s->list);
		num_sessions--;
	}
	return all;
}

static void free_rings(struct eyas_ring *all)
{
	struct eyas_ring *r;

	while ((r = all)) {
		all = r->next;
		eyas_ring_free(r);
	}
}

/* Before the session is mapped or enabled for the first time: only poll() may look. */
static void session_drop_rings(struct eyas_session *s)
{
	struct eyas_ring *all = session_take_rings(s);

	if (all)
		eyas_synchronize();
	free_rings(all);
}

/* Caller holds eyas_sessions_lock and the hotplug lock for reading. */
static int session_alloc_rings(struct eyas_session *s)
{
	int cpu, err;

	for_each_online_cpu(cpu) {
		err = session_add_ring(s, cpu);
		if (err)
			return err;
	}
	return 0;
}

static int setup_check(const struct eyas_setup *setup)
{
	if (setup->flags & ~KNOWN_FLAGS)
		return -EINVAL;
	if (setup->ring_bytes < EYAS_MIN_RING || !is_power_of_2(setup->ring_bytes))
		return -EINVAL;
	if (setup->snaplen > EYAS_MAX_SNAPLEN || setup->watermark > setup->ring_bytes)
		return -EINVAL;
	return 0;
}

int eyas_session_setup(struct eyas_session *s, const struct eyas_setup *setup)
{
	int err;

	err = setup_check(setup);
	if (err)
		return err;

	eyas_cpus_read_lock();
	mutex_lock(&eyas_sessions_lock);
	err = -EBUSY;
	if (s->frozen)
		goto out_unlock;
	session_drop_rings(s);
	err = -EUSERS;
	if (num_sessions >= eyas_max_sessions)
		goto out_unlock;
	err = -ENOSPC;
	if (setup->ring_bytes > eyas_max_ring_bytes)
		goto out_unlock;
	list_add_tail(&s->list, &sessions);
	num_sessions++;
	s->ring_bytes = setup->ring_bytes;
	s->watermark = setup->watermark ? : setup->ring_bytes / 2;
	WRITE_ONCE(s->snaplen, setup->snaplen);
	s->flags = setup->flags;
	s->filter_tgid = s->flags & EYAS_SETUP_INCLUDE_SELF ? -1 : s->head.tgid;
	err = session_alloc_rings(s);
	if (err)
		session_drop_rings(s);

out_unlock:
	mutex_unlock(&eyas_sessions_lock);
	eyas_cpus_read_unlock();
	return err;
}

int eyas_session_snaplen(struct eyas_session *s, u32 snaplen)
{
	int err = -EINVAL;

	mutex_lock(&eyas_sessions_lock);
	if (s->ring_bytes && snaplen <= EYAS_MAX_SNAPLEN) {
		/* Probes read it once per record. */
		WRITE_ONCE(s->snaplen, snaplen);
		err = 0;
	}
	mutex_unlock(&eyas_sessions_lock);
	return err;
}

/* Has the losses written down that no record has followed yet. */
void eyas_session_tell(struct eyas_session *s)
{
	struct eyas_ring *r;
	int cpu;

	eyas_cpus_read_lock();
	mutex_lock(&eyas_sessions_lock);
	for_each_possible_cpu(cpu) {
		r = *per_cpu_ptr(s->rings, cpu);
		if (!r || !eyas_ring_untold(r))
			continue;
		/* A CPU alone writes to its ring, and none does when it is gone. */
		if (cpu_online(cpu))
			smp_call_function_single(cpu, eyas_tell_losses, s, 1);
		else
			eyas_ring_tell(s, r);
	}
	mutex_unlock(&eyas_sessions_lock);
	eyas_cpus_read_unlock();
}

/* ----------------------------------------------------------------- hotplug */

static void cpu_prepare(unsigned int cpu)
{
	struct eyas_session *s;
	struct eyas_ring *r;

	mutex_lock(&eyas_sessions_lock);
	list_for_each_entry(s, &sessions, list) {
		r = *per_cpu_ptr(s->rings, cpu);
		if (r)
			WRITE_ONCE(r->producer->online, 1);
		else if (session_add_ring(s, cpu))
			s->failed_rings++;
		session_generation(s);
	}
	mutex_unlock(&eyas_sessions_lock);
}

static void cpu_dead(unsigned int cpu)
{
	struct eyas_session *s;
	struct eyas_ring *r;

	mutex_lock(&eyas_sessions_lock);
	list_for_each_entry(s, &sessions, list) {
		r = *per_cpu_ptr(s->rings, cpu);
		if (!r)
			continue;
		WRITE_ONCE(r->producer->online, 0);
		session_generation(s);
	}
	mutex_unlock(&eyas_sessions_lock);
}

/* -------------------------------------------------------------------- life */

static void session_wake_work(struct irq_work *work)
{
	struct eyas_session *s = container_of(work, struct eyas_session, wake);

	wake_up_interruptible(&s->wait);
}

/* From probes: they may hold locks that a wake-up takes, so not right here. */
void eyas_session_wake(struct eyas_session *s)
{
	if (xchg(&s->waiting, 0))
		irq_work_queue(&s->wake);
}

static void session_init(struct eyas_session *s)
{
	mutex_init(&s->lock);
	init_waitqueue_head(&s->wait);
	init_irq_work(&s->wake, session_wake_work);
	INIT_LIST_HEAD(&s->list);
	INIT_LIST_HEAD(&s->enabled_list);
	s->mask.size = sizeof(s->mask);
	s->filter_tgid = current->tgid;
	s->opener = get_pid(task_tgid(current));
	s->head.tgid = current->tgid;
	s->head.started = eyas_clock_exact();
	get_task_comm(s->head.comm, current);
}

struct eyas_session *eyas_session_open(void)
{
	struct eyas_session *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	s->rings = alloc_percpu(struct eyas_ring *);
	if (!s->rings) {
		kfree(s);
		return ERR_PTR(-ENOMEM);
	}
	session_init(s);

	mutex_lock(&eyas_sessions_lock);
	s->head.id = ++last_id;
	mutex_unlock(&eyas_sessions_lock);
	return s;
}

void eyas_session_close(struct eyas_session *s)
{
	struct eyas_ring *rings;

	eyas_mask_disable(s);
	irq_work_sync(&s->wake);

	mutex_lock(&eyas_sessions_lock);
	rings = session_take_rings(s);
	mutex_unlock(&eyas_sessions_lock);

	free_rings(rings);
	put_pid(s->opener);
	free_percpu(s->rings);
	kfree(s);
}

int eyas_session_enable(struct eyas_session *s)
{
	int err = 0;

	mutex_lock(&eyas_sessions_lock);
	if (!s->ring_bytes)
		err = -EINVAL;
	else
		s->frozen = true;
	mutex_unlock(&eyas_sessions_lock);
	if (err)
		return err;

	/* Fixed once: a wall clock that is set later must not turn time back. */
	if (!s->clock_offset)
		s->clock_offset = eyas_wall_clock() - eyas_clock_exact();
	return eyas_mask_enable(s);
}

/* -------------------------------------------------------------- statistics */

/* Fills as many heads as there is room for and returns how many sessions there are. */
unsigned int eyas_session_heads(struct eyas_session_head *heads, unsigned int room)
{
	struct eyas_session *s;
	unsigned int num = 0;

	mutex_lock(&eyas_sessions_lock);
	list_for_each_entry(s, &sessions, list) {
		if (num < room) {
			heads[num] = s->head;
			heads[num].enabled = READ_ONCE(s->enabled);
		}
		num++;
	}
	mutex_unlock(&eyas_sessions_lock);
	return num;
}

/* A counter is eight u64 and nothing else. */
static void counters_add(struct eyas_counter *to, const struct eyas_counter *from)
{
	const u64 *f = (const u64 *)from;
	u64 *t = (u64 *)to;
	unsigned int i;

	for (i = 0; i < EYAS_NR_COUNTERS * sizeof(*from) / sizeof(*f); i++)
		t[i] += READ_ONCE(f[i]);
}

/* stat->id in; counters: zeroed EYAS_NR_COUNTERS, or NULL. */
int eyas_session_stat(struct eyas_session_stat *stat, struct eyas_counter *counters)
{
	struct eyas_session *s;
	struct eyas_ring *r;
	int err = -ENOENT;
	int cpu;

	mutex_lock(&eyas_sessions_lock);
	list_for_each_entry(s, &sessions, list) {
		if (s->head.id != stat->id)
			continue;
		err = 0;
		stat->snaplen = s->snaplen;
		stat->ring_bytes = s->ring_bytes;
		stat->flags = s->flags;
		stat->num_rings = s->num_rings;
		stat->failed_rings = s->failed_rings;
		stat->head = s->head;
		stat->head.enabled = READ_ONCE(s->enabled);
		stat->mask = s->mask;
		for_each_possible_cpu(cpu) {
			r = *per_cpu_ptr(s->rings, cpu);
			if (r && counters)
				counters_add(counters, r->producer->counters);
		}
		break;
	}
	mutex_unlock(&eyas_sessions_lock);
	return err;
}

int eyas_session_init(void)
{
	return eyas_hotplug_init(cpu_prepare, cpu_dead);
}

void eyas_session_exit(void)
{
	eyas_hotplug_exit();
}

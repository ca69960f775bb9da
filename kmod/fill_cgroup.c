// SPDX-License-Identifier: GPL-2.0
/*
 * fill_cgroup.c - the control groups of a task, "subsystem=path" each, with a NUL
 * behind: those subsystems that rules tell containers by, and the group in the
 * unified hierarchy, which may be a deeper one.
 */
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "compat/cgroup.h"
#include "fill_priv.h"

struct group_list {
	char *buf;
	size_t len;
	size_t room;
};

static bool append(struct group_list *l, const char *name, struct cgroup *group)
{
	size_t n = strlen(name);
	int len;

	if (l->room - l->len < n + 2)
		return false;
	memcpy(l->buf + l->len, name, n);
	l->buf[l->len + n++] = '=';
	len = eyas_cgroup_path(group, l->buf + l->len + n, l->room - l->len - n);
	if (len < 0)
		return false;
	l->len += n + len + 1;
	return true;
}

/*
 * eyas_cgroups - writes the list to buf and returns its length; *cut: it did not fit, and
 * what is there are whole entries. Takes the lock of the tree, up to v6.14 one that sleeps on RT.
 */
size_t eyas_cgroups(struct task_struct *task, char *buf, size_t room, bool *cut)
{
	struct group_list l = { .buf = buf, .room = room };
	const struct eyas_subsys *s;
	bool fits = true;

	rcu_read_lock();
	for (s = eyas_subsystems; s->name && fits; s++)
		fits = append(&l, s->name, eyas_task_cgroup(task, s->id));
	if (fits && EYAS_UNIFIED_CGROUP)
		fits = append(&l, "unified", eyas_unified_cgroup(task));
	rcu_read_unlock();
	*cut = !fits;
	return l.len;
}

int eyas_custom_cgroups(struct eyas_fill *f, u8 arg)
{
	const struct eyas_scratch *s = f->hit->scratch;
	size_t room = min_t(size_t, eyas_room(f), EYAS_ARGS_MAX);
	u8 *start = f->pos;
	bool cut;

	if (s)
		return s->cgroups_len ? eyas_put_bytes(f, s->cgroups, s->cgroups_len) : eyas_put_missing(f);
	if (!f->hit->locks_ok)
		return eyas_put_missing(f);
	f->pos += eyas_cgroups(f->hit->task, f->pos, room, &cut);
	if (cut && room < EYAS_ARGS_MAX)
		return -ENOSPC;
	if (cut)
		f->rec_flags |= EYAS_REC_PARTIAL;
	return eyas_end_param(f, start);
}

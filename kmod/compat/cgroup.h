/* SPDX-License-Identifier: GPL-2.0 */
/* cgroup.h - which subsystems there are, and where a task stands in their trees. */
#ifndef EYAS_CGROUP_H
#define EYAS_CGROUP_H

#include <linux/cgroup.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "compat.h"

struct eyas_subsys {
	const char *name;
	int id;
};

/* Ended by an entry without name; empty on a kernel without control groups. */
extern const struct eyas_subsys eyas_subsystems[];

/* Caller holds rcu_read_lock() and uses the group no longer than that. */
struct cgroup *eyas_task_cgroup(struct task_struct *task, int id);
struct cgroup *eyas_unified_cgroup(struct task_struct *task);

/* Bytes of the group's path at buf, without the NUL behind; negative when it does not fit. */
int eyas_cgroup_path(struct cgroup *group, char *buf, size_t size);

/* Whether there is a hierarchy of all subsystems: since v4.2. */
#if defined(CONFIG_CGROUPS) && defined(HAVE_TASK_DFL_CGROUP)
#define EYAS_UNIFIED_CGROUP	1
#else
#define EYAS_UNIFIED_CGROUP	0
#endif

#endif /* EYAS_CGROUP_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * cgroup.c - the identifiers of the subsystems were renamed in v3.15, that of the
 * block devices once more in v4.3, and a path was an error code until v3.14, its
 * address until v4.8, and its length since.
 */
#include "cgroup.h"

#ifdef HAVE_CGROUP_KN
#define ID(now, before)	now ## _cgrp_id
#else
#define ID(now, before)	before ## _subsys_id
#endif

const struct eyas_subsys eyas_subsystems[] = {
#ifdef CONFIG_CGROUPS
#if IS_ENABLED(CONFIG_CPUSETS)
	{ "cpuset", ID(cpuset, cpuset) },
#endif
#if IS_ENABLED(CONFIG_CGROUP_SCHED)
	{ "cpu", ID(cpu, cpu_cgroup) },
#endif
#if IS_ENABLED(CONFIG_CGROUP_CPUACCT)
	{ "cpuacct", ID(cpuacct, cpuacct) },
#endif
#if !IS_ENABLED(CONFIG_BLK_CGROUP)
#elif defined(HAVE_IO_CGRP_ID)
	{ "io", io_cgrp_id },
#else
	{ "blkio", ID(blkio, blkio) },
#endif
#if IS_ENABLED(CONFIG_MEMCG)
	{ "memory", ID(memory, mem_cgroup) },
#endif
#endif /* CONFIG_CGROUPS */
	{ }
};

#ifndef CONFIG_CGROUPS

struct cgroup *eyas_task_cgroup(struct task_struct *task, int id)
{
	return NULL;
}

int eyas_cgroup_path(struct cgroup *group, char *buf, size_t size)
{
	return -ENOENT;
}

#elif defined(HAVE_CGROUP_KN)

struct cgroup *eyas_task_cgroup(struct task_struct *task, int id)
{
	return task_css(task, id)->cgroup;
}

int eyas_cgroup_path(struct cgroup *group, char *buf, size_t size)
{
#ifdef HAVE_CGROUP_PATH_TEXT
	const char *text = cgroup_path(group, buf, size);
	size_t len;

	if (!text)
		return -ENAMETOOLONG;
	len = strlen(text);
	memmove(buf, text, len + 1);
	return len;
#else
	int len = cgroup_path(group, buf, size);

	return len < (int)size ? len : -ENAMETOOLONG;
#endif
}

#else /* until v3.14, and RHEL 7 */

struct cgroup *eyas_task_cgroup(struct task_struct *task, int id)
{
	return task_subsys_state(task, id)->cgroup;
}

int eyas_cgroup_path(struct cgroup *group, char *buf, size_t size)
{
	return cgroup_path(group, buf, size) ? -ENAMETOOLONG : (int)strlen(buf);
}

#endif

struct cgroup *eyas_unified_cgroup(struct task_struct *task)
{
#if EYAS_UNIFIED_CGROUP
	return task_dfl_cgroup(task);
#else
	return NULL;
#endif
}

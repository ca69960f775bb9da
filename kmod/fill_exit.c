// SPDX-License-Identifier: GPL-2.0
/*
 * fill_exit.c - how a thread ended and who inherits its children.
 */
#include <linux/pid_namespace.h>
#include <linux/sched.h>

#include "fill_priv.h"

/* The parts of an exit code, as wait() takes it apart. */
#define CODE_SIG	0x7f
#define CODE_CORE	0x80

static int exit_sig(const struct eyas_fill *f)
{
	return f->hit->task->exit_code & CODE_SIG;
}

int eyas_custom_exit_status(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, (s64)f->hit->task->exit_code, sizeof(s64));
}

int eyas_custom_exit_ret(struct eyas_fill *f, u8 arg)
{
	int code = f->hit->task->exit_code;

	return eyas_put_int(f, exit_sig(f) ? 0 : code >> 8 & 0xff, sizeof(s64));
}

int eyas_custom_exit_sig(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, exit_sig(f), sizeof(u8));
}

int eyas_custom_exit_core(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, !!(f->hit->task->exit_code & CODE_CORE), sizeof(u8));
}

/* A thread of the process that stays. */
static struct task_struct *alive_thread(struct task_struct *process)
{
	struct task_struct *t;

	for_each_thread(process, t)
		if (!(READ_ONCE(t->flags) & PF_EXITING))
			return t;
	return NULL;
}

/* The nearest ancestor of the same pid namespace that has asked for orphans. */
static struct task_struct *subreaper(struct task_struct *task, const struct pid_namespace *ns)
{
	struct task_struct *t = rcu_dereference(task->real_parent), *heir;

	while (t != &init_task && task_active_pid_ns(t) == ns) {
		heir = t->signal->is_child_subreaper ? alive_thread(t) : NULL;
		if (heir)
			return heir;
		t = rcu_dereference(t->real_parent);
	}
	return NULL;
}

/*
 * The kernel decides this a moment later, under a lock that modules cannot take;
 * the same steps under RCU give the same answer unless the heir dies meanwhile.
 * Caller holds rcu_read_lock().
 */
static pid_t reaper_tid(struct task_struct *task)
{
	struct pid_namespace *ns = task_active_pid_ns(task);
	struct task_struct *heir;

	if (list_empty(&task->children))
		return 0;
	heir = alive_thread(task);
	if (!heir && ns && task->signal->has_child_subreaper)
		heir = subreaper(task, ns);
	if (!heir && ns)
		heir = READ_ONCE(ns->child_reaper);
	/* The init of a namespace takes the whole namespace with it. */
	return heir && heir != task ? heir->pid : 0;
}

int eyas_custom_reaper_tid(struct eyas_fill *f, u8 arg)
{
	pid_t tid;

	rcu_read_lock();
	tid = reaper_tid(f->hit->task);
	rcu_read_unlock();
	return eyas_put_int(f, (s64)tid, sizeof(s64));
}

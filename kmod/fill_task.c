// SPDX-License-Identifier: GPL-2.0
/*
 * fill_task.c - what a thread is: ids, names, credentials, working directory,
 * terminal. hit->task is current, or a child that has not run yet.
 */
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include <linux/kdev_t.h>
#include <linux/nsproxy.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/user_namespace.h>

#include "fill_priv.h"

/* V of custom:clone_flags: which call made the child. */
enum clone_call { CALL_CLONE, CALL_CLONE3, CALL_FORK, CALL_VFORK };

int eyas_custom_tid(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, (s64)f->hit->task->pid, sizeof(s64));
}

int eyas_custom_pid(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, (s64)f->hit->task->tgid, sizeof(s64));
}

int eyas_custom_ptid(struct eyas_fill *f, u8 arg)
{
	s64 tgid;

	rcu_read_lock();
	tgid = rcu_dereference(f->hit->task->real_parent)->tgid;
	rcu_read_unlock();
	return eyas_put_int(f, tgid, sizeof(tgid));
}

/* Read without the lock of prctl(PR_SET_NAME): may be torn, never unterminated. */
int eyas_custom_comm(struct eyas_fill *f, u8 arg)
{
	u8 *start = f->pos;

	if (eyas_room(f) < TASK_COMM_LEN)
		return -ENOSPC;
	memcpy(start, f->hit->task->comm, TASK_COMM_LEN);
	start[TASK_COMM_LEN - 1] = 0;
	f->pos += eyas_find_nul(start, TASK_COMM_LEN) + 1;
	return eyas_end_param(f, start);
}

int eyas_custom_euid(struct eyas_fill *f, u8 arg)
{
	uid_t uid;

	rcu_read_lock();
	uid = from_kuid(&init_user_ns, __task_cred(f->hit->task)->euid);
	rcu_read_unlock();
	return eyas_put_int(f, uid, sizeof(u32));
}

int eyas_custom_egid(struct eyas_fill *f, u8 arg)
{
	gid_t gid;

	rcu_read_lock();
	gid = from_kgid(&init_user_ns, __task_cred(f->hit->task)->egid);
	rcu_read_unlock();
	return eyas_put_int(f, gid, sizeof(u32));
}

/* Numbers as the task's own pid namespace has them; 0 once a task is detached from its numbers. */
int eyas_custom_vtid(struct eyas_fill *f, u8 arg)
{
	struct task_struct *task = f->hit->task;

	return eyas_put_int(f, (s64)task_pid_nr_ns(task, task_active_pid_ns(task)), sizeof(s64));
}

int eyas_custom_vpid(struct eyas_fill *f, u8 arg)
{
	struct task_struct *task = f->hit->task;

	return eyas_put_int(f, (s64)task_tgid_nr_ns(task, task_active_pid_ns(task)), sizeof(s64));
}

int eyas_custom_vpgid(struct eyas_fill *f, u8 arg)
{
	struct task_struct *task = f->hit->task;

	return eyas_put_int(f, (s64)task_pgrp_nr_ns(task, task_active_pid_ns(task)), sizeof(s64));
}

int eyas_custom_pgid(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, (s64)task_pgrp_nr_ns(f->hit->task, &init_pid_ns), sizeof(s64));
}

int eyas_custom_pidns_start(struct eyas_fill *f, u8 arg)
{
	const struct pid_namespace *ns;
	const struct task_struct *init;
	u64 start = 0;

	rcu_read_lock();
	ns = task_active_pid_ns(f->hit->task);
	init = ns ? READ_ONCE(ns->child_reaper) : NULL;
	if (init)
		start = eyas_start_time(init);
	rcu_read_unlock();
	return eyas_put_int(f, start, sizeof(start));
}

int eyas_custom_loginuid(struct eyas_fill *f, u8 arg)
{
	kuid_t uid = audit_get_loginuid(f->hit->task);

	return eyas_put_int(f, from_kuid(&init_user_ns, uid), sizeof(u32));
}

/* V of custom:cap. */
enum cap_set { CAP_SET_INHERITABLE, CAP_SET_PERMITTED, CAP_SET_EFFECTIVE };

int eyas_custom_cap(struct eyas_fill *f, u8 arg)
{
	const struct cred *cred;
	u64 set = 0;

	rcu_read_lock();
	cred = __task_cred(f->hit->task);
	switch ((enum cap_set)arg) {
	case CAP_SET_INHERITABLE:
		set = eyas_cap_bits(&cred->cap_inheritable);
		break;
	case CAP_SET_PERMITTED:
		set = eyas_cap_bits(&cred->cap_permitted);
		break;
	case CAP_SET_EFFECTIVE:
		set = eyas_cap_bits(&cred->cap_effective);
		break;
	}
	rcu_read_unlock();
	return eyas_put_int(f, set, sizeof(set));
}

/*
 * eyas_task_pwd - the working directory, without a reference: a last path_put()
 * may sleep. Caller holds rcu_read_lock() for as long as it uses *pwd, which
 * keeps mount and dentry in memory. Two equal reads in a row tell with near
 * certainty that they belong together, without the spinlock, which sleeps on RT;
 * at worst, when a thread that shares it changes it right now, the text is wrong.
 */
bool eyas_task_pwd(const struct task_struct *task, struct path *pwd)
{
	const struct fs_struct *fs = READ_ONCE(task->fs);
	struct path again;
	int tries;

	if (!fs)
		return false;
	for (tries = 0; tries < 3; tries++) {
		pwd->mnt = READ_ONCE(fs->pwd.mnt);
		pwd->dentry = READ_ONCE(fs->pwd.dentry);
		smp_rmb();	/* the second read sees what came after the first */
		again.mnt = READ_ONCE(fs->pwd.mnt);
		again.dentry = READ_ONCE(fs->pwd.dentry);
		if (again.mnt == pwd->mnt && again.dentry == pwd->dentry)
			return pwd->dentry;
	}
	return false;
}

int eyas_custom_cwd(struct eyas_fill *f, u8 arg)
{
	const struct eyas_scratch *s = f->hit->scratch;
	struct path pwd;
	int err;

	if (s)
		return s->cwd_len ? eyas_put_bytes(f, s->cwd, s->cwd_len) : eyas_put_missing(f);
	rcu_read_lock();
	err = eyas_task_pwd(f->hit->task, &pwd) ? eyas_put_path(f, &pwd) : eyas_put_missing(f);
	rcu_read_unlock();
	return err;
}

/* eyas_current_tty - device number of current's terminal, 0 without one. Takes the siglock. */
void eyas_current_tty(u32 *devnum)
{
	struct tty_struct *tty;

	*devnum = 0;
	if (!READ_ONCE(current->signal->tty))
		return;
	tty = get_current_tty();
	if (!tty)
		return;
	*devnum = new_encode_dev(tty_devnum(tty));
	tty_kref_put(tty);
}

int eyas_custom_tty(struct eyas_fill *f, u8 arg)
{
	const struct eyas_scratch *s = f->hit->scratch;
	u32 devnum;

	if (s)
		return eyas_put_int(f, s->tty, sizeof(s->tty));
	if (!f->hit->locks_ok && READ_ONCE(current->signal->tty))
		return eyas_put_missing(f);
	eyas_current_tty(&devnum);
	return eyas_put_int(f, devnum, sizeof(devnum));
}

/*
 * shared_flags - what a new thread shares with the one it was made by, or with
 * another of its process. One whose process has lost its first thread shares all.
 */
static u64 shared_flags(const struct task_struct *task)
{
	const struct task_struct *other = READ_ONCE(task->group_leader);
	bool thread = other != task, gone;
	u64 flags = thread ? CLONE_THREAD | CLONE_SIGHAND : 0;

	rcu_read_lock();
	if (!thread)
		other = rcu_dereference(task->real_parent);
	gone = thread && !READ_ONCE(other->mm);
	if (gone || READ_ONCE(other->mm) == task->mm)
		flags |= CLONE_VM;
	if (gone || READ_ONCE(other->fs) == task->fs)
		flags |= CLONE_FS;
	if (gone || READ_ONCE(other->files) == task->files)
		flags |= CLONE_FILES;
	rcu_read_unlock();
	return flags;
}

static u64 clone_call_flags(struct eyas_fill *f, enum clone_call call)
{
	u64 flags = 0;

	switch (call) {
	case CALL_CLONE:
		return f->hit->args[0];
	case CALL_CLONE3:	/* the first word of struct clone_args */
		/* When the child comes out of the call its caller may be on, and have other things there. */
		if (!f->hit->ret && f->hit->task == current)
			return shared_flags(current);
		if (eyas_copy_user(&flags, eyas_arg_ptr(f, 0), sizeof(flags)) != sizeof(flags)) {
			f->rec_flags |= EYAS_REC_PARTIAL;
			return 0;
		}
		return flags;
	case CALL_FORK:
		return 0;
	case CALL_VFORK:
		return CLONE_VFORK | CLONE_VM;
	}
	return 0;
}

/* Whether the child's ids differ from those of the initial namespace. */
static bool child_in_pidns(const struct task_struct *task)
{
	const struct pid_namespace *ns = task_active_pid_ns((struct task_struct *)task);
	const struct nsproxy *proxy = READ_ONCE(task->nsproxy);

	return ns != &init_pid_ns || (proxy && proxy->pid_ns_for_children != ns);
}

int eyas_custom_clone_flags(struct eyas_fill *f, u8 arg)
{
	u32 flags = eyas_map_flags(EYAS_MAP_CLONE_FLAGS, clone_call_flags(f, arg));

	if (child_in_pidns(f->hit->task))
		flags |= PPM_CL_CHILD_IN_PIDNS;
	return eyas_put_int(f, flags, sizeof(flags));
}

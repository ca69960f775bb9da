// SPDX-License-Identifier: GPL-2.0
/*
 * dev.c - /dev/eyas as user space sees it: open, ioctl, mmap, poll, release.
 *
 * Structures are copied in before a session's lock is taken and out after it is
 * released: mmap() comes with mmap_lock held, and a copy may take that lock.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "eyas.h"
#include "ring.h"

static int dev_open(struct inode *inode, struct file *file)
{
	struct eyas_session *s;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	s = eyas_session_open();
	if (IS_ERR(s))
		return PTR_ERR(s);
	file->private_data = s;
	return nonseekable_open(inode, file);
}

static int dev_release(struct inode *inode, struct file *file)
{
	eyas_session_close(file->private_data);
	return 0;
}

/* ------------------------------------------------------------------- ioctl */

static int check_zeroes(const u8 __user *from, size_t n)
{
	u8 buf[64];
	size_t part;

	for (; n; n -= part, from += part) {
		part = min(n, sizeof(buf));
		if (copy_from_user(buf, from, part))
			return -EFAULT;
		if (memchr_inv(buf, 0, part))
			return -E2BIG;
	}
	return 0;
}

/*
 * Reads a structure that begins with its size in bytes. What a smaller one lacks
 * becomes zero, what a larger one adds must be zero. Returns its size.
 */
static long struct_in(void *to, size_t size, const void __user *from)
{
	u32 given;
	int err;

	if (get_user(given, (const u32 __user *)from))
		return -EFAULT;
	if (given < sizeof(given))
		return -EINVAL;
	if (given > PAGE_SIZE)
		return -E2BIG;
	if (given > size) {
		err = check_zeroes((const u8 __user *)from + size, given - size);
		if (err)
			return err;
	}
	memset(to, 0, size);
	if (copy_from_user(to, from, min_t(size_t, given, size)))
		return -EFAULT;
	return given;
}

/* Writes as much of a structure as the caller has room for. */
static long struct_out(void __user *to, void *from, size_t size, u32 given)
{
	u32 len = min_t(size_t, given, size);

	memcpy(from, &len, sizeof(len));
	return copy_to_user(to, from, len) ? -EFAULT : 0;
}

static u64 features(void)
{
	u64 f = 0;

	if (EYAS_COMPAT_CALLS)
		f |= EYAS_FEATURE_COMPAT;
	if (eyas_probe_exists(EYAS_LINE_TP(EYAS_TP_PAGE_FAULT_USER)) &&
	    eyas_probe_exists(EYAS_LINE_TP(EYAS_TP_PAGE_FAULT_KERNEL)))
		f |= EYAS_FEATURE_PAGE_FAULT;
	if (EYAS_RT)
		f |= EYAS_FEATURE_RT;
	if (EYAS_RT && !EYAS_PREEMPTIBLE_CALLBACKS)
		f |= EYAS_FEATURE_NO_LOCKS;
	return f;
}

static long ioctl_info(struct eyas_session *s, void __user *arg)
{
	struct eyas_info info;
	long given;

	given = struct_in(&info, sizeof(info), arg);
	if (given < 0)
		return given;

	memset(&info, 0, sizeof(info));
	info.abi_major = EYAS_ABI_MAJOR;
	info.abi_minor = EYAS_ABI_MINOR;
	info.schema_major = EYAS_SCHEMA_MAJOR;
	info.schema_minor = EYAS_SCHEMA_MINOR;
	info.schema_patch = EYAS_SCHEMA_PATCH;
	info.num_cpus = nr_cpu_ids;
	info.page_size = PAGE_SIZE;
	info.reader_bytes = PAGE_ALIGN(sizeof(struct eyas_reader));
	info.producer_bytes = PAGE_ALIGN(sizeof(struct eyas_producer));
	info.max_ring_bytes = eyas_max_ring_bytes;
	info.features = features();
	info.session = s->head.id;
	info.max_sessions = eyas_max_sessions;

	mutex_lock(&s->lock);
	info.data_bytes = 2 * s->ring_bytes;
	info.clock_offset = s->clock_offset;
	mutex_unlock(&s->lock);
	return struct_out(arg, &info, sizeof(info), given);
}

static long ioctl_setup(struct eyas_session *s, void __user *arg)
{
	struct eyas_setup setup;
	long err;

	err = struct_in(&setup, sizeof(setup), arg);
	if (err < 0)
		return err;
	mutex_lock(&s->lock);
	err = eyas_session_setup(s, &setup);
	mutex_unlock(&s->lock);
	return err;
}

static long ioctl_set_mask(struct eyas_session *s, void __user *arg)
{
	struct eyas_mask mask;
	long err;

	err = struct_in(&mask, sizeof(mask), arg);
	if (err < 0)
		return err;
	mutex_lock(&s->lock);
	err = eyas_mask_set(s, &mask);
	mutex_unlock(&s->lock);
	return err;
}

static long ioctl_get_mask(struct eyas_session *s, void __user *arg)
{
	struct eyas_mask mask;
	long given;

	given = struct_in(&mask, sizeof(mask), arg);
	if (given < 0)
		return given;
	eyas_mask_get(s, &mask);
	return struct_out(arg, &mask, sizeof(mask), given);
}

static long ioctl_enable(struct eyas_session *s)
{
	long err;

	mutex_lock(&s->lock);
	err = eyas_session_enable(s);
	mutex_unlock(&s->lock);
	return err;
}

static long ioctl_disable(struct eyas_session *s)
{
	mutex_lock(&s->lock);
	eyas_mask_disable(s);
	mutex_unlock(&s->lock);
	return 0;
}

static long ioctl_sessions(void __user *arg)
{
	struct eyas_session_head *heads;
	struct eyas_sessions list;
	unsigned int room;
	long given, err;

	given = struct_in(&list, sizeof(list), arg);
	if (given < 0)
		return given;
	heads = kcalloc(eyas_max_sessions, sizeof(*heads), GFP_KERNEL);
	if (!heads)
		return -ENOMEM;
	room = min(list.num, eyas_max_sessions);
	list.num = eyas_session_heads(heads, room);
	err = -EFAULT;
	if (copy_to_user(u64_to_user_ptr(list.heads), heads, min(room, list.num) * sizeof(*heads)))
		goto out_free;
	err = struct_out(arg, &list, sizeof(list), given);
out_free:
	kfree(heads);
	return err;
}

static long ioctl_session_stat(void __user *arg)
{
	struct eyas_counter *counters = NULL;
	struct eyas_session_stat *stat;
	long given, err;
	u32 room;

	stat = kzalloc(sizeof(*stat), GFP_KERNEL);
	if (!stat)
		return -ENOMEM;
	err = given = struct_in(stat, sizeof(*stat), arg);
	if (given < 0)
		goto out_free;
	room = stat->counters ? min_t(u32, stat->num_counters, EYAS_NR_COUNTERS) : 0;
	stat->num_counters = EYAS_NR_COUNTERS;
	err = -ENOMEM;
	if (room) {
		counters = vzalloc(EYAS_NR_COUNTERS * sizeof(*counters));
		if (!counters)
			goto out_free;
	}
	err = eyas_session_stat(stat, counters);
	if (err)
		goto out_free;
	err = -EFAULT;
	if (room && copy_to_user(u64_to_user_ptr(stat->counters), counters, room * sizeof(*counters)))
		goto out_free;
	err = struct_out(arg, stat, sizeof(*stat), given);
out_free:
	vfree(counters);
	kfree(stat);
	return err;
}

/* By type and number: the size in the command is that of the caller's header. */
static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct eyas_session *s = file->private_data;
	void __user *p = (void __user *)arg;

	if (_IOC_TYPE(cmd) != EYAS_IOC_MAGIC)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(EYAS_IOC_INFO):
		return ioctl_info(s, p);
	case _IOC_NR(EYAS_IOC_SETUP):
		return ioctl_setup(s, p);
	case _IOC_NR(EYAS_IOC_SET_MASK):
		return ioctl_set_mask(s, p);
	case _IOC_NR(EYAS_IOC_GET_MASK):
		return ioctl_get_mask(s, p);
	case _IOC_NR(EYAS_IOC_ENABLE):
		return ioctl_enable(s);
	case _IOC_NR(EYAS_IOC_DISABLE):
		return ioctl_disable(s);
	case _IOC_NR(EYAS_IOC_SESSIONS):
		return ioctl_sessions(p);
	case _IOC_NR(EYAS_IOC_SESSION_STAT):
		return ioctl_session_stat(p);
	}
	return -ENOTTY;
}

/* -------------------------------------------------------------------- mmap */

/* All pages are there from the start: a fault means user space threw one away. */
static const struct vm_operations_struct vm_ops;

static int map_area(struct vm_area_struct *vma, const struct eyas_area *a, bool writable)
{
	unsigned long num = (unsigned long)a->num * a->copies;
	unsigned long clear = VM_MAYEXEC;
	unsigned long i;
	int err;

	if (vma->vm_end - vma->vm_start != num << PAGE_SHIFT)
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (!writable) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		clear |= VM_MAYWRITE;
	}
	eyas_vm_flags(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP, clear);
	vma->vm_ops = &vm_ops;
	for (i = 0; i < num; i++) {
		err = vm_insert_page(vma, vma->vm_start + (i << PAGE_SHIFT), a->pages[i]);
		if (err)
			return err;
	}
	return 0;
}

static int map_kind(struct vm_area_struct *vma, const struct eyas_ring *r, unsigned int kind)
{
	switch (kind) {
	case EYAS_MMAP_READER:
		return map_area(vma, &r->reader_area, true);
	case EYAS_MMAP_PRODUCER:
		return map_area(vma, &r->producer_area, false);
	case EYAS_MMAP_DATA:
		return map_area(vma, &r->data_area, false);
	}
	return -EINVAL;
}

static int dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct eyas_session *s = file->private_data;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	unsigned int kind = (offset >> 32) & 0xf;
	struct eyas_ring *r = NULL;
	u64 cpu = offset >> 36;
	int err;

	if (!(vma->vm_flags & VM_SHARED) || (u32)offset)
		return -EINVAL;

	mutex_lock(&eyas_sessions_lock);
	if (cpu < nr_cpu_ids && cpu_possible(cpu))
		r = *per_cpu_ptr(s->rings, cpu);
	err = -ENXIO;
	if (!r)
		goto out_unlock;
	err = map_kind(vma, r, kind);
	if (!err)
		s->frozen = true;
out_unlock:
	mutex_unlock(&eyas_sessions_lock);
	return err;
}

/* -------------------------------------------------------------------- poll */

static eyas_poll_t poll_rings(struct eyas_session *s)
{
	eyas_poll_t events = 0;
	struct eyas_ring *r;
	u64 used;
	int cpu;

	/* SETUP frees the rings it replaces after eyas_synchronize(). */
	preempt_disable();
	for_each_possible_cpu(cpu) {
		r = READ_ONCE(*per_cpu_ptr(s->rings, cpu));
		if (!r)
			continue;
		used = eyas_ring_used(r);
		if (used)
			events |= EPOLLIN | EPOLLRDNORM;
		if (used >= r->watermark)
			events |= EPOLLRDBAND;
	}
	preempt_enable();
	return events;
}

static eyas_poll_t dev_poll(struct file *file, poll_table *wait)
{
	struct eyas_session *s = file->private_data;
	eyas_poll_t events;
	u32 generation;

	poll_wait(file, &s->wait, wait);
	WRITE_ONCE(s->waiting, 1);
	/* Pairs with smp_mb() in ring_wake(), which comes after head was stored. */
	smp_mb();
	events = poll_rings(s);

	generation = READ_ONCE(s->generation);
	if (generation != READ_ONCE(s->generation_told)) {
		events |= EPOLLPRI;
		if (poll_requested_events(wait) & EPOLLPRI)
			WRITE_ONCE(s->generation_told, generation);
	}
	return events;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = dev_ioctl,	/* layouts are the same */
	.mmap = dev_mmap,
	.poll = dev_poll,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = EYAS_DEVICE,
	.fops = &dev_fops,
	.mode = 0600,
};

int eyas_dev_init(void)
{
	return misc_register(&dev);
}

void eyas_dev_exit(void)
{
	misc_deregister(&dev);
}

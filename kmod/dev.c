// SPDX-License-Identifier: GPL-2.0
/* dev.c - /dev/eyas as user space sees it: open, mmap, poll, release; ioctl.c has the rest. */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

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

/* Sets *untold when an emptied ring has lost something behind its last record. */
static eyas_poll_t poll_rings(struct eyas_session *s, bool *untold)
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
		else if (eyas_ring_untold(r))
			*untold = true;
		if (used >= r->watermark)
			events |= EPOLLRDBAND;
	}
	preempt_enable();
	return events;
}

static eyas_poll_t dev_poll(struct file *file, poll_table *wait)
{
	struct eyas_session *s = file->private_data;
	bool untold = false;
	eyas_poll_t events;
	u32 generation;

	poll_wait(file, &s->wait, wait);
	WRITE_ONCE(s->waiting, 1);
	/* Pairs with smp_mb() in ring_wake(), which comes after head was stored. */
	smp_mb();
	events = poll_rings(s, &untold);
	if (untold) {
		eyas_session_tell(s);
		events = poll_rings(s, &untold);
	}

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
	.unlocked_ioctl = eyas_ioctl,
	.compat_ioctl = eyas_ioctl,	/* layouts are the same */
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

// SPDX-License-Identifier: GPL-2.0
/*
 * ioctl.c - the commands of /dev/eyas.
 *
 * Structures are copied in before a session's lock is taken and out after it is
 * released: mmap() comes with mmap_lock held, and a copy may take that lock.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "eyas.h"

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

static long ioctl_set_snaplen(struct eyas_session *s, void __user *arg)
{
	struct eyas_snaplen set;
	long err;

	err = struct_in(&set, sizeof(set), arg);
	if (err < 0)
		return err;
	return eyas_session_snaplen(s, set.snaplen);
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
long eyas_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
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
	case _IOC_NR(EYAS_IOC_SET_SNAPLEN):
		return ioctl_set_snaplen(s, p);
	}
	return -ENOTTY;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * fill_obj.c - arrays and structures that calls get: polled descriptors, semaphore
 * operations, capabilities, signal masks; and what new descriptors stand for.
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sem.h>

#include "fill_priv.h"

/* More polled descriptors than this are not kept. */
#define NUM_POLLED	1024u

/* As many are read at once; they lie on the stack. */
#define BATCH		32u

static u8 *pack_polled(u8 *p, const struct pollfd *fds, unsigned int n)
{
	__le64 fd;
	__le16 flags;
	unsigned int i;

	for (i = 0; i < n; i++) {
		fd = cpu_to_le64((s64)fds[i].fd);
		flags = cpu_to_le16(fds[i].revents ? eyas_map_flags(EYAS_MAP_POLL_FLAGS, (u16)fds[i].revents) : 0);
		memcpy(p, &fd, sizeof(fd));
		memcpy(p + sizeof(fd), &flags, sizeof(flags));
		p += sizeof(fd) + sizeof(flags);
	}
	return p;
}

/* All descriptors with what was found of them. */
int eyas_custom_polled(struct eyas_fill *f, u8 arg)
{
	const struct pollfd __user *src = eyas_arg_ptr(f, 0);
	const u32 asked = f->hit->args[1];
	unsigned int want = min(asked, NUM_POLLED), done, n;
	struct pollfd fds[BATCH];
	u8 *start = f->pos, *p = start + sizeof(__le16);

	if (eyas_room(f) < sizeof(__le16) + want * (sizeof(__le64) + sizeof(__le16)))
		return -ENOSPC;
	for (done = 0; done < want; done += n) {
		n = eyas_copy_user(fds, src + done, min(want - done, BATCH) * sizeof(*fds)) / sizeof(*fds);
		if (!n)
			break;
		p = pack_polled(p, fds, n);
	}
	if (done < asked)
		f->rec_flags |= EYAS_REC_PARTIAL;
	eyas_store_len(start, done);
	f->pos = p;
	return eyas_end_param(f, start);
}

/* Fields of the first two operations: V is 3 * operation + number, operation, flags. */
int eyas_custom_semop(struct eyas_fill *f, u8 arg)
{
	const struct sembuf __user *ops = eyas_arg_ptr(f, 1);
	struct sembuf op;

	if (!ops || (u32)f->hit->args[2] <= arg / 3)
		return eyas_put_empty(f);
	if (eyas_copy_user(&op, ops + arg / 3, sizeof(op)) != sizeof(op))
		return eyas_put_missing(f);
	switch (arg % 3) {
	case 0:
		return eyas_put_int(f, op.sem_num, sizeof(u16));
	case 1:
		return eyas_put_int(f, op.sem_op, sizeof(u16));
	}
	return eyas_put_int(f, eyas_map_flags(EYAS_MAP_SEMOP_FLAGS, (u16)op.sem_flg), sizeof(u16));
}

int eyas_custom_semctl_val(struct eyas_fill *f, u8 arg)
{
	if ((f->hit->args[2] & 0xff) != SETVAL)
		return eyas_put_empty(f);
	return eyas_put_int(f, f->hit->args[3], sizeof(u32));
}

/*
 * One set of capset: V is 0 effective, 1 permitted, 2 inheritable. The first
 * version had 32 of them, the others have two structures of three words.
 */
int eyas_custom_capset(struct eyas_fill *f, u8 arg)
{
	const u32 __user *header = eyas_arg_ptr(f, 0), *data = eyas_arg_ptr(f, 1);
	const size_t words = sizeof(struct __user_cap_data_struct) / sizeof(u32);
	u64 version, low, high = 0;

	if (!data)
		return eyas_put_empty(f);
	if (!eyas_read_num(&version, header, sizeof(u32), false) ||
	    !eyas_read_num(&low, data + arg, sizeof(u32), false))
		return eyas_put_missing(f);
	if (version != _LINUX_CAPABILITY_VERSION_1 &&
	    !eyas_read_num(&high, data + words + arg, sizeof(u32), false))
		return eyas_put_missing(f);
	return eyas_put_int(f, high << 32 | low, sizeof(u64));
}

/* The signals let through while io_uring_enter waits; newer callers wrap them up. */
int eyas_custom_uring_sigset(struct eyas_fill *f, u8 arg)
{
	u64 addr = f->hit->args[4];

	if (f->hit->args[3] & PPM_IORING_ENTER_EXT_ARG &&
	    !eyas_read_num(&addr, eyas_arg_ptr(f, 4), sizeof(addr), false))
		return eyas_put_missing(f);
	return eyas_put_num(f, (void __user *)(unsigned long)addr, sizeof(u32), sizeof(u32));
}

int eyas_custom_pipe_ino(struct eyas_fill *f, u8 arg)
{
	struct file *file;
	u64 fd, ino;

	if (f->hit->ret < 0)
		return eyas_put_empty(f);
	file = eyas_read_num(&fd, eyas_arg_ptr(f, 0), sizeof(u32), false) ? fget_raw(fd) : NULL;
	if (!file)
		return eyas_put_missing(f);
	ino = file_inode(file)->i_ino;
	fput(file);
	return eyas_put_int(f, ino, sizeof(ino));
}

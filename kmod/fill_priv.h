/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fill_priv.h - what the files of the filler share: appending one parameter at
 * f->pos, its length at f->lens.
 *
 * Every eyas_put_*() appends exactly one parameter. A value that cannot be had
 * is recorded with length 0 and marks the record as partial; the only error is
 * -ENOSPC, and then the whole record is given up.
 */
#ifndef EYAS_FILL_PRIV_H
#define EYAS_FILL_PRIV_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "compat/fill_compat.h"
#include "fill.h"
#include "gen/codes.h"
#include "gen/customs.h"
#include "gen/maps.h"

struct path;
struct sock;

/* Bytes of args and of env that are kept; the bound is that of the .scap format. */
#define EYAS_ARGS_MAX	4096u

/* Values read before preemption went off: only on PREEMPT_RT. */
struct eyas_scratch {
	u16 cwd_len;		/* bytes, NUL included; 0 = could not be had */
	u16 exepath_len;
	u16 path_len;
	u16 cgroups_len;
	u32 tty;
	char cwd[PATH_MAX];
	char exepath[PATH_MAX];
	char path[PATH_MAX];	/* of the returned fd */
	char cgroups[EYAS_ARGS_MAX];
};

/* Where an overlay file system keeps a file. */
enum eyas_layer {
	EYAS_LAYER_UNKNOWN,	/* no overlay, or it cannot be told */
	EYAS_LAYER_UPPER,	/* written or copied there since the overlay was made */
	EYAS_LAYER_LOWER,
};

static inline size_t eyas_room(const struct eyas_fill *f)
{
	return f->end - f->pos;
}

static __always_inline void eyas_store_len(u8 *lens, size_t len)
{
	__le16 v = cpu_to_le16(len);

	memcpy(lens, &v, sizeof(v));
}

/* Ends the parameter that began at start. */
static inline int eyas_end_param(struct eyas_fill *f, const u8 *start)
{
	eyas_store_len(f->lens, f->pos - start);
	f->lens += sizeof(__le16);
	return 0;
}

static inline int eyas_put_empty(struct eyas_fill *f)
{
	return eyas_end_param(f, f->pos);
}

/* A value that could not be had. */
static inline int eyas_put_missing(struct eyas_fill *f)
{
	f->rec_flags |= EYAS_REC_PARTIAL;
	return eyas_put_empty(f);
}

/*
 * One 8-byte store whatever the width: what it writes too much is overwritten by
 * the next parameter or by the padding.
 */
static __always_inline void eyas_store_int(u8 *pos, u8 *lens, u64 value, u8 width)
{
	__le64 v = cpu_to_le64(value);

	memcpy(pos, &v, sizeof(v));
	eyas_store_len(lens, width);
}

static __always_inline int eyas_put_int(struct eyas_fill *f, u64 value, u8 width)
{
	if (unlikely(eyas_room(f) < sizeof(value)))
		return -ENOSPC;
	eyas_store_int(f->pos, f->lens, value, width);
	f->pos += width;
	f->lens += sizeof(__le16);
	return 0;
}

/* Whether n bytes of eyas_read_str() are a whole string: only then one is a NUL, the last. */
static inline bool eyas_is_whole(const u8 *s, size_t n)
{
	return n && !s[n - 1];
}

/* Argument i as the C int that the system call takes. */
static inline int eyas_arg_int(const struct eyas_fill *f, u8 i)
{
	return (int)f->hit->args[i];
}

static inline void __user *eyas_arg_ptr(const struct eyas_fill *f, u8 i)
{
	return (void __user *)f->hit->args[i];
}

/* Bytes of the caller's long and of its pointers in structures that the kernel made for it. */
static inline size_t eyas_long_size(const struct eyas_fill *f)
{
	return f->hit->rec_flags & EYAS_REC_COMPAT ? sizeof(u32) : sizeof(long);
}

static inline bool eyas_is_compat(const struct eyas_fill *f)
{
	return f->hit->rec_flags & EYAS_REC_COMPAT;
}

/*
 * eyas_map_flags - translate flags or an enumeration through a map of the table.
 * The generator sees to it that rows for zero bits come first and that no row
 * asks only for bits of a row before it: so it is over when no bit is left.
 */
static inline u32 eyas_map_flags(u32 map, u32 v)
{
	const struct eyas_flag *m;
	u32 out = 0, left = v;

	for (m = eyas_flag_maps[map]; m->mask; m++) {
		if ((v & m->mask) != m->value)
			continue;
		out |= m->out;
		left &= ~m->mask;
		if (!left)
			return out;
	}
	return out | m->out;
}

/* fill.c */
size_t eyas_find_nul(const u8 *s, size_t n);
size_t eyas_read_str(u8 *dst, const char __user *src, size_t max);
int eyas_put_bytes(struct eyas_fill *f, const void *src, size_t n);
int eyas_put_user_str(struct eyas_fill *f, const char __user *src, size_t max);

/* fill_src.c */
int eyas_put_source(struct eyas_fill *f, const struct eyas_param *p);
int eyas_put_num(struct eyas_fill *f, const void __user *src, size_t size, u8 width);
int eyas_put_user_bytes(struct eyas_fill *f, const void __user *src, size_t n);

/* fill_iov.c */
bool eyas_is_narrow(const struct eyas_fill *f);
int eyas_put_iov(struct eyas_fill *f, const void __user *vec, u64 count, size_t bytes);
int eyas_put_iovlen(struct eyas_fill *f, const void __user *vec, u64 count, u8 width);

/* fill_file.c */
int eyas_put_path(struct eyas_fill *f, const struct path *path);
int eyas_end_file(struct eyas_fill *f, int err);
bool eyas_holds_file(eyas_custom_t custom);

/* fill_sock.c */
int eyas_put_sockaddr(struct eyas_fill *f, const void __user *addr, int len);
int eyas_put_tuple(struct eyas_fill *f, int fd, bool inbound);
int eyas_put_far_tuple(struct eyas_fill *f, int fd, const void __user *addr, int len, bool inbound);
void eyas_sock_init(void);

/* fill_cgroup.c */
size_t eyas_cgroups(struct task_struct *task, char *buf, size_t room, bool *cut);

/* fill_overlay.c */
enum eyas_layer eyas_layer_of(const struct file *file);

/* fill_misc.c */
int eyas_put_dyn(struct eyas_fill *f, u8 index, u64 value, u8 width);

/* fill_task.c */
bool eyas_task_pwd(const struct task_struct *task, struct path *pwd);
void eyas_current_tty(u32 *devnum);

#endif /* EYAS_FILL_PRIV_H */

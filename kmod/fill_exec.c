// SPDX-License-Identifier: GPL-2.0
/*
 * fill_exec.c - arguments, environment and executable of a program. Those of a
 * running program are read from its memory; those of an exec that failed from
 * the arrays that the caller passed.
 *
 * V of custom:exe, args and env is the number of the array's argument; 0 means
 * that the call has none.
 */
#include <linux/binfmts.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/mm_types.h>
#include <linux/path.h>
#include <linux/uidgid.h>

#include "fill_priv.h"

/* Strings of one array: bounds the time an odd caller can make us spend. */
#define ARRAY_MAX	1024

/*
 * Ends a list of strings of which got bytes lie at f->pos: the last one is
 * terminated whatever there was. cut: there would have been more.
 */
static int put_list(struct eyas_fill *f, size_t got, bool cut)
{
	u8 *start = f->pos;

	if (got > EYAS_ARGS_MAX) {
		got = EYAS_ARGS_MAX;
		cut = true;
	}
	if (got && start[got - 1]) {
		if (got == EYAS_ARGS_MAX)
			got--;
		if (eyas_room(f) <= got)
			return -ENOSPC;
		start[got++] = 0;
	}
	if (cut)
		f->rec_flags |= EYAS_REC_PARTIAL;
	f->pos += got;
	return eyas_end_param(f, start);
}

/* String i of an array of pointers of the caller's width; NULL ends it. False: not there. */
static bool array_entry(struct eyas_fill *f, const void __user *array, size_t i,
			const char __user **s)
{
	compat_uptr_t narrow;
	unsigned long wide;

	if (eyas_is_compat(f)) {
		if (eyas_copy_user(&narrow, array + i * sizeof(narrow), sizeof(narrow)) !=
		    sizeof(narrow))
			return false;
		*s = compat_ptr(narrow);
		return true;
	}
	if (eyas_copy_user(&wide, array + i * sizeof(wide), sizeof(wide)) != sizeof(wide))
		return false;
	*s = (const char __user *)wide;
	return true;
}

/* Strings of an array from the one numbered first on. */
static int put_array(struct eyas_fill *f, const void __user *array, size_t first)
{
	size_t room = min_t(size_t, eyas_room(f), EYAS_ARGS_MAX), got = 0, len, i;
	const char __user *s;

	if (!array)
		return eyas_put_empty(f);
	for (i = first; i < ARRAY_MAX; i++) {
		if (!array_entry(f, array, i, &s))
			return put_list(f, got, true);
		if (!s)
			return put_list(f, got, false);
		len = eyas_read_str(f->pos + got, s, room - got);
		got += len;
		if (!eyas_is_whole(f->pos + got - len, len))
			break;
	}
	if (got == room && room < EYAS_ARGS_MAX)
		return -ENOSPC;
	return put_list(f, got, true);
}

static int put_array_exe(struct eyas_fill *f, const void __user *array)
{
	const char __user *s = NULL;

	if (array && !array_entry(f, array, 0, &s))
		return eyas_put_missing(f);
	return eyas_put_user_str(f, s, EYAS_ARGS_MAX);
}

/* Copies [from, to) of current's memory, at most max bytes, to f->pos. */
static ssize_t copy_range(struct eyas_fill *f, unsigned long from, unsigned long to,
			  size_t max, bool *cut)
{
	size_t n = to > from ? to - from : 0, got;

	*cut = n > max;
	n = min(n, max);
	if (eyas_room(f) <= n)
		return -ENOSPC;
	got = eyas_copy_user(f->pos, (const void __user *)from, n);
	if (got < n)
		*cut = true;
	return got;
}

/*
 * Copies exe and args in one go and leaves what is behind exe for the next
 * parameter, which eyas_custom_args() takes where it lies.
 */
static int put_mm_exe(struct eyas_fill *f)
{
	struct mm_struct *mm = current->mm;
	u8 *start = f->pos;
	ssize_t got;
	size_t len;
	bool cut;

	f->ahead = NULL;
	if (!mm)
		return eyas_put_missing(f);
	got = copy_range(f, READ_ONCE(mm->arg_start), READ_ONCE(mm->arg_end),
			 2 * EYAS_ARGS_MAX, &cut);
	if (got < 0)
		return got;
	if (cut && !got)
		return eyas_put_missing(f);
	if (cut)
		f->rec_flags |= EYAS_REC_PARTIAL;
	len = eyas_find_nul(start, min_t(size_t, got, EYAS_ARGS_MAX));
	if (len == EYAS_ARGS_MAX)
		len--;
	start[len] = 0;
	f->pos += len + 1;
	f->ahead = f->pos;
	f->ahead_len = got > len + 1 ? got - (len + 1) : 0;
	return eyas_end_param(f, start);
}

/* An exec that succeeded has its arguments in the new memory already. */
static bool from_array(const struct eyas_fill *f, u8 arg)
{
	return arg && !f->hit->bprm;
}

int eyas_custom_exe(struct eyas_fill *f, u8 arg)
{
	if (from_array(f, arg))
		return put_array_exe(f, eyas_arg_ptr(f, arg));
	return put_mm_exe(f);
}

/* Stands right behind exe in every row. */
int eyas_custom_args(struct eyas_fill *f, u8 arg)
{
	if (from_array(f, arg))
		return put_array(f, eyas_arg_ptr(f, arg), 1);
	if (f->ahead != f->pos)
		return eyas_put_missing(f);
	return put_list(f, f->ahead_len, false);
}

int eyas_custom_env(struct eyas_fill *f, u8 arg)
{
	struct mm_struct *mm = current->mm;
	ssize_t got;
	bool cut;

	if (from_array(f, arg))
		return put_array(f, eyas_arg_ptr(f, arg), 0);
	if (!mm)
		return eyas_put_missing(f);
	got = copy_range(f, READ_ONCE(mm->env_start), READ_ONCE(mm->env_end), EYAS_ARGS_MAX, &cut);
	return got < 0 ? got : put_list(f, got, cut);
}

/* V is the number of the path's argument. */
int eyas_custom_filename(struct eyas_fill *f, u8 arg)
{
	const struct linux_binprm *bprm = f->hit->bprm;

	if (!bprm)
		return eyas_put_user_str(f, eyas_arg_ptr(f, arg), PATH_MAX);
	return eyas_put_bytes(f, bprm->filename, strnlen(bprm->filename, PATH_MAX - 1) + 1);
}

static int put_exe_path(struct eyas_fill *f)
{
	struct mm_struct *mm = current->mm;
	struct file *file = mm ? eyas_get_exe_file(mm) : NULL;
	int err;

	if (!file)
		return eyas_put_missing(f);
	err = eyas_put_path(f, &file->f_path);
	fput(file);
	return err;
}

int eyas_custom_exepath(struct eyas_fill *f, u8 arg)
{
	const struct eyas_scratch *s = f->hit->scratch;

	if (!s)
		return put_exe_path(f);
	return s->exepath_len ? eyas_put_bytes(f, s->exepath, s->exepath_len) :
				eyas_put_missing(f);
}

/*
 * A file of memfd_create() has no API to tell it by. Its dentry has no parent and
 * a name that begins so, and no path can be made to look like that: the name of
 * a parentless dentry is never the user's, but for the part behind the colon.
 */
static bool is_memfd(const struct file *file)
{
	static const char prefix[] = "memfd:";
	const struct dentry *dentry = file->f_path.dentry;
	const struct super_block *sb = file_inode(file)->i_sb;

	if (!IS_ROOT(dentry) || strncmp(dentry->d_name.name, prefix, sizeof(prefix) - 1))
		return false;
	return (sb->s_flags & EYAS_SB_NOUSER) || sb->s_magic == HUGETLBFS_MAGIC;
}

/* Capabilities count for files whose owner and group the user namespace knows. */
static bool overrides(const struct cred *cred, const struct inode *inode)
{
	if (!cap_raised(cred->cap_effective, CAP_DAC_OVERRIDE) &&
	    !cap_raised(cred->cap_effective, CAP_FOWNER))
		return false;
	return kuid_has_mapping(cred->user_ns, inode->i_uid) &&
	       kgid_has_mapping(cred->user_ns, inode->i_gid);
}

/*
 * Whether current may write to the file or make itself able to, from mode and
 * owner alone: the kernel's own check asks security modules, which may sleep,
 * and leaves traces in the audit log.
 */
static bool is_writable(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	const struct cred *cred = current_cred();

	if (uid_eq(cred->fsuid, inode->i_uid) || overrides(cred, inode))
		return true;
	if (in_group_p(inode->i_gid))
		return inode->i_mode & S_IWGRP;
	return inode->i_mode & S_IWOTH;
}

static u32 exe_flags(const struct file *file)
{
	u32 flags = 0;

	if (is_writable(file))
		flags |= PPM_EXE_WRITABLE;
	if (is_memfd(file))
		flags |= PPM_EXE_FROM_MEMFD;
	switch (eyas_layer_of(file)) {
	case EYAS_LAYER_UNKNOWN:
		break;
	case EYAS_LAYER_UPPER:
		flags |= PPM_EXE_UPPER_LAYER;
		break;
	case EYAS_LAYER_LOWER:
		flags |= PPM_EXE_LOWER_LAYER;
		break;
	}
	return flags;
}

enum exe_number { EXE_FLAGS, EXE_INO, EXE_CTIME, EXE_MTIME };

static u64 exe_number(const struct file *file, enum exe_number what)
{
	switch (what) {
	case EXE_FLAGS:
		return exe_flags(file);
	case EXE_INO:
		return file_inode(file)->i_ino;
	case EXE_CTIME:
		return eyas_inode_ctime(file_inode(file));
	case EXE_MTIME:
		return eyas_inode_mtime(file_inode(file));
	}
	return 0;
}

static int put_exe_number(struct eyas_fill *f, enum exe_number what, u8 width)
{
	struct mm_struct *mm = current->mm;
	struct file *file = mm ? eyas_get_exe_file(mm) : NULL;
	u64 v;

	if (!file)
		return eyas_put_missing(f);
	v = exe_number(file, what);
	fput(file);
	return eyas_put_int(f, v, width);
}

int eyas_custom_exec_flags(struct eyas_fill *f, u8 arg)
{
	return put_exe_number(f, EXE_FLAGS, sizeof(u32));
}

int eyas_custom_exe_ino(struct eyas_fill *f, u8 arg)
{
	return put_exe_number(f, EXE_INO, sizeof(u64));
}

int eyas_custom_exe_ctime(struct eyas_fill *f, u8 arg)
{
	return put_exe_number(f, EXE_CTIME, sizeof(u64));
}

int eyas_custom_exe_mtime(struct eyas_fill *f, u8 arg)
{
	return put_exe_number(f, EXE_MTIME, sizeof(u64));
}

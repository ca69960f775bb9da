// SPDX-License-Identifier: GPL-2.0
/*
 * fill_file.c - opened files: flags, mode, device, inode and the kernel's own
 * path of what was opened.
 */
#include <linux/dcache.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/kdev_t.h>
#include <linux/path.h>
#include <linux/stat.h>

#include "fill_priv.h"

/* struct open_how of openat2, in 64-bit words; later kernels may append. */
enum open_how_word { OPEN_HOW_FLAGS, OPEN_HOW_MODE, OPEN_HOW_RESOLVE };

/*
 * The returned fd's file, held until the event is done: all parameters then
 * speak of one file, whatever happens to the number meanwhile. fput() from here
 * only queues the last put.
 */
static struct file *ret_file(struct eyas_fill *f)
{
	if (!f->file && f->hit->ret >= 0)
		f->file = fget_raw(f->hit->ret);
	return f->file;
}

static bool takes_mode(u64 flags)
{
	return flags & (O_CREAT | EYAS_O_TMPFILE);
}

static u32 opened_flags(struct eyas_fill *f, u32 flags)
{
	struct file *file = ret_file(f);
	u32 out = eyas_map_flags(EYAS_MAP_OPEN_FLAGS, flags);

	if (file && (file->f_mode & EYAS_FMODE_CREATED))
		out |= PPM_O_F_CREATED;
	return out;
}

int eyas_custom_open_flags(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, opened_flags(f, f->hit->args[arg]), sizeof(u32));
}

/* The mode is the argument behind the flags, and garbage when they ask for no file. */
int eyas_custom_open_mode(struct eyas_fill *f, u8 arg)
{
	const unsigned long *args = f->hit->args;
	u32 mode = takes_mode(args[arg]) ? args[arg + 1] & S_IALLUGO : 0;

	return eyas_put_int(f, mode, sizeof(u32));
}

int eyas_custom_creat_flags(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, 0, sizeof(u16));
}

/* Word i of the structure at argument 2, as large as argument 3 says. */
static bool open_how(struct eyas_fill *f, enum open_how_word i, u64 *v)
{
	const u64 __user *how = eyas_arg_ptr(f, 2);

	return f->hit->args[3] >= (i + 1) * sizeof(*v) &&
	       eyas_copy_user(v, how + i, sizeof(*v)) == sizeof(*v);
}

int eyas_custom_open_how_flags(struct eyas_fill *f, u8 arg)
{
	u64 flags;

	if (!open_how(f, OPEN_HOW_FLAGS, &flags))
		return eyas_put_missing(f);
	return eyas_put_int(f, opened_flags(f, flags), sizeof(u32));
}

int eyas_custom_open_how_mode(struct eyas_fill *f, u8 arg)
{
	u64 flags, mode;

	if (!open_how(f, OPEN_HOW_FLAGS, &flags) || !open_how(f, OPEN_HOW_MODE, &mode))
		return eyas_put_missing(f);
	return eyas_put_int(f, takes_mode(flags) ? mode & S_IALLUGO : 0, sizeof(u32));
}

int eyas_custom_open_how_resolve(struct eyas_fill *f, u8 arg)
{
	u64 resolve;

	if (!open_how(f, OPEN_HOW_RESOLVE, &resolve))
		return eyas_put_missing(f);
	return eyas_put_int(f, eyas_map_flags(EYAS_MAP_RESOLVE_FLAGS, resolve), sizeof(u32));
}

/* A failed open has device and inode 0; a number that another thread took back has none. */
int eyas_custom_fd_dev(struct eyas_fill *f, u8 arg)
{
	struct file *file = ret_file(f);

	if (!file && f->hit->ret >= 0)
		return eyas_put_missing(f);
	return eyas_put_int(f, file ? new_encode_dev(file_inode(file)->i_sb->s_dev) : 0,
			    sizeof(u32));
}

int eyas_custom_fd_ino(struct eyas_fill *f, u8 arg)
{
	struct file *file = ret_file(f);

	if (!file && f->hit->ret >= 0)
		return eyas_put_missing(f);
	return eyas_put_int(f, file ? file_inode(file)->i_ino : 0, sizeof(u64));
}

/*
 * The text of a path, NUL included, at f->pos; its length, 0 where there is none.
 * d_path() builds it from the end of the room. It takes spinlocks and needs the
 * root of current, which an exiting task has no longer.
 */
static int path_text(struct eyas_fill *f, const struct path *path)
{
	size_t room = min_t(size_t, eyas_room(f), PATH_MAX), len;
	char *text;

	if (!f->hit->locks_ok || !current->fs)
		return 0;
	text = d_path(path, f->pos, room);
	if (IS_ERR(text))
		return room < PATH_MAX ? -ENOSPC : 0;
	len = (char *)f->pos + room - text;
	memmove(f->pos, text, len);
	return len;
}

int eyas_put_path(struct eyas_fill *f, const struct path *path)
{
	int len = path_text(f, path);
	u8 *start = f->pos;

	if (len < 0)
		return len;
	if (!len)
		return eyas_put_missing(f);
	f->pos += len;
	return eyas_end_param(f, start);
}

static int ext_text(struct eyas_fill *f, struct file *file)
{
	const struct eyas_scratch *s = f->hit->scratch;

	if (!s)
		return path_text(f, &file->f_path);
	if (eyas_room(f) < s->path_len)
		return -ENOSPC;
	memcpy(f->pos, s->path, s->path_len);
	return s->path_len;
}

/* The same as a parameter. */
int eyas_custom_fd_path(struct eyas_fill *f, u8 arg)
{
	struct file *file = ret_file(f);
	u8 *start = f->pos;
	int len;

	if (!file)
		return f->hit->ret < 0 ? eyas_put_empty(f) : eyas_put_missing(f);
	len = ext_text(f, file);
	if (len < 0)
		return len;
	if (!len)
		return eyas_put_missing(f);
	f->pos += len;
	return eyas_end_param(f, start);
}

/* EYAS_EXT_PATH behind the event: the path of the file. f->pos stays at the end of the event. */
static int put_file_ext(struct eyas_fill *f, struct file *file)
{
	const size_t head = 2 * sizeof(__le16);	/* type, length */
	u8 *event_end = f->pos;
	__le16 ext[2];
	int len;

	if (eyas_room(f) < head)
		return -ENOSPC;
	f->pos += head;
	len = ext_text(f, file);
	f->pos = event_end;
	if (len < 0)
		return len;
	if (!len) {
		f->rec_flags |= EYAS_REC_PARTIAL;
		return 0;
	}
	len--;	/* the NUL stays out */
	ext[0] = cpu_to_le16(EYAS_EXT_PATH);
	ext[1] = cpu_to_le16(len);
	memcpy(event_end, ext, head);
	f->ext_len = head + len;
	f->rec_flags |= EYAS_REC_EXT;
	return 0;
}

/* eyas_end_file - the end of a row with EYAS_ROW_PATH. */
int eyas_end_file(struct eyas_fill *f, int err)
{
	struct file *file = ret_file(f);

	if (!file)
		return err;
	if (!err)
		err = put_file_ext(f, file);
	fput(file);
	return err;
}

/* eyas_holds_file - whether a source takes the file that eyas_end_file() gives back. */
bool eyas_holds_file(eyas_custom_t custom)
{
	return custom == eyas_custom_open_flags || custom == eyas_custom_open_how_flags ||
	       custom == eyas_custom_fd_dev || custom == eyas_custom_fd_ino || custom == eyas_custom_fd_path;
}

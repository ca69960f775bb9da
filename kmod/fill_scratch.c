// SPDX-License-Identifier: GPL-2.0
/*
 * fill_scratch.c - values that cannot be read with preemption off. On PREEMPT_RT
 * a spinlock sleeps, so paths and terminals are read before the ring is touched,
 * where the kernel's tracepoints let us (since v6.13); elsewhere nothing of this
 * is needed and none of it allocated.
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/path.h>
#include <linux/preempt.h>
#include <linux/vmalloc.h>

#include "fill_priv.h"

/* As many threads can be between prepare and release at once; others go without. */
#define NUM_SCRATCH	32

#define NEED_SCRATCH	(EYAS_RT && EYAS_PREEMPTIBLE_CALLBACKS)

static struct eyas_scratch *pool;
static DECLARE_BITMAP(in_use, NUM_SCRATCH);

/* eyas_fill_params() knows the generic event by heart. */
static bool generic_is_known(void)
{
	const struct eyas_row *row = &eyas_rows[EYAS_ROW_GENERIC_X];

	return row->nparams == 2 &&
	       row->params[0].src == EYAS_SRC_CUSTOM && row->params[1].src == EYAS_SRC_CUSTOM &&
	       eyas_customs[row->params[0].val] == eyas_custom_sc &&
	       eyas_customs[row->params[1].val] == eyas_custom_native_nr;
}

/* Whoever takes a file stands in a row whose end gives it back. */
static bool files_are_given_back(const struct eyas_row *row)
{
	unsigned int i;

	for (i = 0; i < row->nparams; i++)
		if (row->params[i].src == EYAS_SRC_CUSTOM &&
		    eyas_holds_file(eyas_customs[row->params[i].val]))
			return row->flags & EYAS_ROW_PATH;
	return true;
}

/* The interpreter looks at the first parameter without counting. */
static bool has_params(const struct eyas_row *row)
{
	return row->nparams || row->params[0].src == EYAS_SRC_NONE;
}

static bool table_is_sound(void)
{
	unsigned int i;

	for (i = 0; i < EYAS_NR_ROWS; i++)
		if (!has_params(&eyas_rows[i]) || !files_are_given_back(&eyas_rows[i]))
			return false;
	return generic_is_known();
}

int eyas_fill_init(void)
{
	if (WARN_ON(!table_is_sound()))
		return -EINVAL;
	eyas_sock_init();
	if (!NEED_SCRATCH)
		return 0;
	pool = vmalloc(array_size(NUM_SCRATCH, sizeof(*pool)));
	return pool ? 0 : -ENOMEM;
}

void eyas_fill_exit(void)
{
	vfree(pool);
	pool = NULL;
}

static struct eyas_scratch *try_get(void)
{
	unsigned int i;

	for (i = 0; i < NUM_SCRATCH; i++)
		if (!test_and_set_bit(i, in_use))
			return &pool[i];
	return NULL;
}

/* Writes the path's text to buf[PATH_MAX]; bytes, NUL included, 0 if there is none. */
static u16 scratch_path(char *buf, const struct path *path)
{
	char *text = d_path(path, buf, PATH_MAX);
	size_t len;

	if (IS_ERR(text))
		return 0;
	len = buf + PATH_MAX - text;
	memmove(buf, text, len);
	return len;
}

static void read_cwd(struct eyas_scratch *s, const struct task_struct *task)
{
	struct path pwd;

	rcu_read_lock();
	if (eyas_task_pwd(task, &pwd))
		s->cwd_len = scratch_path(s->cwd, &pwd);
	rcu_read_unlock();
}

static void read_exepath(struct eyas_scratch *s)
{
	struct file *file = current->mm ? eyas_get_exe_file(current->mm) : NULL;

	if (!file)
		return;
	s->exepath_len = scratch_path(s->exepath, &file->f_path);
	fput(file);
}

static void read_ret_path(struct eyas_scratch *s, long fd)
{
	struct file *file = fd >= 0 ? fget_raw(fd) : NULL;

	if (!file)
		return;
	s->path_len = scratch_path(s->path, &file->f_path);
	fput(file);
}

static void read_cgroups(struct eyas_scratch *s, struct task_struct *task)
{
	bool cut;

	s->cgroups_len = eyas_cgroups(task, s->cgroups, sizeof(s->cgroups), &cut);
}

static void read_custom(struct eyas_scratch *s, const struct eyas_hit *h, eyas_custom_t custom)
{
	if (custom == eyas_custom_cwd)
		read_cwd(s, h->task);
	else if (custom == eyas_custom_exepath)
		read_exepath(s);
	else if (custom == eyas_custom_tty)
		eyas_current_tty(&s->tty);
	else if (custom == eyas_custom_cgroups)
		read_cgroups(s, h->task);
}

static void read_all(struct eyas_scratch *s, const struct eyas_hit *h)
{
	const struct eyas_row *row = h->row;
	unsigned int i;

	s->cwd_len = 0;
	s->exepath_len = 0;
	s->path_len = 0;
	s->cgroups_len = 0;
	s->tty = 0;
	for (i = 0; i < row->nparams; i++)
		if (row->params[i].src == EYAS_SRC_CUSTOM)
			read_custom(s, h, eyas_customs[row->params[i].val]);
	if (row->flags & EYAS_ROW_PATH)
		read_ret_path(s, h->ret);
}

void eyas_fill_prepare(struct eyas_hit *h)
{
	h->scratch = NULL;
	if (!NEED_SCRATCH || !(h->row->flags & EYAS_ROW_LOCKS))
		return;
	if (!preemptible() || !current->fs)
		return;
	h->scratch = try_get();
	if (h->scratch)
		read_all(h->scratch, h);
}

void eyas_fill_release(struct eyas_hit *h)
{
	if (!h->scratch)
		return;
	clear_bit_unlock(h->scratch - pool, in_use);
	h->scratch = NULL;
}

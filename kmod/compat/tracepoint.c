// SPDX-License-Identifier: GPL-2.0
/*
 * tracepoint.c - the structures of core tracepoints are not exported, so they are
 * looked up by name. Until v3.14 the kernel did that itself.
 */
#include <linux/string.h>

#include "tracepoint.h"

#ifdef HAVE_TRACEPOINT_BY_POINTER

static void match(struct tracepoint *tp, void *priv)
{
	struct eyas_tracepoint *t = priv;

	if (!strcmp(t->name, tp->name))
		t->tp = tp;
}

void eyas_tracepoint_find(struct eyas_tracepoint *t)
{
	for_each_kernel_tracepoint(match, t);
}

bool eyas_tracepoint_exists(const struct eyas_tracepoint *t)
{
	return t->tp;
}

int eyas_tracepoint_attach(struct eyas_tracepoint *t)
{
	int err;

	if (t->attached)
		return 0;
	if (!t->tp)
		return -EOPNOTSUPP;
	err = tracepoint_probe_register(t->tp, t->func, NULL);
	t->attached = !err;
	return err;
}

void eyas_tracepoint_detach(struct eyas_tracepoint *t)
{
	if (!t->attached)
		return;
	t->attached = false;
	tracepoint_probe_unregister(t->tp, t->func, NULL);
}

#else /* until v3.14, and RHEL 7 */

void eyas_tracepoint_find(struct eyas_tracepoint *t)
{
}

/* Such a kernel takes any name; page faults are the only ones not in all of them. */
bool eyas_tracepoint_exists(const struct eyas_tracepoint *t)
{
#ifdef HAVE_ASM_EXCEPTIONS_H
	return true;
#else
	return strncmp(t->name, "page_fault", strlen("page_fault"));
#endif
}

int eyas_tracepoint_attach(struct eyas_tracepoint *t)
{
	int err;

	if (t->attached)
		return 0;
	if (!eyas_tracepoint_exists(t))
		return -EOPNOTSUPP;
	err = tracepoint_probe_register(t->name, t->func, NULL);
	t->attached = !err;
	return err;
}

void eyas_tracepoint_detach(struct eyas_tracepoint *t)
{
	if (!t->attached)
		return;
	t->attached = false;
	tracepoint_probe_unregister(t->name, t->func, NULL);
}

#endif

// SPDX-License-Identifier: GPL-2.0
/* main.c - loading and unloading. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>

#include "eyas.h"

unsigned int eyas_max_sessions = 8;
module_param_named(max_sessions, eyas_max_sessions, uint, 0444);
MODULE_PARM_DESC(max_sessions, "Sessions with rings at a time (default 8)");

static unsigned long max_ring_bytes;
module_param(max_ring_bytes, ulong, 0444);
MODULE_PARM_DESC(max_ring_bytes, "Bytes of all rings of all sessions together (default a quarter of the memory)");
u64 eyas_max_ring_bytes;

static int __init eyas_init(void)
{
	int err;

	if (!eyas_max_sessions || eyas_max_sessions > 1024) {
		pr_err("max_sessions must be from 1 to 1024\n");
		return -EINVAL;
	}
	eyas_max_ring_bytes = max_ring_bytes ? : eyas_total_memory() / 4;

	err = eyas_fill_init();
	if (err)
		return err;
	err = eyas_probe_init();
	if (err)
		goto err_fill;
	err = eyas_session_init();
	if (err)
		goto err_fill;
	err = eyas_dev_init();
	if (err)
		goto err_session;
	return 0;

err_session:
	eyas_session_exit();
err_fill:
	eyas_fill_exit();
	return err;
}

/* No file is open: no session, nothing attached. */
static void __exit eyas_exit(void)
{
	eyas_dev_exit();
	eyas_session_exit();
	eyas_probe_exit();
	eyas_fill_exit();
}

module_init(eyas_init);
module_exit(eyas_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The Eyas authors");
MODULE_DESCRIPTION("Eyas: records chosen system calls for a user-space sensor");
MODULE_VERSION("0.1.0");

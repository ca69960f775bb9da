/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fill_compat.h - what the filler needs and what changed between kernels. The
 * HAVE_ symbols come from the compile probes; without a probe's answer the
 * oldest form is taken.
 */
#ifndef EYAS_FILL_COMPAT_H
#define EYAS_FILL_COMPAT_H

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ipv6.h>
#include <linux/magic.h>
#include <linux/mm_types.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/time.h>
#include <linux/version.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "compat.h"

/* Returns the bytes not copied. Has its name since v4.12; before, nothing was checked here. */
static __always_inline unsigned long eyas_raw_copy(void *dst, const void __user *src, unsigned long n)
{
#ifdef HAVE_RAW_COPY_FROM_USER
	return raw_copy_from_user(dst, src, n);
#else
	return __copy_from_user_inatomic(dst, src, n);
#endif
}

/* User memory a word at a time: user_access_begin() checks the range since v5.0. */
#ifdef HAVE_USER_ACCESS_BEGIN
#define EYAS_GET_USER_WORDS
#endif

/* "This open created the file": since v4.19. */
#ifdef FMODE_CREATED
#define EYAS_FMODE_CREATED	FMODE_CREATED
#else
#define EYAS_FMODE_CREATED	((fmode_t)0)
#endif

/* The superblock flags got their own names in v4.15. */
#ifdef SB_NOUSER
#define EYAS_SB_NOUSER		SB_NOUSER
#else
#define EYAS_SB_NOUSER		MS_NOUSER
#endif

#ifdef __O_TMPFILE
#define EYAS_O_TMPFILE		__O_TMPFILE
#else
#define EYAS_O_TMPFILE		0
#endif

/* Lost its error argument in v5.11. */
static inline struct socket *eyas_sock_from_file(struct file *file)
{
#ifdef HAVE_SOCK_FROM_FILE_1
	return sock_from_file(file);
#else
	int err;

	return sock_from_file(file, &err);
#endif
}

/*
 * The executable of an mm, held: give it back with fput(). get_mm_exe_file() is
 * not exported since v5.15. From v6.7 on a struct file may become another one
 * under RCU, so that only the kernel's own helper may take it.
 */
static inline struct file *eyas_get_exe_file(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
#ifdef HAVE_GET_FILE_RCU_PTR
	file = get_file_rcu(&mm->exe_file);
#else
	file = rcu_dereference(mm->exe_file);
	if (file && !get_file_rcu(file))
		file = NULL;
#endif
	rcu_read_unlock();
	return file;
}

/* Nanoseconds since boot by the monotonic clock; struct timespec until v3.16. */
static inline u64 eyas_start_time(const struct task_struct *task)
{
#ifdef HAVE_START_TIME_NS
	return task->start_time;
#else
	return timespec_to_ns(&task->start_time);
#endif
}

/*
 * Resident and swapped pages. Each CPU keeps a part of these numbers for itself since
 * v6.2: then this asks all of them, while get_mm_rss() may be off by hundreds of pages.
 */
static inline u64 eyas_mm_rss(struct mm_struct *mm)
{
#ifdef HAVE_MM_COUNTER_SUM
	return get_mm_counter_sum(mm, MM_FILEPAGES) + get_mm_counter_sum(mm, MM_ANONPAGES) +
	       get_mm_counter_sum(mm, MM_SHMEMPAGES);
#else
	return get_mm_rss(mm);
#endif
}

static inline u64 eyas_mm_swap(struct mm_struct *mm)
{
#ifdef HAVE_MM_COUNTER_SUM
	return get_mm_counter_sum(mm, MM_SWAPENTS);
#else
	return get_mm_counter(mm, MM_SWAPENTS);
#endif
}

/* Two words until v6.2. */
static inline u64 eyas_cap_bits(const kernel_cap_t *set)
{
#ifdef HAVE_CAP_VAL
	return set->val;
#else
	return (u64)set->cap[1] << 32 | set->cap[0];
#endif
}

/* Nanoseconds since the epoch. Fields until v6.5; the helper came to stable kernels, too. */
static inline u64 eyas_inode_ctime(const struct inode *inode)
{
#ifdef HAVE_INODE_GET_CTIME
	return (u64)inode_get_ctime(inode).tv_sec * NSEC_PER_SEC + inode_get_ctime(inode).tv_nsec;
#else
	return (u64)inode->i_ctime.tv_sec * NSEC_PER_SEC + inode->i_ctime.tv_nsec;
#endif
}

/* Until v6.6. */
static inline u64 eyas_inode_mtime(const struct inode *inode)
{
#ifdef HAVE_INODE_GET_MTIME
	return (u64)inode_get_mtime(inode).tv_sec * NSEC_PER_SEC + inode_get_mtime(inode).tv_nsec;
#else
	return (u64)inode->i_mtime.tv_sec * NSEC_PER_SEC + inode->i_mtime.tv_nsec;
#endif
}

/*
 * Whether an overlay's inodes have more behind them, upper directory entry first:
 * since v4.13.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 13, 0) && defined(HAVE_D_REAL_INODE) && defined(HAVE_READ_KERNEL)
#define EYAS_OVERLAY_INODE	1
#else
#define EYAS_OVERLAY_INODE	0
#endif

/* The inode that holds the data of an overlay's file. */
static inline const struct inode *eyas_real_inode(const struct dentry *dentry)
{
#if EYAS_OVERLAY_INODE
	return d_real_inode(dentry);
#else
	return NULL;
#endif
}

/* Kernel memory that may not be there; probe_kernel_read() until v5.7. */
static inline bool eyas_read_kernel(void *dst, const void *src, size_t n)
{
#ifdef HAVE_READ_KERNEL
	return !copy_from_kernel_nofault(dst, src, n);
#else
	return false;
#endif
}

/* Exported all along; the newest kernels (between v6.13 and v7.3) declare it where modules do not look. */
struct sock *unix_peer_get(struct sock *sk);

/* The addresses of an IPv6 socket; all zero on a kernel without IPv6. */
static inline void eyas_v6_ends(struct sock *sk, struct in6_addr *local,
				struct in6_addr *remote)
{
#if IS_ENABLED(CONFIG_IPV6)
	*remote = sk->sk_v6_daddr;
	*local = sk->sk_v6_rcv_saddr;
	if (ipv6_addr_any(local) && inet6_sk(sk))
		*local = inet6_sk(sk)->saddr;
#else
	*remote = *local = (struct in6_addr){};
#endif
}

#endif /* EYAS_FILL_COMPAT_H */

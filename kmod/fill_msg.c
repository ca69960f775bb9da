// SPDX-License-Identifier: GPL-2.0
/*
 * fill_msg.c - struct msghdr, the argument of sendmsg and recvmsg. For the calls
 * that move several messages the probe makes one hit of each, whose argument 1
 * points to its header.
 */
#include "fill_priv.h"

/* What is needed of it. */
struct msg {
	void __user *name;
	int namelen;
	void __user *iov;
	u64 iovlen;
	void __user *control;
	u64 controllen;
};

struct msg64 {
	u64 name;
	u32 namelen;
	u32 pad;
	u64 iov;
	u64 iovlen;
	u64 control;
	u64 controllen;
};

struct msg32 {
	u32 name;
	u32 namelen;
	u32 iov;
	u32 iovlen;
	u32 control;
	u32 controllen;
};

static void __user *user_ptr(u64 addr)
{
	return (void __user *)(unsigned long)addr;
}

static bool read_msg64(struct msg *m, const void __user *at)
{
	struct msg64 h;

	if (eyas_copy_user(&h, at, sizeof(h)) != sizeof(h))
		return false;
	*m = (struct msg){ user_ptr(h.name), h.namelen, user_ptr(h.iov), h.iovlen, user_ptr(h.control), h.controllen };
	return true;
}

static bool read_msg32(struct msg *m, const void __user *at)
{
	struct msg32 h;

	if (eyas_copy_user(&h, at, sizeof(h)) != sizeof(h))
		return false;
	*m = (struct msg){ user_ptr(h.name), h.namelen, user_ptr(h.iov), h.iovlen, user_ptr(h.control), h.controllen };
	return true;
}

static bool read_msg(const struct eyas_fill *f, struct msg *m)
{
	const void __user *at = eyas_arg_ptr(f, 1);

	return eyas_is_narrow(f) ? read_msg32(m, at) : read_msg64(m, at);
}

int eyas_custom_msg_data(struct eyas_fill *f, u8 arg)
{
	struct msg m;

	if (f->hit->ret <= 0)
		return eyas_put_empty(f);
	if (!read_msg(f, &m))
		return eyas_put_missing(f);
	return eyas_put_iov(f, m.iov, m.iovlen, f->hit->ret);
}

int eyas_custom_msg_size(struct eyas_fill *f, u8 arg)
{
	struct msg m;

	if (!read_msg(f, &m))
		return eyas_put_missing(f);
	return eyas_put_iovlen(f, m.iov, m.iovlen, sizeof(u32));
}

int eyas_custom_msg_tuple(struct eyas_fill *f, u8 arg)
{
	const bool inbound = arg;
	struct msg m;

	if (inbound && f->hit->ret < 0)
		return eyas_put_empty(f);
	if (!read_msg(f, &m)) {
		m = (struct msg){ NULL };
		f->rec_flags |= EYAS_REC_PARTIAL;
	}
	return eyas_put_far_tuple(f, eyas_arg_int(f, 0), m.name, m.namelen, inbound);
}

/* As much as the kernel says that it has written. */
int eyas_custom_msg_control(struct eyas_fill *f, u8 arg)
{
	struct msg m;

	if (f->hit->ret < 0)
		return eyas_put_empty(f);
	if (!read_msg(f, &m))
		return eyas_put_missing(f);
	return eyas_put_user_bytes(f, m.control, m.controllen);
}

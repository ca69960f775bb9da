// SPDX-License-Identifier: GPL-2.0
/*
 * fill_sock.c - socket addresses. Both ends of a connection come from the socket
 * itself, never from user memory and never from ops->getname(), which sleeps.
 */
#include <linux/file.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/random.h>
#include <linux/un.h>
#include <net/af_unix.h>

#include "fill_priv.h"

#define V4_TUPLE	(1 + 2 * (sizeof(__be32) + sizeof(u16)))
#define V6_TUPLE	(1 + 2 * (sizeof(struct in6_addr) + sizeof(u16)))
#define UNIX_HEAD	(1 + 2 * sizeof(u64))
#define UNIX_NAME	(UNIX_PATH_MAX + 1)

/*
 * The two numbers of a unix tuple tell sockets apart and pair them up. They
 * need not be addresses: what leaves the kernel has this mixed in.
 */
static u64 unix_secret __read_mostly;

void eyas_sock_init(void)
{
	get_random_bytes(&unix_secret, sizeof(unix_secret));
}

/* An address as callers give and get it. */
struct given {
	union {
		struct sockaddr_storage any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un un;
	} a;
	int len;
};

static bool is_v4(const struct given *g)
{
	return g->a.any.ss_family == AF_INET && g->len >= (int)sizeof(g->a.v4);
}

static bool is_v6(const struct given *g)
{
	return g->a.any.ss_family == AF_INET6 && g->len >= SIN6_LEN_RFC2133;
}

/* False when it cannot be read or tells no family. */
static bool read_given(struct given *g, const void __user *addr, int len)
{
	g->len = min_t(int, len, sizeof(g->a));
	return g->len >= (int)sizeof(g->a.any.ss_family) && eyas_copy_user(&g->a, addr, g->len) == g->len;
}

/* Address in network order, port in the host's, as the .scap format wants them. */
static u8 *pack_end(u8 *p, const void *addr, size_t len, __be16 port)
{
	__le16 host = cpu_to_le16(ntohs(port));

	memcpy(p, addr, len);
	memcpy(p + len, &host, sizeof(host));
	return p + len + sizeof(host);
}

/* far, here and below: the other end where the socket has none, or NULL. */
static int put_v4_tuple(struct eyas_fill *f, const struct sock *sk, const struct given *far, bool inbound)
{
	const struct inet_sock *inet = inet_sk(sk);
	__be32 remote = READ_ONCE(inet->inet_daddr);
	__be32 local = READ_ONCE(inet->inet_rcv_saddr);
	__be16 rport = READ_ONCE(inet->inet_dport);
	__be16 lport = READ_ONCE(inet->inet_sport);
	u8 *start = f->pos, *p = start;

	if (eyas_room(f) < V4_TUPLE)
		return -ENOSPC;
	if (!local)
		local = READ_ONCE(inet->inet_saddr);
	if (far && is_v4(far)) {
		remote = far->a.v4.sin_addr.s_addr;
		rport = far->a.v4.sin_port;
	}
	*p++ = AF_INET;
	if (inbound) {
		p = pack_end(p, &remote, sizeof(remote), rport);
		p = pack_end(p, &local, sizeof(local), lport);
	} else {
		p = pack_end(p, &local, sizeof(local), lport);
		p = pack_end(p, &remote, sizeof(remote), rport);
	}
	f->pos = p;
	return eyas_end_param(f, start);
}

static int put_v6_tuple(struct eyas_fill *f, struct sock *sk, const struct given *far, bool inbound)
{
	__be16 rport = READ_ONCE(inet_sk(sk)->inet_dport);
	__be16 lport = READ_ONCE(inet_sk(sk)->inet_sport);
	struct in6_addr local, remote;
	u8 *start = f->pos, *p = start;

	if (eyas_room(f) < V6_TUPLE)
		return -ENOSPC;
	eyas_v6_ends(sk, &local, &remote);
	if (far && is_v6(far)) {
		remote = far->a.v6.sin6_addr;
		rport = far->a.v6.sin6_port;
	} else if (far && is_v4(far)) {
		ipv6_addr_set_v4mapped(far->a.v4.sin_addr.s_addr, &remote);
		rport = far->a.v4.sin_port;
	}
	*p++ = AF_INET6;
	if (inbound) {
		p = pack_end(p, &remote, sizeof(remote), rport);
		p = pack_end(p, &local, sizeof(local), lport);
	} else {
		p = pack_end(p, &local, sizeof(local), lport);
		p = pack_end(p, &remote, sizeof(remote), rport);
	}
	f->pos = p;
	return eyas_end_param(f, start);
}

/* A path from a sockaddr_un with len bytes of sun_path; an abstract one gets an @ for its NUL. */
static size_t pack_unix_path(u8 *dst, const u8 *path, int len)
{
	size_t n = clamp(len, 0, UNIX_PATH_MAX);

	memcpy(dst, path, n);
	if (n > 1 && !dst[0])
		dst[0] = '@';
	n = eyas_find_nul(dst, n);
	dst[n] = 0;
	return n + 1;
}

/* The name of a held socket: set once, and gone only with the socket. */
static size_t pack_unix_name(u8 *dst, struct sock *sk)
{
	/* Pairs with the release store of unix_bind(). */
	const struct unix_address *addr = smp_load_acquire(&unix_sk(sk)->addr);

	if (!addr)
		return pack_unix_path(dst, dst, 0);
	return pack_unix_path(dst, (const u8 *)addr->name->sun_path,
			      addr->len - (int)offsetof(struct sockaddr_un, sun_path));
}

/*
 * The name of the other end. Connected streams keep theirs until they are closed,
 * and our file keeps ours open; another thread may give a datagram socket a new
 * one, so that its lock is needed to hold it.
 */
static size_t pack_peer_name(struct eyas_fill *f, u8 *dst, struct sock *sk, struct sock *peer)
{
	size_t len;

	if (!peer)
		return pack_unix_path(dst, dst, 0);
	if (sk->sk_type != SOCK_DGRAM)
		return pack_unix_name(dst, peer);
	if (!f->hit->locks_ok) {
		f->rec_flags |= EYAS_REC_PARTIAL;
		return pack_unix_path(dst, dst, 0);
	}
	peer = unix_peer_get(sk);
	if (!peer)
		return pack_unix_path(dst, dst, 0);
	len = pack_unix_name(dst, peer);
	sock_put(peer);
	return len;
}

static size_t pack_given_name(u8 *dst, const struct given *g)
{
	return pack_unix_path(dst, (const u8 *)g->a.un.sun_path, g->len - (int)offsetof(struct sockaddr_un, sun_path));
}

static u8 *pack_unix_id(u8 *p, const void *sk)
{
	__le64 id = cpu_to_le64(sk ? (u64)(unsigned long)sk ^ unix_secret : 0);

	memcpy(p, &id, sizeof(id));
	return p + sizeof(id);
}

/*
 * The name is the listener's on both sides, and so is the order: the accepting
 * socket first. The two events of one connection carry the same tuple.
 */
static int put_unix_tuple(struct eyas_fill *f, struct sock *sk, const struct given *far, bool inbound)
{
	struct sock *peer = READ_ONCE(unix_sk(sk)->peer);
	u8 *start = f->pos, *p = start;

	if (eyas_room(f) < UNIX_HEAD + UNIX_NAME)
		return -ENOSPC;
	*p++ = AF_UNIX;
	if (inbound) {
		p = pack_unix_id(p, sk);
		p = pack_unix_id(p, peer);
		p += pack_unix_name(p, sk);
	} else {
		p = pack_unix_id(p, peer);
		p = pack_unix_id(p, sk);
		if (far && far->a.any.ss_family == AF_UNIX)
			p += pack_given_name(p, far);
		else
			p += pack_peer_name(f, p, sk, peer);
	}
	f->pos = p;
	return eyas_end_param(f, start);
}

static int put_sock_tuple(struct eyas_fill *f, struct sock *sk, const struct given *far, bool inbound)
{
	switch (READ_ONCE(sk->sk_family)) {
	case AF_INET:
		return put_v4_tuple(f, sk, far, inbound);
	case AF_INET6:
		return put_v6_tuple(f, sk, far, inbound);
	case AF_UNIX:
		return put_unix_tuple(f, sk, far, inbound);
	}
	return eyas_put_empty(f);
}

/* The sock behind an open file, NULL for other files. Lives as long as the file. */
static struct sock *file_sock(struct file *file)
{
	struct socket *sock = eyas_sock_from_file(file);

	return sock ? READ_ONCE(sock->sk) : NULL;
}

/* eyas_put_tuple - both ends of the socket fd: local first unless it is inbound. */
int eyas_put_tuple(struct eyas_fill *f, int fd, bool inbound)
{
	struct file *file = fget_raw(fd);
	struct sock *sk;
	int err;

	if (!file)
		return eyas_put_missing(f);
	sk = file_sock(file);
	err = sk ? put_sock_tuple(f, sk, NULL, inbound) : eyas_put_empty(f);
	fput(file);
	return err;
}

/*
 * Whether the address of a message is needed: streams have the other end in the
 * socket, and so have connected sockets unless something is sent elsewhere.
 */
static bool wants_far(const struct sock *sk, bool inbound)
{
	if (sk->sk_type == SOCK_STREAM || sk->sk_type == SOCK_SEQPACKET)
		return false;
	return !inbound || sk->sk_state != TCP_ESTABLISHED;
}

static int put_message_tuple(struct eyas_fill *f, struct sock *sk, const void __user *addr, int len, bool inbound)
{
	struct given far;

	if (!addr || !len || !wants_far(sk, inbound))
		return put_sock_tuple(f, sk, NULL, inbound);
	if (read_given(&far, addr, len))
		return put_sock_tuple(f, sk, &far, inbound);
	f->rec_flags |= EYAS_REC_PARTIAL;
	return put_sock_tuple(f, sk, NULL, inbound);
}

/*
 * eyas_put_far_tuple - both ends of a message of the socket fd, whose address the
 * caller gave or got. What could not be received has none; what could not be sent
 * has them, for where to is worth knowing.
 */
int eyas_put_far_tuple(struct eyas_fill *f, int fd, const void __user *addr, int len, bool inbound)
{
	struct file *file;
	struct sock *sk;
	int err;

	if (inbound && f->hit->ret < 0)
		return eyas_put_empty(f);
	file = fget_raw(fd);
	if (!file)
		return f->hit->ret < 0 ? eyas_put_empty(f) : eyas_put_missing(f);
	sk = file_sock(file);
	err = sk ? put_message_tuple(f, sk, addr, len, inbound) : eyas_put_empty(f);
	fput(file);
	return err;
}

/* Where sendto wants to send; V is the number of the address's argument. */
int eyas_custom_send_tuple(struct eyas_fill *f, u8 arg)
{
	return eyas_put_far_tuple(f, eyas_arg_int(f, 0), arg ? eyas_arg_ptr(f, arg) : NULL,
				  arg ? eyas_arg_int(f, arg + 1) : 0, false);
}

/* Where recvfrom got it from; the length lies behind a pointer. */
int eyas_custom_recv_tuple(struct eyas_fill *f, u8 arg)
{
	u64 len = 0;

	if (arg && eyas_arg_ptr(f, arg) && f->hit->ret >= 0 &&
	    !eyas_read_num(&len, eyas_arg_ptr(f, arg + 1), sizeof(u32), false))
		f->rec_flags |= EYAS_REC_PARTIAL;
	return eyas_put_far_tuple(f, eyas_arg_int(f, 0), arg ? eyas_arg_ptr(f, arg) : NULL, len, true);
}

/* eyas_put_sockaddr - an address as the caller gave it. */
int eyas_put_sockaddr(struct eyas_fill *f, const void __user *addr, int len)
{
	u8 *start = f->pos, *p = start;
	struct given g;

	if (!addr || len < (int)sizeof(g.a.any.ss_family))
		return eyas_put_empty(f);
	if (!read_given(&g, addr, len))
		return eyas_put_missing(f);
	if (eyas_room(f) < 1 + UNIX_NAME)
		return -ENOSPC;
	*p++ = g.a.any.ss_family;
	if (is_v4(&g))
		p = pack_end(p, &g.a.v4.sin_addr, sizeof(g.a.v4.sin_addr), g.a.v4.sin_port);
	else if (is_v6(&g))
		p = pack_end(p, &g.a.v6.sin6_addr, sizeof(g.a.v6.sin6_addr), g.a.v6.sin6_port);
	else if (g.a.any.ss_family == AF_UNIX)
		p += pack_given_name(p, &g);
	else
		p = start;	/* no text of it is known */
	f->pos = p;
	return eyas_end_param(f, start);
}

struct queue {
	u32 len;
	u32 max;
};

/* The accept queue of the socket at argument 0; nothing waits where there is none. */
static struct queue accept_queue(struct eyas_fill *f)
{
	struct file *file = fget_raw(eyas_arg_int(f, 0));
	struct queue q = { 0, 0 };
	struct sock *sk;

	if (!file)
		return q;
	sk = file_sock(file);
	if (sk) {
		q.len = READ_ONCE(sk->sk_ack_backlog);
		q.max = READ_ONCE(sk->sk_max_ack_backlog);
	}
	fput(file);
	return q;
}

int eyas_custom_queue_len(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, accept_queue(f).len, sizeof(u32));
}

int eyas_custom_queue_max(struct eyas_fill *f, u8 arg)
{
	return eyas_put_int(f, accept_queue(f).max, sizeof(u32));
}

int eyas_custom_queue_pct(struct eyas_fill *f, u8 arg)
{
	struct queue q = accept_queue(f);

	q.len = min(q.len, q.max);
	return eyas_put_int(f, q.max ? (u64)q.len * 100 / q.max : 0, sizeof(u8));
}

/*
 * The two numbers of socketpair: V is 0 for the first socket, 1 for its peer. They
 * are those of a unix tuple.
 */
int eyas_custom_pair_id(struct eyas_fill *f, u8 arg)
{
	const struct sock *sk;
	struct file *file;
	__le64 id = 0;
	u64 fd;

	if (f->hit->ret < 0)
		return eyas_put_empty(f);
	file = eyas_read_num(&fd, eyas_arg_ptr(f, 3), sizeof(u32), false) ? fget_raw(fd) : NULL;
	if (!file)
		return eyas_put_missing(f);
	sk = file_sock(file);
	if (sk && sk->sk_family == AF_UNIX)
		pack_unix_id((u8 *)&id, arg ? READ_ONCE(unix_sk(sk)->peer) : sk);
	fput(file);
	return eyas_put_int(f, le64_to_cpu(id), sizeof(id));
}

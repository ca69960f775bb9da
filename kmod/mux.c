// SPDX-License-Identifier: GPL-2.0
/*
 * mux.c - the calls that 32-bit callers make through socketcall and ipc. Such a hit
 * becomes one of the call that it is: with its row, its arguments, its line.
 */
#include <linux/compat.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "eyas.h"
#include "gen/codes.h"

/* The generic event outside its fast path, which never looks at flags. */
static struct eyas_row unread;

void eyas_mux_init(void)
{
	unread = eyas_rows[EYAS_ROW_GENERIC_X];
}

/* The arguments of a socketcall lie at the address in its own second one. */
static bool socketcall_read(struct eyas_hit *hit, unsigned int nr)
{
	size_t size = eyas_socketcall_words[nr] * sizeof(compat_ulong_t);
	compat_ulong_t words[6] = {};
	unsigned int i;

	if (eyas_copy_user(words, compat_ptr(hit->args[1]), size) != size)
		return false;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		hit->args[i] = words[i];
	return true;
}

#define IPC_NUMBER	0xffff	/* above it, the version of the interface */

/* What ipc takes from memory: the last argument of semctl, two of msgrcv in the first version. */
static bool ipc_read(struct eyas_hit *hit, unsigned int nr)
{
	u16 sc = eyas_ipc_calls[nr].sc;
	bool msgrcv = sc == EYAS_SC_MSGRCV && !(hit->args[0] & ~IPC_NUMBER);
	unsigned long from[ARRAY_SIZE(hit->args)];
	compat_ulong_t words[2];
	unsigned int i;

	memcpy(from, hit->args, sizeof(from));
	from[EYAS_IPC_NONE] = 0;
	if (msgrcv || sc == EYAS_SC_SEMCTL) {
		size_t size = (msgrcv ? 2 : 1) * sizeof(words[0]);

		if (eyas_copy_user(words, compat_ptr(from[EYAS_IPC_PTR]), size) != size)
			return false;
		from[EYAS_IPC_PTR] = words[0];
		if (msgrcv)
			from[EYAS_IPC_FIFTH] = words[1];
	}
	for (i = 0; i < ARRAY_SIZE(from); i++)
		hit->args[i] = from[eyas_ipc_args[nr][i]];
	return true;
}

/*
 * eyas_mux_open - what a socketcall or ipc, whose own arguments are in hit->args, is
 * about. False: no session wants that. A number without a call stays what it is.
 */
bool eyas_mux_open(struct eyas_hit *hit)
{
	bool ipc = hit->native_nr == EYAS_COMPAT_IPC;
	const struct eyas_call *calls = ipc ? eyas_ipc_calls : eyas_socketcalls, *call;
	u32 nr = ipc ? hit->args[0] & IPC_NUMBER : hit->args[0];
	u32 num = ipc ? EYAS_NR_IPC_CALLS : EYAS_NR_SOCKETCALLS;
	unsigned int line;

	if (nr >= num)
		return true;
	nr = eyas_index_nospec(nr, num);
	call = &calls[nr];
	if (!call->sc)
		return true;
	line = EYAS_COUNTER_MUX + (ipc ? EYAS_MUX_IPC : EYAS_MUX_SOCKETCALL) + nr;
	if (!test_bit(line, eyas_union))
		return false;
	hit->counter = line;
	if (ipc ? ipc_read(hit, nr) : socketcall_read(hit, nr)) {
		hit->row = &eyas_rows[call->row];
		hit->sc = call->sc;
	} else {
		hit->row = &unread;
		hit->rec_flags |= EYAS_REC_PARTIAL;
	}
	return true;
}

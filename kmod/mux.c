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

/* Arguments of a socketcall by its number: 32-bit words at the address in its own second one. */
static const u8 socketcall_args[EYAS_NR_SOCKETCALLS] = {
	[1] = 3, [2] = 3, [3] = 3, [4] = 2, [5] = 3, [6] = 3, [7] = 3, [8] = 4, [9] = 4, [10] = 4,
	[11] = 6, [12] = 6, [13] = 2, [14] = 5, [15] = 5, [16] = 3, [17] = 3, [18] = 4, [19] = 5, [20] = 4,
};

/* The generic event outside its fast path, which never looks at flags. */
static struct eyas_row unread;

void eyas_mux_init(void)
{
	unread = eyas_rows[EYAS_ROW_GENERIC_X];
}

static bool socketcall_read(struct eyas_hit *hit, unsigned int nr)
{
	size_t size = socketcall_args[nr] * sizeof(compat_ulong_t);
	compat_ulong_t words[6] = {};
	unsigned int i;

	if (eyas_copy_user(words, compat_ptr(hit->args[1]), size) != size)
		return false;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		hit->args[i] = words[i];
	return true;
}

/* Arguments of ipc: call, first, second, third, pointer, fifth. */
enum ipc_arg { IPC_CALL, IPC_FIRST, IPC_SECOND, IPC_THIRD, IPC_PTR, IPC_FIFTH, IPC_NONE };

/* Where each argument of a call behind ipc stands. */
static const u8 ipc_args[EYAS_NR_IPC_CALLS][6] = {
	[1] = { IPC_FIRST, IPC_PTR, IPC_SECOND, IPC_NONE, IPC_NONE, IPC_NONE },		/* semop */
	[2] = { IPC_FIRST, IPC_SECOND, IPC_THIRD, IPC_NONE, IPC_NONE, IPC_NONE },	/* semget */
	[3] = { IPC_FIRST, IPC_SECOND, IPC_THIRD, IPC_PTR, IPC_NONE, IPC_NONE },	/* semctl */
	[4] = { IPC_FIRST, IPC_PTR, IPC_SECOND, IPC_FIFTH, IPC_NONE, IPC_NONE },	/* semtimedop */
	[11] = { IPC_FIRST, IPC_PTR, IPC_SECOND, IPC_THIRD, IPC_NONE, IPC_NONE },	/* msgsnd */
	[12] = { IPC_FIRST, IPC_PTR, IPC_SECOND, IPC_FIFTH, IPC_THIRD, IPC_NONE },	/* msgrcv */
	[13] = { IPC_FIRST, IPC_SECOND, IPC_NONE, IPC_NONE, IPC_NONE, IPC_NONE },	/* msgget */
	[14] = { IPC_FIRST, IPC_SECOND, IPC_PTR, IPC_NONE, IPC_NONE, IPC_NONE },	/* msgctl */
	[21] = { IPC_FIRST, IPC_PTR, IPC_SECOND, IPC_NONE, IPC_NONE, IPC_NONE },	/* shmat */
	[22] = { IPC_PTR, IPC_NONE, IPC_NONE, IPC_NONE, IPC_NONE, IPC_NONE },		/* shmdt */
	[23] = { IPC_FIRST, IPC_SECOND, IPC_THIRD, IPC_NONE, IPC_NONE, IPC_NONE },	/* shmget */
	[24] = { IPC_FIRST, IPC_SECOND, IPC_PTR, IPC_NONE, IPC_NONE, IPC_NONE },	/* shmctl */
};

#define IPC_SEMCTL	3
#define IPC_MSGRCV	12
#define IPC_NUMBER	0xffff	/* above it, the version of the interface */

/* What ipc takes from memory: the last argument of semctl, two of msgrcv in the first version. */
static bool ipc_read(struct eyas_hit *hit, unsigned int nr)
{
	unsigned long from[IPC_NONE + 1] = {};
	compat_ulong_t words[2];
	unsigned int i;

	memcpy(from, hit->args, sizeof(hit->args));
	if (nr == IPC_SEMCTL || (nr == IPC_MSGRCV && !(hit->args[IPC_CALL] & ~IPC_NUMBER))) {
		size_t size = nr == IPC_SEMCTL ? sizeof(words[0]) : sizeof(words);

		if (eyas_copy_user(words, compat_ptr(from[IPC_PTR]), size) != size)
			return false;
		from[IPC_PTR] = words[0];
		if (nr == IPC_MSGRCV)
			from[IPC_FIFTH] = words[1];
	}
	for (i = 0; i < ARRAY_SIZE(hit->args); i++)
		hit->args[i] = from[ipc_args[nr][i]];
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c - what the module costs a system call, counted in instructions. Runs in a guest of 'bench-kmod', whose clock
 * ticks once per instruction, so that the time stamp counter is a count of all that was executed.
 *
 * usage: bench MODULE
 *
 * Loads and unloads the module itself. Prints a line "STATE WORKLOAD COUNT" for each pair: the median cost of one round
 * of the workload's loop in that state. States:
 *
 *   none        no module
 *   loaded      the module, but nobody has it open
 *   unselected  a session that selects another call
 *   selected    a session that selects what the workload calls, read between the blocks
 *   full        the same with a ring that nobody reads
 *   closed      the session is gone
 *   again       no module again: what differs from none is noise
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kmod/uapi/eyas.h"

#define RING (1u << 20)
#define MAX_BLOCKS 64

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int must(int result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static unsigned long long instructions(void)
{
	unsigned int low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (unsigned long long)high << 32 | low;
}

/* The C library's wrappers check for cancellation, look up the thread, set errno. */
static inline long call(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return ret;
}

/* ------------------------------------------------------------- workloads */

static int zero, null, file, udp, listener;
static char page[4096];
static struct stat status;
static struct sockaddr_in peer, server;

#define LOOP(name, body)                       \
	static void name(unsigned int n)       \
	{                                      \
		while (n--) {                  \
			body;                  \
		}                              \
	}

LOOP(do_getppid, call(SYS_getppid, 0, 0, 0, 0))
LOOP(do_read, call(SYS_read, zero, (long)page, 1, 0))
LOOP(do_write, call(SYS_write, null, (long)page, 1, 0))
LOOP(do_pread, call(SYS_pread64, file, (long)page, sizeof(page), 0))
LOOP(do_stat, call(SYS_stat, (long)"/etc/passwd", (long)&status, 0, 0))
LOOP(do_open, call(SYS_close, call(SYS_openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY, 0), 0, 0, 0))
LOOP(do_enoent, call(SYS_openat, AT_FDCWD, (long)"/etc/no-such-file", O_RDONLY, 0))
LOOP(do_connect, call(SYS_connect, udp, (long)&peer, sizeof(peer), 0))

static void do_tcp(unsigned int n)
{
	long client, accepted;

	while (n--) {
		client = call(SYS_socket, AF_INET, SOCK_STREAM, 0, 0);
		call(SYS_connect, client, (long)&server, sizeof(server), 0);
		accepted = call(SYS_accept, listener, 0, 0, 0);
		call(SYS_close, client, 0, 0, 0);
		call(SYS_close, accepted, 0, 0, 0);
	}
}

static void do_fork(unsigned int n)
{
	long child;

	while (n--) {
		child = call(SYS_fork, 0, 0, 0, 0);
		if (!child)
			call(SYS_exit_group, 0, 0, 0, 0);
		call(SYS_wait4, child, 0, 0, 0);
	}
}

static void do_exec(unsigned int n)
{
	static char *argv[] = {"/proc/self/exe", NULL};
	pid_t child;

	while (n--) {
		child = vfork();
		if (!child) {
			execve(argv[0], argv, NULL);
			_exit(1);
		}
		call(SYS_wait4, child, 0, 0, 0);
	}
}

/* Few blocks get the timer's interrupt, which comes every 4 million instructions: the median leaves them out. */
static const struct workload {
	const char *name;
	void (*run)(unsigned int n);
	unsigned int rounds, blocks;
	unsigned int num_calls;
	short calls[4];
} workloads[] = {
	{"getppid", do_getppid, 50, 61, 1, {SYS_getppid}},
	{"read1", do_read, 50, 61, 1, {SYS_read}},
	{"write1", do_write, 50, 61, 1, {SYS_write}},
	{"pread4k", do_pread, 50, 61, 1, {SYS_pread64}},
	{"stat", do_stat, 50, 61, 1, {SYS_stat}},
	{"open+close", do_open, 50, 61, 2, {SYS_openat, SYS_close}},
	{"open-ENOENT", do_enoent, 50, 61, 1, {SYS_openat}},
	{"connect-udp", do_connect, 50, 61, 1, {SYS_connect}},
	{"tcp-conn", do_tcp, 5, 31, 4, {SYS_socket, SYS_connect, SYS_accept, SYS_close}},
	{"fork+wait", do_fork, 3, 31, 3, {SYS_fork, SYS_wait4, SYS_exit_group}},
	{"vfork+exec+wait", do_exec, 1, 31, 4, {SYS_vfork, SYS_execve, SYS_wait4, SYS_exit_group}},
};
#define NUM_WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

static void prepare_workloads(void)
{
	socklen_t len = sizeof(server);

	zero = must(open("/dev/zero", O_RDONLY), "/dev/zero");
	null = must(open("/dev/null", O_WRONLY), "/dev/null");
	file = must(open("/root/pages", O_RDWR | O_CREAT, 0600), "/root/pages");
	if (write(file, page, sizeof(page)) != sizeof(page))
		die("/root/pages");
	peer.sin_family = server.sin_family = AF_INET;
	peer.sin_addr.s_addr = server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer.sin_port = htons(53);
	udp = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	listener = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(bind(listener, (struct sockaddr *)&server, sizeof(server)), "bind");
	must(listen(listener, 8), "listen");
	must(getsockname(listener, (struct sockaddr *)&server, &len), "getsockname");
}

/* --------------------------------------------------------------- session */

static int device = -1;
static struct eyas_reader *reader;
static const struct eyas_producer *producer;

static void load(const char *path)
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);

	must(syscall(SYS_finit_module, fd, "", 0), "finit_module");
	close(fd);
}

static void unload(void)
{
	must(syscall(SYS_delete_module, "eyas", O_NONBLOCK), "delete_module");
}

static void select_calls(const short *calls, unsigned int n)
{
	struct eyas_mask mask = {.size = sizeof(mask)};

	while (n--)
		mask.native[calls[n] / 64] |= 1ull << calls[n] % 64;
	must(ioctl(device, EYAS_IOC_SET_MASK, &mask), "SET_MASK");
}

static void *map(unsigned long long bytes, int prot, unsigned long long kind)
{
	void *p = mmap(NULL, bytes, prot, MAP_SHARED, device, EYAS_MMAP_OFFSET(0, kind));

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void open_session(void)
{
	struct eyas_setup setup = {.size = sizeof(setup), .flags = EYAS_SETUP_INCLUDE_SELF, .ring_bytes = RING,
				   .snaplen = EYAS_DEFAULT_SNAPLEN};
	struct eyas_info info = {.size = sizeof(info)};

	device = must(open("/dev/" EYAS_DEVICE, O_RDWR | O_CLOEXEC), "/dev/" EYAS_DEVICE);
	must(ioctl(device, EYAS_IOC_SETUP, &setup), "SETUP");
	must(ioctl(device, EYAS_IOC_INFO, &info), "INFO");
	reader = map(info.reader_bytes, PROT_READ | PROT_WRITE, EYAS_MMAP_READER);
	producer = map(info.producer_bytes, PROT_READ, EYAS_MMAP_PRODUCER);
	select_calls((short[]){SYS_sched_get_priority_max}, 1);
	must(ioctl(device, EYAS_IOC_ENABLE), "ENABLE");
}

static void close_session(void)
{
	munmap(reader, sysconf(_SC_PAGESIZE));
	munmap((void *)producer, sizeof(*producer));
	reader = NULL;
	close(device);
}

/* Head is read by us alone and on the CPU that writes it. */
static void drain(void)
{
	if (reader)
		reader->tail = *(volatile const unsigned long long *)&producer->head;
}

static void fill_ring(void)
{
	unsigned long long before;

	do {
		before = producer->head;
		do_getppid(1000);
	} while (*(volatile const unsigned long long *)&producer->head != before);
}

/* ----------------------------------------------------------- measurement */

static int compare(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void measure(const char *state, const struct workload *w, int drained)
{
	unsigned long long cost[MAX_BLOCKS], begun;
	unsigned int i;

	w->run(w->rounds);
	for (i = 0; i < w->blocks; i++) {
		if (drained)
			drain();
		begun = instructions();
		w->run(w->rounds);
		cost[i] = instructions() - begun;
	}
	qsort(cost, w->blocks, sizeof(cost[0]), compare);
	printf("%s %s %llu\n", state, w->name, (cost[w->blocks / 2] + w->rounds / 2) / w->rounds);
}

static void measure_all(const char *state)
{
	unsigned int i;

	for (i = 0; i < NUM_WORKLOADS; i++)
		measure(state, &workloads[i], 1);
}

static void measure_selected(const char *state, int drained)
{
	unsigned int i;

	for (i = 0; i < NUM_WORKLOADS; i++) {
		if (!drained) {
			select_calls((short[]){SYS_getppid}, 1);
			fill_ring();
		}
		select_calls(workloads[i].calls, workloads[i].num_calls);
		measure(state, &workloads[i], drained);
		drain();
	}
}

int main(int argc, char **argv)
{
	if (argc == 1 && !strcmp(argv[0], "/proc/self/exe"))
		return 0; /* do_exec's program */
	if (argc != 2) {
		fprintf(stderr, "usage: bench MODULE\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare_workloads();
	measure_all("none");
	load(argv[1]);
	measure_all("loaded");
	open_session();
	measure_all("unselected");
	measure_selected("selected", 1);
	measure_selected("full", 0);
	close_session();
	measure_all("closed");
	unload();
	measure_all("again");
	return 0;
}

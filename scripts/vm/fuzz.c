/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.c - system calls with random numbers, arguments and pointers, from short-lived processes. It does not look at
 * what the calls do: who records them does (TestFuzzCalls of pkg/driver starts it).
 *
 * usage: fuzz SEED SECONDS WORKERS COUNTS
 *
 *   worker (root; own mounts, network, IPC, host name)
 *     └─ init of a PID namespace      dies with all that lives in it
 *          └─ caller (user 65534)     makes the calls, forks, execs, crashes
 *
 * No number is left out. What could harm the guest is refused to an unprivileged user (reboot, modules, clocks,
 * swap, kexec, mounts outside of its own namespaces), or stays within the namespaces (signals, IPC objects,
 * processes). Memory, file sizes, descriptors and processes are bounded by rlimits. A caller that makes no
 * progress is killed with its namespace; a timer interrupts calls that would block.
 *
 * The file COUNTS gets, for each number, how many calls have been made and how many came back: unsigned ints
 * made[3][640], returned[3][640] for the 64-bit, the 32-bit and the x32 way of calling.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NUMBERS 640	/* tried: 0 to 600 */
#define CALLS 400	/* in the life of a caller */
#define NOBODY 65534
#define X32_BIT 0x40000000L

enum { NATIVE, COMPAT, X32, ABIS };

static struct counts {
	unsigned int made[ABIS][NUMBERS];
	unsigned int returned[ABIS][NUMBERS];
	unsigned int progress, callers;
} *counts;

static unsigned long long random_state;

static void die(const char *what)
{
	fprintf(stderr, "fuzz: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long long rnd(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static unsigned long below(unsigned long n) { return (rnd() >> 11) % n; }

static void seed(unsigned long long s)
{
	random_state = s * 0x9e3779b97f4a7c15ull + 0x1234567;
	if (!random_state)
		random_state = 1;
	rnd();
}

/* ---------------------------------------------------------------- memory */

/* Below 4 GiB, so that 32-bit calls reach it; behind its end nothing can be read. */
#define PAGE 4096UL
#define ARENA (64 * PAGE)
#define WORDS (ARENA / 4) /* first part: words; then sockaddrs, then texts, then noise */

static char *arena;

static unsigned long pointer(void)
{
	unsigned long base = (unsigned long)arena;

	switch (below(10)) {
	case 0:
		return base + ARENA - below(64);	/* ends within */
	case 1:
		return base + ARENA;			/* cannot be read */
	case 2:
		return base + ARENA - PAGE * (1 + below(4)) + below(PAGE);
	case 3:
		return below(2) ? rnd() | 1ul << 63 : rnd() & 0xffffffffffff;
	case 4:
		return below(4) * 8;
	case 5:
	case 6:
		return base + WORDS + below(64) * 128;	/* a socket's address */
	case 7:
		return base + 2 * WORDS + below(16) * PAGE;	/* a text */
	default:
		return base + below(WORDS / 8) * 8;
	}
}

static unsigned long length(void)
{
	static const unsigned int lengths[] = {0, 1, 2, 7, 16, 28, 110, 128, 255, 1024, 4095, 4096, 65000, 65536,
					       1u << 20, 0x7fffffff, 0xffffffff};

	return lengths[below(sizeof(lengths) / sizeof(lengths[0]))];
}

static unsigned long value(void)
{
	switch (below(9)) {
	case 0:
		return 0;
	case 1:
		return below(32);
	case 2:
		return -below(3);
	case 3:
		return 1ul << below(64);
	case 4:
		return rnd();
	case 5:
		return length();
	case 6:
		return below(48);	/* a descriptor */
	default:
		return pointer();
	}
}

static void fill_words(unsigned long *words, unsigned int n)
{
	while (n--)
		words[n] = below(6) ? value() : (unsigned int)pointer() | rnd() << 32;
}

static void fill_sockaddrs(void)
{
	static const unsigned char families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNSPEC};
	unsigned int i;

	for (i = 0; i < 64; i++) {
		struct sockaddr_in6 *a = (struct sockaddr_in6 *)(arena + WORDS + i * 128);

		a->sin6_family = below(8) ? families[below(sizeof(families))] : below(64);
		a->sin6_port = a->sin6_family == AF_UNIX ? 0 : htons(1024 + below(4));
		if (a->sin6_family == AF_INET)
			((struct sockaddr_in *)a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		else if (a->sin6_family == AF_INET6)
			a->sin6_addr = in6addr_loopback;
		else if (a->sin6_family == AF_UNIX)
			snprintf((char *)a + 2 + below(2), 16, "/tmp/s%lu", below(4)); /* abstract, or with a path */
	}
}

/* Texts of all lengths up to a page and beyond, some of them names of things that exist. */
static void fill_texts(void)
{
	static const char *const names[] = {"/tmp/a", "/tmp", ".", "/proc/self/exe", "/dev/null", "/bin/true", "a"};
	unsigned int i;

	for (i = 0; i < 16; i++) {
		char *text = arena + 2 * WORDS + i * PAGE;
		unsigned long n = below(4) ? below(PAGE) : below(64);

		memset(text, 'a' + i, PAGE);
		if (i < sizeof(names) / sizeof(names[0]))
			strcpy(text, names[i]);
		else
			text[n] = below(8) ? 0 : '/';
	}
}

static void make_arena(void)
{
	unsigned long i;

	arena = mmap(NULL, ARENA + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (arena == MAP_FAILED || mprotect(arena + ARENA, PAGE, PROT_NONE))
		die("arena");
	for (i = 0; i < ARENA; i += 8)
		*(unsigned long *)(arena + i) = rnd();
	fill_words((unsigned long *)arena, WORDS / 8);
	fill_sockaddrs();
	fill_texts();
}

/* ---------------------------------------------------------------- caller */

static void open_descriptors(void)
{
	int pair[2], i;

	for (i = 0; i < 3; i++)
		dup2(open("/dev/null", O_RDWR), i);
	open("/dev/zero", O_RDWR);
	open("/tmp", O_RDONLY | O_DIRECTORY);
	open("/tmp/a", O_RDWR | O_CREAT, 0666);
	socket(AF_INET, SOCK_DGRAM, 0);
	listen(socket(AF_INET, SOCK_STREAM, 0), 4);
	socket(AF_INET6, SOCK_DGRAM, 0);
	socket(AF_INET6, SOCK_STREAM, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) || pipe(pair))
		_exit(1);
	epoll_create1(0);
	eventfd(1, 0);
	timerfd_create(CLOCK_MONOTONIC, 0);
	inotify_init1(0);
	syscall(SYS_memfd_create, "fuzz", 0);
}

static void limit(int resource, unsigned long max)
{
	struct rlimit r = {max, max};

	if (setrlimit(resource, &r))
		_exit(1);
}

static void drop_rights(void)
{
	limit(RLIMIT_AS, 512ul << 20);
	limit(RLIMIT_FSIZE, 1ul << 20);
	limit(RLIMIT_NOFILE, 128);
	limit(RLIMIT_NPROC, 200);
	limit(RLIMIT_CORE, 0);
	if (syscall(SYS_setgroups, 0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		_exit(1);
}

static void on_alarm(int sig) { (void)sig; }

static void set_alarm(void)
{
	struct itimerval every = {{0, 10000}, {0, 10000}};
	struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART: calls return */

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

/* Inlined into the loop: a vfork's child goes on in the frame of its parent. */
static inline __attribute__((always_inline)) void call64(long nr, const unsigned long *a)
{
	register unsigned long r10 __asm__("r10") = a[3];
	register unsigned long r8 __asm__("r8") = a[4];
	register unsigned long r9 __asm__("r9") = a[5];

	__asm__ volatile("syscall" : "+a"(nr) : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
}

static inline __attribute__((always_inline)) void call32(long nr, const unsigned long *a)
{
	__asm__ volatile("push %%rbp; mov %7, %%rbp; int $0x80; pop %%rbp" : "+a"(nr)
			 : "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]), "m"(*a), "r"(a[5])
			 : "r8", "r9", "r10", "r11", "memory");
}

static void call_at_random(unsigned int times)
{
	static const unsigned char abis[8] = {NATIVE, NATIVE, NATIVE, NATIVE, COMPAT, COMPAT, COMPAT, X32};
	unsigned long args[6];
	unsigned int abi, i;
	long nr;

	while (times--) {
		abi = abis[below(8)];
		nr = below(601);
		for (i = 0; i < 6; i++)
			args[i] = value();
		__atomic_fetch_add(&counts->made[abi][nr], 1, __ATOMIC_RELAXED);
		if (abi == COMPAT)
			call32(nr, args);
		else
			call64(abi == X32 ? nr | X32_BIT : nr, args);
		__atomic_fetch_add(&counts->returned[abi][nr], 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&counts->progress, 1, __ATOMIC_RELAXED);
		fill_words((unsigned long *)arena + below(WORDS / 8 - 16), 16);
	}
	_exit(0);
}

static void caller(void)
{
	make_arena();
	open_descriptors();
	drop_rights();
	set_alarm();
	call_at_random(CALLS);
}

/* ---------------------------------------------------------------- worker */

static void init_of_namespace(void)
{
	pid_t first = fork(), gone;

	if (!first)
		caller();
	do
		gone = wait(NULL);
	while (gone > 0 && gone != first);
	_exit(0);
}

/* Until the caller is done, or for a while no call was made, or the time is over. */
static void await(pid_t init, time_t end)
{
	unsigned int seen = counts->progress, idle = 0;

	while (waitpid(init, NULL, WNOHANG) == 0) {
		usleep(10000);
		idle = counts->progress == seen ? idle + 1 : 0;
		seen = counts->progress;
		if (idle > 40 || time(NULL) > end + 2) {
			kill(init, SIGKILL);
			waitpid(init, NULL, 0);
			return;
		}
	}
}

static void make_world(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS))
		die("unshare");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/tmp", "tmpfs", 0, "size=16m,mode=1777"))
		die("mount");
	if (chdir("/tmp"))
		die("/tmp");
}

static void worker(unsigned long long number, time_t end)
{
	pid_t init;

	make_world();
	while (time(NULL) < end) {
		seed(number++);
		__atomic_fetch_add(&counts->callers, 1, __ATOMIC_RELAXED);
		init = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0);
		if (init < 0)
			die("clone");
		if (!init)
			init_of_namespace();
		await(init, end);
	}
	exit(0);
}

static void share_counts(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(*counts)))
		die(path);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		die(path);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long long first;
	int workers, status, failed = 0;
	time_t end;

	if (argc != 5) {
		fprintf(stderr, "usage: fuzz SEED SECONDS WORKERS COUNTS\n");
		return 2;
	}
	first = strtoull(argv[1], NULL, 0);
	end = time(NULL) + atoi(argv[2]);
	share_counts(argv[4]);
	for (workers = atoi(argv[3]); workers > 0; workers--)
		if (!fork())
			worker(first + ((unsigned long long)workers << 32), end);
	while (wait(&status) > 0)
		failed |= status;
	printf("fuzz: seed %llu: %u calls came back, of %u processes\n", first, counts->progress, counts->callers);
	return failed ? 1 : 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * vmctl: gets bytes and an exit status out of a QEMU guest that has no drivers for it.
 *
 * Debian's cloud kernels have no /dev/port, no 9p and, before 6.12, no virtio built in. But a PCI BAR can be
 * mapped through sysfs by any of them, so the way out is an ivshmem device: a file of the host seen as a BAR.
 *
 *   in the guest                             on the host
 *   vmctl stream  < bytes                    vmctl follow FILE    copies the stream to stdout until stdin ends
 *   vmctl archive < bytes                    vmctl archived FILE  writes the archive to stdout
 *   vmctl exit STATUS                        vmctl status FILE    prints STATUS and the number of bytes lost
 *
 *   stream says when it is ready by a newline on stdout; SIGTERM ends it after what is in the pipe.
 *   FILE: | struct page, 4 KiB | stream, up to 1/4 of the file | archive, the rest |
 */
#define _GNU_SOURCE /* ppoll */
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __x86_64__
#include <sys/io.h>
#endif

#define PAGE 4096
#define DEBUG_EXIT_PORT 0xf4 /* -device isa-debug-exit,iobase=0xf4 */
#define FOLLOW_MS 20

struct page {
	uint64_t stream_len;
	uint64_t archive_len;
	uint64_t lost;   /* bytes that found no room */
	uint64_t exited; /* status + 1 */
};

static struct page *page;
static size_t size;

static char *stream_area(void)
{
	return (char *)page + PAGE;
}

static char *archive_area(void)
{
	return (char *)page + size / 4;
}

static void fail(const char *what)
{
	fprintf(stderr, "vmctl: ");
	perror(what);
	exit(2);
}

static void map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		fail(path);
	size = st.st_size;
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		fail(path);
	close(fd);
}

static int has_id(const char *dir, const char *name, const char *want)
{
	char path[256], got[8] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (!fgets(got, sizeof(got), f))
		got[0] = 0;
	fclose(f);
	return !strncmp(got, want, 6);
}

static void enable(const char *dir)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/enable", dir);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		fail(path);
	close(fd);
}

static void map_device(void)
{
	char path[256];
	glob_t g;
	size_t i;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &g))
		g.gl_pathc = 0;
	for (i = 0; i < g.gl_pathc; i++) {
		if (!has_id(g.gl_pathv[i], "vendor", "0x1af4") || !has_id(g.gl_pathv[i], "device", "0x1110"))
			continue;
		enable(g.gl_pathv[i]);
		snprintf(path, sizeof(path), "%s/resource2", g.gl_pathv[i]);
		map(path);
		return;
	}
	fprintf(stderr, "vmctl: no ivshmem device\n");
	exit(2);
}

static void write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0)
			fail("write");
		p += done;
		n -= done;
	}
}

static void on_term(int sig)
{
	(void)sig;
}

/*
 * Waits for input; 0 at its end. After SIGTERM only what is already there counts: a daemon that the command left
 * behind may hold the pipe open for ever. The signal is blocked outside ppoll() so that it cannot be missed.
 */
static int input_ready(void)
{
	static int draining;
	static sigset_t none;
	struct pollfd in = { .fd = 0, .events = POLLIN };
	struct timespec now = { 0 };

	if (!draining && ppoll(&in, 1, NULL, &none) < 0)
		draining = 1;
	return !draining || ppoll(&in, 1, &now, NULL) > 0;
}

/* Appends stdin to an area. Always reads to the end: a full area must not block or kill the writer. */
static int copy_in(char *area, size_t room, uint64_t *len)
{
	static char buf[1 << 16];
	ssize_t n;

	while (input_ready() && (n = read(0, buf, sizeof(buf))) > 0) {
		size_t fits = room - *len < (size_t)n ? room - *len : (size_t)n;

		memcpy(area + *len, buf, fits);
		page->lost += n - fits;
		/* The length after the bytes; pairs with the acquire in follow(). */
		__atomic_store_n(len, *len + fits, __ATOMIC_RELEASE);
	}
	return 0;
}

static int guest_stream(void)
{
	struct sigaction sa = { .sa_handler = on_term };
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &sa, NULL);
	write_all(1, "\n", 1); /* from here on SIGTERM loses nothing */
	return copy_in(stream_area(), archive_area() - stream_area(), &page->stream_len);
}

static int guest_archive(void)
{
	return copy_in(archive_area(), (char *)page + size - archive_area(), &page->archive_len);
}

/* QEMU is gone here. */
static void end_machine(void)
{
#ifdef __x86_64__ /* which has no way to turn itself off without ACPI */
	if (ioperm(DEBUG_EXIT_PORT, 4, 1))
		fail("ioperm");
	outl(0, DEBUG_EXIT_PORT);
#else
	reboot(RB_POWER_OFF);
#endif
}

static int guest_exit(int status)
{
	page->exited = status + 1;
	end_machine();
	pause();
	return 2;
}

static int follow(void)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	uint64_t sent = 0, len;
	int ended = 0;
	char buf[512];

	for (;;) {
		len = __atomic_load_n(&page->stream_len, __ATOMIC_ACQUIRE);
		write_all(1, stream_area() + sent, len - sent);
		sent = len;
		if (ended)
			return 0;
		/* QEMU holds the other end of stdin: its end means that no more will come. */
		if (poll(&in, 1, FOLLOW_MS) > 0 && read(0, buf, sizeof(buf)) <= 0)
			ended = 1;
	}
}

static int archived(void)
{
	write_all(1, archive_area(), page->archive_len);
	return 0;
}

static int status(void)
{
	if (!page->exited)
		return 1;
	printf("%d %llu\n", (int)page->exited - 1, (unsigned long long)page->lost);
	return 0;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 1 ? argv[1] : "";
	const char *arg = argc > 2 ? argv[2] : NULL;

	if (arg && strcmp(cmd, "exit"))
		map(arg);
	else
		map_device();
	if (!strcmp(cmd, "stream"))
		return guest_stream();
	if (!strcmp(cmd, "archive"))
		return guest_archive();
	if (!strcmp(cmd, "exit") && arg)
		return guest_exit(atoi(arg));
	if (!strcmp(cmd, "follow"))
		return follow();
	if (!strcmp(cmd, "archived"))
		return archived();
	if (!strcmp(cmd, "status"))
		return status();
	fprintf(stderr, "vmctl: unknown command '%s'\n", cmd);
	return 2;
}

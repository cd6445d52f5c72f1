/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resource agent "ip": main program. What it does to the kernel is in ip_netlink.h. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ip_metadata.h"
#include "ip_params.h"

enum { OCF_SUCCESS, OCF_ERR_GENERIC, OCF_ERR_ARGS, OCF_ERR_UNIMPLEMENTED, OCF_ERR_PERM, OCF_NOT_RUNNING = 7 };

#define REPEATS 2		/* further announcements, a second apart: the first one may have been lost */
#define SELF_TEST_MS 1000

static char why[400];

static const char *from_env(const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "OCF_RESKEY_%s", name);
	return getenv(key);
}

static int complain(int code)
{
	const char *instance = getenv("OCF_RESOURCE_INSTANCE");

	fprintf(stderr, "<err> %s: %s\n", instance ? instance : "ip", why);
	return code;
}

static int ocf_code(int error)
{
	return error == -EPERM || error == -EACCES ? OCF_ERR_PERM : OCF_ERR_GENERIC;
}

static void wait_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

/* rdisc keeps routes by router discovery; it has to learn that an address came or went. */
static void nudge_rdisc(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[300], comm[32] = "";
		FILE *f;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		f = fopen(path, "re");
		if (f && fgets(comm, sizeof(comm), f) && strcmp(comm, "rdisc\n") == 0)
			kill((pid_t)atoi(e->d_name), SIGHUP);
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
}

/* In a process of its own, so that the start need not wait: says it again while the address is here. */
static void announce_again(const struct hwip_addr *a, int ifindex)
{
	int null = -1;

	if (fork() != 0)
		return;
	setsid();
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	for (int i = 0; i < REPEATS; i++) {
		struct hwip_link link;
		struct hwip *h;

		wait_ms(1000);
		if (hwip_open(&h, NULL, 0) < 0)
			break;
		if (hwip_find(h, a, &link, NULL, NULL, 0) < 0 || link.ifindex != ifindex)
			break;
		hwip_announce(a, &link, NULL, 0);
		hwip_close(h);
	}
	_exit(0);
}

/* 0: it is here already and good. */
static int here_already(struct hwip *h, const struct ip_params *p, struct hwip_link *ret)
{
	int r = hwip_find(h, &p->address, ret, NULL, why, sizeof(why));

	if (r == 0 && p->monitor_link && !ret->running) {
		snprintf(why, sizeof(why),
			"%s: has no link; check cable and switch, or set monitor_link=\"0\"", ret->name);
		return -ENOLINK;
	}
	return r;
}

static int do_start(struct hwip *h, const struct ip_params *p)
{
	struct hwip_choice choice = { .only = p->only, .need_carrier = p->monitor_link };
	struct hwip_addr a = p->address;
	struct hwip_link link;
	int r = here_already(h, p, &link);

	if (r != -EADDRNOTAVAIL)
		return r == 0 ? OCF_SUCCESS : complain(OCF_ERR_GENERIC);
	r = hwip_choose(h, &p->address, &choice, &link, &a.prefix, why, sizeof(why));
	if (r == 0)
		r = hwip_probe(&a, &link, p->duplicate_wait_ms, why, sizeof(why));
	if (r == 0)
		r = hwip_add(h, &a, link.ifindex, NULL, why, sizeof(why));
	if (r == 0)
		r = hwip_announce(&a, &link, why, sizeof(why));
	if (r < 0)
		return complain(ocf_code(r));
	if (link.has_arp)
		announce_again(&a, link.ifindex);
	if (!p->disable_rdisc)
		nudge_rdisc();
	return OCF_SUCCESS;
}

static int do_stop(struct hwip *h, const struct ip_params *p)
{
	int r = hwip_find(h, &p->address, NULL, NULL, why, sizeof(why));

	if (r == -EADDRNOTAVAIL)
		return OCF_SUCCESS;
	r = hwip_del(h, &p->address, 0, why, sizeof(why));
	if (r < 0)
		return complain(ocf_code(r));
	r = hwip_find(h, &p->address, NULL, NULL, why, sizeof(why));
	if (r != -EADDRNOTAVAIL) {
		snprintf(why, sizeof(why),
			"the address is still on this node after its removal: something adds it again; "
			"find that in the network configuration and remove it there");
		return complain(OCF_ERR_GENERIC);
	}
	if (!p->disable_rdisc)
		nudge_rdisc();
	wait_ms(p->sleep_s * 1000);
	return OCF_SUCCESS;
}

/* Does the address answer? A datagram from it to itself: works where echo requests are filtered, too. */
static int self_test(const struct hwip_addr *a)
{
	struct sockaddr_storage ss = { .ss_family = (sa_family_t)a->family };
	socklen_t len = a->family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	struct pollfd pfd = { .events = POLLIN };
	char byte = 1;
	int r = -1;

	if (a->family == AF_INET6)
		memcpy(&((struct sockaddr_in6 *)&ss)->sin6_addr, a->bytes, 16);
	else
		memcpy(&((struct sockaddr_in *)&ss)->sin_addr, a->bytes, 4);
	pfd.fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (pfd.fd >= 0 && bind(pfd.fd, (struct sockaddr *)&ss, len) == 0 &&
		getsockname(pfd.fd, (struct sockaddr *)&ss, &len) == 0 &&
		sendto(pfd.fd, &byte, 1, 0, (struct sockaddr *)&ss, len) == 1)
		r = poll(&pfd, 1, SELF_TEST_MS);
	if (r == 1) {
		close(pfd.fd);
		return 0;
	}
	snprintf(why, sizeof(why),
		"the address does not receive what is sent to it on this node: %s; check %s",
		r < 0 ? strerror(errno) : "nothing came within 1 s", "routes and firewall rules");
	if (pfd.fd >= 0)
		close(pfd.fd);
	return -EIO;
}

static int do_status(struct hwip *h, const struct ip_params *p)
{
	const char *depth = getenv("OCF_CHECK_LEVEL");
	struct hwip_link link;
	int r = here_already(h, p, &link);

	if (r == 0 && depth && atoi(depth) >= 10)
		r = self_test(&p->address);
	return r == 0 ? OCF_SUCCESS : complain(OCF_NOT_RUNNING);
}

static int do_nothing(struct hwip *h, const struct ip_params *p)
{
	return OCF_SUCCESS;
}

static const struct {
	const char *name;
	int (*run)(struct hwip *h, const struct ip_params *p);
} actions[] = {
	{ "start", do_start },
	{ "stop", do_stop },
	{ "status", do_status },
	{ "monitor", do_status },
	{ "validate-all", do_nothing },
	{ "verify-all", do_nothing },
};

static int run_action(const char *name)
{
	struct ip_params p;
	struct hwip *h;
	unsigned i;
	int code;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].name, name) == 0)
			break;
	if (i == sizeof(actions) / sizeof(actions[0])) {
		snprintf(why, sizeof(why), "action \"%.40s\": is unknown; use start, stop, status, monitor, "
			"meta-data or validate-all", name);
		return complain(OCF_ERR_UNIMPLEMENTED);
	}
	if (ip_params_read(from_env, &p, why, sizeof(why)) < 0)
		return complain(OCF_ERR_ARGS);
	if (hwip_open(&h, why, sizeof(why)) < 0)
		return complain(OCF_ERR_GENERIC);
	code = actions[i].run(h, &p);
	hwip_close(h);
	return code;
}

static void usage(FILE *f)
{
	fprintf(f, "usage: ip start|stop|status|monitor|meta-data|validate-all\n"
		"Resource agent of rgmanager: parameters come as OCF_RESKEY_NAME in the environment.\n"
		"  -h, --help     this text\n  -V, --version  the version\n");
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		if (c == 'h')
			usage(stdout);
		else if (c == 'V')
			printf("ip (hawser) %s\n", PACKAGE_VERSION);
		else
			usage(stderr);
		return c == '?' ? OCF_ERR_ARGS : OCF_SUCCESS;
	}
	if (optind + 1 != argc) {
		usage(stderr);
		return OCF_ERR_ARGS;
	}
	if (strcmp(argv[optind], "meta-data") == 0)
		return fputs(ip_metadata, stdout) < 0 || fflush(stdout) != 0 ? OCF_ERR_GENERIC : OCF_SUCCESS;
	return run_action(argv[optind]);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP ports that corosync will open, and who has them. */
#include "config.h"

#include "cman_check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clu_store.h"

#define TABLE_MAX (4u << 20)

/* Inode of the UDP socket with this port, from /proc/net/udp or udp6; 0: not found. */
static unsigned long find_inode(const char *table, unsigned port)
{
	struct clu_buf b = CLU_BUF_INIT;
	unsigned long inode = 0;
	char *save = NULL;

	if (clu_store_read(table, TABLE_MAX, &b) < 0 || !b.data) {
		clu_buf_free(&b);
		return 0;
	}
	for (char *l = strtok_r(b.data, "\n", &save); l && !inode; l = strtok_r(NULL, "\n", &save)) {
		unsigned p;
		unsigned long found;

		if (sscanf(l, " %*d: %*[0-9A-Fa-f]:%x %*s %*s %*s %*s %*s %*s %*s %lu", &p, &found) == 2 && p == port)
			inode = found;
	}
	clu_buf_free(&b);
	return inode;
}

static bool holds(const char *pid, const char *wanted)
{
	char path[300], target[64];
	bool found = false;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	d = opendir(path);
	for (struct dirent *e = d ? readdir(d) : NULL; e && !found; e = readdir(d)) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%.20s/fd/%.200s", pid, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		found = !strcmp(target, wanted);
	}
	if (d)
		closedir(d);
	return found;
}

/* "process 12 (named)", or why that is not known. */
static void find_holder(unsigned port, char *ret, size_t size)
{
	unsigned long inode = find_inode("/proc/net/udp", port);
	char wanted[64];
	DIR *d = opendir("/proc");

	if (!inode)
		inode = find_inode("/proc/net/udp6", port);
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	snprintf(ret, size, "another program (\"ss -ulpn\" as root tells which)");
	for (struct dirent *e = d && inode ? readdir(d) : NULL; e; e = readdir(d)) {
		struct clu_buf comm = CLU_BUF_INIT;
		char path[300];

		if (*e->d_name < '0' || *e->d_name > '9' || !holds(e->d_name, wanted))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", e->d_name);
		(void)clu_store_read(path, 64, &comm);
		snprintf(ret, size, "process %.20s (%.*s)", e->d_name, (int)strcspn(clu_buf_text(&comm), "\n"), clu_buf_text(&comm));
		clu_buf_free(&comm);
		break;
	}
	if (d)
		closedir(d);
}

/* 0, or negative errno of a bind; -EADDRNOTAVAIL is another part's finding. */
static int try_port(const char *addr, unsigned port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	bool v4 = inet_pton(AF_INET, addr, &a4.sin_addr) == 1;
	int fd, r;

	if (!v4 && inet_pton(AF_INET6, addr, &a6.sin6_addr) != 1)
		return -EADDRNOTAVAIL;
	fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = bind(fd, v4 ? (struct sockaddr *)&a4 : (struct sockaddr *)&a6, v4 ? sizeof(a4) : sizeof(a6)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static void check_port(const struct cman_plan *p, unsigned link, unsigned port, struct cman_findings *ret)
{
	const char *addr = p->nodes[p->own].addr[link];
	char holder[128];
	int r = try_port(addr, port);

	if (!r) {
		cman_check_add(ret, "ports", CMAN_FINE, NULL, "UDP port %u of %s is free", port, addr);
	} else if (r == -EADDRINUSE) {
		find_holder(port, holder, sizeof(holder));
		cman_check_add(ret, "ports", CMAN_FAULT, "end it, or choose another cman/@port in cluster.conf",
			       "UDP port %u of %s is taken by %s", port, addr, holder);
	} else if (r != -EADDRNOTAVAIL) {
		cman_check_add(ret, "ports", r == -EACCES ? CMAN_UNSURE : CMAN_FAULT, "run this as root",
			       "UDP port %u of %s cannot be opened: %s", port, addr, strerror(-r));
	}
}

void cman_check_ports(const struct cman_plan *p, bool running, struct cman_findings *ret)
{
	for (unsigned l = 0; l < p->n_links; l++) {
		if (running) {
			cman_check_add(ret, "ports", CMAN_FINE, NULL, "UDP port %u (link %u) is corosync's, which runs",
				       p->links[l].port, l);
			continue;
		}
		check_port(p, l, p->links[l].port, ret);
		if (p->transport != CMAN_KNET)
			check_port(p, l, p->links[l].port - 1, ret);
	}
}

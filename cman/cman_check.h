/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cman_tool check: will this node be able to join, and if not, what is to be done?
 * Changes nothing. Each part appends its findings; a thing that is in order is a finding
 * as well, so that one sees what was looked at.
 */
#ifndef CMAN_CHECK_H
#define CMAN_CHECK_H

#include <jansson.h>

#include "cman_info.h"

#define CMAN_CHECK_MAX 512

enum cman_verdict { CMAN_FINE, CMAN_UNSURE, CMAN_DOUBT, CMAN_FAULT };	/* ok, unknown, warning, fault */

struct cman_finding {
	const char *part;	/* "names", "ports", ...: static */
	enum cman_verdict verdict;
	char text[400];		/* what is, and why that matters */
	char remedy[300];	/* what to do; "" when nothing is */
};

struct cman_findings {
	unsigned n;		/* more than CMAN_CHECK_MAX are dropped */
	struct cman_finding f[CMAN_CHECK_MAX];
};

/* remedy NULL: none. */
void cman_check_add(struct cman_findings *ret, const char *part, enum cman_verdict verdict, const char *remedy,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * cman_check_names.c: every node name and altname stands for one address, no loopback, of
 * one family per link; ours are on this machine. Fills the plan's addresses.
 */
void cman_check_names(struct cman_plan *plan, struct cman_findings *ret);
/* The line of /etc/hosts (text) that gives this name this address; 0: none. Pure. */
unsigned cman_check_hosts_line(const char *hosts, const char *name, const char *address);

/* cman_check_ports.c: corosync's UDP ports are free; running: it has them already. */
void cman_check_ports(const struct cman_plan *plan, bool running, struct cman_findings *ret);

/* cman_check_firewall.c: no rule of this machine drops what goes to and from these ports. */
void cman_check_firewall(const struct cman_plan *plan, struct cman_findings *ret);

/* cman_check_peers.c: time, key, release, and what the other nodes say of theirs. */
void cman_check_clock(const char *conf_path, struct cman_findings *ret);
void cman_check_versions(struct cman_findings *ret);
void cman_check_peers(const struct cman_plan *plan, struct cman_findings *ret);

/* Prints the findings; the exit code: 0 nothing wrong, 1 a fault, 3 warnings only. Pure but for the output. */
int cman_check_report(const struct cman_findings *f, bool json, struct clu_buf *ret);

/* All of it; prints, and returns the exit code of cman_tool. name: -n of join, or NULL. */
int cman_check(const char *name, const struct cman_overrides *over, bool json);

#endif

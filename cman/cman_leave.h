/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that change something in the running cluster. Each prints what is to be said and returns the exit code. */
#ifndef CMAN_LEAVE_H
#define CMAN_LEAVE_H

#include <stdbool.h>
#include <stdint.h>

struct cman_leave_opts {
	bool force;		/* also while our daemons are active, and without asking anyone */
	/*
	 * The others shall not expect this node's votes any more. corosync has no such
	 * leave: its own votes are set to 0 and the expected votes to what is left,
	 * before it goes (taken back if it then does not go).
	 */
	bool remove;
	bool wait;		/* until the process has ended */
	uint64_t until_ms;	/* limit of the wait, or CMAN_FOREVER */
};

int cman_leave(const struct cman_leave_opts *opts);

/* Orders nodes out, one after the other; a failure is printed and the rest goes on. COMPAT: 0 in any case. */
int cman_kill(const char *const *names, unsigned n);

int cman_set_expected(uint32_t votes);
/* name NULL: this node. */
int cman_set_votes(const char *name, uint32_t votes);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The director's mind: configuration, check results and time go in; the wanted
 * table, checks to start and notes come out. Pure: no clock, descriptor or log.
 *
 * A real server, by check results (lvs.md 5.4):
 *
 *   at start   TRUSTED --ok--> UP          in the table with its full weight before the first check ends: a
 *                 |                        router that takes over serves at once
 *   by reload  NEW --ok--> UP (ramp)       not in the table before its first success
 *                 |
 *              any of them --one failure--> DOWN --reentry/timeout successes in a row--> UP (ramp)
 *
 * ramp (5.5): a server that comes (back) starts with weight/32, at least 1,
 * doubled about every 20 s up to the configured weight.
 *
 * What is in the kernel is `have`; it changes only by an APPLIED event.
 */
#ifndef LVS_CORE_H
#define LVS_CORE_H

#include "clu_out.h"
#include "lvs_table.h"

#define LVS_MAX_RUNNING 256	/* checks at one time */

enum lvs_rs_state { LVS_RS_TRUSTED, LVS_RS_NEW, LVS_RS_UP, LVS_RS_DOWN, LVS_NRSSTATES };

enum lvs_event_type {
	LVS_EV_CONFIG,		/* u.conf: ownership passes to the core, also on failure */
	LVS_EV_CHECK,		/* the check u.check.id ended */
	LVS_EV_APPLIED,		/* the director carried out APPLY: u.applied */
	LVS_EV_TIMER,
	LVS_NEVENTS
};

struct lvs_event {
	enum lvs_event_type type;
	uint64_t now_ms;	/* monotonic */
	uint64_t wall_ms;	/* for display only */
	union {
		struct lvs_conf *conf;
		struct { uint64_t id; bool ok; const char *why; } check;
		struct { int error; const char *why; } applied;
	} u;
};

enum lvs_action_type {
	LVS_ACT_APPLY,		/* bring the kernel from lvs_core_have() to lvs_core_want(), then say APPLIED */
	LVS_ACT_CHECK,		/* start a check and say CHECK at its end */
	LVS_ACT_FORGET,		/* `dest` of `svc` failed and is out of the table: drop what is bound to it */
	LVS_ACT_CANCEL,		/* end the check `id`; no CHECK event may follow */
	LVS_NACTIONS
};

struct lvs_action {
	enum lvs_action_type type;
	uint64_t id;
	/* CHECK; good until the next CONFIG event. */
	const struct lvs_check_spec *spec;
	struct lvs_addr addr;
	uint16_t port;
	/* FORGET: identities. */
	struct lvs_svc svc;
	struct lvs_dest dest;
};

struct lvs_actions {
	struct lvs_action *list;
	unsigned n, cap;
};

struct lvs_core;

struct lvs_core *lvs_core_new(void);
struct lvs_core *lvs_core_free(struct lvs_core *c);	/* accepts NULL, returns NULL */

/*
 * One step. Actions are appended to ret, notes to notes. 0; -ENOMEM: the step
 * had no effect (CONFIG: the old configuration stands).
 */
int lvs_core_step(struct lvs_core *c, const struct lvs_event *ev, struct lvs_actions *ret, struct clu_out *notes);
/* When TIMER is due; UINT64_MAX = never. */
uint64_t lvs_core_deadline(const struct lvs_core *c);

const struct lvs_conf *lvs_core_conf(const struct lvs_core *c);	/* NULL before the first CONFIG */
const struct lvs_table *lvs_core_have(const struct lvs_core *c);
const struct lvs_table *lvs_core_want(const struct lvs_core *c);

/* One real server, for status. */
struct lvs_real_info {
	enum lvs_rs_state state;
	const char *state_name;
	bool in_table;		/* in `have` with a weight above 0 */
	uint32_t weight_now;	/* in `have`; 0 when not there */
	uint64_t since_wall_ms;	/* of the state */
	bool checked;		/* a check has ended */
	bool last_ok;
	uint64_t last_wall_ms;
	const char *last_why;
};
/* v, s: indices into lvs_core_conf(). False: that virtual or server is not active. */
bool lvs_core_real(const struct lvs_core *c, unsigned v, unsigned s, struct lvs_real_info *ret);

#endif

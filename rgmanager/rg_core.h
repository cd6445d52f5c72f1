/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rgmanager as a pure replicated state machine: where each service runs, and why
 * (architecture.md S1, S6, S7, section 4).
 *
 * All daemons are one group and hold the same state. Every member computes every
 * decision itself, at the same point of the order, so a decision needs no message
 * of its own: the moment "n1 is fenced" is delivered, all members set the
 * service to `starting` on the same node, and that node runs the start in the
 * same step.
 *
 *     request, result of an operation, fencing, quorum  --SEND-->  delivered to all
 *     delivered  ->  rg_apply_*()  ->  rg_evaluate()  ->  rg_local_act()
 *                    state changes     placement          this node's agents
 *
 * Why a service is active on one node only (S1):
 * - it has one owner in the replicated state, and only the owner starts it, after
 *   delivery;
 * - after a loss nothing at all is started before every lost node is known to be
 *   fenced: a lost node may have seen a message that no survivor saw;
 * - nor before a member has confirmed quorum for the present view;
 * - without quorum, or when the replicated state was replaced, a node stops
 *   whatever it runs, before anything else;
 * - a node takes part only after it has stopped every configured service once;
 * - what runs on, or may, where no rgmanager looks after it stands on the disks of
 *   the others, and is said before anything is started.
 *
 * Files: rg_core.c (events), rg_apply.c (messages), rg_view.c (members, loss,
 * fencing), rg_svc.c (the one writer of a service's state), rg_eval.c
 * (placement), rg_request.c (admin), rg_leave.c (an end in order), rg_left.c (the
 * note of what is left alone), rg_local.c (what this node must do),
 * rg_op.c and rg_check.c (running agents), rg_msg.c (bytes), rg_conf.c
 * (cluster.conf in force), rg_dump.c (people).
 */
#ifndef RG_CORE_H
#define RG_CORE_H

#include "clu_core.h"
#include "rg_meta.h"

/* Result codes of operations, as clusvcadm shows and exits with them (rgmanager.md section 3). */
enum rg_code {
	RG_ESUCCESS = 0, RG_EFAIL = -1, RG_EABORT = -2, RG_EFORWARD = -3, RG_ENOSERVICE = -4, RG_EDEADLCK = -5,
	RG_EAGAIN = -6, RG_EDEPEND = -7, RG_EINVAL = -8, RG_EQUORUM = -9, RG_ERUN = -10, RG_EFROZEN = -11,
	RG_ENODE = -12, RG_EFENCE = -13, RG_ESCRIPT = -14, RG_EDOMAIN = -15, RG_EEXCL = -16, RG_ERELO = -17,
	RG_EPERM = -18, RG_EWARNING = -19
};

/* Service states by their historical numbers. */
enum rg_state {
	RG_STOPPED = 110, RG_STARTING, RG_STARTED, RG_STOPPING, RG_FAILED, RG_UNINITIALIZED, RG_CHECKING, RG_RECOVERABLE,
	RG_RECOVERING, RG_DISABLED, RG_MIGRATING
};

#define RG_FLAG_FROZEN 1u
#define RG_FLAG_PARTIAL 2u

/* "started", or "unknown". */
const char *rg_state_name(uint32_t state);
/* "Success", "Failure", ...; "Unknown". */
const char *rg_code_text(int code);

struct rg_options {
	bool no_init_stop;		/* -N: do not stop at the start what the others know as frozen here */
	const char *left_path;		/* note of services left alone elsewhere; NULL: none is kept. Not copied. */
	const void *left;		/* its content, "" when there is none; as rg_left_check() likes it */
	size_t left_len;
	struct rg_registry registry;	/* agents' metadata */
};

#define RG_LEFT_FILE "rgmanager.left"
#define RG_LEFT_MAX (1024u * 1024)	/* bytes of such a file */

/* 0, or -EBADMSG: it is none that rgmanager wrote. */
int rg_left_check(const void *data, size_t len);

struct rg;

struct rg *rg_new(const struct rg_options *opt);	/* copies the options; NULL when out of memory */
struct rg *rg_free(struct rg *rg);			/* accepts NULL, returns NULL */

/* Which service the program that a RUN with this id started works for, NULL when none. For simulations and dumps. */
const char *rg_run_service(const struct rg *rg, uint64_t id);

extern const struct clu_core_ops rg_ops;

#endif

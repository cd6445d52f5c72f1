/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmand's core: brings each committed cluster.conf into the running corosync of all
 * nodes at once.
 *
 * One reload of corosync makes every node read its own corosync.conf. So all files
 * must be on disk before one node asks for it, and none may change while it is under
 * way: else nodes would run with different node lists or votes. The agreement, in the
 * one order of the group:
 *
 *   LOOK   a node wants to compare the document in force with its corosync and write
 *          its file; it does so when its own LOOK has come back, and no reload is open
 *   SAY    what came of it: STAGED, RUNNING, HELD or FAILED (cmand.proto)
 *   GO     the lowest node found all members STAGED or RUNNING with one version, at
 *          least one STAGED, and quorum. Counts only if that still holds where it is
 *          delivered: then the reload is open, nobody writes, and the sender asks
 *          corosync
 *   DONE   its answer; everybody looks anew and finds RUNNING (or says FAILED)
 *
 * Looking is the work of a program (cman_apply), which does nothing when nothing
 * differs; a crash at any point is mended by looking again. A reload whose node is
 * lost counts as over: all look, and the new lowest one asks again if it must.
 *
 * A node that boots while a reload is under way may have started with the former file,
 * and its corosync was not among those that read theirs: what it finds to be staged is no
 * refusal, so such a reload does not count as tried, and another one follows.
 *
 * A node without quorum looks again every CMAND_RETRY_MS: it may have been started with a list
 * of nodes that the cluster has left behind, and cannot hear anybody of it (cman_take.c).
 *
 * Nothing is done while a node of the cluster runs no cmand, or while there is no
 * quorum; what is waited for is said. One node HELD holds all, and its reason is shown
 * on every node.
 *
 * Known limit: corosync may carry out a request of a cmand that was killed a moment
 * later than the others believe it dead. Then a file that is written just now is read
 * a moment early by some nodes, and the reload for it, which follows, makes them one.
 */
#ifndef CMAND_CORE_H
#define CMAND_CORE_H

#include "clu_core.h"

#define CMAND_WAIT_MS 15000	/* a request that waits is answered by then, whatever the state ... */
#define CMAND_PATIENCE_MS 3000	/* ... or by then, where somebody has to do something first */
#define CMAND_RETRY_MS 30000	/* after a failure that may pass by itself */
#define CMAND_LOOK_MS 20000	/* deadlines of the program's verbs */
#define CMAND_RELOAD_MS 20000
#define CMAND_ANSWER_MS 3600000

/* Exit codes of "cman_apply look" (with "tried" behind it: corosync was asked already; what is only staged has failed). */
enum cmand_look { CMAND_LOOK_RUNNING = 0, CMAND_LOOK_FAILED = 1, CMAND_LOOK_STAGED = 10, CMAND_LOOK_HELD = 11 };

struct cmand_core;

/* apply: path of the program cman_apply (copied). NULL: out of memory. */
struct cmand_core *cmand_core_new(const char *apply);
void cmand_core_free(void *core);

extern const struct clu_core_ops cmand_core_ops;

#endif

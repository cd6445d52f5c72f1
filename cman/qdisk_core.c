/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qdisk_core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "clu_planted.h"
#include "qdisk_priv.h"

#define RETRY_MS 1000		/* until a registration is tried again */

struct qdisk *qdisk_new(void)
{
	return calloc(1, sizeof(struct qdisk));
}

void qdisk_free(struct qdisk *q)
{
	if (!q)
		return;
	clu_conf_unref(q->conf);
	free(q);
}

bool qdisk_is_running(const struct qdisk *q)
{
	return q->phase == QDISK_RUNS;
}

static uint64_t lease_end(const struct qdisk *q)
{
	return q->lease_from + (uint64_t)q->cfg.lease_ms * (CLU_PLANTED(QDISK_NO_LEASE) ? 1000 : 1);
}

bool qdisk_has_lease(const struct qdisk *q, uint64_t now)
{
	return q->lease_from && now < lease_end(q);
}

void qdisk_note(struct qdisk *q, struct clu_out *out, enum clu_level level, const char *event, const char *object,
	const char *from, const char *to, const char *why)
{
	clu_out_note(out, level, event, object, from, to, why, NULL);
}

void qdisk_end(struct qdisk *q, struct clu_out *out, int32_t code, const char *why)
{
	if (q->dead)
		return;
	q->dead = true;
	/* Else a new ring would wait for a word that does not come. */
	if (q->registered)
		clu_out_device(out, QDISK_ASK_UNREGISTER, 0, q->dev_name, strlen(q->dev_name) + 1);
	clu_out_fatal(out, code, why);
}

bool qdisk_in_ring(const struct qdisk *q, uint32_t nodeid)
{
	for (unsigned i = 0; i < q->n_members; i++)
		if (q->members[i] == nodeid)
			return true;
	return false;
}

bool qdisk_same_ring(const struct clu_ring *a, uint32_t rep, uint64_t seq)
{
	return a->rep == rep && a->seq == seq;
}

/* ---- corosync ---- */

static void on_ring(struct qdisk *q, uint64_t now, const struct clu_device *d)
{
	const struct qdisk_ring *r = d->data;
	bool lost = false;

	if (d->len < sizeof(*r) || r->n > CLU_MAX_NODES || (q->has_ring && qdisk_same_ring(&q->ring, r->ring.rep, r->ring.seq)))
		return;
	for (unsigned i = 0; i < q->n_members; i++) {
		uint32_t id = q->members[i];
		bool stays = false;

		for (unsigned k = 0; k < r->n; k++)
			stays |= r->nodes[k] == id;
		/* Nobody contends for the disk who is not seen on it. */
		lost |= !stays && id <= QDISK_NODES && q->peer[id].online;
	}
	q->ring = r->ring;
	q->n_members = r->n;
	memcpy(q->members, r->nodes, r->n * sizeof(r->nodes[0]));
	q->has_ring = true;
	q->ring_ms = now;
	q->voted = q->cast = false;
	q->confirms = q->cfg.n_heuristics && (lost || q->confirms);
	q->next_ms = now;
}

static void on_registered(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out)
{
	q->registering = false;
	if (d->result == 0) {
		q->registered = true;
		return;
	}
	if (d->result == -EACCES) {
		qdisk_end(q, out, 1, "corosync has no quorum device: it was started before <quorumd> stood in cluster.conf; "
			"'cman_tool leave', then 'cman_tool join', on one node after the other");
		return;
	}
	q->register_ms = now + RETRY_MS;
	qdisk_note(q, out, CLU_WARNING, "qdisk.register", q->dev_name, "", "tried again", d->data ? (const char *)d->data : "");
}

static void register_device(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (!q->configured || q->registering || q->registered || now < q->register_ms || q->phase != QDISK_WAITS)
		return;
	q->registering = true;
	clu_out_device(out, QDISK_ASK_REGISTER, 0, q->dev_name, strlen(q->dev_name) + 1);
}

/* ---- events ---- */

static void on_device(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out)
{
	switch ((enum qdisk_said)d->what) {
	case QDISK_SAID_REGISTERED:
		on_registered(q, now, d, out);
		break;
	case QDISK_SAID_RING:
		on_ring(q, now, d);
		break;
	case QDISK_SAID_VOTED:
		/* A newer ring is on its way, or corosync's end. */
		if (d->result != -ESTALE)
			qdisk_note(q, out, CLU_WARNING, "qdisk.vote", q->dev_name, "", "refused", d->data ? (const char *)d->data : "");
		break;
	case QDISK_SAID_READ:
		qdisk_cycle_read(q, now, d, out);
		break;
	case QDISK_SAID_WRITTEN:
		qdisk_cycle_written(q, now, d, out);
		break;
	}
}

static void on_peer(struct qdisk *q, uint64_t now, const struct clu_peer *p, struct clu_out *out)
{
	if (p->kind != CLU_PEER_COROSYNC || p->up)
		return;
	q->corosync_gone = true;
	qdisk_leave(q, now, "corosync has gone", out);
}

/* Which of the node's own limits has been reached while a disk does not answer. */
static void look_at_limits(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->phase != QDISK_RUNS && q->phase != QDISK_OUT)
		return;
	if (q->reset_when_written && now >= q->exit_by_ms)
		qdisk_end(q, out, CLU_FATAL_RESET, "the score of this node's heuristics is too low (quorumd/@reboot)");
	if (q->cfg.io_timeout && (now >= q->read_ms + q->cfg.dead_ms || now >= q->written_ms + q->cfg.dead_ms))
		qdisk_end(q, out, CLU_FATAL_RESET, "io_timeout: the quorum disk could not be used for interval x tko");
	if (q->cfg.paranoid && q->io != QDISK_IDLE && now > q->cycle_ms + q->cfg.dead_ms)
		qdisk_end(q, out, CLU_FATAL_RESET, "paranoid: one cycle of the quorum disk took more than interval x tko");
	if (q->lease_from && !qdisk_has_lease(q, now)) {
		/* From here on another one may be master without having asked this node. */
		q->lease_from = 0;
		q->following = 0;
		memset(&q->common, 0, sizeof(q->common));
		qdisk_peers_distrust(q, now);
		if (q->phase == QDISK_RUNS)
			qdisk_disk_is_bad(q, "votes end: no cycle was completed in time", q->io == QDISK_READS ? "a read hangs" :
				q->io == QDISK_WRITES ? "a write hangs" : "reads or writes fail, or this node stood still", out);
		qdisk_step_down(q, now, "its own writes do not get through", out);
	}
}

static void go_on(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->dead)
		return;
	register_device(q, now, out);
	qdisk_begin(q, now, out);
	look_at_limits(q, now, out);
	qdisk_heuristics_run(q, now, out);
	if (q->phase == QDISK_LEAVES)
		qdisk_go_on_leaving(q, now, out);
	if (q->dead || q->phase == QDISK_WAITS)
		return;
	if (q->io == QDISK_IDLE && now >= q->next_ms)
		qdisk_cycle_start(q, now, out);
	qdisk_vote(q, now, out);
}

static int step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	struct qdisk *q = core;
	uint64_t now = ev->now_ms;

	if (q->dead)
		return 0;
	q->wall_s = ev->wall_us / 1000000;
	/* Before anything that has waited for it. */
	look_at_limits(q, now, out);
	if (q->dead)
		return 0;
	switch (ev->type) {
	case CLU_EV_START:
		q->nodeid = ev->u.start.nodeid;
		q->incarnation = ev->u.start.incarnation;
		snprintf(q->name, sizeof(q->name), "%s", ev->u.start.node_name);
		break;
	case CLU_EV_CONFIG:
		qdisk_take_conf(q, now, (struct clu_conf *)ev->u.config.conf, out);
		break;
	case CLU_EV_DEVICE:
		on_device(q, now, &ev->u.device, out);
		break;
	case CLU_EV_CHILD:
		qdisk_heuristics_ended(q, now, &ev->u.child, out);
		qdisk_look_at_score(q, now, out);
		break;
	case CLU_EV_STORED:
		if (ev->u.stored.id == q->store_id)
			q->store_id = 0;
		break;
	case CLU_EV_PEER:
		on_peer(q, now, &ev->u.peer, out);
		break;
	case CLU_EV_SHUTDOWN:
		qdisk_leave(q, now, "it was asked to end", out);
		break;
	case CLU_EV_REQUEST:
		/* It is read by SIGUSR1, and by what it writes: there is nothing to ask it. */
		clu_out_reply(out, ev->u.request.client, -ENOSYS, NULL, 0);
		break;
	case CLU_EV_TIMER:
	case CLU_EV_QUORUM:
	case CLU_EV_CLIENT_GONE:
	case CLU_EV_VIEW:
	case CLU_EV_MESSAGE:
	case CLU_EV_STATE:
	case CLU_NEVENTS:
		break;
	}
	go_on(q, now, out);
	return 0;
}

static void sooner(uint64_t *at, uint64_t other)
{
	if (other < *at)
		*at = other;
}

static uint64_t deadline(const void *core)
{
	const struct qdisk *q = core;
	uint64_t at = CLU_NEVER;

	if (q->dead)
		return at;
	if (q->phase == QDISK_WAITS)
		return q->configured && !q->registering && !q->registered ? q->register_ms : at;
	if (q->io == QDISK_IDLE)
		sooner(&at, q->next_ms);
	sooner(&at, qdisk_heuristics_at(q));
	if (q->phase == QDISK_LEAVES) {
		sooner(&at, q->exit_by_ms);
		return at;
	}
	sooner(&at, qdisk_vote_at(q));
	if (q->cast || q->master)
		sooner(&at, lease_end(q));
	if (q->reset_when_written)
		sooner(&at, q->exit_by_ms);
	if (q->phase == QDISK_LOOKS)
		return at;
	if (q->cfg.io_timeout)
		sooner(&at, (q->read_ms < q->written_ms ? q->read_ms : q->written_ms) + q->cfg.dead_ms);
	if (q->cfg.paranoid && q->io != QDISK_IDLE)
		sooner(&at, q->cycle_ms + q->cfg.dead_ms + 1);
	return at;
}

/* Without a group there is nobody to hand it to. */
static int snapshot(const void *core, struct clu_buf *ret)
{
	(void)core;
	(void)ret;
	return 0;
}

const struct clu_core_ops qdisk_ops = {
	.name = "qdiskd",
	.proto_min = 1,
	.proto_max = 1,
	.step = step,
	.deadline = deadline,
	.snapshot = snapshot,
	.dump = qdisk_dump,
};

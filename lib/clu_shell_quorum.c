/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <poll.h>
#include <string.h>

#include "clu_log.h"
#include "clu_shell_priv.h"

static void tell(struct clu_shell *s, const struct clu_quorum *q)
{
	struct clu_event ev = { .type = CLU_EV_QUORUM, .u.quorum = *q };

	if (s->group)
		(void)clu_group_quorum(s->group, q);
	else if (s->d->want & CLU_WANT_QUORUM)
		clu_shell_feed(s, &ev);
}

static void keep(struct clu_shell *s, const struct clu_quorum *q)
{
	s->quorum.later = *q;
	memcpy(s->quorum.later_nodes, q->nodes, q->n_nodes * sizeof(q->nodes[0]));
	s->quorum.later.nodes = s->quorum.later_nodes;
	s->quorum.kept = true;
}

void clu_shell_quorum_late(struct clu_shell *s)
{
	if (!s->quorum.kept || s->corosync_lost || s->ended)
		return;
	s->quorum.kept = false;
	tell(s, &s->quorum.later);
}

/*
 * Only this callback counts: it comes at every ring change, with the members of the
 * ring it speaks of. The node list alone would pair a new ring with an old quorum.
 */
static void on_quorum(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring, uint32_t n,
	const uint32_t *nodes)
{
	const void *ctx = NULL;
	struct clu_quorum q = {
		.quorate = quorate != 0, .ring = { ring.nodeid, ring.seq }, .nodes = nodes, .n_nodes = n,
	};
	struct clu_shell *s;

	(void)quorum_context_get(handle, &ctx);
	s = (struct clu_shell *)ctx;
	if (n > CLU_MAX_NODES) {
		clu_log(CLU_ERR, "corosync lists %u nodes, more than the %u this suite is made for; the rest is ignored",
			n, CLU_MAX_NODES);
		q.n_nodes = CLU_MAX_NODES;
	}
	keep(s, &q);
	if (s->quorum.early)
		return;
	/* Each service of corosync has its own descriptor; the group's news of this ring come first. */
	clu_shell_cpg_drain(s);
	clu_shell_quorum_late(s);
}

/* Maybe in the middle of on_quorum(): what that has in hand is kept, and gives way to what is said behind it. */
void clu_shell_quorum_first(struct clu_shell *s)
{
	/* That it has ended is seen at its descriptor. */
	if (!s->quorum.open || s->corosync_lost || s->quorum.early)
		return;
	s->quorum.early = true;
	(void)quorum_dispatch(s->quorum.handle, CS_DISPATCH_ALL);
	s->quorum.early = false;
	if (s->quorum.later.ring.seq == s->cpg.ring.seq)
		clu_shell_quorum_late(s);
}

static int on_readable(int32_t fd, int32_t revents, void *data)
{
	struct clu_shell *s = data;
	cs_error_t e;

	if (s->corosync_lost)
		return 0;
	e = quorum_dispatch(s->quorum.handle, CS_DISPATCH_ALL);
	if ((e != CS_OK && e != CS_ERR_TRY_AGAIN) || revents & (POLLHUP | POLLERR | POLLNVAL))
		clu_shell_corosync_lost(s);
	return 0;
}

cs_error_t clu_shell_quorum_open(struct clu_shell *s)
{
	quorum_model_v1_data_t model = { .model = QUORUM_MODEL_V1, .quorum_notify_fn = on_quorum };
	uint32_t type = QUORUM_FREE;
	cs_error_t e;

	e = quorum_model_initialize(&s->quorum.handle, QUORUM_MODEL_V1, (quorum_model_data_t *)&model, &type, s);
	if (e != CS_OK)
		return e;
	if (type == QUORUM_FREE)
		clu_log(CLU_WARNING, "corosync has no quorum provider: this node never becomes quorate; set quorum.provider "
			"in corosync.conf");
	e = quorum_fd_get(s->quorum.handle, &s->quorum.fd);
	if (e == CS_OK)
		e = quorum_trackstart(s->quorum.handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
	if (e == CS_OK && qb_loop_poll_add(s->loop, QB_LOOP_HIGH, s->quorum.fd, POLLIN, s, on_readable) < 0)
		e = CS_ERR_NO_MEMORY;
	if (e != CS_OK) {
		(void)quorum_finalize(s->quorum.handle);
		return e;
	}
	s->quorum.open = true;
	return CS_OK;
}

void clu_shell_quorum_close(struct clu_shell *s)
{
	if (!s->quorum.open)
		return;
	(void)qb_loop_poll_del(s->loop, s->quorum.fd);
	(void)quorum_finalize(s->quorum.handle);
	s->quorum.open = s->quorum.kept = false;
}

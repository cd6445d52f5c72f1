/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people hear of it: the state of the whole, requests, the log. */
#include "cmand_core_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"

static const char *const sum_names[] = {
	[CMAND_APPLIED] = "applied", [CMAND_APPLYING] = "applying", [CMAND_WAITING] = "waiting",
	[CMAND_RESTART] = "restart", [CMAND_BROKEN] = "failed",
};

static const char *const state_names[] = {
	[HAWSER__CMAND_STATE__CMAND_UNKNOWN] = "unknown", [HAWSER__CMAND_STATE__CMAND_LOOKING] = "looking",
	[HAWSER__CMAND_STATE__CMAND_STAGED] = "staged", [HAWSER__CMAND_STATE__CMAND_RUNNING] = "running",
	[HAWSER__CMAND_STATE__CMAND_HELD] = "held", [HAWSER__CMAND_STATE__CMAND_FAILED] = "failed",
};

static const char *name_of(const struct cmand_core *c, uint32_t nodeid, char buf[32])
{
	const char *name = c->conf ? clu_conf_node_name(c->conf, nodeid) : NULL;

	if (name)
		return name;
	snprintf(buf, 32, "node %u", nodeid);
	return buf;
}

/* The line is among the reasons of a node in this state. */
static bool has_line(const struct cmand_node *n, Hawser__CmandState state, const char *line, size_t len)
{
	for (const char *p = n->state == state ? n->why : ""; *p;) {
		size_t l = strcspn(p, "\n");

		if (l == len && !memcmp(p, line, len))
			return true;
		p += l + (p[l] == '\n');
	}
	return false;
}

/* The line once, with the names of all who say it in front; nothing when an earlier node has said it. */
static void add_line(const struct cmand_core *c, unsigned first, const char *line, size_t len, struct clu_buf *ret)
{
	Hawser__CmandState state = c->g.nodes[first].state;
	unsigned count = 0;
	char buf[32];

	for (unsigned i = 0; i < c->g.n; i++) {
		bool has = has_line(&c->g.nodes[i], state, line, len);

		if (has && i < first)
			return;
		count += has;
	}
	if (count == c->g.n && count > 1)
		clu_buf_str(ret, "all nodes");
	for (unsigned i = first, said = 0; (count < c->g.n || count == 1) && i < c->g.n; i++)
		if (has_line(&c->g.nodes[i], state, line, len))
			clu_buf_printf(ret, "%s%s", said++ ? ", " : "", name_of(c, c->g.nodes[i].nodeid, buf));
	clu_buf_printf(ret, ": %.*s\n", (int)len, line);
}

static bool add_those(const struct cmand_core *c, Hawser__CmandState state, struct clu_buf *ret)
{
	bool any = false;

	for (unsigned i = 0; i < c->g.n; i++) {
		if (c->g.nodes[i].state != state)
			continue;
		any = true;
		for (const char *p = c->g.nodes[i].why; *p;) {
			size_t len = strcspn(p, "\n");

			add_line(c, i, p, len, ret);
			p += len + (p[len] == '\n');
		}
	}
	return any;
}

/* Somebody has not said yet what became of the version in force here. */
static bool is_open(const struct cmand_core *c)
{
	for (unsigned i = 0; i < c->g.n; i++)
		if (c->g.nodes[i].state < HAWSER__CMAND_STATE__CMAND_STAGED || c->g.nodes[i].version < c->version)
			return true;
	return c->g.reload != 0;
}

/* Nodes of the cluster whose cmand is not among us. */
static bool add_missing(const struct cmand_core *c, struct clu_buf *ret)
{
	bool any = false;
	char buf[32];

	for (unsigned i = 0; c->quorum_known && i < c->n_q_nodes; i++) {
		bool here = false;

		for (unsigned k = 0; k < c->g.n; k++)
			here = here || c->g.nodes[k].nodeid == c->q_nodes[i];
		if (here)
			continue;
		any = true;
		clu_buf_printf(ret, "%s is in the cluster but runs no cmand, so its corosync.conf cannot be written: start "
			"it there with \"cmand\"\n", name_of(c, c->q_nodes[i], buf));
	}
	return any;
}

static void add_awaited(const struct cmand_core *c, struct clu_buf *ret)
{
	char buf[32];

	for (unsigned i = 0; i < c->g.n; i++) {
		const struct cmand_node *n = &c->g.nodes[i];

		if (n->state < HAWSER__CMAND_STATE__CMAND_STAGED)
			clu_buf_printf(ret, "waiting for %s to write its corosync.conf\n", name_of(c, n->nodeid, buf));
		else if (n->version < c->version)
			clu_buf_printf(ret, "waiting for %s, where version %llu is in force: see that ccsd runs there\n",
				name_of(c, n->nodeid, buf), (unsigned long long)n->version);
	}
	if (c->g.reload)
		clu_buf_printf(ret, "%s has asked corosync to read it\n", name_of(c, c->g.reload_from, buf));
}

static bool has_staged(const struct cmand_core *c)
{
	for (unsigned i = 0; i < c->g.n; i++)
		if (c->g.nodes[i].state == HAWSER__CMAND_STATE__CMAND_STAGED)
			return true;
	return false;
}

enum cmand_sum cmand_sum_up(const struct cmand_core *c, struct clu_buf *why)
{
	if (!c->conf) {
		clu_buf_str(why, "no configuration is in force on this node: see that ccsd runs\n");
		return CMAND_WAITING;
	}
	if (!c->member) {
		clu_buf_str(why, "cmand is still joining its group\n");
		return CMAND_WAITING;
	}
	if (add_those(c, HAWSER__CMAND_STATE__CMAND_FAILED, why))
		return CMAND_BROKEN;
	if (add_those(c, HAWSER__CMAND_STATE__CMAND_HELD, why))
		return CMAND_RESTART;
	if (add_missing(c, why))
		return CMAND_WAITING;
	if (is_open(c)) {
		add_awaited(c, why);
		return CMAND_APPLYING;
	}
	if (has_staged(c) && c->quorate)
		return CMAND_APPLYING;
	if (has_staged(c)) {
		clu_buf_str(why, "the cluster is not quorate: a change is taken over when it is\n");
		return CMAND_WAITING;
	}
	(void)add_those(c, HAWSER__CMAND_STATE__CMAND_RUNNING, why);
	return CMAND_APPLIED;
}

static void answer(const struct cmand_core *c, uint64_t client, int error, const char *why, struct clu_out *out)
{
	Hawser__CmandAnswer a = HAWSER__CMAND_ANSWER__INIT;
	Hawser__CmandNode nodes[CLU_MAX_NODES], *list[CLU_MAX_NODES];
	struct clu_buf text = CLU_BUF_INIT;

	a.version = c->version;
	a.state = (char *)sum_names[cmand_sum_up(c, &text)];
	a.why = (char *)(why ? why : clu_buf_text(&text));
	cmand_pack_nodes(c, nodes, list);
	a.nodes = list;
	a.n_nodes = c->g.n;
	clu_out_reply_pb(out, client, error, &a.base);
	clu_buf_free(&text);
}

static void wait_for(struct cmand_core *c, uint64_t client, uint64_t version, bool again, struct clu_out *out)
{
	for (unsigned i = 0; i < CMAND_MAX_WAITING; i++) {
		if (c->waiting[i].client)
			continue;
		c->waiting[i] = (struct cmand_waiting){ client, version, again, c->now_ms };
		return;
	}
	answer(c, client, -EAGAIN, "too many requests are waiting; try again", out);
}

static void apply(struct cmand_core *c, const struct clu_request *r, struct clu_out *out)
{
	Hawser__CmandMessage m = HAWSER__CMAND_MESSAGE__INIT;

	if (!r->admin) {
		answer(c, r->client, -EACCES, "only root and members of the group haclient may change the cluster", out);
		return;
	}
	if (c->member && c->conf) {
		m.kind = HAWSER__CMAND_KIND__CMAND_AGAIN;
		clu_out_send_pb(out, &m.base);
	}
	wait_for(c, r->client, c->version, c->member && c->conf, out);
}

void cmand_on_request(struct cmand_core *c, const struct clu_request *r, struct clu_out *out)
{
	Hawser__CmandRequest *q = hawser__cmand_request__unpack(NULL, r->len, r->data);

	if (!q)
		answer(c, r->client, -EBADMSG, "the request could not be read: are tool and daemon of one release?", out);
	else if (!strcmp(q->verb, "status"))
		answer(c, r->client, 0, NULL, out);
	else if (!strcmp(q->verb, "wait"))
		wait_for(c, r->client, q->version, false, out);
	else if (!strcmp(q->verb, "apply"))
		apply(c, r, out);
	else
		answer(c, r->client, -EINVAL, "unknown request: are tool and daemon of one release?", out);
	if (q)
		hawser__cmand_request__free_unpacked(q, NULL);
}

void cmand_client_gone(struct cmand_core *c, uint64_t client)
{
	for (unsigned i = 0; i < CMAND_MAX_WAITING; i++)
		if (c->waiting[i].client == client)
			c->waiting[i].client = 0;
}

/* When this one is answered in the present state; 0: now. */
static uint64_t answer_at(const struct cmand_core *c, const struct cmand_waiting *w, enum cmand_sum sum)
{
	if (!w->again && c->version >= w->version && c->member && !is_open(c) &&
	    (sum == CMAND_APPLIED || sum == CMAND_RESTART || sum == CMAND_BROKEN))
		return 0;
	return w->since_ms + (sum == CMAND_WAITING ? CMAND_PATIENCE_MS : CMAND_WAIT_MS);
}

static bool is_looking(const struct cmand_core *c)
{
	for (unsigned i = 0; i < c->g.n; i++)
		if (c->g.nodes[i].state < HAWSER__CMAND_STATE__CMAND_STAGED)
			return true;
	return false;
}

static void note(struct cmand_core *c, enum cmand_sum sum, const struct clu_buf *why, struct clu_out *out)
{
	static const enum clu_level levels[] = {
		[CMAND_APPLIED] = CLU_NOTICE, [CMAND_WAITING] = CLU_INFO, [CMAND_RESTART] = CLU_WARNING,
		[CMAND_BROKEN] = CLU_ERR,
	};
	char text[CMAND_WHY_MAX];

	snprintf(text, sizeof(text), "%llu %s %s", (unsigned long long)c->version, sum_names[sum], clu_buf_text(why));
	/* Once, when all have said what they found. */
	if (sum == CMAND_APPLYING || is_looking(c) || !strcmp(text, c->noted))
		return;
	memcpy(c->noted, text, sizeof(text));
	clu_out_note(out, levels[sum], "cman.config", "corosync", "", sum_names[sum],
		why->len ? clu_buf_text(why) : "all nodes run with the configuration in force", "version=%llu nodes=%u",
		(unsigned long long)c->version, c->g.n);
}

void cmand_tell(struct cmand_core *c, struct clu_out *out)
{
	struct clu_buf why = CLU_BUF_INIT;
	enum cmand_sum sum = cmand_sum_up(c, &why);

	note(c, sum, &why, out);
	for (unsigned i = 0; i < CMAND_MAX_WAITING; i++) {
		if (!c->waiting[i].client || answer_at(c, &c->waiting[i], sum) > c->now_ms)
			continue;
		answer(c, c->waiting[i].client, 0, NULL, out);
		if (!CLU_PLANTED(CMAND_TWO_ANSWERS))
			c->waiting[i].client = 0;
	}
	clu_buf_free(&why);
}

uint64_t cmand_tell_deadline(const struct cmand_core *c)
{
	struct clu_buf why = CLU_BUF_INIT;
	enum cmand_sum sum = cmand_sum_up(c, &why);
	uint64_t first = CLU_NEVER;

	for (unsigned i = 0; i < CMAND_MAX_WAITING; i++)
		if (c->waiting[i].client && answer_at(c, &c->waiting[i], sum) < first)
			first = answer_at(c, &c->waiting[i], sum);
	clu_buf_free(&why);
	return first;
}

void cmand_dump(const void *core, struct clu_buf *ret)
{
	const struct cmand_core *c = core;
	struct clu_buf why = CLU_BUF_INIT;

	clu_buf_printf(ret, "state %s version %llu reload %llu from %u version %llu reloads %llu tried %llu\n",
		sum_names[cmand_sum_up(c, &why)], (unsigned long long)c->version, (unsigned long long)c->g.reload,
		c->g.reload_from, (unsigned long long)c->g.reload_version, (unsigned long long)c->g.reloads,
		(unsigned long long)c->g.tried);
	clu_buf_str(ret, clu_buf_text(&why));
	clu_buf_free(&why);
	for (unsigned i = 0; i < c->g.n; i++)
		clu_buf_printf(ret, "node %u %s version %llu\n", c->g.nodes[i].nodeid, state_names[c->g.nodes[i].state],
			(unsigned long long)c->g.nodes[i].version);
	clu_buf_printf(ret, "local node %u member %d quorate %d nodes %u look_due %d said %d allowed %d looking %d go %d "
		"reloading %d answering %d\n", c->nodeid, c->member, c->quorate, c->n_q_nodes, c->look_due, c->look_said,
		c->look_allowed, c->looking, c->go_said, c->reloading, c->answering);
}

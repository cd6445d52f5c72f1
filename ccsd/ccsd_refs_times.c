/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times that must fit together: corosync's token, the cycles of the quorum disk and its
 * heuristics, and a watchdog. What is said shows the sum, so that a person can follow it.
 *
 *   token + consensus    silence after which corosync forms a ring without a node
 *   interval x tko       silence on the disk after which a node is dead for the others
 *   ... + interval + master_wait cycles   by then the disk has a master again, which decides
 */
#include <inttypes.h>

#include "ccsd_refs_priv.h"

#define DEFAULT_TOKEN_MS 3000	/* of cman_tool join */
#define MIN_TOKEN_MS 30		/* what is less is told as a bad value */
#define MIN_TKO 3
#define MAX_CYCLES 3600
#define MAX_DEAD_MS 3600000

struct times {
	uint64_t token_ms, consensus_ms;
	uint64_t interval_s, tko, master_wait, dead_ms, decides_ms;
};

static uint64_t up_to(uint64_t v, uint64_t max)
{
	return v < max ? v : max;
}

static uint64_t token_of(const struct ccsd_refs *r)
{
	uint64_t v = up_to(ccsd_number(r->totem, "token", DEFAULT_TOKEN_MS), 3600000);

	return v < MIN_TOKEN_MS ? DEFAULT_TOKEN_MS : v;
}

/* Corosync's own rules: the token grows with the nodes only where that is asked for; consensus is 1.2 tokens. */
static void read_totem(const struct ccsd_refs *r, struct times *t)
{
	uint64_t per_node = ccsd_number(r->totem, "token_coefficient", 0);

	t->token_ms = token_of(r);
	if (r->n_nodes > 2)
		t->token_ms += (r->n_nodes - 2) * up_to(per_node, 300000);
	t->consensus_ms = up_to(ccsd_number(r->totem, "consensus", t->token_ms * 6 / 5), 3600000);
}

/* As qdiskd reckons: without tko, so many cycles that the disk has decided before corosync notices. */
static void read_disk(const struct ccsd_refs *r, struct times *t)
{
	uint64_t token_s = token_of(r) / 1000, interval = up_to(ccsd_number(r->quorumd, "interval", 1), MAX_CYCLES);

	t->interval_s = interval ? interval : 1;
	t->tko = ccsd_number(r->quorumd, "tko", token_s > t->interval_s ? (token_s - t->interval_s) / 2 : 0);
	t->tko = t->tko < MIN_TKO ? MIN_TKO : up_to(t->tko, MAX_CYCLES);
	t->master_wait = up_to(ccsd_number(r->quorumd, "master_wait", 0), MAX_CYCLES);
	t->dead_ms = t->interval_s * t->tko * 1000;
	t->decides_ms = t->dead_ms + t->interval_s * (1 + t->master_wait) * 1000;
}

static void check_totem(struct ccsd_refs *r, const struct times *t)
{
	const struct clu_node *at = r->totem ? r->totem : r->root, *fenced = clu_node_child(r->root, "fence_daemon");
	const char *token = clu_node_attr(r->totem, "token") ? "token" : NULL, *delay = clu_node_attr(fenced, "post_fail_delay");
	uint64_t join = ccsd_number(r->totem, "join", 50);

	if (join >= t->token_ms)
		ccsd_found(r->f, CCSD_ERROR, "times", at, clu_node_attr(r->totem, "join") ? "join" : token, "join=\"%" PRIu64 "\" in "
			"<totem>: it must be less than token (%" PRIu64 " ms); lower it or raise token", join, t->token_ms);
	if (t->consensus_ms < join)
		ccsd_found(r->f, CCSD_ERROR, "times", at, "consensus", "consensus=\"%" PRIu64 "\" in <totem>: it must not be less than "
			"join (%" PRIu64 " ms); raise it", t->consensus_ms, join);
	ccsd_found(r->f, CCSD_NOTE, "times", at, token, "a node that falls silent is out of the cluster after %" PRIu64 " ms = token %"
		PRIu64 " + consensus %" PRIu64 "; its fencing begins %.20s%s (post_fail_delay)", t->token_ms + t->consensus_ms,
		t->token_ms, t->consensus_ms, !delay || !strcmp(delay, "0") ? "at once" : *delay == '-' ? "when asked for" : delay,
		delay && *delay != '-' && strcmp(delay, "0") != 0 ? " s later" : "");
}

static void check_disk(struct ccsd_refs *r, const struct times *t)
{
	const char *tko = clu_node_attr(r->quorumd, "tko") ? "tko" : NULL, *device = ccsd_text(r->quorumd, "watchdog_device");
	uint64_t gone_ms = t->token_ms + t->consensus_ms, poll = ccsd_number(r->cman, "quorum_dev_poll", 0);
	bool late = t->decides_ms > gone_ms;

	/* That long the side that goes on has no quorum, since the disk has not given it its votes. */
	ccsd_found(r->f, late ? CCSD_WARNING : CCSD_NOTE, "times", r->quorumd, tko, "the quorum disk has decided %" PRIu64 " ms after a "
		"node fell silent = interval %" PRIu64 " x (tko %" PRIu64 " + 1 + master_wait %" PRIu64 "); corosync is without the node "
		"after %" PRIu64 " ms = token %" PRIu64 " + consensus %" PRIu64 "%s%s", t->decides_ms, t->interval_s, t->tko,
		t->master_wait, gone_ms, t->token_ms, t->consensus_ms, late ? ": until the disk has decided there is no quorum; " : "",
		late ? "raise token, or lower tko" : "");
	if (poll > t->dead_ms - 2 * t->interval_s * 1000)
		ccsd_found(r->f, CCSD_WARNING, "times", r->cman, "quorum_dev_poll", "quorum_dev_poll=\"%" PRIu64 "\" in <cman>: a node whose "
			"disk is dead for the others after %" PRIu64 " ms = interval %" PRIu64 " x tko %" PRIu64 " would keep its votes longer; "
			"at most %" PRIu64 " is used: write that, or remove it", poll, t->dead_ms, t->interval_s, t->tko,
			t->dead_ms - 2 * t->interval_s * 1000);
	ccsd_found(r->f, CCSD_NOTE, "times", r->quorumd, *device ? "watchdog_device" : NULL, "a node that cannot write to the quorum "
		"disk is dead for the others after %" PRIu64 " ms = interval %" PRIu64 " x tko %" PRIu64 "; %s", t->dead_ms,
		t->interval_s, t->tko, *device ? "its watchdog, which is set to the same time, has reset it by then" :
		"it is fenced: without watchdog_device nothing resets it earlier");
	if (clu_node_attr(r->quorumd, "tko") && ccsd_number(r->quorumd, "tko", MIN_TKO) < MIN_TKO)
		ccsd_found(r->f, CCSD_WARNING, "times", r->quorumd, "tko", "tko=\"%.20s\" in <quorumd>: taken as %d, since with less one slow "
			"write would cost a node its votes; raise it", ccsd_text(r->quorumd, "tko"), MIN_TKO);
	if (t->dead_ms > MAX_DEAD_MS)
		ccsd_found(r->f, CCSD_ERROR, "times", r->quorumd, tko, "<quorumd>: a node is dead after %" PRIu64 " ms = interval %" PRIu64
			" x tko %" PRIu64 ", and more than an hour is not possible; lower one of them", t->dead_ms, t->interval_s, t->tko);
}

/* A heuristic that is slower than the disk finds out too late that its node is no good. */
static void check_heuristics(struct ccsd_refs *r, const struct times *t)
{
	uint64_t most = t->interval_s * (t->tko - 1);

	for (const struct clu_node *h = clu_node_child(r->quorumd, "heuristic"); h; h = clu_node_next(h, "heuristic")) {
		uint64_t interval = up_to(ccsd_number(h, "interval", 0), MAX_CYCLES), tko = up_to(ccsd_number(h, "tko", 0), MAX_CYCLES);

		if (interval && tko && interval * tko > most)
			ccsd_found(r->f, CCSD_WARNING, "times", h, "tko", "<heuristic>: it is known to fail after %" PRIu64 " s = interval %"
				PRIu64 " x tko %" PRIu64 ", and the node is dead on the disk after %" PRIu64 " s = interval %" PRIu64 " x (tko %"
				PRIu64 " - 1); lower its tko or interval", interval * tko, interval, tko, most, t->interval_s, t->tko);
	}
}

void ccsd_refs_times(struct ccsd_refs *r)
{
	struct times t = { 0 };

	read_totem(r, &t);
	check_totem(r, &t);
	if (!r->quorumd)
		return;
	read_disk(r, &t);
	check_disk(r, &t);
	check_heuristics(r, &t);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Victims: how they become one, the delays before fencing, and how they end. */
#include <stdio.h>
#include <string.h>

#include "fenced_priv.h"

const char *const fdom_vstate_names[FDOM_NVSTATES] = {
	[FDOM_V_NONE] = "none",
	[FDOM_V_WAITING] = "waiting",
	[FDOM_V_FENCING] = "fencing",
	[FDOM_V_FAILED] = "failed",
};

const char *const fdom_reason_names[FDOM_NREASONS] = {
	[FDOM_R_NODE] = "node",
	[FDOM_R_PROCESS] = "process",
	[FDOM_R_STARTUP] = "startup",
	[FDOM_R_MERGE] = "merge",
	[FDOM_R_REQUEST] = "request",
};

const char *const fdom_how_names[FDOM_NHOWS] = {
	[FDOM_H_NONE] = "none",
	[FDOM_H_AGENT] = "agent",
	[FDOM_H_MEMBER] = "member",
	[FDOM_H_OVERRIDE] = "override",
	[FDOM_H_EXTERNAL] = "external",
};

static const char *const reason_sentences[FDOM_NREASONS] = {
	[FDOM_R_NODE] = "its machine or corosync failed",
	[FDOM_R_PROCESS] = "its fenced died without leaving",
	[FDOM_R_STARTUP] = "not seen when the fence domain was created",
	[FDOM_R_MERGE] = "came back from another side of a split without having been restarted",
	[FDOM_R_REQUEST] = "fencing was asked for",
};

/* Bit n of a row: the state may move to n. */
static const uint8_t legal[FDOM_NVSTATES] = {
	[FDOM_V_NONE] = 1 << FDOM_V_WAITING,
	[FDOM_V_WAITING] = 1 << FDOM_V_FENCING | 1 << FDOM_V_NONE,
	[FDOM_V_FENCING] = 1 << FDOM_V_FAILED | 1 << FDOM_V_WAITING | 1 << FDOM_V_NONE,
	[FDOM_V_FAILED] = 1 << FDOM_V_FENCING | 1 << FDOM_V_WAITING | 1 << FDOM_V_NONE,
};

unsigned fdom_victim_count(const struct fdom *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->n_nodes; i++)
		n += d->nodes[i].v.state != FDOM_V_NONE;
	return n;
}

/* The same failure again and again is said loudly three times, then every twentieth time. */
static enum clu_level fail_level(const struct fdom_victim *v)
{
	return v->attempts <= 3 || v->attempts % 20 == 0 ? CLU_ERR : CLU_DEBUG;
}

void fdom_victim_move(struct fdom *d, struct fdom_node *n, enum fdom_vstate to, const char *why)
{
	static const char *const events[FDOM_NVSTATES] = {
		[FDOM_V_NONE] = "fdom.released",
		[FDOM_V_WAITING] = "fdom.victim",
		[FDOM_V_FENCING] = "fdom.fencing",
		[FDOM_V_FAILED] = "fdom.fail",
	};
	enum fdom_vstate from = n->v.state;
	const char *event = to == FDOM_V_WAITING && from != FDOM_V_NONE ? "fdom.waiting" : events[to];
	enum clu_level level = to == FDOM_V_FAILED ? fail_level(&n->v) :
		to == FDOM_V_FENCING && n->v.attempts > 3 ? CLU_DEBUG :
		to == FDOM_V_WAITING && from == FDOM_V_NONE ? CLU_WARNING : CLU_NOTICE;

	if (from == to || !(legal[from] & 1 << to)) {
		d->ignored++;
		return;
	}
	n->v.state = to;
	d->changed = true;
	if (to != FDOM_V_NONE)
		clu_out_note(d->out, level, event, fdom_name(d, n->nodeid),
			from != FDOM_V_NONE ? fdom_vstate_names[from] :
			n->v.reason == FDOM_R_STARTUP ? "absent" : "member", fdom_vstate_names[to], why,
			"nodeid=%u victim_seq=%llu reason=%s master=%u attempts=%u detected_us=%llu started_us=%llu",
			n->nodeid, (unsigned long long)n->v.seq, fdom_reason_names[n->v.reason], d->master,
			n->v.attempts, (unsigned long long)n->v.since_us, (unsigned long long)n->v.started_us);
}

void fdom_delay_begin(struct fdom *d, struct fdom_node *n, bool join)
{
	int64_t s = join ? d->post_join_s : d->post_fail_s;

	n->v.joindelay = join;
	n->v.due_ms = s < 0 ? CLU_NEVER : d->now_ms + (uint64_t)s * 1000;
}

uint64_t fdom_victim_due(const struct fdom_victim *v)
{
	return v->due_ms > v->history_ms ? v->due_ms : v->history_ms;
}

void fdom_delay_restart(struct fdom *d)
{
	for (unsigned i = 0; i < d->n_nodes; i++) {
		struct fdom_node *n = &d->nodes[i];

		if (n->v.state == FDOM_V_WAITING && n->v.due_ms > d->now_ms && n->v.due_ms != CLU_NEVER)
			fdom_delay_begin(d, n, n->v.joindelay || d->post_join_s > d->post_fail_s);
	}
}

uint64_t fdom_retry_pause(uint32_t attempts)
{
	uint64_t pause = FDOM_RETRY_FIRST_MS;

	while (attempts-- > 1 && pause < FDOM_RETRY_MAX_MS)
		pause *= 2;
	return pause < FDOM_RETRY_MAX_MS ? pause : FDOM_RETRY_MAX_MS;
}

void fdom_victim_add(struct fdom *d, struct fdom_node *n, enum fdom_reason reason, const char *text)
{
	char why[FDOM_TEXT];

	n->member = false;
	n->v = (struct fdom_victim) {
		.reason = reason,
		.seq = ++d->seq,
		.gone = reason == FDOM_R_NODE || reason == FDOM_R_STARTUP,
		.since_us = d->wall_us,
	};
	snprintf(n->v.text, sizeof(n->v.text), "%s", text ? text : "");
	snprintf(why, sizeof(why), "%s%s%s", reason_sentences[reason], text && *text ? ": " : "", text ? text : "");
	fdom_victim_move(d, n, FDOM_V_WAITING, why);
}

void fdom_victim_release(struct fdom *d, struct fdom_node *n, struct fdom_done *done)
{
	enum fdom_vstate from = n->v.state;
	bool back = done->how == FDOM_H_MEMBER;
	/* It came up again while its agent was still at work: its next loss is another one, and not answered by this. */
	bool is_back = back || (from != FDOM_V_NONE && n->v.gone && n->present);
	char why[FDOM_TEXT];

	done->seq = ++d->seq;
	done->detected_us = n->v.since_us;
	if (from != FDOM_V_NONE)
		fdom_victim_move(d, n, FDOM_V_NONE, "");
	switch (done->how) {
	case FDOM_H_AGENT:
		snprintf(why, sizeof(why), "%s succeeded on %s", done->agent, fdom_name(d, done->master));
		break;
	case FDOM_H_MEMBER:
		snprintf(why, sizeof(why), "it came back as a newly started member");
		break;
	case FDOM_H_OVERRIDE:
		snprintf(why, sizeof(why), "an operator confirmed on %s that it is off",
			fdom_name(d, done->master));
		break;
	case FDOM_H_EXTERNAL:
		snprintf(why, sizeof(why), "it was fenced outside of the domain, says %s",
			fdom_name(d, done->master));
		break;
	case FDOM_H_NONE:
	case FDOM_NHOWS:
		why[0] = '\0';
		break;
	}
	clu_out_note(d->out, CLU_NOTICE, back ? "fdom.returned" : "fdom.fenced", fdom_name(d, n->nodeid),
		from == FDOM_V_NONE ? "member" : fdom_vstate_names[from], back ? "member" : "fenced", why,
		"nodeid=%u seq=%llu how=%s master=%u agent=%s took_ms=%u detected_us=%llu started_us=%llu done_us=%llu",
		n->nodeid, (unsigned long long)done->seq, fdom_how_names[done->how], done->master,
		*done->agent ? done->agent : "none", done->took_ms, (unsigned long long)done->detected_us,
		(unsigned long long)done->started_us, (unsigned long long)done->done_us);
	n->done = *done;
	n->v = (struct fdom_victim) { .state = FDOM_V_NONE };
	n->standing = !is_back;
	d->changed = true;
	fdom_delay_restart(d);
}

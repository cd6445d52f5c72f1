/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_client.h"
#include "cmand.pb-c.h"
#include "cmand_core.h"

static const char *const states[] = {
	[CMAN_OUTCOME_APPLIED] = "applied", [CMAN_OUTCOME_APPLYING] = "applying", [CMAN_OUTCOME_WAITING] = "waiting",
	[CMAN_OUTCOME_RESTART] = "restart", [CMAN_OUTCOME_FAILED] = "failed",
};

static const char *node_state(Hawser__CmandState s)
{
	switch (s) {
	case HAWSER__CMAND_STATE__CMAND_LOOKING:
		return "looking";
	case HAWSER__CMAND_STATE__CMAND_STAGED:
		return "staged";
	case HAWSER__CMAND_STATE__CMAND_RUNNING:
		return "running";
	case HAWSER__CMAND_STATE__CMAND_HELD:
		return "restart";
	case HAWSER__CMAND_STATE__CMAND_FAILED:
		return "failed";
	case HAWSER__CMAND_STATE__CMAND_UNKNOWN:
	case _HAWSER__CMAND_STATE_IS_INT_SIZE:
	default:
		return "unknown";
	}
}

static int take(const Hawser__CmandAnswer *a, struct cman_outcome *ret)
{
	unsigned at = 0;

	while (at < sizeof(states) / sizeof(states[0]) && strcmp(states[at], a->state))
		at++;
	if (at == sizeof(states) / sizeof(states[0]))
		return -EPROTO;
	ret->state = (enum cman_outcome_state)at;
	snprintf(ret->word, sizeof(ret->word), "%s", states[at]);
	ret->version = a->version;
	clu_buf_str(&ret->why, a->why);
	for (size_t i = 0; i < a->n_nodes && ret->n_nodes < CMAN_OUTCOME_NODES; i++) {
		ret->nodes[ret->n_nodes].nodeid = a->nodes[i]->nodeid;
		ret->nodes[ret->n_nodes].version = a->nodes[i]->version;
		snprintf(ret->nodes[ret->n_nodes].state, sizeof(ret->nodes[0].state), "%s", node_state(a->nodes[i]->state));
		ret->n_nodes++;
	}
	return 0;
}

int cman_outcome_ask(const char *verb, uint64_t version, struct cman_outcome *ret)
{
	Hawser__CmandRequest q = HAWSER__CMAND_REQUEST__INIT;
	uint32_t deadline = strcmp(verb, "status") ? CMAND_WAIT_MS + 2000 : CLU_CLIENT_DEADLINE_MS;
	ProtobufCMessage *answer = NULL;
	Hawser__CmandAnswer *a;
	int r;

	memset(ret, 0, sizeof(*ret));
	q.verb = (char *)verb;
	q.version = version;
	r = clu_client_once_pb("cmand", &q.base, deadline, &hawser__cmand_answer__descriptor, &answer);
	a = (Hawser__CmandAnswer *)answer;
	if (!r && a)
		r = take(a, ret);
	else if (!r)
		r = -EPROTO;
	else if (a && *a->why)
		clu_buf_printf(&ret->why, "cmand: %s\n", a->why);
	else
		clu_client_explain("cmand", r, &ret->why);
	if (answer)
		protobuf_c_message_free_unpacked(answer, NULL);
	return r;
}

void cman_outcome_free(struct cman_outcome *o)
{
	clu_buf_free(&o->why);
}

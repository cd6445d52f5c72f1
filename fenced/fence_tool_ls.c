/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fence_tool_ls.h"

#include <string.h>
#include <time.h>

static const Hawser__FencedDone *last_done(const Hawser__FencedNews *news, uint32_t nodeid)
{
	for (size_t i = 0; i < news->n_done; i++)
		if (news->done[i]->nodeid == nodeid)
			return news->done[i];
	return NULL;
}

static void print_victims(FILE *f, const Hawser__FencedNews *news, uint64_t now_us)
{
	fprintf(f, "victims\n");
	for (size_t i = 0; i < news->n_victims; i++) {
		const Hawser__FencedVictim *v = news->victims[i];
		uint64_t age = now_us > v->since_us ? (now_us - v->since_us) / 1000000 : 0;

		fprintf(f, "nodeid %u name %s state %s reason %s for %llu s attempts %u\n", v->nodeid, v->name,
			v->state, v->reason, (unsigned long long)age, v->attempts);
		fprintf(f, "  waits for: %s\n", v->why);
		fprintf(f, "  if you know that %s is off, end the wait with: %s\n", v->name, v->remedy);
	}
	fprintf(f, "\n");
}

void fence_tool_print(FILE *f, const Hawser__FencedNews *news, bool all_nodes, uint64_t now_us)
{
	fprintf(f, "fence domain\n");
	fprintf(f, "member count  %zu\n", news->n_members);
	fprintf(f, "victim count  %zu\n", news->n_victims);
	fprintf(f, "victim now    %u\n", news->victim_now);
	fprintf(f, "master nodeid %u\n", news->master);
	fprintf(f, "wait state    %s\n", news->wait_state);
	fprintf(f, "members       ");
	for (size_t i = 0; i < news->n_members; i++)
		fprintf(f, "%u ", news->members[i]);
	fprintf(f, "\n\n");
	if (all_nodes) {
		fprintf(f, "all nodes\n");
		for (size_t i = 0; i < news->n_nodes; i++) {
			const Hawser__FencedNode *n = news->nodes[i];
			const Hawser__FencedDone *o = last_done(news, n->nodeid);

			fprintf(f, "nodeid %u member %d victim %d last fence master %u how %s\n", n->nodeid,
				n->member ? 1 : n->victim && n->present ? -1 : 0, n->victim, o ? o->master : 0,
				o ? o->how : "none");
		}
		fprintf(f, "\n");
	}
	if (news->n_victims)
		print_victims(f, news, now_us);
}

void fence_tool_print_why(FILE *f, const Hawser__FencedNews *news)
{
	fprintf(f, "last fencing\n");
	for (size_t i = 0; i < news->n_done; i++) {
		const Hawser__FencedDone *o = news->done[i];
		time_t t = (time_t)(o->wall_us / 1000000);
		struct tm tm;
		char when[32] = "";

		localtime_r(&t, &tm);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
		fprintf(f, "nodeid %u name %s at %s how %s by nodeid %u", o->nodeid, o->name, when, o->how, o->master);
		if (*o->agent)
			fprintf(f, " agent %s took %u ms", o->agent, o->took_ms);
		if (o->started_us && o->detected_us && o->started_us >= o->detected_us)
			fprintf(f, " started %llu ms after the loss was seen",
				(unsigned long long)((o->started_us - o->detected_us) / 1000));
		fprintf(f, "%s\n", o->standing ? ", not back since" : "");
	}
	fprintf(f, "\n");
}

static json_t *json_victim(const Hawser__FencedVictim *v)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:i}", "nodeid", (int)v->nodeid, "name", v->name,
		"state", v->state, "reason", v->reason, "why", v->why, "remedy", v->remedy,
		"since_us", (json_int_t)v->since_us, "attempts", (int)v->attempts, "fencer", (int)v->fencer);
}

static json_t *json_done(const Hawser__FencedDone *o)
{
	return json_pack("{s:i, s:s, s:s, s:i, s:s, s:i, s:I, s:I, s:I, s:I, s:b}", "nodeid", (int)o->nodeid, "name",
		o->name, "how", o->how, "master", (int)o->master, "agent", o->agent, "took_ms", (int)o->took_ms,
		"detected_us", (json_int_t)o->detected_us, "started_us", (json_int_t)o->started_us,
		"done_us", (json_int_t)o->wall_us, "seq", (json_int_t)o->seq, "standing", o->standing);
}

json_t *fence_tool_json(const Hawser__FencedNews *news)
{
	json_t *members = json_array(), *victims = json_array(), *done = json_array(), *nodes = json_array();

	for (size_t i = 0; i < news->n_members; i++)
		json_array_append_new(members, json_integer(news->members[i]));
	for (size_t i = 0; i < news->n_victims; i++)
		json_array_append_new(victims, json_victim(news->victims[i]));
	for (size_t i = 0; i < news->n_done; i++)
		json_array_append_new(done, json_done(news->done[i]));
	for (size_t i = 0; i < news->n_nodes; i++) {
		const Hawser__FencedNode *n = news->nodes[i];

		json_array_append_new(nodes, json_pack("{s:i, s:s, s:b, s:b, s:b}", "nodeid", (int)n->nodeid,
			"name", n->name, "member", n->member, "present", n->present, "victim", n->victim));
	}
	return json_pack("{s:i, s:b, s:b, s:b, s:i, s:s, s:i, s:o, s:o, s:o, s:o}", "nodeid", (int)news->nodeid,
		"joined", news->joined, "quorate", news->quorate, "complete", news->complete, "master", (int)news->master,
		"wait_state", news->wait_state, "victim_now", (int)news->victim_now, "members", members,
		"victims", victims, "last", done, "nodes", nodes);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `rg_test simulate`: what happens, when, and how long things take. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "clu_store.h"
#include "rg_sim.h"

#define MAX_SECONDS 1000000u

void *rgsim_must(void *p)
{
	if (!p)
		abort();
	return p;
}

void rgsim_usage(FILE *f)
{
	fputs("Usage: rg_test [AGENTDIR] simulate CONF [EVENT...] [OPTION...]\n"
		"What would happen to the services of CONF. Events happen at the time of the --at before them (0 without one),\n"
		"or at their own: NAME@SECONDS. Time 0 is when the cluster has come up and every service has its place.\n\n"
		"  --crash NODE               its machine fails, and does not come back by itself\n"
		"  --hang NODE[:SECONDS]      it stands still, for ever or so long\n"
		"  --partition N1,N2/N3...    the network falls apart; nodes that are not named are one more side\n"
		"  --cut NODE                 the network of one node fails\n"
		"  --heal                     the network is whole again\n"
		"  --return NODE              a node that is off starts again\n"
		"  --power-dead NODE[:DEVICE] its fence devices (or this one) do not answer\n"
		"  --ack NODE                 fence_ack_manual: an operator says that it is off\n"
		"  --fail-start NAME[@NODE]   starts of this service or resource fail there, or everywhere\n"
		"  --fail-stop NAME[@NODE]    stops fail\n"
		"  --fail-status NAME[@NODE]  it dies where it runs: its next check fails\n"
		"  --enable SERVICE[:NODE]    clusvcadm -e\n"
		"  --disable SERVICE          clusvcadm -d\n"
		"  --relocate SERVICE[:NODE]  clusvcadm -r\n"
		"  --update FILE              ccs_tool update\n"
		"  --down NODE                it is off from the start\n"
		"  --at SECONDS               when the events behind this happen\n\n"
		"  --for SECONDS              how long to look (300 s after the last event)\n"
		"  --fence-time SECONDS       a fence device takes so long (5)\n"
		"  --start-time SECONDS       a resource's start (1)\n"
		"  --stop-time SECONDS        a resource's stop (1)\n"
		"  --status-time SECONDS      a check, and the stop of what does not run (0.1)\n"
		"  --boot-time SECONDS        from power on to the cluster's daemons (60)\n"
		"  --start                    show also how the cluster comes up\n"
		"  --json                     everything as JSON\n"
		"  -h, --help                 this text\n\n"
		"Exit code: 0 all services run in the end, 1 wrong call or configuration, 2 a service is down,\n"
		"3 a promise of the suite was broken (a bug).\n", f);
}

/* "12", "0.5", "1.250"; false when it is no time. */
static bool parse_ms(const char *text, uint64_t *ret)
{
	uint64_t s = 0, ms = 0, unit = 100;
	const char *p = text;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9' && s <= MAX_SECONDS; p++)
		s = s * 10 + (uint64_t)(*p - '0');
	if (*p == '.' && p[1]) {
		for (p++; *p >= '0' && *p <= '9' && unit; p++, unit /= 10)
			ms += (uint64_t)(*p - '0') * unit;
	}
	if (*p || s > MAX_SECONDS)
		return false;
	*ret = s * 1000 + ms;
	return true;
}

enum { OPT_EVENT = 1000, OPT_AT = 2000, OPT_FOR, OPT_FENCE, OPT_START_TIME, OPT_STOP_TIME, OPT_STATUS_TIME, OPT_BOOT_TIME,
	OPT_DOWN, OPT_START, OPT_JSON };

static const struct option longs[] = {
	{ "crash", required_argument, NULL, OPT_EVENT + RGSIM_CRASH },
	{ "hang", required_argument, NULL, OPT_EVENT + RGSIM_HANG },
	{ "partition", required_argument, NULL, OPT_EVENT + RGSIM_PARTITION },
	{ "cut", required_argument, NULL, OPT_EVENT + RGSIM_CUT },
	{ "heal", no_argument, NULL, OPT_EVENT + RGSIM_HEAL },
	{ "return", required_argument, NULL, OPT_EVENT + RGSIM_RETURN },
	{ "power-dead", required_argument, NULL, OPT_EVENT + RGSIM_POWER_DEAD },
	{ "ack", required_argument, NULL, OPT_EVENT + RGSIM_ACK },
	{ "fail-start", required_argument, NULL, OPT_EVENT + RGSIM_FAIL_START },
	{ "fail-stop", required_argument, NULL, OPT_EVENT + RGSIM_FAIL_STOP },
	{ "fail-status", required_argument, NULL, OPT_EVENT + RGSIM_FAIL_STATUS },
	{ "enable", required_argument, NULL, OPT_EVENT + RGSIM_ENABLE },
	{ "disable", required_argument, NULL, OPT_EVENT + RGSIM_DISABLE },
	{ "relocate", required_argument, NULL, OPT_EVENT + RGSIM_RELOCATE },
	{ "update", required_argument, NULL, OPT_EVENT + RGSIM_UPDATE },
	{ "at", required_argument, NULL, OPT_AT },
	{ "for", required_argument, NULL, OPT_FOR },
	{ "fence-time", required_argument, NULL, OPT_FENCE },
	{ "start-time", required_argument, NULL, OPT_START_TIME },
	{ "stop-time", required_argument, NULL, OPT_STOP_TIME },
	{ "status-time", required_argument, NULL, OPT_STATUS_TIME },
	{ "boot-time", required_argument, NULL, OPT_BOOT_TIME },
	{ "down", required_argument, NULL, OPT_DOWN },
	{ "start", no_argument, NULL, OPT_START },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char *option_name(int value)
{
	for (const struct option *o = longs; o->name; o++)
		if (o->val == value)
			return o->name;
	return "?";
}

/* What was given once, to be understood when the configuration is known. */
struct given {
	enum rgsim_kind kind;
	bool down;
	uint64_t at_ms;
	const char *text;
};

static int bad(const char *option, const char *text, const char *why)
{
	fprintf(stderr, "rg_test: --%s %s: %s\n", option, text, why);
	return 1;
}

/* The name in front of `end` in text. */
static void cut_name(char *ret, size_t size, const char *text, const char *end)
{
	snprintf(ret, size, "%.*s", (int)(end - text), text);
}

static int unknown_node(const struct rgsim *s, const char *option, const char *name)
{
	struct clu_buf all = CLU_BUF_INIT;

	rgsim_node_list(s, ~(sim_nodes)0, &all);
	fprintf(stderr, "rg_test: --%s %s: %s names no such node; its nodes are %s\n", option, name, s->opt.conf,
		clu_buf_text(&all));
	clu_buf_free(&all);
	return 1;
}

/* The words behind the last '@' of the text are taken off: a node (where one may stand), or a time. */
static int take_suffixes(const struct rgsim *s, const char *option, char *text, bool node_too, struct rgsim_event *e)
{
	char *at;

	while ((at = strrchr(text, '@'))) {
		unsigned node = rgsim_node_find(s, at + 1);

		if (node && node_too && !e->node)
			e->node = node;
		else if (!parse_ms(at + 1, &e->at_ms))
			return node_too ? unknown_node(s, option, at + 1) :
				bad(option, e->written, "what stands behind the @ is no time in seconds");
		*at = '\0';
	}
	return 0;
}

static const struct rg_policy *find_service(const struct rgsim *s, const char *name, char *full, size_t size)
{
	snprintf(full, size, "%s", name);
	if (!strchr(name, ':') || !rg_rm_policy(s->rm, full))
		snprintf(full, size, "service:%s", name);
	return rg_rm_policy(s->rm, full);
}

/* SERVICE or SERVICE:NODE. A service that only an update brings is known to nobody yet: its name stands as written. */
static int read_service(const struct rgsim *s, const char *option, const char *text, struct rgsim_event *e)
{
	const char *colon = strrchr(text, ':');
	char name[RG_NAME_MAX];

	if (find_service(s, text, e->name, sizeof(e->name)))
		return 0;
	if (colon && e->kind != RGSIM_DISABLE && rgsim_node_find(s, colon + 1)) {
		e->node = rgsim_node_find(s, colon + 1);
		cut_name(name, sizeof(name), text, colon);
		if (find_service(s, name, e->name, sizeof(e->name)))
			return 0;
	}
	for (unsigned i = 0; i < s->opt.n_events; i++)
		if (s->opt.events[i].kind == RGSIM_UPDATE && s->opt.events[i].at_ms <= e->at_ms)
			return 0;
	fprintf(stderr, "rg_test: --%s %s: %s names no such service\n", option, text, s->opt.conf);
	return 1;
}

static bool names_resource(const struct clu_node *n, const char *name)
{
	for (; n; n = clu_node_next(n, NULL)) {
		const char *attr, *value;
		char key[2 * RG_NAME_MAX];

		for (unsigned i = 0; clu_node_attr_at(n, i, &attr, &value); i++) {
			snprintf(key, sizeof(key), "%s:%s", clu_node_name(n), value);
			if (!strcmp(value, name) || !strcmp(key, name))
				return true;
		}
		if (names_resource(clu_node_child(n, NULL), name))
			return true;
	}
	return false;
}

static int read_resource(const struct rgsim *s, const char *option, const char *text, struct rgsim_event *e)
{
	char full[RG_NAME_MAX];

	if (find_service(s, text, full, sizeof(full))) {
		snprintf(e->name, sizeof(e->name), "%s", full);
		return 0;
	}
	snprintf(e->name, sizeof(e->name), "%.*s", (int)sizeof(e->name) - 1, text);
	if (names_resource(clu_node_child(clu_node_child(clu_conf_root(s->conf), "rm"), NULL), text))
		return 0;
	fprintf(stderr, "rg_test: --%s %s: %s names no such service or resource\n", option, text, s->opt.conf);
	return 1;
}

static int read_partition(const struct rgsim *s, char *text, struct rgsim_event *e)
{
	unsigned side = 1;
	char *save_side = NULL, *save = NULL;

	for (char *p = strtok_r(text, "/", &save_side); p; p = strtok_r(NULL, "/", &save_side), side++)
		for (char *n = strtok_r(p, ",", &save); n; n = strtok_r(NULL, ",", &save)) {
			unsigned node = rgsim_node_find(s, n);

			if (!node)
				return unknown_node(s, "partition", n);
			if (e->side[node])
				return bad("partition", e->written, "a node stands on two sides");
			e->side[node] = side;
		}
	return 0;
}

static int read_node(const struct rgsim *s, const char *option, const char *text, bool with_word, struct rgsim_event *e)
{
	const char *colon = strchr(text, ':');
	char name[300];

	e->node = rgsim_node_find(s, text);
	if (e->node)
		return 0;
	if (!with_word || !colon)
		return unknown_node(s, option, text);
	cut_name(name, sizeof(name), text, colon);
	e->node = rgsim_node_find(s, name);
	snprintf(e->name, sizeof(e->name), "%.*s", (int)sizeof(e->name) - 1, colon + 1);
	return e->node ? 0 : unknown_node(s, option, name);
}

static int read_device(const struct rgsim *s, const struct rgsim_event *e)
{
	const struct clu_node *devices = clu_node_child(clu_conf_root(s->conf), "fencedevices");

	for (const struct clu_node *d = clu_node_child(devices, "fencedevice"); d; d = clu_node_next(d, "fencedevice"))
		if (!*e->name || (clu_node_attr(d, "name") && !strcmp(clu_node_attr(d, "name"), e->name)))
			return 0;
	return *e->name ? bad("power-dead", e->written, "no such fence device") : 0;
}

static int read_update(const char *path, struct rgsim_event *e)
{
	int r = clu_store_read(path, CLU_CONF_MAX_BYTES, &e->document);

	if (r == 0)
		return 0;
	fprintf(stderr, "rg_test: --update %s: cannot be read: %s\n", path, strerror(-r));
	return 1;
}

static int understand(struct rgsim *s, const struct given *g, struct rgsim_event *e)
{
	const char *option = option_name(OPT_EVENT + (int)g->kind);
	char text[1024];
	uint64_t ms;
	int r;

	e->kind = g->kind;
	e->at_ms = g->at_ms;
	e->written = g->text ? g->text : "";
	snprintf(text, sizeof(text), "%s", e->written);
	/* A file is what it is called. */
	r = g->kind == RGSIM_UPDATE ? 0 : take_suffixes(s, option, text,
		g->kind == RGSIM_FAIL_START || g->kind == RGSIM_FAIL_STOP || g->kind == RGSIM_FAIL_STATUS, e);
	if (r)
		return r;
	switch (g->kind) {
	case RGSIM_CRASH:
	case RGSIM_CUT:
	case RGSIM_RETURN:
	case RGSIM_ACK:
		return read_node(s, option, text, false, e);
	case RGSIM_HANG:
		r = read_node(s, option, text, true, e);
		return r || !*e->name || parse_ms(e->name, &ms) ? r : bad(option, e->written, "what stands behind the colon is no time in seconds");
	case RGSIM_POWER_DEAD:
		r = read_node(s, option, text, true, e);
		return r ? r : read_device(s, e);
	case RGSIM_PARTITION:
		return read_partition(s, text, e);
	case RGSIM_FAIL_START:
	case RGSIM_FAIL_STOP:
	case RGSIM_FAIL_STATUS:
		return read_resource(s, option, text, e);
	case RGSIM_ENABLE:
	case RGSIM_DISABLE:
	case RGSIM_RELOCATE:
		return read_service(s, option, text, e);
	case RGSIM_UPDATE:
		return read_update(text, e);
	case RGSIM_HEAL:
	case RGSIM_NKINDS:
		break;
	}
	return 0;
}

/* By time; what is given for one moment keeps its order. */
static void sort_events(struct rgsim_opts *o)
{
	for (unsigned i = 1; i < o->n_events; i++) {
		struct rgsim_event e = o->events[i];
		unsigned k = i;

		for (; k && o->events[k - 1].at_ms > e.at_ms; k--)
			o->events[k] = o->events[k - 1];
		o->events[k] = e;
	}
}

static int understand_all(struct rgsim *s, const struct given *g, unsigned n)
{
	struct rgsim_opts *o = &s->opt;
	struct rgsim_event e = { 0 };

	o->events = rgsim_must(calloc(n + 1, sizeof(*o->events)));
	for (unsigned i = 0; i < n; i++) {
		if (g[i].down) {
			if (read_node(s, "down", g[i].text, false, &e))
				return 1;
			o->down |= SIM_BIT(e.node);
			continue;
		}
		if (understand(s, &g[i], &o->events[o->n_events]))
			return 1;
		o->n_events++;
	}
	sort_events(o);
	if (!o->for_given)
		o->for_ms = (o->n_events ? o->events[o->n_events - 1].at_ms : 0) + 300000;
	return 0;
}

static uint64_t *duration_of(struct rgsim_opts *o, int c)
{
	switch (c) {
	case OPT_FENCE: return &o->fence_ms;
	case OPT_START_TIME: return &o->start_ms;
	case OPT_STOP_TIME: return &o->stop_ms;
	case OPT_STATUS_TIME: return &o->status_ms;
	case OPT_BOOT_TIME: return &o->boot_ms;
	default: return &o->for_ms;
	}
}

static int take_option(struct rgsim_opts *o, int c, uint64_t *at_ms, struct given *g, unsigned *n)
{
	switch (c) {
	case OPT_AT:
		return parse_ms(optarg, at_ms) ? 0 : bad("at", optarg, "that is no time in seconds");
	case OPT_DOWN:
		g[(*n)++] = (struct given){ .down = true, .text = optarg };
		return 0;
	case OPT_START:
		o->show_start = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case 'h':
		rgsim_usage(stdout);
		return -1;
	case '?':
		fputs("rg_test: see rg_test simulate --help\n", stderr);
		return 1;
	default:
		break;
	}
	if (c >= OPT_EVENT && c < OPT_EVENT + RGSIM_NKINDS) {
		g[(*n)++] = (struct given){ .kind = (enum rgsim_kind)(c - OPT_EVENT), .at_ms = *at_ms, .text = optarg };
		return 0;
	}
	o->for_given |= c == OPT_FOR;
	return parse_ms(optarg, duration_of(o, c)) ? 0 : bad(option_name(c), optarg, "that is no time in seconds");
}

int rgsim_opts_read(struct rgsim *s, int argc, char **argv)
{
	struct given *g = rgsim_must(calloc((size_t)argc + 1, sizeof(*g)));
	uint64_t at_ms = 0;
	unsigned n = 0;
	int c, r = 0;

	s->opt = (struct rgsim_opts){ .fence_ms = 5000, .start_ms = 1000, .stop_ms = 1000, .status_ms = 100, .boot_ms = 60000 };
	argv[0] = (char *)"rg_test simulate";
	optind = 0;
	while (r == 0 && (c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		r = take_option(&s->opt, c, &at_ms, g, &n);
	if (r == 0 && optind + 1 != argc) {
		if (optind == argc)
			fputs("rg_test: simulate needs a cluster.conf; see rg_test simulate --help\n", stderr);
		else
			fprintf(stderr, "rg_test: simulate takes one cluster.conf; \"%s\" is one more\n", argv[argc - 1]);
		r = 1;
	}
	if (r == 0) {
		s->opt.conf = argv[optind];
		r = rgsim_conf_load(s);
	}
	if (r == 0)
		r = understand_all(s, g, n);
	free(g);
	return r;
}

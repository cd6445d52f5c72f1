/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clustat: members and services of the cluster. Historical options, layouts and exit codes. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clu_client.h"
#include "clu_table.h"
#include "clustat_print.h"
#include "cman_info.h"
#include "rgmanager.pb-c.h"

static struct {
	int interval;
	bool xml, json, long_form;
	const char *node;
	char service[128];
} opt;

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

/* The daemon's word. NULL: not running (says nothing, as it always was), or a line on stderr. */
static Hawser__RgAnswer *ask_rgmanager(void)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	ProtobufCMessage *m = NULL;
	struct clu_buf text = CLU_BUF_INIT;
	int r;

	q.verb = (char *)"status";
	r = clu_client_once_pb("rgmanager", &q.base, CLU_CLIENT_DEADLINE_MS, &hawser__rg_answer__descriptor, &m);
	if (r == -ETIMEDOUT)
		fprintf(stderr, "Timed out waiting for a response from Resource Group Manager\n");
	else if (r < 0 && r != -ECONNREFUSED) {
		clu_client_explain("rgmanager", r, &text);
		fprintf(stderr, "clustat: %s\n", clu_buf_text(&text));
		clu_buf_free(&text);
	}
	return r < 0 ? NULL : (Hawser__RgAnswer *)m;
}

static unsigned fill_nodes(const struct cman_info *info, const Hawser__RgStatus *st, struct clustat_node *nodes)
{
	unsigned n = 0;

	for (unsigned i = 0; i < info->n_members && n < CLUSTAT_MAX_NODES; i++) {
		const struct cman_member *m = &info->members[i];

		nodes[n++] = (struct clustat_node){ .nodeid = m->nodeid, .name = m->name, .online = m->member,
			.local = m->nodeid == info->own_id };
	}
	for (unsigned i = 0; i < n; i++)
		for (size_t k = 0; st && k < st->n_nodes; k++)
			if (st->nodes[k]->nodeid == nodes[i].nodeid) {
				nodes[i].rgmanager = st->nodes[k]->rgmanager;
				nodes[i].estranged = !st->nodes[k]->configured && st->version;
			}
	/* Nodes of cluster.conf that corosync's list does not have yet. */
	for (size_t k = 0; st && k < st->n_nodes && n < CLUSTAT_MAX_NODES; k++) {
		bool known = false;

		for (unsigned i = 0; i < n; i++)
			known = known || nodes[i].nodeid == st->nodes[k]->nodeid;
		if (!known)
			nodes[n++] = (struct clustat_node){ .nodeid = st->nodes[k]->nodeid, .name = st->nodes[k]->name };
	}
	return n;
}

static int service_cmp(const void *a, const void *b)
{
	const struct clustat_service *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static struct clustat_service *fill_services(const Hawser__RgStatus *st)
{
	struct clustat_service *list = calloc(st->n_services + 1, sizeof(*list));

	for (size_t i = 0; list && i < st->n_services; i++) {
		const Hawser__RgServiceInfo *s = st->services[i];

		list[i] = (struct clustat_service){ .name = s->name, .state = s->state, .owner = s->owner,
			.last_owner = s->last_owner, .restarts = s->restarts, .flags = s->flags,
			.transition = (time_t)(s->transition_us / 1000000), .why = s->why, .wait = s->wait, .remedy = s->remedy };
	}
	if (list)
		qsort(list, st->n_services, sizeof(*list), service_cmp);
	return list;
}

static int columns(void)
{
	struct winsize ws;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= 40)
		return ws.ws_col;
	return 80;
}

static int no_cluster(int r)
{
	fprintf(stderr, "Could not connect to CMAN: %s\n", strerror(-r));
	return 1;
}

static void print(const struct clustat_report *r)
{
	struct clu_buf b = CLU_BUF_INIT;

	if (opt.json) {
		json_t *j = clustat_json(r);

		if (j)
			clu_json_print(stdout, j);
		json_decref(j);
	} else if (opt.xml) {
		clustat_xml(r, &b);
	} else {
		clustat_text(r, time(NULL), columns(), &b);
	}
	fputs(clu_buf_text(&b), stdout);
	fflush(stdout);
	clu_buf_free(&b);
}

static int report(void)
{
	static struct clustat_node nodes[CLUSTAT_MAX_NODES];
	const struct cman_info *info;
	Hawser__RgAnswer *a = NULL;
	struct clustat_service *services = NULL;
	struct clustat_report r = { .only_node = opt.node, .only_service = *opt.service ? opt.service : NULL,
		.long_form = opt.long_form };
	int code = cman_info_get(&info);

	if (code < 0)
		return no_cluster(code);
	a = ask_rgmanager();
	if (a && a->status) {
		services = fill_services(a->status);
		r.have_services = services != NULL;
		r.services = services;
		r.n_services = services ? (unsigned)a->status->n_services : 0;
		r.groupmember = a->status->joined;
	}
	r.cluster = info->cluster_name;
	r.cluster_id = info->cluster_id;
	r.generation = info->ring_seq;
	r.quorate = info->quorate;
	r.nodes = nodes;
	r.n_nodes = fill_nodes(info, a ? a->status : NULL, nodes);
	r.with_nodes = opt.node || !*opt.service;
	r.with_services = *opt.service || !opt.node;
	if (r.have_services && !info->quorate && !opt.json) {
		if (!opt.xml)
			printf("Service states unavailable: Operation requires quorum\n");
		r.have_services = false;
	}
	print(&r);
	code = clustat_exit(&r, opt.xml || opt.json);
	free(services);
	if (a)
		hawser__rg_answer__free_unpacked(a, NULL);
	return code;
}

static int usage(FILE *f, int code)
{
	fprintf(f, "Usage: clustat [OPTION]...\n"
		"Members and services of the cluster.\n\n"
		"  -i SECONDS          repeat until interrupted\n"
		"  -I                  print the local node id and exit\n"
		"  -m, --member=NAME   that member only; exit 0 if it is online, 1 if not\n"
		"  -s, --service=NAME  that service only; exit 0 if it runs\n"
		"  -l, --long          long form for services\n"
		"  -x, --xml           XML\n"
		"      --json          JSON, with reasons and what is waited for\n"
		"  -Q, --quorum        no output; exit 0 if quorate, 1 if not\n"
		"  -f                  accepted; every answer comes from the local daemon\n"
		"  -v, -V, --version   version\n"
		"  -h, --help          this text\n\n"
		"Manual: man 8 clustat\n");
	return code;
}

static int local_id(void)
{
	const struct cman_info *info;
	int r = cman_info_get(&info);

	if (r < 0)
		return no_cluster(r);
	printf("0x%08x\n", info->own_id);
	return 0;
}

static int quorum(void)
{
	const struct cman_info *info;
	int r = cman_info_get(&info);

	return r < 0 ? no_cluster(r) : !info->quorate;
}

static int repeat(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	while (!stopped) {
		fputs("\033[H\033[2J", stdout);
		(void)report();
		(void)poll(NULL, 0, opt.interval * 1000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "member", required_argument, NULL, 'm' }, { "service", required_argument, NULL, 's' },
		{ "long", no_argument, NULL, 'l' }, { "xml", no_argument, NULL, 'x' }, { "json", no_argument, NULL, 'J' },
		{ "quorum", no_argument, NULL, 'Q' }, { "interval", required_argument, NULL, 'i' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "fIls:m:i:xvVQh", longs, NULL)) != -1) {
		switch (c) {
		case 'I':
			return local_id();
		case 'Q':
			return quorum();
		case 'f':
			break;
		case 'l':
			opt.long_form = true;
			break;
		case 'J':
			opt.json = true;
			break;
		case 'm':
			opt.node = optarg;
			break;
		case 's':
			snprintf(opt.service, sizeof(opt.service), "%s%.100s", strchr(optarg, ':') ? "" : "service:", optarg);
			break;
		case 'i':
			opt.interval = (int)strtol(optarg, NULL, 10);
			if (opt.interval <= 0)
				opt.interval = 1;
			break;
		case 'x':
			if (opt.interval) {
				printf("Error: Options '-i' and '-x' are mutually exclusive\n");
				return 1;
			}
			opt.xml = true;
			break;
		case 'v':
		case 'V':
			printf("clustat version %s\n", PACKAGE_VERSION);
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 2);
		}
	}
	return opt.interval ? repeat() : report();
}

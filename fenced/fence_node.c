/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fence_node: fence, unfence or ask one node's devices now, from this node, whatever the domain does. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <qb/qbloop.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "ccsd.pb-c.h"
#include "clu_child.h"
#include "clu_client.h"
#include "clu_conf.h"
#include "clu_path.h"
#include "fenced_ask.h"
#include "fenced_methods.h"

struct fence_node {
	enum fence_plan_kind kind;
	const char *word;	/* fence, unfence, status */
	const char *node;
	unsigned verbose;
	bool tell;		/* fenced */
	unsigned only_method;	/* from 1, 0 = all */
	qb_loop_t *loop;
	struct clu_children *children;
	struct clu_child_end end;	/* of the last agent; tail is not kept */
	char tail[512];
};

static void on_end(void *ctx, const struct clu_child_end *e)
{
	struct fence_node *f = ctx;

	f->end = *e;
	snprintf(f->tail, sizeof(f->tail), "%s", e->tail);
	f->tail[strcspn(f->tail, "\n")] = '\0';
	qb_loop_stop(f->loop);
}

/* The configuration in force, else (ccsd does not answer) the file of this node. */
static int load_conf(struct clu_conf **ret, struct clu_buf *errs)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	ProtobufCMessage *ans = NULL;
	int r;

	q.verb = (char *)"get";
	q.force = true;
	r = clu_client_once_pb("ccsd", &q.base, CLU_CLIENT_DEADLINE_MS, &hawser__ccsd_answer__descriptor, &ans);
	if (r == 0 && ans) {
		const Hawser__CcsdAnswer *a = (const Hawser__CcsdAnswer *)ans;

		r = clu_conf_parse(a->document.data, a->document.len, "cluster.conf", ret, errs);
	} else {
		r = clu_conf_load(clu_path(CLU_PATH_CONF), ret, errs);
		if (r == 0)
			fprintf(stderr, "fence_node: ccsd does not answer; taking %s of this node\n",
				clu_path(CLU_PATH_CONF));
	}
	if (ans)
		protobuf_c_message_free_unpacked(ans, NULL);
	return r;
}

static void say_args(const struct fence_step *s)
{
	fprintf(stderr, "agent args: ");
	for (size_t i = 0, bol = 1; i < s->input_len; i++) {
		/* Secrets stay out of terminals and their logs. */
		if (bol && (!strncmp(s->input + i, "passwd=", 7) || !strncmp(s->input + i, "password=", 9))) {
			fprintf(stderr, "%.*s=*** ", (int)strcspn(s->input + i, "="), s->input + i);
			i += strcspn(s->input + i, "\n");
			continue;
		}
		bol = s->input[i] == '\n';
		fputc(bol ? ' ' : s->input[i], stderr);
	}
	fputc('\n', stderr);
}

static void say(const struct fence_node *f, unsigned method, const struct fence_step *s, enum fence_error e)
{
	bool loud = f->verbose || (f->kind == FENCE_PLAN_STATUS && e == FE_STATUS_ERROR);

	syslog(e == FE_AGENT_SUCCESS || e == FE_STATUS_ON || e == FE_STATUS_OFF ? LOG_INFO : LOG_ERR,
		"%s %s dev %u.%u agent %s result: %s", f->word, f->node, method, s ? s->number : 0,
		s && s->agent ? s->agent : "none", fence_error_text(e));
	if (!loud)
		return;
	fprintf(stderr, "%s %s dev %u.%u agent %s result: %s\n", f->word, f->node, method, s ? s->number : 0,
		s && s->agent ? s->agent : "none", fence_error_text(e));
	if (f->verbose && (e == FE_AGENT_ERROR || e == FE_STATUS_ERROR) && *f->tail)
		fprintf(stderr, "agent said: %s\n", f->tail);
	if (f->verbose > 1 && s && s->input)
		say_args(s);
}

static enum fence_error run_step(struct fence_node *f, const struct fence_step *s)
{
	char path[4096];
	const char *argv[] = { path, NULL }, *env[] = { NULL };
	struct clu_run run = { .id = 1, .argv = argv, .env = env, .input = s->input, .input_len = s->input_len,
		.deadline_ms = s->deadline_ms };

	f->tail[0] = '\0';
	if (s->error)
		return s->error;
	if (clu_path_agent("fence", s->agent, NULL, path, sizeof(path)) < 0) {
		snprintf(f->tail, sizeof(f->tail), "no such fence agent on this node");
		return FE_AGENT_FORK;
	}
	clu_children_run(f->children, &run);
	qb_loop_run(f->loop);
	if (f->end.start_error)
		return FE_AGENT_FORK;
	if (f->kind == FENCE_PLAN_STATUS)
		return f->end.exit_code == 0 ? FE_STATUS_ON : f->end.exit_code == 2 ? FE_STATUS_OFF : FE_STATUS_ERROR;
	return f->end.exit_code == 0 && !f->end.timed_out ? FE_AGENT_SUCCESS : FE_AGENT_ERROR;
}

/* Methods in order until one succeeds with all its devices. 0, 1 failed. */
static int do_fence(struct fence_node *f, const struct fence_plan *p)
{
	for (unsigned m = 0; m < p->n_methods; m++) {
		const struct fence_method *method = &p->methods[m];
		bool ok = method->n_steps > 0;

		if (f->only_method && f->only_method != m + 1)
			continue;
		if (method->error)
			say(f, m, NULL, method->error);
		for (unsigned i = 0; i < method->n_steps && ok; i++) {
			enum fence_error e = run_step(f, &method->steps[i]);

			say(f, m, &method->steps[i], e);
			ok = e == FE_AGENT_SUCCESS || method->steps[i].restore;
		}
		if (ok)
			return 0;
	}
	return 1;
}

/* Every device is tried, also behind one that failed. */
static int do_unfence(struct fence_node *f, const struct fence_plan *p)
{
	int result = 0;

	for (unsigned m = 0; m < p->n_methods; m++) {
		for (unsigned i = 0; i < p->methods[m].n_steps; i++) {
			enum fence_error e = run_step(f, &p->methods[m].steps[i]);

			say(f, m, &p->methods[m].steps[i], e);
			if (e != FE_AGENT_SUCCESS)
				result = 1;
		}
	}
	return result;
}

/* 0 when all answered; *ret_on tells whether any device is on. */
static int do_status(struct fence_node *f, const struct fence_plan *p, bool *ret_on)
{
	int result = 0;

	for (unsigned m = 0; m < p->n_methods; m++) {
		if (f->only_method && f->only_method != m + 1)
			continue;
		for (unsigned i = 0; i < p->methods[m].n_steps; i++) {
			enum fence_error e = run_step(f, &p->methods[m].steps[i]);

			say(f, m, &p->methods[m].steps[i], e);
			*ret_on |= e == FE_STATUS_ON;
			if (e != FE_STATUS_ON && e != FE_STATUS_OFF)
				result = 1;
		}
	}
	return result;
}

static void verdict(const struct fence_node *f, int priority, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void verdict(const struct fence_node *f, int priority, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s %s %s\n", f->word, f->node, text);
	syslog(priority, "%s %s %s", f->word, f->node, text);
}

static void tell_fenced(const struct fence_node *f)
{
	struct clu_buf errs = CLU_BUF_INIT;

	if (fenced_ask("external", f->node, 0, CLU_CLIENT_DEADLINE_MS, NULL, &errs) < 0)
		fprintf(stderr, "fence_node: %s is fenced, but the fence domain does not know it: %s\n", f->node,
			clu_buf_text(&errs));
	clu_buf_free(&errs);
}

static int act(struct fence_node *f, const struct fence_plan *p)
{
	bool on = false;
	int r;

	if (!p->n_methods || f->only_method > p->n_methods) {
		verdict(f, LOG_ERR, "undefined");
		return 2;
	}
	switch (f->kind) {
	case FENCE_PLAN_FENCE:
		r = do_fence(f, p);
		verdict(f, r ? LOG_ERR : LOG_NOTICE, "%s", r ? "failed" : "success");
		if (r == 0 && f->tell)
			tell_fenced(f);
		return r;
	case FENCE_PLAN_UNFENCE:
		r = do_unfence(f, p);
		verdict(f, r ? LOG_ERR : LOG_NOTICE, "%s", r ? "failed" : "success");
		return r;
	case FENCE_PLAN_STATUS:
		r = do_status(f, p, &on);
		verdict(f, r ? LOG_ERR : LOG_INFO, "%s", r ? "failed status error" : on ? "success on" :
			"success off");
		return r;
	}
	return 1;
}

static const struct option longopts[] = {
	{ "unfence", no_argument, NULL, 'U' },
	{ "status", no_argument, NULL, 'S' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "external", required_argument, NULL, 'e' },
	{ "method", required_argument, NULL, 'm' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void usage(void)
{
	printf("Usage: fence_node [-U | -S] [-v] [-e 0|1] [-m NUMBER] NODE\n\n"
		"Fences NODE now with its methods in cluster.conf, in order, from this node.\n\n"
		"  -U, --unfence      run the unfence devices instead (NODE: this node if not given)\n"
		"  -S, --status       ask all devices for the power state\n"
		"  -m, --method N     only the N-th method, from 1\n"
		"  -v, --verbose      show every device's result; twice: also its arguments\n"
		"  -e, --external N   0: do not tell the fence domain (1)\n"
		"  -h, --help         this text\n"
		"  -V, --version      version\n\n"
		"Exit: 0 success, 1 failed, 2 nothing configured\n");
}

/* Full name, else the short one. The result points into conf. */
static const char *find_node(struct clu_conf *conf, const char *given)
{
	struct clu_conf_node nodes[CLU_MAX_NODES];
	unsigned n = clu_conf_nodes(conf, nodes, CLU_MAX_NODES);
	size_t len = strcspn(given, ".");

	if (n > CLU_MAX_NODES)
		n = CLU_MAX_NODES;
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(nodes[i].name, given))
			return nodes[i].name;
	for (unsigned i = 0; i < n; i++)
		if (strcspn(nodes[i].name, ".") == len && !strncmp(nodes[i].name, given, len))
			return nodes[i].name;
	return NULL;
}

static int run(struct fence_node *f, const char *given)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	struct fence_plan *plan = NULL;
	int r = 1;

	if (load_conf(&conf, &errs) < 0) {
		fprintf(stderr, "fence_node: no usable cluster.conf: %s; start ccsd, or mend the file\n",
			errs.len ? clu_buf_text(&errs) : clu_path(CLU_PATH_CONF));
		clu_buf_free(&errs);
		return 1;
	}
	clu_buf_free(&errs);
	f->node = find_node(conf, given);
	if (!f->node) {
		f->node = given;
		fprintf(stderr, "fence_node: no clusternode \"%s\" in cluster.conf; see cman_tool nodes\n", given);
		verdict(f, LOG_ERR, "undefined");
		r = 2;
	} else if (fence_plan_build(conf, f->node, f->kind, FENCE_AGENT_TIMEOUT_S, &plan) < 0) {
		fprintf(stderr, "fence_node: the fence methods of %s cannot be used: too many methods or devices\n",
			f->node);
	} else {
		f->loop = qb_loop_create();
		f->children = f->loop ? clu_children_new(f->loop, on_end, f) : NULL;
		if (f->children)
			r = act(f, plan);
		else
			fprintf(stderr, "fence_node: out of memory\n");
		clu_children_free(f->children);
		if (f->loop)
			qb_loop_destroy(f->loop);
	}
	fence_plan_free(plan);
	clu_conf_unref(conf);
	return r;
}

int main(int argc, char **argv)
{
	struct fence_node f = { .kind = FENCE_PLAN_FENCE, .word = "fence", .tell = true };
	char self[256] = "";
	const char *node;
	int c;

	while ((c = getopt_long(argc, argv, "USve:m:hV", longopts, NULL)) != -1) {
		switch (c) {
		case 'U':
			f.kind = FENCE_PLAN_UNFENCE;
			f.word = "unfence";
			break;
		case 'S':
			f.kind = FENCE_PLAN_STATUS;
			f.word = "status";
			break;
		case 'v':
			f.verbose++;
			break;
		case 'e':
			f.tell = strcmp(optarg, "0") != 0;
			break;
		case 'm':
			f.only_method = (unsigned)strtoul(optarg, NULL, 10);
			if (f.only_method < 1 || f.only_method > FENCE_MAX_METHODS) {
				fprintf(stderr, "fence_node: \"%s\" is no number of a method; count from 1\n", optarg);
				return 1;
			}
			break;
		case 'h':
			usage();
			return 0;
		case 'V':
			printf("fence_node (hawser) %s\n", PACKAGE_VERSION);
			return 0;
		default:
			fprintf(stderr, "Please use '-h' for usage.\n");
			return 1;
		}
	}
	if (optind < argc) {
		node = argv[optind++];
	} else if (f.kind == FENCE_PLAN_UNFENCE && gethostname(self, sizeof(self) - 1) == 0) {
		node = self;
	} else {
		fprintf(stderr, "fence_node: no node name; see fence_node -h\n");
		return 1;
	}
	if (optind < argc) {
		fprintf(stderr, "fence_node: \"%s\" is one word too many; see fence_node -h\n", argv[optind]);
		return 1;
	}
	openlog("fence_node", LOG_PID, LOG_DAEMON);
	return run(&f, node);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman_tool: membership, votes and quorum of this node, with the words and options of the Red Hat Cluster Suite. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_path.h"
#include "clu_table.h"
#include "cman_call.h"
#include "cman_fenced.h"
#include "cman_info.h"
#include "cman_join.h"
#include "cman_key.h"
#include "cman_leave.h"
#include "cman_print.h"
#include "cman_reload.h"
#include "cman_wait.h"

#define MAX_NAMES 64

enum exit_code { OK = 0, FAILED = 1, TIMED_OUT = 2 };

enum op { NONE, JOIN, LEAVE, KILL, EXPECTED, VOTES, NODES, STATUS, WAIT, VERSION_, KEYGEN, RELOAD };

enum long_only { OPT_JSON = 256, OPT_MAKE_KEY, OPT_PRINT_CONF };

static const struct { const char *name; enum op op; } ops[] = {
	{ "join", JOIN }, { "leave", LEAVE }, { "kill", KILL }, { "expected", EXPECTED }, { "votes", VOTES },
	{ "nodes", NODES }, { "status", STATUS }, { "wait", WAIT }, { "version", VERSION_ }, { "keygen", KEYGEN },
	{ "reload", RELOAD },
};

struct args {
	enum op op;
	bool remove, force, json, reload;
	bool wait, quorate;
	int64_t timeout_s;		/* -1: not given */
	const char *names[MAX_NAMES];
	unsigned n_names;
	bool addresses, fenced;
	const char *format, *file;
	struct cman_join_opts join;
};

static const char usage_text[] =
	"Usage: cman_tool [options] join|leave|kill|expected|votes|nodes|status|wait|version|reload|keygen\n"
	"\n"
	"join        start corosync with what cluster.conf says and become a member\n"
	"  -w, --wait              wait until this node is a member\n"
	"  -q, --wait-quorate      wait until the cluster is quorate\n"
	"  -t, --timeout SECONDS   limit of the wait (exit code 2 when it passes)\n"
	"  -n, --name NAME         which clusternode this machine is (default: found out)\n"
	"  -N, --nodeid ID         node id, in place of the configured one\n"
	"  -c, --cluster NAME      cluster name, in place of the configured one\n"
	"  -v, --votes N           votes of this node\n"
	"  -e, --expected N        expected votes\n"
	"  -2                      two-node mode (needs -e 1)\n"
	"  -m, --multicast ADDR    multicast address (transport udp)\n"
	"  -p, --port PORT         UDP port\n"
	"  -k, --keyfile FILE      key file\n"
	"  -P                      no real-time priority for corosync\n"
	"  -D[fail|warn|none]      what an invalid cluster.conf does (default fail; bare -D: none)\n"
	"      --make-key          make a missing key also where this node is quorate alone\n"
	"      --print-conf        only print the corosync.conf that would be used\n"
	"leave       end corosync on this node, in order\n"
	"  -w, --wait, -t          wait until it has ended\n"
	"  remove                  the others lower their expected votes\n"
	"  force                   also while fenced or rgmanager is active\n"
	"status      state of the cluster as this node sees it\n"
	"nodes       all nodes\n"
	"  -a, --addresses         with addresses\n"
	"  -f, --fenced            with their last fencing\n"
	"  -F, --format LIST       only these fields: id,name,type,addr,votes,exp,state\n"
	"  -n, --name NAME         only this node (may be repeated)\n"
	"wait        wait until this node is a member; -q: until quorate; -t SECONDS\n"
	"kill        -n NAME...: order nodes out of the cluster\n"
	"expected    -e N: set the expected votes of the whole cluster\n"
	"votes       -v N [-n NAME]: set the votes of a node\n"
	"version     version of this interface and of the configuration\n"
	"reload      have the running corosync take over the configuration in force\n"
	"keygen      [FILE]: make the key of the cluster\n"
	"\n"
	"  -j, --json              status, nodes, version: as JSON\n"
	"  -h, --help              this text\n"
	"  -V, --version           version of the program\n";

static int __attribute__((format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "cman_tool: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	return -EINVAL;
}

static int number(const char *text, int64_t min, int64_t max, const char *what, int64_t *ret)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || end == text || *end || v < min || v > max) {
		fprintf(stderr, "cman_tool: %s \"%s\": must be a number from %lld to %lld; correct it\n", what, text,
			(long long)min, (long long)max);
		return -EINVAL;
	}
	*ret = v;
	return 0;
}

static int add_name(struct args *a, const char *name)
{
	if (strlen(name) > CMAN_NODE_NAME_MAX)
		return fail("node name \"%.60s...\" is too long", name);
	if (a->n_names == MAX_NAMES)
		return fail("too many node names");
	a->names[a->n_names++] = name;
	return 0;
}

/* Things of the old executive that do not exist in corosync 3: said, so that nobody relies on them. */
static int gone(int letter, const char *why)
{
	fprintf(stderr, "cman_tool: option -%c: %s\n", letter, why);
	return -EINVAL;
}

static int set_option(struct args *a, int letter, const char *arg)
{
	switch (letter) {
	case 'm':
		a->join.over.multicast = arg;
		return 0;
	case 'v':
		return number(arg, 0, 255, "votes", &a->join.over.votes);
	case 'e':
		return number(arg, 1, 65535, "expected votes", &a->join.over.expected);
	case '2':
		a->join.over.two_node = true;
		return 0;
	case 'p':
		return number(arg, 1, 65535, "port", &a->join.over.port);
	case 'n':
		return add_name(a, arg);
	case 'c':
		if (strlen(arg) > CMAN_CLUSTER_NAME_MAX)
			return fail("cluster name \"%s\" is longer than 15 characters: shorten it", arg);
		a->join.over.cluster_name = arg;
		return 0;
	case 'N':
		return number(arg, 0, 4096, "node id", &a->join.over.nodeid);
	case 'k':
		a->join.over.keyfile = arg;
		return 0;
	case 'w':
		a->wait = true;
		return 0;
	case 'q':
		a->quorate = true;
		return 0;
	case 't':
		return number(arg, 0, INT_MAX / 1000, "timeout", &a->timeout_s);
	case 'P':
		a->join.over.no_realtime = true;
		return 0;
	case 'a':
		a->addresses = true;
		return 0;
	case 'f':
		a->fenced = true;
		return 0;
	case 'F':
		a->format = arg;
		return 0;
	case 'r':
		a->reload = true;
		return 0;
	case 'D':
		/* COMPAT: without the option: fail; with a bare one: none; else its first letter decides. */
		a->join.validate = !arg || *arg == 'n' ? CMAN_VALIDATE_NONE : *arg == 'w' ? CMAN_VALIDATE_WARN :
				   CMAN_VALIDATE_FAIL;
		return 0;
	case OPT_JSON:
	case 'j':
		a->json = true;
		return 0;
	case OPT_MAKE_KEY:
		a->join.make_key = true;
		return 0;
	case OPT_PRINT_CONF:
		a->join.check_only = true;
		return 0;
	case 'A':	/* COMPAT: no openais services: there are none */
	case 'z':	/* COMPAT: no debug on stderr: there is none */
		return 0;
	case 'o':
		fprintf(stderr, "cman_tool: option -o has had no meaning for long: left out\n");
		return 0;
	case 'd':
		return gone(letter,
			    "corosync has its own: write <logging debug=\"on\"/> in cluster.conf; leave it out");
	case 'C':
		return gone(letter, "corosync 3 has no configuration loaders: cluster.conf comes from ccsd or the "
				    "file; leave it out");
	case 'X':
		return gone(letter, "corosync cannot run without a configuration: write a cluster.conf with one node");
	default:
		fprintf(stderr, "cman_tool: Please use '-h' for usage.\n");
		return -EINVAL;
	}
}

static int set_word(struct args *a, const char *word)
{
	if (!strcmp(word, "remove")) {
		a->remove = true;
		return 0;
	}
	if (!strcmp(word, "force")) {
		a->force = true;
		return 0;
	}
	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(ops[i].name, word))
			continue;
		if (a->op != NONE)
			return fail("can't specify two operations");
		a->op = ops[i].op;
		return 0;
	}
	if (a->op == KEYGEN && !a->file) {
		a->file = word;
		return 0;
	}
	if (a->op == KILL)
		return add_name(a, word);
	return fail("unknown option %s", word);
}

static int check_args(const struct args *a)
{
	if (a->op == NONE)
		return fail("no operation specified");
	if (a->timeout_s >= 0 && !a->wait && !a->quorate && a->op != WAIT)
		return fail("timeout is only appropriate with wait");
	if ((a->remove || a->force) && a->op != LEAVE)
		return fail("remove and force are only appropriate with leave");
	if (a->op == JOIN && a->join.over.two_node && a->join.over.expected != 1)
		return fail("expected_votes must be 1 if two_node is set (-2 needs -e 1)");
	if (a->op == KILL && !a->n_names)
		return fail("no node to kill: name it with -n");
	if (a->op == EXPECTED && a->join.over.expected < 0)
		return fail("no number of expected votes: give it with -e");
	if (a->op == VOTES && a->join.over.votes < 1)
		return fail("no number of votes, or 0: give it with -v");
	if (a->op == VOTES && a->n_names > 1)
		return fail("votes can be set for one node at a time");
	return 0;
}

static int look_at_nodes(const struct args *a, const struct cman_info *info, json_t **ret_model, struct clu_buf *ret)
{
	struct cman_nodes_opts o = { .addresses = a->addresses, .names = a->names, .n_names = a->n_names,
				     .format = a->format };
	struct cman_fence fenced[CMAN_MAX_NODES];
	int r;

	if (a->fenced) {
		r = cman_fenced_last(info, fenced, CMAN_MAX_NODES, &o.n_fenced, ret);
		if (r < 0)
			return r;
		o.fenced = fenced;
	}
	if (a->json) {
		*ret_model = cman_json_nodes(info, &o);
		return 0;
	}
	r = cman_print_nodes(info, &o, ret);
	if (r == -EINVAL)
		fputs("cman_tool: no such field in -F: ", stderr);
	else if (r == -ENOENT)
		fputs("cman_tool: no such node: ", stderr);
	if (r < 0)
		clu_buf_str(ret, "\n");
	return r;
}

/* The document in force is ccsd's; corosync may not have read it yet. */
static const struct cman_info *with_version_in_force(const struct cman_info *info)
{
	static struct cman_info shown;
	uint64_t version = cman_doc_version();

	shown = *info;
	if (version)
		shown.config_version = version;
	return &shown;
}

static int print_look(const struct args *a)
{
	struct clu_buf b = CLU_BUF_INIT;
	const struct cman_info *info;
	json_t *model = NULL;
	int r = cman_info_get(&info);

	if (!r && a->op != NODES)
		info = with_version_in_force(info);
	if (r < 0) {
		cman_call_explain(r, &b);
	} else if (a->op == NODES) {
		r = look_at_nodes(a, info, &model, &b);
	} else if (a->op == STATUS && a->json) {
		model = cman_json_status(info);
	} else if (a->op == STATUS) {
		cman_print_status(info, &b);
	} else if (a->json) {
		model = json_pack("{s:s, s:I}", "version", CMAN_COMPAT_VERSION, "config_version",
				  (json_int_t)info->config_version);
	} else {
		cman_print_version(info, &b);
	}
	if (model)
		clu_json_print(stdout, model);
	fputs(clu_buf_text(&b), r < 0 ? stderr : stdout);
	json_decref(model);
	clu_buf_free(&b);
	return r < 0 ? FAILED : OK;
}

static int wait_cluster(const struct args *a, uint64_t until)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r = cman_wait(a->quorate ? CMAN_WAIT_QUORATE : CMAN_WAIT_MEMBER, until);

	if (r == -ETIMEDOUT) {
		fprintf(stderr, "cman_tool: Timed-out waiting for cluster\n");
		return TIMED_OUT;
	}
	if (r < 0)
		cman_call_explain(r == -EHOSTDOWN ? -ETIMEDOUT : r, &b);
	fputs(clu_buf_text(&b), stderr);
	clu_buf_free(&b);
	return r < 0 ? FAILED : OK;
}

static int make_key(const struct args *a)
{
	struct clu_buf errs = CLU_BUF_INIT;
	char path[PATH_MAX];
	int r;

	if (a->file)
		snprintf(path, sizeof(path), "%s", a->file);
	else
		snprintf(path, sizeof(path), "%s/corosync.key", clu_path(CLU_PATH_KEYS));
	r = cman_key_make(path, &errs);
	if (r < 0)
		fprintf(stderr, "cman_tool: %s", clu_buf_text(&errs));
	else
		printf("Made the key %s: copy it to the same place on every other node, over a safe way (scp -p), "
		       "before they join\n",
		       path);
	clu_buf_free(&errs);
	return r < 0 ? FAILED : OK;
}

static int run(struct args *a)
{
	uint64_t until = a->timeout_s > 0 ? cman_now_ms() + (uint64_t)a->timeout_s * 1000 : CMAN_FOREVER;
	struct cman_leave_opts leave = { a->force, a->remove, a->wait, until };

	switch (a->op) {
	case JOIN:
		a->join.node_name = a->n_names ? a->names[0] : NULL;
		a->join.wait_member = a->wait;
		a->join.wait_quorate = a->quorate;
		a->join.until_ms = until;
		return cman_join(&a->join);
	case LEAVE:
		return cman_leave(&leave);
	case KILL:
		return cman_kill(a->names, a->n_names);
	case EXPECTED:
		return cman_set_expected((uint32_t)a->join.over.expected);
	case VOTES:
		return cman_set_votes(a->n_names ? a->names[0] : NULL, (uint32_t)a->join.over.votes);
	case WAIT:
		return wait_cluster(a, until);
	case KEYGEN:
		return make_key(a);
	case RELOAD:
		return cman_reload(a->join.validate);
	case VERSION_:
		if (a->reload) {
			fprintf(stderr, "cman_tool: version -r: a new configuration is spread by ccsd, not from "
					"here; edit a copy of cluster.conf, run \"ccs_tool update FILE\" on one "
					"node, then \"cman_tool reload\" on each\n");
			return FAILED;
		}
		return print_look(a);
	case STATUS:
	case NODES:
		return print_look(a);
	case NONE:
		break;
	}
	return FAILED;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "wait", no_argument, NULL, 'w' }, { "wait-quorate", no_argument, NULL, 'q' },
		{ "timeout", required_argument, NULL, 't' }, { "name", required_argument, NULL, 'n' },
		{ "nodeid", required_argument, NULL, 'N' }, { "cluster", required_argument, NULL, 'c' },
		{ "votes", required_argument, NULL, 'v' }, { "expected", required_argument, NULL, 'e' },
		{ "multicast", required_argument, NULL, 'm' }, { "port", required_argument, NULL, 'p' },
		{ "keyfile", required_argument, NULL, 'k' }, { "addresses", no_argument, NULL, 'a' },
		{ "fenced", no_argument, NULL, 'f' },
		{ "format", required_argument, NULL, 'F' },
		{ "make-key", no_argument, NULL, OPT_MAKE_KEY }, { "print-conf", no_argument, NULL, OPT_PRINT_CONF },
		{ "json", no_argument, NULL, OPT_JSON }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 },
	};
	struct args a = { .timeout_s = -1, .join = { .over = CMAN_NO_OVERRIDES, .validate = CMAN_VALIDATE_FAIL } };
	int letter;

	while ((letter = getopt_long(argc, argv, "m:v:e:2p:n:o:c:N:C:k:wqt:PXAD::zafF:r::d::jhV", longs, NULL)) != -1) {
		if (letter == 'h') {
			fputs(usage_text, stdout);
			return OK;
		}
		if (letter == 'V') {
			printf("cman_tool %s (built %s %s)\nPart of Hawser. Licence: GPL version 2 or later.\n",
			       VERSION, __DATE__, __TIME__);
			return OK;
		}
		if (set_option(&a, letter, optarg) < 0)
			return FAILED;
	}
	for (; optind < argc; optind++)
		if (set_word(&a, argv[optind]) < 0)
			return FAILED;
	if (check_args(&a) < 0)
		return FAILED;
	return run(&a);
}

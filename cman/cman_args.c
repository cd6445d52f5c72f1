/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_args.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cman_debug.h"

enum long_only { OPT_MAKE_KEY = 256, OPT_PRINT_CONF };

static const struct { const char *name; enum cman_op op; } ops[] = {
	{ "join", CMAN_OP_JOIN }, { "leave", CMAN_OP_LEAVE }, { "kill", CMAN_OP_KILL }, { "expected", CMAN_OP_EXPECTED },
	{ "votes", CMAN_OP_VOTES }, { "nodes", CMAN_OP_NODES }, { "services", CMAN_OP_SERVICES },
	{ "status", CMAN_OP_STATUS }, { "wait", CMAN_OP_WAIT }, { "version", CMAN_OP_VERSION },
	{ "debug", CMAN_OP_DEBUG }, { "keygen", CMAN_OP_KEYGEN }, { "reload", CMAN_OP_RELOAD }, { "check", CMAN_OP_CHECK },
};

/* Per operation, so that -h behind a word can show its part alone. */
static const struct { enum cman_op op; const char *text; } usage[] = {
	{ CMAN_OP_NONE,
	"Usage: cman_tool [options] join|leave|kill|expected|votes|nodes|services|status|wait|version|debug|reload|check|keygen\n"
	"\n" },
	{ CMAN_OP_JOIN,
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
	"  -C MODULE               where cluster.conf comes from: xmlconfig (ccsd's if it runs, else the file; the\n"
	"                          default), ccsconfig (ccsd must run)\n"
	"  -X                      without cluster.conf: built-in values, a cluster of this node alone\n"
	"  -P                      no real-time priority for corosync\n"
	"  -D[fail|warn|none]      what an invalid cluster.conf does (default fail; bare -D: none)\n"
	"  -d                      debug messages of corosync\n"
	"  -A, -z, -o NAME         taken, and without meaning\n"
	"      --make-key          make a missing key also where this node is quorate alone\n"
	"      --print-conf        only print the corosync.conf that would be used\n" },
	{ CMAN_OP_LEAVE,
	"leave       end corosync on this node, in order\n"
	"  -w, --wait, -t          wait until it has ended\n"
	"  remove                  the others lower their expected votes\n"
	"  force                   also while fenced or rgmanager is active\n" },
	{ CMAN_OP_STATUS, "status      state of the cluster as this node sees it\n" },
	{ CMAN_OP_NODES,
	"nodes       all nodes\n"
	"  -a, --addresses         with addresses\n"
	"  -f, --fenced            with their last fencing\n"
	"  -F, --format LIST       only these fields: id,name,type,addr,votes,exp,state\n"
	"  -n, --name NAME         only this node (may be repeated)\n" },
	{ CMAN_OP_SERVICES, "services    groups of daemons that this node takes part in\n" },
	{ CMAN_OP_WAIT, "wait        wait until this node is a member; -q: until quorate; -t SECONDS\n" },
	{ CMAN_OP_KILL, "kill        -n NAME...: order nodes out of the cluster\n" },
	{ CMAN_OP_EXPECTED, "expected    -e N: set the expected votes of the whole cluster\n" },
	{ CMAN_OP_VOTES, "votes       -v N [-n NAME]: set the votes of a node\n" },
	{ CMAN_OP_VERSION,
	"version     version of this interface and of the configuration\n"
	"  -r, -rN                 spread this node's cluster.conf (of version N) and have all nodes take it over\n"
	"  -S                      with -r: it is spread already\n" },
	{ CMAN_OP_DEBUG, "debug       -d[MASK]: debug messages of corosync on this node (4 membership, 8 daemon, 16 all; 0 off)\n" },
	{ CMAN_OP_RELOAD, "reload      have the running corosync take over the configuration in force, on all nodes\n" },
	{ CMAN_OP_CHECK, "check       look for what would keep this node from joining; -n, -p, -k, -m as with join\n" },
	{ CMAN_OP_KEYGEN, "keygen      [FILE]: make the key of the cluster\n" },
	{ CMAN_OP_NONE,
	"\n"
	"  -j, --json              status, nodes, services, version, check: as JSON\n"
	"  -h, --help              this text, or the part of the operation before it\n"
	"  -V, --version           version of the program\n" },
};

static void print_usage(enum cman_op op)
{
	for (unsigned i = 0; i < sizeof(usage) / sizeof(usage[0]); i++)
		if (op == CMAN_OP_NONE || usage[i].op == CMAN_OP_NONE || usage[i].op == op)
			fputs(usage[i].text, stdout);
}

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

static int add_name(struct cman_args *a, const char *name)
{
	if (strlen(name) > CMAN_NODE_NAME_MAX)
		return fail("node name \"%.60s...\" is too long", name);
	if (a->n_names == CMAN_MAX_NAMES)
		return fail("too many node names");
	a->names[a->n_names++] = name;
	return 0;
}

static int set_option(struct cman_args *a, int letter, const char *arg)
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
		return arg ? number(arg, 1, INT64_MAX, "version", &a->reload_version) : 0;
	case 'S':
		a->no_sync = true;
		return 0;
	case 'D':
		a->no_check = true;
		/* COMPAT: without the option: fail; bare: none; else its first letter decides, of old files in capitals. */
		a->join.validate = !arg || *arg == 'n' || *arg == 'N' ? CMAN_VALIDATE_NONE :
				   *arg == 'w' || *arg == 'W'	      ? CMAN_VALIDATE_WARN :
									CMAN_VALIDATE_FAIL;
		return 0;
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
		a->join.over.debug = true;
		a->debug_mask = CMAN_DEBUG_ALL;
		return arg ? number(arg, 0, 255, "debug mask", &a->debug_mask) : 0;
	case 'C':
		if (!strcmp(arg, "ccsconfig"))
			a->join.source = CMAN_FROM_CCSD;
		else if (strcmp(arg, "xmlconfig"))
			return fail("option -C: no configuration loader \"%s\": write xmlconfig or ccsconfig, or leave it out", arg);
		return 0;
	case 'X':
		a->join.bare = true;
		return 0;
	default:
		fprintf(stderr, "cman_tool: Please use '-h' for usage.\n");
		return -EINVAL;
	}
}

static int set_word(struct cman_args *a, const char *word)
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
		if (a->op != CMAN_OP_NONE)
			return fail("can't specify two operations");
		a->op = ops[i].op;
		return 0;
	}
	if (a->op == CMAN_OP_KEYGEN && !a->file) {
		a->file = word;
		return 0;
	}
	if (a->op == CMAN_OP_KILL)
		return add_name(a, word);
	return fail("unknown option %s", word);
}

static int check_args(const struct cman_args *a)
{
	if (a->op == CMAN_OP_NONE)
		return fail("no operation specified");
	if (a->timeout_s >= 0 && !a->wait && !a->quorate && a->op != CMAN_OP_WAIT)
		return fail("timeout is only appropriate with wait");
	if ((a->remove || a->force) && a->op != CMAN_OP_LEAVE)
		return fail("remove and force are only appropriate with leave");
	if (a->op == CMAN_OP_JOIN && a->join.over.two_node && a->join.over.expected != 1)
		return fail("expected_votes must be 1 if two_node is set (-2 needs -e 1)");
	if (a->op == CMAN_OP_KILL && !a->n_names)
		return fail("no node to kill: name it with -n");
	if (a->op == CMAN_OP_EXPECTED && a->join.over.expected < 0)
		return fail("no number of expected votes: give it with -e");
	if (a->op == CMAN_OP_VOTES && a->join.over.votes < 1)
		return fail("no number of votes, or 0: give it with -v");
	if (a->op == CMAN_OP_VOTES && a->n_names > 1)
		return fail("votes can be set for one node at a time");
	if (a->op == CMAN_OP_DEBUG && a->debug_mask < 0)
		return fail("no debug mask: give it with -d, as in -d255; -d0 switches the messages off");
	if (a->op != CMAN_OP_JOIN && (a->join.bare || a->join.source != CMAN_FROM_ANYWHERE))
		return fail("-X and -C are only appropriate with join");
	if ((a->reload || a->no_sync) && a->op != CMAN_OP_VERSION)
		return fail("-r and -S are only appropriate with version");
	if (a->json && a->op != CMAN_OP_STATUS && a->op != CMAN_OP_NODES && a->op != CMAN_OP_SERVICES &&
	    a->op != CMAN_OP_VERSION && a->op != CMAN_OP_CHECK)
		return fail("--json is only appropriate with status, nodes, services, version and check");
	return 0;
}

/* The operation of a command line that asks for help: the words before -h. */
static enum cman_op op_of(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		for (unsigned k = 0; k < sizeof(ops) / sizeof(ops[0]); k++)
			if (!strcmp(ops[k].name, argv[i]))
				return ops[k].op;
	return CMAN_OP_NONE;
}

int cman_args_read(int argc, char **argv, struct cman_args *ret)
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
		{ "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 },
	};
	int letter;

	*ret = (struct cman_args){ .timeout_s = -1, .debug_mask = -1, .reload_version = -1,
				   .join = { .over = CMAN_NO_OVERRIDES, .validate = CMAN_VALIDATE_FAIL } };
	while ((letter = getopt_long(argc, argv, "m:v:e:2p:n:o:c:N:C:k:wqt:PXAD::zafF:r::Sd::jhV", longs, NULL)) != -1) {
		if (letter == 'h') {
			print_usage(op_of(argc, argv));
			return 1;
		}
		if (letter == 'V') {
			printf("cman_tool %s (built %s %s)\nPart of Hawser. Licence: GPL version 2 or later.\n",
			       VERSION, __DATE__, __TIME__);
			return 1;
		}
		if (set_option(ret, letter, optarg) < 0)
			return -EINVAL;
	}
	for (; optind < argc; optind++)
		if (set_word(ret, argv[optind]) < 0)
			return -EINVAL;
	return check_args(ret);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clusvcadm: enable, disable, move, ... services. Historical options, messages and exit codes. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clu_client.h"
#include "cman_info.h"
#include "rg_core.h"
#include "rgmanager.pb-c.h"

static const struct verb {
	char letter;
	const char *op, *words;
} verbs[] = {
	{ 'e', "enable", "trying to enable" }, { 'd', "disable", "disabling" }, { 'r', "relocate", "relocate" },
	{ 'M', "migrate", "migrate" }, { 'R', "restart", "trying to restart" }, { 's', "stop", "stopping" },
	{ 'Z', "freeze", "freezing" }, { 'U', "unfreeze", "unfreezing" }, { 'c', "convalesce", "convalescing" },
};

static int usage(FILE *f, int code)
{
	fprintf(f, "Usage: clusvcadm COMMAND\n\nResource Group Control Commands:\n"
		"  -e GROUP [-m NODE | -F]  enable: start it here, on NODE, or where its failover domain says\n"
		"  -d GROUP                 disable: stop it and keep it stopped\n"
		"  -r GROUP [-m NODE]       relocate: to NODE or the best other node\n"
		"  -M GROUP -m NODE         migrate: live, for virtual machines\n"
		"  -R GROUP                 restart on its owner\n"
		"  -s GROUP                 stop until the next event\n"
		"  -Z GROUP, -U GROUP       freeze, unfreeze: leave it alone, whatever happens\n"
		"  -c GROUP                 convalesce: start what was switched off as non-critical\n"
		"  -m NODE, -n NODE         target member\n"
		"  -F                       place by the rules of the failover domain\n"
		"  -q                       no output\n"
		"  -v, -V, --version        version\n"
		"  -h, --help               this text\n\n"
		"Resource Group Locking (for cluster Shutdown / Debugging):\n"
		"  -l, -u, -S               lock, unlock, show lock state\n\n"
		"Manual: man 8 clusvcadm\n");
	return code;
}

static const struct verb *verb_of(int letter)
{
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (verbs[i].letter == letter)
			return &verbs[i];
	return NULL;
}

static unsigned common(const char *a, const char *b)
{
	unsigned n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* The member of that name; failing that, the one that begins most like it. NULL after a message. */
static const struct cman_member *find_member(const struct cman_info *info, const char *name)
{
	const struct cman_member *best = cman_info_find(info, name);
	unsigned most = 0;
	bool twice = false;

	if (best)
		return best;
	printf("'%s' not in membership list\n", name);
	for (unsigned i = 0; i < info->n_members; i++) {
		unsigned n = common(info->members[i].name, name);

		twice = n == most ? twice || n : n > most ? false : twice;
		if (n > most) {
			most = n;
			best = &info->members[i];
		}
	}
	if (!best) {
		printf("No matches for '%s' found\n", name);
		return NULL;
	}
	if (twice) {
		printf("More than one possible match for '%s' found\n", name);
		return NULL;
	}
	printf("Closest match: '%s'\n", best->name);
	return best;
}

static int call(struct clu_client *c, const Hawser__RgRequest *q, Hawser__RgAnswer **ret)
{
	uint8_t bytes[512];
	struct clu_buf b = CLU_BUF_INIT;
	size_t len = hawser__rg_request__get_packed_size(q);
	int r;

	if (len > sizeof(bytes))
		return -EMSGSIZE;
	hawser__rg_request__pack(q, bytes);
	r = clu_client_call(c, bytes, len, CLU_CLIENT_DEADLINE_MS, &b);
	if (r == 0) {
		*ret = hawser__rg_answer__unpack(NULL, b.len, (const uint8_t *)b.data);
		r = *ret ? 0 : -EBADMSG;
	}
	clu_buf_free(&b);
	return r;
}

static void explain(int r)
{
	struct clu_buf text = CLU_BUF_INIT;

	clu_client_explain("rgmanager", r, &text);
	fprintf(stderr, "clusvcadm: %s\n", clu_buf_text(&text));
	clu_buf_free(&text);
}

/*
 * Sends the request and asks for its end until there is one. Each call is
 * bounded, so a daemon that stops answering is noticed within two seconds,
 * however long the operation itself may take.
 */
static int run(struct clu_client *c, Hawser__RgRequest *q, Hawser__RgAnswer **ret)
{
	char state[32] = "";
	bool progress = isatty(STDOUT_FILENO);
	int r = call(c, q, ret);

	if (r < 0) {
		fprintf(stderr, "Error sending message to resource group manager.\n");
		return r;
	}
	while (!(*ret)->done) {
		q->verb = (char *)"wait";
		q->ticket = (*ret)->ticket;
		if (progress && strcmp(state, (*ret)->state) != 0 && strcmp((*ret)->state, "asked") != 0) {
			snprintf(state, sizeof(state), "%s", (*ret)->state);
			printf("%s...", state);
			fflush(stdout);
		}
		hawser__rg_answer__free_unpacked(*ret, NULL);
		*ret = NULL;
		r = call(c, q, ret);
		if (r < 0) {
			fprintf(stderr, "Error receiving reply!\n");
			return r;
		}
	}
	return 0;
}

static int finish(const Hawser__RgAnswer *a, const struct verb *v, const char *svc, const struct cman_member *target)
{
	bool moved = v->letter == 'e' || v->letter == 'r';

	printf("%s\n", rg_code_text(a->code));
	if (a->code == RG_ESUCCESS && moved)
		printf("%s%s is now running on %s\n", target && target->nodeid != a->owner ? "Warning: " : "", svc, a->owner_name);
	fflush(stdout);
	if (a->code != RG_ESUCCESS && a->code != RG_ERUN && *a->why)
		fprintf(stderr, "clusvcadm: %s\n", a->why);
	return a->code == RG_ERUN ? 0 : a->code & 0xff;
}

static int operate(const struct verb *v, const char *svc, const char *node, bool by_domain)
{
	const struct cman_info *info;
	const struct cman_member *target = NULL;
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	Hawser__RgAnswer *a = NULL;
	struct clu_client *c = NULL;
	int r;

	if (v->letter == 'M' && !node) {
		printf("Migration requires a target cluster member\n");
		return 1;
	}
	if (cman_info_get(&info) < 0) {
		printf("Could not connect to cluster service\n");
		return 1;
	}
	if (node) {
		target = find_member(info, node);
		if (!target)
			return 1;
		if (v->letter == 'M' && !target->member) {
			printf("'%s' is offline\n", target->name);
			return 1;
		}
	}
	if (v->letter == 'r' || v->letter == 'M')
		printf("Trying to %s %s%s%s...", v->words, svc, target ? " to " : "", target ? target->name : "");
	else if (target)
		printf("Member %s %s %s...", target->name, v->words, svc);
	else
		printf("Local machine %s %s...", v->words, svc);
	fflush(stdout);
	r = clu_client_connect("rgmanager", CLU_CLIENT_DEADLINE_MS, 0, &c);
	if (r < 0) {
		printf("Could not connect to resource group manager\n");
		explain(r);
		return 1;
	}
	q.verb = (char *)"op";
	q.op = (char *)v->op;
	q.svc = (char *)svc;
	q.target = target ? target->nodeid : 0;
	q.by_domain = by_domain;
	r = run(c, &q, &a);
	if (r < 0)
		explain(r);
	r = r < 0 ? 1 : finish(a, v, svc, target);
	if (a)
		hawser__rg_answer__free_unpacked(a, NULL);
	clu_client_close(c);
	return r;
}

static int lock_state(void)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	ProtobufCMessage *m = NULL;
	int r;

	q.verb = (char *)"status";
	r = clu_client_once_pb("rgmanager", &q.base, CLU_CLIENT_DEADLINE_MS, &hawser__rg_answer__descriptor, &m);
	if (r < 0) {
		printf("Could not connect to resource group manager\nQuery operation failed\n");
		return 1;
	}
	printf("Resource groups %s\n", ((Hawser__RgAnswer *)m)->status->locked ? "locked" : "unlocked");
	protobuf_c_message_free_unpacked(m, NULL);
	return 0;
}

static int locking(bool lock)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	Hawser__RgAnswer *a = NULL;
	struct clu_client *c = NULL;
	int r = clu_client_connect("rgmanager", CLU_CLIENT_DEADLINE_MS, 0, &c);

	if (r < 0)
		printf("Could not connect to resource group manager\n");
	q.verb = (char *)"op";
	q.op = (char *)(lock ? "lock" : "unlock");
	if (r == 0)
		r = run(c, &q, &a);
	if (r == 0 && a->code == RG_ESUCCESS) {
		printf("Resource groups %s\n", lock ? "locked" : "unlocked");
	} else {
		printf("%s operation failed\n", lock ? "Lock" : "Unlock");
		r = -EIO;
	}
	if (a)
		hawser__rg_answer__free_unpacked(a, NULL);
	clu_client_close(c);
	return r < 0;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'H' }, { NULL, 0, NULL, 0 },
	};
	const struct verb *v = NULL;
	const char *node = NULL;
	bool by_domain = false;
	char svc[128] = "";
	int c;

	while ((c = getopt_long(argc, argv, "lSue:M:d:r:n:c:m:FvVR:s:Z:U:qh", longs, NULL)) != -1) {
		switch (c) {
		case 'l':
		case 'u':
			return locking(c == 'l');
		case 'S':
			return lock_state();
		case 'm':
		case 'n':
			node = optarg;
			break;
		case 'F':
			by_domain = true;
			break;
		case 'q':
			if (!freopen("/dev/null", "w", stdout))
				return 1;
			break;
		case 'v':
		case 'V':
			printf("%s\n", PACKAGE_VERSION);
			return 0;
		case 'H':
			return usage(stdout, 0);
		case 'h':	/* COMPAT: 1 */
			return usage(stdout, 1);
		default:
			v = verb_of(c);
			if (!v)
				return usage(stderr, 1);
			snprintf(svc, sizeof(svc), "%s%.100s", strchr(optarg, ':') ? "" : "service:", optarg);
		}
	}
	if (!v)
		return usage(stderr, 1);
	if (by_domain && node) {
		fprintf(stderr, "Cannot use '-F' with '-n' or '-m'\n");
		return 1;
	}
	return operate(v, svc, node, by_domain);
}

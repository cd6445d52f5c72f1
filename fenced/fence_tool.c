/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fence_tool: join, leave and look at the fence domain. Historical options, layouts and exit codes. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clu_table.h"
#include "fence_tool_ls.h"
#include "fenced_ask.h"

#define RETRY_MS 250
#define FOREVER UINT64_MAX

#define OLD_TIMEOUT_S 300

struct options {
	bool all_nodes, json, why;
	bool old_wait;		/* -w without a number: -t is the timeout of all, default 300 s */
	long connect_s, quorum_s, members_s, wait_s;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t until(long seconds)
{
	return seconds < 0 ? FOREVER : now_ms() + (uint64_t)seconds * 1000;
}

/* What is left of a deadline, at least 1 ms and at most an hour, so that it fits every wait below. */
static uint32_t left_ms(uint64_t deadline)
{
	uint64_t now = now_ms();

	if (deadline <= now)
		return 1;
	return deadline - now > 3600000 ? 3600000 : (uint32_t)(deadline - now);
}

static int fail(struct clu_buf *errs)
{
	fprintf(stderr, "fence_tool: %s\n", clu_buf_text(errs));
	clu_buf_free(errs);
	return 1;
}

/* A connection that hears of every change; -t bounds how long fenced may take to appear. */
static struct clu_client *connect_fenced(long seconds, struct clu_buf *errs)
{
	uint64_t deadline = until(seconds);
	struct clu_client *c = NULL;
	int r;

	for (;;) {
		r = clu_client_connect("fenced", CLU_CLIENT_DEADLINE_MS, 0, &c);
		if (r == 0)
			r = clu_client_subscribe(c, CLU_CLIENT_DEADLINE_MS);
		if (r == 0)
			return c;
		c = clu_client_close(c);
		if (now_ms() >= deadline || r == -EACCES || r == -EPERM)
			break;
		(void)poll(NULL, 0, RETRY_MS);	/* nothing tells of a daemon that starts */
	}
	clu_client_explain("fenced", r, errs);
	return NULL;
}

static bool all_present(const Hawser__FencedNews *n)
{
	for (size_t i = 0; i < n->n_nodes; i++)
		if (!n->nodes[i]->present)
			return false;
	return n->n_nodes > 0;
}

static bool is_quorate(const Hawser__FencedNews *n)
{
	return n->quorate;
}

/* Waits for a condition, woken by fenced's notifications. 0, -ETIMEDOUT, or what went wrong. */
static int wait_for(struct clu_client *c, bool (*done)(const Hawser__FencedNews *), uint64_t deadline,
	struct clu_buf *errs)
{
	for (;;) {
		struct clu_buf b = CLU_BUF_INIT;
		Hawser__FencedNews *news;
		bool ok;
		int r = fenced_ask_on(c, "info", NULL, 0, CLU_CLIENT_DEADLINE_MS, &news, errs);

		if (r < 0)
			return r;
		ok = done(news);
		hawser__fenced_news__free_unpacked(news, NULL);
		if (ok)
			return 0;
		if (now_ms() >= deadline)
			return -ETIMEDOUT;
		r = clu_client_next(c, left_ms(deadline), &b);
		clu_buf_free(&b);
		if (r < 0 && r != -ETIMEDOUT) {
			clu_client_explain("fenced", r, errs);
			return r;
		}
	}
}

/*
 * Sends the request until it is done, refused for good, or the time is over.
 * What stands in the way for the moment (no cluster.conf yet, a leave under way)
 * ends with a notification.
 */
static int ask_until(struct clu_client *c, const char *verb, long wait_s, struct clu_buf *errs)
{
	uint64_t deadline = wait_s ? until(wait_s) : now_ms() + CLU_CLIENT_DEADLINE_MS;

	for (;;) {
		struct clu_buf b = CLU_BUF_INIT;
		int r;

		clu_buf_free(errs);
		r = fenced_ask_on(c, verb, NULL, 0, left_ms(deadline), NULL, errs);
		if (r == -ETIMEDOUT) {
			clu_buf_free(errs);
			clu_buf_printf(errs, "%s not complete: fenced has taken the request, and the domain has not "
				"confirmed it yet; watch it with: fence_tool ls", verb);
		}
		if ((r != -EAGAIN && r != -EBUSY) || now_ms() >= deadline)
			return r;
		r = clu_client_next(c, left_ms(deadline), &b);
		clu_buf_free(&b);
		if (r == -EPIPE) {
			clu_buf_free(errs);
			clu_client_explain("fenced", r, errs);
			return r;
		}
	}
}

static int do_join(const struct options *o)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_client *c = connect_fenced(o->connect_s, &errs);
	int r = 0;

	if (!c)
		return fail(&errs);
	if (o->quorum_s && wait_for(c, is_quorate, until(o->quorum_s), &errs) == -ETIMEDOUT)
		fprintf(stderr, "fence_tool: continuing without quorum\n");
	if (o->members_s && wait_for(c, all_present, until(o->members_s), &errs) == -ETIMEDOUT)
		fprintf(stderr, "fence_tool: continuing without all members\n");
	r = ask_until(c, "join", o->wait_s, &errs);
	clu_client_close(c);
	if (r < 0)
		return fail(&errs);
	clu_buf_free(&errs);
	return 0;
}

/* What needs fencing to be safe must go first. true and a sentence when something is active. */
static bool active_systems(struct clu_buf *why)
{
	char line[4096], dev[1024], dir[1024], type[64];
	FILE *f = fopen("/proc/mounts", "re");
	struct dirent *e;
	DIR *d;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%1023s %1023s %63s", dev, dir, type) == 3 &&
		    (!strcmp(type, "gfs2") || !strcmp(type, "gfs")))
			clu_buf_printf(why, "found %s file system mounted from %s on %s\n", type, dev, dir);
	}
	if (f)
		fclose(f);
	d = opendir("/sys/kernel/dlm");
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			clu_buf_printf(why, "found dlm lockspace /sys/kernel/dlm/%s\n", e->d_name);
	if (d)
		closedir(d);
	return why->len > 0;
}

static int do_leave(const struct options *o)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_client *c;
	int r;

	if (active_systems(&errs)) {
		fprintf(stderr, "fence_tool: %sfence_tool: cannot leave due to active systems; unmount and stop them "
			"first\n", clu_buf_text(&errs));
		clu_buf_free(&errs);
		return 1;
	}
	c = connect_fenced(o->connect_s, &errs);
	if (!c)
		return fail(&errs);
	r = ask_until(c, "leave", o->wait_s, &errs);
	clu_client_close(c);
	if (r < 0)
		return fail(&errs);
	clu_buf_free(&errs);
	return 0;
}

static int do_ls(const struct options *o)
{
	struct clu_buf errs = CLU_BUF_INIT;
	Hawser__FencedNews *news;
	struct timespec t;
	int r = fenced_ask("info", NULL, 0, CLU_CLIENT_DEADLINE_MS, &news, &errs);

	if (r < 0)
		return fail(&errs);
	clock_gettime(CLOCK_REALTIME, &t);
	if (o->json) {
		json_t *j = fence_tool_json(news);

		clu_json_print(stdout, j);
		json_decref(j);
	} else if (!news->joined) {
		fprintf(stderr, "fence_tool: this node is not in the fence domain; join it with: fence_tool join\n");
	} else {
		fence_tool_print(stdout, news, o->all_nodes,
			(uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000);
		if (o->why)
			fence_tool_print_why(stdout, news);
	}
	r = news->joined ? 0 : 1;
	hawser__fenced_news__free_unpacked(news, NULL);
	return r;
}

static int do_dump(void)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r = clu_client_dump("fenced", CLU_CLIENT_DEADLINE_MS, &b);

	if (r == 0) {
		clu_buf_str(&b, "history ");
		r = clu_client_history("fenced", CLU_CLIENT_DEADLINE_MS, &b);
	}
	if (r < 0) {
		clu_buf_free(&b);
		clu_client_explain("fenced", r, &b);
		return fail(&b);
	}
	fwrite(b.data, 1, b.len, stdout);
	if (b.len && b.data[b.len - 1] != '\n')
		putchar('\n');
	clu_buf_free(&b);
	return 0;
}

static const struct option longopts[] = {
	{ "nodes", no_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'j' },
	{ "why", no_argument, NULL, 'y' },
	{ "connect", required_argument, NULL, 't' },
	{ "quorum", required_argument, NULL, 'q' },
	{ "members", required_argument, NULL, 'm' },
	{ "wait", required_argument, NULL, 'w' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void usage(void)
{
	printf("Usage: fence_tool ls|join|leave|dump [options]\n\n"
		"  ls                 show the fence domain; exit 1 when this node is not in it\n"
		"  join               make this node a member of the domain\n"
		"  leave              leave it in order\n"
		"  dump               state and history of fenced as text\n\n"
		"  -n, --nodes        ls: also list all known nodes\n"
		"      --why          ls: also who was fenced last, when and by what\n"
		"      --json         ls: as JSON\n"
		"  -t, --connect S    join, leave: wait up to S seconds for fenced to run (0; -1 = for ever)\n"
		"  -q, --quorum S     join: wait up to S seconds for quorum before joining (0)\n"
		"  -m, --members S    join: wait up to S seconds for all configured nodes before joining (0)\n"
		"  -w, --wait S       join, leave: up to S seconds until it has happened (2; -1 = for ever)\n"
		"  -h, --help         this text\n"
		"  -V, --version      version\n");
}

static bool seconds(const char *text, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	if (!errno && end != text && !*end && *ret >= -1 && *ret <= 10000000)
		return true;
	fprintf(stderr, "fence_tool: \"%s\" is no number of seconds; give 0 or more, or -1 for ever\n", text);
	return false;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	const char *verb;
	int c;

	while ((c = getopt_long(argc, argv, ":nt:q:m:w:hV", longopts, NULL)) != -1) {
		bool ok = true;

		switch (c) {
		case 'n':
			o.all_nodes = true;
			break;
		case 'j':
			o.json = true;
			break;
		case 'y':
			o.why = true;
			break;
		case 't':
			ok = seconds(optarg, &o.connect_s);
			break;
		case 'q':
			ok = seconds(optarg, &o.quorum_s);
			break;
		case 'm':
			ok = seconds(optarg, &o.members_s);
			break;
		case 'w':
			if (optarg[0] == '-' && !(optarg[1] >= '0' && optarg[1] <= '9')) {
				o.old_wait = true;
				optind--;	/* the next option, not a number */
				break;
			}
			ok = seconds(optarg, &o.wait_s);
			break;
		case ':':
			if (optopt == 'w') {
				o.old_wait = true;
				break;
			}
			ok = false;
			fprintf(stderr, "fence_tool: %s needs a number of seconds; see fence_tool -h\n",
				argv[optind - 1]);
			break;
		case 'h':
			usage();
			return 0;
		case 'V':
			printf("fence_tool (hawser) %s\n", PACKAGE_VERSION);
			return 0;
		default:
			ok = false;
			fprintf(stderr, "fence_tool: unknown option %s\nPlease use '-h' for usage.\n",
				argv[optind - 1]);
		}
		if (!ok)
			return 1;
	}
	if (o.old_wait)
		o.wait_s = o.connect_s ? o.connect_s : OLD_TIMEOUT_S;
	verb = optind < argc ? argv[optind] : "";
	if (optind + 1 < argc)
		fprintf(stderr, "fence_tool: \"%s\" is one word too many; see fence_tool -h\n", argv[optind + 1]);
	else if (!strcmp(verb, "ls"))
		return do_ls(&o);
	else if (!strcmp(verb, "join"))
		return do_join(&o);
	else if (!strcmp(verb, "leave"))
		return do_leave(&o);
	else if (!strcmp(verb, "dump"))
		return do_dump();
	else
		fprintf(stderr, "fence_tool: %s%s; give one of ls, join, leave, dump\n",
			*verb ? "no such operation: " : "no operation", verb);
	return 1;
}

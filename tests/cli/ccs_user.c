/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of a user of libccs: built against ccs.h alone and linked with -lccs alone. The declarations below are the
 * documented ones of the historical library: the compiler refuses a header that says anything else.
 */
#include <ccs.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

int ccs_connect(void);
int ccs_force_connect(const char *cluster_name, int blocking);
int ccs_disconnect(int desc);
int ccs_get(int desc, const char *query, char **rtn);
int ccs_get_list(int desc, const char *query, char **rtn);
int ccs_set(int desc, const char *path, char *val);
int ccs_get_state(int desc, char **cwp, char **prevq);
int ccs_set_state(int desc, const char *cwp, int reset_query);
int ccs_lookup_nodename(int desc, const char *nodename, char **rtn);
void ccs_read_logging(int fd, const char *name, int *debug, int *mode, int *syslog_facility, int *syslog_priority,
	int *logfile_priority, char *logfile);
extern int fullxpath;

#define THREADS 12
#define ROUNDS 60

static int bad;

static void expect(const char *what, int got, int want)
{
	if (got == want && (want >= 0 || errno == -want))
		return;
	printf("FAILED: %s: %d (%s), expected %d\n", what, got, strerror(errno), want);
	bad = 1;
}

static void expect_text(const char *what, char *got, const char *want)
{
	if (!got || strcmp(got, want) != 0) {
		printf("FAILED: %s: \"%s\", expected \"%s\"\n", what, got ? got : "(null)", want);
		bad = 1;
	}
	free(got);
}

static void get(int desc, const char *query, const char *want)
{
	char *value = NULL;

	expect(query, ccs_get(desc, query, &value), 0);
	expect_text(query, value, want);
}

static void walk(int desc, const char *query, const char *const *want)
{
	char *value;

	/* Twice: behind the last match a walk begins again. */
	for (int round = 0; round < 2; round++) {
		for (const char *const *w = want; *w; w++) {
			value = NULL;
			expect(query, ccs_get_list(desc, query, &value), 0);
			expect_text(query, value, *w);
		}
		value = (char *)1;
		expect(query, ccs_get_list(desc, query, &value), -ENODATA);
		if (value) {
			printf("FAILED: %s: a value behind the end\n", query);
			bad = 1;
		}
	}
}

static void lookup(int desc, const char *name, const char *want)
{
	char *value = NULL;

	expect(name, ccs_lookup_nodename(desc, name, &value), want ? 0 : -ENODATA);
	if (want)
		expect_text(name, value, want);
}

static void states(int desc)
{
	static const char *const names[] = { "n1", "n2", "n3", NULL };
	char *path = NULL, *last = NULL, *value;

	expect("relative", ccs_get(desc, "clusternode[1]/@name", &value), -EINVAL);
	expect("set_state", ccs_set_state(desc, "/cluster/clusternodes", 0), 0);
	get(desc, "clusternode[2]/@name", "n2");
	walk(desc, "clusternode/@name", names);
	get(desc, "/cluster/@name", "alpha");
	expect("get_state", ccs_get_state(desc, &path, &last), 0);
	expect_text("path", path, "/cluster/clusternodes");
	expect_text("query", last, "/cluster/@name");
	/* A reset begins a walk anew. */
	expect("walk", ccs_get_list(desc, "clusternode/@name", &value), 0);
	free(value);
	expect("reset", ccs_set_state(desc, "/cluster/clusternodes", 1), 0);
	walk(desc, "clusternode/@name", names);
	expect("no path", ccs_set_state(desc, "", 0), 0);
	expect("relative", ccs_get(desc, "clusternode[1]/@name", &value), -EINVAL);
	expect("bad path", ccs_set_state(desc, "cluster", 0), -EINVAL);
}

static void logging(int desc)
{
	int debug = 0, mode = 3, facility = LOG_DAEMON, sys = LOG_NOTICE, file = LOG_NOTICE;
	char logfile[PATH_MAX] = "unchanged";

	ccs_read_logging(desc, "fenced", &debug, &mode, &facility, &sys, &file, logfile);
	expect("debug", debug, 1);
	expect("mode", mode, 2);
	expect("facility", facility, LOG_LOCAL4);
	expect("syslog_priority", sys, LOG_CRIT);
	expect("logfile_priority", file, LOG_DEBUG);
	expect_text("logfile", strdup(logfile), "/tmp/f.log");
	debug = 0;
	mode = 1;
	file = LOG_NOTICE;
	strcpy(logfile, "unchanged");
	ccs_read_logging(desc, "other", &debug, &mode, &facility, &sys, &file, logfile);
	expect("debug", debug, 0);
	expect("mode", mode, 1 | 2);
	expect("logfile_priority", file, LOG_ERR);
	expect_text("logfile", strdup(logfile), "unchanged");
	/* Set by an option: the configuration has nothing to say. */
	debug = 1;
	ccs_read_logging(desc, "other", &debug, NULL, NULL, NULL, &file, NULL);
	expect("debug", debug, 1);
	expect("logfile_priority", file, LOG_DEBUG);
}

static void both_modes(void)
{
	static const char *const all[] = { "name=alpha", "config_version=4", NULL };
	static const char *const nodes[] = { "n1", "n2", "n3", NULL };
	char *value;
	int lite, full;

	fullxpath = 0;
	lite = ccs_force_connect(NULL, 0);
	fullxpath = 1;
	full = ccs_force_connect("alpha", 1);
	if (lite < 0 || full < 0) {
		printf("FAILED: connect: %d %d\n", lite, full);
		bad = 1;
		return;
	}
	get(lite, "/cluster/@name", "alpha");
	get(lite, "/cluster/clusternodes/clusternode[@name=\"n2\"]/@nodeid", "2");
	get(lite, "/cluster/clusternodes/child::*[1]/@name", "n1");
	walk(lite, "/cluster/@*", all);
	expect("XPath in lite mode", ccs_get(lite, "//clusternode/@name", &value), -EINVAL);
	expect("nothing", ccs_get(lite, "/cluster/@nothing", &value), -ENODATA);
	expect("no text", ccs_get(lite, "/cluster/clusternodes", &value), -ENODATA);
	get(full, "//clusternode[last()]/@name", "n3");
	walk(full, "//clusternode/@name", nodes);
	expect("nothing", ccs_get(full, "//nothing", &value), -EINVAL);
	expect("not quorate", ccs_connect(), -ECONNREFUSED);
	expect("other cluster", ccs_force_connect("beta", 0), -ENOENT);
	expect("set", ccs_set(lite, "/cluster/@name", (char *)"x"), -ENOSYS);
	lookup(lite, "n1", "n1");
	lookup(lite, "N2-PRIV.example.com", "n2");
	lookup(lite, "10.99.0.9", "n3");
	lookup(lite, "10.99.0.77", NULL);
	states(lite);
	logging(lite);
	expect("disconnect", ccs_disconnect(lite), 0);
	expect("disconnect", ccs_disconnect(lite), -EBADR);
	expect("get", ccs_get(lite, "/cluster/@name", &value), -EBADR);
	expect("negative", ccs_disconnect(-1), -EINVAL);
	expect("disconnect", ccs_disconnect(full), 0);
}

static void table_full(void)
{
	int desc[100], n = 0;

	while (n < 100 && (desc[n] = ccs_force_connect(NULL, 0)) >= 0)
		n++;
	expect("descriptors", n, 30);
	expect("one more", desc[n], -EAGAIN);
	while (n)
		expect("disconnect", ccs_disconnect(desc[--n]), 0);
}

/* One descriptor shared by all, and one of each thread's own, which also comes and goes. */
static int shared;

static void *one_thread(void *arg)
{
	static const char *const nodes[] = { "n1", "n2", "n3", NULL };

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		int desc = ccs_force_connect(NULL, 0);

		if (desc < 0)
			return (void *)"connect";
		for (const char *const *n = nodes; *n; n++) {
			char *value = NULL;

			if (ccs_get_list(desc, "/cluster/clusternodes/clusternode/@name", &value) || strcmp(value, *n) != 0)
				return (void *)"walk";
			free(value);
			if (ccs_get(shared, "/cluster/@name", &value) || strcmp(value, "alpha") != 0)
				return (void *)"get";
			free(value);
			if (ccs_lookup_nodename(shared, *n, &value) || strcmp(value, *n) != 0)
				return (void *)"lookup";
			free(value);
		}
		if (ccs_disconnect(desc))
			return (void *)"disconnect";
	}
	return NULL;
}

static void threads(void)
{
	pthread_t t[THREADS];

	shared = ccs_force_connect(NULL, 0);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, one_thread, NULL) != 0)
			abort();
	for (int i = 0; i < THREADS; i++) {
		void *what;

		(void)pthread_join(t[i], &what);
		if (what) {
			printf("FAILED: thread %d: %s\n", i, (const char *)what);
			bad = 1;
		}
	}
	expect("disconnect", ccs_disconnect(shared), 0);
}

int main(void)
{
	both_modes();
	fullxpath = 0;
	table_full();
	threads();
	return bad;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ccs.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ccs_query.h"
#include "ccsd.pb-c.h"
#include "clu_client.h"

#define MAX_DESC 30
#define GENERATION 30		/* descriptor = slot + GENERATION * how often the slot was used */
#define PAUSE_MS 2000		/* after a failure the document at hand is used for so long without asking */

int fullxpath;

struct conn {
	int desc;		/* -1: free */
	unsigned uses;
	bool force, full;
	struct clu_client *client;
	struct clu_conf *conf;
	uint64_t not_before_ms;
	char query[CCS_QUERY_MAX + 1];
	unsigned next;		/* of the walk */
	char last[CCS_QUERY_MAX + 1];	/* as the caller wrote it */
	char path[CCS_QUERY_MAX + 1];	/* before queries without a "/" */
};

static struct conn conns[MAX_DESC];
static bool ready;
/* The historical library knew no threads; ours may be called from several. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int result(int r)
{
	if (r < 0)
		errno = -r;
	return r;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int take_document(struct conn *c, const Hawser__CcsdAnswer *a)
{
	struct clu_conf *conf = NULL;
	struct clu_buf errs = CLU_BUF_INIT;
	int r;

	if (!a->document.len)
		return c->conf ? 0 : -ENODATA;
	r = clu_conf_parse(a->document.data, a->document.len, "cluster.conf", &conf, &errs);
	clu_buf_free(&errs);
	if (r < 0)
		return r;
	clu_conf_unref(c->conf);
	c->conf = conf;
	c->next = 0;
	return 0;
}

/* Asks ccsd for what is newer than our document. */
static int refresh(struct conn *c)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	struct clu_buf ret = CLU_BUF_INIT;
	uint8_t request[64];
	int r = 0;

	q.verb = (char *)"get";
	q.force = c->force;
	q.known = c->conf ? clu_conf_version(c->conf) : 0;
	if (!c->client)
		r = clu_client_connect("ccsd", CLU_CLIENT_DEADLINE_MS, 0, &c->client);
	if (r == 0)
		r = clu_client_call(c->client, request, hawser__ccsd_request__pack(&q, request), CLU_CLIENT_DEADLINE_MS, &ret);
	if (r == 0) {
		Hawser__CcsdAnswer *a = hawser__ccsd_answer__unpack(NULL, ret.len, (const uint8_t *)ret.data);

		r = a ? take_document(c, a) : -EBADMSG;
		if (a)
			hawser__ccsd_answer__free_unpacked(a, NULL);
	} else if (r != -ECONNREFUSED && r != -ENODATA && r != -EACCES) {
		c->client = clu_client_close(c->client);
	}
	if (ret.data)
		explicit_bzero(ret.data, ret.len);
	clu_buf_free(&ret);
	return r;
}

static struct conn *find(int desc)
{
	struct conn *c = desc < 0 ? NULL : &conns[desc % GENERATION];

	return c && ready && c->desc == desc ? c : NULL;
}

static void release(struct conn *c)
{
	c->client = clu_client_close(c->client);
	c->conf = clu_conf_unref(c->conf);
	c->desc = -1;
}

static struct conn *new_conn(bool force)
{
	for (unsigned i = 0; i < MAX_DESC && !ready; i++)
		conns[i].desc = -1;
	ready = true;
	for (unsigned i = 0; i < MAX_DESC; i++) {
		struct conn *c = &conns[i];
		unsigned uses = c->uses;

		if (c->desc >= 0)
			continue;
		memset(c, 0, sizeof(*c));
		c->uses = (uses + 1) % 1000000;
		c->desc = (int)(i + GENERATION * uses);
		c->force = force;
		c->full = fullxpath;
		return c;
	}
	return NULL;
}

static int connect_once(bool force, const char *cluster_name)
{
	struct conn *c;
	int r;

	pthread_mutex_lock(&lock);
	c = new_conn(force);
	r = c ? refresh(c) : -EAGAIN;
	if (r == 0 && cluster_name && strcmp(clu_conf_cluster_name(c->conf), cluster_name) != 0)
		r = -ENOENT;
	if (r == 0)
		r = c->desc;
	else if (c)
		release(c);
	pthread_mutex_unlock(&lock);
	return r;
}

int ccs_connect(void)
{
	return result(connect_once(false, NULL));
}

int ccs_force_connect(const char *cluster_name, int blocking)
{
	int r = connect_once(true, cluster_name);

	while (blocking && (r == -ECONNREFUSED || r == -ETIMEDOUT || r == -ENODATA || r == -EPIPE || r == -EBUSY)) {
		struct timespec pause = { .tv_sec = 1 };

		/* COMPAT: "blocking" has always meant asking again each second. */
		while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
			;
		r = connect_once(true, cluster_name);
	}
	return result(r);
}

int ccs_disconnect(int desc)
{
	struct conn *c;
	int r;

	pthread_mutex_lock(&lock);
	c = find(desc);
	r = c ? 0 : desc < 0 ? -EINVAL : -EBADR;
	if (c)
		release(c);
	pthread_mutex_unlock(&lock);
	return result(r);
}

/* The connection, brought up to date as far as ccsd answers. */
static int use(int desc, struct conn **ret)
{
	struct conn *c = find(desc);

	if (!c)
		return desc < 0 ? -EINVAL : -EBADR;
	if (now_ms() >= c->not_before_ms && refresh(c) < 0)
		c->not_before_ms = now_ms() + PAUSE_MS;
	*ret = c;
	return 0;
}

/* The query below the working path, if it needs one. */
static int whole_query(struct conn *c, const char *q, char ret[CCS_QUERY_MAX + 1])
{
	bool below = *q != '/' && c->path[0];
	size_t len = strlen(c->path);
	int n;

	if (strlen(q) > CCS_QUERY_MAX)
		return -ENAMETOOLONG;
	memcpy(c->last, q, strlen(q) + 1);
	n = snprintf(ret, CCS_QUERY_MAX + 1, "%s%s%s", below ? c->path : "", below && c->path[len - 1] != '/' ? "/" : "", q);
	return n > CCS_QUERY_MAX ? -ENAMETOOLONG : 0;
}

static int query(int desc, const char *asked, bool walk, char **rtn)
{
	char q[CCS_QUERY_MAX + 1], *value = NULL;
	struct conn *c = NULL;
	int r;

	if (!asked || !rtn)
		return -EINVAL;
	*rtn = NULL;
	pthread_mutex_lock(&lock);
	r = use(desc, &c);
	if (r == 0)
		r = whole_query(c, asked, q);
	if (r == 0 && walk && strcmp(c->query, q) != 0) {
		memcpy(c->query, q, strlen(q) + 1);
		c->next = 0;
	}
	if (r == 0) {
		r = ccs_query(c->conf, q, c->full, walk ? c->next : 0, &value);
		if (walk)
			c->next = r == 0 ? c->next + 1 : 0;
		if (r == -ENODATA && c->full && !walk)
			r = -EINVAL;
	}
	pthread_mutex_unlock(&lock);
	*rtn = value;
	return r;
}

int ccs_get(int desc, const char *q, char **rtn)
{
	return result(query(desc, q, false, rtn));
}

int ccs_get_list(int desc, const char *q, char **rtn)
{
	return result(query(desc, q, true, rtn));
}

int ccs_set(int desc, const char *path, char *val)
{
	(void)desc;
	(void)path;
	(void)val;
	return result(-ENOSYS);
}

int ccs_set_state(int desc, const char *cwp, int reset_query)
{
	struct conn *c;
	int r;

	if (!cwp)
		cwp = "";
	pthread_mutex_lock(&lock);
	c = find(desc);
	r = !c ? (desc < 0 ? -EINVAL : -EBADR) : *cwp && *cwp != '/' ? -EINVAL :
		strlen(cwp) > CCS_QUERY_MAX ? -ENAMETOOLONG : 0;
	if (r == 0) {
		memcpy(c->path, cwp, strlen(cwp) + 1);
		if (reset_query) {
			c->query[0] = c->last[0] = '\0';
			c->next = 0;
		}
	}
	pthread_mutex_unlock(&lock);
	return result(r);
}

int ccs_get_state(int desc, char **cwp, char **prevq)
{
	struct conn *c;
	int r;

	if (!cwp || !prevq)
		return result(-EINVAL);
	*cwp = *prevq = NULL;
	pthread_mutex_lock(&lock);
	c = find(desc);
	r = c ? 0 : desc < 0 ? -EINVAL : -EBADR;
	if (c) {
		*cwp = strdup(c->path);
		*prevq = strdup(c->last);
	}
	pthread_mutex_unlock(&lock);
	if (c && (!*cwp || !*prevq)) {
		free(*cwp);
		free(*prevq);
		*cwp = *prevq = NULL;
		r = -ENOMEM;
	}
	return result(r);
}

/* Without the lock: the resolver may take its time, and others must not wait for it. */
static int lookup_address(const struct clu_buf *document, const char *name, char **rtn)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	const char *found;
	int r = document->error;

	if (r == 0)
		r = clu_conf_parse(document->data, document->len, "cluster.conf", &conf, &errs);
	if (r == 0) {
		found = ccs_query_address(conf, name);
		*rtn = found ? strdup(found) : NULL;
		r = *rtn ? 0 : found ? -ENOMEM : -ENODATA;
	}
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	return r;
}

int ccs_lookup_nodename(int desc, const char *name, char **rtn)
{
	struct clu_buf document = CLU_BUF_INIT;
	struct conn *c = NULL;
	const char *found;
	const void *bytes;
	size_t len;
	int r;

	if (!name || !rtn)
		return result(-EINVAL);
	if (strlen(name) > 128)
		return result(-E2BIG);
	*rtn = NULL;
	pthread_mutex_lock(&lock);
	r = use(desc, &c);
	if (r == 0) {
		found = ccs_query_node(c->conf, name);
		*rtn = found ? strdup(found) : NULL;
		r = *rtn ? 0 : found ? -ENOMEM : -ENODATA;
	}
	if (r == -ENODATA) {
		bytes = clu_conf_bytes(c->conf, &len);
		clu_buf_append(&document, bytes, len);
	}
	pthread_mutex_unlock(&lock);
	if (r == -ENODATA)
		r = lookup_address(&document, name, rtn);
	if (document.data)
		explicit_bzero(document.data, document.len);
	clu_buf_free(&document);
	return result(r);
}

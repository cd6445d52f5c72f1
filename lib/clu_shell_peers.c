/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "clu_client.h"
#include "clu_log.h"
#include "clu_path.h"
#include "clu_shell_priv.h"
#include "fenced.pb-c.h"

/* Until a daemon below is there it is asked for; once connected nothing is polled. */
#define RETRY_MS 250
#define MAX_FENCE 64

/* A victim that fenced has not confirmed yet. */
struct fence_wish {
	struct fence_wish *next;
	uint32_t nodeid;
	char *why;
	bool posted;
	uint64_t tag;
};

struct clu_shell_peer {
	struct clu_shell *s;
	const char *name;
	enum clu_peer_kind kind;
	struct clu_client *client;	/* NULL: waiting for the retry timer */
	bool up;
	bool told_waiting;
	uint64_t first_tag;		/* of the request for the present state */
	struct clu_shell_timer retry;
	struct fence_wish *wishes;
	unsigned n_wishes;
	struct clu_buf held;		/* the last news of fenced that came during a merge of our group */
};

static void start(struct clu_shell_peer *p);

static void on_retry(void *data)
{
	struct clu_shell_peer *p = data;

	p->retry.set = false;
	start(p);
}

static void tell(struct clu_shell_peer *p, bool up, const void *data, size_t len)
{
	struct clu_event ev = { .type = CLU_EV_PEER };

	ev.u.peer.kind = p->kind;
	ev.u.peer.up = up;
	ev.u.peer.data = data;
	ev.u.peer.len = len;
	clu_shell_feed(p->s, &ev);
}

static void lost(struct clu_shell_peer *p, int why)
{
	bool was_up = p->up;

	clu_buf_free(&p->held);
	if (p->client) {
		(void)qb_loop_poll_del(p->s->loop, clu_client_fd(p->client));
		p->client = clu_client_close(p->client);
	}
	p->up = false;
	for (struct fence_wish *w = p->wishes; w; w = w->next)
		w->posted = false;
	if (was_up) {
		clu_log(CLU_WARNING, "%s has gone (%s); connecting again until it is back", p->name, strerror(-why));
		tell(p, false, NULL, 0);
	} else if (!p->told_waiting) {
		clu_log(why == -ECONNREFUSED ? CLU_INFO : CLU_WARNING, "%s cannot be reached yet (%s); trying on",
			p->name, strerror(-why));
		p->told_waiting = true;
	}
	if (!p->s->ended)
		clu_shell_timer_set(p->s, &p->retry, RETRY_MS, p, on_retry);
}

/* ---- ccsd ---- */

static void set_log(struct clu_shell *s, const struct clu_conf *conf)
{
	struct clu_log_conf l;
	int r;

	clu_log_conf_read(conf, s->d->ops->name, s->debug, &l);
	r = clu_log_set(&l);
	if (r < 0)
		clu_log(CLU_WARNING, "the log file %s of cluster.conf cannot be opened (%s); logging goes on where it was; make its "
			"folder, or correct <logging>", l.logfile, strerror(-r));
}

int clu_shell_config(struct clu_shell *s, const void *data, size_t len, bool deliver)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	int r;

	r = clu_conf_parse(data, len, clu_path(CLU_PATH_CONF), &conf, &errs);
	if (r < 0) {
		clu_log(CLU_ERR, "the configuration in force cannot be used, the former one stays: %s",
			errs.len ? clu_buf_text(&errs) : strerror(-r));
		clu_buf_free(&errs);
		return r;
	}
	clu_buf_free(&errs);
	set_log(s, conf);
	if (deliver) {
		clu_log(CLU_INFO, "configuration version %" PRIu64 " is in force", clu_conf_version(conf));
		ev.u.config.conf = conf;
		ev.u.config.version = clu_conf_version(conf);
		clu_shell_feed(s, &ev);
	}
	/* A core may keep its own reference; ours tells a repeated document. */
	clu_conf_unref(s->conf);
	s->conf = conf;
	return 0;
}

static void got_document(struct clu_shell *s, const ProtobufCBinaryData *doc)
{
	size_t len = 0;
	const void *old = s->conf ? clu_conf_bytes(s->conf, &len) : NULL;

	if (!doc->len || (old && len == doc->len && !memcmp(old, doc->data, len)))
		return;
	(void)clu_shell_config(s, doc->data, doc->len, true);
}

static void from_ccsd(struct clu_shell_peer *p, const struct clu_client_said *m)
{
	if (m->notify) {
		Hawser__CcsdNews *news = hawser__ccsd_news__unpack(NULL, m->len, m->data);

		if (news)
			got_document(p->s, &news->document);
		else
			clu_log(CLU_ERR, "ccsd's news were not understood; install the same version of all parts");
		if (news)
			hawser__ccsd_news__free_unpacked(news, NULL);
	} else if (m->tag == p->first_tag) {
		Hawser__CcsdAnswer *a = hawser__ccsd_answer__unpack(NULL, m->len, m->data);

		if (!m->error && a)
			got_document(p->s, &a->document);
		else
			clu_log(CLU_NOTICE, "ccsd has no configuration in force yet (%s); waiting for its news",
				a && a->why[0] ? a->why : strerror(-m->error));
		if (a)
			hawser__ccsd_answer__free_unpacked(a, NULL);
	}
}

/* ---- fenced ---- */

static int post_pb(struct clu_shell_peer *p, const ProtobufCMessage *m, uint64_t *ret_tag)
{
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *bytes = malloc(len ? len : 1);
	int r;

	if (!bytes)
		return -ENOMEM;
	protobuf_c_message_pack(m, bytes);
	r = clu_client_post(p->client, bytes, len, ret_tag);
	free(bytes);
	return r;
}

static int post_wishes(struct clu_shell_peer *p)
{
	for (struct fence_wish *w = p->wishes; w; w = w->next) {
		Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
		int r;

		if (w->posted)
			continue;
		q.verb = (char *)"victim";
		q.nodeid = w->nodeid;
		q.why = w->why;
		r = post_pb(p, &q.base, &w->tag);
		if (r < 0)
			return r == -EAGAIN ? 0 : r;	/* the next answer makes room, and brings us here again */
		w->posted = true;
	}
	return 0;
}

static void wish_answered(struct clu_shell_peer *p, uint64_t tag, int error)
{
	for (struct fence_wish **at = &p->wishes, *w; (w = *at) != NULL; at = &w->next) {
		if (!w->posted || w->tag != tag)
			continue;
		if (error)
			clu_log(CLU_ERR, "fenced does not take node %u as a victim (%s); it was asked because: %s",
				w->nodeid, strerror(-error), w->why);
		*at = w->next;
		p->n_wishes--;
		free(w->why);
		free(w);
		return;
	}
}

void clu_shell_peers_merged(struct clu_shell *s)
{
	struct clu_shell_peer *p = s->fenced;
	struct clu_buf news;

	if (!p || !p->held.len || !s->group || clu_group_merge_is_open(s->group))
		return;
	news = p->held;
	p->held = (struct clu_buf)CLU_BUF_INIT;
	tell(p, true, news.data, news.len);
	clu_buf_free(&news);
}

/*
 * When the ring grows, fenced's group and ours both merge, and fenced may be the
 * first: "nobody waits to be fenced" is then said of a cluster whose other part our
 * core does not know yet. Our group comes first; only the last news counts.
 */
static void tell_fenced_news(struct clu_shell_peer *p, const void *data, size_t len)
{
	struct clu_shell *s = p->s;

	if (!s->group) {
		tell(p, true, data, len);
		return;
	}
	clu_buf_free(&p->held);
	clu_buf_append(&p->held, data, len);
	clu_shell_cpg_drain(s);		/* its steps may use p->client: what we were given must be copied by now */
	if (!s->ended)
		clu_shell_peers_merged(s);
}

static int from_fenced(struct clu_shell_peer *p, const struct clu_client_said *m)
{
	if (!m->notify)
		wish_answered(p, m->tag, m->error);
	/* Answers carry the domain's state as news do. */
	if (m->notify || (m->tag == p->first_tag && (!m->error || m->len)))
		tell_fenced_news(p, m->data, m->len);
	return p->client ? post_wishes(p) : 0;
}

void clu_shell_fence(struct clu_shell *s, uint32_t nodeid, const char *why)
{
	struct clu_shell_peer *p = s->fenced;
	struct fence_wish *w;

	if (!p) {
		clu_log(CLU_CRIT, "node %u is to be fenced (%s), but this daemon has no connection to fenced", nodeid, why);
		return;
	}
	for (w = p->wishes; w; w = w->next)
		if (w->nodeid == nodeid)
			return;
	w = calloc(1, sizeof(*w));
	if (!w || p->n_wishes >= MAX_FENCE || !(w->why = strdup(why))) {
		free(w);
		clu_log(CLU_CRIT, "fenced could not be asked to fence node %u (%s): no memory; fence it with 'fence_node'",
			nodeid, why);
		return;
	}
	w->nodeid = nodeid;
	w->next = p->wishes;
	p->wishes = w;
	p->n_wishes++;
	if (!p->up)
		clu_log(CLU_WARNING, "node %u is to be fenced (%s), but fenced cannot be reached; it is asked when it is back",
			nodeid, why);
	else if (post_wishes(p) < 0)
		clu_log(CLU_WARNING, "fenced could not be asked to fence node %u now; it is asked again", nodeid);
}

/* ---- both ---- */

static int greet(struct clu_shell_peer *p)
{
	uint64_t tag;
	int r;

	p->up = true;
	p->told_waiting = false;
	clu_log(CLU_INFO, "connected to %s", p->name);
	/* News first, so that nothing is missed between the two. */
	r = clu_client_post_subscribe(p->client, &tag);
	if (r < 0)
		return r;
	if (p->kind == CLU_PEER_CCSD) {
		Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;

		q.verb = (char *)"get";
		q.force = 1;
		tell(p, true, NULL, 0);
		return p->client ? post_pb(p, &q.base, &p->first_tag) : 0;
	} else {
		Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;

		q.verb = (char *)"info";
		return post_pb(p, &q.base, &p->first_tag);	/* its answer has the kept wishes sent */
	}
}

static int on_readable(int32_t fd, int32_t revents, void *data)
{
	struct clu_shell_peer *p = data;
	struct clu_client_said m;
	int r = 0;

	if (!p->up) {
		r = clu_client_proceed(p->client);
		if (!r)
			r = greet(p);
		if (r < 0 && r != -EAGAIN)
			lost(p, r);
		return 0;
	}
	while (!r && !p->s->ended) {
		r = clu_client_take(p->client, &m);
		if (!r && p->kind == CLU_PEER_CCSD)
			from_ccsd(p, &m);
		else if (!r)
			r = from_fenced(p, &m);
	}
	if (r < 0 && r != -EAGAIN)
		lost(p, r);
	return 0;
}

static void start(struct clu_shell_peer *p)
{
	int r = clu_client_begin(p->name, 0, &p->client);

	if (!r && qb_loop_poll_add(p->s->loop, QB_LOOP_HIGH, clu_client_fd(p->client), POLLIN, p, on_readable) < 0) {
		p->client = clu_client_close(p->client);
		r = -ENOMEM;
	}
	if (r < 0)
		lost(p, r);
}

static struct clu_shell_peer *peer_new(struct clu_shell *s, const char *name, enum clu_peer_kind kind)
{
	struct clu_shell_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->s = s;
	p->name = name;
	p->kind = kind;
	start(p);
	return p;
}

int clu_shell_peers_init(struct clu_shell *s)
{
	if (s->d->want & CLU_WANT_CONFIG) {
		s->ccsd = peer_new(s, "ccsd", CLU_PEER_CCSD);
		if (!s->ccsd)
			return -ENOMEM;
	}
	if (s->d->want & CLU_WANT_FENCED) {
		s->fenced = peer_new(s, "fenced", CLU_PEER_FENCED);
		if (!s->fenced)
			return -ENOMEM;
	}
	return 0;
}

static struct clu_shell_peer *peer_free(struct clu_shell_peer *p)
{
	if (!p)
		return NULL;
	clu_shell_timer_drop(p->s, &p->retry);
	if (p->client)
		(void)qb_loop_poll_del(p->s->loop, clu_client_fd(p->client));
	clu_client_close(p->client);
	clu_buf_free(&p->held);
	while (p->wishes) {
		struct fence_wish *w = p->wishes;

		p->wishes = w->next;
		free(w->why);
		free(w);
	}
	free(p);
	return NULL;
}

void clu_shell_peers_fini(struct clu_shell *s)
{
	s->ccsd = peer_free(s->ccsd);
	s->fenced = peer_free(s->fenced);
	s->conf = clu_conf_unref(s->conf);
}

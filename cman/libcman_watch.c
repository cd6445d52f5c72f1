/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <corosync/cfg.h>
#include <corosync/cmap.h>
#include <corosync/quorum.h>

#include "cman_call.h"
#include "cman_info.h"
#include "libcman_priv.h"

/* What cman_tool and cmand write, and what a corosync.conf by hand may have. */
static const char *const version_keys[] = { "hawser.config_version", "totem.config_version" };

struct lcm_watch {
	struct lcm_engine *e;
	quorum_handle_t quorum;
	cmap_handle_t cmap;
	corosync_cfg_handle_t cfg;
	bool quorum_open, cmap_open, cfg_open;
	uint32_t own_id;

	bool known;			/* the present state has been heard: what comes is news */
	bool quorate, changed;
	unsigned n_members;
	uint32_t members[CMAN_MAX_NODES];
	uint64_t version;

	bool question;			/* corosync waits for our answer */
};

struct lcm_watch *lcm_watch_new(struct lcm_engine *e)
{
	struct lcm_watch *w = calloc(1, sizeof(*w));

	if (w)
		w->e = e;
	return w;
}

static void close_all(struct lcm_watch *w)
{
	if (w->quorum_open)
		(void)quorum_finalize(w->quorum);
	if (w->cmap_open)
		(void)cmap_finalize(w->cmap);
	if (w->cfg_open)
		(void)corosync_cfg_finalize(w->cfg);
	w->quorum_open = w->cmap_open = w->cfg_open = false;
	for (unsigned i = LCM_QUORUM; i <= LCM_CFG; i++)
		lcm_line_open(w->e, (enum lcm_line)i, -1);
}

void lcm_watch_free(struct lcm_watch *w)
{
	if (!w)
		return;
	if (w->quorum_open || w->cmap_open || w->cfg_open)
		close_all(w);
	free(w);
}

uint32_t lcm_watch_own_id(struct lcm_watch *w)
{
	return w->own_id;
}

/* ---- members and quorum ---- */

static struct lcm_watch *watch_of(quorum_handle_t h)
{
	const void *ctx = NULL;

	if (quorum_context_get(h, &ctx) != CS_OK)
		return NULL;
	return (struct lcm_watch *)(uintptr_t)ctx;
}

static unsigned add_ids(struct lcm_item *item, unsigned at, const uint32_t *ids, unsigned n)
{
	unsigned i;

	for (i = 0; i < n && at + i < sizeof(item->ids) / sizeof(item->ids[0]); i++)
		item->ids[at + i] = ids[i];
	return i;
}

static void tell_members(struct lcm_watch *w, uint64_t only, const uint32_t *left, unsigned n_left,
			 const uint32_t *joined, unsigned n_joined)
{
	struct lcm_item item = { .kind = LCM_CONFCHG };

	item.n_members = add_ids(&item, 0, w->members, w->n_members);
	item.n_left = add_ids(&item, item.n_members, left, n_left);
	item.n_joined = add_ids(&item, item.n_members + item.n_left, joined, n_joined);
	lcm_lock(w->e);
	for (struct lcm_handle *h = lcm_first(w->e); h; h = h->next)
		if (h->on_confchg && (!only || h->id == only))
			lcm_push(h, &item);
	lcm_unlock(w->e);
}

/* To all who want notifications; true if there is one. */
static bool tell_event(struct lcm_watch *w, int reason, int arg)
{
	const struct lcm_item item = { .kind = LCM_EVENT, .reason = reason, .arg = arg };
	bool any = false;

	lcm_lock(w->e);
	for (struct lcm_handle *h = lcm_first(w->e); h; h = h->next) {
		if (!h->on_event)
			continue;
		any = true;
		if (reason == CMAN_REASON_TRY_SHUTDOWN)
			h->asked = true;
		lcm_push(h, &item);
	}
	lcm_unlock(w->e);
	return any;
}

static void on_ring(quorum_handle_t h, struct quorum_ring_id ring, uint32_t n, const uint32_t *members,
		    uint32_t n_joined, const uint32_t *joined, uint32_t n_left, const uint32_t *left)
{
	struct lcm_watch *w = watch_of(h);

	if (!w)
		return;
	w->n_members = n < CMAN_MAX_NODES ? n : CMAN_MAX_NODES;
	memcpy(w->members, members, w->n_members * sizeof(w->members[0]));
	/* A token that was lost for a moment makes a new ring of the same nodes: no news. */
	if (!w->known || (!n_joined && !n_left))
		return;
	w->changed = true;
	tell_members(w, 0, left, n_left, joined, n_joined);
}

static void on_quorum(quorum_handle_t h, uint32_t quorate, struct quorum_ring_id ring, uint32_t n,
		      const uint32_t *members)
{
	struct lcm_watch *w = watch_of(h);
	bool news;

	if (!w)
		return;
	news = w->known && (w->changed || w->quorate != !!quorate);
	w->known = true;
	w->changed = false;
	w->quorate = quorate;
	if (news)
		(void)tell_event(w, CMAN_REASON_STATECHANGE, w->quorate);
}

static cs_error_t connect_quorum(struct lcm_watch *w)
{
	quorum_model_v1_data_t model = { .model = QUORUM_MODEL_V1, .quorum_notify_fn = on_quorum,
					 .nodelist_notify_fn = on_ring };
	uint32_t type;
	int fd;
	cs_error_t e = quorum_model_initialize(&w->quorum, QUORUM_MODEL_V1, (quorum_model_data_t *)&model, &type, w);

	if (e != CS_OK)
		return e;
	w->quorum_open = true;
	e = quorum_fd_get(w->quorum, &fd);
	if (e != CS_OK)
		return e;
	lcm_line_open(w->e, LCM_QUORUM, fd);
	e = quorum_trackstart(w->quorum, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
	return e == CS_OK ? quorum_dispatch(w->quorum, CS_DISPATCH_ALL) : e;
}

static cs_error_t learn_own_id(struct lcm_watch *w)
{
	corosync_cfg_callbacks_t none = { NULL };
	corosync_cfg_handle_t cfg;
	cs_error_t e = corosync_cfg_initialize(&cfg, &none);

	if (e != CS_OK)
		return e;
	e = corosync_cfg_local_get(cfg, &w->own_id);
	(void)corosync_cfg_finalize(cfg);
	return e;
}

int lcm_watch_connect(struct lcm_watch *w)
{
	cs_error_t e = connect_quorum(w);

	if (e == CS_OK)
		e = learn_own_id(w);
	if (e != CS_OK)
		close_all(w);
	return cman_call_errno(e);
}

int lcm_job_confchg(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	tell_members(lcm_watch_of(e), id, NULL, 0, NULL, 0);
	return 0;
}

/* ---- the configuration ---- */

static void on_version(cmap_handle_t h, cmap_track_handle_t track, int32_t event, const char *key,
		       struct cmap_notify_value now, struct cmap_notify_value before, void *data)
{
	struct lcm_watch *w = data;
	uint64_t version = cman_info_version(h);

	if (!version || version == w->version)
		return;
	w->version = version;
	(void)tell_event(w, CMAN_REASON_CONFIG_UPDATE, (int)version);
}

static cs_error_t open_cmap(struct lcm_watch *w)
{
	cmap_track_handle_t track;
	int fd;
	cs_error_t e = cmap_initialize(&w->cmap);

	if (e != CS_OK)
		return e;
	w->cmap_open = true;
	w->version = cman_info_version(w->cmap);
	for (unsigned i = 0; e == CS_OK && i < sizeof(version_keys) / sizeof(version_keys[0]); i++)
		e = cmap_track_add(w->cmap, version_keys[i], CMAP_TRACK_ADD | CMAP_TRACK_MODIFY, on_version, w, &track);
	if (e == CS_OK)
		e = cmap_fd_get(w->cmap, &fd);
	if (e == CS_OK) {
		lcm_line_open(w->e, LCM_CMAP, fd);
	} else {
		(void)cmap_finalize(w->cmap);
		w->cmap_open = false;
	}
	return e;
}

/* ---- may this node leave? ---- */

/* cfg's callback brings no context of ours. */
static __thread struct lcm_watch *dispatching;

static int answer(struct lcm_watch *w, bool yes)
{
	w->question = false;
	return cman_call_errno(corosync_cfg_replyto_shutdown(
		w->cfg, yes ? COROSYNC_CFG_SHUTDOWN_FLAG_YES : COROSYNC_CFG_SHUTDOWN_FLAG_NO));
}

static void on_shutdown(corosync_cfg_handle_t cfg, corosync_cfg_shutdown_flags_t flags)
{
	struct lcm_watch *w = dispatching;

	w->question = true;
	if (!tell_event(w, CMAN_REASON_TRY_SHUTDOWN, flags != COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST))
		(void)answer(w, true);
}

static cs_error_t open_cfg(struct lcm_watch *w)
{
	corosync_cfg_callbacks_t callbacks = { .corosync_cfg_shutdown_callback = on_shutdown };
	int fd;
	cs_error_t e = corosync_cfg_initialize(&w->cfg, &callbacks);

	if (e != CS_OK)
		return e;
	e = corosync_cfg_fd_get(w->cfg, &fd);
	if (e == CS_OK)
		e = corosync_cfg_trackstart(w->cfg, 0);
	if (e != CS_OK) {
		(void)corosync_cfg_finalize(w->cfg);
		return e;
	}
	w->cfg_open = true;
	lcm_line_open(w->e, LCM_CFG, fd);
	return e;
}

/* All who were asked have nothing against it. */
static int answer_if_all_have(struct lcm_watch *w)
{
	bool open = false;

	if (!w->question)
		return 0;
	lcm_lock(w->e);
	for (struct lcm_handle *h = lcm_first(w->e); h; h = h->next)
		open = open || h->asked;
	lcm_unlock(w->e);
	return open ? 0 : answer(w, true);
}

/* False: the handle has no question to answer. */
static bool take_question(struct lcm_engine *e, uint64_t id)
{
	struct lcm_handle *h;
	bool asked;

	lcm_lock(e);
	h = lcm_find(e, id);
	asked = h && h->asked;
	if (h)
		h->asked = false;
	lcm_unlock(e);
	return asked;
}

int lcm_job_reply(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct lcm_watch *w = lcm_watch_of(e);
	const int *yes = data;

	if (!take_question(e, id) || !w->question)
		return -ENOENT;		/* also when another one has said no already */
	return *yes ? answer_if_all_have(w) : answer(w, false);
}

int lcm_job_no_answer(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	return take_question(e, id) ? answer_if_all_have(lcm_watch_of(e)) : 0;
}

/* ---- all of them ---- */

int lcm_job_notify(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct lcm_watch *w = lcm_watch_of(e);
	cs_error_t r = CS_OK;

	do {
		if (!w->cmap_open)
			r = open_cmap(w);
		if (r == CS_OK && !w->cfg_open)
			r = open_cfg(w);
		if (r == CS_ERR_TRY_AGAIN)
			cman_call_pause();
	} while (r == CS_ERR_TRY_AGAIN && cman_now_ms() < until_ms);
	if (r != CS_OK)
		return cman_call_errno(r);
	return lcm_post_join(lcm_post_of(e), until_ms);
}

int lcm_watch_dispatch(struct lcm_watch *w, enum lcm_line line)
{
	cs_error_t e;

	dispatching = w;
	e = line == LCM_QUORUM ? quorum_dispatch(w->quorum, CS_DISPATCH_ALL) :
	    line == LCM_CMAP   ? cmap_dispatch(w->cmap, CS_DISPATCH_ALL) :
				 corosync_cfg_dispatch(w->cfg, CS_DISPATCH_ALL);

	return e == CS_ERR_TRY_AGAIN ? 0 : cman_call_errno(e);
}

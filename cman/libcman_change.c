/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <corosync/cfg.h>
#include <corosync/cmap.h>
#include <corosync/votequorum.h>

#include "cman_call.h"
#include "cman_info.h"
#include "fenced_ask.h"
#include "libcman_dirty.h"
#include "libcman_priv.h"

/* corosync's own limit for the answers of its clients is 5 s (cfg.shutdown_timeout). */
#define SHUTDOWN_MS (5000u + LCM_CALL_MS)
#define VOTES_MAX 65535

/* In the engine, its error is "gone". */
static int down(int r)
{
	return r == -ENOTCONN ? -EHOSTDOWN : r;
}

/* ---- votes ---- */

struct votes {
	bool expected;
	uint32_t nodeid, n;
};

static int set_votes(const struct votes *v)
{
	votequorum_handle_t h;
	cs_error_t e = votequorum_initialize(&h, NULL);

	if (e != CS_OK)
		return cman_call_errno(e);
	e = v->expected ? votequorum_setexpected(h, v->n) : votequorum_setvotes(h, v->nodeid, v->n);
	(void)votequorum_finalize(h);
	return cman_call_errno(e);
}

static int job_votes(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct votes *v = data;
	int r;

	if (!v->nodeid)
		v->nodeid = lcm_watch_own_id(lcm_watch_of(e));
	r = set_votes(v);
	return r == -ENOENT ? -EINVAL : down(r);
}

static int change_votes(cman_handle_t handle, const struct votes *votes)
{
	struct lcm_handle *h = lcm_use_admin(handle);
	struct votes v = *votes;

	if (!h)
		return -1;
	return lcm_result(lcm_call(h, job_votes, &v, sizeof(v)));
}

int cman_set_votes(cman_handle_t handle, int votes, int nodeid)
{
	const struct votes v = { .nodeid = (uint32_t)nodeid, .n = (uint32_t)votes };

	/* COMPAT: 0 is refused. */
	if (votes < 1 || votes > VOTES_MAX || nodeid < 0)
		return lcm_result(-EINVAL);
	return change_votes(handle, &v);
}

int cman_set_expected_votes(cman_handle_t handle, int expected_votes)
{
	const struct votes v = { .expected = true, .n = (uint32_t)expected_votes };

	if (expected_votes < 1 || expected_votes > VOTES_MAX)
		return lcm_result(-EINVAL);
	return change_votes(handle, &v);
}

/* ---- kill ---- */

static int job_kill(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	const uint32_t *nodeid = data;
	corosync_cfg_callbacks_t none = { NULL };
	corosync_cfg_handle_t h;
	cs_error_t r = corosync_cfg_initialize(&h, &none);

	if (r != CS_OK)
		return down(cman_call_errno(r));
	r = corosync_cfg_kill_node(h, *nodeid, "libcman: cman_kill_node");
	(void)corosync_cfg_finalize(h);
	return r == CS_ERR_NOT_EXIST ? -EINVAL : down(cman_call_errno(r));
}

int cman_kill_node(cman_handle_t handle, int nodeid)
{
	struct lcm_handle *h = lcm_use_admin(handle);
	uint32_t id = (uint32_t)nodeid;

	if (!h)
		return -1;
	if (nodeid < 1)
		return lcm_result(-EINVAL);
	return lcm_result(lcm_call(h, job_kill, &id, sizeof(id)));
}

int cman_node_fenced(cman_handle_t handle, int nodeid, uint64_t fence_time, char *agent)
{
	(void)fence_time;	/* fenced takes the time at which it hears of it ... */
	(void)agent;		/* ... and calls it "external" */
	if (!lcm_use_admin(handle))
		return -1;
	if (nodeid < 1)
		return lcm_result(-EINVAL);
	return lcm_result(fenced_ask("external", NULL, (uint32_t)nodeid, LCM_CALL_MS, NULL, NULL));
}

/* ---- leaving ---- */

/*
 * Daemons of the suite that would lose the cluster under their feet: the others would take the node for failed. They
 * are no clients of corosync's question, so it is asked here, as cman_tool does.
 */
static bool is_held(const struct cman_info *info)
{
	Hawser__FencedNews *news;
	bool joined;
	int r;

	if (cman_info_has_group(info, "hawser:rgmanager"))
		return true;
	if (!cman_info_has_group(info, "hawser:fenced"))
		return false;
	r = fenced_ask("info", NULL, 0, LCM_CALL_MS, &news, NULL);
	if (r < 0)
		return r != -ECONNREFUSED;
	joined = news->joined;
	hawser__fenced_news__free_unpacked(news, NULL);
	return joined;
}

struct leave {
	corosync_cfg_shutdown_flags_t flags;
	bool remove;
	int result;
};

/* Our votes go out of the others' sums before we go; back again if we then stay. */
static int give_up_votes(const struct cman_info *info)
{
	const struct votes none = { .nodeid = info->own_id };
	const struct votes rest = { .expected = true, .n = info->total - info->own_votes };
	int r;

	if (info->total <= info->own_votes)
		return 0;
	r = set_votes(&none);
	return r ? r : set_votes(&rest);
}

static void take_votes_back(const struct cman_info *info)
{
	const struct votes own = { .nodeid = info->own_id, .n = info->own_votes };
	const struct votes all = { .expected = true, .n = info->expected };

	(void)set_votes(&own);
	(void)set_votes(&all);
}

/* In a thread of its own: corosync answers only when all of its clients have, and one of them may be this process. */
static void do_leave(void *arg)
{
	struct leave *l = arg;
	corosync_cfg_callbacks_t none = { NULL };
	struct cman_info *info = calloc(1, sizeof(*info));
	corosync_cfg_handle_t h;
	bool gave = false;
	cs_error_t e;
	int r = info ? cman_info_look(info) : -ENOMEM;

	if (!r && l->flags == COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST && is_held(info))
		r = -EBUSY;
	if (!r && l->remove) {
		gave = true;
		r = give_up_votes(info);
	}
	if (!r) {
		e = corosync_cfg_initialize(&h, &none);
		if (e == CS_OK) {
			e = corosync_cfg_try_shutdown(h, l->flags);
			(void)corosync_cfg_finalize(h);
			/* It may be gone before its answer was read. */
			if (e == CS_ERR_LIBRARY)
				e = CS_OK;
		}
		r = cman_call_errno(e);
	}
	if (r < 0 && gave)
		take_votes_back(info);
	free(info);
	l->result = down(r);
}

static int leave(cman_handle_t handle, corosync_cfg_shutdown_flags_t flags, bool remove)
{
	struct lcm_handle *h = lcm_use_admin(handle);
	struct leave *l;
	int r;

	if (!h)
		return -1;
	r = lcm_engine_is_ready(h);
	if (r < 1)
		return lcm_result(r ? r : -EAGAIN);
	l = calloc(1, sizeof(*l));
	if (!l)
		return lcm_result(-ENOMEM);
	l->flags = flags;
	l->remove = remove;
	r = cman_call(do_leave, l, SHUTDOWN_MS);
	if (r == -ETIMEDOUT)
		return lcm_result(r);	/* what it was given stays with it */
	if (!r)
		r = l->result;
	free(l);
	return lcm_result(r);
}

int cman_shutdown(cman_handle_t handle, int flags)
{
	if (flags & ~(CMAN_SHUTDOWN_ANYWAY | CMAN_SHUTDOWN_REMOVED))
		return lcm_result(-EINVAL);
	return leave(handle,
		     flags & CMAN_SHUTDOWN_ANYWAY ? COROSYNC_CFG_SHUTDOWN_FLAG_REGARDLESS :
						    COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST,
		     flags & CMAN_SHUTDOWN_REMOVED);
}

int cman_leave_cluster(cman_handle_t handle, int reason)
{
	if ((reason & ~CMAN_LEAVEFLAG_FORCE) < CMAN_LEAVEFLAG_DOWN ||
	    (reason & ~CMAN_LEAVEFLAG_FORCE) > CMAN_LEAVEFLAG_NORESPONSE)
		return lcm_result(-EINVAL);
	return leave(handle,
		     reason & CMAN_LEAVEFLAG_FORCE ? COROSYNC_CFG_SHUTDOWN_FLAG_IMMEDIATE :
						     COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST,
		     (reason & ~CMAN_LEAVEFLAG_FORCE) == CMAN_LEAVEFLAG_REMOVED);
}

/* ---- the rest ---- */

int cman_set_version(cman_handle_t handle, const cman_version_t *version)
{
	cman_version_t now;

	if (!lcm_use_admin(handle))
		return -1;
	if (!version)
		return lcm_result(-EINVAL);
	if (cman_get_version(handle, &now) < 0)
		return -1;
	/* COMPAT: 0 asked for the file to be read again: ccsd hands a new version to corosync by itself. */
	return lcm_result(!version->cv_config || version->cv_config == now.cv_config ? 0 : -ENOSYS);
}

static int job_dirty(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	return down(lcm_dirty_set());
}

int cman_set_dirty(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use_admin(handle);

	return h ? lcm_result(lcm_call(h, job_dirty, NULL, 0)) : -1;
}

static int job_debug(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	const int *subsystems = data;
	cmap_handle_t cmap;
	cs_error_t r = cmap_initialize(&cmap);

	if (r == CS_OK) {
		r = cmap_set_string(cmap, "logging.debug", *subsystems ? "on" : "off");
		(void)cmap_finalize(cmap);
	}
	return down(cman_call_errno(r));
}

int cman_set_debuglog(cman_handle_t handle, int subsystems)
{
	struct lcm_handle *h = lcm_use_admin(handle);

	return h ? lcm_result(lcm_call(h, job_debug, &subsystems, sizeof(subsystems))) : -1;
}

/* ---- quorum device ---- */

struct check_name {
	char name[CMAN_MAX_NODENAME_LEN + 1];
	bool is_node;
};

static int job_check_name(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct check_name *c = data;
	struct cman_info *info = calloc(1, sizeof(*info));
	int r = info ? cman_info_look(info) : -ENOMEM;

	for (unsigned i = 0; !r && i < info->n_members; i++)
		c->is_node = c->is_node || !strcmp(info->members[i].name, c->name);
	free(info);
	return down(r);
}

static int set_device(cman_handle_t handle, const char *name, int votes, bool update)
{
	struct lcm_handle *h = lcm_use_admin(handle);
	struct lcm_device d = { .votes = votes, .update = update };
	struct check_name c = { .is_node = false };
	int r;

	if (!h)
		return -1;
	if (!name || !*name || strlen(name) >= VOTEQUORUM_QDEVICE_MAX_NAME_LEN || votes < 0 || votes > VOTES_MAX)
		return lcm_result(-EINVAL);
	snprintf(d.name, sizeof(d.name), "%s", name);
	snprintf(c.name, sizeof(c.name), "%s", name);
	r = lcm_call(h, job_check_name, &c, sizeof(c));
	if (!r && c.is_node)
		r = -EALREADY;
	return lcm_result(r ? r : lcm_call(h, lcm_job_device, &d, sizeof(d)));
}

int cman_register_quorum_device(cman_handle_t handle, char *name, int votes)
{
	return set_device(handle, name, votes, false);
}

int cman_update_quorum_device(cman_handle_t handle, char *name, int votes)
{
	return set_device(handle, name, votes, true);
}

int cman_unregister_quorum_device(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use_admin(handle);

	return h ? lcm_result(lcm_call(h, lcm_job_device_gone, NULL, 0)) : -1;
}

int cman_poll_quorum_device(cman_handle_t handle, int isavailable)
{
	struct lcm_handle *h = lcm_use_admin(handle);
	int available = !!isavailable;

	return h ? lcm_result(lcm_call(h, lcm_job_device_poll, &available, sizeof(available))) : -1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cman_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <corosync/cmap.h>
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <corosync/votequorum.h>

#include "cman_call.h"
#include "libcman_dirty.h"
#include "libcman_port_lock.h"

#define PID_FILE "/run/corosync.pid"	/* written by corosync when it starts */

struct look {
	struct cman_info info;
	int error;
};

static struct look the_look;

static bool get_u32(cmap_handle_t h, const char *key, uint32_t *ret)
{
	return cmap_get_uint32(h, key, ret) == CS_OK;
}

static void get_text(cmap_handle_t h, const char *key, char *ret, size_t size)
{
	char *s = NULL;

	if (cmap_get_string(h, key, &s) != CS_OK)
		return;
	snprintf(ret, size, "%s", s);
	free(s);
}

static struct cman_member *member(struct cman_info *info, uint32_t nodeid)
{
	struct cman_member *m;

	for (unsigned i = 0; i < info->n_members; i++)
		if (info->members[i].nodeid == nodeid)
			return &info->members[i];
	if (!nodeid || info->n_members == CMAN_MAX_NODES)
		return NULL;
	m = &info->members[info->n_members++];
	memset(m, 0, sizeof(*m));
	m->nodeid = nodeid;
	snprintf(m->name, sizeof(m->name), "Node%u", nodeid);
	return m;
}

void cman_info_parse_ips(const char *text, struct cman_member *m)
{
	const char *p = text, *end;

	m->n_addrs = 0;
	while ((p = strstr(p, "ip(")) != NULL && m->n_addrs < CMAN_MAX_LINKS) {
		p += 3;
		end = strchr(p, ')');
		if (!end || end - p >= CMAN_ADDR_LEN)
			return;
		memcpy(m->addr[m->n_addrs], p, (size_t)(end - p));
		m->addr[m->n_addrs++][end - p] = '\0';
		p = end;
	}
}

static void read_configured(cmap_handle_t h, struct cman_info *info)
{
	for (unsigned i = 0; i < 2 * CMAN_MAX_NODES; i++) {
		struct cman_member *m;
		char key[64];
		uint32_t id;

		snprintf(key, sizeof(key), "nodelist.node.%u.nodeid", i);
		if (!get_u32(h, key, &id))
			continue;
		m = member(info, id);
		if (!m)
			continue;
		snprintf(key, sizeof(key), "nodelist.node.%u.name", i);
		get_text(h, key, m->name, sizeof(m->name));
		for (m->n_addrs = 0; m->n_addrs < CMAN_MAX_LINKS; m->n_addrs++) {
			snprintf(key, sizeof(key), "nodelist.node.%u.ring%u_addr", i, m->n_addrs);
			get_text(h, key, m->addr[m->n_addrs], CMAN_ADDR_LEN);
			if (!*m->addr[m->n_addrs])
				break;
		}
		m->votes = 1;
		snprintf(key, sizeof(key), "nodelist.node.%u.quorum_votes", i);
		(void)get_u32(h, key, &m->votes);
	}
}

static void read_runtime(cmap_handle_t h, struct cman_info *info)
{
	char key[CMAP_KEYNAME_MAXLEN + 1];
	cmap_iter_handle_t it;
	cmap_value_types_t type;
	size_t len;

	if (cmap_iter_init(h, "runtime.members.", &it) != CS_OK)
		return;
	while (cmap_iter_next(h, it, key, &len, &type) == CS_OK) {
		char what[64] = "", text[512] = "";
		struct cman_member *m;
		unsigned id;

		if (sscanf(key, "runtime.members.%u.%63s", &id, what) != 2)
			continue;
		m = member(info, id);
		if (!m)
			continue;
		if (!strcmp(what, "status")) {
			get_text(h, key, text, sizeof(text));
			m->member = !strcmp(text, "joined");
		} else if (!strcmp(what, "join_count")) {
			(void)get_u32(h, key, &m->joins);
		} else if (!strcmp(what, "ip") && !m->n_addrs) {
			get_text(h, key, text, sizeof(text));
			cman_info_parse_ips(text, m);
		}
	}
	(void)cmap_iter_finalize(h, it);
}

uint64_t cman_info_version(uint64_t h)
{
	uint64_t version = 0;
	char text[24] = "";

	get_text(h, "hawser.config_version", text, sizeof(text));
	if (*text)
		return strtoull(text, NULL, 10);
	(void)cmap_get_uint64(h, "totem.config_version", &version);
	return version;
}

static void read_map(cmap_handle_t h, struct cman_info *info)
{
	char text[64] = "";

	get_text(h, "totem.cluster_name", info->cluster_name, sizeof(info->cluster_name));
	info->config_version = cman_info_version(h);
	(void)get_u32(h, "runtime.votequorum.this_node_id", &info->own_id);
	get_text(h, "hawser.cluster_id", text, sizeof(text));
	info->cluster_id = *text ? (uint32_t)strtoul(text, NULL, 10) : cman_cluster_id(info->cluster_name, false);
	get_text(h, "hawser.digest", info->digest, sizeof(info->digest));
	get_text(h, "hawser.joined_with", info->joined_with, sizeof(info->joined_with));
	info->have_state = lcm_dirty_is_set(h);
	lcm_ports_bound(info->ports);
	*text = '\0';
	get_text(h, "totem.crypto_cipher", text, sizeof(text));
	info->crypto = *text && strcmp(text, "none");
	get_text(h, "totem.transport", info->transport, sizeof(info->transport));
	for (unsigned i = 0; !strcmp(info->transport, "udp") && i < 2; i++) {
		char key[64];

		snprintf(key, sizeof(key), "totem.interface.%u.mcastaddr", i);
		get_text(h, key, info->mcast[i], CMAN_ADDR_LEN);
		if (*info->mcast[i])
			info->n_mcast = i + 1;
	}
	read_configured(h, info);
	read_runtime(h, info);
}

static int look_at_map(struct cman_info *info, uint64_t until)
{
	cmap_handle_t h, stats;
	uint64_t active = 0;
	cs_error_t e;

	while ((e = cmap_initialize(&h)) == CS_ERR_TRY_AGAIN && cman_now_ms() < until)
		cman_call_pause();
	if (e != CS_OK)
		return cman_call_errno(e);
	read_map(h, info);
	if (cmap_initialize_map(&stats, CMAP_MAP_STATS) == CS_OK) {
		if (cmap_get_uint64(stats, "stats.ipcs.global.active", &active) == CS_OK)
			info->clients = active > 2 ? (uint32_t)active - 2 : 0;	/* these two handles */
		(void)cmap_finalize(stats);
	}
	(void)cmap_finalize(h);
	return 0;
}

static int look_at_votes(struct cman_info *info)
{
	struct votequorum_info v;
	votequorum_handle_t h;
	cs_error_t e = votequorum_initialize(&h, NULL);

	if (e != CS_OK)
		return cman_call_errno(e);
	memset(&v, 0, sizeof(v));
	e = votequorum_getinfo(h, 0, &v);
	if (e == CS_OK) {
		info->own_id = v.node_id;
		info->own_votes = v.node_votes;
		info->expected = v.highest_expected;
		info->total = v.total_votes;
		info->quorum = v.quorum;
		info->quorate = v.flags & VOTEQUORUM_INFO_QUORATE;
		info->two_node = v.flags & VOTEQUORUM_INFO_TWONODE;
		/* COMPAT: in cman, a device that did not give its votes was none. */
		info->device_alive = v.flags & VOTEQUORUM_INFO_QDEVICE_CAST_VOTE;
		info->device_votes = v.qdevice_votes;
		snprintf(info->device_name, sizeof(info->device_name), "%.254s", v.qdevice_name);
	}
	for (unsigned i = 0; e == CS_OK && i < info->n_members; i++) {
		memset(&v, 0, sizeof(v));
		if (votequorum_getinfo(h, info->members[i].nodeid, &v) != CS_OK)
			continue;
		info->members[i].votes = v.node_votes;
		info->members[i].expected = v.node_expected_votes;
	}
	(void)votequorum_finalize(h);
	return cman_call_errno(e);
}

static void on_ring(quorum_handle_t h, struct quorum_ring_id ring, uint32_t n_members, const uint32_t *members,
		    uint32_t n_joined, const uint32_t *joined, uint32_t n_left, const uint32_t *left)
{
	const void *ctx = NULL;

	if (quorum_context_get(h, &ctx) != CS_OK || !ctx)
		return;
	((struct cman_info *)(uintptr_t)ctx)->ring_rep = ring.nodeid;
	((struct cman_info *)(uintptr_t)ctx)->ring_seq = ring.seq;
}

static void look_at_ring(struct cman_info *info)
{
	quorum_model_v1_data_t model = { .model = QUORUM_MODEL_V1, .nodelist_notify_fn = on_ring };
	quorum_handle_t h;
	uint32_t type;

	if (quorum_model_initialize(&h, QUORUM_MODEL_V1, (quorum_model_data_t *)&model, &type, info) != CS_OK)
		return;
	if (quorum_trackstart(h, CS_TRACK_CURRENT) == CS_OK)
		(void)quorum_dispatch(h, CS_DISPATCH_ALL);
	(void)quorum_finalize(h);
}

static void add_to_group(struct cman_info *info, const char *name, uint32_t nodeid)
{
	struct cman_group *g = info->groups;
	unsigned at;

	while (g < info->groups + info->n_groups && strcmp(g->name, name))
		g++;
	if (g == info->groups + info->n_groups) {
		if (info->n_groups == CMAN_MAX_GROUPS)
			return;
		info->n_groups++;
		snprintf(g->name, sizeof(g->name), "%s", name);
	}
	g->own |= nodeid == info->own_id;
	for (at = 0; at < g->n_nodes && g->nodes[at] < nodeid; at++)
		;
	if (g->n_nodes == CMAN_MAX_NODES || (at < g->n_nodes && g->nodes[at] == nodeid))
		return;
	memmove(&g->nodes[at + 1], &g->nodes[at], (g->n_nodes - at) * sizeof(g->nodes[0]));
	g->nodes[at] = nodeid;
	g->n_nodes++;
}

static void look_at_groups(struct cman_info *info)
{
	struct cpg_iteration_description_t d;
	cpg_iteration_handle_t it;
	cpg_callbacks_t none = { NULL, NULL };
	cpg_handle_t h;

	if (cpg_initialize(&h, &none) != CS_OK)
		return;
	if (cpg_iteration_initialize(h, CPG_ITERATION_ALL, NULL, &it) == CS_OK) {
		while (cpg_iteration_next(it, &d) == CS_OK) {
			char name[64];

			snprintf(name, sizeof(name), "%.*s", (int)(d.group.length < 63 ? d.group.length : 63), d.group.value);
			if (!strncmp(name, "hawser:", 7))
				add_to_group(info, name, d.nodeid);
		}
		(void)cpg_iteration_finalize(it);
	}
	(void)cpg_finalize(h);
}

static int cmp_member(const void *a, const void *b)
{
	uint32_t x = ((const struct cman_member *)a)->nodeid, y = ((const struct cman_member *)b)->nodeid;

	return x < y ? -1 : x > y;
}

int cman_info_look(struct cman_info *info)
{
	struct cman_member *own;
	struct stat st;
	int r;

	memset(info, 0, sizeof(*info));
	r = look_at_map(info, cman_now_ms() + CMAN_CALL_MS * 3 / 4);
	if (!r)
		r = look_at_votes(info);
	if (r)
		return r;
	look_at_ring(info);
	look_at_groups(info);
	qsort(info->members, info->n_members, sizeof(info->members[0]), cmp_member);
	own = info->own_id ? member(info, info->own_id) : NULL;
	if (own)
		own->config_version = info->config_version;
	if (own && !stat(PID_FILE, &st))
		own->joined = st.st_mtime;
	return 0;
}

static void take_look(void *arg)
{
	struct look *l = arg;

	l->error = cman_info_look(&l->info);
}

int cman_info_get(const struct cman_info **ret)
{
	int r;

	r = cman_call(take_look, &the_look, CMAN_CALL_MS);
	if (!r)
		r = the_look.error;
	if (!r)
		*ret = &the_look.info;
	return r;
}

const struct cman_member *cman_info_find(const struct cman_info *info, const char *name)
{
	char *end;
	unsigned long id = strtoul(name, &end, 10);

	for (unsigned i = 0; i < info->n_members; i++)
		if (!strcmp(info->members[i].name, name))
			return &info->members[i];
	for (unsigned i = 0; *name && !*end && i < info->n_members; i++)
		if (info->members[i].nodeid == id)
			return &info->members[i];
	return NULL;
}

const struct cman_member *cman_info_own(const struct cman_info *info)
{
	for (unsigned i = 0; i < info->n_members; i++)
		if (info->members[i].nodeid == info->own_id)
			return &info->members[i];
	return NULL;
}

bool cman_info_wants_cmand(const struct cman_info *info)
{
	return *info->digest && strcmp(info->digest, "bare");
}

bool cman_info_has_group(const struct cman_info *info, const char *group)
{
	for (unsigned i = 0; i < info->n_groups; i++)
		if (info->groups[i].own && !strcmp(info->groups[i].name, group))
			return true;
	return false;
}

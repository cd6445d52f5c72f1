/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <corosync/cmap.h>
#include <corosync/votequorum.h>

#include "cman_call.h"
#include "cman_info.h"
#include "fenced_ask.h"
#include "libcman_priv.h"

/* COMPAT: what cman of the third generation answered. */
#define MAJOR 6
#define MINOR 2
#define PATCH 0

static int job_look(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	int r = cman_info_look(data);

	return r == -ENOTCONN ? -EHOSTDOWN : r;
}

/* A look at all there is, to be freed. NULL and errno. */
static struct cman_info *look(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use(handle);
	struct cman_info *l = h ? calloc(1, sizeof(*l)) : NULL;

	if (!l || lcm_result(lcm_call(h, job_look, l, sizeof(*l))) == 0)
		return l;
	free(l);
	return NULL;
}

static int number(struct cman_info *l, int n)
{
	free(l);
	return n;
}

/* ---- nodes ---- */

/* 0 bytes where the text is no numeric address: a name in corosync's node list. */
static socklen_t fill_address(const char *text, void *ret, size_t size)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };

	memset(ret, 0, size);
	if (inet_pton(AF_INET, text, &a4.sin_addr) == 1) {
		memcpy(ret, &a4, sizeof(a4));
		return sizeof(a4);
	}
	if (inet_pton(AF_INET6, text, &a6.sin6_addr) != 1)
		return 0;
	memcpy(ret, &a6, sizeof(a6));
	return sizeof(a6);
}

static void fill_node(const struct cman_member *m, cman_node_t *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->cn_nodeid = (int)m->nodeid;
	if (m->n_addrs)
		ret->cn_address.cna_addrlen = (int)fill_address(m->addr[0], ret->cn_address.cna_address,
								sizeof(ret->cn_address.cna_address));
	snprintf(ret->cn_name, sizeof(ret->cn_name), "%s", m->name);
	ret->cn_member = m->member;
	ret->cn_incarnation = (int)m->joins;
	ret->cn_jointime.tv_sec = m->joined;
}

/* COMPAT: the quorum device stands in the list of nodes, as number 0. */
static void fill_device(const struct cman_info *info, cman_node_t *ret)
{
	memset(ret, 0, sizeof(*ret));
	snprintf(ret->cn_name, sizeof(ret->cn_name), "%s", info->device_name);
	ret->cn_member = info->device_alive;
}

int cman_get_node_count(cman_handle_t handle)
{
	struct cman_info *l = look(handle);

	return l ? number(l, (int)(l->n_members + l->device_alive)) : -1;
}

int cman_get_subsys_count(cman_handle_t handle)
{
	struct cman_info *l = look(handle);

	return l ? number(l, (int)l->clients) : -1;
}

int cman_get_nodes(cman_handle_t handle, int maxnodes, int *retnodes, cman_node_t *nodes)
{
	struct cman_info *l;
	int n = 0;

	if (!retnodes || !nodes || maxnodes < 1)
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	if (l->n_members + l->device_alive > (unsigned)maxnodes) {
		free(l);
		return lcm_result(-E2BIG);
	}
	if (l->device_alive)
		fill_device(l, &nodes[n++]);
	for (unsigned i = 0; i < l->n_members; i++)
		fill_node(&l->members[i], &nodes[n++]);
	*retnodes = n;
	return number(l, 0);
}

int cman_get_disallowed_nodes(cman_handle_t handle, int maxnodes, int *retnodes, cman_node_t *nodes)
{
	struct cman_info *l;

	if (!retnodes || !nodes || maxnodes < 1)
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	*retnodes = 0;
	return number(l, 0);
}

static const struct cman_member *find(const struct cman_info *info, int nodeid)
{
	if (nodeid == CMAN_NODEID_US)
		return cman_info_own(info);
	for (unsigned i = 0; i < info->n_members; i++)
		if (info->members[i].nodeid == (uint32_t)nodeid)
			return &info->members[i];
	return NULL;
}

static const struct cman_member *find_name(const struct cman_info *info, const char *name)
{
	for (unsigned i = 0; i < info->n_members; i++)
		if (!strncmp(info->members[i].name, name, CMAN_MAX_NODENAME_LEN + 1))
			return &info->members[i];
	return NULL;
}

int cman_get_node(cman_handle_t handle, int nodeid, cman_node_t *node)
{
	const struct cman_member *m;
	struct cman_info *l;
	int r = 0;

	if (!node)
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	m = *node->cn_name ? find_name(l, node->cn_name) : find(l, nodeid);
	if (m)
		fill_node(m, node);
	else if (!*node->cn_name && nodeid == CMAN_NODEID_QDISK && *l->device_name)
		fill_device(l, node);
	else
		r = -ENOENT;
	free(l);
	return lcm_result(r);
}

int cman_get_node_extra(cman_handle_t handle, int nodeid, cman_node_extra_t *node)
{
	const struct cman_member *m;
	struct cman_info *l;

	if (!node)
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	m = find(l, nodeid);
	if (m) {
		memset(node, 0, sizeof(*node));
		node->cnx_nodeid = (int)m->nodeid;
		node->cnx_state = m->member ? CMAN_NODESTATE_MEMBER : CMAN_NODESTATE_DEAD;
		node->cnx_votes = (int)m->votes;
		node->cnx_expected_votes = (int)m->expected;
	}
	free(l);
	return lcm_result(m ? 0 : -ENOENT);
}

int cman_get_node_addrs(cman_handle_t handle, int nodeid, int maxaddrs, int *num_addrs,
			struct cman_node_address *addrs)
{
	const struct cman_member *m;
	struct cman_info *l;

	if (!num_addrs || maxaddrs < 0 || (maxaddrs && !addrs))
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	m = find(l, nodeid);
	if (m)
		*num_addrs = (int)m->n_addrs;
	for (int i = 0; m && i < maxaddrs && i < (int)m->n_addrs; i++)
		addrs[i].cna_addrlen =
			(int)fill_address(m->addr[i], addrs[i].cna_address, sizeof(addrs[i].cna_address));
	free(l);
	return lcm_result(m ? 0 : -ENOENT);
}

/* ---- the cluster ---- */

int cman_is_active(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use(handle);

	return h ? lcm_result(lcm_engine_is_ready(h)) : -1;
}

static int job_quorate(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct votequorum_info v = { 0 };
	votequorum_handle_t votes;
	cs_error_t r = votequorum_initialize(&votes, NULL);

	if (r == CS_OK) {
		r = votequorum_getinfo(votes, 0, &v);
		(void)votequorum_finalize(votes);
	}
	if (r == CS_OK)
		return !!(v.flags & VOTEQUORUM_INFO_QUORATE);
	return r == CS_ERR_LIBRARY ? -EHOSTDOWN : cman_call_errno(r);
}

int cman_is_quorate(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use(handle);

	return h ? lcm_result(lcm_call(h, job_quorate, NULL, 0)) : -1;
}

int cman_get_version(cman_handle_t handle, cman_version_t *version)
{
	struct cman_info *l;

	if (!version)
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	version->cv_major = MAJOR;
	version->cv_minor = MINOR;
	version->cv_patch = PATCH;
	version->cv_config = (unsigned)l->config_version;
	return number(l, 0);
}

int cman_get_cluster(cman_handle_t handle, cman_cluster_t *clinfo)
{
	struct cman_info *l;

	if (!clinfo)
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	memset(clinfo, 0, sizeof(*clinfo));
	snprintf(clinfo->ci_name, sizeof(clinfo->ci_name), "%.16s", l->cluster_name);
	clinfo->ci_number = (uint16_t)l->cluster_id;
	clinfo->ci_generation = (uint32_t)l->ring_seq;
	return number(l, 0);
}

int cman_get_extra_info(cman_handle_t handle, cman_extra_info_t *info, int maxlen)
{
	const struct cman_member *own;
	struct sockaddr_storage *out;
	size_t room;
	struct cman_info *l;
	unsigned n;

	if (!info || maxlen < (int)sizeof(*info))
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	own = cman_info_own(l);
	memset(info, 0, (size_t)maxlen);
	info->ei_node_state = own && own->member ? CMAN_NODESTATE_MEMBER : CMAN_NODESTATE_JOINING;
	info->ei_flags = (l->two_node ? CMAN_EXTRA_FLAG_2NODE : 0) | (l->have_state ? CMAN_EXTRA_FLAG_DIRTY : 0);
	info->ei_node_votes = (int)l->own_votes;
	info->ei_total_votes = (int)l->total;
	info->ei_expected_votes = (int)l->expected;
	info->ei_quorum = (int)l->quorum;
	for (unsigned i = 0; i < l->n_members; i++)
		info->ei_members += l->members[i].member;
	memcpy(info->ei_ports, l->ports, sizeof(info->ei_ports));
	room = ((size_t)maxlen - offsetof(cman_extra_info_t, ei_addresses)) / (2 * sizeof(*out));
	n = own ? own->n_addrs : 0;
	n = n < room ? n : (unsigned)room;
	info->ei_num_addresses = (int)n;
	/* The place is not aligned for them. */
	for (unsigned i = 0; i < n; i++) {
		struct sockaddr_storage a;

		if (i < l->n_mcast)
			(void)fill_address(l->mcast[i], &a, sizeof(a));
		else
			memset(&a, 0, sizeof(a));
		memcpy(info->ei_addresses + i * sizeof(a), &a, sizeof(a));
		(void)fill_address(own->addr[i], &a, sizeof(a));
		memcpy(info->ei_addresses + (n + i) * sizeof(a), &a, sizeof(a));
	}
	return number(l, 0);
}

int cman_get_quorum_device(cman_handle_t handle, struct cman_qdev_info *info)
{
	struct cman_info *l;
	bool there;

	if (!info)
		return lcm_result(-EINVAL);
	l = look(handle);
	if (!l)
		return -1;
	there = *l->device_name;
	if (there) {
		memset(info, 0, sizeof(*info));
		snprintf(info->qi_name, sizeof(info->qi_name), "%s", l->device_name);
		info->qi_state = l->device_alive ? CMAN_NODESTATE_MEMBER : CMAN_NODESTATE_DEAD;
		info->qi_votes = (int)l->device_votes;
	}
	free(l);
	return lcm_result(there ? 0 : -ENOENT);
}

int cman_is_listening(cman_handle_t handle, int nodeid, uint8_t port)
{
	struct lcm_handle *h = lcm_use_plain(handle);
	struct lcm_listening q = { .port = port };
	const struct cman_member *m;
	struct cman_info *l;
	int r;

	l = h ? look(handle) : NULL;
	if (!l)
		return -1;
	m = find(l, nodeid);
	r = !m ? -ENOENT : m->member ? 0 : -ENOTCONN;
	q.nodeid = m ? m->nodeid : 0;
	free(l);
	return lcm_result(r ? r : lcm_call(h, lcm_job_listening, &q, sizeof(q)));
}

/* ---- what fenced knows ---- */

int cman_get_fenceinfo(cman_handle_t handle, int nodeid, uint64_t *fence_time, int *fenced, char *agent)
{
	struct lcm_handle *h = lcm_use(handle);
	Hawser__FencedNews *news;
	int r;

	if (!h)
		return -1;
	if (!fence_time || !fenced || !agent)
		return lcm_result(-EINVAL);
	r = fenced_ask("info", NULL, 0, LCM_CALL_MS, &news, NULL);
	if (r < 0)
		return lcm_result(r);
	r = -ENOENT;
	for (size_t i = 0; i < news->n_done; i++) {
		const Hawser__FencedDone *d = news->done[i];

		if (d->nodeid != (nodeid == CMAN_NODEID_US ? news->nodeid : (uint32_t)nodeid) ||
		    !strcmp(d->how, "member"))
			continue;
		*fence_time = d->wall_us / 1000000;
		*fenced = d->standing;
		snprintf(agent, CMAN_MAX_FENCE_AGENT_NAME_LEN + 1, "%s", *d->agent ? d->agent : d->how);
		r = 0;
	}
	hawser__fenced_news__free_unpacked(news, NULL);
	return lcm_result(r);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_print.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define FORMAT_MAX 10		/* words of a -F list, as before */

static unsigned count_members(const struct cman_info *info)
{
	unsigned n = 0;

	for (unsigned i = 0; i < info->n_members; i++)
		n += info->members[i].member;
	return n;
}

static void print_addresses(const struct cman_member *m, struct clu_buf *ret)
{
	for (unsigned i = 0; m && i < m->n_addrs; i++)
		clu_buf_printf(ret, "%s ", m->addr[i]);
}

static bool has_config_error(const struct cman_info *info)
{
	return !strcmp(info->config_state, "restart") || !strcmp(info->config_state, "failed");
}

static bool is_bound(const struct cman_info *info, unsigned port)
{
	return info->ports[port / 8] >> port % 8 & 1;
}

void cman_print_status(const struct cman_info *info, struct clu_buf *ret)
{
	const struct cman_member *own = cman_info_own(info);

	clu_buf_printf(ret, "Version: %s\n", CMAN_COMPAT_VERSION);
	clu_buf_printf(ret, "Config Version: %" PRIu64 "\n", info->config_version);
	clu_buf_printf(ret, "Cluster Name: %s\n", info->cluster_name);
	clu_buf_printf(ret, "Cluster Id: %u\n", info->cluster_id);
	clu_buf_str(ret, "Cluster Member: Yes\n");
	clu_buf_printf(ret, "Cluster Generation: %" PRIu64 "\n", info->ring_seq);
	clu_buf_printf(ret, "Membership state: %s\n", own && own->member ? "Cluster-Member" : "Joining");
	clu_buf_printf(ret, "Nodes: %u\n", count_members(info));
	clu_buf_printf(ret, "Expected votes: %u\n", info->expected);
	if (info->device_alive)
		clu_buf_printf(ret, "Quorum device votes: %u\n", info->device_votes);
	clu_buf_printf(ret, "Total votes: %u\n", info->total);
	clu_buf_printf(ret, "Node votes: %u\n", info->own_votes);
	clu_buf_printf(ret, "Quorum: %u %s\n", info->quorum, info->quorate ? " " : "Activity blocked");
	clu_buf_printf(ret, "Active subsystems: %u\n", info->clients);
	/* COMPAT: "Error" said that the configuration could not be used as it stands. */
	clu_buf_printf(ret, "Flags:%s%s%s \n", info->two_node ? " 2node" : "", has_config_error(info) ? " Error" : "",
		       info->have_state ? " HaveState" : "");
	/* COMPAT: port 0 was cman's own. */
	clu_buf_str(ret, "Ports Bound: 0 ");
	for (unsigned port = 1; port < 256; port++)
		if (is_bound(info, port))
			clu_buf_printf(ret, "%u ", port);
	clu_buf_str(ret, " \n");
	clu_buf_printf(ret, "Node name: %s\n", own ? own->name : "");
	clu_buf_printf(ret, "Node ID: %u\n", info->own_id);
	clu_buf_str(ret, "Multicast addresses: ");
	for (unsigned i = 0; i < info->n_mcast; i++)
		clu_buf_printf(ret, "%s ", info->mcast[i]);
	clu_buf_str(ret, "\nNode addresses: ");
	print_addresses(own, ret);
	clu_buf_str(ret, "\n");
}

static json_t *json_addresses(const struct cman_member *m)
{
	json_t *a = json_array();

	for (unsigned i = 0; m && i < m->n_addrs; i++)
		json_array_append_new(a, json_string(m->addr[i]));
	return a;
}

json_t *cman_json_status(const struct cman_info *info)
{
	const struct cman_member *own = cman_info_own(info);
	json_t *groups = json_array(), *mcast = json_array(), *ports = json_array();

	for (unsigned i = 0; i < info->n_groups; i++)
		if (info->groups[i].own)
			json_array_append_new(groups, json_string(info->groups[i].name));
	for (unsigned i = 0; i < info->n_mcast; i++)
		json_array_append_new(mcast, json_string(info->mcast[i]));
	for (unsigned port = 1; port < 256; port++)
		if (is_bound(info, port))
			json_array_append_new(ports, json_integer(port));
	return json_pack("{s:s, s:s, s:I, s:i, s:b, s:{s:i, s:I}, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:b, s:b, s:i, "
			 "s:s, s:i, s:o,"
			 " s:o, s:o, s:s, s:s, s:b, s:o}",
			 "version", CMAN_COMPAT_VERSION, "cluster_name", info->cluster_name, "config_version",
			 (json_int_t)info->config_version, "cluster_id", (int)info->cluster_id, "member",
			 own && own->member, "ring", "representative", (int)info->ring_rep, "sequence",
			 (json_int_t)info->ring_seq, "nodes", (int)count_members(info), "expected_votes",
			 (int)info->expected, "total_votes", (int)info->total, "node_votes", (int)info->own_votes,
			 "device_votes", info->device_alive ? (int)info->device_votes : 0, "quorum",
			 (int)info->quorum, "quorate", info->quorate, "two_node", info->two_node, "device_alive",
			 info->device_alive, "clients", (int)info->clients, "node_name", own ? own->name : "",
			 "node_id", (int)info->own_id, "multicast_addresses", mcast, "node_addresses",
			 json_addresses(own), "groups", groups, "config_state", info->config_state, "config_why",
			 info->config_why, "have_state", info->have_state, "ports", ports);
}

static bool is_wanted(const struct cman_nodes_opts *o, const struct cman_info *info, const struct cman_member *m)
{
	for (unsigned i = 0; i < o->n_names; i++)
		if (cman_info_find(info, o->names[i]) == m)
			return true;
	return !o->n_names;
}

static void format_time(time_t t, char *ret, size_t size)
{
	struct tm tm;

	if (!t || !localtime_r(&t, &tm) || !strftime(ret, size, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(ret, size, "%19s", "");
}

static void print_fenced(const struct cman_nodes_opts *o, const struct cman_member *m, struct clu_buf *ret)
{
	char when[64];

	for (unsigned i = 0; i < o->n_fenced; i++) {
		if (o->fenced[i].nodeid != m->nodeid)
			continue;
		format_time(o->fenced[i].when, when, sizeof(when));
		clu_buf_printf(ret, "       Last fenced:   %s by %s\n", when, o->fenced[i].by);
		return;
	}
	if (!m->member)
		clu_buf_str(ret, "       Node has not been fenced since it went down\n");
}

static void print_row(const struct cman_nodes_opts *o, const struct cman_member *m, struct clu_buf *ret)
{
	char when[64];

	format_time(m->member ? m->joined : 0, when, sizeof(when));
	clu_buf_printf(ret, "%4u   %c  %5d   %s  %s\n", m->nodeid, m->member ? 'M' : 'X', (int)m->joins, when, m->name);
	if (o->fenced)
		print_fenced(o, m, ret);
	if (o->addresses) {
		clu_buf_str(ret, "       Addresses: ");
		print_addresses(m, ret);
		clu_buf_str(ret, "\n");
	}
}

static int print_field(const struct cman_member *m, const char *word, size_t len, struct clu_buf *ret)
{
	static const char *const words[] = { "id", "name", "type", "addr", "votes", "exp", "state" };
	unsigned at = 0;

	while (at < 7 && (strlen(words[at]) != len || memcmp(words[at], word, len)))
		at++;
	switch (at) {
	case 0:
		clu_buf_printf(ret, "%u ", m->nodeid);
		return 0;
	case 1:
		clu_buf_printf(ret, "%s ", m->name);
		return 0;
	case 2:
		clu_buf_str(ret, m->member ? "M " : "X ");
		return 0;
	case 3:
		for (unsigned i = 0; i < m->n_addrs; i++)
			clu_buf_printf(ret, "%s%s", i ? "," : "", m->addr[i]);
		clu_buf_str(ret, " ");
		return 0;
	case 4:
		clu_buf_printf(ret, "%u ", m->votes);
		return 0;
	case 5:
		clu_buf_printf(ret, "%u ", m->expected);
		return 0;
	case 6:
		clu_buf_str(ret, m->member ? "Member " : "Dead ");
		return 0;
	default:
		return -EINVAL;
	}
}

static int print_formatted(const char *format, const struct cman_member *m, struct clu_buf *ret)
{
	for (unsigned i = 0; *format; i++) {
		size_t len = strcspn(format, ",");

		if (i == FORMAT_MAX || print_field(m, format, len, ret) < 0) {
			ret->len = 0;
			clu_buf_printf(ret, "%.*s", (int)len, format);
			return -EINVAL;
		}
		format += len + (format[len] == ',');
	}
	clu_buf_str(ret, "\n");
	return 0;
}

int cman_print_nodes(const struct cman_info *info, const struct cman_nodes_opts *o, struct clu_buf *ret)
{
	for (unsigned i = 0; i < o->n_names; i++) {
		if (!cman_info_find(info, o->names[i])) {
			clu_buf_str(ret, o->names[i]);
			return -ENOENT;
		}
	}
	if (!o->format)
		clu_buf_str(ret, "Node  Sts   Inc   Joined               Name\n");
	/* COMPAT: a living quorum device is shown as node 0. */
	if (info->device_alive && !o->n_names) {
		struct cman_member device = { .member = true, .votes = info->device_votes };

		snprintf(device.name, sizeof(device.name), "%s", info->device_name);
		if (!o->format)
			print_row(&(struct cman_nodes_opts){ .addresses = o->addresses }, &device, ret);
		else if (print_formatted(o->format, &device, ret) < 0)
			return -EINVAL;
	}
	for (unsigned i = 0; i < info->n_members; i++) {
		if (!is_wanted(o, info, &info->members[i]))
			continue;
		if (!o->format)
			print_row(o, &info->members[i], ret);
		else if (print_formatted(o->format, &info->members[i], ret) < 0)
			return -EINVAL;
	}
	return 0;
}

static json_t *known_or_null(bool member, uint64_t value)
{
	return member && value ? json_integer((json_int_t)value) : json_null();
}

json_t *cman_json_nodes(const struct cman_info *info, const struct cman_nodes_opts *o)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < info->n_members; i++) {
		const struct cman_member *m = &info->members[i];
		json_t *row;

		if (!is_wanted(o, info, m))
			continue;
		row = json_pack("{s:i, s:s, s:b, s:i, s:i, s:i, s:o, s:o, s:o}", "id", (int)m->nodeid, "name",
				m->name, "member", m->member, "votes", (int)m->votes, "expected_votes",
				(int)m->expected, "joins", (int)m->joins, "config_version",
				known_or_null(m->member, m->config_version), "joined",
				known_or_null(m->member, (uint64_t)m->joined),
				"addresses", json_addresses(m));
		for (unsigned k = 0; k < o->n_fenced; k++)
			if (o->fenced[k].nodeid == m->nodeid)
				json_object_set_new(row, "fenced", json_pack("{s:I, s:s}", "time",
						    (json_int_t)o->fenced[k].when, "by", o->fenced[k].by));
		json_array_append_new(list, row);
	}
	return list;
}

void cman_print_version(const struct cman_info *info, struct clu_buf *ret)
{
	clu_buf_printf(ret, "%s config %" PRIu64 "\n", CMAN_COMPAT_VERSION, info->config_version);
}

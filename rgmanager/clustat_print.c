/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clustat_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rg_core.h"

#define STATE_WIDTH 14

/* ctime() without its newline. */
static const char *date(time_t t, char buf[32])
{
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(buf, 32, "%a %b %e %H:%M:%S %Y", &tm))
		snprintf(buf, 32, "?");
	return buf;
}

static const struct clustat_node *node(const struct clustat_report *r, uint32_t id)
{
	for (unsigned i = 0; i < r->n_nodes; i++)
		if (r->nodes[i].nodeid == id)
			return &r->nodes[i];
	return NULL;
}

static const char *node_name(const struct clustat_report *r, uint32_t id)
{
	const struct clustat_node *n = node(r, id);

	return !id ? "none" : n ? n->name : "unknown";
}

static bool shown(const char *only, const char *name)
{
	return !only || !strcmp(only, name);
}

static void member_row(const struct clustat_node *n, int width, struct clu_buf *ret)
{
	clu_buf_printf(ret, " %-*.*s %4u %s%s%s%s\n", width, width, n->name, n->nodeid, n->online ? "Online" : "Offline",
		n->local ? ", Local" : "", n->estranged ? ", Estranged" : "", n->rgmanager ? ", rgmanager" : "");
}

static void members(const struct clustat_report *r, int cols, struct clu_buf *ret)
{
	int width = cols / 2;

	if (!r->only_node) {
		clu_buf_printf(ret, " %-*.*s%-4.4s %s\n", width, width, "Member Name", "ID", "Status");
		clu_buf_printf(ret, " %-*.*s%-4.4s %s\n", width, width, "------ ----", "----", "------");
	}
	for (unsigned i = 0; i < r->n_nodes; i++)
		if (shown(r->only_node, r->nodes[i].name) && (r->nodes[i].online || !r->nodes[i].estranged))
			member_row(&r->nodes[i], width, ret);
	if (!r->only_node)
		clu_buf_str(ret, "\n");
}

static const char *short_flags(uint32_t flags)
{
	static const char *const text[] = { "", "[Z]", "[P]", "[ZP]" };

	return text[flags & (RG_FLAG_FROZEN | RG_FLAG_PARTIAL)];
}

static const char *long_flags(uint32_t flags, const char *none, const char *both)
{
	switch (flags & (RG_FLAG_FROZEN | RG_FLAG_PARTIAL)) {
	case RG_FLAG_FROZEN:
		return "frozen";
	case RG_FLAG_PARTIAL:
		return "partial";
	case RG_FLAG_FROZEN | RG_FLAG_PARTIAL:
		return both;
	default:
		return none;
	}
}

/* Where nothing runs, the last owner in parentheses. */
static void owner(const struct clustat_report *r, const struct clustat_service *s, int width, char *buf, size_t size)
{
	bool last = s->state == RG_STOPPED || s->state == RG_DISABLED || s->state == RG_RECOVERABLE || s->state == RG_FAILED;

	if (last)
		snprintf(buf, size, "(%.*s)", width - 2, node_name(r, s->last_owner));
	else
		snprintf(buf, size, "%s", node_name(r, s->owner));
}

static void service_header(int width, struct clu_buf *ret)
{
	clu_buf_printf(ret, " %-*.*s %-*.*s %-*.*s\n", width, width, "Service Name", width, width, "Owner (Last)", STATE_WIDTH,
		STATE_WIDTH, "State");
	clu_buf_printf(ret, " %-*.*s %-*.*s %-*.*s\n", width, width, "------- ----", width, width, "----- ------", STATE_WIDTH,
		STATE_WIDTH, "-----");
}

static void service_row(const struct clustat_report *r, const struct clustat_service *s, int width, struct clu_buf *ret)
{
	const char *flags = short_flags(s->flags);
	int state_width = STATE_WIDTH - (int)strlen(flags);
	char who[256];

	owner(r, s, width, who, sizeof(who));
	clu_buf_printf(ret, " %-*.*s %-*.*s %-*.*s%s\n", width, width, s->name, width, width, who, state_width, state_width,
		rg_state_name(s->state), flags);
}

static void service_long(const struct clustat_report *r, const struct clustat_service *s, struct clu_buf *ret)
{
	char buf[32];

	clu_buf_printf(ret, "Service Name      : %s\n", s->name);
	clu_buf_printf(ret, "  Current State   : %s (%u)\n", rg_state_name(s->state), s->state);
	clu_buf_printf(ret, "  Flags           : %s (%u)\n", long_flags(s->flags, "none", "frozen, partial"), s->flags);
	clu_buf_printf(ret, "  Owner           : %s\n", node_name(r, s->owner));
	clu_buf_printf(ret, "  Last Owner      : %s\n", node_name(r, s->last_owner));
	clu_buf_printf(ret, "  Last Transition : %s\n\n", date(s->transition, buf));
}

/* What a service waits for, and how to end the wait: behind the historical table, so that its readers stay right. */
static void waiting(const struct clustat_report *r, struct clu_buf *ret)
{
	bool any = false;

	for (unsigned i = 0; i < r->n_services; i++) {
		const struct clustat_service *s = &r->services[i];

		if ((s->state != RG_RECOVERING && s->state != RG_STARTED) || !*s->wait || !shown(r->only_service, s->name))
			continue;
		clu_buf_printf(ret, "%s %s waits for %s\n", any ? "" : "\n", s->name, s->wait);
		if (*s->remedy)
			clu_buf_printf(ret, "   to end the wait: %s\n", s->remedy);
		any = true;
	}
}

static void services(const struct clustat_report *r, int cols, struct clu_buf *ret)
{
	int width = (cols - 20) / 2;

	if (r->long_form)
		clu_buf_str(ret, "Service Information\n------- -----------\n\n");
	if (!r->long_form || r->only_service)
		service_header(width, ret);
	for (unsigned i = 0; i < r->n_services; i++) {
		if (!shown(r->only_service, r->services[i].name))
			continue;
		if (r->long_form)
			service_long(r, &r->services[i], ret);
		else
			service_row(r, &r->services[i], width, ret);
	}
	waiting(r, ret);
}

void clustat_text(const struct clustat_report *r, time_t now, int cols, struct clu_buf *ret)
{
	char buf[32];

	if (!r->only_node && !r->only_service) {
		clu_buf_printf(ret, "Cluster Status for %s @ %s\n", r->cluster, date(now, buf));
		clu_buf_printf(ret, "Member Status: %s\n\n", r->quorate ? "Quorate" : "Inquorate");
	}
	if (r->with_nodes)
		members(r, cols, ret);
	if (r->with_services && r->have_services && r->n_services)
		services(r, cols, ret);
}

static void escaped(struct clu_buf *ret, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			clu_buf_str(ret, "&amp;");
			break;
		case '<':
			clu_buf_str(ret, "&lt;");
			break;
		case '"':
			clu_buf_str(ret, "&quot;");
			break;
		default:
			clu_buf_append(ret, s, 1);
		}
	}
}

static void attr(struct clu_buf *ret, const char *name, const char *value)
{
	clu_buf_printf(ret, " %s=\"", name);
	escaped(ret, value);
	clu_buf_str(ret, "\"");
}

static void xml_nodes(const struct clustat_report *r, struct clu_buf *ret)
{
	if (!r->n_nodes) {
		clu_buf_str(ret, "  <nodes/>\n");
		return;
	}
	clu_buf_str(ret, "  <nodes>\n");
	for (unsigned i = 0; i < r->n_nodes; i++) {
		const struct clustat_node *n = &r->nodes[i];

		if (!shown(r->only_node, n->name))
			continue;
		clu_buf_str(ret, "    <node");
		attr(ret, "name", n->name);
		clu_buf_printf(ret, " state=\"%d\" local=\"%d\" estranged=\"%d\" rgmanager=\"%d\" rgmanager_master=\"0\" "
			"qdisk=\"0\" nodeid=\"0x%08x\"/>\n", n->online, n->local, n->estranged, n->rgmanager, n->nodeid);
	}
	clu_buf_str(ret, "  </nodes>\n");
}

static void xml_services(const struct clustat_report *r, struct clu_buf *ret)
{
	char buf[32];

	clu_buf_str(ret, "  <groups>\n");
	for (unsigned i = 0; i < r->n_services; i++) {
		const struct clustat_service *s = &r->services[i];

		if (!shown(r->only_service, s->name))
			continue;
		clu_buf_str(ret, "    <group");
		attr(ret, "name", s->name);
		clu_buf_printf(ret, " state=\"%u\" state_str=\"%s\" flags=\"%u\" flags_str=\"%s\"", s->state,
			rg_state_name(s->state), s->flags, long_flags(s->flags, "", "frozen partial"));
		attr(ret, "owner", node_name(r, s->owner));
		attr(ret, "last_owner", node_name(r, s->last_owner));
		clu_buf_printf(ret, " restarts=\"%u\" last_transition=\"%lld\" last_transition_str=\"%s\"/>\n", s->restarts,
			(long long)s->transition, date(s->transition, buf));
	}
	clu_buf_str(ret, "  </groups>\n");
}

void clustat_xml(const struct clustat_report *r, struct clu_buf *ret)
{
	clu_buf_str(ret, "<?xml version=\"1.0\"?>\n<clustat version=\"4.1.1\">\n");
	if (!r->only_node && !r->only_service) {
		clu_buf_str(ret, "  <cluster");
		attr(ret, "name", r->cluster);
		clu_buf_printf(ret, " id=\"%u\" generation=\"%" PRIu64 "\"/>\n", r->cluster_id, r->generation);
		clu_buf_printf(ret, "  <quorum quorate=\"%d\" groupmember=\"%d\"/>\n", r->quorate, r->quorate && r->groupmember);
	}
	if (r->with_nodes)
		xml_nodes(r, ret);
	if (r->with_services && r->have_services)
		xml_services(r, ret);
	clu_buf_str(ret, "</clustat>\n");
}

static json_t *json_nodes(const struct clustat_report *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->n_nodes; i++) {
		const struct clustat_node *n = &r->nodes[i];

		if (shown(r->only_node, n->name))
			json_array_append_new(list, json_pack("{s:s, s:I, s:b, s:b, s:b, s:b}", "name", n->name, "nodeid",
				(json_int_t)n->nodeid, "online", n->online, "local", n->local, "estranged", n->estranged, "rgmanager",
				n->rgmanager));
	}
	return list;
}

static json_t *json_services(const struct clustat_report *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->n_services; i++) {
		const struct clustat_service *s = &r->services[i];

		if (shown(r->only_service, s->name))
			json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:b, s:b, s:s, s:s, s:I, s:I, s:s, s:s, s:s}",
				"name", s->name, "state", (json_int_t)s->state, "state_name", rg_state_name(s->state),
				"frozen", (s->flags & RG_FLAG_FROZEN) != 0, "partial", (s->flags & RG_FLAG_PARTIAL) != 0,
				"owner", node_name(r, s->owner), "last_owner", node_name(r, s->last_owner),
				"restarts", (json_int_t)s->restarts, "last_transition", (json_int_t)s->transition, "why", s->why,
				"waits_for", s->wait, "remedy", s->remedy));
	}
	return list;
}

json_t *clustat_json(const struct clustat_report *r)
{
	json_t *j = json_pack("{s:s, s:I, s:I, s:b, s:b}", "cluster", r->cluster, "cluster_id", (json_int_t)r->cluster_id,
		"generation", (json_int_t)r->generation, "quorate", r->quorate, "rgmanager", r->have_services);

	if (j && r->with_nodes)
		json_object_set_new(j, "nodes", json_nodes(r));
	if (j && r->with_services && r->have_services)
		json_object_set_new(j, "services", json_services(r));
	return j;
}

static int node_exit(const struct clustat_report *r, bool xml)
{
	for (unsigned i = 0; i < r->n_nodes; i++)
		if (!strcmp(r->nodes[i].name, r->only_node))
			return !r->nodes[i].online;
	return xml ? 0 : 255;
}

static int service_exit(const struct clustat_report *r, bool xml)
{
	if (!r->have_services)
		return 255;
	for (unsigned i = 0; i < r->n_services; i++) {
		uint32_t state = r->services[i].state;

		if (!strcmp(r->services[i].name, r->only_service))
			return state == RG_STARTING || state == RG_STARTED || state == RG_STOPPING ? 0 : (int)state;
	}
	return xml ? 0 : 255;
}

int clustat_exit(const struct clustat_report *r, bool xml)
{
	int code = r->only_node ? node_exit(r, xml) : 0;

	if (!code && r->only_service)
		code = service_exit(r, xml);
	return code;
}

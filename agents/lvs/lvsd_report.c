/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a running lvsd says about itself. */
#include "config.h"

#include "lvsd_report.h"

#include <stdlib.h>
#include <unistd.h>

static const struct lvs_stat *find_stat(const struct lvs_stat *all, int n, const struct lvs_virtual *v,
	const struct lvs_server *s)
{
	for (int i = 0; i < n; i++) {
		if (lvs_addr_cmp(&all[i].dest.addr, &s->addr) || (all[i].dest.port && all[i].dest.port != s->port))
			continue;
		if (v->fwmark ? all[i].svc.fwmark == v->fwmark : !all[i].svc.fwmark && all[i].svc.port == v->port &&
			all[i].svc.udp == v->udp && !lvs_addr_cmp(&all[i].svc.addr, &v->vip.addr))
			return &all[i];
	}
	return NULL;
}

static json_t *server_json(const struct lvs_core *core, unsigned vi, unsigned si, const struct lvs_stat *stats, int n)
{
	const struct lvs_virtual *v = &lvs_core_conf(core)->virtuals[vi];
	const struct lvs_server *s = &v->servers[si];
	const struct lvs_stat *stat = find_stat(stats, n, v, s);
	struct lvs_real_info info;
	char text[LVS_ADDR_TEXT];
	json_t *o;

	if (!lvs_core_real(core, vi, si, &info))
		return NULL;
	o = json_pack("{s:s, s:s, s:s, s:b, s:i, s:i, s:I}", "name", s->name, "address",
		lvs_addr_port_text(&s->addr, s->port, text), "state", info.state_name, "in_table", (int)info.in_table,
		"weight", (int)s->weight, "weight_now", (int)info.weight_now, "since_ms", (json_int_t)info.since_wall_ms);
	if (stat)
		json_object_set_new(o, "connections", json_integer((json_int_t)stat->connections));
	if (info.checked)
		json_object_set_new(o, "last_check", json_pack("{s:b, s:s, s:I}", "ok", (int)info.last_ok, "why",
			info.last_why, "at_ms", (json_int_t)info.last_wall_ms));
	return o;
}

static json_t *virtual_json(const struct lvs_core *core, unsigned vi, const struct lvs_stat *stats, int n)
{
	const struct lvs_virtual *v = &lvs_core_conf(core)->virtuals[vi];
	struct lvs_svc key = { .addr = v->vip.addr, .port = v->port, .udp = v->udp, .fwmark = v->fwmark };
	json_t *servers = json_array();
	char text[LVS_SVC_TEXT];

	for (unsigned k = 0; k < v->n_servers; k++) {
		json_t *o = server_json(core, vi, k, stats, n);

		if (o)
			json_array_append_new(servers, o);
	}
	return json_pack("{s:s, s:s, s:s, s:i, s:o}", "name", v->name, "service", lvs_svc_text(&key, text), "scheduler",
		lvs_sched_names[v->sched], "persistent", (int)v->persistent_s, "servers", servers);
}

json_t *lvsd_report(const struct lvsd_facts *f)
{
	const struct lvs_conf *conf = lvs_core_conf(f->core);
	json_t *virtuals = json_array(), *root;
	struct lvs_stat *stats = NULL;
	int n = f->director->ops->stats(f->director, lvs_core_have(f->core), &stats);

	for (unsigned i = 0; i < conf->n_virtuals; i++) {
		if (conf->virtuals[i].active)
			json_array_append_new(virtuals, virtual_json(f->core, i, stats, n < 0 ? 0 : n));
	}
	if (n >= 0)
		free(stats);
	root = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "name", f->opts->name, "state",
		lvs_table_equal(lvs_core_have(f->core), lvs_core_want(f->core)) ? "running" : "table not applied",
		"pid", (int)getpid(), "director", f->director->ops->name, "director_about", f->director->ops->about,
		"network", lvs_method_names[conf->method], "file", f->opts->conf_file, "serial_no",
		(json_int_t)conf->serial_no, "now_ms", (json_int_t)f->wall_ms, "addresses", lvsd_addrs_json(f->addrs),
		"virtuals", virtuals);
	if (f->reload_error)
		json_object_set_new(root, "reload_error", json_string(f->reload_error));
	return root;
}

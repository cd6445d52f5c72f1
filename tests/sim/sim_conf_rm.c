/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The services of a history's cluster.conf. One element on a line: an update
 * (sim_conf_change) takes lines away and changes single attributes.
 */
#include <stdio.h>

#include "sim_conf.h"

#define N_DOMAINS 3
#define SOME(d, list) list[sim_dice_below(d, sizeof(list) / sizeof(list[0]))]

static void draw_domain(struct sim_dice *d, unsigned n_nodes, const char *name, struct clu_buf *ret)
{
	static const char *const yes_no[] = { "0", "1", "yes", "no" };
	const char *ordered = SOME(d, yes_no), *restricted = SOME(d, yes_no), *nofailback = SOME(d, yes_no);

	clu_buf_printf(ret, "<failoverdomain name=\"%s\" ordered=\"%s\" restricted=\"%s\" nofailback=\"%s\">\n", name, ordered,
		restricted, nofailback);
	for (unsigned i = 1; i <= n_nodes; i++) {
		unsigned priority = (unsigned)sim_dice_below(d, 4);

		if (i != 1 && !sim_dice_chance(d, 600))
			continue;
		clu_buf_printf(ret, "<failoverdomainnode name=\"n%u\"", i);
		if (priority)
			clu_buf_printf(ret, " priority=\"%u\"", priority);
		clu_buf_str(ret, "/>\n");
	}
	/* What a person gets wrong. */
	if (sim_dice_chance(d, 100))
		clu_buf_str(ret, "<failoverdomainnode name=\"n1\" priority=\"500\"/>\n<failoverdomainnode name=\"nobody\"/>\n"
			"<failoverdomainnode/>\n");
	clu_buf_str(ret, "</failoverdomain>\n");
}

static void draw_domains(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret)
{
	clu_buf_str(ret, "<failoverdomains>\n");
	for (unsigned i = 0; i < N_DOMAINS; i++) {
		char name[8];

		snprintf(name, sizeof(name), "d%u", i);
		draw_domain(d, n_nodes, name, ret);
	}
	if (sim_dice_chance(d, 50)) {
		draw_domain(d, n_nodes, "D0", ret);
		draw_domain(d, n_nodes, "", ret);
	}
	clu_buf_str(ret, "</failoverdomains>\n");
}

static void draw_resources(struct sim_dice *d, struct clu_buf *ret)
{
	if (sim_dice_chance(d, 200))
		clu_buf_str(ret, "<resource-defaults>\n<ip monitor_link=\"0\"/>\n<fs options=\"ro\"/>\n</resource-defaults>\n");
	clu_buf_str(ret, "<resources>\n");
	clu_buf_str(ret, "<clusterfs name=\"shared\" id=\"7\"/>\n<fs name=\"once\" device=\"/dev/once\" mountpoint=\"/once\"/>\n");
	clu_buf_str(ret, "<script name=\"defined\" file=\"/d\">\n");
	if (sim_dice_chance(d, 300))
		clu_buf_str(ret, "<action name=\"status\" depth=\"*\" interval=\"50\" timeout=\"5\"/>\n");
	clu_buf_str(ret, "</script>\n<service name=\"wrapped\" recovery=\"relocate\"/>\n</resources>\n");
}

/* What may stand on any resource below a service. */
static void draw_place(struct sim_dice *d, struct clu_buf *ret)
{
	static const char *const independent[] = { "1", "2", "yes", "non-critical", "0" };
	static const char *const max_restarts[] = { "1", "2", "0" };

	if (sim_dice_chance(d, 250)) {
		clu_buf_printf(ret, " __independent_subtree=\"%s\"", SOME(d, independent));
		if (sim_dice_chance(d, 500))
			clu_buf_printf(ret, " __max_restarts=\"%s\" __restart_expire_time=\"10m\"", SOME(d, max_restarts));
	}
	if (sim_dice_chance(d, 100))
		clu_buf_str(ret, " __max_failures=\"1\" __failure_expire_time=\"60\"");
	if (sim_dice_chance(d, 100))
		clu_buf_str(ret, " __enforce_timeouts=\"1\"");
}

static void draw_leaf(struct sim_dice *d, unsigned service, unsigned nth, struct clu_buf *ret)
{
	unsigned how = (unsigned)sim_dice_below(d, 100), id = service * 10 + nth;

	if (how < 55) {
		clu_buf_printf(ret, "<script name=\"a%u\" file=\"/x\"", id);
	} else if (how < 70) {
		clu_buf_printf(ret, "<ip address=\"10.0.0.%u\"", id + 1);
	} else if (how < 78) {
		clu_buf_printf(ret, "<database name=\"db%u\"", id);
	} else if (how < 86) {
		clu_buf_str(ret, sim_dice_chance(d, 800) ? "<clusterfs ref=\"shared\"" : "<clusterfs ref=\"7\"");
	} else if (how < 92) {
		clu_buf_printf(ret, "<script name=\"w%u\" file=\"/w\"", id);
		draw_place(d, ret);
		clu_buf_str(ret, ">\n<action name=\"status\" depth=\"0\" interval=\"35\"/>\n");
		clu_buf_str(ret, "<action name=\"status\" depth=\"10\" interval=\"70\" timeout=\"9\"/>\n</script>\n");
		return;
	} else if (how < 97) {
		clu_buf_str(ret, "<fs ref=\"once\"");
	} else {
		/* Not installed, not defined, not complete, not allowed here. */
		static const char *const wrong[] = { "<mystery name=\"m\"", "<script ref=\"undefined\"",
			"<fs name=\"nodevice\"", "<service name=\"inner\"" };

		clu_buf_str(ret, SOME(d, wrong));
	}
	draw_place(d, ret);
	clu_buf_str(ret, "/>\n");
}

/* A resource with others below it. */
static void draw_branch(struct sim_dice *d, unsigned service, struct clu_buf *ret)
{
	clu_buf_printf(ret, "<fs name=\"fs%u\" device=\"/dev/%u\"%s", service, service,
		sim_dice_chance(d, 500) ? " mountpoint=\"/m\"" : "");
	draw_place(d, ret);
	clu_buf_str(ret, ">\n");
	if (sim_dice_chance(d, 500)) {
		clu_buf_printf(ret, "<fs name=\"sub%u\" device=\"/dev/%u/1\"", service, service);
		draw_place(d, ret);
		clu_buf_str(ret, "/>\n");
	}
	draw_leaf(d, service, 7, ret);
	if (sim_dice_chance(d, 300))
		draw_leaf(d, service, 8, ret);
	clu_buf_str(ret, "</fs>\n");
}

static void draw_policy(struct sim_dice *d, unsigned i, struct clu_buf *ret)
{
	static const char *const recovery[] = { "relocate", "restart", "disable", "relocate", "restart-disable", "restart",
		"whatever" };
	static const char *const autostart[] = { "1", "1", "1", "1", "yes", "on", "true", "1", "1", "0" };

	if (sim_dice_chance(d, 800))
		clu_buf_printf(ret, " autostart=\"%s\"", SOME(d, autostart));
	if (sim_dice_chance(d, 800))
		clu_buf_printf(ret, " recovery=\"%s\"", SOME(d, recovery));
	if (sim_dice_chance(d, 500)) {
		unsigned which = (unsigned)sim_dice_below(d, sim_dice_chance(d, 900) ? N_DOMAINS : 9);

		clu_buf_printf(ret, " domain=\"%s%u\"", sim_dice_chance(d, 900) ? "d" : "D", which);
	}
	if (sim_dice_chance(d, 100))
		clu_buf_str(ret, " exclusive=\"1\"");
	if (sim_dice_chance(d, 250)) {
		unsigned most = (unsigned)sim_dice_below(d, 3);

		clu_buf_printf(ret, " max_restarts=\"%u\" restart_expire_time=\"%s\"", most, sim_dice_chance(d, 500) ? "5m" : "0");
	}
	if (sim_dice_chance(d, 100))
		clu_buf_printf(ret, " priority=\"%u\"", (unsigned)sim_dice_below(d, 9));
	/* Only on one before it: a ring of dependencies never starts. */
	if (i && sim_dice_chance(d, 150)) {
		unsigned on = (unsigned)sim_dice_below(d, i);

		clu_buf_printf(ret, " depend=\"%s%u\"", sim_dice_chance(d, 900) ? "service:s" : "s", on);
		if (sim_dice_chance(d, 500))
			clu_buf_printf(ret, " depend_mode=\"%s\"", sim_dice_chance(d, 500) ? "soft" : "hard");
	}
}

static void draw_service(struct sim_dice *d, unsigned i, struct clu_buf *ret)
{
	unsigned leaves = (unsigned)sim_dice_below(d, 10);

	clu_buf_printf(ret, "<service name=\"s%u\"", i);
	draw_policy(d, i, ret);
	clu_buf_str(ret, ">\n");
	if (sim_dice_chance(d, 150))
		draw_branch(d, i, ret);
	leaves = leaves < 1 ? 0 : leaves < 4 ? 1 : leaves < 9 ? 2 : 3;
	for (unsigned k = 0; k < leaves; k++)
		draw_leaf(d, i, k, ret);
	clu_buf_str(ret, "</service>\n");
}

void sim_conf_draw_rm(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret)
{
	unsigned vms = sim_dice_chance(d, 400) ? 1 + (unsigned)sim_dice_below(d, 2) : 0;

	clu_buf_str(ret, "<rm>\n");
	draw_domains(d, n_nodes, ret);
	draw_resources(d, ret);
	for (unsigned i = 0; i < SIM_CONF_SERVICES; i++)
		draw_service(d, i, ret);
	for (unsigned i = 0; i < vms; i++) {
		clu_buf_printf(ret, "<vm name=\"v%u\"", i);
		draw_policy(d, i, ret);
		clu_buf_str(ret, "/>\n");
	}
	if (sim_dice_chance(d, 200))
		clu_buf_str(ret, "<service ref=\"wrapped\">\n<script ref=\"defined\"/>\n</service>\n");
	/* A name twice, no name, a name that is too long: left out. */
	if (sim_dice_chance(d, 50))
		clu_buf_str(ret, "<service name=\"s0\"/>\n<service/>\n<service ref=\"nowhere\"/>\n"
			"<service name=\"a-name-that-is-longer-than-sixty-three-characters-with-its-type-before-it\"/>\n");
	clu_buf_str(ret, "</rm>\n");
}

void sim_conf_some_service(struct sim_dice *d, char *ret, size_t size)
{
	unsigned i = (unsigned)sim_dice_below(d, 100);

	if (i < 15)
		snprintf(ret, size, "vm:v%u", i % 2);
	else if (i < 20)
		snprintf(ret, size, "wrapped");
	else if (i < 22)
		snprintf(ret, size, "nowhere");
	else
		snprintf(ret, size, "s%u", (unsigned)sim_dice_below(d, SIM_CONF_SERVICES));
}

void sim_conf_some_resource(struct sim_dice *d, char *ret, size_t size)
{
	unsigned s = (unsigned)sim_dice_below(d, SIM_CONF_SERVICES), how = (unsigned)sim_dice_below(d, 100);
	unsigned id = s * 10 + (unsigned)sim_dice_below(d, 2);

	if (how < 60)
		snprintf(ret, size, "script:a%u@s%u", id, s);
	else if (how < 75)
		snprintf(ret, size, "ip:10.0.0.%u@s%u", id + 1, s);
	else if (how < 85)
		snprintf(ret, size, "fs:fs%u@s%u", s, s);
	else if (how < 93)
		snprintf(ret, size, "clusterfs:shared@s%u", s);
	else
		snprintf(ret, size, "vm:v%u", s % 2);
}

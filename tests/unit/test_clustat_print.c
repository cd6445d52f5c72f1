/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layouts that scripts have read for years, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "clustat_print.h"
#include "rg_core.h"

static const struct clustat_node nodes[] = {
	{ 1, "node1", true, true, false, true }, { 2, "node2", true, false, false, true }, { 3, "node3", false, false, false, false },
	{ 9, "Node9", true, false, true, false },
};

static const struct clustat_service services[] = {
	{ "service:db", RG_STARTED, 1, 2, 0, RG_FLAG_FROZEN, 1700000000, "", "", "" },
	{ "service:mail", RG_DISABLED, 0, 0, 0, 0, 0, "", "", "" },
	{ "service:web", RG_STOPPED, 0, 2, 0, 0, 0, "", "a node", "" },
	{ "service:x", RG_RECOVERING, 0, 2, 0, 0, 0, "", "node3 to be fenced: no answer", "fence_ack_manual node3" },
	{ "vm:guest1", RG_STARTED, 2, 0, 3, RG_FLAG_FROZEN | RG_FLAG_PARTIAL, 0, "", "", "" },
};

static struct clustat_report report(void)
{
	return (struct clustat_report){ .cluster = "alpha", .cluster_id = 3201, .generation = 24, .quorate = true,
		.groupmember = true, .nodes = nodes, .n_nodes = 4, .services = services, .n_services = 5, .have_services = true,
		.with_nodes = true, .with_services = true };
}

static void expect_text(const struct clustat_report *r, const char *want)
{
	struct clu_buf b = CLU_BUF_INIT;

	clustat_text(r, 1700000000, 80, &b);
	assert_string_equal(clu_buf_text(&b), want);
	clu_buf_free(&b);
}

static void text(void **state)
{
	struct clustat_report r = report();

	expect_text(&r,
		"Cluster Status for alpha @ Tue Nov 14 22:13:20 2023\n"
		"Member Status: Quorate\n"
		"\n"
		" Member Name                             ID   Status\n"
		" ------ ----                             ---- ------\n"
		" node1                                       1 Online, Local, rgmanager\n"
		" node2                                       2 Online, rgmanager\n"
		" node3                                       3 Offline\n"
		" Node9                                       9 Online, Estranged\n"
		"\n"
		" Service Name                   Owner (Last)                   State         \n"
		" ------- ----                   ----- ------                   -----         \n"
		" service:db                     node1                          started    [Z]\n"
		" service:mail                   (none)                         disabled      \n"
		" service:web                    (node2)                        stopped       \n"
		" service:x                      none                           recovering    \n"
		" vm:guest1                      node2                          started   [ZP]\n"
		"\n"
		" service:x waits for node3 to be fenced: no answer\n"
		"   to end the wait: fence_ack_manual node3\n");
}

static void parts(void **state)
{
	struct clustat_report r = report();

	r.only_service = "service:web";
	r.with_nodes = false;
	expect_text(&r, " Service Name                   Owner (Last)                   State         \n"
		" ------- ----                   ----- ------                   -----         \n"
		" service:web                    (node2)                        stopped       \n");
	r.only_service = NULL;
	r.only_node = "node3";
	r.with_nodes = true;
	r.with_services = false;
	expect_text(&r, " node3                                       3 Offline\n");
	r.only_node = NULL;
	r.have_services = false;
	r.n_nodes = 0;
	r.with_services = true;
	r.quorate = false;
	expect_text(&r, "Cluster Status for alpha @ Tue Nov 14 22:13:20 2023\nMember Status: Inquorate\n\n"
		" Member Name                             ID   Status\n ------ ----                             ---- ------\n\n");
}

static void long_form(void **state)
{
	struct clustat_report r = report();

	r.n_services = 1;
	r.long_form = true;
	r.only_service = "service:db";
	r.with_nodes = false;
	expect_text(&r, "Service Information\n------- -----------\n\n"
		" Service Name                   Owner (Last)                   State         \n"
		" ------- ----                   ----- ------                   -----         \n"
		"Service Name      : service:db\n"
		"  Current State   : started (112)\n"
		"  Flags           : frozen (1)\n"
		"  Owner           : node1\n"
		"  Last Owner      : node2\n"
		"  Last Transition : Tue Nov 14 22:13:20 2023\n\n");
}

static void xml(void **state)
{
	struct clustat_report r = report();
	struct clu_buf b = CLU_BUF_INIT;

	r.n_nodes = 1;
	r.n_services = 1;
	r.cluster = "a&\"<b";
	clustat_xml(&r, &b);
	assert_string_equal(clu_buf_text(&b),
		"<?xml version=\"1.0\"?>\n"
		"<clustat version=\"4.1.1\">\n"
		"  <cluster name=\"a&amp;&quot;&lt;b\" id=\"3201\" generation=\"24\"/>\n"
		"  <quorum quorate=\"1\" groupmember=\"1\"/>\n"
		"  <nodes>\n"
		"    <node name=\"node1\" state=\"1\" local=\"1\" estranged=\"0\" rgmanager=\"1\" rgmanager_master=\"0\" qdisk=\"0\" "
		"nodeid=\"0x00000001\"/>\n"
		"  </nodes>\n"
		"  <groups>\n"
		"    <group name=\"service:db\" state=\"112\" state_str=\"started\" flags=\"1\" flags_str=\"frozen\" owner=\"node1\" "
		"last_owner=\"unknown\" restarts=\"0\" last_transition=\"1700000000\" last_transition_str=\"Tue Nov 14 22:13:20 2023\"/>\n"
		"  </groups>\n"
		"</clustat>\n");
	clu_buf_free(&b);
}

static int exit_of(const char *node, const char *service, bool as_xml)
{
	struct clustat_report r = report();

	r.only_node = node;
	r.only_service = service;
	return clustat_exit(&r, as_xml);
}

static void exit_codes(void **state)
{
	struct clustat_report down = report();

	assert_int_equal(exit_of(NULL, NULL, false), 0);
	assert_int_equal(exit_of("node1", NULL, false), 0);
	assert_int_equal(exit_of("node3", NULL, false), 1);
	assert_int_equal(exit_of("nobody", NULL, false), 255);
	assert_int_equal(exit_of("nobody", NULL, true), 0);
	assert_int_equal(exit_of(NULL, "service:db", false), 0);
	assert_int_equal(exit_of(NULL, "service:web", false), 110);
	assert_int_equal(exit_of(NULL, "service:x", false), 118);
	assert_int_equal(exit_of(NULL, "service:nix", false), 255);
	assert_int_equal(exit_of(NULL, "service:nix", true), 0);
	assert_int_equal(exit_of("node3", "service:web", false), 1);
	down.only_service = "service:db";
	down.have_services = false;
	assert_int_equal(clustat_exit(&down, false), 255);
}

static void json(void **state)
{
	struct clustat_report r = report();
	json_t *j = clustat_json(&r);
	const json_t *s = json_array_get(json_object_get(j, "services"), 3);

	assert_string_equal(json_string_value(json_object_get(s, "remedy")), "fence_ack_manual node3");
	assert_int_equal(json_array_size(json_object_get(j, "nodes")), 4);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text), cmocka_unit_test(parts), cmocka_unit_test(long_form), cmocka_unit_test(xml),
		cmocka_unit_test(exit_codes), cmocka_unit_test(json),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

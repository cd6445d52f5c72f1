/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layouts that scripts parse, blanks at line ends included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cman_print.h"
#include "cman_services.h"

static struct cman_info info;

static void add(uint32_t id, const char *name, bool member, const char *a, const char *b)
{
	struct cman_member *m = &info.members[info.n_members++];

	m->nodeid = id;
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->member = member;
	m->votes = 1;
	m->expected = 3;
	m->joins = member ? id : 0;
	snprintf(m->addr[0], CMAN_ADDR_LEN, "%s", a);
	m->n_addrs = 1;
	if (b) {
		snprintf(m->addr[1], CMAN_ADDR_LEN, "%s", b);
		m->n_addrs = 2;
	}
}

static int setup(void **state)
{
	setenv("TZ", "UTC", 1);
	memset(&info, 0, sizeof(info));
	snprintf(info.cluster_name, sizeof(info.cluster_name), "alpha");
	info.config_version = 12;
	info.cluster_id = 3169;
	info.ring_rep = 1;
	info.ring_seq = 40;
	info.quorate = true;
	info.own_id = 1;
	info.own_votes = 1;
	info.expected = 3;
	info.total = 2;
	info.quorum = 2;
	info.clients = 7;
	add(1, "node1", true, "10.0.0.1", "10.1.0.1");
	add(2, "node2.example.com", true, "10.0.0.2", "10.1.0.2");
	add(300, "Node300", false, "10.0.0.3", NULL);
	info.members[0].joined = 1000000000;
	info.members[0].config_version = info.members[2].config_version = 12;
	return 0;
}

static void expect(struct clu_buf *b, const char *text)
{
	assert_string_equal(clu_buf_text(b), text);
	clu_buf_free(b);
}

static void test_status(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	cman_print_status(&info, &b);
	expect(&b,
	       "Version: 6.2.0\n"
	       "Config Version: 12\n"
	       "Cluster Name: alpha\n"
	       "Cluster Id: 3169\n"
	       "Cluster Member: Yes\n"
	       "Cluster Generation: 40\n"
	       "Membership state: Cluster-Member\n"
	       "Nodes: 2\n"
	       "Expected votes: 3\n"
	       "Total votes: 2\n"
	       "Node votes: 1\n"
	       "Quorum: 2  \n"
	       "Active subsystems: 7\n"
	       "Flags: \n"
	       "Ports Bound: 0  \n"
	       "Node name: node1\n"
	       "Node ID: 1\n"
	       "Multicast addresses: \n"
	       "Node addresses: 10.0.0.1 10.1.0.1 \n");
}

static void test_status_variants(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	info.quorate = false;
	info.two_node = true;
	info.device_alive = true;
	info.device_votes = 2;
	info.n_mcast = 1;
	snprintf(info.mcast[0], CMAN_ADDR_LEN, "239.192.12.109");
	info.members[0].member = false;
	info.have_state = true;
	info.ports[0] = 1;
	info.ports[1] = 1 << 3;
	info.ports[31] = 1 << 7;
	cman_print_status(&info, &b);
	assert_non_null(strstr(clu_buf_text(&b), "Quorum: 2 Activity blocked\n"));
	assert_non_null(strstr(clu_buf_text(&b), "\nFlags: 2node HaveState \n"));
	assert_non_null(strstr(clu_buf_text(&b), "\nPorts Bound: 0 11 255  \n"));
	assert_non_null(strstr(clu_buf_text(&b), "Expected votes: 3\nQuorum device votes: 2\nTotal votes: 2\n"));
	assert_non_null(strstr(clu_buf_text(&b), "\nMulticast addresses: 239.192.12.109 \n"));
	assert_non_null(strstr(clu_buf_text(&b), "\nMembership state: Joining\n"));
	assert_non_null(strstr(clu_buf_text(&b), "\nNodes: 1\n"));
	clu_buf_free(&b);
}

/* "Error" as long as the configuration in force is not what corosync runs with. */
static void test_status_of_a_change(void **state)
{
	static const struct { const char *word, *flags; } rows[] = {
		{ "", "\nFlags: \n" }, { "applied", "\nFlags: \n" }, { "applying", "\nFlags: \n" }, { "waiting", "\nFlags: \n" },
		{ "restart", "\nFlags: Error \n" }, { "failed", "\nFlags: Error \n" },
	};
	json_t *s;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clu_buf b = CLU_BUF_INIT;

		snprintf(info.config_state, sizeof(info.config_state), "%s", rows[i].word);
		cman_print_status(&info, &b);
		assert_non_null(strstr(clu_buf_text(&b), rows[i].flags));
		clu_buf_free(&b);
	}
	info.two_node = true;
	snprintf(info.config_why, sizeof(info.config_why), "n1: transport\n");
	{
		struct clu_buf b = CLU_BUF_INIT;

		cman_print_status(&info, &b);
		assert_non_null(strstr(clu_buf_text(&b), "\nFlags: 2node Error \n"));
		clu_buf_free(&b);
	}
	s = cman_json_status(&info);
	assert_string_equal(json_string_value(json_object_get(s, "config_state")), "failed");
	assert_string_equal(json_string_value(json_object_get(s, "config_why")), "n1: transport\n");
	json_decref(s);
}

static void add_group(const char *name, bool own, uint32_t a, uint32_t b)
{
	struct cman_group *g = &info.groups[info.n_groups++];

	snprintf(g->name, sizeof(g->name), "%s", name);
	g->own = own;
	g->nodes[0] = a;
	g->nodes[1] = b;
	g->n_nodes = 2;
}

static void test_services(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;
	json_t *list;

	cman_print_services(&info, "none", &b);
	expect(&b, "type             level name                     id       state\n");
	add_group("hawser:rgmanager", true, 1, 2);
	add_group("hawser:other", false, 2, 3);
	add_group("hawser:fenced", true, 1, 300);
	add_group("hawser:dlm:clvmd", true, 1, 2);
	cman_print_services(&info, "fencing", &b);
	expect(&b,
	       "type             level name                     id       state\n"
	       "fence            0     default                  173091f8 fencing\n"
	       "[1 300]\n"
	       "dlm              1     clvmd                    6df9d4d2 -\n"
	       "[1 2]\n"
	       "rgmanager        2     default                  5e72281b -\n"
	       "[1 2]\n");
	list = cman_json_services(&info, "none");
	assert_int_equal(json_array_size(list), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "name")), "clvmd");
	assert_int_equal(json_integer_value(json_array_get(json_object_get(json_array_get(list, 0), "members"), 1)), 300);
	json_decref(list);
}

static void test_nodes(void **state)
{
	struct cman_nodes_opts o = { 0 };
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(cman_print_nodes(&info, &o, &b), 0);
	expect(&b,
	       "Node  Sts   Inc   Joined               Name\n"
	       "   1   M      1   2001-09-09 01:46:40  node1\n"
	       "   2   M      2                        node2.example.com\n"
	       " 300   X      0                        Node300\n");
	o.addresses = true;
	o.names = (const char *const[]){ "300", "node1" };
	o.n_names = 2;
	assert_int_equal(cman_print_nodes(&info, &o, &b), 0);
	expect(&b,
	       "Node  Sts   Inc   Joined               Name\n"
	       "   1   M      1   2001-09-09 01:46:40  node1\n"
	       "       Addresses: 10.0.0.1 10.1.0.1 \n"
	       " 300   X      0                        Node300\n"
	       "       Addresses: 10.0.0.3 \n");
	o.names = (const char *const[]){ "nobody" };
	o.n_names = 1;
	assert_int_equal(cman_print_nodes(&info, &o, &b), -ENOENT);
	expect(&b, "nobody");
}

static void test_nodes_fenced(void **state)
{
	const struct cman_fence f[] = { { 2, 1000000000, "agent on node1" } };
	struct cman_nodes_opts o = { .fenced = f, .n_fenced = 1 };
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(cman_print_nodes(&info, &o, &b), 0);
	expect(&b,
	       "Node  Sts   Inc   Joined               Name\n"
	       "   1   M      1   2001-09-09 01:46:40  node1\n"
	       "   2   M      2                        node2.example.com\n"
	       "       Last fenced:   2001-09-09 01:46:40 by agent on node1\n"
	       " 300   X      0                        Node300\n"
	       "       Node has not been fenced since it went down\n");
}

static void test_nodes_format(void **state)
{
	struct cman_nodes_opts o = { .format = "id,name,type,addr,votes,exp,state" };
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(cman_print_nodes(&info, &o, &b), 0);
	expect(&b,
	       "1 node1 M 10.0.0.1,10.1.0.1 1 3 Member \n"
	       "2 node2.example.com M 10.0.0.2,10.1.0.2 1 3 Member \n"
	       "300 Node300 X 10.0.0.3 1 3 Dead \n");
	o.format = "id,nam";
	assert_int_equal(cman_print_nodes(&info, &o, &b), -EINVAL);
	expect(&b, "nam");
	o.format = "id,id,id,id,id,id,id,id,id,id,id";
	assert_int_equal(cman_print_nodes(&info, &o, &b), -EINVAL);
	clu_buf_free(&b);
}

static void test_device(void **state)
{
	struct cman_nodes_opts o = { 0 };
	struct clu_buf b = CLU_BUF_INIT;

	info.device_alive = true;
	snprintf(info.device_name, sizeof(info.device_name), "/dev/disk/q");
	info.n_members = 1;
	assert_int_equal(cman_print_nodes(&info, &o, &b), 0);
	expect(&b,
	       "Node  Sts   Inc   Joined               Name\n"
	       "   0   M      0                        /dev/disk/q\n"
	       "   1   M      1   2001-09-09 01:46:40  node1\n");
}

static void test_json(void **state)
{
	struct cman_nodes_opts o = { 0 };
	json_t *s = cman_json_status(&info), *n = cman_json_nodes(&info, &o);

	assert_non_null(s);
	assert_string_equal(json_string_value(json_object_get(s, "cluster_name")), "alpha");
	assert_true(json_is_true(json_object_get(s, "quorate")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(s, "ring"), "sequence")), 40);
	assert_int_equal(json_array_size(n), 3);
	assert_true(json_is_false(json_object_get(json_array_get(n, 2), "member")));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(n, 0), "joined")), 1000000000);
	assert_true(json_is_null(json_object_get(json_array_get(n, 1), "joined")));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(n, 0), "config_version")), 12);
	assert_true(json_is_null(json_object_get(json_array_get(n, 1), "config_version")));
	/* What a node ran with before it went says nothing. */
	assert_true(json_is_null(json_object_get(json_array_get(n, 2), "config_version")));
	json_decref(s);
	json_decref(n);
}

static void test_version(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	cman_print_version(&info, &b);
	expect(&b, "6.2.0 config 12\n");
}

static void test_addresses_of_map(void **state)
{
	struct cman_member m;
	char longest[200];

	memset(&m, 0, sizeof(m));
	cman_info_parse_ips("r(0) ip(10.0.0.1) r(1) ip(fd00::1) ", &m);
	assert_int_equal(m.n_addrs, 2);
	assert_string_equal(m.addr[0], "10.0.0.1");
	assert_string_equal(m.addr[1], "fd00::1");
	cman_info_parse_ips("", &m);
	assert_int_equal(m.n_addrs, 0);
	cman_info_parse_ips("r(0) ip(10.0.0.1", &m);
	assert_int_equal(m.n_addrs, 0);
	snprintf(longest, sizeof(longest), "ip(%0100d)", 1);
	cman_info_parse_ips(longest, &m);
	assert_int_equal(m.n_addrs, 0);
	cman_info_parse_ips("ip(1)ip(2)ip(3)ip(4)ip(5)ip(6)ip(7)ip(8)ip(9)", &m);
	assert_int_equal(m.n_addrs, CMAN_MAX_LINKS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(test_status), T(test_status_variants), T(test_status_of_a_change), T(test_services), T(test_nodes), T(test_nodes_fenced), T(test_nodes_format),
		T(test_device), T(test_json), T(test_version), T(test_addresses_of_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

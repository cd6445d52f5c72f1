/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a change corosync takes over while it runs. Texts come from documents, as in life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cman_change.h"
#include "cman_conf.h"

/* The corosync.conf of a document with these attributes of cman and totem, and these nodes. */
static void make(const char *name, const char *cman, const char *totem, const char *nodes, struct clu_buf *ret)
{
	struct clu_buf xml = CLU_BUF_INIT, errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	static struct cman_plan plan;
	struct clu_conf *c = NULL;
	struct cman_plan_in in = { .own_name = "n1", .over = CMAN_NO_OVERRIDES, .default_keyfile = "/k", .default_logfile = "/l" };

	clu_buf_printf(&xml, "<cluster name='%s' config_version='7'><cman %s/><totem %s/><clusternodes>%s</clusternodes></cluster>",
		       name, cman, totem, nodes);
	assert_int_equal(clu_conf_parse(xml.data, xml.len, "t", &c, &errs), 0);
	in.conf = c;
	if (cman_plan_make(&in, &plan, &errs, &warns) || cman_conf_write(&plan, ret, &errs, &warns))
		fail_msg("%s", clu_buf_text(&errs));
	clu_conf_unref(c);
	clu_buf_free(&xml);
	clu_buf_free(&errs);
	clu_buf_free(&warns);
}

#define N1 "<clusternode name='n1' nodeid='1'/>"
#define N2 "<clusternode name='n2' nodeid='2'/>"
#define N3 "<clusternode name='n3' nodeid='3'/>"
#define N1_ALT "<clusternode name='n1' nodeid='1'><altname name='n1-b'/></clusternode>"
#define N2_ALT "<clusternode name='n2' nodeid='2'><altname name='n2-b'/></clusternode>"

struct side { const char *name, *cman, *totem, *nodes; };

static const struct side base = { "alpha", "", "token='3000'", N1 N2 };

static void expect(const struct side *a, const struct side *b, enum cman_effect effect, const char *line)
{
	struct clu_buf was = CLU_BUF_INIT, is = CLU_BUF_INIT, said = CLU_BUF_INIT;
	int r;

	make(a->name, a->cman, a->totem, a->nodes, &was);
	make(b->name, b->cman, b->totem, b->nodes, &is);
	r = cman_change_explain(clu_buf_text(&was), clu_buf_text(&is), effect, &said);
	if (r != (int)effect || (line && !strstr(clu_buf_text(&said), line)) || (!line && said.len))
		fail_msg("%d, not %d with \"%s\": %s", r, effect, line ? line : "", clu_buf_text(&said));
	clu_buf_free(&was);
	clu_buf_free(&is);
	clu_buf_free(&said);
}

static void test_nothing(void **state)
{
	expect(&base, &base, CMAN_LIVE, NULL);
}

static void test_live(void **state)
{
	static const struct { struct side s; const char *line; } rows[] = {
		{ { "alpha", "", "token='5000'", N1 N2 }, "totem.token: 3000 -> 5000: taken over while" },
		{ { "alpha", "", "", N1 N2 }, "totem.token: 3000 -> not set: taken over" },
		{ { "alpha", "", "token='3000'", N1 N2 N3 }, "nodelist.n3.nodeid: not set -> 3: taken over" },
		{ { "alpha", "", "token='3000'", N1 }, "nodelist.n2.ring0_addr: n2 -> not set: taken over" },
		{ { "alpha", "", "token='3000'", N1 "<clusternode name='n2' nodeid='2' votes='3'/>" },
		  "nodelist.n2.quorum_votes: 1 -> 3" },
		{ { "alpha", "expected_votes='5'", "token='3000'", N1 N2 }, "quorum.expected_votes: not set -> 5" },
		{ { "alpha", "expected_votes='1' two_node='1'", "token='3000'", N1 N2 }, "quorum.two_node: not set -> 1: taken over" },
		{ { "alpha", "", "token='3000'", N1_ALT N2_ALT }, "totem.interface.1.mcastport: not set -> 5405: taken over" },
		{ { "alpha", "", "token='3000' crypto_cipher='aes128'", N1 N2 }, "totem.crypto_cipher: aes256 -> aes128: taken over" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&base, &rows[i].s, CMAN_LIVE, rows[i].line);
}

static void test_node_restart(void **state)
{
	static const struct { struct side s; const char *line; } rows[] = {
		{ { "alpha", "", "token='3000' netmtu='1400'", N1 N2 }, "totem.netmtu: not set -> 1400: a node takes it over when it starts" },
		{ { "alpha", "wait_for_all='1'", "token='3000'", N1 N2 }, "quorum.wait_for_all: not set -> 1: a node" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect(&base, &rows[i].s, CMAN_NODE_RESTART, rows[i].line);
		expect(&rows[i].s, &base, CMAN_NODE_RESTART, "a node takes it over");
	}
}

static void test_cluster_restart(void **state)
{
	static const struct { struct side s; const char *line; } rows[] = {
		{ { "beta", "", "token='3000'", N1 N2 }, "totem.cluster_name: alpha -> beta: cannot change while the cluster runs" },
		{ { "alpha", "transport='udpu'", "token='3000' secauth='0'", N1 N2 }, "totem.transport: knet -> udpu: cannot" },
		{ { "alpha", "", "token='3000' secauth='0'", N1 N2 }, "totem.crypto_cipher: aes256 -> not set: cannot" },
		{ { "alpha", "port='5500'", "token='3000'", N1 N2 }, "totem.interface.0.mcastport: 5405 -> 5500: cannot" },
		{ { "alpha", "keyfile='/other'", "token='3000'", N1 N2 }, "totem.keyfile: /k -> /other: cannot" },
		{ { "alpha", "cluster_id='9'", "token='3000'", N1 N2 }, "hawser.cluster_id: 3169 -> 9: cannot" },
		{ { "alpha", "", "token='3000'", N1 "<clusternode name='n2' nodeid='7'/>" }, "nodelist.n2.nodeid: 2 -> 7: cannot" },
	};
	static const struct side two_links = { "alpha", "", "token='3000'", N1_ALT N2_ALT },
		moved = { "alpha", "", "token='3000'", N1_ALT "<clusternode name='n2' nodeid='2'><altname name='n2-c'/></clusternode>" };

	static const struct side disk = { "alpha", "expected_votes='3'/><quorumd label='q' interval='1' tko='10'", "token='9000'", N1 N2 },
		faster = { "alpha", "expected_votes='3'/><quorumd label='q' interval='1' tko='5'", "token='9000'", N1 N2 },
		none = { "alpha", "expected_votes='3'", "token='9000'", N1 N2 };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&base, &rows[i].s, CMAN_CLUSTER_RESTART, rows[i].line);
	/* Times of a quorum disk that stays; the disk as a whole may come and go. */
	expect(&disk, &faster, CMAN_CLUSTER_RESTART, "quorum.device.timeout: 2000 -> 1000: cannot");
	expect(&disk, &none, CMAN_LIVE, "quorum.device.timeout: 2000 -> not set: taken over");
	/* An address of a link that stays; the link as a whole may go and come again. */
	expect(&two_links, &moved, CMAN_CLUSTER_RESTART, "nodelist.n2.ring1_addr: n2-b -> n2-c: cannot");
	expect(&two_links, &base, CMAN_LIVE, "nodelist.n2.ring1_addr: n2-b -> not set: taken over");
}

/* Only those of one kind are said, and the greatest of all is returned. */
static void test_mixed(void **state)
{
	const struct side s = { "alpha", "transport='udpu'", "", N1 N2 };
	struct clu_buf was = CLU_BUF_INIT, is = CLU_BUF_INIT, said = CLU_BUF_INIT;
	struct cman_change *list;
	int n;

	make(base.name, base.cman, base.totem, base.nodes, &was);
	make(s.name, s.cman, "token='99' netmtu='1400' secauth='0'", s.nodes, &is);
	assert_int_equal(cman_change_explain(clu_buf_text(&was), clu_buf_text(&is), CMAN_NODE_RESTART, &said), CMAN_CLUSTER_RESTART);
	assert_null(strstr(clu_buf_text(&said), "token"));
	assert_non_null(strstr(clu_buf_text(&said), "netmtu"));
	assert_null(strstr(clu_buf_text(&said), "transport"));
	n = cman_change_list(clu_buf_text(&was), clu_buf_text(&is), &list);
	assert_true(n > 3);
	assert_string_equal(list[0].key, "totem.transport");
	assert_string_equal(list[0].old, "knet");
	assert_string_equal(list[0].new, "udpu");
	free(list);
	clu_buf_free(&was);
	clu_buf_free(&is);
	clu_buf_free(&said);
}

/* Whatever stands in a file that somebody else wrote: no crash, no endless loop. */
static void test_strange_texts(void **state)
{
	static const char *const texts[] = { "", "}", "}\n}\n", "a {\nb {\nc {\nd {\ne {\nx: 1\n}}}", ": \n", "totem {\n", "a: ", "\t\t{\n" };
	char big[4000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	memcpy(big + 100, ": ", 2);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cman_change *list;

		assert_true(cman_change_list(texts[i], big, &list) >= 0);
		free(list);
		assert_true(cman_change_list(big, texts[i], &list) >= 0);
		free(list);
	}
}

static void test_value(void **state)
{
	struct clu_buf text = CLU_BUF_INIT;
	char v[64];

	make(base.name, base.cman, base.totem, base.nodes, &text);
	assert_true(cman_conf_value(clu_buf_text(&text), "totem", "cluster_name", v, sizeof(v)));
	assert_string_equal(v, "alpha");
	assert_true(cman_conf_value(clu_buf_text(&text), "hawser", "config_version", v, sizeof(v)));
	assert_string_equal(v, "7");
	assert_false(cman_conf_value(clu_buf_text(&text), "hawser", "cluster_name", v, sizeof(v)));
	assert_string_equal(v, "");
	assert_false(cman_conf_value(clu_buf_text(&text), "nothing", "x", v, sizeof(v)));
	clu_buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_live), cmocka_unit_test(test_node_restart),
		cmocka_unit_test(test_cluster_restart), cmocka_unit_test(test_mixed), cmocka_unit_test(test_strange_texts),
		cmocka_unit_test(test_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clu_conf.h"

static const char sample[] =
	"<?xml version=\"1.0\"?>\n"
	"<!-- head -->\n"
	"<cluster name=\"alpha\" config_version=\"12\">\n"
	"  <cman two_node=\"1\" expected_votes='1'/>\n"
	"  <clusternodes>\n"
	"    <clusternode name=\"n&amp;1\" nodeid=\"7\" votes=\"3\"><fence/></clusternode>\n"
	"    text\n"
	"    <clusternode name=\"n2\" nodeid=\"x\"/>\n"
	"    <clusternode nodeid=\"4\" empty=\"\"/>\n"
	"  </clusternodes>\n"
	"  <rm><failoverdomains><failoverdomain name=\"d\"/></failoverdomains></rm>\n"
	"</cluster>\n";

static struct clu_conf *parse(const char *text)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	assert_int_equal(clu_conf_parse(text, strlen(text), "t.conf", &c, &errs), 0);
	assert_string_equal(clu_buf_text(&errs), "");
	clu_buf_free(&errs);
	return c;
}

static void refuse(const char *text, const char *expected)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	assert_int_equal(clu_conf_parse(text, strlen(text), "t.conf", &c, &errs), -EBADMSG);
	assert_null(c);
	if (!strstr(clu_buf_text(&errs), expected))
		fail_msg("no \"%s\" in: %s", expected, clu_buf_text(&errs));
	clu_buf_free(&errs);
}

static void test_walk(void **state)
{
	struct clu_conf *c = parse(sample);
	const struct clu_node *root = clu_conf_root(c), *n;
	const char *name, *value;
	size_t len;

	assert_int_equal(clu_conf_version(c), 12);
	assert_string_equal(clu_conf_cluster_name(c), "alpha");
	assert_memory_equal(clu_conf_bytes(c, &len), sample, sizeof(sample) - 1);
	assert_int_equal(len, sizeof(sample) - 1);
	assert_string_equal(clu_node_name(root), "cluster");
	assert_int_equal(clu_node_line(root), 3);
	assert_string_equal(clu_node_file(root), "t.conf");
	assert_null(clu_node_parent(root));

	n = clu_node_child(root, NULL);
	assert_string_equal(clu_node_name(n), "cman");
	assert_ptr_equal(clu_node_parent(n), root);
	assert_int_equal(clu_node_attr_count(n), 2);
	assert_true(clu_node_attr_at(n, 1, &name, &value));
	assert_string_equal(name, "expected_votes");
	assert_string_equal(value, "1");
	assert_false(clu_node_attr_at(n, 2, &name, &value));
	assert_null(clu_node_attr(n, "none"));
	assert_string_equal(clu_node_name(clu_node_next(n, NULL)), "clusternodes");
	assert_string_equal(clu_node_name(clu_node_next(n, "rm")), "rm");
	assert_null(clu_node_next(n, "cman"));
	assert_null(clu_node_child(n, NULL));
	assert_null(clu_node_child(NULL, "x"));

	n = clu_node_path(root, "rm/failoverdomains/failoverdomain");
	assert_string_equal(clu_node_attr(n, "name"), "d");
	assert_null(clu_node_path(root, "rm/failover"));
	assert_null(clu_node_path(root, "rm/failoverdomains/failoverdomain/x/y"));
	assert_null(clu_conf_unref(clu_conf_ref(c)));
	assert_null(clu_conf_unref(c));
	assert_null(clu_conf_unref(NULL));
}

static void test_nodes(void **state)
{
	struct clu_conf *c = parse(sample);
	struct clu_conf_node n[4];

	assert_int_equal(clu_conf_nodes(c, n, 4), 3);
	assert_string_equal(n[0].name, "n&1");
	assert_int_equal(n[0].nodeid, 7);
	assert_int_equal(n[0].votes, 3);
	assert_string_equal(n[1].name, "n2");
	assert_int_equal(n[1].nodeid, 0);
	assert_int_equal(n[1].votes, 1);
	assert_string_equal(n[2].name, "");
	assert_string_equal(clu_node_attr(n[2].xml, "empty"), "");
	assert_int_equal(clu_conf_nodes(c, n, 1), 1);
	assert_int_equal(clu_conf_node_id(c, "n&1"), 7);
	assert_int_equal(clu_conf_node_id(c, "n9"), 0);
	assert_string_equal(clu_conf_node_name(c, 7), "n&1");
	assert_null(clu_conf_node_name(c, 8));
	assert_null(clu_conf_node_name(c, 0));
	clu_conf_unref(c);
}

static void test_xpath(void **state)
{
	struct clu_conf *c = parse(sample);
	char *s = NULL;

	assert_int_equal(clu_conf_xpath(c, "/cluster/clusternodes/clusternode[2]/@name", &s), 0);
	assert_string_equal(s, "n2");
	free(s);
	assert_int_equal(clu_conf_xpath(c, "count(//clusternode)", &s), 0);
	assert_string_equal(s, "3");
	free(s);
	s = NULL;
	assert_int_equal(clu_conf_xpath(c, "/cluster/none", &s), -ENOENT);
	assert_int_equal(clu_conf_xpath(c, "/cluster/[", &s), -EINVAL);
	/* The limit on steps: quadratic in quadratic. */
	assert_int_equal(clu_conf_xpath(c, "count(//*[count(//*[count(//*[count(//*[count(//*[count(//*)>0])>0])>0])"
					   ">0])>0])", &s), -EINVAL);
	assert_null(s);
	clu_conf_unref(c);
}

static void test_versions(void **state)
{
	static const struct { const char *text; uint64_t version; } rows[] = {
		{ "<cluster/>", 0 }, { "<cluster config_version='x1'/>", 0 }, { "<cluster config_version=''/>", 0 },
		{ "<cluster config_version='-1'/>", 0 }, { "<cluster config_version=' 3'/>", 0 },
		{ "<cluster config_version='18446744073709551615'/>", UINT64_MAX },
		{ "<cluster config_version='18446744073709551616'/>", 0 },
		{ "<cluster config_version='007'/>", 7 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clu_conf *c = parse(rows[i].text);

		assert_int_equal(clu_conf_version(c), rows[i].version);
		assert_string_equal(clu_conf_cluster_name(c), "");
		clu_conf_unref(c);
	}
}

static void test_refused(void **state)
{
	char deep[2048] = "";

	refuse("", "t.conf:1:1: empty");
	refuse("<cluster>\n<a>\n</cluster>", "t.conf:3:11: not well-formed XML");
	refuse("<cluster/><cluster/>", "t.conf:1:11: ");
	refuse("hello", "t.conf:1:1: ");
	refuse("<!DOCTYPE c [\n<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n<cluster name=\"x\">&e;</cluster>",
	       "t.conf:2:39: entity \"e\" declared");
	refuse("<!DOCTYPE c [<!ENTITY % p \"x\">]><cluster/>", "entity \"p\" declared");
	refuse("<!DOCTYPE c SYSTEM \"x.dtd\"><c a=\"1&foo;2\"/>", "Entity 'foo' not defined");
	for (int i = 0; i < 65; i++)
		strcat(deep, "<a>");
	for (int i = 0; i < 65; i++)
		strcat(deep, "</a>");
	refuse(deep, "t.conf:1:193: element \"a\" lies more than 64 levels deep");
	for (int i = 0; i < 64; i++)
		memcpy(deep + 3 * i, "<a>", 3), memcpy(deep + 192 + 4 * i, "</a>", 5);
	clu_conf_unref(parse(deep));
	/* A document type without entities, as agents' metadata have it, loads nothing and is no fault. */
	clu_conf_unref(parse("<!DOCTYPE resource-agent SYSTEM \"ra-api-1.dtd\">\n<resource-agent/>"));
}

/* A value is one string whatever is escaped in it, CDATA is text like any other, long documents keep their lines. */
static void test_escapes(void **state)
{
	struct clu_conf *c = parse("<c a=\"1&lt;2&amp;&amp;3&gt;&quot;&apos;&#65;&#x42;&#13;x\"><![CDATA[<t>]]></c>");
	struct clu_buf b = CLU_BUF_INIT;
	char *text = NULL;

	assert_string_equal(clu_node_attr(clu_conf_root(c), "a"), "1<2&&3>\"'AB\rx");
	assert_int_equal(clu_conf_xpath(c, "string(/c)", &text), 0);
	assert_string_equal(text, "<t>");
	free(text);
	clu_conf_unref(c);
	clu_buf_str(&b, "<c>");
	for (unsigned i = 0; i < 70000; i++)
		clu_buf_str(&b, "\n");
	clu_buf_str(&b, "<d/></c>");
	c = parse(clu_buf_text(&b));
	assert_int_equal(clu_node_line(clu_node_child(clu_conf_root(c), "d")), 70001);
	clu_conf_unref(c);
	clu_buf_free(&b);
}

static void test_size(void **state)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;
	char *big = calloc(1, CLU_CONF_MAX_BYTES + 1);

	assert_int_equal(clu_conf_parse(big, CLU_CONF_MAX_BYTES + 1, "t.conf", &c, &errs), -EMSGSIZE);
	assert_non_null(strstr(clu_buf_text(&errs), "t.conf:1:1: "));
	free(big);
	clu_buf_free(&errs);
}

/* Comments, quotes and tags of other kinds mislead nobody; a column is a character; the parser's lines are not used. */
static void test_places(void **state)
{
	struct clu_conf *c = parse("\xef\xbb\xbf<?xml version=\"1.0\"?><?pi <x a=\"\"> ?>\n"
		"<!DOCTYPE c [ <!-- ]> <x> -->\n <!ELEMENT c ANY> <!ATTLIST c d CDATA \"]>y\"> ]>\n"
		"<c one=\"1\"\n   two = '>/ '  h:three='\"'\n   xmlns:h='h'><!-- <no/> --><![CDATA[<no/>]]>\n"
		"\t<é é=\"äöü\" b=\"&lt;\"/><h:e/></c ><!-- end -->\n");
	const struct clu_node *root = clu_conf_root(c), *e = clu_node_child(root, NULL), *h = clu_node_next(e, NULL);
	struct clu_place p[] = {
		{ .node = h }, { .node = root }, { .node = root, .attr = "two" }, { .node = root, .attr = "three" }, { .node = e },
		{ .node = e, .attr = "b" }, { .node = root, .attr = "d" }, { .node = e, .attr = "missing" },
	};
	static const int want[][2] = { { 7, 23 }, { 4, 1 }, { 5, 4 }, { 5, 17 }, { 7, 2 }, { 7, 13 }, { 4, 1 }, { 7, 2 } };

	clu_conf_where(c, p, sizeof(p) / sizeof(p[0]));
	for (unsigned i = 0; i < sizeof(p) / sizeof(p[0]); i++)
		if (p[i].line != want[i][0] || p[i].column != want[i][1])
			fail_msg("place %u: %d:%d, not %d:%d", i, p[i].line, p[i].column, want[i][0], want[i][1]);
	clu_conf_where(c, p, 0);
	clu_conf_unref(c);
}

/* The bytes cannot be walked beside the tree in an encoding without ASCII: the parser's line must do. */
/* The end of a comment does not share a dash with its begin. */
static void test_places_behind_a_comment(void **state)
{
	struct clu_conf *c = parse("<c><!--> <no> <no> --> <d/></c>");
	struct clu_place p = { .node = clu_node_child(clu_conf_root(c), "d") };

	clu_conf_where(c, &p, 1);
	assert_int_equal(p.line, 1);
	assert_int_equal(p.column, 24);
	clu_conf_unref(c);
}

static void test_places_of_utf16(void **state)
{
	static const char text[] = "\xff\xfe<\0c\0>\0\n\0<\0d\0/\0>\0<\0/\0c\0>";
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;
	struct clu_place p;

	assert_int_equal(clu_conf_parse(text, sizeof(text), "t.conf", &c, &errs), 0);
	p = (struct clu_place){ .node = clu_node_child(clu_conf_root(c), "d") };
	clu_conf_where(c, &p, 1);
	assert_int_equal(p.line, 2);
	assert_int_equal(p.column, 1);
	clu_conf_unref(c);
}

/* Whatever the bytes are, what is wrong with them is told to the caller alone. */
static void test_nothing_on_stderr(void **state)
{
	static const char ucs4[] = "<\0\0\0\0\0\0\2abcd";
	FILE *f = tmpfile();
	int keep = dup(2);
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	assert_non_null(f);
	fflush(stderr);
	assert_int_equal(dup2(fileno(f), 2), 2);
	assert_int_equal(clu_conf_parse(ucs4, sizeof(ucs4) - 1, "t.conf", &c, &errs), -EBADMSG);
	assert_int_equal(clu_conf_parse("<c>\xff</c>", 8, "t.conf", &c, &errs), -EBADMSG);
	fflush(stderr);
	assert_int_equal(dup2(keep, 2), 2);
	close(keep);
	assert_int_equal(lseek(fileno(f), 0, SEEK_END), 0);
	assert_true(errs.len > 0);
	fclose(f);
	clu_buf_free(&errs);
}

static void test_attributes_are_bounded(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	clu_buf_str(&b, "<c>\n <d");
	for (unsigned i = 0; i < 1000; i++)
		clu_buf_printf(&b, " a%u='='", i);
	clu_buf_str(&b, "/></c>");
	clu_conf_unref(parse(clu_buf_text(&b)));
	b.len -= 6;
	clu_buf_str(&b, " z=''/></c>");
	refuse(clu_buf_text(&b), "t.conf:2:2: element \"d\" has more than 1000 attributes");
	clu_buf_free(&b);
}

static void test_load(void **state)
{
	char path[] = "/tmp/test_clu_conf.XXXXXX";
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, sample, sizeof(sample) - 1), sizeof(sample) - 1);
	close(fd);
	assert_int_equal(clu_conf_load(path, &c, &errs), 0);
	assert_int_equal(clu_conf_version(c), 12);
	clu_conf_unref(c);
	unlink(path);
	assert_int_equal(clu_conf_load(path, &c, &errs), -ENOENT);
	assert_non_null(strstr(clu_buf_text(&errs), "cannot be opened"));
	assert_int_equal(clu_conf_load("/tmp", &c, &errs), -EISDIR);
	clu_buf_free(&errs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk), cmocka_unit_test(test_nodes), cmocka_unit_test(test_xpath),
		cmocka_unit_test(test_versions), cmocka_unit_test(test_refused), cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_size), cmocka_unit_test(test_places), cmocka_unit_test(test_places_behind_a_comment), cmocka_unit_test(test_places_of_utf16),
		cmocka_unit_test(test_attributes_are_bounded), cmocka_unit_test(test_nothing_on_stderr),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

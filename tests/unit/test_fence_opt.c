/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "fence_test_agent.h"

struct outcome {
	struct config c;
	struct clu_buf warnings, why;
	int r;
};

static int begin(void **state)
{
	struct outcome *o = calloc(1, sizeof(*o));

	*state = o;
	return fence_opt_defaults(&agent, &o->c);
}

static int finish(void **state)
{
	struct outcome *o = *state;

	fence_opt_free(&agent, &o->c);
	clu_buf_free(&o->warnings);
	clu_buf_free(&o->why);
	free(o);
	return 0;
}

static void feed(struct outcome *o, const char *text)
{
	clu_buf_free(&o->warnings);
	clu_buf_free(&o->why);
	o->r = fence_opt_stdin(&agent, &o->c, text, strlen(text), &o->warnings, &o->why);
}

static void give(struct outcome *o, const char *a, const char *b, const char *c)
{
	char *argv[] = { (char *)"fence_test", (char *)a, (char *)b, (char *)c, NULL };
	int argc = c ? 4 : b ? 3 : 2;

	clu_buf_free(&o->why);
	o->r = fence_opt_argv(&agent, &o->c, argc, argv, &o->why);
}

static void says(const struct clu_buf *b, const char *word)
{
	if (!strstr(clu_buf_text(b), word))
		fail_msg("\"%s\" is not in \"%s\"", word, clu_buf_text(b));
}

static void defaults_are_the_documented_ones(void **state)
{
	struct outcome *o = *state;

	assert_int_equal(o->c.common.action, FENCE_REBOOT);
	assert_int_equal(o->c.common.power_timeout_ms, 20000);
	assert_int_equal(o->c.common.power_wait_ms, 0);
	assert_int_equal(o->c.common.login_timeout_ms, 5000);
	assert_int_equal(o->c.common.shell_timeout_ms, 3000);
	assert_int_equal(o->c.common.retry_on, 1);
	assert_int_equal(o->c.port, 623);
	assert_int_equal(o->c.colour, 1);
}

static void lines_become_values(void **state)
{
	struct outcome *o = *state;

	feed(o, "# a comment\n\n  ipaddr=10.0.0.1\r\nkey=\"a "
		"b\"\nfast=yes\nipport=7\ncolour=RED\naction=OFF\n"
		"power-timeout=2.5\npower_timeout=1.25\nkey2=x\nhost=last=wins");
	assert_int_equal(o->r, 0);
	assert_string_equal(o->c.where, "last=wins");
	assert_string_equal(o->c.key, "a b");
	assert_true(o->c.fast);
	assert_int_equal(o->c.port, 7);
	assert_int_equal(o->c.colour, 0);
	assert_int_equal(o->c.common.action, FENCE_OFF);
	assert_int_equal(o->c.common.power_timeout_ms, 1250);
	says(&o->warnings, "\"key2\" is unknown");
}

static void power_timeout_has_a_lower_bound(void **state)
{
	struct outcome *o = *state;

	feed(o, "power_timeout=0.5\n");
	assert_int_equal(o->r, -EINVAL);
	says(&o->why, "from 1 to 3600");
}

static void older_names_and_actions(void **state)
{
	static const struct {
		const char *text;
		enum fence_action action;
	} rows[] = {
		{ "option=off", FENCE_OFF },
		{ "operation=on", FENCE_ON },
		{ "action=disable", FENCE_OFF },
		{ "action=enable", FENCE_ON },
		{ "action=meta-data", FENCE_METADATA },
		{ "action=metadata", FENCE_METADATA },
		{ "action=Status", FENCE_STATUS },
		{ "action=validate-all", FENCE_VALIDATE },
		{ "action=monitor", FENCE_MONITOR },
		{ "action=list", FENCE_LIST },
		{ "action=reboot", FENCE_REBOOT },
	};
	struct outcome *o = *state;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		feed(o, rows[i].text);
		assert_int_equal(o->r, 0);
		assert_int_equal(o->c.common.action, rows[i].action);
	}
	feed(o, "passwd=x\ntimeout=9\n");
	assert_string_equal(o->c.common.password, "x");
	assert_int_equal(o->c.common.power_timeout_ms, 9000);
}

static void what_fenced_adds_is_no_warning(void **state)
{
	struct outcome *o = *state;

	feed(o, "agent=fence_test\nnodename=n1\nself=n2\nname=x\n");
	assert_int_equal(o->r, 0);
	assert_int_equal(o->warnings.len, 0);
	feed(o, "secret-without-name\nip=x");
	says(&o->warnings, "without \"=\"");
	assert_null(strstr(clu_buf_text(&o->warnings), "secret"));
	feed(o, "node=1\nip2=x\ni=x\n=x\nipaddr_=x\n");
	assert_int_equal(o->r, 0);
	says(&o->warnings, "\"node\"");
	says(&o->warnings, "\"ip2\"");
	says(&o->warnings, "\"i\"");
	says(&o->warnings, "\"ipaddr_\"");
}

static void bad_values_are_refused(void **state)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{ "ipport=0", "from 1 to 65535" },
		{ "ipport=65536", "from 1 to 65535" },
		{ "ipport=", "from 1 to 65535" },
		{ "ipport=-1", "from 1 to 65535" },
		{ "ipport=6x", "from 1 to 65535" },
		{ "ipport=99999999999999999999", "from 1 to 65535" },
		{ "fast=2", "neither 1 nor 0" },
		{ "colour=green", "is none of: red, blue" },
		{ "action=explode", "Unrecognised action 'explode'" },
		{ "power_timeout=-1", "from 1 to 3600" },
		{ "power_timeout=3601", "from 1 to 3600" },
		{ "power_timeout=inf", "from 1 to 3600" },
		{ "power_timeout=nan", "from 1 to 3600" },
		{ "power_timeout=0x10", "from 1 to 3600" },
		{ "power_timeout=1e3", "from 1 to 3600" },
		{ "power_timeout=1.2.3", "from 1 to 3600" },
		{ "delay=x", "from 0 to 3600" },
	};
	struct outcome *o = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		feed(o, bad[i].text);
		assert_int_equal(o->r, -EINVAL);
		says(&o->why, bad[i].reason);
	}
}

static void input_is_bounded(void **state)
{
	struct outcome *o = *state;
	char *line = malloc(FENCE_LINE_MAX + 20);

	memset(line, 'x', FENCE_LINE_MAX + 20);
	memcpy(line, "ip=", 3);
	line[FENCE_LINE_MAX] = '\0';
	feed(o, line);
	assert_int_equal(o->r, 0);
	assert_int_equal(strlen(o->c.where), FENCE_LINE_MAX - 3);
	line[FENCE_LINE_MAX] = 'x';
	line[FENCE_LINE_MAX + 1] = '\0';
	feed(o, line);
	assert_int_equal(o->r, -EINVAL);
	says(&o->why, "longer than 4096");
	free(line);
	assert_int_equal(fence_opt_stdin(&agent, &o->c, "ip=\0x\n", 6, &o->warnings, &o->why), -EINVAL);
}

static void command_line(void **state)
{
	struct outcome *o = *state;

	give(o, "-a", "10.0.0.9", "-P");
	assert_int_equal(o->r, 0);
	assert_string_equal(o->c.where, "10.0.0.9");
	assert_true(o->c.fast);
	give(o, "--ipaddr=x", "--power-timeout=3", "-oon");
	assert_string_equal(o->c.where, "x");
	assert_int_equal(o->c.common.power_timeout_ms, 3000);
	assert_int_equal(o->c.common.action, FENCE_ON);
	give(o, "-o", "nothing", NULL);
	assert_int_equal(o->r, -EINVAL);
	give(o, "--what", NULL, NULL);
	assert_int_equal(o->r, -EINVAL);
	says(&o->why, "is unknown");
	give(o, "-a", NULL, NULL);
	assert_int_equal(o->r, -EINVAL);
	says(&o->why, "needs a value");
	give(o, "stray", NULL, NULL);
	assert_int_equal(o->r, -EINVAL);
	says(&o->why, "\"stray\"");
}

static void secrets_on_the_command_line_are_refused(void **state)
{
	static const char *const ways[][2] = { { "-p", "hush" }, { "--password=hush", NULL },
		{ "--passwd", "hush" }, { "-k", "hush" }, { "--key=hush", NULL } };
	struct outcome *o = *state;

	for (unsigned i = 0; i < 5; i++) {
		give(o, ways[i][0], ways[i][1], NULL);
		assert_int_equal(o->r, -EINVAL);
		says(&o->why, "on stdin");
		assert_null(strstr(clu_buf_text(&o->why), "hush"));
		assert_null(o->c.common.password);
		assert_null(o->c.key);
	}
}

static void required_is_required(void **state)
{
	struct outcome *o = *state;

	assert_int_equal(fence_opt_check(&agent, &o->c, &o->why), -EINVAL);
	says(&o->why, "\"ip\" is missing");
	feed(o, "ip=\n");
	assert_int_equal(fence_opt_check(&agent, &o->c, &o->why), -EINVAL);
	feed(o, "ip=x\n");
	assert_int_equal(fence_opt_check(&agent, &o->c, &o->why), 0);
}

static double count(xmlXPathContextPtr x, const char *expr)
{
	xmlXPathObjectPtr r = xmlXPathEvalExpression((const xmlChar *)expr, x);
	double v;

	assert_non_null(r);
	v = r->floatval;
	xmlXPathFreeObject(r);
	return v;
}

static void metadata_is_xml_with_every_option(void **state)
{
	struct outcome *o = *state;
	xmlXPathContextPtr x;
	xmlDocPtr doc;

	fence_opt_metadata(&agent, &o->why);
	doc = xmlReadMemory(o->why.data, (int)o->why.len, "metadata", NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	x = xmlXPathNewContext(doc);
	assert_true(count(x, "count(/resource-agent[@name='fence_test'])") == 1);
	assert_true(count(x, "count(//parameter[@name='ip'][@required='1'][@obsoletes='ipaddr'])") == 1);
	assert_true(count(x, "count(//parameter[@name='host'][@deprecated='1'][@required='0'])") == 1);
	assert_true(count(x, "count(//parameter[@name='colour']/content[@type='select']/option)") == 2);
	assert_true(count(x, "count(//parameter[@name='ipport']/content[@default='623'])") == 1);
	assert_true(count(x, "count(//parameter[@name='power_timeout']/getopt[@mixed='-t, "
		"--power-timeout=[power_timeout]'])") == 1);
	assert_true(count(x, "count(//parameter[not(getopt) or not(content) or not(shortdesc)])") == 0);
	assert_true(count(x, "count(//action)") == FENCE_NACTIONS);
	xmlXPathFreeContext(x);
	xmlFreeDoc(doc);
	xmlCleanupParser();
}

static void help_names_every_option(void **state)
{
	struct outcome *o = *state;

	fence_opt_help(&agent, &o->why);
	says(&o->why, "-a, --ip=VALUE");
	says(&o->why, "(stdin only) key=");
	says(&o->why, "--power-timeout=VALUE");
	says(&o->why, "(623)");
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(defaults_are_the_documented_ones),
		T(lines_become_values),
		T(power_timeout_has_a_lower_bound),
		T(older_names_and_actions),
		T(what_fenced_adds_is_no_warning),
		T(bad_values_are_refused),
		T(input_is_bounded),
		T(command_line),
		T(secrets_on_the_command_line_are_refused),
		T(required_is_required),
		T(metadata_is_xml_with_every_option),
		T(help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fenced_methods.h"

static struct clu_conf *conf(const char *inner, const char *devices)
{
	struct clu_buf xml = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	clu_buf_printf(&xml, "<cluster name='t' config_version='1'><clusternodes><clusternode name='n1' nodeid='1'>%s"
		"</clusternode></clusternodes><fencedevices>%s</fencedevices></cluster>", inner, devices);
	assert_int_equal(clu_conf_parse(xml.data, xml.len, "t", &c, &errs), 0);
	clu_buf_free(&xml);
	clu_buf_free(&errs);
	return c;
}

static struct fence_plan *plan(const char *inner, const char *devices, enum fence_plan_kind kind)
{
	struct clu_conf *c = conf(inner, devices);
	struct fence_plan *p = NULL;

	assert_int_equal(fence_plan_build(c, "n1", kind, 60, &p), 0);
	clu_conf_unref(c);	/* the plan holds it */
	return p;
}

static const char *input(const struct fence_plan *p, unsigned m, unsigned s)
{
	return p->methods[m].steps[s].input;
}

static void test_order_of_lines(void **state)
{
	struct fence_plan *p = plan("<fence><method name='1'><device name='d' port='3' login='dev'/></method></fence>",
		"<fencedevice name='d' agent='fence_x' login='def' passwd='p &amp; q'/>", FENCE_PLAN_FENCE);

	/* device, nodename, fencedevice: agents let the last line win */
	assert_string_equal(input(p, 0, 0), "port=3\nlogin=dev\nnodename=n1\nagent=fence_x\nlogin=def\npasswd=p & q\n");
	assert_int_equal(p->methods[0].steps[0].input_len, strlen(input(p, 0, 0)));
	assert_string_equal(p->methods[0].steps[0].agent, "fence_x");
	assert_int_equal(p->methods[0].steps[0].deadline_ms, 60000);
	fence_plan_free(p);
	p = plan("<fence><method name='1'><device name='d' nodename='other'/></method></fence>",
		"<fencedevice name='d' agent='a'/>", FENCE_PLAN_FENCE);
	assert_string_equal(input(p, 0, 0), "nodename=other\nagent=a\n");
	fence_plan_free(p);
}

static void test_deadline_attribute(void **state)
{
	struct fence_plan *p = plan("<fence><method name='1'><device name='d' agent_timeout='5'/><device name='e'/>"
		"<device name='f' agent_timeout='soon'/></method></fence>", "<fencedevice name='d' agent='a'/>"
		"<fencedevice name='e' agent='a' agent_timeout='9'/><fencedevice name='f' agent='a'/>", FENCE_PLAN_FENCE);

	assert_int_equal(p->methods[0].steps[0].deadline_ms, 5000);
	assert_int_equal(p->methods[0].steps[1].deadline_ms, 9000);
	assert_int_equal(p->methods[0].steps[2].deadline_ms, 60000);
	assert_null(strstr(input(p, 0, 0), "agent_timeout"));	/* ours, not the agent's */
	fence_plan_free(p);
}

static void test_off_on_only_for_power(void **state)
{
	const char *two = "<fence><method name='1'><device name='a'/><device name='b'/></method></fence>";
	struct fence_plan *p = plan(two, "<fencedevice name='a' agent='fence_apc'/>"
		"<fencedevice name='b' agent='/usr/sbin/fence_wti'/>", FENCE_PLAN_FENCE);

	assert_int_equal(p->methods[0].n_steps, 4);
	assert_false(p->methods[0].steps[1].restore);
	assert_true(p->methods[0].steps[2].restore);
	assert_non_null(strstr(input(p, 0, 3), "action=on\n"));
	fence_plan_free(p);
	/* a storage fabric must never be opened again */
	p = plan(two, "<fencedevice name='a' agent='fence_apc'/><fencedevice name='b' agent='fence_scsi'/>",
		FENCE_PLAN_FENCE);
	assert_int_equal(p->methods[0].n_steps, 2);
	assert_null(strstr(input(p, 0, 0), "action="));
	fence_plan_free(p);
	/* the administrator has said what to do */
	p = plan(two, "<fencedevice name='a' agent='fence_apc' option='off'/><fencedevice name='b' agent='fence_apc'/>",
		FENCE_PLAN_FENCE);
	assert_int_equal(p->methods[0].n_steps, 2);
	fence_plan_free(p);
}

static void test_faults(void **state)
{
	struct fence_plan *p = plan("<fence><method name='1'/><method name='2'><device name='gone'/><device name='n'/>"
		"<device name='l' x='a&#10;action=on'/></method></fence>",
		"<fencedevice name='n'/><fencedevice name='l' agent='a'/>", FENCE_PLAN_FENCE);

	assert_int_equal(p->methods[0].error, FE_NO_DEVICE);
	assert_int_equal(p->methods[1].steps[0].error, FE_READ_DEVICE);
	assert_int_equal(p->methods[1].steps[1].error, FE_READ_AGENT);
	/* a line break would smuggle in a line of its own */
	assert_int_equal(p->methods[1].steps[2].error, FE_READ_ARGS);
	fence_plan_free(p);
}

static void test_bounds(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;
	struct fence_plan *p = NULL;
	struct clu_conf *c;

	clu_buf_str(&b, "<fence>");
	for (unsigned i = 0; i <= FENCE_MAX_METHODS; i++)
		clu_buf_printf(&b, "<method name='%u'/>", i);
	clu_buf_str(&b, "</fence>");
	c = conf(b.data, "");
	assert_int_equal(fence_plan_build(c, "n1", FENCE_PLAN_FENCE, 60, &p), -E2BIG);
	assert_int_equal(fence_plan_build(c, "n2", FENCE_PLAN_FENCE, 60, &p), -ENOENT);
	assert_int_equal(fence_method_count(c, "n1"), FENCE_MAX_METHODS + 1);
	assert_int_equal(fence_method_count(c, "n2"), 0);
	clu_conf_unref(c);
	clu_buf_free(&b);
	clu_buf_str(&b, "<fence><method name='1'>");
	for (unsigned i = 0; i <= FENCE_MAX_DEVICES; i++)
		clu_buf_printf(&b, "<device name='d%u'/>", i);
	clu_buf_str(&b, "</method></fence>");
	c = conf(b.data, "");
	assert_int_equal(fence_plan_build(c, "n1", FENCE_PLAN_FENCE, 60, &p), -E2BIG);
	clu_conf_unref(c);
	clu_buf_free(&b);
}

static void test_unfence_and_status(void **state)
{
	const char *inner = "<fence><method name='1'><device name='d' action='off'/></method></fence>"
		"<unfence><device name='d' action='on'/></unfence>";
	struct fence_plan *p = plan(inner, "<fencedevice name='d' agent='a'/>", FENCE_PLAN_UNFENCE);

	assert_int_equal(p->n_methods, 1);
	assert_string_equal(input(p, 0, 0), "action=on\nnodename=n1\nagent=a\n");
	fence_plan_free(p);
	p = plan(inner, "<fencedevice name='d' agent='a'/>", FENCE_PLAN_STATUS);
	assert_string_equal(input(p, 0, 0), "nodename=n1\nagent=a\naction=status\n");
	fence_plan_free(p);
	p = plan("<fence/>", "", FENCE_PLAN_UNFENCE);
	assert_int_equal(p->n_methods, 0);
	fence_plan_free(p);
}

static void test_texts(void **state)
{
	assert_string_equal(fence_error_text(FE_AGENT_SUCCESS), "success");
	assert_string_equal(fence_error_text(FE_NUM_METHOD), "error method number");
	assert_int_equal(FE_STATUS_ERROR, 14);
	for (int i = 0; i < FE_NERRORS; i++)
		assert_non_null(fence_error_text((enum fence_error)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_of_lines),
		cmocka_unit_test(test_deadline_attribute),
		cmocka_unit_test(test_off_on_only_for_power),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_unfence_and_status),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

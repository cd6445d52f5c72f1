/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the director: addresses, tables and their difference, the wheel, nft batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lvs_nft_text.h"
#include "lvs_wheel.h"

static struct lvs_addr addr(const char *text)
{
	struct lvs_addr a;

	assert_int_equal(lvs_addr_parse(text, &a), 0);
	return a;
}

static struct lvs_svc *svc(struct lvs_table *t, const char *vip, uint16_t port)
{
	struct lvs_svc s = { .addr = addr(vip), .port = port, .sched = LVS_WRR, .pmask_prefix = 32 };
	struct lvs_svc *p = lvs_table_add(t, &s);

	assert_non_null(p);
	return p;
}

static void dest(struct lvs_svc *s, const char *rip, unsigned weight)
{
	struct lvs_dest d = { .addr = addr(rip), .port = 80, .weight = weight };

	assert_int_equal(lvs_svc_put(s, &d), 0);
}

static void test_masks(void **state)
{
	struct lvs_addr a;
	unsigned n = 99;
	char text[LVS_ADDR_TEXT];

	assert_int_equal(lvs_addr_parse_mask("255.255.255.240", 32, &n), 0);
	assert_int_equal(n, 28);
	assert_int_equal(lvs_addr_parse_mask("0.0.0.0", 32, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(lvs_addr_parse_mask("/64", 128, &n), 0);
	assert_int_equal(n, 64);
	assert_int_equal(lvs_addr_parse_mask("255.0.255.0", 32, &n), -EINVAL);
	assert_int_equal(lvs_addr_parse_mask("33", 32, &n), -EINVAL);
	assert_int_equal(lvs_addr_parse_mask("", 32, &n), -EINVAL);
	a = addr("10.1.2.255");
	a = lvs_addr_masked(&a, 28);
	assert_string_equal(lvs_addr_text(&a, text), "10.1.2.240");
	a = addr("fd00::1");
	assert_string_equal(lvs_addr_port_text(&a, 80, text), "[fd00::1]:80");
}

static void assert_changes(const struct lvs_table *have, const struct lvs_table *want, const char *expected)
{
	static const char letters[] = "AsadxD";
	struct lvs_change *list;
	char got[32] = "";
	int n = lvs_table_diff(have, want, &list);

	assert_in_range(n, 0, 30);
	for (int i = 0; i < n; i++)
		got[i] = letters[list[i].kind];
	free(list);
	assert_string_equal(got, expected);
}

/* A add service, s set service, a add, d change, x remove a destination, D remove a service. */
static void test_difference(void **state)
{
	struct lvs_table a = { NULL, 0 }, b = { NULL, 0 };

	dest(svc(&a, "10.0.0.1", 80), "10.1.0.1", 1);
	dest(svc(&a, "10.0.0.1", 80), "10.1.0.2", 1);
	svc(&a, "10.0.0.1", 81);
	assert_int_equal(lvs_table_copy(&a, &b), 0);
	assert_true(lvs_table_equal(&a, &b));
	assert_changes(&a, &b, "");
	dest(svc(&b, "10.0.0.1", 80), "10.1.0.2", 5);
	assert_false(lvs_table_equal(&a, &b));
	assert_changes(&a, &b, "d");
	dest(svc(&b, "10.0.0.1", 80), "10.1.0.0", 1);
	svc(&b, "10.0.0.1", 79);
	svc(&b, "10.0.0.1", 81)->persistent_s = 5;
	assert_changes(&a, &b, "Aads");
	assert_changes(&b, &a, "Ddxs");
	lvs_table_done(&a);
	assert_changes(&a, &b, "AAaaaA");
	lvs_table_done(&b);
}

static unsigned slots_of(const struct lvs_wheel *w, unsigned dest_index)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->size; i++)
		n += w->slot[i] == dest_index;
	return n;
}

static void test_wheel_keeps_the_ratio(void **state)
{
	struct lvs_table t = { NULL, 0 };
	struct lvs_svc *s = svc(&t, "10.0.0.1", 80);
	struct lvs_wheel w;

	dest(s, "10.1.0.1", 3);
	dest(s, "10.1.0.2", 2);
	dest(s, "10.1.0.3", 1);
	lvs_wheel_build(s, &w);
	assert_int_equal(w.size, 60);
	assert_int_equal(slots_of(&w, 0), 30);
	assert_int_equal(slots_of(&w, 1), 20);
	assert_int_equal(slots_of(&w, 2), 10);
	/* Spread: any six neighbours hold the exact shares. */
	for (unsigned i = 0; i + 6 <= w.size; i += 6) {
		unsigned first = 0;

		for (unsigned k = 0; k < 6; k++)
			first += w.slot[i + k] == 0;
		assert_int_equal(first, 3);
	}
	s->sched = LVS_RR;
	lvs_wheel_build(s, &w);
	assert_int_equal(slots_of(&w, 0), 20);
	lvs_table_done(&t);
}

static void test_wheel_with_extreme_weights(void **state)
{
	struct lvs_table t = { NULL, 0 };
	struct lvs_svc *s = svc(&t, "10.0.0.1", 80);
	struct lvs_wheel w;

	lvs_wheel_build(s, &w);
	assert_int_equal(w.size, 60);
	assert_int_equal(w.slot[0], LVS_WHEEL_NONE);
	dest(s, "10.1.0.1", 0);
	lvs_wheel_build(s, &w);
	assert_int_equal(slots_of(&w, 0), 0);
	dest(s, "10.1.0.1", 65535);
	dest(s, "10.1.0.2", 1);
	lvs_wheel_build(s, &w);
	assert_in_range(w.size, 2, LVS_WHEEL_MAX);
	assert_int_equal(slots_of(&w, 1), 1);
	for (unsigned i = 0; i < 250; i++) {
		char rip[32];

		snprintf(rip, sizeof(rip), "10.2.0.%u", i);
		dest(s, rip, 1 + i * 200);
	}
	lvs_wheel_build(s, &w);
	assert_in_range(w.size, 252, LVS_WHEEL_MAX);
	for (unsigned i = 0; i < s->n_dests; i++)
		assert_in_range(slots_of(&w, i), 1, LVS_WHEEL_MAX);
	lvs_table_done(&t);
}

static char *batch(const struct lvs_table *have, const struct lvs_table *want)
{
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(lvs_nft_batch("T", have, want, &b), 0);
	return b.len ? b.data : strdup("");
}

static void test_weight_change_touches_no_rule(void **state)
{
	struct lvs_table a = { NULL, 0 }, b = { NULL, 0 };
	char *text;

	dest(svc(&a, "10.0.0.1", 80), "10.1.0.1", 1);
	dest(svc(&a, "10.0.0.1", 80), "10.1.0.2", 1);
	svc(&a, "10.0.0.2", 80);
	assert_int_equal(lvs_table_copy(&a, &b), 0);
	text = batch(&a, &b);
	assert_string_equal(text, "");
	free(text);
	dest(svc(&b, "10.0.0.1", 80), "10.1.0.2", 2);
	text = batch(&a, &b);
	assert_null(strstr(text, "rule"));
	assert_null(strstr(text, "chain"));
	assert_null(strstr(text, "10.0.0.2"));
	assert_non_null(strstr(text, "delete element inet T wheel-10.0.0.1-tcp-80"));
	assert_non_null(strstr(text, "add element inet T wheel-10.0.0.1-tcp-80"));
	free(text);
	lvs_table_done(&a);
	lvs_table_done(&b);
}

static void test_first_load_replaces_in_one_batch(void **state)
{
	struct lvs_table t = { NULL, 0 };
	char *text;

	dest(svc(&t, "fd00::1", 443), "fd00::2", 1);
	svc(&t, "fd00::1", 443)->pmask_prefix = 128;
	text = batch(NULL, &t);
	assert_ptr_equal(strstr(text, "add table inet T\ndelete table inet T\nadd table inet T\n"), text);
	assert_non_null(strstr(text, "dnat ip6 to [fd00::2]:80"));
	assert_non_null(strstr(text, "services6 { fd00::1 . tcp . 443 : goto svc-fd00__1-tcp-443 }"));
	free(text);
	lvs_table_done(&t);
}

static void test_table_names(void **state)
{
	char name[LVS_NFT_NAME];

	assert_int_equal(lvs_nft_table_name("web-1", name), 0);
	assert_string_equal(name, "hawser-lvs-web-1");
	assert_int_equal(lvs_nft_table_name("a; flush ruleset", name), -EINVAL);
	assert_int_equal(lvs_nft_table_name("", name), -EINVAL);
}

static void test_what_nft_cannot_do_is_said(void **state)
{
	struct lvs_virtual v = { .name = "web", .line = 7, .active = true, .sched = LVS_WLC };
	struct lvs_conf c = { .method = LVS_TUNNEL, .virtuals = &v, .n_virtuals = 1 };
	struct clu_buf why = CLU_BUF_INIT;

	assert_int_equal(lvs_nft_check("lvs.cf", &c, &why), -ENOTSUP);
	assert_non_null(strstr(clu_buf_text(&why), "network = tunnel"));
	assert_non_null(strstr(clu_buf_text(&why), "lvs.cf:7: virtual \"web\": scheduler wlc (the default)"));
	clu_buf_free(&why);
	c.method = LVS_NAT;
	v.sched = LVS_SH;
	assert_int_equal(lvs_nft_check("lvs.cf", &c, &why), 0);
	v.sched = LVS_WLC;
	v.active = false;
	assert_int_equal(lvs_nft_check("lvs.cf", &c, &why), 0);
	clu_buf_free(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_wheel_keeps_the_ratio),
		cmocka_unit_test(test_wheel_with_extreme_weights),
		cmocka_unit_test(test_weight_change_touches_no_rule),
		cmocka_unit_test(test_first_load_replaces_in_one_batch),
		cmocka_unit_test(test_table_names),
		cmocka_unit_test(test_what_nft_cannot_do_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

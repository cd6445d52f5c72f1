/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failover domains: the table of ratings, and the best place. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rg_domain.h"

static struct rg_rm *rm_of(const char *domain, struct clu_buf *errs)
{
	struct clu_buf text = CLU_BUF_INIT;
	struct clu_conf *c = NULL;
	struct rg_rm *rm = NULL;

	clu_buf_printf(&text, "<cluster name=\"a\" config_version=\"1\"><clusternodes><clusternode name=\"n1\" nodeid=\"1\"/>"
		"<clusternode name=\"n2\" nodeid=\"2\"/><clusternode name=\"n3\" nodeid=\"3\"/><clusternode name=\"n4\" nodeid=\"4\"/>"
		"</clusternodes><rm><failoverdomains>%s</failoverdomains><service name=\"s\" domain=\"d\"/>"
		"<service name=\"x\" exclusive=\"1\"/></rm></cluster>", domain);
	assert_int_equal(clu_conf_parse(text.data, text.len, "cluster.conf", &c, errs), 0);
	assert_int_equal(rg_rm_read(c, &rm, errs), 0);
	clu_conf_unref(c);
	clu_buf_free(&text);
	return rm;
}

#define D(attrs) "<failoverdomain name=\"d\" " attrs "><failoverdomainnode name=\"n1\" priority=\"1\"/>" \
	"<failoverdomainnode name=\"n2\" priority=\"2\"/></failoverdomain>"

static void ratings(void **state)
{
	static const uint32_t all[] = { 1, 2, 3 }, outside[] = { 3, 4 }, second[] = { 2, 3 };
	static const struct { const char *domain; const uint32_t *online; unsigned n; uint32_t node, owner;
		enum rg_rating rating; } t[] = {
		{ D(""), all, 3, 4, 0, RG_ILLEGAL },			/* no member */
		{ "", all, 3, 3, 0, RG_BEST },				/* the domain does not exist */
		{ D(""), outside, 2, 3, 0, RG_BEST },			/* nobody of the domain is there */
		{ D("restricted=\"1\""), outside, 2, 3, 0, RG_ILLEGAL },
		{ D(""), all, 3, 3, 0, RG_GOOD },			/* somebody is, but not this one */
		{ D("restricted=\"1\""), all, 3, 3, 0, RG_ILLEGAL },
		{ D(""), all, 3, 2, 0, RG_BEST },			/* unordered: priorities do not count */
		{ D("ordered=\"1\""), all, 3, 2, 0, RG_BETTER },
		{ D("ordered=\"1\""), all, 3, 1, 0, RG_BEST },
		{ D("ordered=\"1\""), second, 2, 2, 0, RG_BEST },
		{ D("ordered=\"1\" nofailback=\"1\""), all, 3, 2, 2, RG_BEST },
		{ D("ordered=\"1\" nofailback=\"1\""), all, 3, 1, 2, RG_BETTER },
		{ D("ordered=\"1\" nofailback=\"1\""), all, 3, 1, 0, RG_BEST },
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct clu_buf errs = CLU_BUF_INIT;
		struct rg_rm *rm = rm_of(t[i].domain, &errs);
		enum rg_rating got = rg_domain_rate(rm, rg_rm_policy(rm, "service:s"), t[i].online, t[i].n, t[i].node, t[i].owner);

		if (got != t[i].rating)
			fail_msg("case %u: %d, expected %d", i, got, t[i].rating);
		rg_rm_free(rm);
		clu_buf_free(&errs);
	}
}

static uint32_t place(const char *domain, const char *svc, struct rg_place *places, unsigned n)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct rg_rm *rm = rm_of(domain, &errs);
	uint32_t node = rg_place(rm, rg_rm_policy(rm, svc), places, n);

	rg_rm_free(rm);
	clu_buf_free(&errs);
	return node;
}

static void places(void **state)
{
	struct rg_place tried[] = { { 1, .why = RG_TRIED }, { 2, .why = RG_FITS }, { 3, .why = RG_FITS } };
	struct rg_place busy[] = { { 1, .active = 2 }, { 2, .active = 1 }, { 3, .active = 1 } };
	struct rg_place mixed[] = { { 1, .active = 1 }, { 2, .active = 1, .has_exclusive = true }, { 3, .active = 0 } };
	struct rg_place none[] = { { 1, .why = RG_UNFENCED }, { 2, .why = RG_LEAVING }, { 3, .why = RG_NOT_MEMBER } };

	/* The second of an ordered domain before one outside. */
	assert_int_equal(place(D("ordered=\"1\""), "service:s", tried, 3), 2);
	/* A failed start on the only domain node of a restricted domain leaves nobody. */
	tried[1].why = RG_NOT_MEMBER;
	assert_int_equal(place(D("restricted=\"1\""), "service:s", tried, 3), 0);
	assert_int_equal(tried[2].why, RG_OUTSIDE);
	/* Fewest services, then the lowest id. */
	assert_int_equal(place("", "service:s", busy, 3), 2);
	/* An exclusive service only where nothing runs; nothing where an exclusive one runs. */
	assert_int_equal(place("", "service:x", mixed, 3), 3);
	assert_int_equal(mixed[0].why, RG_NOT_EMPTY);
	mixed[0].why = mixed[1].why = RG_FITS;
	mixed[2].why = RG_NOT_MEMBER;
	assert_int_equal(place("", "service:s", mixed, 3), 1);
	assert_int_equal(mixed[1].why, RG_TAKEN);
	assert_int_equal(place("", "service:s", none, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ratings), cmocka_unit_test(places) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

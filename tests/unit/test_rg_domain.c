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

#define ORDERED D("ordered=\"1\"")

/* What made the choice, in words. */
static void reasons(void **state)
{
	static const struct { const char *domain, *svc; struct rg_place places[3]; const char *text; } t[] = {
		{ ORDERED, "service:s", { { 1, .why = RG_FITS }, { 2, .why = RG_FITS }, { 3, .why = RG_FITS } },
			"priority 1 in ordered failover domain d, before n2 (priority 2), n3 (outside)" },
		{ ORDERED, "service:s", { { 1, .why = RG_UNFENCED }, { 2, .why = RG_FITS }, { 3, .why = RG_LEAVING } },
			"priority 2 in ordered failover domain d; no other node can run it" },
		{ ORDERED, "service:s", { { 1, .why = RG_LEAVING }, { 2, .why = RG_LEAVING }, { 3, .why = RG_FITS } },
			"no node of failover domain d can run it, and the domain is not restricted; no other node can run it" },
		{ D(""), "service:s", { { 1, .active = 2 }, { 2, .active = 1 }, { 3, .active = 0 } },
			"it is in failover domain d, before n3 (outside); the fewest services run there (1, against 2 on n1)" },
		{ "", "service:s", { { 1, .active = 1 }, { 2, .active = 0 }, { 9, .active = 0 } },
			"it has no failover domain; the lowest node id of those with equally few services: also node 9" },
		{ "", "service:x", { { 1, .active = 1 }, { 2, .active = 0 }, { 3, .why = RG_LEAVING } },
			"it has no failover domain; it must be alone, and nothing else runs there; no other node can run it" },
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct clu_buf errs = CLU_BUF_INIT, why = CLU_BUF_INIT;
		struct rg_rm *rm = rm_of(t[i].domain, &errs);
		const struct rg_policy *p = rg_rm_policy(rm, t[i].svc);
		struct rg_place places[3];

		memcpy(places, t[i].places, sizeof(places));
		rg_place_explain(rm, p, places, 3, rg_place(rm, p, places, 3), &why);
		assert_string_equal(clu_buf_text(&why), t[i].text);
		rg_rm_free(rm);
		clu_buf_free(&errs);
		clu_buf_free(&why);
	}
}

static void better(void **state)
{
	static const struct { const char *domain; uint32_t better, worse; const char *text; } t[] = {
		{ ORDERED, 1, 2, "n1 has priority 1 in ordered failover domain d, n2 has priority 2" },
		{ ORDERED, 2, 1, "" },
		{ ORDERED, 2, 3, "n2 is in failover domain d, n3 is not" },
		{ ORDERED, 3, 1, "" },
		{ D(""), 1, 2, "" },
		{ D(""), 2, 3, "n2 is in failover domain d, n3 is not" },
		{ "", 1, 2, "" },
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct clu_buf errs = CLU_BUF_INIT, why = CLU_BUF_INIT;
		struct rg_rm *rm = rm_of(t[i].domain, &errs);
		bool yes = rg_better_explain(rm, rg_rm_policy(rm, "service:s"), t[i].better, t[i].worse, &why);

		assert_string_equal(clu_buf_text(&why), t[i].text);
		assert_int_equal(yes, *t[i].text != '\0');
		rg_rm_free(rm);
		clu_buf_free(&errs);
		clu_buf_free(&why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ratings), cmocka_unit_test(places), cmocka_unit_test(reasons),
		cmocka_unit_test(better) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

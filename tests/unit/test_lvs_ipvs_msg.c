/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "lvs_ipvs_msg.h"

#define FAMILY 42

static struct lvs_svc web(void)
{
	struct lvs_svc s = { .port = 80, .sched = LVS_WLC, .persistent_s = 300, .pmask_prefix = 24 };

	assert_int_equal(lvs_addr_parse("10.0.0.10", &s.addr), 0);
	return s;
}

static struct lvs_dest one(void)
{
	struct lvs_dest d = { .port = 8080, .weight = 7, .method = LVS_TUNNEL };

	assert_int_equal(lvs_addr_parse("10.1.0.1", &d.addr), 0);
	return d;
}

static void parse(struct nl_msg *m, int nest, int max, struct nlattr **ret)
{
	struct nlattr *top[IPVS_CMD_ATTR_MAX + 1];

	assert_int_equal(genlmsg_parse(nlmsg_hdr(m), 0, top, IPVS_CMD_ATTR_MAX, NULL), 0);
	assert_non_null(top[nest]);
	assert_int_equal(nla_parse_nested(ret, max, top[nest], NULL), 0);
}

static void test_new_service_has_what_the_kernel_demands(void **state)
{
	struct lvs_svc s = web();
	struct nl_msg *m = lvs_ipvs_msg(FAMILY, IPVS_CMD_NEW_SERVICE, NLM_F_ACK, &s, true, NULL);
	struct nlattr *at[IPVS_SVC_ATTR_MAX + 1];
	struct ip_vs_flags flags;

	assert_non_null(m);
	assert_int_equal(nlmsg_hdr(m)->nlmsg_type, FAMILY);
	assert_int_equal(genlmsg_hdr(nlmsg_hdr(m))->cmd, IPVS_CMD_NEW_SERVICE);
	assert_int_equal(genlmsg_hdr(nlmsg_hdr(m))->version, 1);
	parse(m, IPVS_CMD_ATTR_SERVICE, IPVS_SVC_ATTR_MAX, at);
	assert_int_equal(nla_get_u16(at[IPVS_SVC_ATTR_AF]), AF_INET);
	assert_int_equal(nla_get_u16(at[IPVS_SVC_ATTR_PROTOCOL]), IPPROTO_TCP);
	assert_int_equal(nla_len(at[IPVS_SVC_ATTR_ADDR]), 16);
	assert_memory_equal(nla_data(at[IPVS_SVC_ATTR_ADDR]), "\x0a\0\0\x0a", 4);
	assert_int_equal(nla_get_u16(at[IPVS_SVC_ATTR_PORT]), htons(80));
	assert_string_equal(nla_get_string(at[IPVS_SVC_ATTR_SCHED_NAME]), "wlc");
	memcpy(&flags, nla_data(at[IPVS_SVC_ATTR_FLAGS]), sizeof(flags));
	assert_int_equal(flags.flags, IP_VS_SVC_F_PERSISTENT);
	assert_int_equal(flags.mask, ~0u);
	assert_int_equal(nla_get_u32(at[IPVS_SVC_ATTR_TIMEOUT]), 300);
	assert_int_equal(nla_get_u32(at[IPVS_SVC_ATTR_NETMASK]), htonl(0xffffff00));
	assert_null(at[IPVS_SVC_ATTR_FWMARK]);
	nlmsg_free(m);
}

static void test_mark_service_is_named_by_its_mark_alone(void **state)
{
	struct lvs_svc s = web();
	struct nlattr *at[IPVS_SVC_ATTR_MAX + 1];
	struct nl_msg *m;

	s.fwmark = 77;
	m = lvs_ipvs_msg(FAMILY, IPVS_CMD_DEL_SERVICE, NLM_F_ACK, &s, false, NULL);
	parse(m, IPVS_CMD_ATTR_SERVICE, IPVS_SVC_ATTR_MAX, at);
	assert_int_equal(nla_get_u32(at[IPVS_SVC_ATTR_FWMARK]), 77);
	assert_null(at[IPVS_SVC_ATTR_ADDR]);
	assert_null(at[IPVS_SVC_ATTR_PORT]);
	assert_null(at[IPVS_SVC_ATTR_SCHED_NAME]);
	nlmsg_free(m);
}

static void test_destination(void **state)
{
	static const uint32_t fwd[] = { IP_VS_CONN_F_MASQ, IP_VS_CONN_F_DROUTE, IP_VS_CONN_F_TUNNEL };
	struct nlattr *at[IPVS_DEST_ATTR_MAX + 1];
	struct lvs_svc s = web();

	for (int method = 0; method < LVS_NMETHODS; method++) {
		struct lvs_dest d = one();
		struct nl_msg *m;

		d.method = (enum lvs_method)method;
		m = lvs_ipvs_msg(FAMILY, IPVS_CMD_NEW_DEST, NLM_F_ACK, &s, false, &d);
		parse(m, IPVS_CMD_ATTR_DEST, IPVS_DEST_ATTR_MAX, at);
		assert_int_equal(nla_get_u32(at[IPVS_DEST_ATTR_FWD_METHOD]), fwd[method]);
		assert_int_equal(nla_get_u32(at[IPVS_DEST_ATTR_WEIGHT]), 7);
		assert_int_equal(nla_get_u16(at[IPVS_DEST_ATTR_PORT]), htons(8080));
		assert_int_equal(nla_get_u16(at[IPVS_DEST_ATTR_ADDR_FAMILY]), AF_INET);
		assert_non_null(at[IPVS_DEST_ATTR_U_THRESH]);
		nlmsg_free(m);
		m = lvs_ipvs_msg(FAMILY, IPVS_CMD_DEL_DEST, NLM_F_ACK, &s, false, &d);
		parse(m, IPVS_CMD_ATTR_DEST, IPVS_DEST_ATTR_MAX, at);
		assert_null(at[IPVS_DEST_ATTR_WEIGHT]);
		nlmsg_free(m);
	}
}

static void test_what_is_written_reads_back(void **state)
{
	static const char *const vips[] = { "10.0.0.10", "fd00::10" };

	for (int i = 0; i < 2; i++) {
		struct lvs_svc s = web(), got;
		struct lvs_dest d = one(), got_dest;
		struct nl_msg *m;

		assert_int_equal(lvs_addr_parse(vips[i], &s.addr), 0);
		d.addr = s.addr;
		s.pmask_prefix = i ? 64 : 24;
		m = lvs_ipvs_msg(FAMILY, IPVS_CMD_NEW_SERVICE, 0, &s, true, &d);
		assert_int_equal(lvs_ipvs_read_svc(nlmsg_hdr(m), &got), 0);
		assert_int_equal(lvs_svc_cmp(&s, &got), 0);
		assert_int_equal(got.sched, LVS_WLC);
		assert_int_equal(got.persistent_s, 300);
		assert_int_equal(got.pmask_prefix, s.pmask_prefix);
		assert_int_equal(lvs_ipvs_read_dest(nlmsg_hdr(m), s.addr.family, &got_dest, NULL), 0);
		assert_int_equal(lvs_dest_cmp(&d, &got_dest), 0);
		assert_int_equal(got_dest.weight, 7);
		assert_int_equal(got_dest.method, LVS_TUNNEL);
		nlmsg_free(m);
	}
}

static void test_broken_answers_are_refused(void **state)
{
	struct lvs_svc s = web(), got = { .port = 1 };
	struct lvs_dest d;
	struct nl_msg *m = lvs_ipvs_msg(FAMILY, IPVS_CMD_NEW_SERVICE, 0, &s, false, NULL);
	unsigned len = nlmsg_hdr(m)->nlmsg_len;

	/* Identity only: the rest is missing. */
	assert_int_equal(lvs_ipvs_read_svc(nlmsg_hdr(m), &got), -EBADMSG);
	assert_int_equal(lvs_ipvs_read_dest(nlmsg_hdr(m), AF_INET, &d, NULL), -EBADMSG);
	assert_int_equal(got.port, 1);
	nlmsg_free(m);
	/* Cut at every length. */
	m = lvs_ipvs_msg(FAMILY, IPVS_CMD_NEW_SERVICE, 0, &s, true, NULL);
	len = nlmsg_hdr(m)->nlmsg_len;
	for (unsigned n = NLMSG_HDRLEN; n < len; n++) {
		struct nlmsghdr *h = malloc(n);

		memcpy(h, nlmsg_hdr(m), n);
		h->nlmsg_len = n;
		assert_int_equal(lvs_ipvs_read_svc(h, &got), -EBADMSG);
		free(h);
	}
	nlmsg_free(m);
}

static void test_timeouts(void **state)
{
	struct nl_msg *m = lvs_ipvs_timeouts_msg(FAMILY, 900, 0, 300);
	struct nlattr *top[IPVS_CMD_ATTR_MAX + 1];

	assert_int_equal(genlmsg_hdr(nlmsg_hdr(m))->cmd, IPVS_CMD_SET_CONFIG);
	assert_int_equal(genlmsg_parse(nlmsg_hdr(m), 0, top, IPVS_CMD_ATTR_MAX, NULL), 0);
	assert_int_equal(nla_get_u32(top[IPVS_CMD_ATTR_TIMEOUT_TCP]), 900);
	assert_null(top[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]);
	assert_int_equal(nla_get_u32(top[IPVS_CMD_ATTR_TIMEOUT_UDP]), 300);
	nlmsg_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_service_has_what_the_kernel_demands),
		cmocka_unit_test(test_mark_service_is_named_by_its_mark_alone),
		cmocka_unit_test(test_destination),
		cmocka_unit_test(test_what_is_written_reads_back),
		cmocka_unit_test(test_broken_answers_are_refused),
		cmocka_unit_test(test_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

# SPDX-License-Identifier: GPL-2.0-or-later
# Floating addresses, for the resource agent "ip" and for lvsd.
noinst_LTLIBRARIES += libhwip.la
libhwip_la_SOURCES = agents/resource/ip_netlink.h agents/resource/ip_netlink.c agents/resource/ip_addr.c \
	agents/resource/ip_neigh.c agents/resource/ip_packet.h agents/resource/ip_packet.c
libhwip_la_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
libhwip_la_LIBADD = $(NL_LIBS)

check_PROGRAMS += tests/unit/test_ip_packet tests/unit/test_ip_netlink
TESTS += tests/unit/test_ip_packet tests/unit/test_ip_netlink
tests_unit_test_ip_packet_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/resource
tests_unit_test_ip_packet_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ip_packet_LDADD = libhwip.la $(CMOCKA_LIBS)
tests_unit_test_ip_netlink_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/resource
tests_unit_test_ip_netlink_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ip_netlink_LDADD = libhwip.la $(NL_LIBS) $(CMOCKA_LIBS)

resourceagent_PROGRAMS += agents/resource/ip
agents_resource_ip_SOURCES = agents/resource/ip_agent.c agents/resource/ip_metadata.h agents/resource/ip_metadata.c \
	agents/resource/ip_params.h agents/resource/ip_params.c
agents_resource_ip_LDADD = libhwip.la $(NL_LIBS)
resourceagent_SCRIPTS += agents/resource/service agents/resource/script
dist_resourceagent_DATA = agents/resource/agent_shell.sh
EXTRA_DIST += agents/resource/service agents/resource/script tests/cli/test_resource_agents.sh

check_PROGRAMS += tests/unit/test_ip_params
TESTS += tests/unit/test_ip_params tests/cli/test_resource_agents.sh
tests_unit_test_ip_params_SOURCES = tests/unit/test_ip_params.c agents/resource/ip_params.c
tests_unit_test_ip_params_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/resource
tests_unit_test_ip_params_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_ip_params_LDADD = libhwip.la $(CMOCKA_LIBS)
dist_man_MANS += man/hawser-resource-agents.7

# SPDX-License-Identifier: GPL-2.0-or-later
# The frame of all fence agents in C, then the agents.
noinst_LTLIBRARIES += libfenceagent.la
libfenceagent_la_SOURCES = agents/fence/fence_agent.h agents/fence/fence_agent.c agents/fence/fence_opt.h \
	agents/fence/fence_opt.c agents/fence/fence_opt_row.h agents/fence/fence_opt_show.c \
	agents/fence/fence_power.h agents/fence/fence_power.c agents/fence/fence_secret.h agents/fence/fence_secret.c
libfenceagent_la_LIBADD = libclucore.la

fenceagent_PROGRAMS += agents/fence/fence_ipmilan
agents_fence_fence_ipmilan_SOURCES = agents/fence/fence_ipmilan.c agents/fence/fence_ipmi.h agents/fence/fence_ipmi.c
agents_fence_fence_ipmilan_CFLAGS = $(AM_CFLAGS) $(OPENIPMI_CFLAGS)
agents_fence_fence_ipmilan_LDADD = libfenceagent.la $(OPENIPMI_LIBS)

fence_unit_tests = tests/unit/test_fence_opt tests/unit/test_fence_power tests/unit/test_fence_secret
check_PROGRAMS += $(fence_unit_tests)
TESTS += $(fence_unit_tests) tests/cli/test_fence_metadata.sh
EXTRA_DIST += tests/cli/test_fence_metadata.sh tests/golden/fence/fence_ipmilan.xml
tests_unit_test_fence_opt_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/fence
tests_unit_test_fence_opt_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_fence_opt_LDADD = libfenceagent.la $(XML_LIBS) $(CMOCKA_LIBS)
tests_unit_test_fence_power_CPPFLAGS = $(tests_unit_test_fence_opt_CPPFLAGS)
tests_unit_test_fence_power_CFLAGS = $(tests_unit_test_fence_opt_CFLAGS)
tests_unit_test_fence_power_LDADD = libfenceagent.la $(CMOCKA_LIBS)
tests_unit_test_fence_secret_CPPFLAGS = $(tests_unit_test_fence_opt_CPPFLAGS)
tests_unit_test_fence_secret_CFLAGS = $(tests_unit_test_fence_opt_CFLAGS)
tests_unit_test_fence_secret_LDADD = libfenceagent.la $(CMOCKA_LIBS)
dist_man_MANS += man/hawser-fence_ipmilan.8

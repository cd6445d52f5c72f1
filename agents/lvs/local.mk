# SPDX-License-Identifier: GPL-2.0-or-later
# The LVS router. The pure half (liblvscore.la) knows no kernel and no clock.
noinst_LTLIBRARIES += liblvscore.la
liblvscore_la_SOURCES = agents/lvs/lvs_addr.h agents/lvs/lvs_addr.c agents/lvs/lvs_lex.h agents/lvs/lvs_lex.c \
	agents/lvs/lvs_conf.h agents/lvs/lvs_conf_priv.h agents/lvs/lvs_conf.c agents/lvs/lvs_conf_keys.c \
	agents/lvs/lvs_conf_check.c agents/lvs/lvs_conf_file.c \
	agents/lvs/lvs_table.h agents/lvs/lvs_table.c agents/lvs/lvs_core.h agents/lvs/lvs_core_priv.h agents/lvs/lvs_core.c \
	agents/lvs/lvs_core_table.c \
	agents/lvs/lvs_wheel.h agents/lvs/lvs_wheel.c agents/lvs/lvs_nft_text.h agents/lvs/lvs_nft_text.c \
	agents/lvs/lvs_ipvs_msg.h agents/lvs/lvs_ipvs_msg.c
liblvscore_la_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
liblvscore_la_LIBADD = libclucore.la $(NL_LIBS)

noinst_LTLIBRARIES += liblvscheck.la
liblvscheck_la_SOURCES = agents/lvs/lvs_check.h agents/lvs/lvs_check_priv.h agents/lvs/lvs_check.c \
	agents/lvs/lvs_check_connect.c agents/lvs/lvs_check_expect.c agents/lvs/lvs_check_program.c
liblvscheck_la_LIBADD = liblvscore.la libclubase.la $(QB_LIBS)

sbin_PROGRAMS += lvsd
lvsd_SOURCES = agents/lvs/lvsd_main.c agents/lvs/lvsd.h agents/lvs/lvsd_daemon.c agents/lvs/lvsd_addr.h \
	agents/lvs/lvsd_addr.c agents/lvs/lvsd_run.h agents/lvs/lvsd_run.c agents/lvs/lvsd_status.h \
	agents/lvs/lvsd_status.c agents/lvs/lvsd_server.c agents/lvs/lvsd_report.h agents/lvs/lvsd_report.c \
	agents/lvs/lvs_director.h agents/lvs/lvs_director.c \
	agents/lvs/lvs_ipvs.c agents/lvs/lvs_nft.c agents/lvs/lvs_conntrack.h agents/lvs/lvs_conntrack.c
lvsd_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/lvs -I$(srcdir)/agents/resource
lvsd_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS) $(NFT_CFLAGS) -pthread
lvsd_LDADD = liblvscheck.la liblvscore.la libhwip.la libclushell.la libclubase.la $(NFT_LIBS) $(NL_LIBS) $(QB_LIBS) $(JANSSON_LIBS)

resourceagent_SCRIPTS += agents/lvs/lvs
CLEANFILES += agents/lvs/lvs
EXTRA_DIST += agents/lvs/lvs.in
agents/lvs/lvs: $(srcdir)/agents/lvs/lvs.in Makefile
	$(AM_V_GEN)$(MKDIR_P) agents/lvs && sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@rundir[@]|$(runstatedir)/hawser|g' \
		$(srcdir)/agents/lvs/lvs.in >$@.tmp && chmod 755 $@.tmp && mv $@.tmp $@

dist_man_MANS += man/lvsd.8 man/lvs.cf.5

LVS_TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/lvs
LVS_TEST_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS) $(CMOCKA_CFLAGS)
LVS_TESTS = test_lvs_core test_lvs_table test_lvs_ipvs_msg test_lvs_check
check_PROGRAMS += $(LVS_TESTS)
TESTS += $(LVS_TESTS) tests/cli/test_lvs_conf.sh
EXTRA_DIST += tests/cli/test_lvs_conf.sh tests/golden/lvs
test_lvs_core_SOURCES = tests/unit/test_lvs_core.c
test_lvs_core_CPPFLAGS = $(LVS_TEST_CPPFLAGS)
test_lvs_core_CFLAGS = $(LVS_TEST_CFLAGS)
test_lvs_core_LDADD = liblvscore.la $(CMOCKA_LIBS)
test_lvs_table_SOURCES = tests/unit/test_lvs_table.c
test_lvs_table_CPPFLAGS = $(LVS_TEST_CPPFLAGS)
test_lvs_table_CFLAGS = $(LVS_TEST_CFLAGS)
test_lvs_table_LDADD = liblvscore.la $(CMOCKA_LIBS)
test_lvs_ipvs_msg_SOURCES = tests/unit/test_lvs_ipvs_msg.c
test_lvs_ipvs_msg_CPPFLAGS = $(LVS_TEST_CPPFLAGS)
test_lvs_ipvs_msg_CFLAGS = $(LVS_TEST_CFLAGS)
test_lvs_ipvs_msg_LDADD = liblvscore.la $(NL_LIBS) $(CMOCKA_LIBS)
test_lvs_check_SOURCES = tests/unit/test_lvs_check.c
test_lvs_check_CPPFLAGS = $(LVS_TEST_CPPFLAGS)
test_lvs_check_CFLAGS = $(LVS_TEST_CFLAGS)
test_lvs_check_LDADD = liblvscheck.la $(QB_LIBS) $(CMOCKA_LIBS)

# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += libccsdcore.la libccsdvalidate.la libccsquery.la libccstext.la
CCSDCORE_SOURCES = ccsd/ccsd_doc.h ccsd/ccsd_doc.c ccsd/ccsd_core.h ccsd/ccsd_core_priv.h ccsd/ccsd_core.c \
	ccsd/ccsd_agree.c ccsd/ccsd_say.c ccsd/ccsd_state.c ccsd/ccsd_disk.c ccsd/ccsd_request.c \
	ccsd/ccsd_history.h ccsd/ccsd_history.c
libccsdcore_la_SOURCES = $(CCSDCORE_SOURCES)
libccsdcore_la_LIBADD = libclucore.la
libccsdvalidate_la_SOURCES = ccsd/ccsd_schema.h ccsd/ccsd_schema_priv.h ccsd/ccsd_schema.c ccsd/ccsd_schema_value.c \
	ccsd/ccsd_findings.h ccsd/ccsd_findings.c ccsd/ccsd_validate.h ccsd/ccsd_validate.c ccsd/ccsd_refs.h \
	ccsd/ccsd_refs_priv.h ccsd/ccsd_refs.c ccsd/ccsd_refs_names.c ccsd/ccsd_refs_fence.c ccsd/ccsd_refs_cman.c \
	ccsd/ccsd_refs_times.c ccsd/ccsd_refs_rm.c ccsd/ccsd_change.c ccsd/ccsd_agents.c ccsd/ccsd_vet.h ccsd/ccsd_vet.c
libccsdvalidate_la_LIBADD = libclucore.la $(XML_LIBS)
libccsquery_la_SOURCES = ccsd/ccs_query.h ccsd/ccs_query.c ccsd/ccs_address.c
libccsquery_la_LIBADD = $(XML_LIBS)

# What can be said of configurations without a daemon: for ccs_tool.
libccstext_la_SOURCES = ccsd/ccs_diff.h ccsd/ccs_diff.c ccsd/ccs_diff_rules.c ccsd/ccs_old.h ccsd/ccs_old.c \
	ccsd/ccs_effective.h ccsd/ccs_effective.c ccsd/ccs_defaults.c
# What corosync is told is decided in one place: cman_plan.h.
libccstext_la_LIBADD = libcmanplan.la libclucore.la

# COMPAT: the soname of the historical library.
lib_LTLIBRARIES += libccs.la
include_HEADERS += ccsd/ccs.h
libccs_la_SOURCES = ccsd/ccs.h ccsd/libccs.c ccsd/libccs_logging.c
libccs_la_LIBADD = libccsquery.la libcluclient.la
libccs_la_LDFLAGS = $(AM_LDFLAGS) -version-info 3:0:0

sbin_PROGRAMS += ccsd/ccsd ccs_tool ccs_config_validate ccs_config_dump ccs_test
ccsd_ccsd_SOURCES = ccsd/ccsd_main.c ccsd/ccsd_history_read.c
ccsd_ccsd_LDADD = libccsdcore.la libccsdvalidate.la libclushell.la
ccs_tool_SOURCES = ccsd/ccs_tool.h ccsd/ccs_tool.c ccsd/ccs_tool_update.c ccsd/ccs_tool_list.h \
	ccsd/ccs_tool_list.c ccsd/ccs_tool_rmlist.c ccsd/ccs_tool_doc.h ccsd/ccs_tool_doc.c ccsd/ccs_tool_edit.h \
	ccsd/ccs_tool_edit.c ccsd/ccs_tool_nodes.c ccsd/ccs_tool_rm.c ccsd/ccs_tool_create.c ccsd/ccs_tool_upgrade.c \
	ccsd/ccs_tool_diff.c ccsd/ccs_tool_effective.c ccsd/ccs_tool_change.c ccsd/ccs_tool_history.c ccsd/ccs_tool_editor.c \
	ccsd/ccsd_history_read.c ccsd/ccs_running.h ccsd/ccs_running.c
ccs_tool_LDADD = libcmanoutcome.la libccs.la libccstext.la libccsdcore.la libccsdvalidate.la libcluclient.la $(JANSSON_LIBS) $(XML_LIBS)
ccs_config_validate_SOURCES = ccsd/ccs_config_validate.h ccsd/ccs_config_validate.c ccsd/ccs_config_validate_say.c \
	ccsd/ccs_running.h ccsd/ccs_running.c
ccs_config_validate_LDADD = libccsdvalidate.la libcluclient.la $(JANSSON_LIBS)
ccs_config_dump_SOURCES = ccsd/ccs_config_dump.c ccsd/ccs_running.h ccsd/ccs_running.c
ccs_config_dump_LDADD = libcluclient.la
ccs_test_SOURCES = ccsd/ccs_test.c
ccs_test_LDADD = libccs.la
dist_man_MANS += man/ccs_config_dump.8 man/ccs_test.8 man/ccsd.8 man/ccs_tool.8 man/ccs_config_validate.8 man/cluster.conf.5

check_PROGRAMS += test_ccsd_core test_ccsd_history test_ccsd_random test_ccsd_validate test_ccs_query
TESTS += test_ccsd_core test_ccsd_history test_ccsd_random test_ccsd_validate test_ccs_query
CCSD_WORLD = tests/unit/ccsd_world.h tests/unit/ccsd_world.c tests/unit/ccsd_world_net.c
test_ccsd_core_SOURCES = tests/unit/test_ccsd_core.c $(CCSD_WORLD)
test_ccsd_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ccsd_core_LDADD = libccsdcore.la libclucore.la $(CMOCKA_LIBS)
test_ccsd_history_SOURCES = tests/unit/test_ccsd_history.c ccsd/ccsd_history_read.c $(CCSD_WORLD)
test_ccsd_history_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ccsd_history_LDADD = libccsdcore.la libclubase.la $(CMOCKA_LIBS)
test_ccsd_random_SOURCES = tests/unit/test_ccsd_random.c $(CCSD_WORLD)
test_ccsd_random_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ccsd_random_LDADD = libccsdcore.la libclucore.la $(CMOCKA_LIBS)
test_ccsd_validate_SOURCES = tests/unit/test_ccsd_validate.c
test_ccsd_validate_CPPFLAGS = $(AM_CPPFLAGS) -DSRCDIR='"$(abs_srcdir)"'
test_ccsd_validate_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ccsd_validate_LDADD = libccsdvalidate.la libclubase.la $(CMOCKA_LIBS)
test_ccs_query_SOURCES = tests/unit/test_ccs_query.c
test_ccs_query_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ccs_query_LDADD = libccsquery.la libclubase.la $(CMOCKA_LIBS)
TESTS += tests/cli/test_ccs_tool.sh tests/cli/test_ccs_tool_more.sh tests/cli/test_ccs_config_validate.sh
EXTRA_DIST += tests/golden/ccs tests/golden/ccs-diff tests/cli/expect.sh tests/cli/test_ccs_tool.sh \
	tests/cli/test_ccs_tool_more.sh tests/cli/test_ccs_config_validate.sh

# A program of a user: the header of the library and the library, nothing else of ours.
check_PROGRAMS += ccs_user
ccs_user_SOURCES = tests/cli/ccs_user.c
ccs_user_LDADD = libccs.la -lpthread
TESTS += tests/cli/test_libccs.sh tests/cli/test_ccsd_start.sh
EXTRA_DIST += tests/cli/test_libccs.sh tests/cli/test_ccsd_start.sh

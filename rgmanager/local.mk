# SPDX-License-Identifier: GPL-2.0-or-later
# The core is a library of its own: the daemon, rg_test, the simulator and the tests link it.
noinst_LTLIBRARIES += librgcore.la
RGCORE_SOURCES = rgmanager/rg_meta.h rgmanager/rg_meta.c rgmanager/rg_rm.h rgmanager/rg_rm.c \
	rgmanager/rg_domain.h rgmanager/rg_domain.c rgmanager/rg_explain.c rgmanager/rg_tree.h rgmanager/rg_tree.c rgmanager/rg_plan.c \
	rgmanager/rg_delta.h rgmanager/rg_delta.c rgmanager/rg_core.h rgmanager/rg_priv.h rgmanager/rg_core.c \
	rgmanager/rg_svc.c rgmanager/rg_eval.c rgmanager/rg_view.c rgmanager/rg_apply.c rgmanager/rg_request.c \
	rgmanager/rg_conf.c rgmanager/rg_local.c rgmanager/rg_op.c rgmanager/rg_check.c rgmanager/rg_msg.c \
	rgmanager/rg_code.c rgmanager/rg_dump.c rgmanager/rg_leave.c rgmanager/rg_left.c rgmanager/rg_agent_env.h rgmanager/rg_agent_env.c
librgcore_la_SOURCES = $(RGCORE_SOURCES)
librgcore_la_LIBADD = libclucore.la

RG_WORLD = tests/unit/rg_world.h tests/unit/rg_world.c tests/unit/rg_world_feed.c
check_PROGRAMS += test_rg_core test_rg_ops test_rg_parts test_rg_leave test_rg_left
TESTS += test_rg_core test_rg_ops test_rg_parts test_rg_leave test_rg_left
test_rg_ops_SOURCES = tests/unit/test_rg_ops.c $(RG_WORLD)
test_rg_ops_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
test_rg_ops_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_rg_ops_LDADD = librgcore.la $(CMOCKA_LIBS)
test_rg_leave_SOURCES = tests/unit/test_rg_leave.c $(RG_WORLD)
test_rg_leave_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
test_rg_leave_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_rg_leave_LDADD = librgcore.la $(CMOCKA_LIBS)
test_rg_left_SOURCES = tests/unit/test_rg_left.c $(RG_WORLD)
test_rg_left_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
test_rg_left_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_rg_left_LDADD = librgcore.la $(CMOCKA_LIBS)
test_rg_parts_SOURCES = tests/unit/test_rg_parts.c $(RG_WORLD)
test_rg_parts_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
test_rg_parts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_rg_parts_LDADD = librgcore.la $(CMOCKA_LIBS)
test_rg_core_SOURCES = tests/unit/test_rg_core.c $(RG_WORLD)
test_rg_core_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
test_rg_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_rg_core_LDADD = librgcore.la $(CMOCKA_LIBS)

noinst_LTLIBRARIES += librgagents.la
librgagents_la_SOURCES = rgmanager/rg_agents.h rgmanager/rg_agents.c
librgagents_la_LIBADD = librgcore.la libclubase.la

sbin_PROGRAMS += rgmanager/rgmanager
rgmanager_rgmanager_SOURCES = rgmanager/rgmanager_main.c
rgmanager_rgmanager_LDADD = librgagents.la libclushell.la

sbin_PROGRAMS += clustat clusvcadm
clustat_SOURCES = rgmanager/clustat.c rgmanager/clustat_print.h rgmanager/clustat_print.c
clustat_LDADD = libcmanbase.la librgcore.la libcluclient.la $(JANSSON_LIBS)
clusvcadm_SOURCES = rgmanager/clusvcadm.c
clusvcadm_LDADD = libcmanbase.la librgcore.la libcluclient.la
dist_man_MANS += man/rgmanager.8 man/clustat.8 man/clusvcadm.8

check_PROGRAMS += test_rg_tree test_rg_domain test_rg_meta test_clustat_print
TESTS += test_rg_tree test_rg_domain test_rg_meta test_clustat_print
test_rg_tree_SOURCES = tests/unit/test_rg_tree.c $(RG_WORLD)
test_rg_tree_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit -DGOLDEN_DIR='"$(abs_srcdir)/tests/golden/rg"'
test_rg_tree_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_rg_tree_LDADD = librgcore.la $(CMOCKA_LIBS)
test_rg_domain_SOURCES = tests/unit/test_rg_domain.c
test_rg_domain_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_rg_domain_LDADD = librgcore.la $(CMOCKA_LIBS)
test_rg_meta_SOURCES = tests/unit/test_rg_meta.c
test_rg_meta_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_rg_meta_LDADD = librgcore.la $(CMOCKA_LIBS)
test_clustat_print_SOURCES = tests/unit/test_clustat_print.c rgmanager/clustat_print.c
test_clustat_print_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clustat_print_LDADD = librgcore.la $(JANSSON_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/golden/rg

sbin_PROGRAMS += rg_test
rg_test_SOURCES = rgmanager/rg_test.c rgmanager/rg_test_run.h rgmanager/rg_test_run.c rgmanager/rg_simulate.h \
	rgmanager/rg_simulate.c rgmanager/rg_sim.h rgmanager/rg_sim_opts.c rgmanager/rg_sim_conf.c rgmanager/rg_sim_world.c \
	rgmanager/rg_sim_event.c rgmanager/rg_sim_agents.c rgmanager/rg_sim_watch.c rgmanager/rg_sim_state.c \
	rgmanager/rg_sim_print.c
rg_test_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/sim
rg_test_LDADD = libsim.la librgagents.la libccsdvalidate.la libclubase.la $(JANSSON_LIBS) $(QB_LIBS)
dist_man_MANS += man/rg_test.8
TESTS += tests/cli/test_rg_tools.sh tests/cli/test_rg_simulate.sh
EXTRA_DIST += tests/cli/test_rg_tools.sh tests/cli/test_rg_simulate.sh tests/golden/simulate

# All readers of cluster.conf against its validator; here since rgmanager stands above the others.
check_PROGRAMS += test_conf_agree
TESTS += test_conf_agree
test_conf_agree_SOURCES = tests/unit/test_conf_agree.c
test_conf_agree_CPPFLAGS = $(AM_CPPFLAGS) -DSRCDIR='"$(abs_srcdir)"'
test_conf_agree_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_conf_agree_LDADD = libccsdvalidate.la libcmanplan.la librgcore.la libclubase.la $(CMOCKA_LIBS)

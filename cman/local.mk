# SPDX-License-Identifier: GPL-2.0-or-later
# What corosync is told, from a cluster.conf: for cman_tool, and for the simulator's quorum.
noinst_LTLIBRARIES += libcmanplan.la
libcmanplan_la_SOURCES = cman/cman_plan.h cman/cman_plan.c cman/cman_id.c cman/cman_conf.h cman/cman_conf.c \
	cman/qdisk_conf.h cman/qdisk_conf.c cman/qdisk_format.h cman/qdisk_format.c \
	cman/cman_over.h cman/cman_over.c cman/cman_change.h cman/cman_change.c cman/cman_bare.h cman/cman_bare.c
libcmanplan_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
libcmanplan_la_LIBADD = libclucore.la $(ZLIB_LIBS)

noinst_LTLIBRARIES += libcmanbase.la
libcmanbase_la_SOURCES = cman/cman_name.h cman/cman_name.c cman/cman_info.h cman/cman_info.c \
	cman/libcman_port_lock.h cman/libcman_port_lock.c cman/libcman_dirty.h cman/libcman_dirty.c \
	cman/cman_print.h cman/cman_print.c cman/cman_services.h cman/cman_services.c cman/cman_call.h cman/cman_call.c cman/cman_wait.h cman/cman_wait.c cman/cman_key.h cman/cman_key.c
libcmanbase_la_CFLAGS = $(AM_CFLAGS) $(CMAP_CFLAGS) $(CFG_CFLAGS) $(CPG_CFLAGS) $(QUORUM_CFLAGS) $(VOTEQUORUM_CFLAGS)
libcmanbase_la_LIBADD = libcmanplan.la libclubase.la $(CMAP_LIBS) $(CFG_LIBS) $(CPG_LIBS) $(QUORUM_LIBS) $(VOTEQUORUM_LIBS) -lpthread

# Asking cmand; also for tools of other folders.
noinst_LTLIBRARIES += libcmanoutcome.la
libcmanoutcome_la_SOURCES = cman/cman_outcome.h cman/cman_outcome.c
libcmanoutcome_la_LIBADD = libcluclient.la libproto.la

# What cman_tool and cmand's helper share: from a document to a corosync that runs with it.
noinst_LTLIBRARIES += libcmantake.la
libcmantake_la_SOURCES = cman/cman_start.h cman/cman_start.c cman/cman_doc.h cman/cman_doc.c cman/cman_take.h cman/cman_take.c \
	cman/cman_version.h cman/cman_version.c cman/cman_peer.h cman/cman_peer.c cman/cman_peer_msg.c
libcmantake_la_CFLAGS = $(AM_CFLAGS) $(CFG_CFLAGS) $(CMAP_CFLAGS) $(CRYPTO_CFLAGS)
libcmantake_la_LIBADD = libcmanbase.la libcluclient.la libproto.la $(CRYPTO_LIBS)

sbin_PROGRAMS += cman_tool
dist_man_MANS += man/cman_tool.8
cman_tool_SOURCES = cman/cman_tool.c cman/cman_args.h cman/cman_args.c cman/cman_join.h cman/cman_join.c \
	cman/cman_reload.h cman/cman_reload.c cman/cman_spread.h cman/cman_spread.c cman/cman_leave.h cman/cman_leave.c \
	cman/cman_fenced.h cman/cman_fenced.c cman/cman_debug.h cman/cman_debug.c cman/cman_check.h cman/cman_check.c \
	cman/cman_check_names.c cman/cman_check_ports.c cman/cman_check_peers.c cman/cman_check_firewall.c \
	cman/cman_nft_walk.h cman/cman_nft_walk.c
cman_tool_CFLAGS = $(AM_CFLAGS) $(NFT_CFLAGS)
cman_tool_LDADD = libcmantake.la libcmanoutcome.la $(NFT_LIBS)

# cmand: its core, the daemon, and the program that works for it.
noinst_LTLIBRARIES += libcmand.la
CMANDCORE_SOURCES = cman/cmand_core.h cman/cmand_core_priv.h cman/cmand_core.c cman/cmand_agree.c cman/cmand_say.c
libcmand_la_SOURCES = $(CMANDCORE_SOURCES)
libcmand_la_LIBADD = libclucore.la libproto.la
sbin_PROGRAMS += cmand
dist_man_MANS += man/cmand.8
cmand_SOURCES = cman/cmand_main.c
cmand_LDADD = libcmand.la libclushell.la
hawserlibexec_PROGRAMS += cman_apply
cman_apply_SOURCES = cman/cman_apply_main.c
cman_apply_LDADD = libcmantake.la

check_PROGRAMS += test_cman_conf
TESTS += test_cman_conf
test_cman_conf_SOURCES = tests/unit/test_cman_conf.c
test_cman_conf_CPPFLAGS = $(AM_CPPFLAGS) -DGOLDEN_DIR='"$(abs_srcdir)/tests/golden/cman"'
test_cman_conf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_conf_LDADD = libcmanbase.la $(CMOCKA_LIBS)
TESTS += tests/cli/test_cman_tool.sh
EXTRA_DIST += tests/golden/cman tests/cli/test_cman_tool.sh

check_PROGRAMS += test_cman_print
TESTS += test_cman_print
test_cman_print_SOURCES = tests/unit/test_cman_print.c
test_cman_print_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_print_LDADD = libcmanbase.la $(CMOCKA_LIBS)

check_PROGRAMS += test_cman_call
TESTS += test_cman_call
test_cman_call_SOURCES = tests/unit/test_cman_call.c
test_cman_call_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_call_LDADD = libcmanbase.la $(CMOCKA_LIBS)

check_PROGRAMS += test_cman_key
TESTS += test_cman_key
test_cman_key_SOURCES = tests/unit/test_cman_key.c
test_cman_key_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_key_LDADD = libcmanbase.la $(CMOCKA_LIBS)

check_PROGRAMS += test_cman_change test_cman_over test_cman_check test_cman_nft test_cman_peer test_cmand_core
TESTS += test_cman_change test_cman_over test_cman_check test_cman_nft test_cman_peer test_cmand_core
test_cman_change_SOURCES = tests/unit/test_cman_change.c
test_cman_change_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_change_LDADD = libcmanplan.la $(CMOCKA_LIBS)
test_cman_over_SOURCES = tests/unit/test_cman_over.c
test_cman_over_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_over_LDADD = libcmanplan.la $(CMOCKA_LIBS)
test_cman_check_SOURCES = tests/unit/test_cman_check.c cman/cman_check.c cman/cman_check_names.c cman/cman_check_ports.c \
	cman/cman_check_peers.c cman/cman_check_firewall.c cman/cman_nft_walk.c
test_cman_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(NFT_CFLAGS)
test_cman_check_LDADD = libcmantake.la $(NFT_LIBS) $(CMOCKA_LIBS)
test_cman_nft_SOURCES = tests/unit/test_cman_nft.c cman/cman_nft_walk.c
test_cman_nft_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_nft_LDADD = $(JANSSON_LIBS) $(CMOCKA_LIBS)
test_cman_peer_SOURCES = tests/unit/test_cman_peer.c
test_cman_peer_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_peer_LDADD = libcmantake.la $(CMOCKA_LIBS)
test_cmand_core_SOURCES = tests/unit/test_cmand_core.c tests/unit/cmand_world.c tests/unit/cmand_world.h
test_cmand_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cmand_core_LDADD = libcmand.la $(CMOCKA_LIBS)

# The quorum disk.
QDISKCORE_SOURCES = cman/qdisk_core.h cman/qdisk_priv.h cman/qdisk_core.c cman/qdisk_phase.c cman/qdisk_cycle.c \
	cman/qdisk_take.c cman/qdisk_peers.c cman/qdisk_elect.c cman/qdisk_vote.c cman/qdisk_heuristics.c cman/qdisk_show.c
noinst_LTLIBRARIES += libqdiskcore.la
libqdiskcore_la_SOURCES = $(QDISKCORE_SOURCES)
libqdiskcore_la_LIBADD = libcmanplan.la
noinst_LTLIBRARIES += libqdiskdev.la
libqdiskdev_la_SOURCES = cman/qdisk_dev.h cman/qdisk_dev.c
libqdiskdev_la_LIBADD = libcmanplan.la

sbin_PROGRAMS += qdiskd mkqdisk
dist_man_MANS += man/qdiskd.8 man/mkqdisk.8 man/qdisk.5
qdiskd_SOURCES = cman/qdiskd_main.c cman/qdiskd_device.h cman/qdiskd_disk.c cman/qdiskd_votes.c
qdiskd_CFLAGS = $(AM_CFLAGS) $(VOTEQUORUM_CFLAGS)
qdiskd_LDADD = libqdiskcore.la libqdiskdev.la libclushell.la $(VOTEQUORUM_LIBS) -lpthread
mkqdisk_SOURCES = cman/mkqdisk.c
mkqdisk_LDADD = libqdiskdev.la libclubase.la

TESTS += tests/cli/test_mkqdisk.sh
EXTRA_DIST += tests/cli/test_mkqdisk.sh

# COMPAT: the soname of the historical library. Its thread may outlive the last handle (see libcman_priv.h).
lib_LTLIBRARIES += libcman.la
include_HEADERS += cman/libcman.h
LIBCMAN_SOURCES = cman/libcman_priv.h cman/libcman_api.c cman/libcman_ask.c cman/libcman_change.c cman/libcman_engine.c \
	cman/libcman_watch.c cman/libcman_post.c cman/libcman_ports.h cman/libcman_ports.c cman/libcman_qdev.c \
	cman/libcman_port_lock.h cman/libcman_port_lock.c cman/libcman_dirty.h cman/libcman_dirty.c
libcman_la_SOURCES = cman/libcman.h $(LIBCMAN_SOURCES) cman/cman_call.c cman/cman_info.c cman/cman_id.c
libcman_la_CFLAGS = $(AM_CFLAGS) $(CMAP_CFLAGS) $(CFG_CFLAGS) $(CPG_CFLAGS) $(QUORUM_CFLAGS) $(VOTEQUORUM_CFLAGS)
libcman_la_LIBADD = libfencedask.la $(CMAP_LIBS) $(CFG_LIBS) $(CPG_LIBS) $(QUORUM_LIBS) \
	$(VOTEQUORUM_LIBS) -lpthread
libcman_la_LDFLAGS = $(AM_LDFLAGS) -version-info 3:0:0 -Wl,-z,nodelete
dist_man_MANS += man/libcman.3

check_PROGRAMS += test_libcman_ports
TESTS += test_libcman_ports tests/cli/test_libcman_abi.sh
test_libcman_ports_SOURCES = tests/unit/test_libcman_ports.c cman/libcman_ports.c
test_libcman_ports_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_libcman_ports_LDADD = $(CMOCKA_LIBS)
EXTRA_DIST += tests/cli/test_libcman_abi.sh tests/cli/libcman_abi.c

# cmannotifyd and its program.
noinst_LTLIBRARIES += libnotifyd.la
libnotifyd_la_SOURCES = cman/notifyd_core.h cman/notifyd_core.c
libnotifyd_la_LIBADD = libclucore.la
sbin_PROGRAMS += cmannotifyd
cmannotifyd_SOURCES = cman/notifyd_main.c cman/notifyd_leave.h cman/notifyd_leave.c
cmannotifyd_LDADD = libnotifyd.la libclushell.la
sbin_SCRIPTS += cman/cman_notify
hawserdata_SCRIPTS += cman/checkquorum
CLEANFILES += cman/cman_notify cman/checkquorum
EXTRA_DIST += cman/cman_notify.in cman/checkquorum.in
cman/cman_notify cman/checkquorum: cman/%: $(srcdir)/cman/%.in Makefile
	$(AM_V_GEN)$(MKDIR_P) cman && sed $(SUBST) $< >$@.tmp && chmod 755 $@.tmp && mv $@.tmp $@
dist_man_MANS += man/cmannotifyd.8 man/cman_notify.8

check_PROGRAMS += test_notifyd_core
TESTS += test_notifyd_core tests/cli/test_cman_notify.sh
test_notifyd_core_SOURCES = tests/unit/test_notifyd_core.c
test_notifyd_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_notifyd_core_LDADD = libnotifyd.la $(CMOCKA_LIBS)
EXTRA_DIST += tests/cli/test_cman_notify.sh

QDISK_WORLD = tests/unit/qdisk_world.h tests/unit/qdisk_world.c
check_PROGRAMS += test_qdisk_core test_qdisk_settings
TESTS += test_qdisk_core test_qdisk_settings
test_qdisk_core_SOURCES = tests/unit/test_qdisk_core.c $(QDISK_WORLD)
test_qdisk_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_qdisk_core_LDADD = libqdiskcore.la $(CMOCKA_LIBS)
test_qdisk_settings_SOURCES = tests/unit/test_qdisk_settings.c $(QDISK_WORLD)
test_qdisk_settings_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_qdisk_settings_LDADD = libqdiskcore.la $(CMOCKA_LIBS)

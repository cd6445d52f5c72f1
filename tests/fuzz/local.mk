# SPDX-License-Identifier: GPL-2.0-or-later
# With --enable-fuzzers (clang) the targets are libFuzzer programs; else they replay their corpus in "make check".
if FUZZERS
FUZZ_MAIN =
fuzz_link_flags = -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/fuzz_replay.c
fuzz_link_flags =
endif
FUZZ_TARGETS = fuzz_conf fuzz_group fuzz_fence_opt fuzz_ip_packet fuzz_cman_conf
check_PROGRAMS += $(FUZZ_TARGETS)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/replay.sh
TESTS += tests/fuzz/replay.sh
AM_TESTS_ENVIRONMENT = FUZZ_TARGETS='$(FUZZ_TARGETS)'; export FUZZ_TARGETS; \
	HAWSER_SRCDIR='$(abs_top_srcdir)'; export HAWSER_SRCDIR; \
	HAWSER_BUILDDIR='$(abs_top_builddir)'; export HAWSER_BUILDDIR;

fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(FUZZ_MAIN)
fuzz_conf_LDADD = libclucore.la $(XML_LIBS)
fuzz_conf_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)
fuzz_group_SOURCES = tests/fuzz/fuzz_group.c $(FUZZ_MAIN)
fuzz_group_LDADD = libclucore.la
fuzz_group_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)
fuzz_fence_opt_SOURCES = tests/fuzz/fuzz_fence_opt.c tests/unit/fence_test_agent.h $(FUZZ_MAIN)
fuzz_fence_opt_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/fence -I$(srcdir)/tests/unit
fuzz_fence_opt_LDADD = libfenceagent.la
fuzz_fence_opt_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)
fuzz_ip_packet_SOURCES = tests/fuzz/fuzz_ip_packet.c $(FUZZ_MAIN)
fuzz_ip_packet_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/resource
fuzz_ip_packet_LDADD = libhwip.la
fuzz_ip_packet_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)
fuzz_cman_conf_SOURCES = tests/fuzz/fuzz_cman_conf.c $(FUZZ_MAIN)
fuzz_cman_conf_LDADD = libcmanbase.la
fuzz_cman_conf_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)

FUZZ_TARGETS += fuzz_lvs_conf
fuzz_lvs_conf_SOURCES = tests/fuzz/fuzz_lvs_conf.c $(FUZZ_MAIN)
fuzz_lvs_conf_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/agents/lvs
fuzz_lvs_conf_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
fuzz_lvs_conf_LDADD = liblvscore.la
fuzz_lvs_conf_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)

FUZZ_TARGETS += fuzz_fdom
fuzz_fdom_SOURCES = tests/fuzz/fuzz_fdom.c $(FUZZ_MAIN)
fuzz_fdom_LDADD = libfdom.la libclucore.la
fuzz_fdom_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)

FUZZ_TARGETS += fuzz_rg fuzz_rg_meta
fuzz_rg_SOURCES = tests/fuzz/fuzz_rg.c $(FUZZ_MAIN)
fuzz_rg_LDADD = librgcore.la
fuzz_rg_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)
fuzz_rg_meta_SOURCES = tests/fuzz/fuzz_rg_meta.c $(FUZZ_MAIN)
fuzz_rg_meta_LDADD = librgcore.la
fuzz_rg_meta_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)

FUZZ_TARGETS += fuzz_ccs_validate
fuzz_ccs_validate_SOURCES = tests/fuzz/fuzz_ccs_validate.c $(FUZZ_MAIN)
fuzz_ccs_validate_CPPFLAGS = $(AM_CPPFLAGS) -DSRCDIR='"$(abs_srcdir)"'
fuzz_ccs_validate_LDADD = libccsdvalidate.la libclubase.la
fuzz_ccs_validate_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)

FUZZ_TARGETS += fuzz_cman_peer
fuzz_cman_peer_SOURCES = tests/fuzz/fuzz_cman_peer.c $(FUZZ_MAIN)
fuzz_cman_peer_LDADD = libcmantake.la
fuzz_cman_peer_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)

FUZZ_TARGETS += fuzz_ccs_old fuzz_ccsd_history
fuzz_ccs_old_SOURCES = tests/fuzz/fuzz_ccs_old.c ccsd/ccs_tool_upgrade.c ccsd/ccs_tool_doc.h ccsd/ccs_tool_doc.c $(FUZZ_MAIN)
fuzz_ccs_old_LDADD = libccstext.la libclubase.la $(XML_LIBS)
fuzz_ccs_old_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)
fuzz_ccsd_history_SOURCES = tests/fuzz/fuzz_ccsd_history.c $(FUZZ_MAIN)
fuzz_ccsd_history_LDADD = libccsdcore.la libclucore.la
fuzz_ccsd_history_LDFLAGS = $(AM_LDFLAGS) $(fuzz_link_flags)

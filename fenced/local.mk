# SPDX-License-Identifier: GPL-2.0-or-later
FDOM_SOURCES = fenced/fenced_core.h fenced/fenced_priv.h fenced/fenced_methods.h \
	fenced/fenced_core.c fenced/fenced_view.c fenced/fenced_apply.c fenced/fenced_victims.c \
	fenced/fenced_run.c fenced/fenced_yield.c \
	fenced/fenced_request.c fenced/fenced_news.c fenced/fenced_methods.c
noinst_LTLIBRARIES += libfdom.la
libfdom_la_SOURCES = $(FDOM_SOURCES)
libfdom_la_LIBADD = libclucore.la libproto.la

check_PROGRAMS += test_fenced_core test_fenced_merge test_fenced_ops
TESTS += test_fenced_core test_fenced_merge test_fenced_ops
FDOM_WORLD = tests/unit/fdom_world.h tests/unit/fdom_world.c tests/unit/fdom_world_feed.c
test_fenced_core_SOURCES = tests/unit/test_fenced_core.c $(FDOM_WORLD)
test_fenced_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_fenced_core_LDADD = libfdom.la $(CMOCKA_LIBS)
test_fenced_merge_SOURCES = tests/unit/test_fenced_merge.c $(FDOM_WORLD)
test_fenced_merge_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_fenced_merge_LDADD = libfdom.la $(CMOCKA_LIBS)
test_fenced_ops_SOURCES = tests/unit/test_fenced_ops.c $(FDOM_WORLD)
test_fenced_ops_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_fenced_ops_LDADD = libfdom.la $(CMOCKA_LIBS)

check_PROGRAMS += test_fenced_run test_fenced_methods
TESTS += test_fenced_run test_fenced_methods
test_fenced_run_SOURCES = tests/unit/test_fenced_run.c $(FDOM_WORLD)
test_fenced_run_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_fenced_run_LDADD = libfdom.la $(CMOCKA_LIBS)
test_fenced_methods_SOURCES = tests/unit/test_fenced_methods.c
test_fenced_methods_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_fenced_methods_LDADD = libfdom.la $(CMOCKA_LIBS)

check_PROGRAMS += test_fenced_random
TESTS += test_fenced_random
test_fenced_random_SOURCES = tests/unit/test_fenced_random.c $(FDOM_WORLD)
test_fenced_random_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_fenced_random_LDADD = libfdom.la $(CMOCKA_LIBS)

sbin_PROGRAMS += fence_tool fence_node fence_ack_manual
noinst_LTLIBRARIES += libfencedask.la
libfencedask_la_SOURCES = fenced/fenced_ask.h fenced/fenced_ask.c
libfencedask_la_LIBADD = libcluclient.la
fence_tool_SOURCES = fenced/fence_tool.c fenced/fence_tool_ls.h fenced/fence_tool_ls.c
fence_tool_LDADD = libfencedask.la
fence_node_SOURCES = fenced/fence_node.c
fence_node_LDADD = libfdom.la libfencedask.la
fence_ack_manual_SOURCES = fenced/fence_ack_manual.c
fence_ack_manual_LDADD = libfencedask.la

lib_LTLIBRARIES += libfenced.la
include_HEADERS += fenced/libfenced.h
libfenced_la_SOURCES = fenced/libfenced.h fenced/libfenced.c
libfenced_la_LIBADD = libfencedask.la
libfenced_la_LDFLAGS = $(AM_LDFLAGS) -version-info 3:0:0

check_PROGRAMS += test_fence_tool_ls
TESTS += test_fence_tool_ls
test_fence_tool_ls_SOURCES = tests/unit/test_fence_tool_ls.c fenced/fence_tool_ls.c
test_fence_tool_ls_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_fence_tool_ls_LDADD = libproto.la $(JANSSON_LIBS) $(CMOCKA_LIBS)

dist_man_MANS += man/fenced.8 man/fence_tool.8 man/fence_node.8 man/fence_ack_manual.8

sbin_PROGRAMS += fenced/fenced
fenced_fenced_SOURCES = fenced/fenced_main.c
fenced_fenced_LDADD = libfdom.la libclushell.la

check_PROGRAMS += test_libfenced
TESTS += test_libfenced
test_libfenced_SOURCES = tests/unit/test_libfenced.c fenced/libfenced.c
test_libfenced_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_libfenced_LDADD = libcluclient.la $(CMOCKA_LIBS)

# SPDX-License-Identifier: GPL-2.0-or-later
check_PROGRAMS += test_clu_buf test_clu_group
TESTS += test_clu_buf test_clu_group
test_clu_buf_SOURCES = tests/unit/test_clu_buf.c
test_clu_buf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_buf_LDADD = libclucore.la $(CMOCKA_LIBS)
test_clu_group_SOURCES = tests/unit/test_clu_group.c tests/unit/group_world.c tests/unit/group_world.h
test_clu_group_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_group_LDADD = libclucore.la $(CMOCKA_LIBS)

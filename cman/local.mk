# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += libcmanbase.la
libcmanbase_la_SOURCES = cman/cman_plan.h cman/cman_plan.c cman/cman_conf.h cman/cman_conf.c cman/cman_name.h \
	cman/cman_name.c
libcmanbase_la_LIBADD = libclubase.la

check_PROGRAMS += test_cman_conf
TESTS += test_cman_conf
test_cman_conf_SOURCES = tests/unit/test_cman_conf.c
test_cman_conf_CPPFLAGS = $(AM_CPPFLAGS) -DGOLDEN_DIR='"$(abs_srcdir)/tests/golden/cman"'
test_cman_conf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_cman_conf_LDADD = libcmanbase.la $(CMOCKA_LIBS)
EXTRA_DIST += tests/golden/cman

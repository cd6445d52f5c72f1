# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += libccsdcore.la
libccsdcore_la_SOURCES = ccsd/ccsd_doc.h ccsd/ccsd_doc.c ccsd/ccsd_core.h ccsd/ccsd_core_priv.h ccsd/ccsd_core.c \
	ccsd/ccsd_agree.c ccsd/ccsd_disk.c ccsd/ccsd_request.c
libccsdcore_la_LIBADD = libclucore.la

check_PROGRAMS += test_ccsd_core
TESTS += test_ccsd_core
test_ccsd_core_SOURCES = tests/unit/test_ccsd_core.c
test_ccsd_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ccsd_core_LDADD = libccsdcore.la libclucore.la $(CMOCKA_LIBS)

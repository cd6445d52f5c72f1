# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += libccsdcore.la libccsdvalidate.la
libccsdcore_la_SOURCES = ccsd/ccsd_doc.h ccsd/ccsd_doc.c ccsd/ccsd_core.h ccsd/ccsd_core_priv.h ccsd/ccsd_core.c \
	ccsd/ccsd_agree.c ccsd/ccsd_disk.c ccsd/ccsd_request.c
libccsdcore_la_LIBADD = libclucore.la
libccsdvalidate_la_SOURCES = ccsd/ccsd_schema.h ccsd/ccsd_schema.c ccsd/ccsd_validate.h ccsd/ccsd_validate.c \
	ccsd/ccsd_refs.c
libccsdvalidate_la_LIBADD = libclucore.la $(XML_LIBS)

sbin_PROGRAMS += ccs_config_validate
ccs_config_validate_SOURCES = ccsd/ccs_config_validate.c
ccs_config_validate_LDADD = libccsdvalidate.la libclubase.la
dist_man_MANS += man/ccs_config_validate.8 man/cluster.conf.5

check_PROGRAMS += test_ccsd_core test_ccsd_validate
TESTS += test_ccsd_core test_ccsd_validate
test_ccsd_core_SOURCES = tests/unit/test_ccsd_core.c
test_ccsd_core_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ccsd_core_LDADD = libccsdcore.la libclucore.la $(CMOCKA_LIBS)
test_ccsd_validate_SOURCES = tests/unit/test_ccsd_validate.c
test_ccsd_validate_CPPFLAGS = $(AM_CPPFLAGS) -DSRCDIR='"$(abs_srcdir)"'
test_ccsd_validate_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_ccsd_validate_LDADD = libccsdvalidate.la libclubase.la $(CMOCKA_LIBS)
EXTRA_DIST += tests/golden/ccs

# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += libccsdcore.la
libccsdcore_la_SOURCES = ccsd/ccsd_doc.h ccsd/ccsd_doc.c ccsd/ccsd_core.h ccsd/ccsd_core_priv.h ccsd/ccsd_core.c \
	ccsd/ccsd_agree.c ccsd/ccsd_disk.c ccsd/ccsd_request.c
libccsdcore_la_LIBADD = libclucore.la

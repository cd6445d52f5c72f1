# SPDX-License-Identifier: GPL-2.0-or-later
# Two static libraries: what a core may use (pure), and the shell.
noinst_LTLIBRARIES += libclucore.la
libclucore_la_SOURCES = lib/clu_core.h lib/clu_core.c lib/clu_buf.h lib/clu_buf.c lib/clu_out.h lib/clu_out.c \
	lib/clu_group.h lib/clu_group.c lib/clu_frag.h lib/clu_frag.c
libclucore_la_LIBADD = libproto.la $(PROTOBUFC_LIBS)

# SPDX-License-Identifier: GPL-2.0-or-later
# Each .proto becomes proto/NAME.pb-c.[ch] in the build folder; include as "NAME.pb-c.h".
PROTOS = proto/fenced.proto proto/ccsd.proto proto/cmand.proto proto/group.proto proto/rgmanager.proto proto/cmanport.proto
PROTO_C = $(PROTOS:.proto=.pb-c.c)
PROTO_H = $(PROTOS:.proto=.pb-c.h)

proto/%.pb-c.c proto/%.pb-c.h: $(srcdir)/proto/%.proto
	@$(MKDIR_P) proto
	$(AM_V_GEN)$(PROTOC_C) --proto_path=$(srcdir)/proto --c_out=proto $<

BUILT_SOURCES += $(PROTO_H)
CLEANFILES += $(PROTO_C) $(PROTO_H)
EXTRA_DIST += $(PROTOS)

noinst_LTLIBRARIES += libproto.la
nodist_libproto_la_SOURCES = $(PROTO_C) $(PROTO_H)
libproto_la_CFLAGS = $(AM_CFLAGS) -Wno-shadow -Wno-undef
libproto_la_LIBADD = $(PROTOBUFC_LIBS)

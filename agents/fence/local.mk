# SPDX-License-Identifier: GPL-2.0-or-later
# The frame of all fence agents in C, then the agents.
noinst_LTLIBRARIES += libfenceagent.la
libfenceagent_la_SOURCES = agents/fence/fence_agent.h agents/fence/fence_agent.c agents/fence/fence_opt.h \
	agents/fence/fence_opt.c agents/fence/fence_opt_row.h agents/fence/fence_opt_show.c \
	agents/fence/fence_power.h agents/fence/fence_power.c agents/fence/fence_secret.h agents/fence/fence_secret.c
libfenceagent_la_LIBADD = libclucore.la

fenceagent_PROGRAMS += agents/fence/fence_ipmilan
agents_fence_fence_ipmilan_SOURCES = agents/fence/fence_ipmilan.c agents/fence/fence_ipmi.h agents/fence/fence_ipmi.c
agents_fence_fence_ipmilan_CFLAGS = $(AM_CFLAGS) $(OPENIPMI_CFLAGS)
agents_fence_fence_ipmilan_LDADD = libfenceagent.la $(OPENIPMI_LIBS)

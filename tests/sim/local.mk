# SPDX-License-Identifier: GPL-2.0-or-later
noinst_PROGRAMS += hasim
hasim_SOURCES = tests/sim/hasim_main.c tests/sim/sim_world.c tests/sim/sim_world.h tests/sim/sim_ring.c \
	tests/sim/sim_node.c tests/sim/sim_agents.c tests/sim/sim_check.c tests/sim/sim_faults.c \
	tests/sim/sim_faults.h tests/sim/sim_types.c tests/sim/sim_types.h
hasim_LDADD = librgcore.la libccsdcore.la libfdom.la libclucore.la $(XML_LIBS)
TESTS += tests/sim/explore.sh
EXTRA_DIST += tests/sim/explore.sh

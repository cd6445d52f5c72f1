/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman_tool debug: debug messages of the running corosync. */
#ifndef CMAN_DEBUG_H
#define CMAN_DEBUG_H

/* The bits of the mask, as they always were. */
enum cman_debug_bit {
	CMAN_DEBUG_BARRIER = 2,		/* COMPAT: there are no barriers any more */
	CMAN_DEBUG_MEMBERSHIP = 4,	/* corosync's TOTEM, QUORUM and VOTEQ */
	CMAN_DEBUG_DAEMON = 8,		/* CFG, CMAP and CPG */
	CMAN_DEBUG_EXECUTIVE = 16,	/* all of corosync */
	CMAN_DEBUG_STARTUP = 32,	/* join -d only: the same */
	CMAN_DEBUG_ALL = 255
};

/*
 * Switches the messages of the parts in the mask on and of all others off, on this
 * node until corosync reads its configuration anew. Prints what fails; the exit code.
 */
int cman_debug(long mask);

#endif

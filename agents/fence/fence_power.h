/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How to switch one machine and be certain of it, as a pure machine: the caller
 * does what it is told (read the state, send a command, wait), and says how it
 * went. "off" and the off half of "reboot" succeed only when the device itself
 * has been read as off; the on half of a reboot may fail, since the node is
 * fenced by then.
 */
#ifndef FENCE_POWER_H
#define FENCE_POWER_H

#include "fence_opt.h"

enum fence_power_event {
	FENCE_EV_START,
	FENCE_EV_IS_ON,		/* GET: state read */
	FENCE_EV_IS_OFF,
	FENCE_EV_UNKNOWN,	/* GET: failed, may work later */
	FENCE_EV_DONE,		/* a command was accepted */
	FENCE_EV_FAILED,	/* a command failed, may work later; it may have taken effect all the same */
	FENCE_EV_DENIED,	/* GET or a command: will not work later either (rights, unsupported) */
	FENCE_EV_WAITED,	/* WAIT is over */
};

enum fence_power_do {
	FENCE_DO_GET, FENCE_DO_OFF, FENCE_DO_ON, FENCE_DO_CYCLE, FENCE_DO_WAIT, FENCE_DO_END
};

enum fence_power_end {
	FENCE_END_IS_ON, FENCE_END_IS_OFF,		/* status, monitor */
	FENCE_END_ALREADY_ON, FENCE_END_ALREADY_OFF,
	FENCE_END_ON, FENCE_END_OFF, FENCE_END_REBOOTED,
	FENCE_END_REBOOTED_STAYS_OFF,			/* confirmed off, but it did not come on */
	FENCE_END_TIMEOUT_ON, FENCE_END_TIMEOUT_OFF,	/* the state was not reached */
	FENCE_END_NO_STATE,				/* the state could not be read */
	FENCE_END_DENIED,
};

struct fence_power_next {
	enum fence_power_do what;
	uint32_t wait_ms;		/* WAIT */
	enum fence_power_end end;	/* END */
};

enum fence_power_phase { FENCE_PHASE_FIRST, FENCE_PHASE_OFF, FENCE_PHASE_ON, FENCE_PHASE_CYCLE };

struct fence_power {
	enum fence_action action;	/* on, off, reboot, status, monitor */
	bool cycle;			/* reboot by the device's own cycle command, when the machine is on */
	uint32_t power_timeout_ms, power_wait_ms, retry_on;

	/* Below: the machine's own. Zero at START. */
	enum fence_power_phase phase;
	uint64_t phase_ms;		/* when it began */
	uint64_t resend_ms;		/* when the command is to be repeated */
	uint32_t pause_ms;
	uint32_t tries;
};

struct fence_power_next fence_power_step(struct fence_power *p, uint64_t now_ms, enum fence_power_event ev);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of a fence agent in C: parameters, metadata, password, delay,
 * deadline, power sequence, words and exit codes, as the agent API has them. An
 * agent brings its table of options (fence_opt.h) and three operations on its
 * device.
 */
#ifndef FENCE_AGENT_H
#define FENCE_AGENT_H

#include "fence_opt.h"

/* Exit codes. FENCE_EXIT_OFF is "status" only. */
enum { FENCE_EXIT_OK = 0, FENCE_EXIT_FAILED = 1, FENCE_EXIT_OFF = 2 };

/*
 * Runs the agent; config is its zeroed configuration (struct fence_common
 * first). Returns the exit code.
 */
int fence_agent_main(const struct fence_agent *a, void *config, int argc, char **argv);

/* The password: of password=, the file or the script, in this order; NULL when none was given. */
const char *fence_agent_password(const void *config);

/* Three operations on one outlet or machine, each with a deadline of its own. */
enum fence_result {
	FENCE_OK,
	FENCE_AGAIN,	/* failed, may work later */
	FENCE_NEVER,	/* failed, and will go on failing: rights, unsupported, no such plug */
};

enum fence_command { FENCE_CMD_OFF, FENCE_CMD_ON, FENCE_CMD_CYCLE };

struct fence_device_ops {
	/* On failure the sentence "what: why; what to do" in why. */
	enum fence_result (*get)(void *device, bool *ret_on, struct clu_buf *why);
	enum fence_result (*set)(void *device, enum fence_command c, struct clu_buf *why);
	/* NULL: the frame waits by itself. For a device whose connection needs care meanwhile. */
	void (*wait)(void *device, uint32_t ms);
};

/*
 * Carries out the action of config on the device (fence_power.h), says the
 * outcome, returns the exit code. cycle: reboot by the device's cycle command.
 */
int fence_agent_power(const void *config, const struct fence_device_ops *ops, void *device, bool cycle);

/* One line to stderr and syslog, with the agent's name before it. */
void fence_agent_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* One line with the time to stderr (verbose) and to the debug file. Never pass secrets. */
void fence_agent_step(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

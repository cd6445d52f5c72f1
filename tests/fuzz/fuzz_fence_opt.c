/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fenced, or anybody, writes to the stdin of a fence agent. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fence_test_agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clu_buf warnings = CLU_BUF_INIT, why = CLU_BUF_INIT;
	struct config c = { .port = 1 };
	int r;

	if (fence_opt_defaults(&agent, &c) < 0)
		return 0;
	r = fence_opt_stdin(&agent, &c, (const char *)data, size, &warnings, &why);
	if ((r == 0) != (why.len == 0) || c.port < 1 || c.port > 65535 || c.colour < 0 || c.colour > 1 ||
		c.common.power_timeout_ms < 1000 || c.common.action >= FENCE_NACTIONS)
		abort();
	fence_opt_free(&agent, &c);
	clu_buf_free(&warnings);
	clu_buf_free(&why);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fence agent that is only options, one of each type: for the tests of the parser, written and fuzzed. */
#ifndef FENCE_TEST_AGENT_H
#define FENCE_TEST_AGENT_H

#include <stddef.h>

#include "fence_opt.h"

static const char *const colours[] = { "red", "blue", NULL };

/* Where its options go. */
struct config {
	struct fence_common common;
	char *where, *key;
	uint32_t port;
	bool fast;
	int colour;
};

static const struct fence_opt opts[] = {
	{ .name = "ip",
		.also = "ipaddr host",
		.letter = 'a',
		.type = FENCE_TEXT,
		.off = offsetof(struct config, where),
		.required = true,
		.help = "address of <it> & \"more\"" },
	{ .name = "key",
		.letter = 'k',
		.type = FENCE_SECRET,
		.off = offsetof(struct config, key),
		.help = "key" },
	{ .name = "ipport",
		.letter = 'u',
		.type = FENCE_NUMBER,
		.min = 1,
		.max = 65535,
		.def = "623",
		.off = offsetof(struct config, port),
		.help = "port" },
	{ .name = "fast",
		.letter = 'P',
		.type = FENCE_FLAG,
		.off = offsetof(struct config, fast),
		.help = "fast" },
	{ .name = "colour",
		.type = FENCE_CHOICE,
		.choices = colours,
		.def = "blue",
		.off = offsetof(struct config, colour),
		.help = "colour" },
};

static const struct fence_agent agent = { .name = "fence_test", .summary = "S & T", .description = "D <d>",
	.vendor_url = "https://example.org", .opts = opts, .n_opts = sizeof(opts) / sizeof(opts[0]) };

#endif

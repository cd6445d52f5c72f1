/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listings of fence_tool: pure functions of the news, so that their layout can be tested. */
#ifndef FENCE_TOOL_LS_H
#define FENCE_TOOL_LS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "fenced.pb-c.h"

/*
 * The historical lines, byte for byte; behind them, only while there are
 * victims, a block that says what each waits for and what ends the wait.
 */
void fence_tool_print(FILE *f, const Hawser__FencedNews *news, bool all_nodes, uint64_t now_us);
/* --why: who was fenced last, when, by what, and how long each stage took. */
void fence_tool_print_why(FILE *f, const Hawser__FencedNews *news);
json_t *fence_tool_json(const Hawser__FencedNews *news);

#endif

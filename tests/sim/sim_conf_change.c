/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "sim_conf_change.h"

#include <string.h>

#define SALT_OF_CHANGES 2

/* The end of an element that begins at p: behind its closing tag; NULL when there is none. */
static const char *end_of(const char *p, const char *end, const char *closing)
{
	const char *at = memmem(p, (size_t)(end - p), closing, strlen(closing));

	return at ? at + strlen(closing) : NULL;
}

static bool begins(const char *p, const char *end, const char *word)
{
	return (size_t)(end - p) >= strlen(word) && memcmp(p, word, strlen(word)) == 0;
}

/* Copies an element with one text replaced by another, where it is found. */
static void copy_with(const char *p, const char *end, const char *old, const char *new, struct clu_buf *ret)
{
	const char *at = memmem(p, (size_t)(end - p), old, strlen(old));

	if (!at) {
		clu_buf_append(ret, p, (size_t)(end - p));
		return;
	}
	clu_buf_append(ret, p, (size_t)(at - p));
	clu_buf_str(ret, new);
	clu_buf_append(ret, at + strlen(old), (size_t)(end - at) - strlen(old));
}

/* true when it left its failover domain. */
static bool change_service(struct sim_dice *d, const char *p, const char *end, unsigned number, struct clu_buf *ret)
{
	unsigned how = (unsigned)sim_dice_below(d, 100);
	const char *closing = "</service>";

	if (how < 8)
		return false;
	if (how < 16) {
		copy_with(p, end, "file=\"/y\"", "file=\"/z\"", ret);
	} else if (how < 22) {
		copy_with(p, end, "recovery=\"relocate\"", "recovery=\"restart\"", ret);
	} else if (how < 28) {
		clu_buf_append(ret, p, (size_t)(end - p) - strlen(closing));
		clu_buf_printf(ret, "<script name=\"c%u\" file=\"/z\"/>%s", number, closing);
	} else if (how < 32) {
		copy_with(p, end, " domain=\"some\"", "", ret);
	} else if (how < 36) {
		/* Other order, other tree. */
		copy_with(p, end, "<script name=\"a", "<script file=\"/first\" name=\"a", ret);
	} else {
		clu_buf_append(ret, p, (size_t)(end - p));
	}
	return how >= 28 && how < 32;
}

/* A line of its own each. The last method of a node stays. */
static const char *change_method(struct sim_dice *d, const char *p, const char *end, struct clu_buf *ret)
{
	const char *after = end_of(p, end, "</method>\n");
	bool drop = sim_dice_chance(d, 150);

	if (!after)
		return NULL;
	if (!drop || !begins(after, end, "<method"))
		clu_buf_append(ret, p, (size_t)(after - p));
	return after;
}

bool sim_conf_change(const char *part, size_t len, uint64_t seed, struct clu_buf *ret)
{
	const char *p = part, *end = part + len;
	unsigned services = 0;
	struct sim_dice d;
	bool moved = false;

	if (!seed) {
		clu_buf_append(ret, part, len);
		return false;
	}
	sim_dice_seed(&d, seed, SALT_OF_CHANGES);
	while (p < end) {
		const char *after = NULL;

		if (begins(p, end, "<service ") && (after = end_of(p, end, "</service>")) != NULL)
			moved |= change_service(&d, p, after, services++, ret);
		else if (begins(p, end, "<method "))
			after = change_method(&d, p, end, ret);
		else if (begins(p, end, " ordered=\"") && sim_dice_chance(&d, 200)) {
			clu_buf_printf(ret, " ordered=\"%u\"", (unsigned)sim_dice_below(&d, 2));
			after = p + strlen(" ordered=\"0\"");
			moved = true;
		} else if (begins(p, end, " priority=\"") && sim_dice_chance(&d, 200)) {
			clu_buf_printf(ret, " priority=\"%u\"", 1 + (unsigned)sim_dice_below(&d, 3));
			after = p + strlen(" priority=\"1\"");
			moved = true;
		} else if (begins(p, end, "</rm>") && sim_dice_chance(&d, 300)) {
			clu_buf_str(ret, "<service name=\"s4\" autostart=\"1\"><script name=\"a4\" file=\"/x\"/></service>\n");
		}
		if (!after) {
			clu_buf_append(ret, p, 1);
			after = p + 1;
		}
		p = after;
	}
	return moved;
}

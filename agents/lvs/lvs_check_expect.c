/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A check's dialogue: one text sent, one awaited. */
#include "config.h"

#include "lvs_check_priv.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

#define REGEX_BYTES 254		/* COMPAT: so much of an answer is given to the expression (lvs.md 5.3) */

static enum lvs_match match_regex(const struct lvs_check_spec *spec, const unsigned char *answer, unsigned len,
	bool complete)
{
	char pattern[LVS_TEXT_MAX], text[REGEX_BYTES + 1];
	unsigned n = len < REGEX_BYTES ? len : REGEX_BYTES;
	bool hit;
	regex_t re;

	memcpy(pattern, spec->expect, spec->expect_len);
	pattern[spec->expect_len] = '\0';
	memcpy(text, answer, n);
	text[n] = '\0';
	/* Compiled per answer: a check is rare, and its configuration may change at any time. */
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return LVS_MATCH_NO;
	hit = n && !regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return hit ? LVS_MATCH_YES : complete || n == REGEX_BYTES ? LVS_MATCH_NO : LVS_MATCH_MORE;
}

enum lvs_match lvs_expect_match(const struct lvs_check_spec *spec, const unsigned char *answer, unsigned len,
	bool complete)
{
	unsigned n = len < spec->expect_len ? len : spec->expect_len;

	if (spec->use_regex)
		return match_regex(spec, answer, len, complete);
	/* COMPAT: "*" is one byte of anything. */
	if (spec->expect_len == 1 && spec->expect[0] == '*')
		return len ? LVS_MATCH_YES : complete ? LVS_MATCH_NO : LVS_MATCH_MORE;
	if (memcmp(answer, spec->expect, n))
		return LVS_MATCH_NO;
	if (n == spec->expect_len)
		return LVS_MATCH_YES;
	return complete ? LVS_MATCH_NO : LVS_MATCH_MORE;
}

static void finish(struct lvs_check *k, enum lvs_match m)
{
	if (m == LVS_MATCH_YES)
		lvs_check_result(k, true, "answered in %llu ms", (unsigned long long)lvs_check_ms(k));
	else if (!k->answer_len)
		lvs_check_result(k, false, "closed without an answer");
	else
		lvs_check_result(k, false, "answer is not what is expected (%u bytes)", k->answer_len);
}

static int32_t on_answer(int32_t fd, int32_t revents, void *data)
{
	struct lvs_check *k = data;
	enum lvs_match m = LVS_MATCH_MORE;

	while (m == LVS_MATCH_MORE) {
		unsigned room = LVS_ANSWER_MAX - k->answer_len;
		ssize_t n = recv(fd, k->answer + k->answer_len, room, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0) {
			lvs_check_result(k, false, "read: %s", strerror(errno));
			return 0;
		}
		k->answer_len += (unsigned)n;
		/* A datagram is an answer by itself. */
		m = lvs_expect_match(&k->spec, k->answer, k->answer_len, !n || k->spec.udp ||
			k->answer_len == LVS_ANSWER_MAX);
	}
	finish(k, m);
	return 0;
}

void lvs_check_expect_begin(struct lvs_check *k)
{
	if (k->spec.has_send) {
		ssize_t n = send(k->fd, k->spec.send, k->spec.send_len, MSG_NOSIGNAL);

		/* A fresh connection takes at least LVS_TEXT_MAX bytes at once. */
		if (n != (ssize_t)k->spec.send_len) {
			lvs_check_result(k, false, "write: %s", n < 0 ? strerror(errno) : "only in part");
			return;
		}
	}
	if (!k->spec.has_expect) {
		lvs_check_result(k, true, "sent in %llu ms", (unsigned long long)lvs_check_ms(k));
		return;
	}
	lvs_check_arm(k, "answer");
	if (!k->done && qb_loop_poll_add(k->owner->loop, QB_LOOP_MED, k->fd, POLLIN, k, on_answer) < 0)
		lvs_check_result(k, false, "cannot be watched: out of memory");
}

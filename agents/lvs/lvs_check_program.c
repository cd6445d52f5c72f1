/* SPDX-License-Identifier: GPL-2.0-or-later */
/* send_program: an external check. Its output must equal `expect` and its exit code be 0. */
#include "config.h"

#include "lvs_check_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define MAX_WORDS 64
#define GRACE_MS 500

int lvs_program_words(const char *command, const char *host, const char *port, char *buf, size_t size,
	const char **argv, unsigned max)
{
	unsigned n = 0;
	size_t at = 0;

	for (const char *p = command; ; ) {
		size_t len;
		const char *word;

		p += strspn(p, " \t");
		if (!*p)
			break;
		len = strcspn(p, " \t");
		word = p;
		p += len;
		/* COMPAT: only as words of their own. */
		if (len == 2 && word[0] == '%' && (word[1] == 'h' || word[1] == 'p')) {
			word = word[1] == 'h' ? host : port;
			len = strlen(word);
		}
		if (n + 1 >= max || at + len + 1 > size)
			return -E2BIG;
		memcpy(buf + at, word, len);
		buf[at + len] = '\0';
		argv[n++] = buf + at;
		at += len + 1;
	}
	argv[n] = NULL;
	return (int)n;
}

void lvs_check_program_begin(struct lvs_check *k)
{
	/* The shell finds the program through PATH and drops its stderr, which is no part of the answer. */
	const char *argv[MAX_WORDS + 4] = { "/bin/sh", "-c", "exec \"$0\" \"$@\" 2>/dev/null" };
	struct clu_run run = { .argv = argv, .deadline_ms = k->spec.timeout_s * 1000, .grace_ms = GRACE_MS };
	char host[LVS_ADDR_TEXT], port[16], words[LVS_TEXT_MAX + 1024];
	int n;

	snprintf(port, sizeof(port), "%u", k->port);
	n = lvs_program_words(k->spec.program, lvs_addr_text(&k->addr, host), port, words, sizeof(words), argv + 3,
		MAX_WORDS + 1);
	if (n <= 0) {
		lvs_check_result(k, false, "send_program: %s", n ? "too many words" : "empty");
		return;
	}
	k->run_id = run.id = ++k->owner->next_run;
	clu_children_run(k->owner->children, &run);
}

static size_t trimmed(const char *text, size_t len)
{
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	return len;
}

void lvs_check_program_end(struct lvs_checks *c, const struct clu_child_end *e)
{
	struct lvs_check *k = c->list;
	size_t got = trimmed(e->tail, strlen(e->tail)), want;

	while (k && k->run_id != e->id)
		k = k->next;
	if (!k)
		return;		/* its check was cancelled */
	k->run_id = 0;
	want = trimmed((const char *)k->spec.expect, k->spec.expect_len);
	if (e->start_error)
		lvs_check_result(k, false, "send_program: %s", strerror(-e->start_error));
	else if (e->timed_out)
		lvs_check_result(k, false, "send_program: not ended within %u s", k->spec.timeout_s);
	else if (e->exit_code)
		lvs_check_result(k, false, e->exit_code < 0 ? "send_program: ended by signal %d" : "send_program: exit code %d",
			e->exit_code < 0 ? e->term_signal : e->exit_code);
	else if (got != want || memcmp(e->tail, k->spec.expect, want))
		lvs_check_result(k, false, "send_program: printed \"%.*s\"", (int)(got < 80 ? got : 80), e->tail);
	else
		lvs_check_result(k, true, "send_program: as expected in %u ms", e->ran_ms);
}

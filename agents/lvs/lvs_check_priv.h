/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the checks only. */
#ifndef LVS_CHECK_PRIV_H
#define LVS_CHECK_PRIV_H

#include "clu_child.h"
#include "lvs_check.h"

#define LVS_ANSWER_MAX 1024	/* bytes of an answer that are looked at */

struct lvs_checks {
	qb_loop_t *loop;
	void (*end)(void *ctx, uint64_t id, bool ok, const char *why);
	void *ctx;
	struct lvs_check *list;
	unsigned count;
	struct clu_children *children;
	uint64_t next_run;
};

struct lvs_check {
	struct lvs_check *next;
	struct lvs_checks *owner;
	uint64_t id;
	struct lvs_check_spec spec;
	struct lvs_addr addr;
	uint16_t port;
	int fd;				/* -1 = none; in the loop while >= 0 */
	bool timing;
	qb_loop_timer_handle timer;
	const char *phase;		/* what is waited for: "connect", "answer" */
	uint64_t run_id;		/* of the external program, 0 = none */
	bool done;			/* result is known, told by the next turn of the loop */
	bool ok;
	char why[200];
	unsigned char answer[LVS_ANSWER_MAX];
	unsigned answer_len;
	uint64_t start_ms;
};

/* Ends a check: the loop's next turn tells it. The first result counts. */
void lvs_check_result(struct lvs_check *k, bool ok, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* (Re)arms the limit of the current phase: spec.timeout_s from now. */
void lvs_check_arm(struct lvs_check *k, const char *phase);
/* Closes the socket and leaves the loop. */
void lvs_check_close(struct lvs_check *k);
uint64_t lvs_check_ms(const struct lvs_check *k);	/* since its start */

void lvs_check_connect_begin(struct lvs_check *k);
/* Connected: sends and waits as the spec says. */
void lvs_check_expect_begin(struct lvs_check *k);
void lvs_check_program_begin(struct lvs_check *k);
void lvs_check_program_end(struct lvs_checks *c, const struct clu_child_end *e);

enum lvs_match { LVS_MATCH_YES, LVS_MATCH_NO, LVS_MATCH_MORE };
/*
 * Does the answer so far satisfy `expect`? MORE: not yet, read on. complete: no
 * more will come. Pure.
 */
enum lvs_match lvs_expect_match(const struct lvs_check_spec *spec, const unsigned char *answer, unsigned len,
	bool complete);
/*
 * Cuts send_program at blanks; the words %h and %p become the address and port
 * texts (whole words only). argv: room for max pointers, NULL-terminated; the
 * words are written to buf (size bytes). The count or -E2BIG. Pure.
 */
int lvs_program_words(const char *command, const char *host, const char *port, char *buf, size_t size,
	const char **argv, unsigned max);

#endif

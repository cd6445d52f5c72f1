/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lvs.cf in both forms: parser, rules between keys, dump; and what the dump says
 * must read back as the same. A file that reads drives the core once round.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lvs_core.h"
#include "lvs_nft_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lvs_conf *parse(const char *text, size_t len, bool is_inline)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct lvs_conf *c = NULL;

	(void)lvs_conf_parse("lvs.cf", text, len, is_inline, false, &c, &errs, &warns);
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	return c;
}

static void dump_reads_back(const struct lvs_conf *c)
{
	struct clu_buf one = CLU_BUF_INIT, two = CLU_BUF_INIT;
	struct lvs_conf *again;

	/* A quote or backslash inside a name or command has no written form. */
	lvs_conf_dump(c, &one);
	again = strpbrk(clu_buf_text(&one), "\\'") ? NULL : parse(clu_buf_text(&one), one.len, false);
	if (again) {
		lvs_conf_dump(again, &two);
		if (strcmp(clu_buf_text(&one), clu_buf_text(&two)))
			abort();
	}
	lvs_conf_free(again);
	clu_buf_free(&one);
	clu_buf_free(&two);
}

static void drive(struct lvs_conf *c)
{
	struct lvs_core *core = lvs_core_new();
	struct clu_out *notes = clu_out_new();
	struct lvs_actions actions = { NULL, 0, 0 };
	struct lvs_event ev = { .type = LVS_EV_CONFIG, .now_ms = 1, .u.conf = c };
	struct clu_buf text = CLU_BUF_INIT;
	unsigned n;

	if (lvs_core_step(core, &ev, &actions, notes) < 0)
		abort();
	ev = (struct lvs_event){ .type = LVS_EV_APPLIED, .now_ms = 2 };
	(void)lvs_core_step(core, &ev, &actions, notes);
	n = actions.n;
	for (unsigned i = 0; i < n; i++) {
		ev = (struct lvs_event){ .type = LVS_EV_CHECK, .now_ms = 3 + i,
			.u.check = { actions.list[i].id, i % 2, "fuzz" } };
		if (actions.list[i].type == LVS_ACT_CHECK)
			(void)lvs_core_step(core, &ev, &actions, notes);
	}
	(void)lvs_nft_batch("t", lvs_core_have(core), lvs_core_want(core), &text);
	clu_buf_free(&text);
	free(actions.list);
	clu_out_free(notes);
	lvs_core_free(core);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct lvs_conf *c;

	if (!size)
		return 0;
	c = parse((const char *)data + 1, size - 1, data[0] == 'i');
	if (!c)
		return 0;
	dump_reads_back(c);
	if (lvs_conf_check("lvs.cf", c, &errs, &warns))
		lvs_conf_free(c);
	else
		drive(c);
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	return 0;
}

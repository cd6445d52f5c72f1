/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cman_apply: the hands of cmand. Not for people; the document comes on standard input.
 *
 *   look [tried]   write this node's corosync.conf if corosync does not run with it (exit codes: cmand_core.h)
 *   reload         have corosync read the files of all nodes
 *   answer         tell nodes that want to join what runs here (cman_peer.h); ends when it is told to
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cman_peer.h"
#include "cman_take.h"
#include "cmand_core.h"

static int read_document(struct clu_conf **ret, struct clu_buf *lines)
{
	struct clu_buf b = CLU_BUF_INIT;
	ssize_t n = 1;
	int r;

	while (n && b.len <= CLU_CONF_MAX_BYTES && !b.error) {
		char chunk[65536];

		n = read(STDIN_FILENO, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		clu_buf_append(&b, chunk, (size_t)n);
	}
	r = clu_conf_parse(clu_buf_text(&b), b.len, "cluster.conf", ret, lines);
	if (b.data)
		explicit_bzero(b.data, b.len);
	clu_buf_free(&b);
	return r;
}

static int look(const struct clu_conf *conf, bool tried, struct clu_buf *lines)
{
	int r = cman_take_look(conf, lines);

	if (r == CMAN_TAKE_RUNNING)
		return CMAND_LOOK_RUNNING;
	if (r == CMAN_TAKE_HELD)
		return CMAND_LOOK_HELD;
	if (r == CMAN_TAKE_STAGED && !tried)
		return CMAND_LOOK_STAGED;
	if (r == CMAN_TAKE_STAGED)
		cman_take_refused(conf, lines);
	return CMAND_LOOK_FAILED;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct clu_buf lines = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	int code = CMAND_LOOK_FAILED;

	if (!strcmp(verb, "reload"))
		code = cman_take_reload(&lines) < 0;
	else if (strcmp(verb, "look") && strcmp(verb, "answer"))
		clu_buf_str(&lines, "cman_apply works for cmand: use \"cman_tool reload\"\n");
	else if (read_document(&conf, &lines) < 0)
		code = CMAND_LOOK_FAILED;
	else if (!strcmp(verb, "answer"))
		code = cman_peer_answer(conf, &lines) < 0;
	else
		code = look(conf, argc > 2 && !strcmp(argv[2], "tried"), &lines);
	fputs(clu_buf_text(&lines), stdout);
	clu_conf_unref(conf);
	clu_buf_free(&lines);
	return code;
}

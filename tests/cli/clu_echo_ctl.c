/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks a daemon of clu_echo.c: clu_echo_ctl NAME REQUEST [DEADLINE_MS]. REQUEST "@dump" and
 * "@history" are the shell's own. Prints the answer; exit code = errno of a failed call, with the reason on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_client.h"

int main(int argc, char **argv)
{
	uint32_t deadline = argc > 3 ? (uint32_t)atoi(argv[3]) : 10000;
	struct clu_buf b = CLU_BUF_INIT, why = CLU_BUF_INIT;
	int r;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[2], "@dump"))
		r = clu_client_dump(argv[1], deadline, &b);
	else if (!strcmp(argv[2], "@history"))
		r = clu_client_history(argv[1], deadline, &b);
	else
		r = clu_client_once(argv[1], argv[2], strlen(argv[2]), deadline, &b);
	fwrite(clu_buf_text(&b), 1, b.len, stdout);
	if (r < 0) {
		clu_client_explain(argv[1], r, &why);
		fprintf(stderr, "%s\n", clu_buf_text(&why));
	}
	clu_buf_free(&b);
	clu_buf_free(&why);
	return -r;
}

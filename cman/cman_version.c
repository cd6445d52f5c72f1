/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cman_start.h"

void cman_version_corosync(char *ret, size_t size)
{
	struct clu_buf said = CLU_BUF_INIT;
	const char *p;

	*ret = '\0';
	cman_start_version(&said);
	p = strstr(clu_buf_text(&said), "version '");
	if (p) {
		p += strlen("version '");
		snprintf(ret, size, "%.*s", (int)strcspn(p, "'\n"), p);
	}
	clu_buf_free(&said);
}

int cman_version_compare(const char *a, const char *b)
{
	for (;;) {
		char *end_a, *end_b;
		unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		if (*end_a != '.' || *end_b != '.')
			return (*end_a == '.') - (*end_b == '.');
		a = end_a + 1;
		b = end_b + 1;
	}
}

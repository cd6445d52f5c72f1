/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_parse.h"

#include <stdlib.h>
#include <string.h>

struct sim_parsed {
	struct sim_parsed *next;
	struct clu_conf *conf;
};

int sim_parse(struct sim_world *w, const void *data, size_t len, struct clu_conf **ret, struct clu_buf *errs)
{
	struct sim_parsed *p;
	int r;

	/* The newest comes first, and is the one most asked for. */
	for (p = w->parsed; p; p = p->next) {
		size_t n;
		const void *bytes = clu_conf_bytes(p->conf, &n);

		if (n == len && memcmp(bytes, data, len) == 0) {
			*ret = clu_conf_ref(p->conf);
			return 0;
		}
	}
	r = clu_conf_parse(data, len, "cluster.conf", ret, errs);
	if (r < 0)
		return r;
	p = malloc(sizeof(*p));
	if (!p)
		abort();
	p->conf = clu_conf_ref(*ret);
	p->next = w->parsed;
	w->parsed = p;
	return 0;
}

void sim_parse_free(struct sim_world *w)
{
	while (w->parsed) {
		struct sim_parsed *p = w->parsed;

		w->parsed = p->next;
		clu_conf_unref(p->conf);
		free(p);
	}
}

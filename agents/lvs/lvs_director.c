/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_director.h"

#include <errno.h>
#include <string.h>

int lvs_director_open(const char *which, const char *instance, struct lvs_director **ret, struct clu_buf *why)
{
	struct clu_buf none = CLU_BUF_INIT;
	int r;

	if (!strcmp(which, "ipvs"))
		return lvs_ipvs_ops.open(instance, ret, why);
	if (!strcmp(which, "nft"))
		return lvs_nft_ops.open(instance, ret, why);
	if (strcmp(which, "auto")) {
		clu_buf_printf(why, "director \"%s\": no such back end; choose auto, ipvs or nft\n", which);
		return -EINVAL;
	}
	r = lvs_ipvs_ops.open(instance, ret, &none);
	if (r == -ENOENT)
		r = lvs_nft_ops.open(instance, ret, why);
	else if (r < 0)
		clu_buf_str(why, clu_buf_text(&none));
	clu_buf_free(&none);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a resource agent says of itself. */
#include <stdint.h>

#include "rg_meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct rg_meta *m = NULL;

	if (rg_meta_parse(data, size, "/agent", &m, &errs) == 0)
		rg_meta_free(m);
	clu_buf_free(&errs);
	return 0;
}

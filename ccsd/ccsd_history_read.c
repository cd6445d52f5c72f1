/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccsd_history.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clu_store.h"

#define AROUND_DOC 4096		/* what a file holds besides its document */

int ccsd_history_each(const char *folder, void (*entry)(void *ctx, const struct ccsd_history_entry *e), void *ctx)
{
	struct clu_buf path = CLU_BUF_INIT, file = CLU_BUF_INIT;
	char name[CCSD_HISTORY_NAME_MAX];
	int damaged = 0, r = 0;

	if (access(folder, R_OK | X_OK) < 0)
		return -errno;
	for (unsigned i = 0; i < CCSD_HISTORY_MAX && r != -ENOMEM; i++) {
		struct ccsd_history_entry e;

		clu_buf_free(&path);
		clu_buf_free(&file);
		ccsd_history_name(i, name);
		clu_buf_printf(&path, "%s/%s", folder, name);
		r = path.error ? path.error : clu_store_read(clu_buf_text(&path), CCSD_DOC_MAX + AROUND_DOC, &file);
		if (r == 0)
			r = ccsd_history_parse(file.data, file.len, &e);
		if (r == 0) {
			entry(ctx, &e);
			ccsd_doc_unref(e.doc);
		} else if (r != -ENOENT) {
			damaged++;
		}
		if (file.data)
			explicit_bzero(file.data, file.len);
	}
	clu_buf_free(&path);
	clu_buf_free(&file);
	return r == -ENOMEM ? r : damaged;
}

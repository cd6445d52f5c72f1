/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmand: brings each committed cluster.conf into the running corosync. See cmand(8). */
#include "clu_buf.h"
#include "clu_path.h"
#include "clu_shell.h"
#include "cmand_core.h"

static void *core_new(void *opt_ctx, const char **why)
{
	struct clu_buf path = CLU_BUF_INIT;
	struct cmand_core *c;

	clu_buf_printf(&path, "%s/cman_apply", clu_path(CLU_PATH_LIBEXEC));
	c = path.error ? NULL : cmand_core_new(clu_buf_text(&path));
	clu_buf_free(&path);
	if (!c)
		*why = "out of memory";
	return c;
}

int main(int argc, char **argv)
{
	static const struct clu_daemon d = {
		.ops = &cmand_core_ops,
		.summary = "brings changes of cluster.conf into the running corosync of all nodes",
		.want = CLU_WANT_GROUP | CLU_WANT_QUORUM | CLU_WANT_CONFIG,
		.core_new = core_new,
		.core_free = cmand_core_free,
	};

	return clu_shell_main(&d, argc, argv);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "clu_ipc_loop.h"

static int32_t job_add(enum qb_loop_priority p, void *data, qb_loop_job_dispatch_fn fn)
{
	return qb_loop_job_add(NULL, p, data, fn);
}

static int32_t dispatch_add(enum qb_loop_priority p, int32_t fd, int32_t events, void *data, qb_ipcs_dispatch_fn_t fn)
{
	return qb_loop_poll_add(NULL, p, fd, events, data, fn);
}

static int32_t dispatch_mod(enum qb_loop_priority p, int32_t fd, int32_t events, void *data, qb_ipcs_dispatch_fn_t fn)
{
	return qb_loop_poll_mod(NULL, p, fd, events, data, fn);
}

static int32_t dispatch_del(int32_t fd)
{
	return qb_loop_poll_del(NULL, fd);
}

struct qb_ipcs_poll_handlers clu_ipc_loop = {
	.job_add = job_add, .dispatch_add = dispatch_add, .dispatch_mod = dispatch_mod, .dispatch_del = dispatch_del,
};

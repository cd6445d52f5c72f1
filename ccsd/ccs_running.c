/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccs_running.h"

#include "ccsd.pb-c.h"
#include "clu_client.h"

int ccs_running_get(struct clu_buf *ret, struct clu_buf *why)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	Hawser__CcsdAnswer *a = NULL;
	int r;

	q.verb = (char *)"get";
	q.force = 1;
	r = clu_client_once_pb("ccsd", &q.base, CLU_CLIENT_DEADLINE_MS, &hawser__ccsd_answer__descriptor,
		(struct ProtobufCMessage **)&a);
	if (r == 0) {
		clu_buf_append(ret, a->document.data, a->document.len);
		r = ret->error;
	} else if (a && a->why[0]) {
		clu_buf_printf(why, "%s\n", a->why);
	} else {
		clu_client_explain("ccsd", r, why);
		clu_buf_str(why, "\n");
	}
	if (a)
		hawser__ccsd_answer__free_unpacked(a, NULL);
	return r;
}

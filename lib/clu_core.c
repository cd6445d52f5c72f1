/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_core.h"

const char *clu_event_name(enum clu_event_type type)
{
	static const char *const names[CLU_NEVENTS] = {
		[CLU_EV_START] = "START",
		[CLU_EV_VIEW] = "VIEW",
		[CLU_EV_QUORUM] = "QUORUM",
		[CLU_EV_MESSAGE] = "MESSAGE",
		[CLU_EV_STATE] = "STATE",
		[CLU_EV_REQUEST] = "REQUEST",
		[CLU_EV_CLIENT_GONE] = "CLIENT_GONE",
		[CLU_EV_CHILD] = "CHILD",
		[CLU_EV_STORED] = "STORED",
		[CLU_EV_CONFIG] = "CONFIG",
		[CLU_EV_PEER] = "PEER",
		[CLU_EV_TIMER] = "TIMER",
		[CLU_EV_SHUTDOWN] = "SHUTDOWN",
		[CLU_EV_DEVICE] = "DEVICE",
	};

	return type < CLU_NEVENTS ? names[type] : "?";
}

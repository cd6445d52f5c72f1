/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "clu_client.h"
#include "clu_ipc.h"

void clu_client_explain(const char *daemon, int error, struct clu_buf *ret)
{
	switch (-error) {
	case ECONNREFUSED:
		clu_buf_printf(ret, "%s: not running on this node (nobody listens on its socket); start it as "
			"root: %s", daemon, daemon);
		break;
	case ETIMEDOUT:
		clu_buf_printf(ret, "%s: no answer within the deadline (the daemon is stopped, overloaded, or waits "
			"for the cluster); look at its log and at 'ps -C %s -o pid,stat', then try again",
			daemon, daemon);
		break;
	case EPIPE:
	case ESHUTDOWN:
		clu_buf_printf(ret, "%s: ended before it answered (it was stopped or has failed); look at its log and "
			"start it again", daemon);
		break;
	case EACCES:
		clu_buf_printf(ret, "%s: permission denied (you are neither root nor in group haclient); run this as "
			"root", daemon);
		break;
	case EPERM:
		clu_buf_printf(ret, "%s: refused (this needs root or the effective group haclient); run this as root, "
			"and if you are root look who owns the socket: 'ss -xlp | grep " CLU_IPC_PREFIX "%s'",
			daemon, daemon);
		break;
	case EBUSY:
		clu_buf_printf(ret, "%s: refused (too many clients or open requests); end some of them and try again",
			daemon);
		break;
	case EMSGSIZE:
		clu_buf_printf(ret, "%s: the request or its answer is too large (above the bound of the daemon); "
			"make it smaller", daemon);
		break;
	case EBADMSG:
		clu_buf_printf(ret, "%s: the answer was not understood (another version of the program?); install the "
			"same version of all parts on this node", daemon);
		break;
	case EOPNOTSUPP:
		clu_buf_printf(ret, "%s: does not know this request (another version of the daemon?); install the same "
			"version of all parts on this node and restart it", daemon);
		break;
	default:
		clu_buf_printf(ret, "%s: the request failed (%s); look at the log of %s", daemon,
			strerrordesc_np(-error) ? strerrordesc_np(-error) : "unknown error", daemon);
	}
}

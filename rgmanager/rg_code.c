/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Result codes of operations, as people know them. */
#include "rg_core.h"

const char *rg_code_text(int code)
{
	static const char *const text[] = {
		[RG_ESUCCESS] = "Success",
		[-RG_EFAIL] = "Failure",
		[-RG_EABORT] = "Aborted; service failed",
		[-RG_EFORWARD] = "Service not mastered locally",
		[-RG_ENOSERVICE] = "Service does not exist",
		[-RG_EDEADLCK] = "Operation would cause a deadlock",
		[-RG_EAGAIN] = "Temporary failure; try again",
		[-RG_EDEPEND] = "Operation violates dependency rule",
		[-RG_EINVAL] = "Invalid operation for resource",
		[-RG_EQUORUM] = "Operation requires quorum",
		[-RG_ERUN] = "Service is already running",
		[-RG_EFROZEN] = "Failure: Service is frozen",
		[-RG_ENODE] = "Target node dead / nonexistent",
		[-RG_EFENCE] = "Fencing operation pending; try again later",
		[-RG_ESCRIPT] = "S/Lang Script Error",
		[-RG_EDOMAIN] = "Service not runnable",
		[-RG_EEXCL] = "Service not runnable: cannot run exclusive",
		[-RG_ERELO] = "Failed; service running on original owner",
		[-RG_EPERM] = "Permission denied",
		[-RG_EWARNING] = "Warning; see system logs",
	};

	if (code > 0 || code < RG_EWARNING)
		return "Unknown";
	return text[-code];
}

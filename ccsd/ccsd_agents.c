/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccsd_validate.h"

#include <limits.h>

#include "clu_path.h"

bool ccsd_agent_installed(const char *kind, const char *name, const char *prefer)
{
	char path[PATH_MAX];

	return clu_path_agent(kind, name, prefer, path, sizeof(path)) == 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "clu_ipc_access.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

bool clu_ipc_is_listed(uid_t uid, gid_t *ret_gid)
{
	FILE *groups = fopen("/etc/group", "re"), *users = fopen("/etc/passwd", "re");
	char gbuf[16384], pbuf[4096];
	struct group gr, *g = NULL;
	struct passwd pw, *p = NULL;
	bool found = false;

	*ret_gid = (gid_t)-1;
	while (groups && !fgetgrent_r(groups, &gr, gbuf, sizeof(gbuf), &g) && strcmp(g->gr_name, CLU_IPC_GROUP))
		g = NULL;
	if (g)
		*ret_gid = g->gr_gid;
	while (g && users && !fgetpwent_r(users, &pw, pbuf, sizeof(pbuf), &p) && p->pw_uid != uid)
		p = NULL;
	for (char **m = g && p ? g->gr_mem : NULL; m && *m && !found; m++)
		found = !strcmp(*m, p->pw_name);
	if (groups)
		fclose(groups);
	if (users)
		fclose(users);
	return found;
}

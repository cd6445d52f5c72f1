/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where things live (architecture.md section 6). Each place has a compiled-in
 * default that follows --prefix and an environment variable that overrides it,
 * so that several nodes can run on one machine.
 */
#ifndef CLU_PATH_H
#define CLU_PATH_H

enum clu_path {
	CLU_PATH_CONF,		/* HAWSER_CONF        /etc/cluster/cluster.conf */
	CLU_PATH_KEYS,		/* HAWSER_KEY_DIR     /etc/cluster/keys */
	CLU_PATH_RUN,		/* HAWSER_RUN_DIR     /run/hawser */
	CLU_PATH_STATE,		/* HAWSER_STATE_DIR   /var/lib/hawser */
	CLU_PATH_LOG,		/* HAWSER_LOG_DIR     /var/log/cluster */
	CLU_PATH_LIBEXEC,	/* HAWSER_LIBEXEC_DIR LIBEXECDIR/hawser */
	CLU_PATH_DATA,		/* HAWSER_DATA_DIR    DATADIR/hawser (schema) */
	CLU_NPATHS
};

/* The directory or file, never NULL; static storage. */
const char *clu_path(enum clu_path which);

/*
 * Finds an agent as architecture.md section 6 orders: a path as given; our own
 * folder (kind "fence" or "resource"); then /usr/sbin (fence) or
 * /usr/share/cluster (resource), then for resource "ocf:PROVIDER:NAME" below
 * /usr/lib/ocf/resource.d. prefer: colon-separated directories searched first,
 * or NULL. 0 and the path in ret (size bytes), or -ENOENT / -ENAMETOOLONG.
 */
int clu_path_agent(const char *kind, const char *name, const char *prefer, char *ret, unsigned size);

/* Creates a directory and its parents (0755, or 0700 when secret). 0 or negative errno. */
int clu_path_mkdirs(const char *dir, int secret);

#endif

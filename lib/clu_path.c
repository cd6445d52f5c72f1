/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "clu_path.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct { const char *env, *def; } places[CLU_NPATHS] = {
	[CLU_PATH_CONF] = { "HAWSER_CONF", HAWSER_CONF_PATH },
	[CLU_PATH_KEYS] = { "HAWSER_KEY_DIR", HAWSER_KEY_DIR },
	[CLU_PATH_RUN] = { "HAWSER_RUN_DIR", HAWSER_RUN_DIR },
	[CLU_PATH_STATE] = { "HAWSER_STATE_DIR", HAWSER_STATE_DIR },
	[CLU_PATH_LOG] = { "HAWSER_LOG_DIR", HAWSER_LOG_DIR },
	[CLU_PATH_LIBEXEC] = { "HAWSER_LIBEXEC_DIR", HAWSER_LIBEXEC_DIR },
	[CLU_PATH_DATA] = { "HAWSER_DATA_DIR", HAWSER_DATA_DIR },
};

const char *clu_path(enum clu_path which)
{
	const char *s = secure_getenv(places[which].env);

	return s && *s ? s : places[which].def;
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* DIR/NAME or DIR/NAME.sh (the usual name of rgmanager style agents). 0, -ENOENT, -ENAMETOOLONG. */
static int try_dir(const char *dir, size_t dir_len, const char *name, char *ret, unsigned size)
{
	static const char *const ends[] = { "", ".sh" };

	for (unsigned i = 0; i < 2; i++) {
		char path[PATH_MAX];
		int n = snprintf(path, sizeof(path), "%.*s/%s%s", (int)dir_len, dir, name, ends[i]);

		if (n < 0 || (size_t)n >= sizeof(path))
			return -ENAMETOOLONG;
		if (!is_program(path))
			continue;
		if ((unsigned)n >= size)
			return -ENAMETOOLONG;
		memcpy(ret, path, (size_t)n + 1);
		return 0;
	}
	return -ENOENT;
}

static int try_list(const char *dirs, const char *name, char *ret, unsigned size)
{
	while (dirs && *dirs) {
		size_t len = strcspn(dirs, ":");
		int r = len ? try_dir(dirs, len, name, ret, size) : -ENOENT;

		if (r != -ENOENT)
			return r;
		dirs += len + (dirs[len] == ':');
	}
	return -ENOENT;
}

int clu_path_agent(const char *kind, const char *name, const char *prefer, char *ret, unsigned size)
{
	bool fence = !strcmp(kind, "fence");
	char own[PATH_MAX], ocf[256];
	int r;

	if (!*name)
		return -ENOENT;
	if (*name == '/') {
		if (strlen(name) >= size)
			return -ENAMETOOLONG;
		if (!is_program(name))
			return -ENOENT;
		memcpy(ret, name, strlen(name) + 1);
		return 0;
	}
	/* A name stays inside the folders that are searched. */
	if (strchr(name, '/'))
		return -ENOENT;
	if (!fence && !strncmp(name, "ocf:", 4)) {
		const char *provider = name + 4, *colon = strchr(provider, ':');

		if (!colon || colon == provider || !colon[1] || strchr(colon + 1, ':') || *provider == '.')
			return -ENOENT;
		if (strlen(provider) >= sizeof(ocf))
			return -ENAMETOOLONG;
		snprintf(ocf, sizeof(ocf), "%.*s/%s", (int)(colon - provider), provider, colon + 1);
		r = try_list(prefer, ocf, ret, size);
		return r != -ENOENT ? r : try_list("/usr/lib/ocf/resource.d", ocf, ret, size);
	}
	r = try_list(prefer, name, ret, size);
	if (r != -ENOENT)
		return r;
	r = snprintf(own, sizeof(own), "%s/%s", clu_path(CLU_PATH_LIBEXEC), kind);
	if (r < 0 || (size_t)r >= sizeof(own))
		return -ENAMETOOLONG;
	r = try_dir(own, strlen(own), name, ret, size);
	return r != -ENOENT ? r : try_list(fence ? "/usr/sbin" : "/usr/share/cluster", name, ret, size);
}

int clu_path_mkdirs(const char *dir, int secret)
{
	char path[PATH_MAX];
	struct stat st;
	size_t len = strlen(dir);

	if (!len)
		return -EINVAL;
	if (len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, dir, len + 1);
	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	for (char *p = path + 1; ; p++) {
		bool last = !*p;

		if (*p != '/' && !last)
			continue;
		*p = '\0';
		/* Only the last one is secret: its parents are shared with others. */
		if (mkdir(path, last && secret ? 0700 : 0755) < 0 && errno != EEXIST)
			return -errno;
		if (last)
			break;
		*p = '/';
	}
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_key.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clu_path.h"
#include "clu_store.h"

int cman_key_make(const char *path, struct clu_buf *errs)
{
	unsigned char key[CMAN_KEY_BYTES];
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int r = 0;

	if (!access(path, F_OK)) {
		clu_buf_printf(errs,
			       "%s: there is a key already: nodes that use it could not talk to this one any more; "
			       "remove the file first if you mean it\n",
			       path);
		return -EEXIST;
	}
	if (slash && slash != path) {
		if ((size_t)snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path) >= sizeof(dir))
			return -ENAMETOOLONG;
		/* Others' folders keep their mode; one that we make is secret. */
		if (access(dir, F_OK))
			r = clu_path_mkdirs(dir, 1);
	}
	if (!r && getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		r = -EIO;
	if (!r)
		r = clu_store_write(path, key, sizeof(key), 0600);
	explicit_bzero(key, sizeof(key));
	if (r < 0)
		clu_buf_printf(errs,
			       "%s: the key could not be written: %s; check the folder and the space on its disk\n",
			       path, strerror(-r));
	return r;
}

int cman_key_check(const char *path, struct clu_buf *errs)
{
	struct stat st;
	int r;

	if (stat(path, &st) < 0) {
		r = -errno;
		if (r != -ENOENT)
			clu_buf_printf(errs, "%s: the key cannot be read: %s; correct its path or rights\n", path,
				       strerror(-r));
		return r;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < CMAN_KEY_MIN || st.st_size > CMAN_KEY_MAX) {
		clu_buf_printf(errs,
			       "%s: no usable key: it must be a file of %d to %d bytes; make one with \"cman_tool "
			       "keygen\" and copy it to all nodes\n",
			       path, CMAN_KEY_MIN, CMAN_KEY_MAX);
		return -EINVAL;
	}
	if (st.st_mode & 077) {
		clu_buf_printf(
			errs,
			"%s: the key can be read by others than its owner (mode %03o): whoever has it can enter the "
			"cluster; do \"chmod 600 %s\"\n",
			path, (unsigned)st.st_mode & 0777, path);
		return -EPERM;
	}
	return 0;
}

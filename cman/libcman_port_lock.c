/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "libcman_port_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "clu_path.h"
#include "clu_running.h"

int lcm_port_lock(uint8_t port)
{
	char path[PATH_MAX];
	int fd, r;

	r = clu_path_mkdirs(clu_path(CLU_PATH_RUN), 0);
	if (r < 0)
		return r;
	if ((size_t)snprintf(path, sizeof(path), "%s/cman-port-%u.pid", clu_path(CLU_PATH_RUN), port) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	r = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	close(fd);
	return r;
}

void lcm_ports_bound(uint8_t ret[32])
{
	memset(ret, 0, 32);
	ret[0] = 1;
	for (unsigned port = 1; port < 256; port++) {
		char name[32];

		snprintf(name, sizeof(name), "cman-port-%u", port);
		if (clu_running(name))
			ret[port / 8] = (uint8_t)(ret[port / 8] | 1u << port % 8);
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvsd_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "clu_path.h"
#include "clu_store.h"

#define STATE_MAX (4u << 20)

int lvsd_run_path(const char *name, enum lvsd_file which, char ret[PATH_MAX])
{
	static const char *const ends[] = { [LVSD_PID] = "pid", [LVSD_STATE] = "state", [LVSD_SOCKET] = "sock" };
	int n = snprintf(ret, PATH_MAX, "%s/lvsd-%s.%s", clu_path(CLU_PATH_RUN), name, ends[which]);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static pid_t read_pid(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

int lvsd_run_lock(const char *pidfile, pid_t *ret_pid)
{
	int fd = open(pidfile, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	r = -errno;
	*ret_pid = read_pid(fd);
	close(fd);
	return r;
}

int lvsd_run_write_pid(int fd, pid_t pid)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", (int)pid);

	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return -errno;
	return 0;
}

pid_t lvsd_run_holder(const char *pidfile)
{
	int fd = open(pidfile, O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!flock(fd, LOCK_SH | LOCK_NB)) {
		close(fd);
		return -ESRCH;
	}
	pid = read_pid(fd);
	close(fd);
	return pid ? pid : -ESRCH;
}

static int wait_end(int pidfd, unsigned ms)
{
	struct timespec ts;
	uint64_t until, now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	until = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000 + ms;
	for (;;) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		int r;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
		r = poll(&p, 1, now < until ? (int)(until - now) : 0);
		if (r > 0)
			return 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

int lvsd_run_stop(const char *pidfile, unsigned wait_ms)
{
	pid_t pid = lvsd_run_holder(pidfile);
	int pidfd;
	int r;

	if (pid == -ESRCH)
		return 0;
	if (pid < 0)
		return pid;
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	/* The number could have passed to another process before the descriptor was opened. */
	if (lvsd_run_holder(pidfile) != pid) {
		close(pidfd);
		return 0;
	}
	if (pidfd_send_signal(pidfd, SIGTERM, NULL, 0) < 0 && errno != ESRCH) {
		r = -errno;
		close(pidfd);
		return r;
	}
	/* One that is stopped would not see it. */
	(void)pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
	r = wait_end(pidfd, wait_ms);
	if (r == -ETIMEDOUT) {
		(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
		r = wait_end(pidfd, LVSD_STOP_MS);
		r = r < 0 ? r : 2;
	} else if (!r) {
		r = 1;
	}
	close(pidfd);
	return r;
}

int lvsd_state_write(const char *name, const char *director, const struct lvs_table *t, json_t *addresses)
{
	json_t *services = json_array(), *root;
	char path[PATH_MAX], addr[LVS_ADDR_TEXT];
	char *text;
	int r = lvsd_run_path(name, LVSD_STATE, path);

	for (unsigned i = 0; i < t->n_svcs; i++) {
		const struct lvs_svc *s = &t->svcs[i];

		json_array_append_new(services, json_pack("{s:s, s:i, s:b, s:I}", "address",
			lvs_addr_text(&s->addr, addr), "port", (int)s->port, "udp", (int)s->udp, "fwmark",
			(json_int_t)s->fwmark));
	}
	root = json_pack("{s:s, s:o, s:o}", "director", director, "services", services, "addresses", addresses);
	text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	if (!text)
		return -ENOMEM;
	if (r >= 0)
		r = clu_store_write(path, text, strlen(text), 0644);
	free(text);
	return r;
}

int lvsd_state_read(const char *name, char ret_director[16], struct lvs_table *ret, json_t **ret_addresses)
{
	struct clu_buf text = CLU_BUF_INIT;
	char path[PATH_MAX];
	json_t *root = NULL, *item;
	const char *director;
	size_t i;
	int r = lvsd_run_path(name, LVSD_STATE, path);

	if (r >= 0)
		r = clu_store_read(path, STATE_MAX, &text);
	if (r >= 0)
		root = json_loads(clu_buf_text(&text), 0, NULL);
	clu_buf_free(&text);
	if (r < 0)
		return r;
	director = json_string_value(json_object_get(root, "director"));
	if (!director || strlen(director) >= 16) {
		json_decref(root);
		return -EBADMSG;
	}
	memcpy(ret_director, director, strlen(director) + 1);
	json_array_foreach(json_object_get(root, "services"), i, item) {
		const char *addr = json_string_value(json_object_get(item, "address"));
		struct lvs_svc s = { .port = (uint16_t)json_integer_value(json_object_get(item, "port")),
			.udp = json_is_true(json_object_get(item, "udp")),
			.fwmark = (uint32_t)json_integer_value(json_object_get(item, "fwmark")) };

		if (addr && !lvs_addr_parse(addr, &s.addr) && !lvs_table_add(ret, &s))
			r = -ENOMEM;
	}
	*ret_addresses = json_incref(json_object_get(root, "addresses"));
	json_decref(root);
	return r;
}

void lvsd_state_remove(const char *name)
{
	char path[PATH_MAX];

	if (lvsd_run_path(name, LVSD_STATE, path) >= 0)
		(void)unlink(path);
}

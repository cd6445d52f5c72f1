/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tool's side of lvsd_status.h. */
#include "config.h"

#include "lvsd_status.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "clu_table.h"

#define ANSWER_MAX (64u << 20)

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Waits for the descriptor. 0, -ETIMEDOUT, or what poll says. */
static int wait_for(int fd, short events, uint64_t until)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t now = now_ms();
	int r = poll(&p, 1, now < until ? (int)(until - now) : 0);

	return r > 0 ? 0 : r == 0 ? -ETIMEDOUT : errno == EINTR ? 0 : -errno;
}

static int read_answer(int fd, uint64_t until, struct clu_buf *ret)
{
	for (;;) {
		char *p = clu_buf_grow(ret, 16384);
		ssize_t n = p ? recv(fd, p, 16384, 0) : 0;
		int r;

		if (!p)
			return -ENOMEM;
		ret->len -= 16384 - (n > 0 ? (size_t)n : 0);
		if (n == 0)
			return 0;
		if (ret->len > ANSWER_MAX)
			return -EMSGSIZE;
		if (n > 0 || errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_for(fd, POLLIN, until);
		if (r < 0)
			return r;
	}
}

int lvsd_ask(const char *path, const char *request, json_t **ret)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct clu_buf text = CLU_BUF_INIT;
	uint64_t until = now_ms() + LVSD_CLIENT_MS;
	json_t *root;
	int fd, r = 0;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		r = errno == ENOENT ? -ECONNREFUSED : errno == EAGAIN ? -ETIMEDOUT : -errno;
	clu_buf_printf(&text, "%s\n", request);
	if (!r && send(fd, text.data, text.len, MSG_NOSIGNAL) < 0)
		r = -errno;
	text.len = 0;
	if (!r)
		r = read_answer(fd, until, &text);
	close(fd);
	if (!r) {
		root = json_loadb(clu_buf_text(&text), text.len, 0, NULL);
		if (root)
			*ret = root;
		else
			r = -EBADMSG;
	}
	clu_buf_free(&text);
	return r;
}

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static json_int_t num(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void age(char *buf, size_t size, json_int_t since_ms, json_int_t now)
{
	json_int_t s = since_ms ? (now - since_ms) / 1000 : 0;

	if (!since_ms)
		snprintf(buf, size, "-");
	else if (s < 120)
		snprintf(buf, size, "%llds", (long long)(s < 0 ? 0 : s));
	else if (s < 7200)
		snprintf(buf, size, "%lldm", (long long)s / 60);
	else
		snprintf(buf, size, "%lldh", (long long)s / 3600);
}

static json_t *server_row(const json_t *v, const json_t *s, json_int_t now)
{
	const json_t *last = json_object_get(s, "last_check");
	char since[32], ago[32], check[256], weight[32], conns[32];

	age(since, sizeof(since), num(s, "since_ms"), now);
	age(ago, sizeof(ago), num(last, "at_ms"), now);
	if (json_is_object(last))
		snprintf(check, sizeof(check), "%s %s ago: %s", json_is_true(json_object_get(last, "ok")) ? "ok" : "failed",
			ago, str(last, "why"));
	else
		snprintf(check, sizeof(check), "none yet");
	snprintf(weight, sizeof(weight), "%lld/%lld", (long long)num(s, "weight_now"), (long long)num(s, "weight"));
	snprintf(conns, sizeof(conns), "%lld", (long long)num(s, "connections"));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "virtual", str(v, "name"), "server", str(s, "name"),
		"address", str(s, "address"), "state", str(s, "state"), "weight", weight, "conns",
		json_object_get(s, "connections") ? conns : "-", "since", since, "check", check);
}

void lvsd_status_print(FILE *f, const json_t *status)
{
	static const struct clu_column virt_cols[] = {
		{ "name", "Virtual", 8 }, { "service", "Service", 8 }, { "scheduler", "Sched", 5 },
		{ "persistent", "Persistent", 1 },
	};
	static const struct clu_column cols[] = {
		{ "virtual", "Virtual", 8 }, { "server", "Server", 8 }, { "address", "Address", 8 },
		{ "state", "State", 5 }, { "weight", "Weight", 6 }, { "conns", "Conns", 5 }, { "since", "Since", 5 },
		{ "check", "Last check", 1 },
	};
	json_int_t now = num(status, "now_ms");
	json_t *rows = json_array(), *virts = json_array();
	json_t *v, *s, *a;
	size_t i, k;

	fprintf(f, "lvsd %s: %s (pid %lld), director %s (%s), forwarding %s\nconfiguration %s, serial number %lld\n",
		str(status, "name"), str(status, "state"), (long long)num(status, "pid"), str(status, "director"),
		str(status, "director_about"), str(status, "network"), str(status, "file"),
		(long long)num(status, "serial_no"));
	if (json_object_get(status, "reload_error"))
		fprintf(f, "last re-reading failed, the earlier configuration goes on:\n%s\n", str(status, "reload_error"));
	json_array_foreach(json_object_get(status, "addresses"), i, a)
		fprintf(f, "address %s on %s\n", str(a, "address"), str(a, "label"));
	json_array_foreach(json_object_get(status, "virtuals"), i, v) {
		char persistent[32] = "no";

		if (num(v, "persistent"))
			snprintf(persistent, sizeof(persistent), "%llds", (long long)num(v, "persistent"));
		json_array_append_new(virts, json_pack("{s:s, s:s, s:s, s:s}", "name", str(v, "name"), "service",
			str(v, "service"), "scheduler", str(v, "scheduler"), "persistent", persistent));
		json_array_foreach(json_object_get(v, "servers"), k, s)
			json_array_append_new(rows, server_row(v, s, now));
	}
	fputc('\n', f);
	clu_table_print(f, virt_cols, sizeof(virt_cols) / sizeof(virt_cols[0]), virts);
	fputc('\n', f);
	clu_table_print(f, cols, sizeof(cols) / sizeof(cols[0]), rows);
	json_decref(virts);
	json_decref(rows);
}

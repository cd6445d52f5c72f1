/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The admin socket from both ends: a real server process that answers at once, late,
 * never, or is stopped or killed. Deadlines are proven by their result (the call
 * comes back with -ETIMEDOUT), not by measuring time.
 */
#include <errno.h>
#include <poll.h>
#include <qb/qbipcc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clu_ipc.h"
#include "clu_ipc_server.h"
#include "ipc_world.h"

static void test_echo_and_errors(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f);
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(CALL(c, "echo", &b), 0);
	assert_string_equal(clu_buf_text(&b), "echo");
	assert_int_equal(CALL(c, "x", &b), -ENOENT);
	assert_string_equal(clu_buf_text(&b), "echono such thing");
	clu_buf_free(&b);
	assert_int_equal(clu_client_dump(f->name, 10000, &b), 0);
	assert_string_equal(clu_buf_text(&b), "dump of the core\n");
	clu_buf_free(&b);
	assert_int_equal(clu_client_history(f->name, 10000, &b), 0);
	assert_string_equal(clu_buf_text(&b), "[]\n");
	clu_buf_free(&b);
	clu_client_close(c);
}

static void test_sizes_are_bounded(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f);
	struct clu_buf b = CLU_BUF_INIT;
	size_t most = 256 * 1024;
	char *big = calloc(1, most + 1);

	memset(big, 'e', most + 1);
	assert_int_equal(clu_client_call(c, big, most, 10000, &b), 0);
	assert_int_equal(b.len, most);
	assert_memory_equal(b.data, big, most);
	clu_buf_free(&b);
	assert_int_equal(clu_client_call(c, big, most + 1, 10000, &b), -EMSGSIZE);
	assert_int_equal(CALL(c, "b300000", &b), -EMSGSIZE);
	assert_int_equal(CALL(c, "echo", &b), 0);
	free(big);
	clu_buf_free(&b);
	clu_client_close(c);
	/* One who takes only little hears of it, and is served on. */
	assert_int_equal(clu_client_connect(f->name, 10000, 1000, &c), 0);
	assert_int_equal(CALL(c, "b200000", &b), -EMSGSIZE);
	assert_int_equal(CALL(c, "b1001", &b), -EMSGSIZE);
	assert_int_equal(CALL(c, "b1000", &b), 0);
	assert_int_equal(b.len, 1000);
	clu_buf_free(&b);
	clu_client_close(c);
}

/* Longer than what the rings hold at once: it comes whole, in its order, and notifications with it. */
static void test_messages_in_pieces(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c;
	struct clu_buf b = CLU_BUF_INIT;
	size_t len = 3u * 1024 * 1024 + 17;
	char *big = malloc(len);

	for (size_t i = 0; i < len; i++)
		big[i] = (char)(i * 7 + i / 65536);
	big[0] = 'e';
	c = iw_connect(f);
	assert_int_equal(clu_client_call(c, big, len, 30000, &b), 0);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, big, len);
	clu_buf_free(&b);
	assert_int_equal(clu_client_subscribe(c, 10000), 0);
	big[0] = 'n';
	assert_int_equal(clu_client_call(c, big, len, 30000, &b), 0);
	assert_string_equal(clu_buf_text(&b), "told");
	for (unsigned i = 0; i < 3; i++) {
		clu_buf_free(&b);
		assert_int_equal(clu_client_next(c, 10000, &b), 0);
		assert_int_equal(b.len, len);
		assert_memory_equal(b.data, big, len);
	}
	clu_buf_free(&b);
	assert_int_equal(clu_client_next(c, 0, &b), -ETIMEDOUT);
	/* Given up in the midst of it: the next one is understood. */
	iw_stop(f);
	big[0] = 'e';
	assert_int_equal(clu_client_call(c, big, len, 20, &b), -ETIMEDOUT);
	assert_int_equal(kill(f->pid, SIGCONT), 0);
	assert_int_equal(CALL(c, "e2", &b), 0);
	assert_string_equal(clu_buf_text(&b), "e2");
	clu_buf_free(&b);
	free(big);
	clu_client_close(c);
}

static void test_not_running(void **state)
{
	struct clu_client *c = NULL;
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(clu_client_connect("nobody-is-here", 10000, 0, &c), -ECONNREFUSED);
	clu_client_explain("fenced", -ECONNREFUSED, &b);
	assert_string_equal(clu_buf_text(&b), "fenced: not running on this node (nobody listens on its socket); "
		"start it as root: fenced");
	clu_buf_free(&b);
}

static void test_stopped_before_connect(void **state)
{
	struct iw_server *f = *state;
	struct clu_buf b = CLU_BUF_INIT;
	struct clu_client *c = NULL;

	iw_stop(f);
	/* Until its backlog is full connecting hangs in the handshake, then before it. */
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(clu_client_connect(f->name, 20, 0, &c), -ETIMEDOUT);
	assert_int_equal(clu_client_once(f->name, "echo", 4, 20, &b), -ETIMEDOUT);
	assert_int_equal(kill(f->pid, SIGCONT), 0);
	/* The half-made connections of those who gave up do no harm. */
	assert_int_equal(clu_client_once(f->name, "echo", 4, 10000, &b), 0);
	assert_string_equal(clu_buf_text(&b), "echo");
	clu_buf_free(&b);
}

static void test_backlog_full(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c[300], *late = NULL;
	unsigned n = 0;
	int r;

	iw_stop(f);
	while ((r = clu_client_begin(f->name, 0, &c[n])) == 0 && n < 299)
		n++;
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(clu_client_connect(f->name, 20, 0, &late), -ETIMEDOUT);
	while (n)
		clu_client_close(c[--n]);
}

static void test_stopped_during_call(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f);
	struct clu_buf b = CLU_BUF_INIT;

	iw_stop(f);
	assert_int_equal(clu_client_call(c, "e1", 2, 20, &b), -ETIMEDOUT);
	assert_int_equal(b.len, 0);
	assert_int_equal(kill(f->pid, SIGCONT), 0);
	/* The late answer to the first call is not taken for the second one's. */
	assert_int_equal(CALL(c, "e2", &b), 0);
	assert_string_equal(clu_buf_text(&b), "e2");
	clu_buf_free(&b);
	clu_client_close(c);
}

/* A stopped daemon is asked until its ring has no room left: still a deadline each time. */
static void test_stopped_with_full_ring(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f);
	char *big = calloc(1, 100000);

	iw_stop(f);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(clu_client_call(c, big, 100000, 10, NULL), -ETIMEDOUT);
	free(big);
	clu_client_close(c);
}

static void test_never_answered(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f), *other = iw_connect(f);
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(clu_client_call(c, "h", 1, 20, &b), -ETIMEDOUT);
	/* A server that was kept from running has not read it yet; what it has not read ends with its client. */
	do {
		clu_buf_free(&b);
		assert_int_equal(CALL(other, "c", &b), 0);
	} while (strcmp(clu_buf_text(&b), "1"));
	clu_client_close(c);
	/* The core hears that nobody waits any more. */
	do {
		clu_buf_free(&b);
		assert_int_equal(CALL(other, "g", &b), 0);
	} while (!strcmp(clu_buf_text(&b), "0 0"));
	assert_string_equal(clu_buf_text(&b), "1 1");
	clu_buf_free(&b);
	clu_client_close(other);
}

static void test_late_answer(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f);
	struct clu_client_said m;
	struct pollfd p = { .events = POLLIN };
	uint64_t first, second, third;

	assert_int_equal(clu_client_post(c, "h", 1, &first), 0);
	assert_int_equal(clu_client_post(c, "h", 1, &second), 0);
	assert_int_equal(clu_client_post(c, "r", 1, &third), 0);
	p.fd = clu_client_fd(c);
	for (unsigned n = 0; n < 3; ) {
		int r = clu_client_take(c, &m);

		if (r == -EAGAIN) {
			assert_int_equal(poll(&p, 1, 10000), 1);
			continue;
		}
		assert_int_equal(r, 0);
		assert_false(m.notify);
		assert_int_equal(m.tag, n == 0 ? second : n == 1 ? first : third);
		n++;
	}
	clu_client_close(c);
}

static void test_too_many_open_requests(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f);
	struct clu_client_said m;
	uint64_t tag;

	for (unsigned i = 0; i < 17; i++)
		assert_int_equal(clu_client_post(c, "h", 1, &tag), 0);
	while (clu_client_take(c, &m) == -EAGAIN) {
		struct pollfd p = { .fd = clu_client_fd(c), .events = POLLIN };

		assert_int_equal(poll(&p, 1, 10000), 1);
	}
	assert_int_equal(m.tag, tag);
	assert_int_equal(m.error, -EBUSY);
	clu_client_close(c);
}

static void test_too_many_clients(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c[128], *more = NULL;
	struct clu_buf b = CLU_BUF_INIT;

	for (unsigned i = 0; i < 128; i++)
		c[i] = iw_connect(f);
	assert_int_equal(clu_client_connect(f->name, 10000, 0, &more), -EBUSY);
	clu_client_close(c[0]);
	assert_int_equal(CALL(c[1], "echo", &b), 0);
	clu_buf_free(&b);
	for (unsigned i = 1; i < 128; i++)
		clu_client_close(c[i]);
}

static void test_killed_during_call(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f);
	struct clu_buf b = CLU_BUF_INIT;

	/* A deadline that nobody would wait for: the end itself must wake the call. */
	assert_int_equal(clu_client_call(c, "d", 1, UINT32_MAX, &b), -EPIPE);
	assert_int_equal(clu_client_call(c, "echo", 4, UINT32_MAX, &b), -EPIPE);
	assert_int_equal(clu_client_next(c, UINT32_MAX, &b), -EPIPE);
	clu_client_close(c);
	/* The client tidies up behind a daemon that cannot any more. */
	assert_int_equal(waitpid(f->pid, NULL, 0), f->pid);
	clu_ipc_sweep(f->name, f->pid);
	assert_int_equal(iw_count_shm(f->pid), 0);
	f->pid = 0;
}

static void test_last_word_arrives(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f);
	struct clu_buf b = CLU_BUF_INIT;
	pid_t pid = f->pid;

	assert_int_equal(CALL(c, "q", &b), 0);
	assert_string_equal(clu_buf_text(&b), "bye");
	assert_int_equal(waitpid(f->pid, NULL, 0), f->pid);
	f->pid = 0;
	assert_int_equal(iw_count_shm(pid), 0);
	clu_buf_free(&b);
	clu_client_close(c);
}

static void test_notifications(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = iw_connect(f), *deaf = iw_connect(f);
	struct clu_buf b = CLU_BUF_INIT;
	struct pollfd p = { .fd = clu_client_fd(c), .events = POLLIN };

	assert_int_equal(clu_client_next(c, 0, &b), -ETIMEDOUT);
	assert_int_equal(clu_client_subscribe(c, 10000), 0);
	assert_int_equal(CALL(c, "news", &b), 0);
	assert_string_equal(clu_buf_text(&b), "told");
	/* Those that came before the answer are not lost, and the descriptor says so. */
	for (unsigned i = 0; i < 3; i++) {
		clu_buf_free(&b);
		assert_int_equal(poll(&p, 1, 0), 1);
		assert_int_equal(clu_client_next(c, 0, &b), 0);
		assert_string_equal(clu_buf_text(&b), "news");
	}
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(clu_client_next(c, 0, &b), -ETIMEDOUT);
	assert_int_equal(clu_client_next(deaf, 0, &b), -ETIMEDOUT);
	clu_buf_free(&b);
	clu_client_close(deaf);
	clu_client_close(c);
}

static void test_slow_subscriber_is_dropped(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *slow = iw_connect(f), *c = iw_connect(f);
	struct clu_buf b = CLU_BUF_INIT;
	int r = 0;

	assert_int_equal(clu_client_subscribe(slow, 10000), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(CALL(c, "flood", &b), 0);
	while (!r) {
		clu_buf_free(&b);
		r = clu_client_next(slow, 10000, &b);
	}
	assert_int_equal(r, -EPIPE);
	clu_buf_free(&b);
	assert_int_equal(CALL(c, "echo", &b), 0);
	clu_buf_free(&b);
	clu_client_close(slow);
	clu_client_close(c);
}

/* ---- a client that does not keep to the rules ---- */

static ssize_t send_raw(struct iw_server *f, int32_t id, int32_t size, size_t len)
{
	char name[64], answer[4096];
	size_t body = len > sizeof(struct clu_ipc_request) ? len - sizeof(struct clu_ipc_request) : 0;
	struct clu_ipc_request head = { .hdr = { .id = id, .size = size }, .tag = 1, .whole = (uint32_t)body };
	qb_ipcc_connection_t *qb;
	char *bytes = calloc(1, len);
	ssize_t n;

	snprintf(name, sizeof(name), CLU_IPC_PREFIX "%s", f->name);
	qb = qb_ipcc_connect(name, 8192);
	assert_non_null(qb);
	memcpy(bytes, &head, len < sizeof(head) ? len : sizeof(head));
	n = qb_ipcc_send(qb, bytes, len);
	assert_int_equal(n, len);
	do
		n = qb_ipcc_event_recv(qb, answer, sizeof(answer), 1000);
	while (n == -EAGAIN || n == -ETIMEDOUT);
	if (n > 0)
		n = ((struct clu_ipc_answer *)answer)->hdr.error;
	qb_ipcc_disconnect(qb);
	free(bytes);
	return n;
}

static void test_nonsense_from_a_client(void **state)
{
	struct iw_server *f = *state;
	struct clu_buf b = CLU_BUF_INIT;
	struct clu_client *c;
	char name[64];

	/* The header says another size than was sent, or none at all. */
	assert_int_equal(send_raw(f, CLU_IPC_CORE, INT32_MAX, 100), -ENOTCONN);
	assert_int_equal(send_raw(f, CLU_IPC_CORE, -1, 100), -ENOTCONN);
	assert_int_equal(send_raw(f, CLU_IPC_CORE, 0, 100), -ENOTCONN);
	assert_int_equal(send_raw(f, CLU_IPC_CORE, 16, 16), -ENOTCONN);
	assert_int_equal(send_raw(f, CLU_IPC_CORE, 200000, 100), -ENOTCONN);
	assert_int_equal(send_raw(f, 4711, 100, 100), -EOPNOTSUPP);
	assert_int_equal(send_raw(f, CLU_IPC_PING, 40, 40), 0);
	/* Too much memory is not given. */
	assert_int_equal(clu_client_connect(f->name, 10000, 32u * 1024 * 1024, &c), -EMSGSIZE);
	snprintf(name, sizeof(name), CLU_IPC_PREFIX "%s", f->name);
	assert_null(qb_ipcc_connect(name, 2 * 1024 * 1024));
	assert_int_equal(clu_client_once(f->name, "echo", 4, 10000, &b), 0);
	clu_buf_free(&b);
}

/* ---- who may talk to whom (only root can pretend to be others) ---- */

static void test_other_users_are_refused(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = NULL;
	int status;
	pid_t pid;

	if (geteuid())
		skip();
	pid = fork();
	if (!pid)
		_exit(setgid(65534) < 0 || setuid(65534) < 0 ? 1 : -clu_client_connect(f->name, 10000, 0, &c));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EACCES);
}

static int start_for_long_messages(void **state)
{
	int r;

	iw_server_max = 8u * 1024 * 1024;
	r = iw_start(state);
	iw_server_max = 0;
	return r;
}

static int start_as_nobody(void **state)
{
	int r;

	iw_server_uid = geteuid() ? 0 : 65534;
	r = iw_start(state);
	iw_server_uid = 0;
	return r;
}

/* Whoever is no root may take a daemon's name while that one does not run; root does not believe him. */
static void test_impostor(void **state)
{
	struct iw_server *f = *state;
	struct clu_client *c = NULL;

	if (geteuid())
		skip();
	assert_int_equal(clu_client_connect(f->name, 10000, 0, &c), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_echo_and_errors, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_sizes_are_bounded, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_messages_in_pieces, start_for_long_messages, iw_end),
		cmocka_unit_test(test_not_running),
		cmocka_unit_test_setup_teardown(test_stopped_before_connect, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_backlog_full, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_stopped_during_call, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_stopped_with_full_ring, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_never_answered, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_late_answer, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_too_many_open_requests, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_too_many_clients, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_killed_during_call, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_last_word_arrives, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_notifications, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_slow_subscriber_is_dropped, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_nonsense_from_a_client, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_other_users_are_refused, iw_start, iw_end),
		cmocka_unit_test_setup_teardown(test_impostor, start_as_nobody, iw_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

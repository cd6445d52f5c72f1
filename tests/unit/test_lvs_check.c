/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks against real sockets on loopback, and their pure parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lvs_check_priv.h"

static struct lvs_check_spec spec_of(const char *send, const char *expect)
{
	struct lvs_check_spec s = { .timeout_s = 5, .has_send = send != NULL, .has_expect = expect != NULL };

	if (send) {
		s.send_len = (unsigned)strlen(send);
		memcpy(s.send, send, s.send_len);
	}
	if (expect) {
		s.expect_len = (unsigned)strlen(expect);
		memcpy(s.expect, expect, s.expect_len);
	}
	return s;
}

static enum lvs_match match(const struct lvs_check_spec *s, const char *answer, bool complete)
{
	return lvs_expect_match(s, (const unsigned char *)answer, (unsigned)strlen(answer), complete);
}

static void test_match(void **state)
{
	struct lvs_check_spec s = spec_of(NULL, "HTTP");

	assert_int_equal(match(&s, "HTTP/1.0 200", false), LVS_MATCH_YES);
	assert_int_equal(match(&s, "HT", false), LVS_MATCH_MORE);
	assert_int_equal(match(&s, "HT", true), LVS_MATCH_NO);
	assert_int_equal(match(&s, "HX", false), LVS_MATCH_NO);
	s = spec_of(NULL, "*");
	assert_int_equal(match(&s, "x", false), LVS_MATCH_YES);
	assert_int_equal(match(&s, "", false), LVS_MATCH_MORE);
	assert_int_equal(match(&s, "", true), LVS_MATCH_NO);
	s = spec_of(NULL, "2[0-9]{2} OK");
	s.use_regex = true;
	assert_int_equal(match(&s, "HTTP/1.0 200 OK", false), LVS_MATCH_YES);
	assert_int_equal(match(&s, "HTTP/1.0 20", false), LVS_MATCH_MORE);
	assert_int_equal(match(&s, "HTTP/1.0 500 OH", true), LVS_MATCH_NO);
}

static void test_unescape(void **state)
{
	unsigned char text[] = "a\\r\\n\\t\\\\\\\"\\'\\qz\\";
	unsigned char single[] = "\\";
	unsigned n = lvs_conf_unescape(text, sizeof(text) - 1);

	assert_int_equal(n, 10);
	assert_memory_equal(text, "a\r\n\t\\\"'qz\\", 10);
	assert_int_equal(lvs_conf_unescape(single, 1), 1);
}

static void test_program_words(void **state)
{
	const char *argv[8];
	char buf[128];

	assert_int_equal(lvs_program_words("/bin/check  %h -p %p x%h", "10.0.0.1", "80", buf, sizeof(buf), argv, 8), 5);
	assert_string_equal(argv[1], "10.0.0.1");
	assert_string_equal(argv[3], "80");
	assert_string_equal(argv[4], "x%h");
	assert_null(argv[5]);
	assert_int_equal(lvs_program_words("a b c", "", "", buf, sizeof(buf), argv, 3), -E2BIG);
	assert_int_equal(lvs_program_words("abcdef", "", "", buf, 4, argv, 3), -E2BIG);
	assert_int_equal(lvs_program_words("  ", "", "", buf, 4, argv, 3), 0);
}

/* A server on loopback that is driven by the test's own loop. */
struct world {
	qb_loop_t *loop;
	struct lvs_checks *checks;
	int listener, peer;
	uint16_t port;
	const char *answer;	/* what the server says */
	int ended;		/* -1 = not yet, else ok */
	char why[256];
};

static void on_end(void *ctx, uint64_t id, bool ok, const char *why)
{
	struct world *w = ctx;

	assert_int_equal(w->ended, -1);
	w->ended = ok;
	snprintf(w->why, sizeof(w->why), "%s", why);
	qb_loop_stop(w->loop);
}

static int32_t on_client(int32_t fd, int32_t revents, void *data)
{
	struct world *w = data;

	w->peer = accept(fd, NULL, NULL);
	assert_true(w->peer >= 0);
	if (w->answer) {
		assert_int_equal(send(w->peer, w->answer, strlen(w->answer), MSG_NOSIGNAL), (int)strlen(w->answer));
		shutdown(w->peer, SHUT_WR);
	}
	return 0;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);

	w->loop = qb_loop_create();
	w->checks = lvs_checks_new(w->loop, on_end, w);
	w->listener = socket(AF_INET, SOCK_STREAM, 0);
	w->peer = w->ended = -1;
	assert_int_equal(bind(w->listener, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(w->listener, 5), 0);
	getsockname(w->listener, (struct sockaddr *)&in, &len);
	w->port = ntohs(in.sin_port);
	qb_loop_poll_add(w->loop, QB_LOOP_MED, w->listener, POLLIN, w, on_client);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	lvs_checks_free(w->checks);
	close(w->listener);
	if (w->peer >= 0)
		close(w->peer);
	qb_loop_destroy(w->loop);
	free(w);
	return 0;
}

static void run(struct world *w, const struct lvs_check_spec *s, uint16_t port)
{
	struct lvs_addr a;

	assert_int_equal(lvs_addr_parse("127.0.0.1", &a), 0);
	assert_int_equal(lvs_checks_start(w->checks, 1, s, &a, port), 0);
	qb_loop_run(w->loop);
	assert_int_equal(lvs_checks_count(w->checks), 0);
}

static void test_connect(void **state)
{
	struct lvs_check_spec s = spec_of(NULL, NULL);

	run(*state, &s, ((struct world *)*state)->port);
	assert_int_equal(((struct world *)*state)->ended, 1);
}

static void test_refused(void **state)
{
	struct world *w = *state;
	struct lvs_check_spec s = spec_of(NULL, NULL);

	qb_loop_poll_del(w->loop, w->listener);
	close(w->listener);
	run(w, &s, w->port);
	assert_int_equal(w->ended, 0);
	assert_non_null(strstr(w->why, "refused"));
	w->listener = socket(AF_INET, SOCK_STREAM, 0);
}

static void test_expected_answer(void **state)
{
	struct world *w = *state;
	struct lvs_check_spec s = spec_of("GET /\r\n", "HTTP");

	w->answer = "HTTP/1.0 200 OK\r\n";
	run(w, &s, w->port);
	assert_int_equal(w->ended, 1);
}

static void test_other_answer(void **state)
{
	struct world *w = *state;
	struct lvs_check_spec s = spec_of("GET /\r\n", "HTTP");

	w->answer = "HTXP";
	run(w, &s, w->port);
	assert_int_equal(w->ended, 0);
	assert_non_null(strstr(w->why, "not what is expected"));
}

static void test_short_answer(void **state)
{
	struct world *w = *state;
	struct lvs_check_spec s = spec_of(NULL, "HTTP");

	w->answer = "HT";
	run(w, &s, w->port);
	assert_int_equal(w->ended, 0);
}

static void test_no_answer(void **state)
{
	struct world *w = *state;
	struct lvs_check_spec s = spec_of("x", "y");

	s.timeout_s = 1;
	run(w, &s, w->port);
	assert_int_equal(w->ended, 0);
	assert_string_equal(w->why, "no answer within 1 s");
}

static void program(void **state, const char *command, const char *expect, int ok, const char *why)
{
	struct world *w = *state;
	struct lvs_check_spec s = spec_of(NULL, expect);

	s.timeout_s = 1;
	snprintf(s.program, sizeof(s.program), "%s", command);
	run(w, &s, 80);
	if (w->ended != ok || !strstr(w->why, why))
		fail_msg("%s: %d, %s", command, w->ended, w->why);
}

static void test_program_says_ok(void **state)
{
	program(state, "echo %h %p", "127.0.0.1 80", 1, "as expected");
}

static void test_program_says_else(void **state)
{
	program(state, "echo FAIL", "OK", 0, "printed \"FAIL\"");
}

static void test_program_fails(void **state)
{
	program(state, "false", "", 0, "exit code 1");
}

static void test_program_hangs(void **state)
{
	program(state, "sleep 60", "OK", 0, "not ended within 1 s");
}

static void test_program_is_missing(void **state)
{
	program(state, "/no/such/program", "OK", 0, "exit code 127");
}

static void stop_loop(void *data)
{
	qb_loop_stop(data);
}

static void test_cancelled_check_says_nothing(void **state)
{
	struct world *w = *state;
	struct lvs_check_spec s = spec_of(NULL, NULL);
	qb_loop_timer_handle t;
	struct lvs_addr a;

	assert_int_equal(lvs_addr_parse("127.0.0.1", &a), 0);
	assert_int_equal(lvs_checks_start(w->checks, 9, &s, &a, w->port), 0);
	lvs_checks_cancel(w->checks, 9);
	lvs_checks_cancel(w->checks, 10);
	assert_int_equal(lvs_checks_count(w->checks), 0);
	qb_loop_timer_add(w->loop, QB_LOOP_LOW, 20 * 1000000ull, w->loop, stop_loop, &t);
	qb_loop_run(w->loop);
	assert_int_equal(w->ended, -1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_program_words),
		T(test_connect),
		T(test_refused),
		T(test_expected_answer),
		T(test_other_answer),
		T(test_short_answer),
		T(test_no_answer),
		T(test_program_says_ok),
		T(test_program_says_else),
		T(test_program_fails),
		T(test_program_hangs),
		T(test_program_is_missing),
		T(test_cancelled_check_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who listens at which port: what is told as news and what is not, several processes of one node, unheard ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libcman_ports.h"

struct heard {
	char text[256];
};

static void tell(void *ctx, bool opened, uint8_t port)
{
	struct heard *h = ctx;
	size_t at = strlen(h->text);

	snprintf(h->text + at, sizeof(h->text) - at, "%c%u ", opened ? '+' : '-', port);
}

static void state(struct lcm_ports *p, uint32_t nodeid, uint32_t pid, unsigned port, unsigned port2)
{
	uint8_t ports[LCM_PORT_BYTES] = { 0 };

	if (port)
		lcm_port_set(ports, (uint8_t)port, true);
	if (port2)
		lcm_port_set(ports, (uint8_t)port2, true);
	lcm_ports_state(p, nodeid, pid, ports);
}

#define SAYS(h, wanted) do { assert_string_equal((h).text, wanted); (h).text[0] = '\0'; } while (0)

static void opens_and_closes_are_news(void **s)
{
	const struct lcm_process one[] = { { 1, 10 } }, both[] = { { 1, 10 }, { 2, 20 } };
	struct heard h = { "" };
	struct lcm_ports p;

	lcm_ports_init(&p, tell, &h);
	lcm_ports_view(&p, one, 1);
	state(&p, 1, 10, 0, 0);
	lcm_ports_view(&p, both, 2);
	assert_int_equal(lcm_ports_is_open(&p, 2, 11), -EAGAIN);
	state(&p, 2, 20, 11, 255);
	SAYS(h, "+11 +255 ");
	assert_int_equal(lcm_ports_is_open(&p, 2, 11), 1);
	assert_int_equal(lcm_ports_is_open(&p, 2, 12), 0);
	assert_int_equal(lcm_ports_is_open(&p, 1, 11), 0);
	assert_int_equal(lcm_ports_is_open(&p, 3, 11), 0);
	state(&p, 2, 20, 11, 0);
	SAYS(h, "-255 ");
	lcm_ports_view(&p, one, 1);
	SAYS(h, "-11 ");
	assert_int_equal(lcm_ports_is_open(&p, 2, 11), 0);
}

static void what_was_there_is_no_news(void **s)
{
	const struct lcm_process both[] = { { 1, 10 }, { 2, 20 } };
	struct heard h = { "" };
	struct lcm_ports p;

	lcm_ports_init(&p, tell, &h);
	lcm_ports_view(&p, both, 2);
	state(&p, 2, 20, 11, 0);
	SAYS(h, "");
	assert_int_equal(lcm_ports_is_open(&p, 2, 11), 1);
	state(&p, 2, 20, 11, 12);
	SAYS(h, "+12 ");
}

/* A port that moves from one process of a node to another while both have it was never closed. */
static void two_processes_of_one_node(void **s)
{
	const struct lcm_process three[] = { { 1, 10 }, { 2, 20 }, { 2, 21 } }, two[] = { { 1, 10 }, { 2, 21 } };
	struct heard h = { "" };
	struct lcm_ports p;

	lcm_ports_init(&p, tell, &h);
	lcm_ports_view(&p, three, 3);
	state(&p, 2, 20, 11, 0);
	assert_int_equal(lcm_ports_is_open(&p, 2, 12), -EAGAIN);
	state(&p, 2, 21, 0, 0);
	assert_int_equal(lcm_ports_is_open(&p, 2, 12), 0);
	state(&p, 2, 21, 11, 0);
	SAYS(h, "");
	lcm_ports_view(&p, two, 2);
	SAYS(h, "");
	assert_int_equal(lcm_ports_is_open(&p, 2, 11), 1);
}

static void strangers_and_crowds(void **s)
{
	struct lcm_process many[LCM_MAX_PEERS + 10];
	struct heard h = { "" };
	struct lcm_ports p;

	lcm_ports_init(&p, tell, &h);
	lcm_ports_view(&p, many, 0);
	state(&p, 9, 9, 11, 0);
	SAYS(h, "");
	assert_int_equal(lcm_ports_is_open(&p, 9, 11), 0);
	for (unsigned i = 0; i < LCM_MAX_PEERS + 10; i++)
		many[i] = (struct lcm_process){ 1, i + 1 };
	lcm_ports_view(&p, many, LCM_MAX_PEERS + 10);
	assert_int_equal(p.n_peers, LCM_MAX_PEERS);
	lcm_ports_view(&p, many, 1);
	assert_int_equal(p.n_peers, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_and_closes_are_news),
		cmocka_unit_test(what_was_there_is_no_news),
		cmocka_unit_test(two_processes_of_one_node),
		cmocka_unit_test(strangers_and_crowds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

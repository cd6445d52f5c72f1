/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listing is read by scripts of twenty years: every byte of the historical part counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fence_tool_ls.h"

static Hawser__FencedNode node[3];
static Hawser__FencedNode *nodes[3] = { &node[0], &node[1], &node[2] };
static Hawser__FencedDone done = HAWSER__FENCED_DONE__INIT;
static Hawser__FencedDone *dones[1] = { &done };
static Hawser__FencedVictim victim = HAWSER__FENCED_VICTIM__INIT;
static Hawser__FencedVictim *victims[1] = { &victim };
static uint32_t members[3] = { 1, 2, 3 };

static Hawser__FencedNews healthy(void)
{
	Hawser__FencedNews n = HAWSER__FENCED_NEWS__INIT;

	for (unsigned i = 0; i < 3; i++) {
		static char names[3][4];

		hawser__fenced_node__init(&node[i]);
		names[i][0] = 'n';
		names[i][1] = (char)('1' + i);
		node[i].nodeid = i + 1;
		node[i].name = names[i];
		node[i].member = node[i].present = true;
	}
	done.nodeid = 2;
	done.name = node[1].name;
	done.master = 1;
	done.how = (char *)"agent";
	done.agent = (char *)"fence_ipmilan";
	done.took_ms = 4200;
	n.joined = n.quorate = true;
	n.members = members;
	n.n_members = 3;
	n.master = 1;
	n.wait_state = (char *)"none";
	n.nodes = nodes;
	n.n_nodes = 3;
	n.done = dones;
	n.n_done = 1;
	return n;
}

static char *printed(const Hawser__FencedNews *n, bool all, bool why)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	fence_tool_print(f, n, all, 12000000);
	if (why)
		fence_tool_print_why(f, n);
	fclose(f);
	return text;
}

static void test_layout(void **state)
{
	Hawser__FencedNews n = healthy();
	char *t = printed(&n, false, false);

	assert_string_equal(t,
		"fence domain\n"
		"member count  3\n"
		"victim count  0\n"
		"victim now    0\n"
		"master nodeid 1\n"
		"wait state    none\n"
		"members       1 2 3 \n"
		"\n");
	free(t);
	t = printed(&n, true, false);
	assert_non_null(strstr(t, "members       1 2 3 \n\nall nodes\n"
		"nodeid 1 member 1 victim 0 last fence master 0 how none\n"
		"nodeid 2 member 1 victim 0 last fence master 1 how agent\n"
		"nodeid 3 member 1 victim 0 last fence master 0 how none\n"
		"\n"));
	free(t);
}

static void test_victims_say_what_ends_the_wait(void **state)
{
	Hawser__FencedNews n = healthy();
	char *t;

	n.n_members = 2;
	n.victims = victims;
	n.n_victims = 1;
	n.victim_now = 3;
	n.wait_state = (char *)"fencing";
	node[2].member = node[2].present = false;
	node[2].victim = true;
	victim.nodeid = 3;
	victim.name = (char *)"n3";
	victim.state = (char *)"failed";
	victim.reason = (char *)"node";
	victim.why = (char *)"n1 could not fence it";
	victim.remedy = (char *)"fence_ack_manual n3";
	victim.attempts = 2;
	victim.since_us = 5000000;
	t = printed(&n, false, false);
	assert_string_equal(t,
		"fence domain\n"
		"member count  2\n"
		"victim count  1\n"
		"victim now    3\n"
		"master nodeid 1\n"
		"wait state    fencing\n"
		"members       1 2 \n"
		"\n"
		"victims\n"
		"nodeid 3 name n3 state failed reason node for 7 s attempts 2\n"
		"  waits for: n1 could not fence it\n"
		"  if you know that n3 is off, end the wait with: fence_ack_manual n3\n"
		"\n");
	free(t);
	/* one that came back with a past is shown as the disallowed member it is */
	node[2].present = true;
	t = printed(&n, true, false);
	assert_non_null(strstr(t, "nodeid 3 member -1 victim 1 last fence master 0 how none\n"));
	free(t);
}

static void test_why(void **state)
{
	Hawser__FencedNews n = healthy();
	char *t;

	done.detected_us = 1000000;
	done.started_us = 1003000;
	done.standing = true;
	t = printed(&n, false, true);
	assert_non_null(strstr(t, "how agent by nodeid 1 agent fence_ipmilan took 4200 ms started 3 ms after the loss "
		"was seen, not back since\n"));
	free(t);
}

static void test_json(void **state)
{
	Hawser__FencedNews n = healthy();
	json_t *j;

	n.victims = victims;
	n.n_victims = 1;
	victim.nodeid = 3;
	victim.remedy = (char *)"fence_ack_manual n3";
	j = fence_tool_json(&n);
	assert_non_null(j);
	assert_int_equal(json_integer_value(json_object_get(j, "master")), 1);
	assert_int_equal(json_array_size(json_object_get(j, "members")), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(j, "victims"), 0),
		"remedy")), "fence_ack_manual n3");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(j, "last"), 0),
		"took_ms")), 4200);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_victims_say_what_ends_the_wait),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

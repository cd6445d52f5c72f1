/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a ruleset does with a packet: rules as "nft -j list ruleset" prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cman_nft_walk.h"

#define CHAIN(hook, policy) "{'chain':{'family':'inet','table':'filter','name':'input','handle':1,'type':'filter','hook':'" hook \
	"','prio':0,'policy':'" policy "'}}"
#define RULE(chain, expr) "{'rule':{'family':'inet','table':'filter','chain':'" chain "','handle':7,'expr':[" expr "]}}"
#define IN(expr) RULE("input", expr)
#define MATCH(left, op, right) "{'match':{'op':'" op "','left':" left ",'right':" right "}}"
#define DPORT(right) MATCH("{'payload':{'protocol':'udp','field':'dport'}}", "==", right)
#define SADDR(right) MATCH("{'payload':{'protocol':'ip','field':'saddr'}}", "==", right)
#define META(key, right) MATCH("{'meta':{'key':'" key "'}}", "==", right)
#define STATE(right) MATCH("{'ct':{'key':'state'}}", "in", right)
#define ACCEPT "{'accept':null}"
#define DROP "{'drop':null}"

enum want { PASSES, DROPPED, UNSURE };

static enum want walk(const char *rules, const char *hook, bool established, char where[200])
{
	struct cman_packet p = { .saddr = "10.0.0.2", .daddr = "10.0.0.1", .sport = 5405, .dport = 5405, .dev = "eth0",
				 .established = established };
	char text[8192];
	struct cman_passage out;
	json_error_t e;
	json_t *root;

	snprintf(text, sizeof(text), "[%s]", rules);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	root = json_loads(text, 0, &e);
	if (!root)
		fail_msg("%s at %d: %s", e.text, e.position, text);
	cman_nft_walk(root, hook, &p, &out);
	json_decref(root);
	snprintf(where, 200, "%s", out.where);
	return !out.sure ? UNSURE : out.dropped ? DROPPED : PASSES;
}

static void test_rows(void **state)
{
	static const struct { const char *rules; enum want want; } rows[] = {
		{ "", PASSES },
		{ CHAIN("input", "accept"), PASSES },
		{ CHAIN("input", "drop"), DROPPED },
		{ CHAIN("forward", "drop"), PASSES },
		{ CHAIN("prerouting", "drop"), DROPPED },
		{ CHAIN("output", "drop"), PASSES },
		{ CHAIN("input", "drop") "," IN(DPORT("5405") "," ACCEPT), PASSES },
		{ CHAIN("input", "drop") "," IN(DPORT("5404") "," ACCEPT), DROPPED },
		{ CHAIN("input", "drop") "," IN(DPORT("{'set':[22,{'range':[5404,5412]}]}") "," ACCEPT), PASSES },
		{ CHAIN("input", "drop") "," IN(DPORT("{'set':[22,{'range':[5406,5412]}]}") "," ACCEPT), DROPPED },
		{ CHAIN("input", "drop") "," IN(DPORT("{'set':[{'elem':{'val':5405}}]}") "," ACCEPT), PASSES },
		{ CHAIN("input", "drop") "," IN(DPORT("'@ports'") "," ACCEPT), UNSURE },
		{ CHAIN("input", "accept") "," IN(DPORT("5405") ",{'counter':{'packets':0}}," DROP), DROPPED },
		{ CHAIN("input", "accept") "," IN(DPORT("5405") ",{'reject':{}}"), DROPPED },
		{ CHAIN("input", "accept") "," IN(SADDR("'10.0.0.2'") "," DROP), DROPPED },
		{ CHAIN("input", "accept") "," IN(SADDR("'10.0.0.3'") "," DROP), PASSES },
		{ CHAIN("input", "accept") "," IN(SADDR("{'prefix':{'addr':'10.0.0.0','len':24}}") "," DROP), DROPPED },
		{ CHAIN("input", "accept") "," IN(SADDR("{'prefix':{'addr':'10.0.0.0','len':31}}") "," DROP), PASSES },
		{ CHAIN("input", "accept") "," IN(SADDR("{'range':['10.0.0.1','10.0.0.9']}") "," DROP), DROPPED },
		{ CHAIN("input", "accept") "," IN(MATCH("{'payload':{'protocol':'ip6','field':'saddr'}}", "==", "'fd00::1'") "," DROP), PASSES },
		{ CHAIN("input", "accept") "," IN(MATCH("{'payload':{'protocol':'tcp','field':'dport'}}", "==", "5405") "," DROP), PASSES },
		{ CHAIN("input", "accept") "," IN(MATCH("{'payload':{'protocol':'udp','field':'dport'}}", "!=", "22") "," DROP), DROPPED },
		{ CHAIN("input", "accept") "," IN(META("l4proto", "'udp'") "," DROP), DROPPED },
		{ CHAIN("input", "accept") "," IN(META("l4proto", "'tcp'") "," DROP), PASSES },
		{ CHAIN("input", "accept") "," IN(META("iifname", "'eth0'") "," DROP), DROPPED },
		{ CHAIN("input", "accept") "," IN(META("iifname", "'eth*'") "," DROP), DROPPED },
		{ CHAIN("input", "accept") "," IN(META("iifname", "'lo'") "," DROP), PASSES },
		{ CHAIN("input", "accept") "," IN(META("oifname", "'eth0'") "," DROP), PASSES },
		{ CHAIN("input", "accept") "," IN(META("mark", "1") "," DROP), UNSURE },
		{ CHAIN("input", "accept") "," IN("{'xt':{'type':'target','name':'REJECT'}}"), UNSURE },
		{ CHAIN("input", "accept") "," IN("{'jump':{'target':'more'}}") "," RULE("more", DROP), DROPPED },
		{ CHAIN("input", "drop") "," IN("{'jump':{'target':'more'}}") "," RULE("more", "{'return':null}") "," IN(ACCEPT), PASSES },
		{ CHAIN("input", "drop") "," IN("{'goto':{'target':'more'}}") "," RULE("more", DPORT("1") "," DROP) "," IN(ACCEPT), DROPPED },
		{ CHAIN("input", "accept") "," IN("{'jump':{'target':'input'}}"), UNSURE },
	};
	char where[200];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (walk(rows[i].rules, "input", false, where) != rows[i].want)
			fail_msg("row %u is not %d (%s): %s", i, rows[i].want, where, rows[i].rules);
}

static void test_state(void **state)
{
	static const char rules[] = CHAIN("input", "drop") "," IN(STATE("['established','related']") "," ACCEPT);
	char where[200];

	assert_int_equal(walk(rules, "input", false, where), DROPPED);
	assert_string_equal(where, "table inet filter, chain input, its policy");
	assert_int_equal(walk(rules, "input", true, where), PASSES);
	assert_int_equal(walk(rules, "output", false, where), PASSES);
}

static void test_where(void **state)
{
	char where[200];

	assert_int_equal(walk(CHAIN("input", "accept") "," IN(DROP), "input", false, where), DROPPED);
	assert_string_equal(where, "table inet filter, chain input, rule 7");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_state), cmocka_unit_test(test_where) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

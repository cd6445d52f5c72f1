/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exchange between nodes: who has the key, and what comes from strangers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cman_peer.h"
#include "cman_version.h"

static const unsigned char nonce[CMAN_PEER_NONCE] = "0123456789abcde";
static const char key[] = "a key of many bytes", other[] = "b key of many bytes";

static size_t answer(const struct cman_peer_facts *f, const void *k, size_t len, unsigned char ret[CMAN_PEER_BYTES])
{
	return cman_peer_pack_answer(f, nonce, k, len, ret);
}

static void test_round(void **state)
{
	struct cman_peer_facts f = { .name = "n1", .release = "0.1.0", .corosync = "3.1.7", .version = 12, .wall_us = 99999999999,
				     .crypto = true }, got;
	unsigned char q[CMAN_PEER_BYTES], a[CMAN_PEER_BYTES], back[CMAN_PEER_NONCE];
	unsigned part = 0;
	bool equal = false;
	size_t len;

	cman_peer_pack_question(nonce, 7, q);
	assert_true(cman_peer_read_question(q, sizeof(q), back, &part));
	assert_memory_equal(back, nonce, sizeof(nonce));
	assert_int_equal(part, 7);
	/* The proof is of all of it, with this key. */
	assert_false(cman_peer_is_proven(q, "key", 3));
	cman_peer_prove_question(q, "key", 3);
	assert_true(cman_peer_read_question(q, sizeof(q), back, &part));
	assert_true(cman_peer_is_proven(q, "key", 3));
	assert_false(cman_peer_is_proven(q, "kez", 3));
	assert_false(cman_peer_is_proven(q, "", 0));
	for (unsigned i = 0; i < sizeof(q); i++) {
		q[i] ^= 1;
		assert_false(cman_peer_is_proven(q, "key", 3));
		q[i] ^= 1;
	}
	assert_false(cman_peer_read_question(q, sizeof(q) - 1, back, &part));
	q[0] = 'x';
	assert_false(cman_peer_read_question(q, sizeof(q), back, &part));
	len = answer(&f, key, sizeof(key), a);
	assert_true(len <= sizeof(q));
	assert_true(cman_peer_read_answer(a, len, nonce, key, sizeof(key), &got, &equal));
	assert_true(equal);
	assert_string_equal(got.name, "n1");
	assert_string_equal(got.release, "0.1.0");
	assert_string_equal(got.corosync, "3.1.7");
	assert_int_equal(got.version, 12);
	assert_int_equal(got.wall_us, 99999999999);
	assert_true(got.crypto);
}

static void test_another_key(void **state)
{
	struct cman_peer_facts f = { .name = "n1", .crypto = true }, got;
	unsigned char a[CMAN_PEER_BYTES];
	bool equal = true;
	size_t len = answer(&f, other, sizeof(other), a);

	assert_true(cman_peer_read_answer(a, len, nonce, key, sizeof(key), &got, &equal));
	assert_false(equal);
	/* who has no key cannot pass for one who has */
	len = answer(&f, NULL, 0, a);
	assert_true(cman_peer_read_answer(a, len, nonce, key, sizeof(key), &got, &equal));
	assert_false(equal);
	assert_true(cman_peer_read_answer(a, len, nonce, NULL, 0, &got, &equal));
	assert_false(equal);
}

/* Every byte counts, and an answer to another question is none. */
static void test_changed_on_the_way(void **state)
{
	struct cman_peer_facts f = { .name = "n1", .version = 3 }, got;
	unsigned char a[CMAN_PEER_BYTES], wrong[CMAN_PEER_NONCE] = "x";
	size_t len = answer(&f, key, sizeof(key), a);
	bool equal;

	assert_false(cman_peer_read_answer(a, len, wrong, key, sizeof(key), &got, &equal));
	assert_false(cman_peer_read_answer(a, len - 1, nonce, key, sizeof(key), &got, &equal));
	assert_false(cman_peer_read_answer(a, 0, nonce, key, sizeof(key), &got, &equal));
	for (size_t i = 0; i < len; i++) {
		a[i] ^= 1;
		equal = false;
		(void)cman_peer_read_answer(a, len, nonce, key, sizeof(key), &got, &equal);
		assert_false(equal);
		a[i] ^= 1;
	}
}

/* What it says goes to a terminal. */
static void test_no_control_signs(void **state)
{
	struct cman_peer_facts f = { .name = "\033[2Jn1" }, got;
	unsigned char a[CMAN_PEER_BYTES];
	size_t len = answer(&f, key, sizeof(key), a);
	bool equal;

	assert_true(cman_peer_read_answer(a, len, nonce, key, sizeof(key), &got, &equal));
	assert_string_equal(got.name, "?[2Jn1");
}

static void test_versions(void **state)
{
	assert_int_equal(cman_version_compare("3.1.7", "3.1"), 1);
	assert_int_equal(cman_version_compare("3.1", "3.1"), 0);
	assert_int_equal(cman_version_compare("3.0.9", "3.1"), -1);
	assert_int_equal(cman_version_compare("2.99", "3.1"), -1);
	assert_int_equal(cman_version_compare("10.0", "3.1"), 1);
	assert_int_equal(cman_version_compare("3.1.7-dirty", "3.1.7"), 0);
	assert_int_equal(cman_version_compare("", "3.1"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round), cmocka_unit_test(test_another_key), cmocka_unit_test(test_changed_on_the_way),
		cmocka_unit_test(test_no_control_signs), cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

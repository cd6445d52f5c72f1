/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The datagrams of the exchange between nodes: fixed fields, numbers in network byte order. */
#include "config.h"

#include "cman_peer.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define MAGIC_LEN 8
#define MAC_LEN 32

static const unsigned char question_magic[MAGIC_LEN] = "HWASK-1", answer_magic[MAGIC_LEN] = "HWANS-1",
	part_magic[MAGIC_LEN] = "HWPRT-1";

/* Where what stands in a question, an answer, a piece; the MAC is made over all before it. */
enum { AT_PART = MAGIC_LEN + CMAN_PEER_NONCE, AT_LEN = AT_PART + 8, AT_TEXT = AT_LEN + 8, AT_PROOF = CMAN_PEER_BYTES - MAC_LEN };
enum { AT_NONCE = MAGIC_LEN, AT_FLAGS = AT_NONCE + CMAN_PEER_NONCE, AT_VERSION = AT_FLAGS + 8,
	AT_CLOCK = AT_VERSION + 8, AT_NAME = AT_CLOCK + 8, AT_RELEASE = AT_NAME + 128, AT_COROSYNC = AT_RELEASE + 32,
	AT_DIGEST = AT_COROSYNC + 32, AT_TEXT_LEN = AT_DIGEST + 20, AT_MAC = AT_TEXT_LEN + 8, ANSWER_LEN = AT_MAC + MAC_LEN };

_Static_assert(ANSWER_LEN <= CMAN_PEER_BYTES, "an answer must not be longer than its question");
_Static_assert(AT_TEXT + CMAN_PEER_PART + MAC_LEN <= CMAN_PEER_BYTES, "a piece must not be longer than its question");

static void put_number(unsigned char *to, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		to[i] = (unsigned char)(v >> (56 - 8 * i));
}

static uint64_t get_number(const unsigned char *from)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | from[i];
	return v;
}

/* The rest of the field stays zero. */
static void put_text(unsigned char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	memcpy(to, text, len < size ? len : size - 1);
}

/* What comes from the network is shown to people: printable signs only. */
static void get_text(const unsigned char *from, size_t size, char *to)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (char)(from[i] && (from[i] < ' ' || from[i] > '~') ? '?' : from[i]);
	to[size - 1] = '\0';
}

static void make_mac(const unsigned char *data, size_t len, const void *key, size_t key_len, unsigned char ret[MAC_LEN])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	memset(ret, 0, MAC_LEN);
	if (key_len && HMAC(EVP_sha256(), key, (int)key_len, data, len, mac, &n) && n == MAC_LEN)
		memcpy(ret, mac, MAC_LEN);
}

void cman_peer_pack_question(const unsigned char nonce[CMAN_PEER_NONCE], unsigned part, unsigned char ret[CMAN_PEER_BYTES])
{
	memset(ret, 0, CMAN_PEER_BYTES);
	memcpy(ret, question_magic, MAGIC_LEN);
	memcpy(ret + AT_NONCE, nonce, CMAN_PEER_NONCE);
	put_number(ret + AT_PART, part);
}

void cman_peer_prove_question(unsigned char question[CMAN_PEER_BYTES], const void *key, size_t key_len)
{
	make_mac(question, AT_PROOF, key, key_len, question + AT_PROOF);
}

bool cman_peer_is_proven(const unsigned char question[CMAN_PEER_BYTES], const void *key, size_t key_len)
{
	unsigned char mac[MAC_LEN];

	make_mac(question, AT_PROOF, key, key_len, mac);
	return key_len && !CRYPTO_memcmp(mac, question + AT_PROOF, MAC_LEN);
}

bool cman_peer_read_question(const unsigned char *data, size_t len, unsigned char ret_nonce[CMAN_PEER_NONCE],
			     unsigned *ret_part)
{
	uint64_t part;

	if (len != CMAN_PEER_BYTES || memcmp(data, question_magic, MAGIC_LEN) != 0)
		return false;
	part = get_number(data + AT_PART);
	if (part > CMAN_PEER_TEXT_MAX / CMAN_PEER_PART)
		return false;
	memcpy(ret_nonce, data + AT_NONCE, CMAN_PEER_NONCE);
	*ret_part = (unsigned)part;
	return true;
}

size_t cman_peer_pack_answer(const struct cman_peer_facts *f, const unsigned char nonce[CMAN_PEER_NONCE],
			     const void *key, size_t key_len, unsigned char ret[CMAN_PEER_BYTES])
{
	memset(ret, 0, CMAN_PEER_BYTES);
	memcpy(ret, answer_magic, MAGIC_LEN);
	memcpy(ret + AT_NONCE, nonce, CMAN_PEER_NONCE);
	ret[AT_FLAGS] = f->crypto;
	ret[AT_FLAGS + 1] = f->quorate;
	put_number(ret + AT_VERSION, f->version);
	put_number(ret + AT_CLOCK, f->wall_us);
	put_text(ret + AT_NAME, sizeof(f->name), f->name);
	put_text(ret + AT_RELEASE, sizeof(f->release), f->release);
	put_text(ret + AT_COROSYNC, sizeof(f->corosync), f->corosync);
	put_text(ret + AT_DIGEST, sizeof(f->digest), f->digest);
	put_number(ret + AT_TEXT_LEN, f->text_len);
	make_mac(ret, AT_MAC, key, key_len, ret + AT_MAC);
	return ANSWER_LEN;
}

bool cman_peer_read_answer(const unsigned char *data, size_t len, const unsigned char nonce[CMAN_PEER_NONCE],
			   const void *key, size_t key_len, struct cman_peer_facts *ret, bool *ret_equal)
{
	unsigned char mac[MAC_LEN];

	if (len != ANSWER_LEN || memcmp(data, answer_magic, MAGIC_LEN) != 0 ||
	    memcmp(data + AT_NONCE, nonce, CMAN_PEER_NONCE) != 0)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->crypto = data[AT_FLAGS];
	ret->quorate = data[AT_FLAGS + 1];
	ret->version = get_number(data + AT_VERSION);
	ret->wall_us = get_number(data + AT_CLOCK);
	get_text(data + AT_NAME, sizeof(ret->name), ret->name);
	get_text(data + AT_RELEASE, sizeof(ret->release), ret->release);
	get_text(data + AT_COROSYNC, sizeof(ret->corosync), ret->corosync);
	get_text(data + AT_DIGEST, sizeof(ret->digest), ret->digest);
	ret->text_len = get_number(data + AT_TEXT_LEN) <= CMAN_PEER_TEXT_MAX ? (uint32_t)get_number(data + AT_TEXT_LEN) : 0;
	make_mac(data, AT_MAC, key, key_len, mac);
	*ret_equal = key_len && !CRYPTO_memcmp(mac, data + AT_MAC, MAC_LEN);
	return true;
}

size_t cman_peer_pack_part(unsigned part, const char *text, size_t len, const unsigned char nonce[CMAN_PEER_NONCE],
			   const void *key, size_t key_len, unsigned char ret[CMAN_PEER_BYTES])
{
	memset(ret, 0, CMAN_PEER_BYTES);
	memcpy(ret, part_magic, MAGIC_LEN);
	memcpy(ret + AT_NONCE, nonce, CMAN_PEER_NONCE);
	put_number(ret + AT_PART, part);
	put_number(ret + AT_LEN, len);
	memcpy(ret + AT_TEXT, text, len);
	make_mac(ret, AT_TEXT + len, key, key_len, ret + AT_TEXT + len);
	return AT_TEXT + len + MAC_LEN;
}

bool cman_peer_read_part(const unsigned char *data, size_t len, const unsigned char nonce[CMAN_PEER_NONCE],
			 unsigned part, const void *key, size_t key_len, struct clu_buf *ret)
{
	unsigned char mac[MAC_LEN];
	size_t n;

	if (len < AT_TEXT + MAC_LEN || memcmp(data, part_magic, MAGIC_LEN) != 0 ||
	    memcmp(data + AT_NONCE, nonce, CMAN_PEER_NONCE) != 0 || get_number(data + AT_PART) != part)
		return false;
	n = len - AT_TEXT - MAC_LEN;
	if (n > CMAN_PEER_PART || get_number(data + AT_LEN) != n)
		return false;
	make_mac(data, AT_TEXT + n, key, key_len, mac);
	if (key_len && CRYPTO_memcmp(mac, data + AT_TEXT + n, MAC_LEN) != 0)
		return false;
	clu_buf_append(ret, data + AT_TEXT, n);
	return true;
}

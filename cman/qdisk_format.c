/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qdisk_format.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define SHARED_MAGIC 0x00debb1eu
#define SHARED_BYTES 32
#define HEADER_VERSION 0x389fabc4u
#define HEADER_BYTES 272
#define STATUS_MAGIC 0x47bacef8u
#define STATUS_BYTES 101	/* RHEL had 85 of them */
#define STATUS_LEAST 97		/* what is missing is 0 */

/* One after another into a block, or out of it. */
struct cursor {
	unsigned char *at;
	bool write;
};

static void number(struct cursor *c, uint64_t *v, unsigned bytes)
{
	if (!c->write)
		*v = 0;
	for (unsigned i = 0; i < bytes; i++) {
		if (c->write)
			c->at[i] = (unsigned char)(*v >> 8 * i);
		else
			*v |= (uint64_t)c->at[i] << 8 * i;
	}
	c->at += bytes;
}

static void number32(struct cursor *c, uint32_t *v)
{
	uint64_t n = *v;

	number(c, &n, 4);
	*v = (uint32_t)n;
}

static void number8(struct cursor *c, uint32_t *v)
{
	uint64_t n = *v;

	number(c, &n, 1);
	*v = (uint32_t)n;
}

/* Seconds and microseconds. */
static void duration(struct cursor *c, uint64_t *us)
{
	uint64_t s = *us / 1000000, rest = *us % 1000000;

	number(c, &s, 4);
	number(c, &rest, 4);
	*us = s * 1000000 + rest;
}

static void text(struct cursor *c, char *s, size_t bytes)
{
	if (c->write) {
		memset(c->at, 0, bytes);
		memcpy(c->at, s, strnlen(s, bytes - 1));
	} else {
		memcpy(s, c->at, bytes);
		s[bytes - 1] = '\0';
	}
	c->at += bytes;
}

static void header_fields(struct cursor *c, struct qdisk_header *h)
{
	uint32_t version = HEADER_VERSION;

	number32(c, &h->magic);
	number32(c, &version);
	number(c, &h->created_s, 8);
	text(c, h->host, sizeof(h->host));
	text(c, h->label, sizeof(h->label));
	number32(c, &h->block_bytes);
	number32(c, &h->sector_bytes);
}

static void status_fields(struct cursor *c, struct qdisk_status *s, uint32_t *magic)
{
	number32(c, magic);
	number32(c, &s->writer);
	number(c, &s->time_s, 8);
	number32(c, &s->nodeid);
	number8(c, &s->state);
	number32(c, &s->flags);
	number32(c, &s->score);
	number32(c, &s->max_score);
	duration(c, &s->average_us);
	duration(c, &s->last_us);
	number(c, &s->incarnation, 8);
	number32(c, &s->msg);
	number32(c, &s->seq);
	number32(c, &s->arg);
	number(c, &s->mask, 8);
	number(c, &s->master_mask, 8);
	number32(c, &s->ring_rep);
	number(c, &s->ring_seq, 8);
	number32(c, &s->dead_ms);
}

static uint32_t checksum(const unsigned char *data, size_t len)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), data, (unsigned)len);
}

/* In front of the payload: magic, checksum of this, checksum of the payload, its length, view, time. */
static void seal(unsigned char *block, uint32_t payload, uint64_t view, uint64_t time_s)
{
	struct cursor c = { block, true };
	uint32_t magic = SHARED_MAGIC, sum = 0, data_sum = checksum(block + SHARED_BYTES, payload);

	number32(&c, &magic);
	number32(&c, &sum);
	number32(&c, &data_sum);
	number32(&c, &payload);
	number(&c, &view, 8);
	number(&c, &time_s, 8);
	sum = checksum(block, SHARED_BYTES);
	c.at = block + 4;
	number32(&c, &sum);
}

/* A payload at least `payload` bytes long: newer ones may have more. */
static int unseal(const void *block, size_t size, uint32_t payload, uint64_t *ret_view)
{
	unsigned char front[SHARED_BYTES];
	struct cursor c = { front, false };
	uint32_t magic = 0, sum = 0, data_sum = 0, length = 0;
	uint64_t time_s = 0;

	if (size < QDISK_USED)
		return -EBADMSG;
	memcpy(front, block, sizeof(front));
	number32(&c, &magic);
	number32(&c, &sum);
	number32(&c, &data_sum);
	number32(&c, &length);
	number(&c, ret_view, 8);
	number(&c, &time_s, 8);
	if (magic != SHARED_MAGIC)
		return -ENOENT;
	memset(front + 4, 0, 4);
	if (sum != checksum(front, sizeof(front)) || length < payload || length > QDISK_USED - SHARED_BYTES ||
		data_sum != checksum((const unsigned char *)block + SHARED_BYTES, length))
		return -EBADMSG;
	return 0;
}

void qdisk_header_pack(const struct qdisk_header *h, void *block, size_t size)
{
	struct cursor c = { (unsigned char *)block + SHARED_BYTES, true };
	struct qdisk_header copy = *h;

	memset(block, 0, size);
	header_fields(&c, &copy);
	seal(block, HEADER_BYTES, 0, h->created_s);
}

int qdisk_header_unpack(const void *block, size_t size, struct qdisk_header *ret)
{
	unsigned char payload[HEADER_BYTES];
	struct cursor c = { payload, false };
	uint64_t view;
	int r = unseal(block, size, HEADER_BYTES, &view);

	if (r < 0)
		return r;
	memcpy(payload, (const unsigned char *)block + SHARED_BYTES, sizeof(payload));
	header_fields(&c, ret);
	return ret->magic == QDISK_MAGIC ? 0 : ret->magic == QDISK_OLD_MAGIC ? -EBADMSG : -ENOENT;
}

void qdisk_status_pack(const struct qdisk_status *s, void *block, size_t size)
{
	struct cursor c = { (unsigned char *)block + SHARED_BYTES, true };
	struct qdisk_status copy = *s;
	uint32_t magic = STATUS_MAGIC;

	memset(block, 0, size);
	status_fields(&c, &copy, &magic);
	seal(block, STATUS_BYTES, s->view, s->time_s);
}

int qdisk_status_unpack(const void *block, size_t size, struct qdisk_status *ret)
{
	unsigned char payload[STATUS_BYTES];
	struct cursor c = { payload, false };
	uint32_t magic;
	uint64_t view;
	int r = unseal(block, size, STATUS_LEAST, &view);

	if (r < 0)
		return r;
	memcpy(payload, (const unsigned char *)block + SHARED_BYTES, sizeof(payload));
	status_fields(&c, ret, &magic);
	ret->view = view;
	if (magic != STATUS_MAGIC)
		return -ENOENT;
	return ret->nodeid >= 1 && ret->nodeid <= QDISK_NODES && ret->writer <= QDISK_NODES ? 0 : -EBADMSG;
}

const char *qdisk_state_name(uint32_t state)
{
	static const char *const names[] = { [QDISK_NONE] = "None", [QDISK_EVICTED] = "Evicted",
		[QDISK_INIT] = "Initializing", [QDISK_RUN] = "Running", [QDISK_MASTER] = "Master", [QDISK_EXIT] = "Exit" };

	return state < sizeof(names) / sizeof(names[0]) && names[state] ? names[state] : "?";
}

bool qdisk_label_is_good(const char *label)
{
	size_t len = strlen(label);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)label[i] < ' ' || label[i] == 127)
			return false;
	return len >= 1 && len <= QDISK_LABEL_MAX && label[0] != ' ' && label[len - 1] != ' ';
}

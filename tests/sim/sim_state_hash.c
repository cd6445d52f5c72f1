/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_state_hash.h"

#include <stdlib.h>
#include <string.h>

#define BIT(field) (UINT64_C(1) << (field))

/* What does not count of the messages in one field of a snapshot. */
struct own_fields {
	unsigned in;		/* field of the snapshot */
	uint64_t skipped;	/* a bit per field of those messages */
	uint64_t presence;	/* only whether it is there (not 0) */
};

static const struct own_fields fdom_own[] = {
	/* FdomNodeState: since_us, started_us, done_us, done_detected_us, done_started_us */
	{ 1, BIT(13) | BIT(14) | BIT(18) | BIT(22) | BIT(23), 0 },
	{ 0, 0, 0 }
};
static const struct own_fields rgm_own[] = {
	{ 3, BIT(8), 0 },	/* RgNodeState: lost_us */
	{ 4, 0, BIT(6) },	/* RgServiceState: transition_us */
	{ 0, 0, 0 }
};

/* Of ccsd's all counts. */
static const struct own_fields *const own[SIM_NDAEMONS] = { [SIM_FENCED] = fdom_own, [SIM_RGM] = rgm_own };

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static uint64_t mix_bytes(uint64_t h, const uint8_t *p, size_t len)
{
	uint64_t v;

	h = mix(h, len);
	for (; len >= sizeof(v); p += sizeof(v), len -= sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		h = mix(h, v);
	}
	v = 0;
	memcpy(&v, p, len);
	return mix(h, v);
}

/* The core packed it a moment ago: it is well formed. */
static uint64_t varint(const uint8_t **p)
{
	uint64_t v = 0;
	unsigned shift = 0;

	do
		v |= (uint64_t)(**p & 0x7f) << shift;
	while (shift += 7, *(*p)++ & 0x80);
	return v;
}

static uint64_t hash_message(uint64_t h, const uint8_t *p, const uint8_t *end, const struct own_fields *parts,
	const struct own_fields *self)
{
	while (p < end) {
		uint64_t tag = varint(&p), value;
		const uint8_t *bytes = p;
		unsigned field = (unsigned)(tag >> 3);
		const struct own_fields *part = parts;

		switch (tag & 7) {
		case 0:
			value = varint(&p);
			if (self && self->skipped & BIT(field))
				break;
			h = mix(mix(h, tag), self && self->presence & BIT(field) ? 0 : value);
			break;
		case 2:
			value = varint(&p);
			bytes = p;
			p += value;
			h = mix(h, tag);
			while (part && part->in && part->in != field)
				part++;
			h = part && part->in ? hash_message(mix(h, value != 0), bytes, p, NULL, part) :
				mix_bytes(h, bytes, (size_t)value);
			break;
		default:
			abort();	/* these states have no other fields than numbers and bytes */
		}
	}
	return mix(h, 0);
}

uint64_t sim_state_hash(enum sim_daemon_kind k, const void *data, size_t len)
{
	const uint8_t *p = data;

	return own[k] ? hash_message(1, p, p + len, own[k], NULL) : mix_bytes(1, p, len);
}

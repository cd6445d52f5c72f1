/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_wheel.h"

#include <string.h>

static unsigned gcd(unsigned a, unsigned b)
{
	while (b) {
		unsigned t = a % b;

		a = b;
		b = t;
	}
	return a;
}

/* Shares of at most LVS_WHEEL_MAX in all; the largest remainders are rounded up. */
static unsigned scale(uint32_t *share, unsigned n, uint64_t total)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t part = share[i] * (uint64_t)(LVS_WHEEL_MAX - n) / total;

		/* n slots are kept back, so that the smallest weight also has one. */
		share[i] = share[i] ? (uint32_t)(part ? part : 1) : 0;
		sum += share[i];
	}
	return sum;
}

static unsigned wheel_size(unsigned total)
{
	static const unsigned sizes[] = { 60, 840 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (!total || sizes[i] % total == 0)
			return sizes[i];
	}
	return total;
}

void lvs_wheel_build(const struct lvs_svc *s, struct lvs_wheel *ret)
{
	bool weighted = s->sched != LVS_RR && s->sched != LVS_DH;
	uint32_t share[LVS_MAX_SERVERS + 1] = { 0 };
	int64_t credit[LVS_MAX_SERVERS + 1] = { 0 };
	unsigned n = s->n_dests > LVS_MAX_SERVERS ? LVS_MAX_SERVERS : s->n_dests;
	uint64_t total = 0;
	unsigned common = 0;

	for (unsigned i = 0; i < n; i++) {
		share[i] = weighted ? s->dests[i].weight : s->dests[i].weight > 0;
		common = gcd(common, share[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		share[i] = common ? share[i] / common : 0;
		total += share[i];
	}
	if (total > LVS_WHEEL_MAX)
		total = scale(share, n, total);
	ret->size = wheel_size((unsigned)total);
	memset(ret->slot, 0xff, sizeof(ret->slot));
	/* Each slot goes to the one that has waited longest for its share. */
	for (unsigned slot = 0; total && slot < ret->size; slot++) {
		unsigned best = 0;

		for (unsigned i = 0; i < n; i++) {
			credit[i] += share[i];
			if (credit[i] > credit[best])
				best = i;
		}
		credit[best] -= (int64_t)total;
		ret->slot[slot] = (uint16_t)best;
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The number of a cluster, from its name: apart, since libcman needs it and nothing else of the plan. */
#include "cman_plan.h"

uint32_t cman_cluster_id(const char *name, bool fnv)
{
	uint32_t h = fnv ? 2166136261u : 0;

	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		h = fnv ? (h ^ *p) * 16777619u : 2 * h + *p;
	return fnv ? (h >> 16) ^ (h & 0xffff) : h & 0xffff;
}

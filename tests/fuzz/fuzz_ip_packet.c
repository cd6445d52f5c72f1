/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What neighbours send while we ask for a duplicate of an address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ip_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t own[6] = { 2, 0, 0, 0, 0, 1 }, from[6] = { 2, 0, 0, 0, 0, 2 };
	static const char *const texts[] = { "10.0.0.1", "fd00::1" };
	/* A copy of the exact size: the sanitizer then sees a read behind it. */
	uint8_t *packet = malloc(size ? size : 1);

	if (!packet)
		return 0;
	memcpy(packet, data, size);
	for (unsigned i = 0; i < 2; i++) {
		struct hwip_addr a;
		uint8_t mac[6];

		if (hwip_parse(texts[i], 0, &a, NULL, 0) == 0)
			(void)hwip_packet_conflicts(packet, size, &a, own, from, mac);
	}
	free(packet);
	return 0;
}

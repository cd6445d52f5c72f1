/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "libcman_dirty.h"

#include <corosync/cmap.h>

#include "cman_call.h"

bool lcm_dirty_is_set(uint64_t cmap)
{
	uint8_t set = 0;

	return cmap_get_uint8(cmap, LCM_DIRTY_KEY, &set) == CS_OK && set;
}

int lcm_dirty_set(void)
{
	cmap_handle_t cmap;
	cs_error_t e = cmap_initialize(&cmap);

	if (e == CS_OK) {
		e = cmap_set_uint8(cmap, LCM_DIRTY_KEY, 1);
		(void)cmap_finalize(cmap);
	}
	return cman_call_errno(e);
}

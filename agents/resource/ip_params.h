/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameters of the resource agent "ip", read from OCF_RESKEY_* and checked. */
#ifndef IP_PARAMS_H
#define IP_PARAMS_H

#include "ip_netlink.h"

#define IP_SLEEP_MAX 3600u		/* seconds */
#define IP_DUPLICATE_WAIT_MAX 10000u	/* milliseconds */

struct ip_params {
	struct hwip_addr address;
	bool monitor_link;
	bool disable_rdisc;
	unsigned sleep_s;
	unsigned duplicate_wait_ms;
	const char *only;		/* device, or NULL; points into the environment */
};

/*
 * get(NAME) gives the parameter's text or NULL when it is not set; an empty text
 * counts as not set. 0, or -EINVAL with "parameter ...: why; what to do" in why.
 */
int ip_params_read(const char *(*get)(const char *name), struct ip_params *ret, char *why, size_t size);

#endif

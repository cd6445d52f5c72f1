/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "ip meta-data" prints: the parameters, actions and child rules of the agent. */
#ifndef IP_METADATA_H
#define IP_METADATA_H

extern const char ip_metadata[];

#endif

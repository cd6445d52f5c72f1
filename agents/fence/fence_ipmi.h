/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session with a BMC over the OpenIPMI library's raw LAN connection: log in,
 * read the power state, control the chassis. Synchronous; every call has its
 * deadline, whatever the library does (with no route to the BMC it never calls
 * back).
 */
#ifndef FENCE_IPMI_H
#define FENCE_IPMI_H

#include "fence_agent.h"

struct fence_ipmi_parms {
	const char *host, *port;
	const char *user, *password;	/* NULL = none */
	bool lanplus;			/* RMCP+ (IPMI 2.0); else IPMI 1.5 with auth */
	int auth;			/* IPMI_AUTHTYPE_... for IPMI 1.5 */
	unsigned cipher;		/* suite 1..17, RMCP+ only */
	int privilege;			/* IPMI_PRIVILEGE_... */
	unsigned char kg[20];		/* BMC key, RMCP+ only */
	unsigned kg_len;
	uint32_t login_timeout_ms, command_timeout_ms;
};

#define FENCE_IPMI_USER_MAX 16u
#define FENCE_IPMI_PASSWORD_MAX 20u

struct fence_ipmi;

/* Algorithms of a cipher suite. False when the library lacks one, or the suite does not check passwords (0).
 */
bool fence_ipmi_suite(unsigned cipher, int *ret_auth, int *ret_integrity, int *ret_conf);

/* parms must live as long as the session. On failure NULL and the sentence in why. */
struct fence_ipmi *fence_ipmi_open(const struct fence_ipmi_parms *parms, struct clu_buf *why);
struct fence_ipmi *fence_ipmi_close(struct fence_ipmi *s);	/* accepts NULL, returns NULL */

enum fence_result fence_ipmi_get(struct fence_ipmi *s, bool *ret_on, struct clu_buf *why);
enum fence_result fence_ipmi_set(struct fence_ipmi *s, enum fence_command c, struct clu_buf *why);
/* Lets the library do its work meanwhile (keeping the session alive, reconnecting). */
void fence_ipmi_wait(struct fence_ipmi *s, uint32_t ms);

#endif

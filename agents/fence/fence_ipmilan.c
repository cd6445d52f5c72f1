/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fence agent for machines with a BMC that speaks IPMI over LAN. */
#include <OpenIPMI/ipmi_auth.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fence_agent.h"
#include "fence_ipmi.h"

enum auth { AUTH_DEFAULT, AUTH_MD5, AUTH_PASSWORD, AUTH_NONE };
enum method { METHOD_ONOFF, METHOD_CYCLE };

static const char *const auth_choices[] = { "", "md5", "password", "none", NULL };
static const char *const privlvl_choices[] = { "callback", "user", "operator", "administrator", NULL };
static const char *const method_choices[] = { "onoff", "cycle", NULL };

struct ipmilan {
	struct fence_common common;
	char *ip, *user, *kg_hex;
	uint32_t port, cipher;
	bool lanplus;
	int auth, privlvl, method;
	unsigned char kg[20];
	unsigned kg_len;
};

#define IPMILAN(field) offsetof(struct ipmilan, field)

static const struct fence_opt opts[] = {
	{ .name = "ip",
		.also = "ipaddr",
		.letter = 'a',
		.type = FENCE_TEXT,
		.off = IPMILAN(ip),
		.required = true,
		.help = "IP address or host name of the BMC" },
	{ .name = "ipport",
		.also = "udpport",
		.letter = 'u',
		.type = FENCE_NUMBER,
		.min = 1,
		.max = 65535,
		.def = "623",
		.off = IPMILAN(port),
		.help = "UDP port of the BMC" },
	{ .name = "username",
		.also = "login user",
		.letter = 'l',
		.type = FENCE_TEXT,
		.off = IPMILAN(user),
		.help = "User name on the BMC" },
	{ .name = "lanplus",
		.letter = 'P',
		.type = FENCE_FLAG,
		.def = "0",
		.off = IPMILAN(lanplus),
		.help = "Use IPMI 2.0 (RMCP+) instead of IPMI 1.5" },
	{ .name = "auth",
		.letter = 'A',
		.type = FENCE_CHOICE,
		.choices = auth_choices,
		.def = "",
		.off = IPMILAN(auth),
		.help = "Authentication of IPMI 1.5" },
	{ .name = "cipher",
		.letter = 'C',
		.type = FENCE_NUMBER,
		.max = 17,
		.def = "3",
		.off = IPMILAN(cipher),
		.help = "Cipher suite of IPMI 2.0" },
	{ .name = "privlvl",
		.letter = 'L',
		.type = FENCE_CHOICE,
		.choices = privlvl_choices,
		.def = "administrator",
		.off = IPMILAN(privlvl),
		.help = "Rights to ask the BMC for" },
	{ .name = "hexadecimal_kg",
		.type = FENCE_SECRET,
		.off = IPMILAN(kg_hex),
		.help = "BMC key (KG) of IPMI 2.0, in hexadecimal" },
	{ .name = "method",
		.letter = 'm',
		.type = FENCE_CHOICE,
		.choices = method_choices,
		.def = "onoff",
		.off = IPMILAN(method),
		.help = "How to reboot: off and on, or the BMC's own power cycle" },
};

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c | 0x20);

	return c && at ? (int)(at - digits) : -1;
}

static int parse_kg(struct ipmilan *c, struct clu_buf *why)
{
	const char *s = c->kg_hex ? c->kg_hex : "";
	size_t len = strlen(s);

	for (size_t i = 0; i < len && len <= 2 * sizeof(c->kg); i += 2) {
		int high = hex_digit(s[i]), low = hex_digit(s[i + 1]);

		if (high < 0 || low < 0)
			break;
		c->kg[i / 2] = (unsigned char)(high << 4 | low);
		c->kg_len = (unsigned)(i / 2) + 1;
	}
	if (c->kg_len * 2 == len)
		return 0;
	clu_buf_str(why,
		"parameter hexadecimal_kg: is not a key of up to 20 bytes, each of two hexadecimal digits; "
		"correct it");
	return -EINVAL;
}

static int check(const void *config, struct clu_buf *why)
{
	const struct ipmilan *c = config;
	const char *password = fence_agent_password(c);
	int a, i, f;

	if (c->method == METHOD_CYCLE && (c->common.action == FENCE_ON || c->common.action == FENCE_OFF)) {
		clu_buf_printf(why, "method=\"cycle\": is for action reboot, not for %s; leave method out",
			fence_action_name(c->common.action));
		return -EINVAL;
	}
	if (c->lanplus && c->cipher == 0) {
		clu_buf_str(
			why, "parameter cipher=\"0\": is refused: with it a BMC checks no password; use 3");
		return -EINVAL;
	}
	if (c->lanplus && !fence_ipmi_suite(c->cipher, &a, &i, &f)) {
		clu_buf_printf(why,
			"parameter cipher=\"%u\": the IPMI library lacks its algorithms; use 3, or, for a "
			"BMC that "
			"accepts only this one, agent=\"/usr/sbin/fence_ipmilan\" of the distribution's "
			"fence-agents",
			c->cipher);
		return -EINVAL;
	}
	if (c->user && strlen(c->user) > FENCE_IPMI_USER_MAX) {
		clu_buf_str(why, "parameter username: is longer than IPMI's 16 bytes; correct it");
		return -EINVAL;
	}
	if (password && strlen(password) > FENCE_IPMI_PASSWORD_MAX) {
		clu_buf_str(why, "parameter password: is longer than IPMI's 20 bytes; correct it");
		return -EINVAL;
	}
	return 0;
}

static enum fence_result get(void *device, bool *ret_on, struct clu_buf *why)
{
	return fence_ipmi_get(device, ret_on, why);
}

static enum fence_result set(void *device, enum fence_command command, struct clu_buf *why)
{
	return fence_ipmi_set(device, command, why);
}

static void wait(void *device, uint32_t ms)
{
	fence_ipmi_wait(device, ms);
}

static int run(void *config)
{
	static const struct fence_device_ops ops = { get, set, wait };
	static const int auth_types[] = { [AUTH_DEFAULT] = IPMI_AUTHTYPE_MD5, [AUTH_MD5] = IPMI_AUTHTYPE_MD5,
		[AUTH_PASSWORD] = IPMI_AUTHTYPE_STRAIGHT, [AUTH_NONE] = IPMI_AUTHTYPE_NONE };
	static const int privileges[] = { IPMI_PRIVILEGE_CALLBACK, IPMI_PRIVILEGE_USER,
		IPMI_PRIVILEGE_OPERATOR, IPMI_PRIVILEGE_ADMIN };
	struct ipmilan *c = config;
	struct fence_ipmi_parms parms = {
		.host = c->ip,
		.user = c->user,
		.password = fence_agent_password(c),
		.lanplus = c->lanplus,
		.auth = auth_types[c->auth],
		.cipher = c->cipher,
		.privilege = privileges[c->privlvl],
		.login_timeout_ms = c->common.login_timeout_ms,
		.command_timeout_ms = c->common.shell_timeout_ms,
	};
	struct clu_buf why = CLU_BUF_INIT;
	struct fence_ipmi *s;
	char port[8];
	int code = FENCE_EXIT_FAILED;

	snprintf(port, sizeof(port), "%u", c->port);
	parms.port = port;
	if (parse_kg(c, &why) == 0) {
		memcpy(parms.kg, c->kg, sizeof(parms.kg));
		parms.kg_len = c->kg_len;
		s = fence_ipmi_open(&parms, &why);
		if (s)
			code = fence_agent_power(c, &ops, s, c->method == METHOD_CYCLE);
		fence_ipmi_close(s);
	}
	if (why.len)
		fence_agent_error("%s", clu_buf_text(&why));
	clu_buf_free(&why);
	return code;
}

static const struct fence_agent agent = {
	.name = "fence_ipmilan",
	.summary = "Fence agent for machines with an IPMI BMC",
	.description = "Powers a machine off and on through its BMC by IPMI over LAN (1.5, or 2.0 with "
		       "lanplus), and "
		       "succeeds only when the BMC has said that the machine is off (or on).",
	.vendor_url = "https://www.intel.com",
	.opts = opts,
	.n_opts = sizeof(opts) / sizeof(opts[0]),
	.check = check,
	.run = run,
};

int main(int argc, char **argv)
{
	static struct ipmilan config;

	return fence_agent_main(&agent, &config, argc, argv);
}

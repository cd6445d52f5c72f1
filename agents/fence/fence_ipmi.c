/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "fence_ipmi.h"

#include <OpenIPMI/ipmi_auth.h>
#include <OpenIPMI/ipmi_conn.h>
#include <OpenIPMI/ipmi_err.h>
#include <OpenIPMI/ipmi_lan.h>
#include <OpenIPMI/ipmi_msgbits.h>
#include <OpenIPMI/ipmi_posix.h>
#include <OpenIPMI/ipmi_smi.h>
#include <OpenIPMI/ipmiif.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRIES 7u		/* of the library, per message */
#define TRY_MIN_MS 100u
#define TRY_MAX_MS 1000u
#define SIDE_EFFECT_MS 1000u	/* until a power command whose answer was lost is sent again */
#define CLOSE_MS 100u

#define CC_INVALID_COMMAND 0xc1
#define CC_TIMEOUT 0xc3
#define CC_PRIVILEGE 0xd4
#define RMCPP_UNAUTHORIZED_NAME 0x0d
#define V15_NO_SUCH_USER 0x81

struct fence_ipmi {
	const struct fence_ipmi_parms *parms;
	os_handler_t *os;
	ipmi_con_t *con;

	bool told;		/* the connection has been reported up or failed */
	int con_error;
	bool closed;

	unsigned long asked;	/* number of the last message; answers to earlier ones are late and dropped */
	bool answered;
	unsigned char answer[64];
	unsigned answer_len;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Runs the library until *flag or the deadline. */
static bool run_until(struct fence_ipmi *s, const bool *flag, uint32_t ms)
{
	uint64_t deadline = now_us() + (uint64_t)ms * 1000;

	while (!flag || !*flag) {
		uint64_t now = now_us();
		struct timeval left;

		if (now >= deadline)
			return false;
		left.tv_sec = (time_t)((deadline - now) / 1000000);
		left.tv_usec = (suseconds_t)((deadline - now) % 1000000);
		s->os->perform_one_op(s->os, &left);
	}
	return true;
}

static void __attribute__((format(printf, 2, 0))) library_log(os_handler_t *os, const char *format, enum ipmi_log_type_e type, va_list ap)
{
	static char line[400];	/* the library hands over pieces of lines */
	size_t n = strlen(line);

	vsnprintf(line + n, sizeof(line) - n, format, ap);
	if (type == IPMI_LOG_DEBUG_START || type == IPMI_LOG_DEBUG_CONT)
		return;
	fence_agent_step("library: %s", line);
	line[0] = '\0';
}

bool fence_ipmi_suite(unsigned cipher, int *ret_auth, int *ret_integrity, int *ret_conf)
{
	static const struct {
		unsigned cipher;
		int auth, integrity, conf;
	} suites[] = {
		{ 1, 1, 0, 0 },
		{ 2, 1, 1, 0 },
		{ 3, 1, 1, 1 },
		{ 6, 2, 0, 0 },
		{ 7, 2, 2, 0 },
		{ 8, 2, 2, 1 },
		{ 11, 2, 3, 0 },
		{ 12, 2, 3, 1 },
	};

	for (unsigned i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (suites[i].cipher == cipher) {
			*ret_auth = suites[i].auth;
			*ret_integrity = suites[i].integrity;
			*ret_conf = suites[i].conf;
			return true;
		}
	}
	return false;
}

static void add(ipmi_lanp_parm_t *list, unsigned *n, int id, int val, const void *data, unsigned len)
{
	list[*n].parm_id = id;
	list[*n].parm_val = val;
	list[*n].parm_data = (void *)data;
	list[(*n)++].parm_data_len = len;
}

static unsigned fill_parms(const struct fence_ipmi_parms *p, ipmi_lanp_parm_t *list, const char **hosts,
	const char **ports)
{
	uint32_t try_ms = p->command_timeout_ms / TRIES;
	int auth, integrity, conf;
	unsigned n = 0;

	hosts[0] = p->host;
	ports[0] = p->port;
	if (try_ms < TRY_MIN_MS)
		try_ms = TRY_MIN_MS;
	if (try_ms > TRY_MAX_MS)
		try_ms = TRY_MAX_MS;
	add(list, &n, IPMI_LANP_PARMID_ADDRS, 0, hosts, 1);
	add(list, &n, IPMI_LANP_PARMID_PORTS, 0, ports, 1);
	add(list, &n, IPMI_LANP_PARMID_AUTHTYPE, p->lanplus ? IPMI_AUTHTYPE_RMCP_PLUS : p->auth, NULL, 0);
	add(list, &n, IPMI_LANP_PARMID_PRIVILEGE, p->privilege, NULL, 0);
	add(list, &n, IPMI_LANP_DEFAULT_TIMEOUT, (int)try_ms * 1000, NULL, 0);
	add(list, &n, IPMI_LANP_DEFAULT_SIDEEFFECT_TIMEOUT, (int)SIDE_EFFECT_MS * 1000, NULL, 0);
	if (p->user)
		add(list, &n, IPMI_LANP_PARMID_USERNAME, 0, p->user, (unsigned)strlen(p->user));
	if (p->password)
		add(list, &n, IPMI_LANP_PARMID_PASSWORD, 0, p->password, (unsigned)strlen(p->password));
	if (p->lanplus && fence_ipmi_suite(p->cipher, &auth, &integrity, &conf)) {
		add(list, &n, IPMI_LANP_AUTHENTICATION_ALGORITHM, auth, NULL, 0);
		add(list, &n, IPMI_LANP_INTEGRITY_ALGORITHM, integrity, NULL, 0);
		add(list, &n, IPMI_LANP_CONFIDENTIALITY_ALGORITHM, conf, NULL, 0);
	}
	if (p->lanplus && p->kg_len)
		add(list, &n, IPMI_LANP_BMC_KEY, 0, p->kg, p->kg_len);
	return n;
}

#define CANNOT "Unable to connect/login to fencing device"

static void explain_login(const struct fence_ipmi *s, int error, struct clu_buf *why)
{
	const struct fence_ipmi_parms *p = s->parms;
	const char *user = p->user ? p->user : "";
	char text[100] = "";

	if (error == EINVAL && p->lanplus) {
		clu_buf_printf(why,
			CANNOT
			" %s:%s: the password of user \"%s\" (or the BMC key) is wrong; correct password, "
			"password_file or password_script (hexadecimal_kg)",
			p->host, p->port, user);
	} else if (IPMI_IS_RMCPP_ERR(error) && IPMI_GET_RMCPP_ERR(error) == RMCPP_UNAUTHORIZED_NAME) {
		clu_buf_printf(why,
			CANNOT " %s:%s: the BMC does not know user \"%s\", or has disabled it; correct "
			       "username, or enable it there",
			p->host, p->port, user);
	} else if (IPMI_IS_IPMI_ERR(error) && IPMI_GET_IPMI_ERR(error) == V15_NO_SUCH_USER) {
		clu_buf_printf(why, CANNOT " %s:%s: the BMC does not know user \"%s\"; correct username",
			p->host, p->port, user);
	} else if (IPMI_IS_IPMI_ERR(error) && IPMI_GET_IPMI_ERR(error) == CC_TIMEOUT) {
		clu_buf_printf(why,
			CANNOT " %s:%s: the BMC does not answer%s; check its power, network and ip, ipport",
			p->host, p->port,
			p->lanplus ? ""
				   : ", or the password is wrong (an IPMI 1.5 BMC does not say "
				     "so; lanplus=1 would tell)");
	} else {
		ipmi_get_error_string((unsigned)error, text, sizeof(text));
		clu_buf_printf(why, CANNOT " %s:%s: %s; see the BMC's own log", p->host, p->port, text);
	}
}

static void on_connection(ipmi_con_t *con, int error, unsigned port, int any_port_up, void *data)
{
	struct fence_ipmi *s = data;

	if (!s->told)
		s->con_error = error;
	s->told = true;
}

static void on_closed(ipmi_con_t *con, void *data)
{
	((struct fence_ipmi *)data)->closed = true;
}

static bool set_up(struct fence_ipmi *s, struct clu_buf *why)
{
	const struct fence_ipmi_parms *p = s->parms;
	ipmi_lanp_parm_t list[16];
	const char *hosts[1], *ports[1];
	unsigned n = fill_parms(p, list, hosts, ports);
	int r;

	s->os = ipmi_posix_setup_os_handler();
	if (!s->os) {
		clu_buf_str(why, "IPMI library: out of memory; free some");
		return false;
	}
	s->os->set_log_handler(s->os, library_log);
	r = ipmi_init(s->os);
	if (r == 0)
		r = ipmi_lanp_setup_con(list, n, s->os, NULL, &s->con);
	if (r == EINVAL)
		clu_buf_printf(
			why, CANNOT " %s:%s: no such host or port; correct ip, ipport", p->host, p->port);
	else if (r == ENOSYS)
		clu_buf_printf(why,
			CANNOT " %s:%s: the IPMI library lacks the algorithms of cipher suite %u; "
			       "set cipher to 3",
			p->host, p->port, p->cipher);
	else if (r != 0)
		explain_login(s, r, why);
	return r == 0;
}

static bool log_in(struct fence_ipmi *s, struct clu_buf *why)
{
	const struct fence_ipmi_parms *p = s->parms;
	int r = s->con->add_con_change_handler(s->con, on_connection, s);

	if (r == 0)
		r = s->con->start_con(s->con);
	if (r != 0) {
		explain_login(s, r, why);
		return false;
	}
	if (!run_until(s, &s->told, p->login_timeout_ms)) {
		clu_buf_printf(why,
			CANNOT
			" %s:%s: the BMC did not answer within %u ms; check its power, network and ip, "
			"ipport",
			p->host, p->port, p->login_timeout_ms);
		return false;
	}
	if (s->con_error != 0) {
		explain_login(s, s->con_error, why);
		return false;
	}
	return true;
}

struct fence_ipmi *fence_ipmi_open(const struct fence_ipmi_parms *parms, struct clu_buf *why)
{
	struct fence_ipmi *s = calloc(1, sizeof(*s));

	if (!s) {
		clu_buf_str(why, "out of memory; free some");
		return NULL;
	}
	s->parms = parms;
	if (set_up(s, why) && log_in(s, why)) {
		fence_agent_step("logged in to %s:%s", parms->host, parms->port);
		return s;
	}
	return fence_ipmi_close(s);
}

struct fence_ipmi *fence_ipmi_close(struct fence_ipmi *s)
{
	if (!s)
		return NULL;
	if (s->con) {
		if (s->con->close_connection_done(s->con, on_closed, s) == 0)
			run_until(s, &s->closed, CLOSE_MS);
	}
	if (s->os) {
		struct timeval now = { 0, 0 };

		ipmi_shutdown();
		/* The library frees its socket's record on the next turn only. */
		s->os->perform_one_op(s->os, &now);
		s->os->free_os_handler(s->os);
	}
	free(s);
	return NULL;
}

static int on_answer(ipmi_con_t *con, ipmi_msgi_t *rspi)
{
	struct fence_ipmi *s = rspi->data1;
	unsigned n = rspi->msg.data_len;

	if ((unsigned long)(uintptr_t)rspi->data2 == s->asked && !s->answered) {
		if (n > sizeof(s->answer))
			n = sizeof(s->answer);
		memcpy(s->answer, rspi->msg.data, n);
		s->answer_len = n;
		s->answered = true;
	}
	return IPMI_MSG_ITEM_NOT_USED;
}

static enum fence_result explain_answer(const struct fence_ipmi *s, const char *what, struct clu_buf *why)
{
	const struct fence_ipmi_parms *p = s->parms;
	unsigned cc = s->answer_len ? s->answer[0] : CC_TIMEOUT;
	char text[100] = "";

	switch (cc) {
	case CC_TIMEOUT:
		clu_buf_printf(why, "%s: %s:%s does not answer; check the BMC and its network", what, p->host,
			p->port);
		return FENCE_AGAIN;
	case CC_PRIVILEGE:
		clu_buf_printf(why,
			"%s: %s:%s refuses it to user \"%s\": not enough rights; set privlvl, or raise the "
			"user's rights there",
			what, p->host, p->port, p->user ? p->user : "");
		return FENCE_NEVER;
	case CC_INVALID_COMMAND:
		clu_buf_printf(why, "%s: %s:%s does not have this command; use another fence agent for it",
			what, p->host, p->port);
		return FENCE_NEVER;
	default:
		ipmi_get_error_string(IPMI_IPMI_ERR_VAL(cc), text, sizeof(text));
		clu_buf_printf(why,
			"%s: %s:%s answers with completion code 0x%02x (%s); see the BMC's own log", what,
			p->host, p->port, cc, text);
		return FENCE_AGAIN;
	}
}

/* One chassis command and its answer in s->answer. */
static enum fence_result ask(struct fence_ipmi *s, unsigned char cmd, unsigned char *data, unsigned len,
	bool side_effects, const char *what, struct clu_buf *why)
{
	ipmi_system_interface_addr_t si = { .addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE,
		.channel = IPMI_BMC_CHANNEL };
	ipmi_con_option_t options[] = {
		{ .option = IPMI_CON_MSG_OPTION_SIDE_EFFECTS, .ival = side_effects },
		{ .option = IPMI_CON_OPTION_LIST_END },
	};
	ipmi_msg_t msg = { .netfn = IPMI_CHASSIS_NETFN, .cmd = cmd, .data = data, .data_len = (uint16_t)len };
	uint32_t deadline = s->parms->command_timeout_ms;
	ipmi_msgi_t *rspi = ipmi_alloc_msg_item();
	int r = ENOMEM;

	s->answered = false;
	s->answer_len = 0;
	s->asked++;
	if (rspi) {
		rspi->data1 = s;
		rspi->data2 = (void *)(uintptr_t)s->asked;
		r = s->con->send_command_option(
			s->con, (ipmi_addr_t *)&si, sizeof(si), &msg, options, on_answer, rspi);
	}
	if (r != 0) {
		char text[100] = "";

		if (rspi)
			ipmi_free_msg_item(rspi);
		ipmi_get_error_string((unsigned)r, text, sizeof(text));
		clu_buf_printf(why, "%s: cannot be sent to %s:%s: %s; check the network", what,
			s->parms->host, s->parms->port, text);
		return FENCE_AGAIN;
	}
	/* A command that was lost is sent a second time within this. */
	if (side_effects && deadline < 2 * SIDE_EFFECT_MS + SIDE_EFFECT_MS / 2)
		deadline = 2 * SIDE_EFFECT_MS + SIDE_EFFECT_MS / 2;
	run_until(s, &s->answered, deadline);
	if (s->answer_len == 0 || s->answer[0] != 0)
		return explain_answer(s, what, why);
	return FENCE_OK;
}

enum fence_result fence_ipmi_get(struct fence_ipmi *s, bool *ret_on, struct clu_buf *why)
{
	enum fence_result r =
		ask(s, IPMI_GET_CHASSIS_STATUS_CMD, NULL, 0, false, "reading the power state", why);

	if (r != FENCE_OK)
		return r;
	if (s->answer_len < 2) {
		clu_buf_printf(why,
			"reading the power state: the answer of %s:%s is cut short; see the BMC's own log",
			s->parms->host, s->parms->port);
		return FENCE_AGAIN;
	}
	*ret_on = s->answer[1] & 1;
	return FENCE_OK;
}

enum fence_result fence_ipmi_set(struct fence_ipmi *s, enum fence_command c, struct clu_buf *why)
{
	static const char *const words[] = { [FENCE_CMD_OFF] = "power off", [FENCE_CMD_ON] = "power on",
		[FENCE_CMD_CYCLE] = "power cycle" };
	unsigned char control = c == FENCE_CMD_OFF ? 0 : c == FENCE_CMD_ON ? 1 : 2;

	return ask(s, IPMI_CHASSIS_CONTROL_CMD, &control, 1, true, words[c], why);
}

void fence_ipmi_wait(struct fence_ipmi *s, uint32_t ms)
{
	run_until(s, NULL, ms);
}

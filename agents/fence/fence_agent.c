/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "fence_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "fence_power.h"
#include "fence_secret.h"

#define SLACK_S 10u		/* of the last deadline, above all others */
#define STDIN_MS 5000u		/* for the caller to write all parameters */

/* A process runs one agent. */
static struct {
	const char *name;
	bool verbose;
	FILE *debug;
	uint64_t start_ms;
} self;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void wait_ms(uint32_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

void fence_agent_error(const char *fmt, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s: %s\n", self.name, text);
	syslog(LOG_ERR, "%s", text);
	if (self.debug)
		fprintf(self.debug, "%s\n", text);
}

void fence_agent_step(const char *fmt, ...)
{
	unsigned ms = (unsigned)(now_ms() - self.start_ms);
	char text[1000];
	va_list ap;

	if (!self.verbose && !self.debug)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (self.verbose)
		fprintf(stderr, "%s: +%u ms %s\n", self.name, ms, text);
	if (self.debug)
		fprintf(self.debug, "+%u ms %s\n", ms, text);
}

/* Above every other deadline: whatever a library does, we end. */
static void too_late(int sig)
{
	static const char text[] =
		"Connection timed out: the agent's last deadline has passed; see its manual page\n";

	(void)!write(2, text, sizeof(text) - 1);
	_exit(FENCE_EXIT_FAILED);
}

static void arm_last_deadline(const struct fence_common *c)
{
	uint64_t ms = (uint64_t)c->delay_ms + c->login_timeout_ms +
		      (uint64_t)c->power_timeout_ms * (2 + c->retry_on) +
		      (uint64_t)c->power_wait_ms * (2 + c->retry_on) + c->shell_timeout_ms;

	signal(SIGALRM, too_late);
	alarm((unsigned)(ms / 1000) + SLACK_S);
}

/* All of stdin, bounded in size and time. */
static int read_stdin(struct clu_buf *ret, struct clu_buf *why)
{
	uint64_t deadline = now_ms() + STDIN_MS;

	for (;;) {
		struct pollfd pfd = { .fd = 0, .events = POLLIN };
		uint64_t now = now_ms();
		char part[4096];
		ssize_t n;

		if (now >= deadline) {
			clu_buf_str(why, "stdin: was not closed within 5 s; write the parameters and close "
					 "it, or see --help");
			return -ETIMEDOUT;
		}
		if (poll(&pfd, 1, (int)(deadline - now)) <= 0)
			continue;
		n = read(0, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			clu_buf_printf(why, "stdin: %s; write the parameters to it", strerror(errno));
			return -errno;
		}
		if (n == 0)
			return ret->error;
		if (ret->len + (size_t)n > FENCE_STDIN_MAX) {
			clu_buf_str(why, "stdin: is longer than 64 KiB; write the parameters only");
			return -EMSGSIZE;
		}
		clu_buf_append(ret, part, (size_t)n);
		explicit_bzero(part, (size_t)n);
	}
}

static int read_parameters(
	const struct fence_agent *a, void *config, int argc, char **argv, struct clu_buf *why)
{
	struct clu_buf text = CLU_BUF_INIT, warnings = CLU_BUF_INIT;
	int r;

	if (argc > 1)
		return fence_opt_argv(a, config, argc, argv, why);
	r = read_stdin(&text, why);
	if (r == 0)
		r = fence_opt_stdin(a, config, text.data ? text.data : "", text.len, &warnings, why);
	fputs(clu_buf_text(&warnings), stderr);
	if (text.data)
		explicit_bzero(text.data, text.len);
	clu_buf_free(&text);
	clu_buf_free(&warnings);
	return r;
}

static int fetch_password(struct fence_common *c, struct clu_buf *why)
{
	if (c->password)
		return 0;
	if (c->password_file)
		return fence_secret_file(c->password_file, &c->password, why);
	if (c->password_script)
		return fence_secret_script(c->password_script, c->login_timeout_ms, &c->password, why);
	return 0;
}

const char *fence_agent_password(const void *config)
{
	return ((const struct fence_common *)config)->password;
}

static int open_debug(const struct fence_common *c, struct clu_buf *why)
{
	int fd;

	self.verbose = c->verbose;
	if (!c->debug_file || !*c->debug_file)
		return 0;
	fd = open(c->debug_file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	self.debug = fd >= 0 ? fdopen(fd, "a") : NULL;
	if (!self.debug) {
		clu_buf_printf(why, "debug file %s: %s; correct debug_file", c->debug_file, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -EINVAL;
	}
	return 0;
}

static int print(const struct fence_agent *a, void (*make)(const struct fence_agent *, struct clu_buf *))
{
	struct clu_buf text = CLU_BUF_INIT;
	bool ok;

	make(a, &text);
	ok = text.error == 0 && fputs(clu_buf_text(&text), stdout) >= 0 && fflush(stdout) == 0;
	clu_buf_free(&text);
	return ok ? FENCE_EXIT_OK : FENCE_EXIT_FAILED;
}

/* Needs all parameters to be good. */
static int act(const struct fence_agent *a, void *config, struct clu_buf *why)
{
	struct fence_common *c = config;
	int r = fence_opt_check(a, config, why);

	if (r == 0 && a->check)
		r = a->check(config, why);
	if (r == 0)
		r = open_debug(c, why);
	if (r == 0)
		r = fetch_password(c, why);
	if (r < 0)
		return FENCE_EXIT_FAILED;
	if (c->action == FENCE_VALIDATE)
		return FENCE_EXIT_OK;
	arm_last_deadline(c);
	if (c->delay_ms && (c->action == FENCE_OFF || c->action == FENCE_REBOOT)) {
		fence_agent_step("waiting %u ms (delay)", c->delay_ms);
		wait_ms(c->delay_ms);
	}
	return a->run(config);
}

static int dispatch(const struct fence_agent *a, void *config, int argc, char **argv, struct clu_buf *why)
{
	struct fence_common *c = config;

	if (fence_opt_defaults(a, config) < 0 || read_parameters(a, config, argc, argv, why) < 0)
		return FENCE_EXIT_FAILED;
	if (c->help)
		return print(a, fence_opt_help);
	if (c->version) {
		printf("%s (hawser) %s\n", a->name, PACKAGE_VERSION);
		return FENCE_EXIT_OK;
	}
	if (c->action == FENCE_METADATA)
		return print(a, fence_opt_metadata);
	if (c->action == FENCE_LIST) {
		puts("N/A");	/* one device, one machine: there are no plugs to list */
		return FENCE_EXIT_OK;
	}
	return act(a, config, why);
}

int fence_agent_main(const struct fence_agent *a, void *config, int argc, char **argv)
{
	struct clu_buf why = CLU_BUF_INIT;
	int code;

	self.name = a->name;
	self.start_ms = now_ms();
	openlog(a->name, LOG_PID, LOG_DAEMON);
	signal(SIGPIPE, SIG_IGN);
	code = dispatch(a, config, argc, argv, &why);
	if (code == FENCE_EXIT_FAILED && why.len)
		fence_agent_error("%s", clu_buf_text(&why));
	clu_buf_free(&why);
	fence_opt_free(a, config);
	if (self.debug)
		fclose(self.debug);
	closelog();
	return code;
}

static enum fence_power_event to_event(
	enum fence_result r, enum fence_power_event good, enum fence_power_event bad)
{
	return r == FENCE_OK ? good : r == FENCE_NEVER ? FENCE_EV_DENIED : bad;
}

/* Why the last reading and the last command failed; empty when they did not. */
struct reasons {
	struct clu_buf reading, command;
};

static enum fence_power_event carry_out(const struct fence_device_ops *ops, void *device,
	const struct fence_power_next *n, struct reasons *why)
{
	static const char *const words[] = {
		[FENCE_DO_OFF] = "off", [FENCE_DO_ON] = "on", [FENCE_DO_CYCLE] = "cycle"
	};
	enum fence_result r;
	bool on = false;

	if (n->what == FENCE_DO_WAIT) {
		if (ops->wait)
			ops->wait(device, n->wait_ms);
		else
			wait_ms(n->wait_ms);
		return FENCE_EV_WAITED;
	}
	if (n->what == FENCE_DO_GET) {
		clu_buf_free(&why->reading);
		r = ops->get(device, &on, &why->reading);
		fence_agent_step(
			"state: %s", r == FENCE_OK ? (on ? "on" : "off") : clu_buf_text(&why->reading));
		return to_event(r, on ? FENCE_EV_IS_ON : FENCE_EV_IS_OFF, FENCE_EV_UNKNOWN);
	}
	clu_buf_free(&why->command);
	r = ops->set(device, n->what == FENCE_DO_OFF ? FENCE_CMD_OFF :
		n->what == FENCE_DO_ON ? FENCE_CMD_ON : FENCE_CMD_CYCLE, &why->command);
	fence_agent_step(
		"command %s: %s", words[n->what], r == FENCE_OK ? "accepted" : clu_buf_text(&why->command));
	return to_event(r, FENCE_EV_DONE, FENCE_EV_FAILED);
}

static int say_end(const struct fence_common *c, enum fence_power_end end, const char *why)
{
	const char *because = *why ? why : "the device says nothing more; look at its own log";

	switch (end) {
	case FENCE_END_IS_ON:
		puts("Status: ON");
		return FENCE_EXIT_OK;
	case FENCE_END_IS_OFF:
		puts("Status: OFF");
		return c->action == FENCE_MONITOR ? FENCE_EXIT_OK : FENCE_EXIT_OFF;
	case FENCE_END_ALREADY_ON:
		puts("Success: Already ON");
		return FENCE_EXIT_OK;
	case FENCE_END_ALREADY_OFF:
		puts("Success: Already OFF");
		return FENCE_EXIT_OK;
	case FENCE_END_ON:
		puts("Success: Powered ON");
		return FENCE_EXIT_OK;
	case FENCE_END_OFF:
		puts("Success: Powered OFF");
		return FENCE_EXIT_OK;
	case FENCE_END_REBOOTED:
		puts("Success: Rebooted");
		return FENCE_EXIT_OK;
	case FENCE_END_REBOOTED_STAYS_OFF:
		fence_agent_error("Timed out waiting to power ON: the machine is off, which fences it, but "
				  "did not come on "
				  "(%s); power it on by hand",
			because);
		puts("Success: Rebooted");
		return FENCE_EXIT_OK;
	case FENCE_END_TIMEOUT_ON:
		fence_agent_error("Failed: Timed out waiting to power ON: %u ms after the command the "
				  "machine is not on "
				  "(%s); look at it, or raise power_timeout",
			c->power_timeout_ms, because);
		break;
	case FENCE_END_TIMEOUT_OFF:
		fence_agent_error("Failed: Timed out waiting to power OFF: %u ms after the command the "
				  "machine is not off "
				  "(%s); it may still run: look at it, or raise power_timeout",
			c->power_timeout_ms, because);
		break;
	case FENCE_END_NO_STATE:
		fence_agent_error(
			"Failed: Unable to obtain correct plug status or plug is not available: %s", because);
		break;
	case FENCE_END_DENIED:
		fence_agent_error("Failed: %s", because);
		break;
	}
	return FENCE_EXIT_FAILED;
}

int fence_agent_power(const void *config, const struct fence_device_ops *ops, void *device, bool cycle)
{
	const struct fence_common *c = config;
	struct fence_power p = { .action = c->action, .cycle = cycle, .power_timeout_ms = c->power_timeout_ms,
		.power_wait_ms = c->power_wait_ms, .retry_on = c->retry_on };
	struct reasons why = { CLU_BUF_INIT, CLU_BUF_INIT };
	struct fence_power_next n = fence_power_step(&p, now_ms(), FENCE_EV_START);
	int code;

	while (n.what != FENCE_DO_END) {
		enum fence_power_event ev = carry_out(ops, device, &n, &why);

		n = fence_power_step(&p, now_ms(), ev);
	}
	code = say_end(c, n.end, clu_buf_text(why.reading.len ? &why.reading : &why.command));
	clu_buf_free(&why.reading);
	clu_buf_free(&why.command);
	return code;
}

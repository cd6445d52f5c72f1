/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shell around lvs_core: the loop, events in, actions out. */
#include "config.h"

#include "lvsd.h"

#include <errno.h>
#include <fcntl.h>
#include <qb/qbloop.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clu_log.h"
#include "lvs_check.h"
#include "lvsd_report.h"
#include "lvsd_run.h"
#include "lvsd_status.h"

struct lvsd {
	const struct lvsd_opts *opts;
	qb_loop_t *loop;
	struct lvs_core *core;
	struct lvs_director *director;
	struct lvs_checks *checks;
	struct lvsd_addrs *addrs;
	struct lvsd_server *server;
	struct clu_out *notes;
	qb_loop_timer_handle timer;
	bool timing;
	bool loaded;			/* the director holds our table */
	int ended_by;			/* signal */
	char apply_why[512];		/* what the director said last */
	char *reload_error;		/* of the last SIGHUP, NULL = it was fine */
};

static uint64_t clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Logs a text of several lines, one entry a line. */
static void log_lines(enum clu_level level, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		clu_log(level, "%.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void write_notes(struct lvsd *l)
{
	for (unsigned i = 0; i < clu_out_count(l->notes); i++)
		clu_log_note(clu_out_get(l->notes, i), wall_us());
	clu_out_reset(l->notes);
}

static void on_timer(void *data);

static void rearm(struct lvsd *l)
{
	uint64_t at = lvs_core_deadline(l->core), now = clock_ms(CLOCK_MONOTONIC);

	if (l->timing)
		(void)qb_loop_timer_del(l->loop, l->timer);
	l->timing = false;
	if (at == UINT64_MAX)
		return;
	l->timing = !qb_loop_timer_add(l->loop, QB_LOOP_MED, at > now ? (at - now) * UINT64_C(1000000) : 0, l, on_timer,
		&l->timer);
}

static void record(struct lvsd *l)
{
	int r = lvsd_state_write(l->opts->name, l->director->ops->name, lvs_core_want(l->core),
		lvsd_addrs_json(l->addrs));

	if (r < 0)
		clu_log(CLU_WARNING, "the record of addresses and services cannot be written: %s; after a crash of lvsd"
			" nothing would take them away", strerror(-r));
}

static int feed(struct lvsd *l, struct lvs_event *ev, struct lvs_actions *later);

/* The kernel first; what is left of the actions is for the caller, or done at once. */
static int apply_table(struct lvsd *l)
{
	struct lvs_event ev = { .type = LVS_EV_APPLIED };
	struct clu_buf why = CLU_BUF_INIT;
	int r;

	record(l);
	r = l->director->ops->apply(l->director, l->loaded ? lvs_core_have(l->core) : NULL, lvs_core_want(l->core), &why);
	l->loaded |= r >= 0;
	ev.u.applied.error = r;
	ev.u.applied.why = clu_buf_text(&why);
	(void)feed(l, &ev, NULL);
	snprintf(l->apply_why, sizeof(l->apply_why), "%s", clu_buf_text(&why));
	clu_buf_free(&why);
	return r;
}

static void forget(struct lvsd *l, const struct lvs_action *x)
{
	int r = l->director->ops->forget(l->director, &x->svc, &x->dest);
	char text[LVS_ADDR_TEXT];

	if (r < 0)
		clu_log(CLU_WARNING, "connections to %s cannot be dropped: %s; their clients wait for a time-out",
			lvs_addr_port_text(&x->dest.addr, x->dest.port, text), strerror(-r));
}

static int run_actions(struct lvsd *l, const struct lvs_actions *a, struct lvs_actions *later)
{
	int r = 0;

	for (unsigned i = 0; i < a->n; i++) {
		const struct lvs_action *x = &a->list[i];

		switch (x->type) {
		case LVS_ACT_APPLY:
			r = apply_table(l);
			break;
		case LVS_ACT_CHECK:
			if (later) {
				/* Checks need the addresses that come up between table and checks. */
				later->list[later->n++] = *x;
			} else if (lvs_checks_start(l->checks, x->id, x->spec, &x->addr, x->port) < 0) {
				struct lvs_event ev = { .type = LVS_EV_CHECK,
					.u.check = { .id = x->id, .why = "not started: out of memory" } };

				(void)feed(l, &ev, NULL);
			}
			break;
		case LVS_ACT_FORGET:
			forget(l, x);
			break;
		case LVS_ACT_CANCEL:
			lvs_checks_cancel(l->checks, x->id);
			break;
		case LVS_NACTIONS:
			break;
		}
	}
	return r;
}

/*
 * One event through the core. later != NULL: checks to start are returned there
 * (free later->list) instead of started. Returns what applying the table said.
 */
static int feed(struct lvsd *l, struct lvs_event *ev, struct lvs_actions *later)
{
	struct lvs_actions actions = { NULL, 0, 0 };
	int r;

	ev->now_ms = clock_ms(CLOCK_MONOTONIC);
	ev->wall_ms = clock_ms(CLOCK_REALTIME);
	r = lvs_core_step(l->core, ev, &actions, l->notes);
	if (r < 0)
		clu_log(CLU_ERR, "an event could not be handled: %s; it is tried again with the next one", strerror(-r));
	if (later) {
		later->list = calloc(actions.n ? actions.n : 1, sizeof(*later->list));
		later->n = later->cap = 0;
		if (!later->list)
			later = NULL;
	}
	/* Notes first: a nested event's notes come after those of its cause. */
	write_notes(l);
	if (r >= 0)
		r = run_actions(l, &actions, later);
	free(actions.list);
	rearm(l);
	return r;
}

static void on_timer(void *data)
{
	struct lvsd *l = data;
	struct lvs_event ev = { .type = LVS_EV_TIMER };

	l->timing = false;
	(void)feed(l, &ev, NULL);
}

static void on_check_end(void *ctx, uint64_t id, bool ok, const char *why)
{
	struct lvs_event ev = { .type = LVS_EV_CHECK, .u.check = { .id = id, .ok = ok, .why = why } };

	(void)feed(ctx, &ev, NULL);
}

int lvsd_load(const struct lvsd_opts *o, struct lvs_conf **ret, struct clu_buf *errs, struct clu_buf *warns)
{
	struct lvs_conf *conf;
	int r = lvs_conf_load(o->conf_file, o->is_inline, true, &conf, errs, warns);

	if (r < 0)
		return r;
	if (lvs_conf_check(o->conf_file, conf, errs, warns)) {
		lvs_conf_free(conf);
		return -EINVAL;
	}
	*ret = conf;
	return 0;
}

/* NAT forwards packets: without it the table would be of no use (lvs.md 8.1). */
static int need_forwarding(const struct lvs_conf *conf, struct clu_buf *why)
{
	static const char *const files[] = { "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding" };
	bool need[2] = { false, false };

	for (unsigned i = 0; conf->method == LVS_NAT && i < conf->n_virtuals; i++)
		need[conf->virtuals[i].vip.addr.family == AF_INET6] |= conf->virtuals[i].active;
	for (unsigned i = 0; i < 2; i++) {
		char now = '0';
		int fd = need[i] ? open(files[i], O_RDWR | O_CLOEXEC) : -1;
		int error = 0;

		if (!need[i])
			continue;
		if (fd < 0)
			error = errno;
		else if (read(fd, &now, 1) == 1 && now == '0' && pwrite(fd, "1\n", 2, 0) != 2)
			error = errno;
		if (fd >= 0)
			close(fd);
		if (error) {
			clu_buf_printf(why, "%s is not 1 and cannot be set: %s; set it by sysctl, NAT needs it\n", files[i],
				strerror(error));
			return -error;
		}
		if (now == '0')
			clu_log(CLU_NOTICE, "%s was 0: set to 1; put it into sysctl.conf", files[i]);
	}
	return 0;
}

/* A configuration takes effect: table, then addresses, then checks (lvs.md 3.6). Ownership of conf passes. */
static int commit(struct lvsd *l, struct lvs_conf *conf, struct clu_buf *why)
{
	struct lvs_event ev = { .type = LVS_EV_CONFIG, .u.conf = conf };
	struct lvs_actions later = { NULL, 0, 0 };
	bool first = !lvs_core_conf(l->core);
	int r = need_forwarding(conf, why);
	int addr;

	if (r < 0) {
		lvs_conf_free(conf);
		return r;
	}
	(void)l->director->ops->timeouts(l->director, conf->tcp_timeout_s, conf->tcpfin_timeout_s, conf->udp_timeout_s,
		why);
	r = feed(l, &ev, &later);
	if (r < 0)
		clu_buf_printf(why, "%s\n", l->apply_why[0] ? l->apply_why : strerror(-r));
	if (r < 0 && first) {
		free(later.list);
		return r;
	}
	addr = first ? lvsd_addrs_probe_end(l->addrs, why) : 0;
	if (!addr)
		addr = lvsd_addrs_apply(l->addrs, lvs_core_conf(l->core), why);
	record(l);
	if (!addr || !first)
		(void)run_actions(l, &later, NULL);
	free(later.list);
	rearm(l);
	return addr;
}

static int32_t on_hangup(int32_t sig, void *data)
{
	struct lvsd *l = data;
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct lvs_conf *conf;
	int r;

	clu_log(CLU_NOTICE, "rereading configuration file %s", l->opts->conf_file);
	r = lvsd_load(l->opts, &conf, &errs, &warns);
	if (r >= 0) {
		r = l->director->ops->check(l->opts->conf_file, conf, &errs);
		if (r < 0)
			lvs_conf_free(conf);
	}
	log_lines(CLU_WARNING, clu_buf_text(&warns));
	if (r >= 0)
		r = commit(l, conf, &errs);
	else
		clu_log(CLU_ERR, "the configuration is refused; the earlier one goes on");
	log_lines(CLU_ERR, clu_buf_text(&errs));
	free(l->reload_error);
	l->reload_error = r < 0 ? strdup(clu_buf_text(&errs)) : NULL;
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	return 0;
}

static int32_t on_terminate(int32_t sig, void *data)
{
	struct lvsd *l = data;

	l->ended_by = sig;
	qb_loop_stop(l->loop);
	return 0;
}

/* ------------------------------------------------------------------ questions */

static void answer(void *ctx, const char *request, struct clu_buf *ret)
{
	struct lvsd *l = ctx;
	struct clu_buf why = CLU_BUF_INIT;
	json_t *root;
	char *text;
	int r;

	if (!strcmp(request, "status")) {
		struct lvsd_facts facts = { .opts = l->opts, .core = l->core, .director = l->director,
			.addrs = l->addrs, .reload_error = l->reload_error, .wall_ms = clock_ms(CLOCK_REALTIME) };

		root = lvsd_report(&facts);
	} else if (!strcmp(request, "verify")) {
		r = l->director->ops->verify(l->director, lvs_core_have(l->core), &why);
		if (r >= 0)
			r = lvsd_addrs_verify(l->addrs, &why);
		root = json_pack("{s:b, s:s}", "ok", r >= 0, "why", clu_buf_text(&why));
	} else {
		root = json_pack("{s:s}", "error", "unknown request");
	}
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	if (text)
		clu_buf_str(ret, text);
	free(text);
	json_decref(root);
	clu_buf_free(&why);
}

/* ------------------------------------------------------------------ start and end */

static void take_down(struct lvsd *l)
{
	struct clu_buf why = CLU_BUF_INIT;
	int a = lvsd_addrs_down(l->addrs, &why);
	int d = l->director->ops->clear(l->director, lvs_core_have(l->core), &why);

	log_lines(CLU_ERR, clu_buf_text(&why));
	/* What could not be taken away stays on record for --stop. */
	if (a >= 0 && d >= 0)
		lvsd_state_remove(l->opts->name);
	clu_buf_free(&why);
}

static int add_signals(struct lvsd *l)
{
	int r = qb_loop_signal_add(l->loop, QB_LOOP_HIGH, SIGTERM, l, on_terminate, NULL);

	r = r < 0 ? r : qb_loop_signal_add(l->loop, QB_LOOP_HIGH, SIGINT, l, on_terminate, NULL);
	return r < 0 ? r : qb_loop_signal_add(l->loop, QB_LOOP_MED, SIGHUP, l, on_hangup, NULL);
}

static int begin(struct lvsd *l, struct clu_buf *why)
{
	struct clu_buf warns = CLU_BUF_INIT;
	struct lvs_conf *conf = NULL;
	char path[PATH_MAX];
	int r = lvsd_load(l->opts, &conf, why, &warns);

	log_lines(CLU_WARNING, clu_buf_text(&warns));
	clu_buf_free(&warns);
	if (r < 0)
		return r;
	l->loop = qb_loop_create();
	l->core = lvs_core_new();
	l->notes = clu_out_new();
	l->checks = l->loop ? lvs_checks_new(l->loop, on_check_end, l) : NULL;
	l->addrs = l->loop ? lvsd_addrs_new(l->loop, why) : NULL;
	r = l->core && l->notes && l->checks && l->addrs ? add_signals(l) : -ENOMEM;
	if (r >= 0)
		r = lvsd_addrs_probe_begin(l->addrs, conf, why);
	if (r >= 0)
		r = lvs_director_open(l->opts->director, l->opts->name, &l->director, why);
	if (r >= 0)
		r = l->director->ops->check(l->opts->conf_file, conf, why);
	if (r >= 0)
		r = commit(l, conf, why);
	else
		lvs_conf_free(conf);
	if (r >= 0)
		r = lvsd_run_path(l->opts->name, LVSD_SOCKET, path);
	if (r >= 0)
		r = lvsd_server_new(l->loop, path, answer, l, &l->server, why);
	return r;
}

int lvsd_run(const struct lvsd_opts *o, void (*ready)(void *ctx), void *ctx)
{
	struct lvsd l = { .opts = o };
	struct clu_buf why = CLU_BUF_INIT;
	int r;

	(void)clu_log_open("lvsd", o->to_stderr, o->debug);
	r = begin(&l, &why);
	if (r >= 0) {
		log_lines(CLU_WARNING, clu_buf_text(&why));
		clu_log(CLU_NOTICE, "%s: serving, director %s", o->name, l.director->ops->name);
		ready(ctx);
		qb_loop_run(l.loop);
		clu_log(CLU_NOTICE, "%s: shutting down due to signal %d", o->name, l.ended_by);
	} else {
		log_lines(CLU_ERR, clu_buf_text(&why));
		if (!o->to_stderr)
			fprintf(stderr, "lvsd: %s", clu_buf_text(&why)[0] ? clu_buf_text(&why) : strerror(-r));
	}
	l.checks = lvs_checks_free(l.checks);
	if (l.director && lvs_core_conf(l.core))
		take_down(&l);
	lvsd_server_free(l.server);
	lvsd_addrs_free(l.addrs);
	if (l.director)
		l.director->ops->close(l.director);
	lvs_core_free(l.core);
	clu_out_free(l.notes);
	free(l.reload_error);
	if (l.loop)
		qb_loop_destroy(l.loop);
	clu_buf_free(&why);
	clu_log_close();
	return r < 0 ? LVSD_FAILED : LVSD_OK;
}

int lvsd_clean(const struct lvsd_opts *o, struct clu_buf *why)
{
	struct lvs_table table = { NULL, 0 };
	struct lvs_director *director = NULL;
	struct lvsd_addrs *addrs = NULL;
	json_t *addresses = NULL;
	char which[16];
	int r = lvsd_state_read(o->name, which, &table, &addresses);
	int first;

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		clu_buf_printf(why, "the record of what lvsd \"%s\" set up cannot be read: %s; look at ip addr and nft list"
			" ruleset, remove what is left and the record", o->name, strerror(-r));
		return r;
	}
	addrs = lvsd_addrs_new(NULL, why);
	first = addrs ? 0 : -ENOMEM;
	if (addrs) {
		lvsd_addrs_adopt(addrs, addresses);
		first = lvsd_addrs_down(addrs, why);
	}
	r = lvs_director_open(which, o->name, &director, why);
	/* A kernel that has no ip_vs now holds no services either. */
	if (r >= 0)
		r = director->ops->clear(director, &table, why);
	else if (r == -ENOENT)
		r = 0;
	if (!first && r >= 0)
		lvsd_state_remove(o->name);
	if (director)
		director->ops->close(director);
	lvsd_addrs_free(addrs);
	lvs_table_done(&table);
	json_decref(addresses);
	return first ? first : r;
}

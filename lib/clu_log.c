/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "clu_log.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <qb/qbdefs.h>
#include <qb/qblog.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "clu_path.h"

#define HISTORY 512
#define LINE_MAX_BYTES 4096
#define OURS "hawser"		/* name of a source file to libqb: tells our lines from its own */
#define BLACKBOX_BYTES (256 * 1024)

/* A line may come so often within one window; the rest is counted and told when the window is over. */
#define REPEAT_FREE 5
#define REPEAT_WINDOW_MS 10000
#define REPEAT_SLOTS 16

struct entry {
	enum clu_level level;
	char *event, *object, *from, *to, *why, *fields;
	uint64_t first_us, last_us;
	unsigned times;
};

struct repeat {
	enum clu_level level;
	char *text;
	uint64_t since_ms;
	unsigned times;
};

static struct {
	bool open;
	int file;		/* qb log target, negative: none */
	char own_path[PATH_MAX];	/* where it is when nobody says anything else ... */
	char path[PATH_MAX];	/* ... and where it is */
	struct entry history[HISTORY];
	unsigned first, count;
	struct repeat repeats[REPEAT_SLOTS];
} the_log = { .file = -1 };

static const int syslog_of[] = {
	[CLU_DEBUG] = LOG_DEBUG, [CLU_INFO] = LOG_INFO, [CLU_NOTICE] = LOG_NOTICE,
	[CLU_WARNING] = LOG_WARNING, [CLU_ERR] = LOG_ERR, [CLU_CRIT] = LOG_CRIT,
};

static const char *const level_name[] = {
	[CLU_DEBUG] = "debug", [CLU_INFO] = "info", [CLU_NOTICE] = "notice",
	[CLU_WARNING] = "warning", [CLU_ERR] = "error", [CLU_CRIT] = "critical",
};

/* ---- writing a line ---- */

/* Nothing that somebody else chose may start a new line or move a cursor. */
static void flatten(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			*s = ' ';
}

static void put(enum clu_level level, const char *line)
{
	if (the_log.open)
		qb_log_from_external_source(__func__, OURS, "%s", (uint8_t)syslog_of[level], __LINE__, 0, line);
	else if (level > CLU_DEBUG)
		fprintf(stderr, "%s\n", line);
}

static uint64_t mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void end_repeat(struct repeat *r)
{
	if (r->times > REPEAT_FREE) {
		struct clu_buf b = CLU_BUF_INIT;

		clu_buf_printf(&b, "%u times more in %u s: %.200s", r->times - REPEAT_FREE,
			REPEAT_WINDOW_MS / 1000, r->text);
		put(r->level, clu_buf_text(&b));
		clu_buf_free(&b);
	}
	free(r->text);
	*r = (struct repeat){ 0 };
}

/* Whether a line of this text is to be written now. Ends the windows that are over. */
static bool admit(enum clu_level level, const char *text)
{
	uint64_t now = mono_ms();
	struct repeat *slot = NULL;

	for (struct repeat *r = the_log.repeats; r < the_log.repeats + REPEAT_SLOTS; r++) {
		if (r->text && now - r->since_ms >= REPEAT_WINDOW_MS)
			end_repeat(r);
		if (r->text && r->level == level && !strcmp(r->text, text))
			return ++r->times <= REPEAT_FREE;
		if (!slot || (slot->text && (!r->text || r->since_ms < slot->since_ms)))
			slot = r;
	}
	if (slot->text)
		end_repeat(slot);
	slot->text = strdup(text);
	slot->level = level;
	slot->since_ms = now;
	slot->times = 1;
	return true;
}

void clu_log(enum clu_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	flatten(line);
	if (admit(level, line))
		put(level, line);
}

/* ---- notes ---- */

/* A value that a reader can split at blanks: quoted when it has to be. */
static void put_value(struct clu_buf *b, const char *key, const char *v, bool always_quoted)
{
	clu_buf_printf(b, " %s=", key);
	if (!always_quoted && !v[strcspn(v, " \"\\=|")]) {
		clu_buf_str(b, v);
		return;
	}
	clu_buf_str(b, "\"");
	for (; *v; v++) {
		if (*v == '"' || *v == '\\')
			clu_buf_str(b, "\\");
		clu_buf_append(b, v, 1);
	}
	clu_buf_str(b, "\"");
}

static void sentence(struct clu_buf *b, const struct clu_action *note)
{
	const char *object = note->u.note.object, *from = note->u.note.from, *to = note->u.note.to;

	clu_buf_str(b, object[0] ? object : note->u.note.event);
	if (to[0] && from[0])
		clu_buf_printf(b, ": %s -> %s", from, to);
	else if (to[0] || from[0])
		clu_buf_printf(b, ": %s%s", to[0] ? "" : "no longer ", to[0] ? to : from);
	if (note->u.note.why[0])
		clu_buf_printf(b, ": %s", note->u.note.why);
}

static char *copy(const char *s)
{
	char *c = strdup(s ? s : "");

	if (c)
		flatten(c);
	return c;
}

static void free_entry(struct entry *e)
{
	free(e->event);
	free(e->object);
	free(e->from);
	free(e->to);
	free(e->why);
	free(e->fields);
	*e = (struct entry){ 0 };
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static void remember(const struct entry *n)
{
	struct entry *last = &the_log.history[(the_log.first + the_log.count + HISTORY - 1) % HISTORY], *e;

	/* The same over and over must not push the history out of the ring. */
	if (the_log.count && last->level == n->level && same(last->event, n->event) &&
	    same(last->object, n->object) && same(last->from, n->from) && same(last->to, n->to) &&
	    same(last->why, n->why) && same(last->fields, n->fields)) {
		struct entry gone = *n;

		last->times++;
		last->last_us = n->last_us;
		free_entry(&gone);
		return;
	}
	if (the_log.count == HISTORY) {
		free_entry(&the_log.history[the_log.first]);
		the_log.first = (the_log.first + 1) % HISTORY;
		the_log.count--;
	}
	e = &the_log.history[(the_log.first + the_log.count++) % HISTORY];
	*e = *n;
}

void clu_log_note(const struct clu_action *note, uint64_t wall_us)
{
	struct clu_action flat = *note;
	struct clu_buf line = CLU_BUF_INIT, key = CLU_BUF_INIT;
	struct entry e = {
		.level = note->u.note.level, .times = 1, .first_us = wall_us, .last_us = wall_us,
		.event = copy(note->u.note.event), .object = copy(note->u.note.object),
		.from = copy(note->u.note.from), .to = copy(note->u.note.to), .why = copy(note->u.note.why),
		.fields = copy(note->u.note.fields),
	};

	if (!e.event || !e.object || !e.from || !e.to || !e.why || !e.fields) {
		free_entry(&e);
		clu_log(CLU_ERR, "a note could not be written: out of memory; free memory on this node");
		return;
	}
	flat.u.note.event = e.event;
	flat.u.note.object = e.object;
	flat.u.note.from = e.from;
	flat.u.note.to = e.to;
	flat.u.note.why = e.why;
	sentence(&line, &flat);
	clu_buf_str(&line, " | ev=");
	clu_buf_str(&line, e.event);
	put_value(&line, "obj", e.object, false);
	put_value(&line, "old", e.from, false);
	put_value(&line, "new", e.to, false);
	put_value(&line, "why", e.why, true);
	/* Repeats are told apart from others by all but the time. */
	clu_buf_printf(&key, "%s %s", clu_buf_text(&line), e.fields);
	clu_buf_printf(&line, " t=%" PRIu64 ".%06" PRIu64, wall_us / 1000000, wall_us % 1000000);
	if (e.fields[0])
		clu_buf_printf(&line, " %s", e.fields);
	if (admit(e.level, clu_buf_text(&key)))
		put(e.level, clu_buf_text(&line));
	clu_buf_free(&line);
	clu_buf_free(&key);
	remember(&e);
}

static json_t *text(const char *s)
{
	json_t *j = json_string(s);

	return j ? j : json_string("(not valid UTF-8)");
}

void clu_log_history(struct clu_buf *ret)
{
	json_t *array = json_array();
	char *s;

	for (unsigned i = 0; i < the_log.count; i++) {
		const struct entry *e = &the_log.history[(the_log.first + i) % HISTORY];

		json_array_append_new(array, json_pack("{s:f, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:f}",
			"t", (double)e->first_us / 1e6, "level", level_name[e->level],
			"event", text(e->event), "object", text(e->object), "old", text(e->from),
			"new", text(e->to), "why", text(e->why), "fields", text(e->fields),
			"times", (int)e->times, "last", (double)e->last_us / 1e6));
	}
	s = json_dumps(array, JSON_INDENT(1));
	clu_buf_str(ret, s ? s : "[]");
	clu_buf_str(ret, "\n");
	free(s);
	json_decref(array);
}

/* ---- targets ---- */

#define FILE_FORMAT "%T [%P] %7p %b"

#define NOTHING (-1)

/* What goes there; of libqb's own lines, what is wrong alone. */
static void filter(int target, int priority)
{
	uint8_t level = (uint8_t)priority;

	(void)qb_log_filter_ctl(target, QB_LOG_FILTER_CLEAR_ALL, QB_LOG_FILTER_FILE, "*", LOG_TRACE);
	if (priority == NOTHING)
		return;
	(void)qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, OURS, level);
	(void)qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", level < LOG_WARNING ? level : LOG_WARNING);
}

static void enable(int target, uint8_t level, const char *format)
{
	qb_log_format_set(target, format);
	(void)qb_log_ctl(target, QB_LOG_CONF_MAX_LINE_LEN, LINE_MAX_BYTES);
	(void)qb_log_ctl(target, QB_LOG_CONF_ELLIPSIS, QB_TRUE);
	filter(target, level);
	(void)qb_log_ctl(target, QB_LOG_CONF_ENABLED, QB_TRUE);
}

/* A syslog daemon that hangs holds up a thread of libqb, not us. What it cannot take in time is dropped there. */
static void start_thread(void)
{
	sigset_t all, old;

	(void)qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_THREADED, QB_TRUE);
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	if (qb_log_thread_start() < 0)
		(void)qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_THREADED, QB_FALSE);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int clu_log_open(const char *daemon, bool to_stderr, bool debug)
{
	uint8_t level = debug ? LOG_DEBUG : LOG_INFO;
	char path[PATH_MAX];
	int r;

	qb_log_init(daemon, LOG_LOCAL4, LOG_INFO);
	the_log.open = true;
	enable(QB_LOG_SYSLOG, LOG_INFO, "%b");
	if (to_stderr)
		enable(QB_LOG_STDERR, level, "%T %N[%P] %7p %b");
	r = clu_path_mkdirs(clu_path(CLU_PATH_LOG), 0);
	if (r < 0)
		return r;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s.log", clu_path(CLU_PATH_LOG), daemon) >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(the_log.own_path, path, sizeof(path));
	the_log.file = qb_log_file_open(path);
	if (the_log.file < 0)
		return the_log.file;
	memcpy(the_log.path, path, sizeof(path));
	enable(the_log.file, level, FILE_FORMAT);
	return 0;
}

static int use_file(const char *path)
{
	int file;

	if (!*path || (the_log.file >= 0 && !strcmp(path, the_log.path)))
		return 0;
	file = qb_log_file_open(path);
	if (file < 0)
		return file;
	enable(file, LOG_INFO, FILE_FORMAT);
	if (the_log.file >= 0)
		qb_log_file_close(the_log.file);
	the_log.file = file;
	snprintf(the_log.path, sizeof(the_log.path), "%s", path);
	return 0;
}

int clu_log_set(const struct clu_log_conf *conf)
{
	int r = use_file(*conf->logfile ? conf->logfile : the_log.own_path);

	(void)qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_FACILITY, conf->facility);
	/* A target that is disabled is closed by libqb, and a file is not opened again. */
	filter(QB_LOG_SYSLOG, conf->to_syslog ? conf->syslog_priority : NOTHING);
	if (the_log.file >= 0)
		filter(the_log.file, conf->to_logfile ? conf->logfile_priority : NOTHING);
	return r;
}

int clu_log_reopen(void)
{
	return the_log.file < 0 ? 0 : qb_log_file_reopen(the_log.file, NULL);
}

int clu_log_daemon(void)
{
	start_thread();
	(void)qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_SIZE, BLACKBOX_BYTES);
	(void)qb_log_filter_ctl(QB_LOG_BLACKBOX, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", LOG_DEBUG);
	return qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_ENABLED, QB_TRUE);
}

int clu_log_blackbox(const char *path)
{
	ssize_t n = qb_log_blackbox_write_to_file(path);

	return n < 0 ? (int)n : 0;
}

void clu_log_close(void)
{
	for (struct repeat *r = the_log.repeats; r < the_log.repeats + REPEAT_SLOTS; r++)
		if (r->text)
			end_repeat(r);
	while (the_log.count) {
		free_entry(&the_log.history[the_log.first]);
		the_log.first = (the_log.first + 1) % HISTORY;
		the_log.count--;
	}
	if (the_log.open)
		qb_log_fini();
	the_log.open = false;
	the_log.file = -1;
	the_log.path[0] = the_log.own_path[0] = '\0';
}

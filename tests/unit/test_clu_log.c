/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clu_log.h"
#include "clu_store.h"

static char dir[64], file[128];
static time_t skew;

/* Time goes as the test wants. */
int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	int r = __real_clock_gettime(clock, ts);

	ts->tv_sec += skew;
	return r;
}

static int start(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/clu_log.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/testd.log", dir);
	setenv("HAWSER_LOG_DIR", dir, 1);
	assert_int_equal(clu_log_open("testd", false, false), 0);
	return 0;
}

static int end(void **state)
{
	clu_log_close();
	unlink(file);
	rmdir(dir);
	return 0;
}

static struct clu_log_conf read_conf(const char *content, const char *daemon, bool debug)
{
	struct clu_buf text = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_log_conf l;
	struct clu_conf *c;

	clu_buf_printf(&text, "<cluster name='a' config_version='1'>%s</cluster>", content);
	assert_int_equal(clu_conf_parse(text.data, text.len, "cluster.conf", &c, &errs), 0);
	clu_log_conf_read(c, daemon, debug, &l);
	clu_conf_unref(c);
	clu_buf_free(&text);
	return l;
}

static void configure(const char *content)
{
	struct clu_log_conf l = read_conf(content, "testd", false);

	assert_int_equal(clu_log_set(&l), 0);
}

static unsigned count(const char *text)
{
	struct clu_buf b = CLU_BUF_INIT;
	unsigned n = 0;

	assert_int_equal(clu_store_read(file, 1 << 20, &b), 0);
	for (const char *p = clu_buf_text(&b); (p = strstr(p, text)) != NULL; p++)
		n++;
	clu_buf_free(&b);
	return n;
}

static void note(const char *object, const char *from, const char *to, const char *why, const char *fields, uint64_t us)
{
	struct clu_action a = { .type = CLU_ACT_NOTE };

	a.u.note.level = CLU_NOTICE;
	a.u.note.event = "t.event";
	a.u.note.object = object;
	a.u.note.from = from;
	a.u.note.to = to;
	a.u.note.why = why;
	a.u.note.fields = fields;
	clu_log_note(&a, us);
}

static void test_note_line(void **state)
{
	note("n1", "up", "down", "token lost", "master=2 took_ms=5", 1700000000000042ull);
	assert_int_equal(count("n1: up -> down: token lost | ev=t.event obj=n1 old=up new=down why=\"token lost\" "
		"t=1700000000.000042 master=2 took_ms=5\n"), 1);
	/* Empty and awkward values. */
	note("", "", "", "", NULL, 1);
	assert_int_equal(count("t.event | ev=t.event obj= old= new= why=\"\" t=0.000001\n"), 1);
	note("a b", "", "x=\"y\"", "two\nlines \\ \"quoted\"\t|", "", 2);
	assert_int_equal(count("a b: x=\"y\": two lines \\ \"quoted\" | | ev=t.event obj=\"a b\" old= new=\"x=\\\"y\\\"\" "
		"why=\"two lines \\\\ \\\"quoted\\\" |\" t=0.000002\n"), 1);
}

static void test_levels(void **state)
{
	clu_log(CLU_DEBUG, "not this");
	clu_log(CLU_INFO, "but %s", "this");
	assert_int_equal(count("not this"), 0);
	assert_int_equal(count("info    but this\n"), 1);
	clu_log(CLU_ERR, "no\nsecond line\x1b[31m");
	assert_int_equal(count("error   no second line [31m\n"), 1);
}

static void test_repeats_are_counted(void **state)
{
	for (unsigned i = 0; i < 100; i++) {
		clu_log(CLU_WARNING, "again");
		clu_log(CLU_WARNING, "and again");
		note("n1", "a", "b", "noted", NULL, i);
	}
	assert_int_equal(count("warning again\n"), 5);
	assert_int_equal(count("warning and again\n"), 5);
	assert_int_equal(count("why=\"noted\""), 5);
	skew += 11;
	clu_log(CLU_WARNING, "and again");
	assert_int_equal(count("95 times more in 10 s: again\n"), 1);
	assert_int_equal(count("95 times more in 10 s: and again\n"), 1);
	assert_int_equal(count("95 times more in 10 s: n1: a -> b: noted"), 1);
	assert_int_equal(count("warning and again\n"), 6);
	skew = 0;
}

static json_t *history(void)
{
	struct clu_buf b = CLU_BUF_INIT;
	json_t *j;

	clu_log_history(&b);
	j = json_loads(clu_buf_text(&b), 0, NULL);
	assert_non_null(j);
	clu_buf_free(&b);
	return j;
}

static const char *field(json_t *j, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(j, i), key));
}

static void test_history(void **state)
{
	char name[16];
	json_t *j;

	for (unsigned i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		note(name, "a", "b", "said \"so\"", "k=v", i);
	}
	for (unsigned i = 0; i < 1000; i++)
		note("same", "a", "b", "over and over", NULL, 1000000 + i);
	note("bad", "", "", "\xff\xfe", NULL, 1);
	j = history();
	assert_int_equal(json_array_size(j), 512);
	assert_string_equal(field(j, 0, "object"), "n90");
	assert_string_equal(field(j, 0, "why"), "said \"so\"");
	assert_string_equal(field(j, 0, "fields"), "k=v");
	assert_string_equal(field(j, 0, "level"), "notice");
	assert_string_equal(field(j, 510, "object"), "same");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(j, 510), "times")), 1000);
	assert_string_equal(field(j, 511, "why"), "(not valid UTF-8)");
	json_decref(j);
}

static void test_reopen(void **state)
{
	char moved[160];

	clu_log(CLU_INFO, "before");
	snprintf(moved, sizeof(moved), "%s.1", file);
	assert_int_equal(rename(file, moved), 0);
	assert_int_equal(clu_log_reopen(), 0);
	clu_log(CLU_INFO, "after");
	assert_int_equal(count("before"), 0);
	assert_int_equal(count("after"), 1);
	unlink(moved);
}

/* What a daemon of this name takes from a file. */
static void test_what_cluster_conf_says(void **state)
{
	static const struct {
		const char *content, *daemon;
		bool debug, to_syslog, to_logfile;
		int facility, syslog, file;
		const char *path;
	} rows[] = {
		{ "", "qdiskd", false, true, true, LOG_LOCAL4, LOG_INFO, LOG_INFO, "" },
		{ "", "qdiskd", true, true, true, LOG_LOCAL4, LOG_INFO, LOG_DEBUG, "" },
		{ "<quorumd log_level='4' log_facility='daemon'/>", "qdiskd", false, true, true, LOG_DAEMON, LOG_WARNING,
		  LOG_WARNING, "" },
		{ "<quorumd log_level='4' log_facility='daemon'/>", "rgmanager", false, true, true, LOG_LOCAL4, LOG_INFO,
		  LOG_INFO, "" },
		{ "<rm log_level='7' log_facility='local0'/>", "rgmanager", false, true, true, LOG_LOCAL0, LOG_DEBUG, LOG_DEBUG, "" },
		{ "<rm log_level='8' log_facility='nonsense'/>", "rgmanager", false, true, true, LOG_LOCAL4, LOG_INFO, LOG_INFO, "" },
		/* <logging> is younger than those, and speaks over them. */
		{ "<quorumd log_level='4' log_facility='daemon'/><logging syslog_facility='local1' logfile_priority='error'/>",
		  "qdiskd", false, true, true, LOG_LOCAL1, LOG_WARNING, LOG_ERR, "" },
		{ "<logging to_syslog='no' syslog_priority='crit' logfile='/l/all' debug='on'/>", "fenced", false, false, true,
		  LOG_LOCAL4, LOG_CRIT, LOG_DEBUG, "/l/all" },
		{ "<logging to_syslog='no' logfile='/l/all' debug='on'><logging_daemon name='ccsd' debug='off' to_logfile='no'/>"
		  "<logging_daemon name='fenced' to_syslog='yes' debug='off' logfile='/l/f' logfile_priority='alert'/></logging>",
		  "fenced", false, true, true, LOG_LOCAL4, LOG_INFO, LOG_ALERT, "/l/f" },
		{ "<logging><logging_daemon name='QDISKD' syslog_facility='user'/></logging>", "qdiskd", false, true, true, LOG_USER,
		  LOG_INFO, LOG_INFO, "" },
		/* -D asks for more than the file gives. */
		{ "<logging logfile_priority='err' debug='off'/>", "fenced", true, true, true, LOG_LOCAL4, LOG_INFO, LOG_DEBUG, "" },
		{ "<logging logfile='relative'/>", "fenced", false, true, true, LOG_LOCAL4, LOG_INFO, LOG_INFO, "" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clu_log_conf l = read_conf(rows[i].content, rows[i].daemon, rows[i].debug);

		assert_int_equal(l.to_syslog, rows[i].to_syslog);
		assert_int_equal(l.to_logfile, rows[i].to_logfile);
		assert_int_equal(l.facility, rows[i].facility);
		assert_int_equal(l.syslog_priority, rows[i].syslog);
		assert_int_equal(l.logfile_priority, rows[i].file);
		assert_string_equal(l.logfile, rows[i].path);
	}
}

static void test_the_log_follows_cluster_conf(void **state)
{
	char other[160], content[320];
	struct clu_log_conf l;
	struct stat st;

	configure("<logging logfile_priority='err'/>");
	clu_log(CLU_NOTICE, "not so important");
	clu_log(CLU_ERR, "an error");
	assert_int_equal(count("not so important"), 0);
	assert_int_equal(count("an error\n"), 1);
	configure("<logging debug='on'/>");
	clu_log(CLU_DEBUG, "a detail");
	assert_int_equal(count("a detail\n"), 1);
	configure("<logging to_logfile='no'/>");
	clu_log(CLU_CRIT, "to nobody");
	assert_int_equal(count("to nobody"), 0);
	configure("");
	clu_log(CLU_INFO, "back again");
	assert_int_equal(count("back again\n"), 1);

	snprintf(other, sizeof(other), "%s/other.log", dir);
	snprintf(content, sizeof(content), "<logging logfile='%s'/>", other);
	configure(content);
	clu_log(CLU_INFO, "somewhere else");
	assert_int_equal(count("somewhere else"), 0);
	assert_int_equal(stat(other, &st), 0);
	assert_true(st.st_size > 0);
	configure("");
	clu_log(CLU_INFO, "in its own file");
	assert_int_equal(count("in its own file\n"), 1);
	/* A place that cannot be had leaves the log where it is. */
	snprintf(content, sizeof(content), "<logging logfile='%s/none/x.log'/>", dir);
	l = read_conf(content, "testd", false);
	assert_int_equal(clu_log_set(&l), -ENOENT);
	clu_log(CLU_INFO, "still there");
	assert_int_equal(count("still there\n"), 1);
	unlink(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_note_line, start, end),
		cmocka_unit_test_setup_teardown(test_levels, start, end),
		cmocka_unit_test_setup_teardown(test_repeats_are_counted, start, end),
		cmocka_unit_test_setup_teardown(test_history, start, end),
		cmocka_unit_test_setup_teardown(test_reopen, start, end),
		cmocka_unit_test(test_what_cluster_conf_says),
		cmocka_unit_test_setup_teardown(test_the_log_follows_cluster_conf, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

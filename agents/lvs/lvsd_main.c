/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lvsd: options and the forms of running it. */
#include "config.h"

#include "lvsd.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clu_path.h"
#include "clu_table.h"
#include "lvs_conf.h"
#include "lvsd_run.h"
#include "lvsd_status.h"

enum mode { MODE_RUN, MODE_TEST, MODE_STATUS, MODE_CHECK, MODE_STOP, MODE_RELOAD };

enum {
	OPT_NOFORK = 256, OPT_STATUS, OPT_JSON, OPT_CHECK, OPT_STOP, OPT_RELOAD, OPT_NAME, OPT_DIRECTOR, OPT_INLINE, OPT_ENSURE
};

static const struct option long_options[] = {
	{ "configfile", required_argument, NULL, 'c' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "nodaemon", no_argument, NULL, 'n' },
	{ "nofork", no_argument, NULL, OPT_NOFORK },
	{ "test-start", no_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "pidfile", required_argument, NULL, 'p' },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "director", required_argument, NULL, OPT_DIRECTOR },
	{ "inline", no_argument, NULL, OPT_INLINE },
	{ "ensure", no_argument, NULL, OPT_ENSURE },
	{ "status", no_argument, NULL, OPT_STATUS },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "stop", no_argument, NULL, OPT_STOP },
	{ "reload", no_argument, NULL, OPT_RELOAD },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static const char help[] =
"usage: lvsd [OPTION]...\n"
"Runs an LVS router: the virtual servers, floating addresses and health checks of an lvs.cf.\n"
"Returns when the table is in the kernel and the addresses are up; the daemon goes on behind.\n"
"\n"
"  -c, --configfile=FILE  configuration, default " LVSD_DEFAULT_CONF "\n"
"      --inline           FILE holds the form for an attribute of cluster.conf: \";\" ends a line\n"
"      --name=NAME        name of this router, default " LVSD_DEFAULT_NAME "; several may run side by side\n"
"      --director=WHICH   auto (default: ipvs where the kernel has it, else nft), ipvs or nft\n"
"      --ensure           fine when it serves already; a broken or killed one is taken away first\n"
"  -p, --pidfile=FILE     default: lvsd-NAME.pid in the run directory\n"
"  -f, -n, --foreground, --nodaemon\n"
"                         stay in the foreground and log to stderr\n"
"      --nofork           stay in the foreground, log as a daemon does\n"
"  -v, --verbose          log more\n"
"  -t, --test-start       read and check the configuration, print it with every default, touch nothing\n"
"      --status           show virtual servers, real servers and their checks (--json: as JSON)\n"
"      --check            ask the running daemon whether table and addresses are really there\n"
"      --reload           have the running daemon read its configuration again (SIGHUP); with -c: that file,\n"
"                         which means a restart when it reads another one\n"
"      --stop             end the daemon, wait for its end, and clean up after one that was killed\n"
"  -h, --help             this text\n"
"  -V, --version          version\n"
"\n"
"Exit code: 0 success, 1 failure, 2 wrong usage, 3 not running (--status, --check, --reload).\n"
"See lvsd(8) and lvs.cf(5).\n";

static void explain_ask(const char *name, int r)
{
	if (r == -ECONNREFUSED)
		fprintf(stderr, "lvsd: \"%s\" is not running on this node (no answer on its socket); start it with"
			" \"lvsd -c FILE\", or with \"clusvcadm -e SERVICE\" where a cluster manages it\n", name);
	else if (r == -ETIMEDOUT)
		fprintf(stderr, "lvsd: \"%s\" does not answer within %d s (stopped or overloaded); look at its log, end it"
			" with \"lvsd --stop\"\n", name, LVSD_CLIENT_MS / 1000);
	else
		fprintf(stderr, "lvsd: \"%s\" cannot be asked: %s%s\n", name, strerror(-r),
			r == -EACCES ? "; only root may" : "");
}

static int do_status(const struct lvsd_opts *o, bool json)
{
	char path[PATH_MAX];
	json_t *status;
	int r = lvsd_run_path(o->name, LVSD_SOCKET, path);

	r = r < 0 ? r : lvsd_ask(path, "status", &status);
	if (r < 0) {
		explain_ask(o->name, r);
		return r == -ECONNREFUSED ? LVSD_NOT_RUNNING : LVSD_FAILED;
	}
	if (json)
		clu_json_print(stdout, status);
	else
		lvsd_status_print(stdout, status);
	json_decref(status);
	return LVSD_OK;
}

/* quiet: nothing is said. */
static int do_check(const struct lvsd_opts *o, bool quiet)
{
	char path[PATH_MAX];
	json_t *said;
	int r = lvsd_run_path(o->name, LVSD_SOCKET, path);
	bool ok;

	r = r < 0 ? r : lvsd_ask(path, "verify", &said);
	if (r < 0) {
		if (!quiet)
			explain_ask(o->name, r);
		return r == -ECONNREFUSED ? LVSD_NOT_RUNNING : LVSD_FAILED;
	}
	ok = json_is_true(json_object_get(said, "ok"));
	if (!ok && !quiet)
		fprintf(stderr, "lvsd: \"%s\" runs, but: %s; restart it to put things right\n", o->name,
			json_string_value(json_object_get(said, "why")));
	json_decref(said);
	return ok ? LVSD_OK : LVSD_FAILED;
}

static int do_stop(const struct lvsd_opts *o)
{
	struct clu_buf why = CLU_BUF_INIT;
	pid_t pid = 0;
	int fd;
	int r = lvsd_run_stop(o->pidfile, LVSD_STOP_MS);

	if (r < 0) {
		fprintf(stderr, "lvsd: \"%s\" cannot be ended: %s; see %s\n", o->name, strerror(-r), o->pidfile);
		return LVSD_FAILED;
	}
	if (r == 2)
		fprintf(stderr, "lvsd: \"%s\" did not end within %d s and was killed; cleaning up after it\n", o->name,
			LVSD_STOP_MS / 1000);
	/* With the lock, so that no daemon starts while its addresses are taken away. */
	fd = lvsd_run_lock(o->pidfile, &pid);
	if (fd < 0 && fd != -ENOENT) {
		fprintf(stderr, "lvsd: \"%s\": %s: %s; another lvsd of this name is starting, stop again\n", o->name,
			o->pidfile, strerror(-fd));
		return LVSD_FAILED;
	}
	r = lvsd_clean(o, &why);
	if (r < 0)
		fprintf(stderr, "lvsd: \"%s\": not all could be taken away: %s\n", o->name,
			why.len ? clu_buf_text(&why) : strerror(-r));
	clu_buf_free(&why);
	if (fd >= 0)
		close(fd);
	return r < 0 ? LVSD_FAILED : LVSD_OK;
}

static int do_test(const struct lvsd_opts *o)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT, text = CLU_BUF_INIT;
	struct lvs_conf *conf;
	int r = lvsd_load(o, &conf, &errs, &warns);

	fputs(clu_buf_text(&warns), stderr);
	fputs(clu_buf_text(&errs), stderr);
	if (r >= 0) {
		lvs_conf_dump(conf, &text);
		fputs(clu_buf_text(&text), stdout);
		lvs_conf_free(conf);
	}
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	clu_buf_free(&text);
	return r < 0 ? LVSD_FAILED : LVSD_OK;
}

/* In the daemon: tells the waiting parent, and lets go of its terminal or pipes. */
static void tell_parent(void *ctx)
{
	int *pipe_fd = ctx;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (*pipe_fd < 0)
		return;
	if (null >= 0) {
		(void)dup2(null, 0);
		(void)dup2(null, 1);
		(void)dup2(null, 2);
		close(null);
	}
	(void)!write(*pipe_fd, "+", 1);
	close(*pipe_fd);
	*pipe_fd = -1;
}

/* The parent's part: success only when the daemon says that it serves. */
static int wait_ready(int fd)
{
	char c;
	ssize_t n;

	do {
		n = read(fd, &c, 1);
	} while (n < 0 && errno == EINTR);
	close(fd);
	return n == 1 ? LVSD_OK : LVSD_FAILED;
}

/* Under the lock: what a killed daemon left must not stand beside what we set up. */
static int clean_before(const struct lvsd_opts *o)
{
	struct clu_buf why = CLU_BUF_INIT;
	int r = lvsd_clean(o, &why);

	if (r < 0)
		fprintf(stderr, "lvsd: \"%s\": what an earlier one left cannot be taken away: %s\n", o->name,
			why.len ? clu_buf_text(&why) : strerror(-r));
	clu_buf_free(&why);
	return r;
}

static int do_run(const struct lvsd_opts *o, bool foreground, bool ensure)
{
	int ends[2] = { -1, -1 };
	pid_t other = 0, pid;
	int lock, r;

	r = clu_path_mkdirs(clu_path(CLU_PATH_RUN), 0);
	lock = r < 0 ? r : lvsd_run_lock(o->pidfile, &other);
	if (lock == -EWOULDBLOCK && ensure) {
		if (do_check(o, true) == LVSD_OK)
			return LVSD_OK;
		if (do_stop(o) != LVSD_OK)
			return LVSD_FAILED;
		lock = lvsd_run_lock(o->pidfile, &other);
	}
	if (lock == -EWOULDBLOCK) {
		fprintf(stderr, "lvsd: \"%s\" runs already (pid %d); end it with \"lvsd --stop\", or give this one another"
			" --name\n", o->name, (int)other);
		return LVSD_FAILED;
	}
	if (lock < 0) {
		fprintf(stderr, "lvsd: %s: %s; needs root and a run directory that can be written\n", o->pidfile,
			strerror(-lock));
		return LVSD_FAILED;
	}
	if (clean_before(o) < 0)
		return LVSD_FAILED;
	if (!foreground) {
		if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
			fprintf(stderr, "lvsd: cannot start a process: %s\n", strerror(errno));
			return LVSD_FAILED;
		}
		if (pid) {
			close(ends[1]);
			close(lock);
			return wait_ready(ends[0]);
		}
		close(ends[0]);
		(void)setsid();
	}
	(void)umask(022);
	(void)!chdir("/");
	r = lvsd_run_write_pid(lock, getpid());
	if (r < 0) {
		fprintf(stderr, "lvsd: %s: %s\n", o->pidfile, strerror(-r));
		return LVSD_FAILED;
	}
	r = lvsd_run(o, tell_parent, &ends[1]);
	/* Emptied, never removed: a lock on a file without a name would be seen by nobody. */
	(void)!ftruncate(lock, 0);
	return r;
}

/* Does the running daemon read another file than this one? One that does not answer is not asked twice. */
static bool reads_another_file(const struct lvsd_opts *o)
{
	char path[PATH_MAX];
	json_t *status;
	bool other;

	if (lvsd_run_path(o->name, LVSD_SOCKET, path) < 0 || lvsd_ask(path, "status", &status) < 0)
		return false;
	other = strcmp(o->conf_file, json_string_value(json_object_get(status, "file"))) != 0;
	json_decref(status);
	return other;
}

/* file_given: the daemon must read this file from now on; when it reads another, it is started anew. */
static int do_reload(const struct lvsd_opts *o, bool file_given)
{
	pid_t pid = lvsd_run_holder(o->pidfile);

	if (pid == -ESRCH) {
		explain_ask(o->name, -ECONNREFUSED);
		return LVSD_NOT_RUNNING;
	}
	if (pid > 0 && file_given && reads_another_file(o))
		return do_stop(o) == LVSD_OK ? do_run(o, false, false) : LVSD_FAILED;
	if (pid < 0 || kill(pid, SIGHUP) < 0) {
		fprintf(stderr, "lvsd: \"%s\" cannot be signalled: %s\n", o->name, strerror(pid < 0 ? -pid : errno));
		return LVSD_FAILED;
	}
	return LVSD_OK;
}

int main(int argc, char **argv)
{
	static char conf[PATH_MAX], pidfile[PATH_MAX];
	struct lvsd_opts o = { .conf_file = LVSD_DEFAULT_CONF, .name = LVSD_DEFAULT_NAME, .director = "auto" };
	enum mode mode = MODE_RUN;
	bool foreground = false, json = false, ensure = false, file_given = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:fntvp:hV", long_options, NULL)) != -1) {
		switch (c) {
		case 'c': o.conf_file = optarg; file_given = true; break;
		case 'f':
		case 'n': foreground = o.to_stderr = true; break;
		case OPT_NOFORK: foreground = true; break;
		case 't': mode = MODE_TEST; break;
		case 'v': o.debug = true; break;
		case 'p': o.pidfile = optarg; break;
		case OPT_NAME: o.name = optarg; break;
		case OPT_DIRECTOR: o.director = optarg; break;
		case OPT_INLINE: o.is_inline = true; break;
		case OPT_ENSURE: ensure = true; break;
		case OPT_STATUS: mode = MODE_STATUS; break;
		case OPT_CHECK: mode = MODE_CHECK; break;
		case OPT_STOP: mode = MODE_STOP; break;
		case OPT_RELOAD: mode = MODE_RELOAD; break;
		case OPT_JSON: json = true; break;
		case 'h': fputs(help, stdout); return LVSD_OK;
		case 'V': printf("lvsd (hawser) %s\n", PACKAGE_VERSION); return LVSD_OK;
		default: fputs("lvsd: see \"lvsd --help\"\n", stderr); return LVSD_USAGE;
		}
	}
	if (optind < argc || !*o.name || strlen(o.name) >= LVS_NAME_MAX || strchr(o.name, '/')) {
		fprintf(stderr, "lvsd: \"%s\": %s; see \"lvsd --help\"\n", optind < argc ? argv[optind] : o.name,
			optind < argc ? "no arguments are taken" : "not usable as a name");
		return LVSD_USAGE;
	}
	/* The daemon changes to "/". */
	if (realpath(o.conf_file, conf))
		o.conf_file = conf;
	if (!o.pidfile && lvsd_run_path(o.name, LVSD_PID, pidfile) < 0) {
		fputs("lvsd: the run directory's name is too long\n", stderr);
		return LVSD_FAILED;
	}
	o.pidfile = o.pidfile ? o.pidfile : pidfile;
	switch (mode) {
	case MODE_TEST: return do_test(&o);
	case MODE_STATUS: return do_status(&o, json);
	case MODE_CHECK: return do_check(&o, false);
	case MODE_STOP: return do_stop(&o);
	case MODE_RELOAD: return do_reload(&o, file_given);
	case MODE_RUN: break;
	}
	return do_run(&o, foreground, ensure);
}

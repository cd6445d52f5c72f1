/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool edit: the configuration in force in the user's editor, then what ccs_tool_change does. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ccs_tool.h"
#include "ccs_tool_doc.h"
#include "clu_path.h"
#include "clu_store.h"

/* A folder of our own: the editor may leave copies and swap files, and all of them hold passwords. */
struct desk {
	char folder[PATH_MAX - 32];
	char file[PATH_MAX];
};

static int desk_make(struct desk *d)
{
	int r = clu_path_mkdirs(clu_path(CLU_PATH_RUN), 0);

	if (r == 0 && (size_t)snprintf(d->folder, sizeof(d->folder), "%s/edit.XXXXXX", clu_path(CLU_PATH_RUN)) >=
	    sizeof(d->folder))
		r = -ENAMETOOLONG;
	if (r == 0 && !mkdtemp(d->folder))
		r = -errno;
	if (r < 0)
		return ccs_fail("no folder can be made in %s: %s; run this as root", clu_path(CLU_PATH_RUN), strerror(-r));
	snprintf(d->file, sizeof(d->file), "%s/cluster.conf", d->folder);
	return 0;
}

static void desk_remove(const struct desk *d)
{
	DIR *dir = opendir(d->folder);
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
	(void)rmdir(d->folder);
}

/* The variable may hold options as well: a shell takes it apart, as everywhere. */
static int run_editor(const char *file)
{
	const char *editor = getenv("VISUAL");
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old_int, old_quit;
	struct clu_buf script = CLU_BUF_INIT;
	int status = -1;
	pid_t pid;

	if (!editor || !*editor)
		editor = getenv("EDITOR");
	clu_buf_printf(&script, "%s \"$1\"", editor && *editor ? editor : "vi");
	/* A key for the editor is none for us. */
	(void)sigaction(SIGINT, &ignore, &old_int);
	(void)sigaction(SIGQUIT, &ignore, &old_quit);
	pid = script.error ? -1 : fork();
	if (!pid) {
		(void)sigaction(SIGINT, &old_int, NULL);
		(void)sigaction(SIGQUIT, &old_quit, NULL);
		execl("/bin/sh", "sh", "-c", clu_buf_text(&script), "sh", file, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)sigaction(SIGINT, &old_int, NULL);
	(void)sigaction(SIGQUIT, &old_quit, NULL);
	if (status != 0)
		(void)ccs_fail("the editor (%s) did not end well: nothing was changed; set EDITOR to one that is installed",
			clu_buf_text(&script));
	clu_buf_free(&script);
	return status == 0 ? 0 : -EIO;
}

/* One round: 0 spread, 1 done without a change or given up by the user, else faulty: another round may mend it. */
static int round_of(const struct desk *d, const struct clu_conf *before, struct ccs_tool_change *change)
{
	struct clu_buf text = CLU_BUF_INIT;
	const void *old;
	size_t len;
	int r = run_editor(d->file);

	if (r < 0)
		return 1;
	r = clu_store_read(d->file, CLU_CONF_MAX_BYTES, &text);
	old = clu_conf_bytes(before, &len);
	if (r < 0) {
		(void)ccs_fail("%s cannot be read: %s", d->file, strerror(-r));
	} else if (text.len == len && !memcmp(text.data, old, len)) {
		puts("Nothing was changed.");
		r = 1;
	} else {
		change->data = text.data;
		change->len = text.len;
		r = ccs_tool_change(change);
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	clu_buf_free(&text);
	return r;
}

int ccs_tool_edit(int argc, char **argv)
{
	struct ccs_tool_change change = { .file = "cluster.conf" };
	struct clu_conf *before = NULL;
	bool keep = false;
	struct desk d;
	const void *bytes;
	size_t len;
	int r;

	change.yes = argc == 2 && (!strcmp(argv[1], "-y") || !strcmp(argv[1], "--yes"));
	if (argc > 2 || (argc == 2 && !change.yes)) {
		fputs("Usage: ccs_tool edit [-y]\n"
			"Opens the configuration in force in $VISUAL or $EDITOR (vi), validates it, shows what changes, and spreads\n"
			"it. -y, --yes: without a question.\n", stdout);
		return 0;
	}
	r = ccs_tool_in_force(&before);
	if (r == 0)
		r = desk_make(&d);
	if (r < 0) {
		clu_conf_unref(before);
		return 1;
	}
	bytes = clu_conf_bytes(before, &len);
	r = clu_store_write(d.file, bytes, len, 0600);
	if (r < 0)
		(void)ccs_fail("%s cannot be written: %s; make room there", d.file, strerror(-r));
	while (r == 0) {
		r = round_of(&d, before, &change);
		if (r >= 0)
			break;
		keep = !ccs_tool_ask("Edit it again?");
		r = keep ? r : 0;
	}
	if (keep)
		printf("What you wrote stays in %s until this machine starts anew.\n", d.file);
	else
		desk_remove(&d);
	clu_conf_unref(before);
	return r < 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc_world.h"

#include <dirent.h>
#include <errno.h>
#include <qb/qbloop.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clu_ipc_server.h"

static struct clu_ipc_server *server;
static uint64_t held[64];
static unsigned n_held, n_gone;
static bool held_gone;

uid_t iw_server_uid;
size_t iw_server_max;

static void on_request(void *ctx, const struct clu_request *req)
{
	const char *s = req->data;
	char text[64];

	switch (req->len ? *s : 'e') {
	case 'e':	/* echo */
		clu_ipc_server_reply(server, req->client, 0, req->data, req->len);
		break;
	case 'x':	/* an error with words */
		clu_ipc_server_reply(server, req->client, -ENOENT, "no such thing", 13);
		break;
	case 'h':	/* hold */
		held[n_held++] = req->client;
		break;
	case 'r':	/* release the held ones, the last first */
		while (n_held)
			clu_ipc_server_reply(server, held[--n_held], 0, "late", 4);
		clu_ipc_server_reply(server, req->client, 0, NULL, 0);
		break;
	case 'n':	/* three notifications, then the answer */
		for (unsigned i = 0; i < 3; i++)
			clu_ipc_server_notify(server, s, req->len);
		clu_ipc_server_reply(server, req->client, 0, "told", 4);
		break;
	case 'f':	/* more notifications than anybody may leave unread */
		for (unsigned i = 0; i < 4096; i++)
			clu_ipc_server_notify(server, text, sizeof(text));
		clu_ipc_server_reply(server, req->client, 0, NULL, 0);
		break;
	case 'c':	/* how many are held? */
		snprintf(text, sizeof(text), "%u", n_held);
		clu_ipc_server_reply(server, req->client, 0, text, strlen(text));
		break;
	case 'g':	/* how many went away unanswered, the held one among them? */
		snprintf(text, sizeof(text), "%u %d", n_gone, held_gone);
		clu_ipc_server_reply(server, req->client, 0, text, strlen(text));
		break;
	case 'b': {	/* a big answer */
		size_t len = (size_t)strtoul(s + 1, NULL, 10);
		char *big = calloc(1, len);

		clu_ipc_server_reply(server, req->client, 0, big, len);
		free(big);
		break;
	}
	case 'q':	/* answer and end in order at once */
		clu_ipc_server_reply(server, req->client, 0, "bye", 3);
		server = clu_ipc_server_free(server, 1000);
		_exit(0);
	case 'd':	/* die without a word */
		_exit(1);
	default:
		clu_ipc_server_reply(server, req->client, -EINVAL, NULL, 0);
	}
}

static void on_gone(void *ctx, uint64_t client)
{
	n_gone++;
	held_gone = n_held && held[n_held - 1] == client;
}

static void on_dump(void *ctx, struct clu_buf *ret)
{
	clu_buf_str(ret, "dump of the core\n");
}

static void on_history(void *ctx, struct clu_buf *ret)
{
	clu_buf_str(ret, "[]\n");
}

int iw_start(void **state)
{
	static unsigned serial;
	struct iw_server *f = calloc(1, sizeof(*f));
	int ready[2];
	char byte;

	snprintf(f->name, sizeof(f->name), "t%d-%u", (int)getpid(), serial++);
	assert_int_equal(pipe(ready), 0);
	f->pid = fork();
	if (!f->pid) {
		const struct clu_ipc_handlers h = {
			.request = on_request, .gone = on_gone, .dump = on_dump, .history = on_history,
		};
		qb_loop_t *loop = qb_loop_create();

		if (iw_server_uid && setuid(iw_server_uid) < 0)
			_exit(4);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (clu_ipc_server_new(f->name, iw_server_max, &h, &server) < 0)
			_exit(3);
		(void)!write(ready[1], "r", 1);
		qb_loop_run(loop);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*state = f;
	return 0;
}

unsigned iw_count_shm(pid_t pid)
{
	char ours[32];
	struct dirent *e;
	unsigned n = 0;
	DIR *d = opendir("/dev/shm");

	snprintf(ours, sizeof(ours), "qb-%d-", (int)pid);
	while (d && (e = readdir(d)) != NULL)
		n += !strncmp(e->d_name, ours, strlen(ours));
	if (d)
		closedir(d);
	return n;
}

int iw_end(void **state)
{
	struct iw_server *f = *state;

	if (f->pid) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
		clu_ipc_sweep(f->name, f->pid);
		assert_int_equal(iw_count_shm(f->pid), 0);
	}
	free(f);
	return 0;
}

void iw_stop(struct iw_server *f)
{
	int status;

	assert_int_equal(kill(f->pid, SIGSTOP), 0);
	assert_int_equal(waitpid(f->pid, &status, WUNTRACED), f->pid);
	assert_true(WIFSTOPPED(status));
}

struct clu_client *iw_connect(struct iw_server *f)
{
	struct clu_client *c = NULL;

	assert_int_equal(clu_client_connect(f->name, 10000, 0, &c), 0);
	return c;
}

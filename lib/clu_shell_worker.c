/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <corosync/cfg.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "clu_log.h"
#include "clu_shell_priv.h"
#include "clu_store.h"

#define END_WAIT_S 5u

struct job {
	struct job *next;
	bool kill_node, tell;
	uint64_t id;
	uint32_t mode, nodeid;
	char *text;		/* path of a file, reason of a kill */
	void *data;
	size_t len;
	int result;
	cs_error_t cs;
};

struct list {
	struct job *first, **end;
};

struct clu_worker {
	struct clu_shell *s;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct list todo, done;		/* under the lock */
	bool stop;			/* under the lock */
	int event;
};

static void list_init(struct list *l)
{
	l->first = NULL;
	l->end = &l->first;
}

static void list_add(struct list *l, struct job *j)
{
	j->next = NULL;
	*l->end = j;
	l->end = &j->next;
}

static struct job *list_take(struct list *l)
{
	struct job *j = l->first;

	if (j) {
		l->first = j->next;
		if (!l->first)
			l->end = &l->first;
	}
	return j;
}

static void job_free(struct job *j)
{
	free(j->text);
	free(j->data);
	free(j);
}

/* ---- in the thread: no log, no shell ---- */

static void kill_node(struct job *j)
{
	static corosync_cfg_callbacks_t none;
	corosync_cfg_handle_t h;

	j->cs = corosync_cfg_initialize(&h, &none);
	if (j->cs != CS_OK)
		return;
	j->cs = corosync_cfg_kill_node(h, j->nodeid, j->text);
	(void)corosync_cfg_finalize(h);
}

static void *worker_main(void *data)
{
	struct clu_worker *w = data;
	struct job *j;

	(void)pthread_mutex_lock(&w->lock);
	for (;;) {
		j = list_take(&w->todo);
		if (!j && w->stop)
			break;
		if (!j) {
			(void)pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&w->lock);
		if (j->kill_node)
			kill_node(j);
		else
			j->result = clu_store_write(j->text, j->data, j->len, j->mode);
		(void)pthread_mutex_lock(&w->lock);
		list_add(&w->done, j);
		(void)eventfd_write(w->event, 1);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- in the loop ---- */

static void told(struct clu_shell *s, const struct job *j)
{
	struct clu_event ev = { .type = CLU_EV_STORED };

	if (j->kill_node) {
		if (j->cs == CS_OK)
			clu_log(CLU_NOTICE, "corosync on node %u is told to end: %s", j->nodeid, j->text);
		else
			clu_log(CLU_ERR, "corosync on node %u could not be told to end (%s); if the node hangs, fence "
				"it with 'fence_node'", j->nodeid, clu_shell_cs_text(j->cs));
		return;
	}
	if (j->result < 0)
		clu_log(CLU_ERR, "%s could not be written (%s); the old file stands", j->text, strerror(-j->result));
	if (!j->tell)
		return;
	ev.u.stored.id = j->id;
	ev.u.stored.result = j->result;
	clu_shell_feed(s, &ev);
}

static int on_done(int32_t fd, int32_t revents, void *data)
{
	struct clu_worker *w = data;
	struct job *j;
	eventfd_t n;

	(void)eventfd_read(fd, &n);
	for (;;) {
		(void)pthread_mutex_lock(&w->lock);
		j = list_take(&w->done);
		(void)pthread_mutex_unlock(&w->lock);
		if (!j)
			return 0;
		told(w->s, j);
		job_free(j);
	}
}

static int add(struct clu_shell *s, struct job *j)
{
	struct clu_worker *w = s->worker;

	if (!j->text || !j->data) {
		job_free(j);
		return -ENOMEM;
	}
	(void)pthread_mutex_lock(&w->lock);
	list_add(&w->todo, j);
	(void)pthread_cond_signal(&w->more);
	(void)pthread_mutex_unlock(&w->lock);
	return 0;
}

int clu_shell_store(struct clu_shell *s, uint64_t id, const char *path, const void *data, size_t len,
	uint32_t mode, bool tell)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return -ENOMEM;
	j->id = id;
	j->tell = tell;
	j->mode = mode;
	j->len = len;
	j->text = strdup(path);
	j->data = malloc(len ? len : 1);
	if (j->data && len)
		memcpy(j->data, data, len);
	return add(s, j);
}

int clu_shell_kill_node(struct clu_shell *s, uint32_t nodeid, const char *why)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return -ENOMEM;
	j->kill_node = true;
	j->nodeid = nodeid;
	j->text = strdup(why);
	j->data = malloc(1);
	return add(s, j);
}

int clu_shell_worker_init(struct clu_shell *s)
{
	struct clu_worker *w = calloc(1, sizeof(*w));
	sigset_t all, old;
	int r;

	if (!w)
		return -ENOMEM;
	w->s = s;
	list_init(&w->todo);
	list_init(&w->done);
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->event < 0) {
		r = -errno;
		goto fail;
	}
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->more, NULL);
	/* Signals are the loop's business. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = -pthread_create(&w->thread, NULL, worker_main, w);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r < 0)
		goto fail;
	(void)qb_loop_poll_add(s->loop, QB_LOOP_MED, w->event, POLLIN, w, on_done);
	s->worker = w;
	return 0;
fail:
	if (w->event >= 0)
		close(w->event);
	free(w);
	return r;
}

void clu_shell_worker_fini(struct clu_shell *s)
{
	struct clu_worker *w = s->worker;
	struct timespec until;
	struct job *j;

	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stop = true;
	(void)pthread_cond_signal(&w->more);
	(void)pthread_mutex_unlock(&w->lock);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_WAIT_S;
	if (pthread_timedjoin_np(w->thread, NULL, &until)) {
		clu_log(CLU_ERR, "a file is not written after %u s: the disk hangs; ending without it", END_WAIT_S);
		return;		/* what the thread still uses stays for it */
	}
	while ((j = list_take(&w->done)) != NULL)
		job_free(j);
	(void)qb_loop_poll_del(s->loop, w->event);
	close(w->event);
	free(w);
	s->worker = NULL;
}

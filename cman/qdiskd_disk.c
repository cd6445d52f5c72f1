/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "clu_log.h"
#include "qdisk_dev.h"
#include "qdiskd_device.h"

#define END_WAIT_S 1

struct qdiskd_disk {
	struct clu_shell *s;
	qb_loop_t *loop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	int event;
	pid_t tid;
	/* under the lock: the job, until it is done */
	bool asked, done, stop;
	bool write;
	uint64_t id;
	struct qdisk_where where;
	struct qdisk_write w[QDISK_NODES + 1];
	unsigned n;
	int result;
	char why[400];
	unsigned char blocks[(QDISK_NODES + 1) * QDISK_USED];
	/* the thread's */
	struct qdisk_dev dev;
};

/* ---- in the thread: no log, no shell ---- */

/* A device that went is looked for again: by its label it may come back under another name. */
static int do_read(struct qdiskd_disk *d)
{
	int r = 0;

	if (d->dev.fd < 0)
		r = qdisk_dev_open(&d->dev, d->where.device, d->where.label, d->why, sizeof(d->why));
	if (r == 0)
		r = qdisk_dev_read(&d->dev, d->blocks, d->why, sizeof(d->why));
	if (r < 0 && d->dev.fd >= 0)
		qdisk_dev_close(&d->dev);
	return r;
}

static int do_write(struct qdiskd_disk *d)
{
	int r = 0;

	if (d->dev.fd < 0) {
		snprintf(d->why, sizeof(d->why), "the disk is not open");
		return -ENODEV;
	}
	for (unsigned i = 0; r == 0 && i < d->n; i++)
		r = qdisk_dev_write(&d->dev, d->w[i].block, d->w[i].bytes, d->why, sizeof(d->why));
	if (r < 0)
		qdisk_dev_close(&d->dev);
	return r;
}

static void *disk_main(void *data)
{
	struct qdiskd_disk *d = data;

	(void)pthread_mutex_lock(&d->lock);
	d->tid = gettid();
	while (!d->stop) {
		int r;

		if (!d->asked || d->done) {
			(void)pthread_cond_wait(&d->more, &d->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&d->lock);
		r = d->write ? do_write(d) : do_read(d);
		(void)pthread_mutex_lock(&d->lock);
		d->result = r;
		d->done = true;
		(void)eventfd_write(d->event, 1);
	}
	(void)pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* ---- in the loop ---- */

static int on_done(int32_t fd, int32_t revents, void *data)
{
	struct qdiskd_disk *d = data;
	struct clu_device said = { 0 };
	eventfd_t n;

	(void)eventfd_read(fd, &n);
	(void)pthread_mutex_lock(&d->lock);
	if (!d->done) {
		(void)pthread_mutex_unlock(&d->lock);
		return 0;
	}
	said.what = d->write ? QDISK_SAID_WRITTEN : QDISK_SAID_READ;
	said.id = d->id;
	said.result = d->result;
	if (d->result < 0) {
		said.data = d->why;
		said.len = strlen(d->why) + 1;
	} else if (!d->write) {
		said.data = d->blocks;
		said.len = sizeof(d->blocks);
	}
	(void)pthread_mutex_unlock(&d->lock);
	/* Its next wish comes from within: the thread rests until `asked` is set anew. */
	d->asked = d->done = false;
	clu_shell_device_said(d->s, &said);
	return 0;
}

static void ask(struct qdiskd_disk *d, uint64_t id, bool write)
{
	d->id = id;
	d->write = write;
	(void)pthread_mutex_lock(&d->lock);
	d->asked = true;
	(void)pthread_cond_signal(&d->more);
	(void)pthread_mutex_unlock(&d->lock);
}

void qdiskd_disk_read(struct qdiskd_disk *d, uint64_t id, const struct qdisk_where *where)
{
	d->where = *where;
	ask(d, id, false);
}

void qdiskd_disk_write(struct qdiskd_disk *d, uint64_t id, const struct qdisk_write *w, unsigned n)
{
	d->n = n < QDISK_NODES + 1 ? n : QDISK_NODES + 1;
	memcpy(d->w, w, d->n * sizeof(*w));
	ask(d, id, true);
}

int qdiskd_disk_schedule(struct qdiskd_disk *d, int policy, int priority)
{
	struct sched_param p = { .sched_priority = priority };
	pid_t tid;

	(void)pthread_mutex_lock(&d->lock);
	tid = d->tid;
	(void)pthread_mutex_unlock(&d->lock);
	return !tid || sched_setscheduler(tid, policy, &p) == 0 ? 0 : -errno;
}

struct qdiskd_disk *qdiskd_disk_new(struct clu_shell *s, qb_loop_t *loop)
{
	struct qdiskd_disk *d = calloc(1, sizeof(*d));
	sigset_t all, old;
	int r;

	if (!d)
		return NULL;
	d->s = s;
	d->loop = loop;
	d->dev.fd = -1;
	d->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_cond_init(&d->more, NULL);
	/* Signals are the loop's business. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = d->event < 0 ? errno : pthread_create(&d->thread, NULL, disk_main, d);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r) {
		if (d->event >= 0)
			close(d->event);
		free(d);
		return NULL;
	}
	(void)qb_loop_poll_add(loop, QB_LOOP_HIGH, d->event, POLLIN, d, on_done);
	return d;
}

void qdiskd_disk_free(struct qdiskd_disk *d)
{
	struct timespec until;

	(void)pthread_mutex_lock(&d->lock);
	d->stop = true;
	(void)pthread_cond_signal(&d->more);
	(void)pthread_mutex_unlock(&d->lock);
	(void)qb_loop_poll_del(d->loop, d->event);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_WAIT_S;
	if (pthread_timedjoin_np(d->thread, NULL, &until)) {
		clu_log(CLU_ERR, "the quorum disk hangs: ending without its answer");
		return;		/* what the thread still uses stays for it */
	}
	if (d->dev.fd >= 0)
		qdisk_dev_close(&d->dev);
	close(d->event);
	free(d);
}

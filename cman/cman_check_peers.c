/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, key, release: here, and at the nodes that answer. */
#include "config.h"

#include "cman_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>

#include "cman_key.h"
#include "cman_peer.h"
#include "cman_version.h"

#define OLDEST_COROSYNC "3.1"
#define PEER_WAIT_MS 1000
#define CLOCK_MS 1000		/* a difference from here on makes logs of two nodes hard to read together */
#define FUTURE_S 60

void cman_check_clock(const char *conf_path, struct cman_findings *ret)
{
	struct timex t = { .modes = 0 };
	time_t now = time(NULL);
	struct stat st;
	int r = adjtimex(&t);

	if (!stat(conf_path, &st) && st.st_mtime > now + FUTURE_S)
		cman_check_add(ret, "clock", CMAN_FAULT, "set the clock, and keep it right with chrony",
			       "%s was written in the future: the clock of this machine is wrong", conf_path);
	else if (r < 0)
		cman_check_add(ret, "clock", CMAN_UNSURE, NULL, "whether it is synchronised cannot be told: %s", strerror(errno));
	else if (r == TIME_ERROR || (t.status & STA_UNSYNC))
		cman_check_add(ret, "clock", CMAN_DOUBT, "install chrony on all nodes",
			       "nothing keeps the clock right: the cluster does without, but its logs cannot be compared");
	else
		cman_check_add(ret, "clock", CMAN_FINE, NULL, "kept right");
}

void cman_check_versions(struct cman_findings *ret)
{
	char corosync[32];

	cman_version_corosync(corosync, sizeof(corosync));
	if (!*corosync)
		cman_check_add(ret, "versions", CMAN_FAULT, "install the package corosync", "corosync is not there, or cannot be run");
	else if (cman_version_compare(corosync, OLDEST_COROSYNC) < 0)
		cman_check_add(ret, "versions", CMAN_FAULT, "install corosync " OLDEST_COROSYNC " or later",
			       "corosync %s is too old", corosync);
	else
		cman_check_add(ret, "versions", CMAN_FINE, NULL, "hawser %s, corosync %s", PACKAGE_VERSION, corosync);
}

static void check_key(const struct cman_plan *p, struct cman_findings *ret)
{
	struct clu_buf errs = CLU_BUF_INIT;
	int r;

	if (!p->crypto) {
		cman_check_add(ret, "key", CMAN_FINE, NULL, "not needed: this cluster does not encrypt");
		return;
	}
	r = cman_key_check(p->keyfile, &errs);
	if (!r)
		cman_check_add(ret, "key", CMAN_FINE, NULL, "%s can serve", p->keyfile);
	else if (r != -ENOENT)
		cman_check_add(ret, "key", CMAN_FAULT, NULL, "%.*s", (int)strcspn(clu_buf_text(&errs), "\n"), clu_buf_text(&errs));
	else if (p->n_nodes == 1)
		cman_check_add(ret, "key", CMAN_FINE, NULL, "%s is made when this node joins", p->keyfile);
	else
		cman_check_add(ret, "key", CMAN_FAULT,
			       "copy it from another node; if none has it, make it with \"cman_tool keygen\" and copy it to all",
			       "%s is not there: the nodes encrypt with one key, the same file on each", p->keyfile);
	clu_buf_free(&errs);
}

static void check_peer(const struct cman_plan *p, unsigned i, const struct cman_peer *peer, struct cman_findings *ret)
{
	const char *name = p->nodes[i].name;
	const struct cman_peer_facts *f = &peer->facts;

	if (!peer->answered) {
		cman_check_add(ret, "peers", CMAN_UNSURE, NULL, "%s does not answer (it has not joined, or cannot be reached): its key, "
			       "clock and release were not compared", name);
		return;
	}
	if (f->crypto != p->crypto) {
		cman_check_add(ret, "peers", CMAN_FAULT, "bring its cluster.conf here",
			       "%s runs %s encryption, this node would run %s it: they cannot talk", name,
			       f->crypto ? "with" : "without", p->crypto ? "with" : "without");
		return;
	}
	if (p->crypto && !peer->key_equal) {
		cman_check_add(ret, "key", CMAN_FAULT, "copy the key of the running nodes here (scp -p)",
			       "%s has another key than this node: they cannot talk", name);
		return;		/* nothing else that it says is to be believed */
	}
	if (p->crypto)
		cman_check_add(ret, "key", CMAN_FINE, NULL, "%s has the same", name);
	if (llabs(peer->clock_ms) >= CLOCK_MS)
		cman_check_add(ret, "clock", CMAN_DOUBT, "install chrony on all nodes", "%s is %lld ms %s this node", name,
			       llabs(peer->clock_ms), peer->clock_ms < 0 ? "behind" : "ahead of");
	else
		cman_check_add(ret, "clock", CMAN_FINE, NULL, "%s has the same time", name);
	if (strcmp(f->release, PACKAGE_VERSION))
		cman_check_add(ret, "versions", CMAN_DOUBT, "install one release on all nodes when the update is done",
			       "%s runs hawser %s, this node %s", name, f->release, PACKAGE_VERSION);
	else
		cman_check_add(ret, "versions", CMAN_FINE, NULL, "%s runs hawser %s, corosync %s", name, f->release, f->corosync);
	if (f->version > p->config_version)
		cman_check_add(ret, "config", CMAN_DOUBT, "copy cluster.conf from there before you join; else it is brought here then",
			       "%s has version %llu, this node only %llu", name, (unsigned long long)f->version,
			       (unsigned long long)p->config_version);
}

void cman_check_peers(const struct cman_plan *p, struct cman_findings *ret)
{
	static struct cman_peer peers[CMAN_MAX_NODES];
	int r;

	check_key(p, ret);
	if (p->n_nodes == 1)
		return;
	if (p->transport != CMAN_KNET) {
		cman_check_add(ret, "peers", CMAN_UNSURE, NULL, "were not asked: that is done with knet only");
		return;
	}
	r = cman_peer_ask(p, PEER_WAIT_MS, peers);
	if (r < 0) {
		cman_check_add(ret, "peers", CMAN_UNSURE, NULL, "could not be asked from %s: %s", p->nodes[p->own].addr[0],
			       strerror(-r));
		return;
	}
	for (unsigned i = 0; i < p->n_nodes; i++)
		if (i != p->own)
			check_peer(p, i, &peers[i], ret);
}

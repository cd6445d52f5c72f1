/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <corosync/quorum.h>

#include "clu_store.h"
#include "cman_call.h"
#include "cman_conf.h"
#include "cman_doc.h"
#include "cman_info.h"
#include "cman_key.h"
#include "cman_version.h"

#define ROUNDS 3
#define ANSWERS_A_SECOND 200
#define PART_MS 200		/* until a piece is asked for again */
#define PART_TRIES 5

union address {
	struct sockaddr sa;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

static bool to_address(const char *text, uint32_t port, union address *ret, socklen_t *len)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->in4.sin_addr) == 1) {
		ret->in4.sin_family = AF_INET;
		ret->in4.sin_port = htons((uint16_t)port);
		*len = sizeof(ret->in4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &ret->in6.sin6_addr) == 1) {
		ret->in6.sin6_family = AF_INET6;
		ret->in6.sin6_port = htons((uint16_t)port);
		*len = sizeof(ret->in6);
		return true;
	}
	return false;
}

static bool is_same_host(const union address *a, const union address *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

/* A socket bound to this node's own address on link 0. */
static int open_socket(const struct cman_plan *plan, uint32_t port)
{
	union address own;
	socklen_t len;
	int fd, r;

	if (!to_address(plan->nodes[plan->own].addr[0], port, &own, &len))
		return -EADDRNOTAVAIL;
	fd = socket(own.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!bind(fd, &own.sa, len))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static uint64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void read_key(const struct cman_plan *plan, struct clu_buf *key)
{
	if (plan->crypto)
		(void)clu_store_read(plan->keyfile, CMAN_KEY_MAX, key);
}

static void free_key(struct clu_buf *key)
{
	if (key->data)
		explicit_bzero(key->data, key->len);
	clu_buf_free(key);
}

/* ---- asking ---- */

struct asking {
	const struct cman_plan *plan;
	struct cman_peer *peers;
	struct clu_buf key;
	int fd;
	unsigned char nonce[CMAN_PEER_NONCE];
	uint64_t sent_us;
};

static void send_questions(struct asking *a)
{
	unsigned char question[CMAN_PEER_BYTES];

	cman_peer_pack_question(a->nonce, 0, question);
	cman_peer_prove_question(question, clu_buf_text(&a->key), a->key.len);
	a->sent_us = wall_us();
	for (unsigned i = 0; i < a->plan->n_nodes; i++) {
		union address to;
		socklen_t len;

		if (i == a->plan->own || a->peers[i].answered ||
		    !to_address(a->plan->nodes[i].addr[0], a->plan->links[0].port - 1, &to, &len))
			continue;
		/* A node that cannot be reached is one that does not answer. */
		(void)sendto(a->fd, question, sizeof(question), 0, &to.sa, len);
	}
}

static void take_answer(struct asking *a, const unsigned char *data, size_t n, const union address *from)
{
	for (unsigned i = 0; i < a->plan->n_nodes; i++) {
		struct cman_peer *p = &a->peers[i];
		union address node;
		socklen_t len;

		if (p->answered || !to_address(a->plan->nodes[i].addr[0], 0, &node, &len) || !is_same_host(&node, from))
			continue;
		p->answered = cman_peer_read_answer(data, n, a->nonce, clu_buf_text(&a->key), a->key.len, &p->facts,
						    &p->key_equal);
		if (p->answered)
			p->clock_ms = ((int64_t)p->facts.wall_us - (int64_t)(a->sent_us / 2 + wall_us() / 2)) / 1000;
		return;
	}
}

static bool have_all(const struct asking *a)
{
	for (unsigned i = 0; i < a->plan->n_nodes; i++)
		if (i != a->plan->own && !a->peers[i].answered)
			return false;
	return true;
}

static void hear(struct asking *a, uint64_t until)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };

	while (!have_all(a)) {
		unsigned char data[CMAN_PEER_BYTES + 1];
		uint64_t now = cman_now_ms();
		union address from;
		socklen_t len = sizeof(from);
		ssize_t n;

		if (now >= until || poll(&p, 1, (int)(until - now)) <= 0)
			return;
		n = recvfrom(a->fd, data, sizeof(data), 0, &from.sa, &len);
		if (n > 0)
			take_answer(a, data, (size_t)n, &from);
	}
}

int cman_peer_ask(const struct cman_plan *plan, uint32_t wait_ms, struct cman_peer *ret)
{
	struct asking a = { .plan = plan, .peers = ret, .key = CLU_BUF_INIT };
	uint64_t begin = cman_now_ms();

	memset(ret, 0, plan->n_nodes * sizeof(*ret));
	a.fd = open_socket(plan, 0);
	if (a.fd < 0)
		return a.fd;
	read_key(plan, &a.key);
	if (getrandom(a.nonce, sizeof(a.nonce), 0) != (ssize_t)sizeof(a.nonce)) {
		free_key(&a.key);
		close(a.fd);
		return -EIO;
	}
	for (unsigned i = 1; i <= ROUNDS && !have_all(&a); i++) {
		send_questions(&a);
		hear(&a, begin + (uint64_t)wait_ms * i / ROUNDS);
	}
	free_key(&a.key);
	close(a.fd);
	return 0;
}

int cman_peer_best(const struct cman_plan *plan, const struct cman_peer *peers)
{
	int best = -1;

	for (unsigned i = 0; i < plan->n_nodes; i++) {
		const struct cman_peer *p = &peers[i];

		if (!p->answered || p->facts.crypto != plan->crypto || (plan->crypto && !p->key_equal) || !p->facts.text_len ||
		    (!p->facts.quorate && p->facts.version <= plan->config_version))
			continue;
		if (best < 0 || p->facts.quorate > peers[best].facts.quorate ||
		    (p->facts.quorate == peers[best].facts.quorate && p->facts.version > peers[best].facts.version))
			best = (int)i;
	}
	return best;
}

bool cman_peer_has_us(const struct cman_plan *plan, const struct clu_buf *text)
{
	char line[CMAN_NODE_NAME_MAX + 16];

	snprintf(line, sizeof(line), "\n\t\tname: %s\n", plan->nodes[plan->own].name);
	return strstr(clu_buf_text(text), line);
}

/* One piece, asked for until it comes. */
static int fetch_part(const struct asking *a, const union address *to, socklen_t to_len, unsigned part, struct clu_buf *ret)
{
	unsigned char question[CMAN_PEER_BYTES];
	struct pollfd p = { .fd = a->fd, .events = POLLIN };

	cman_peer_pack_question(a->nonce, part, question);
	cman_peer_prove_question(question, clu_buf_text(&a->key), a->key.len);
	for (unsigned i = 0; i < PART_TRIES; i++) {
		uint64_t until = cman_now_ms() + PART_MS, now;

		(void)sendto(a->fd, question, sizeof(question), 0, &to->sa, to_len);
		while ((now = cman_now_ms()) < until && poll(&p, 1, (int)(until - now)) > 0) {
			unsigned char data[CMAN_PEER_BYTES + 1];
			union address from;
			socklen_t len = sizeof(from);
			ssize_t n = recvfrom(a->fd, data, sizeof(data), 0, &from.sa, &len);

			if (n > 0 && is_same_host(&from, to) &&
			    cman_peer_read_part(data, (size_t)n, a->nonce, part, clu_buf_text(&a->key), a->key.len, ret))
				return 0;
		}
	}
	return -ETIMEDOUT;
}

int cman_peer_fetch(const struct cman_plan *plan, unsigned node, const struct cman_peer *peer, struct clu_buf *ret)
{
	struct asking a = { .plan = plan, .key = CLU_BUF_INIT };
	size_t begin = ret->len;
	union address to;
	socklen_t len;
	char digest[20];
	int r = 0;

	if (!to_address(plan->nodes[node].addr[0], plan->links[0].port - 1, &to, &len))
		return -EINVAL;
	a.fd = open_socket(plan, 0);
	if (a.fd < 0)
		return a.fd;
	read_key(plan, &a.key);
	if (getrandom(a.nonce, sizeof(a.nonce), 0) != (ssize_t)sizeof(a.nonce))
		r = -EIO;
	for (unsigned part = 1; !r && ret->len - begin < peer->facts.text_len; part++)
		r = fetch_part(&a, &to, len, part, ret);
	free_key(&a.key);
	close(a.fd);
	if (!r && (ret->error || ret->len - begin != peer->facts.text_len ||
		   !cman_conf_is_whole(clu_buf_text(ret) + begin, digest) || strcmp(digest, peer->facts.digest)))
		r = ret->error ? ret->error : -EBADMSG;
	return r;
}

/* ---- answering ---- */

struct answering {
	const struct cman_plan *plan;
	const struct clu_buf *key, *text;
	struct cman_peer_facts facts;
	quorum_handle_t quorum;
	int fd;
};

static bool is_node(const struct cman_plan *plan, const union address *from)
{
	for (unsigned i = 0; i < plan->n_nodes; i++) {
		for (unsigned l = 0; l < plan->n_links; l++) {
			union address node;
			socklen_t len;

			if (to_address(plan->nodes[i].addr[l], 0, &node, &len) && is_same_host(&node, from))
				return true;
		}
	}
	return false;
}

static size_t make_answer(struct answering *a, const unsigned char nonce[CMAN_PEER_NONCE], unsigned part, unsigned char *ret)
{
	size_t at = (size_t)(part - 1) * CMAN_PEER_PART, left;
	int quorate = 0;

	if (part) {
		left = at < a->text->len ? a->text->len - at : 0;
		return cman_peer_pack_part(part, clu_buf_text(a->text) + (left ? at : 0), left < CMAN_PEER_PART ? left : CMAN_PEER_PART,
					   nonce, clu_buf_text(a->key), a->key->len, ret);
	}
	a->facts.wall_us = wall_us();
	a->facts.quorate = quorum_getquorate(a->quorum, &quorate) == CS_OK && quorate;
	return cman_peer_pack_answer(&a->facts, nonce, clu_buf_text(a->key), a->key->len, ret);
}

static int answer_all(struct answering *a)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };
	uint64_t second = 0;
	unsigned count = 0;

	for (;;) {
		unsigned char data[CMAN_PEER_BYTES + 1], nonce[CMAN_PEER_NONCE];
		union address from;
		socklen_t len = sizeof(from);
		unsigned part;
		ssize_t n;

		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		n = recvfrom(a->fd, data, sizeof(data), 0, &from.sa, &len);
		if (n < 0 || !cman_peer_read_question(data, (size_t)n, nonce, &part))
			continue;
		if (!is_node(a->plan, &from) && !cman_peer_is_proven(data, clu_buf_text(a->key), a->key->len))
			continue;
		if (second != cman_now_ms() / 1000) {
			second = cman_now_ms() / 1000;
			count = 0;
		}
		if (++count <= ANSWERS_A_SECOND)
			(void)sendto(a->fd, data, make_answer(a, nonce, part, data), 0, &from.sa, len);
	}
}

int cman_peer_answer(const struct clu_conf *conf, struct clu_buf *errs)
{
	const struct cman_overrides none = CMAN_NO_OVERRIDES;
	struct clu_buf text = CLU_BUF_INIT, warns = CLU_BUF_INIT, key = CLU_BUF_INIT;
	struct answering a = { .key = &key, .text = &text, .facts = { .release = PACKAGE_VERSION } };
	quorum_callbacks_t callbacks = { NULL };
	static struct cman_plan plan;
	const struct cman_member *own;
	const struct cman_info *info;
	uint32_t type;
	int r = cman_info_get(&info);

	if (r < 0) {
		cman_call_explain(r, errs);
		return r;
	}
	own = cman_info_own(info);
	/* What concerns the others: nothing of this node's own command line but the port it talks from. */
	r = cman_doc_plan_running(info, conf, &plan, &text, &warns, errs);
	a.plan = &plan;
	if (!r && plan.transport == CMAN_KNET) {
		static struct cman_plan bare;

		clu_buf_free(&text);
		r = cman_doc_plan(conf, own ? own->name : NULL, &none, &bare, &text, &warns, errs);
	}
	clu_buf_free(&warns);
	if (r < 0 || plan.transport != CMAN_KNET)
		goto out;	/* the other transports have the port for themselves, and no key to compare */
	a.fd = open_socket(&plan, plan.links[0].port - 1);
	if (a.fd < 0 || quorum_initialize(&a.quorum, &callbacks, &type) != CS_OK) {
		r = a.fd < 0 ? a.fd : -ENOTCONN;
		clu_buf_printf(errs, "UDP port %u of %s cannot be used to answer nodes that want to join: %s; a node that was away while "
			       "nodes were added or removed cannot learn of it here\n", plan.links[0].port - 1,
			       plan.nodes[plan.own].addr[0], strerror(-r));
		goto out;
	}
	read_key(&plan, &key);
	snprintf(a.facts.name, sizeof(a.facts.name), "%.127s", own ? own->name : "");
	cman_version_corosync(a.facts.corosync, sizeof(a.facts.corosync));
	(void)cman_conf_value(clu_buf_text(&text), "hawser", "digest", a.facts.digest, sizeof(a.facts.digest));
	a.facts.version = clu_conf_version(conf);
	a.facts.crypto = plan.crypto;
	a.facts.text_len = text.len <= CMAN_PEER_TEXT_MAX ? (uint32_t)text.len : 0;
	r = answer_all(&a);
	close(a.fd);
out:
	free_key(&key);
	clu_buf_free(&text);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small exchange between a node that may not be in the cluster yet and those that
 * are: do we have one key, one release, one time of day, and the corosync.conf that the
 * cluster runs with? Datagrams from any port to the port below the one of link 0 (with
 * knet corosync leaves it free).
 *
 * The key itself is never sent. Who asks sends 16 random bytes; an answer ends with an
 * HMAC-SHA256 under the key over those bytes and everything else in it, so only who has
 * the same key can make or check it. An answer is not longer than its question, goes to
 * addresses of cluster.conf only, or to who proves by another HMAC at the end of the question
 * that he has the key (a node that was removed while it was away, and does not know it),
 * and at most 200 are sent a second. corosync.conf is not secret: it has names and addresses of the nodes, and the path of the key.
 */
#ifndef CMAN_PEER_H
#define CMAN_PEER_H

#include "cman_plan.h"

#define CMAN_PEER_WAIT_MS 450	/* nodes of a running cluster answer within a few; nobody does at a cold start */
#define CMAN_PEER_BYTES 1200	/* a question */
#define CMAN_PEER_NONCE 16
#define CMAN_PEER_PART 1024	/* bytes of corosync.conf in one answer */
#define CMAN_PEER_TEXT_MAX (64u * 1024)

struct cman_peer_facts {
	char name[128];			/* the node that answers; cut when longer */
	char release[32];		/* of Hawser */
	char corosync[32];
	uint64_t version;		/* of cluster.conf in force there */
	uint64_t wall_us;		/* time of day there */
	char digest[20];		/* of the corosync.conf made from it (cman_conf.h) */
	uint32_t text_len;		/* bytes of that */
	bool crypto;			/* it encrypts */
	bool quorate;			/* it is a member of a quorate cluster */
};

struct cman_peer {
	bool answered;
	bool key_equal;			/* the answer was made with our key; without encryption: false */
	int64_t clock_ms;		/* its clock minus ours */
	struct cman_peer_facts facts;	/* with encryption only to be believed when key_equal */
};

/*
 * Asks all other nodes of the plan (names resolved) at once and waits wait_ms at most;
 * ret has an entry per node of the plan, our own left empty. Questions are repeated
 * three times. 0, or negative errno when nobody could be asked.
 */
int cman_peer_ask(const struct cman_plan *plan, uint32_t wait_ms, struct cman_peer *ret);

/*
 * Of those who answered, the one whose word counts: in a quorate cluster, then with the newest version. -1: nobody who
 * can be believed has something that this plan does not know.
 */
int cman_peer_best(const struct cman_plan *plan, const struct cman_peer *peers);
/* This corosync.conf has our node in it. */
bool cman_peer_has_us(const struct cman_plan *plan, const struct clu_buf *text);

/*
 * The corosync.conf of the node with this index in the plan, which has just answered so,
 * appended to ret. 0, -ETIMEDOUT, -EBADMSG (another key, or it changed meanwhile).
 */
int cman_peer_fetch(const struct cman_plan *plan, unsigned node, const struct cman_peer *peer, struct clu_buf *ret);

/* Answers such questions on this member node until the process is ended. Negative errno with a line in errs. */
int cman_peer_answer(const struct clu_conf *conf, struct clu_buf *errs);

/* The datagrams. Pure. part: 0 asks for the facts, N for the N-th piece of the text. */
void cman_peer_pack_question(const unsigned char nonce[CMAN_PEER_NONCE], unsigned part, unsigned char ret[CMAN_PEER_BYTES]);
/* Puts the proof into a question that is complete otherwise; without encryption there is none. */
void cman_peer_prove_question(unsigned char question[CMAN_PEER_BYTES], const void *key, size_t key_len);
/* Of what cman_peer_read_question() took for one. */
bool cman_peer_is_proven(const unsigned char question[CMAN_PEER_BYTES], const void *key, size_t key_len);
/* False: not a question. */
bool cman_peer_read_question(const unsigned char *data, size_t len, unsigned char ret_nonce[CMAN_PEER_NONCE],
	unsigned *ret_part);
/* Length of the answer. key_len 0: without encryption. */
size_t cman_peer_pack_answer(const struct cman_peer_facts *f, const unsigned char nonce[CMAN_PEER_NONCE],
	const void *key, size_t key_len, unsigned char ret[CMAN_PEER_BYTES]);
/* False: not an answer to this nonce. *ret_equal: made with this key. */
bool cman_peer_read_answer(const unsigned char *data, size_t len, const unsigned char nonce[CMAN_PEER_NONCE],
	const void *key, size_t key_len, struct cman_peer_facts *ret, bool *ret_equal);
/* The same for a piece; text of len bytes at most CMAN_PEER_PART. */
size_t cman_peer_pack_part(unsigned part, const char *text, size_t len, const unsigned char nonce[CMAN_PEER_NONCE],
	const void *key, size_t key_len, unsigned char ret[CMAN_PEER_BYTES]);
bool cman_peer_read_part(const unsigned char *data, size_t len, const unsigned char nonce[CMAN_PEER_NONCE],
	unsigned part, const void *key, size_t key_len, struct clu_buf *ret);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libfenced: the fence domain as seen from this node. Names, structures and
 * numbers are the historical ones, so that programs written for them compile and
 * work unchanged. Every call answers within two seconds. Link with -lfenced.
 */
#ifndef LIBFENCED_H
#define LIBFENCED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FENCED_NODEID_US 0		/* for fenced_node_info(): this node */
#define FENCED_DUMP_SIZE (1024 * 1024)
#define FENCED_MAX_NODES 128

/* fenced_node.last_fenced_how */
#define FENCED_HOW_NONE 0
#define FENCED_HOW_AGENT 1		/* a fence agent succeeded */
#define FENCED_HOW_MEMBER 2		/* it came back as a newly started member */
#define FENCED_HOW_OVERRIDE 3		/* an operator confirmed that it is off */
#define FENCED_HOW_EXTERNAL 4		/* it was fenced outside of the domain */

struct fenced_node {
	int nodeid;
	int member;			/* of the fence domain: 1, 0, or -1 = to be fenced after a merge */
	int victim;			/* 1 while it waits to be fenced */
	int last_fenced_master;		/* node id of who did it, 0 = not known */
	int last_fenced_how;
	uint64_t last_fenced_time;	/* seconds of the wall clock, 0 = never seen */
};

/* fenced_domain.state */
#define FENCED_STATE_NONE 0
#define FENCED_STATE_QUORUM 1
#define FENCED_STATE_MESSAGES 2
#define FENCED_STATE_FENCING 3

struct fenced_domain {
	int group_mode;			/* always 3: corosync's process groups */
	int member_count;
	int victim_count;
	int master_nodeid;
	int current_victim;		/* node id now being fenced, 0 = none */
	int state;
};

#define FENCED_NODES_ALL 1		/* every node configured or ever seen */
#define FENCED_NODES_MEMBERS 2
#define FENCED_NODES_VICTIMS 3

/* Change the domain; 0, or a negative errno when it did not happen. Need root or group haclient. */
int fenced_join(void);
int fenced_leave(void);
int fenced_external(char *name);	/* the named node has just been fenced by hand */

/* State of the daemon as text, at most FENCED_DUMP_SIZE bytes with the final NUL. */
int fenced_dump_debug(char *buf);

/* All of these: 0, or negative errno; -ENOENT while this node is not in the domain. Unknown nodes are all zero. */
int fenced_node_info(int nodeid, struct fenced_node *node);
int fenced_domain_info(struct fenced_domain *domain);
/* *count gets the number of entries, -E2BIG if there are more than max (then max are filled). */
int fenced_domain_nodes(int type, int max, int *count, struct fenced_node *nodes);

/*
 * Waiting for changes without asking again and again. The descriptor becomes
 * readable when the domain has changed or fenced has ended; fenced_watch_next()
 * then takes one change (timeout_ms 0 = do not wait): 0, -ETIMEDOUT, -EPIPE
 * (fenced has ended: close, and open again later). What has changed is read with
 * the functions above.
 */
struct fenced_watch;
int fenced_watch_open(struct fenced_watch **ret);
int fenced_watch_fd(struct fenced_watch *w);
int fenced_watch_next(struct fenced_watch *w, unsigned timeout_ms);
void fenced_watch_close(struct fenced_watch *w);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a director holds: services (a virtual address, protocol and port, or a
 * mark) and their destinations; and the difference of two such tables. Pure.
 */
#ifndef LVS_TABLE_H
#define LVS_TABLE_H

#include "lvs_conf.h"

struct lvs_dest {
	char name[LVS_NAME_MAX];	/* for people; not part of the identity */
	struct lvs_addr addr;		/* identity: addr, port */
	uint16_t port;			/* 0 = the packet's own port (services by mark) */
	uint32_t weight;		/* 0 = no new connections */
	enum lvs_method method;
};

struct lvs_svc {
	char name[LVS_NAME_MAX];
	struct lvs_addr addr;		/* identity: udp, addr, port; or, with a mark, the family and the mark */
	uint16_t port;
	bool udp;
	uint32_t fwmark;
	enum lvs_sched sched;
	unsigned persistent_s;
	unsigned pmask_prefix;
	struct lvs_dest *dests;		/* sorted by identity */
	unsigned n_dests;
};

struct lvs_table {
	struct lvs_svc *svcs;		/* sorted by identity */
	unsigned n_svcs;
};

int lvs_svc_cmp(const struct lvs_svc *a, const struct lvs_svc *b);	/* by identity */
int lvs_dest_cmp(const struct lvs_dest *a, const struct lvs_dest *b);	/* by identity */
/* The service of the same identity, or NULL. */
const struct lvs_svc *lvs_table_find(const struct lvs_table *t, const struct lvs_svc *key);

/*
 * Adds a service without destinations, or finds the one of this identity.
 * NULL: no memory. The pointer is good until the next call.
 */
struct lvs_svc *lvs_table_add(struct lvs_table *t, const struct lvs_svc *svc);
/* Adds or replaces a destination. 0 or -ENOMEM. */
int lvs_svc_put(struct lvs_svc *s, const struct lvs_dest *d);
int lvs_table_copy(const struct lvs_table *from, struct lvs_table *ret);	/* 0 or -ENOMEM */
void lvs_table_done(struct lvs_table *t);	/* empty and usable again */
bool lvs_table_equal(const struct lvs_table *a, const struct lvs_table *b);

/* In this order a client never meets a service that has fewer servers than before and after. */
enum lvs_change_kind {
	LVS_ADD_SVC,
	LVS_SET_SVC,		/* scheduler or persistence */
	LVS_ADD_DEST,
	LVS_SET_DEST,		/* weight or method */
	LVS_DEL_DEST,
	LVS_DEL_SVC,
	LVS_NCHANGES
};

struct lvs_change {
	enum lvs_change_kind kind;
	const struct lvs_svc *svc;	/* in the wanted table; LVS_DEL_SVC: in the table held */
	const struct lvs_dest *dest;	/* *_DEST; LVS_DEL_DEST: in the table held */
};

/*
 * The changes that turn `have` into `want`: all of a service together, services
 * in order. The pointers are into both tables. *ret is freed with free(). The
 * count, or -ENOMEM.
 */
int lvs_table_diff(const struct lvs_table *have, const struct lvs_table *want, struct lvs_change **ret);

/* One line for a log: "10.0.0.10:80/tcp", "mark 80", without and with a destination. Returns buf. */
#define LVS_SVC_TEXT 96
const char *lvs_svc_text(const struct lvs_svc *s, char buf[LVS_SVC_TEXT]);

#endif

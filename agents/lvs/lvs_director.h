/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thing in the kernel that spreads connections, behind one interface with
 * two back ends: "ipvs" (ip_vs by generic netlink) and "nft" (nf_tables by
 * libnftables, for kernels without ip_vs). lvsd chooses at start: ipvs where the
 * kernel has it, else nft.
 */
#ifndef LVS_DIRECTOR_H
#define LVS_DIRECTOR_H

#include "lvs_table.h"

struct lvs_director_ops;

/* Begins every back end's own state. */
struct lvs_director {
	const struct lvs_director_ops *ops;
};

/* What the director counted for one destination. */
struct lvs_stat {
	struct lvs_svc svc;		/* identity only */
	struct lvs_dest dest;		/* identity only */
	uint64_t connections;
};

struct lvs_director_ops {
	const char *name;
	const char *about;		/* for --status: kernel part and library */
	/*
	 * Can it do all that this configuration asks for? Pure. 0, or -ENOTSUP with
	 * "FILE:LINE: what: why; what to do" lines in why.
	 */
	int (*check)(const char *file, const struct lvs_conf *conf, struct clu_buf *why);
	/*
	 * instance: name of the lvs resource, for what the kernel lets us name.
	 * -ENOENT: this kernel has no such thing. Touches nothing that is there.
	 */
	int (*open)(const char *instance, struct lvs_director **ret, struct clu_buf *why);
	/* IPVS time-outs in seconds, 0 = leave. 0 or negative errno. */
	int (*timeouts)(struct lvs_director *d, unsigned tcp_s, unsigned tcpfin_s, unsigned udp_s, struct clu_buf *why);
	/*
	 * Brings the kernel from `have` to `want`. have == NULL: whatever an earlier
	 * process of this instance left is taken over or replaced. Established
	 * connections of what does not change go on. 0 or negative errno with why; then
	 * the call is repeated with the same `have` and must still lead to `want`.
	 */
	int (*apply)(struct lvs_director *d, const struct lvs_table *have, const struct lvs_table *want,
		struct clu_buf *why);
	/*
	 * A server failed: established connections to it cannot go on and must not
	 * bind their clients any longer. 0 or negative errno.
	 */
	int (*forget)(struct lvs_director *d, const struct lvs_svc *s, const struct lvs_dest *dest);
	/* Is the table really there? 0, or negative errno with why. */
	int (*verify)(struct lvs_director *d, const struct lvs_table *want, struct clu_buf *why);
	/* Appends the counters; *ret is freed with free(). The count or negative errno. */
	int (*stats)(struct lvs_director *d, const struct lvs_table *have, struct lvs_stat **ret);
	/* Takes away all services of `have` (may be NULL: unknown). Nothing there: 0. */
	int (*clear)(struct lvs_director *d, const struct lvs_table *have, struct clu_buf *why);
	struct lvs_director *(*close)(struct lvs_director *d);	/* touches nothing; accepts NULL, returns NULL */
};

extern const struct lvs_director_ops lvs_ipvs_ops;
extern const struct lvs_director_ops lvs_nft_ops;

/*
 * Opens a back end. which: "auto", "ipvs" or "nft". 0; -EINVAL: no such name;
 * else what the back end says, with why.
 */
int lvs_director_open(const char *which, const char *instance, struct lvs_director **ret, struct clu_buf *why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ipvs back end: requests to the kernel's ip_vs. Nothing is flushed: only services of our own are touched. */
#include "config.h"

#include "lvs_director.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ip_vs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "lvs_ipvs_msg.h"

struct ipvs_director {
	struct lvs_director base;
	struct nl_sock *sock;
	int family;
	int error;		/* of the request under way: the kernel's own negative errno */
};

static struct ipvs_director *self(struct lvs_director *d)
{
	return (struct ipvs_director *)d;
}

/* libnl folds several errors into one of its own: keep the kernel's number. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	((struct ipvs_director *)arg)->error = e->error;
	return NL_STOP;
}

static int on_done(struct nl_msg *m, void *arg)
{
	return NL_STOP;
}

/* Sends a request (and frees it), reads until it is acknowledged. on_answer may be NULL. */
static int request(struct ipvs_director *v, struct nl_msg *m, nl_recvmsg_msg_cb_t on_answer, void *arg)
{
	struct nl_cb *cb = m ? nl_cb_alloc(NL_CB_DEFAULT) : NULL;
	int r;

	if (!cb) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	v->error = 1;
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, v);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_done, NULL);
	if (on_answer)
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_answer, arg);
	r = nl_send_auto(v->sock, m);
	if (r >= 0)
		r = nl_recvmsgs(v->sock, cb);
	nlmsg_free(m);
	nl_cb_put(cb);
	if (v->error <= 0)
		return v->error;
	return r < 0 ? -EIO : 0;
}

/* Desirable settings of lvs.md 8.1; a kernel or container without them works all the same. */
static void set_vs_sysctl(const char *name)
{
	char path[96] = "/proc/sys/net/ipv4/vs/";
	int fd;

	strncat(path, name, sizeof(path) - strlen(path) - 1);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, "1\n", 2);
	close(fd);
}

static struct lvs_director *ipvs_close(struct lvs_director *d)
{
	if (d) {
		nl_socket_free(self(d)->sock);
		free(d);
	}
	return NULL;
}

static int ipvs_open(const char *instance, struct lvs_director **ret, struct clu_buf *why)
{
	struct ipvs_director *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return -ENOMEM;
	v->base.ops = &lvs_ipvs_ops;
	v->sock = nl_socket_alloc();
	if (!v->sock) {
		free(v);
		return -ENOMEM;
	}
	r = genl_connect(v->sock);
	/* Asking for the family by name makes the kernel load the module where it can. */
	v->family = r < 0 ? r : genl_ctrl_resolve(v->sock, IPVS_GENL_NAME);
	if (v->family < 0) {
		clu_buf_str(why, r < 0 ? "generic netlink: cannot be opened; check the kernel\n"
			: "ip_vs: this kernel has no IPVS; load it with \"modprobe ip_vs\", or use the nft director\n");
		ipvs_close(&v->base);
		return r < 0 ? -EIO : -ENOENT;
	}
	set_vs_sysctl("expire_nodest_conn");
	set_vs_sysctl("expire_quiescent_template");
	*ret = &v->base;
	return 0;
}

static int ipvs_check(const char *file, const struct lvs_conf *conf, struct clu_buf *why)
{
	return 0;	/* every method and scheduler that lvs.cf can name */
}

static int explain(struct ipvs_director *v, int r, const char *what, const struct lvs_svc *s, struct clu_buf *why)
{
	char text[LVS_SVC_TEXT];

	if (r < 0)
		clu_buf_printf(why, "ip_vs refused to %s %s: %s%s", what, s ? lvs_svc_text(s, text) : "",
			strerror(-r), r == -EPERM ? " (needs CAP_NET_ADMIN)"
			: r == -ENOENT && s ? " (is the module of its scheduler there?)" : "");
	return r;
}

static int ipvs_timeouts(struct lvs_director *d, unsigned tcp_s, unsigned tcpfin_s, unsigned udp_s,
	struct clu_buf *why)
{
	struct ipvs_director *v = self(d);

	if (!tcp_s && !tcpfin_s && !udp_s)
		return 0;
	return explain(v, request(v, lvs_ipvs_timeouts_msg(v->family, tcp_s, tcpfin_s, udp_s), NULL, NULL),
		"set time-outs", NULL, why);
}

struct dump {
	struct lvs_table *table;	/* services are added here ... */
	const struct lvs_table *only;	/* ... when this one has them (NULL: all) */
	struct lvs_svc *svc;		/* destinations are added here */
	struct lvs_stat *stats;		/* and counted here (may be NULL) */
	int n_stats;
	int error;
};

static int on_svc(struct nl_msg *m, void *arg)
{
	struct dump *d = arg;
	struct lvs_svc s;

	if (lvs_ipvs_read_svc(nlmsg_hdr(m), &s) < 0)
		return NL_OK;	/* a protocol or family that lvs.cf cannot name: not ours */
	if (d->only && !lvs_table_find(d->only, &s))
		return NL_OK;
	if (!lvs_table_add(d->table, &s))
		d->error = -ENOMEM;
	return NL_OK;
}

static int on_dest(struct nl_msg *m, void *arg)
{
	struct dump *d = arg;
	struct lvs_dest dest;
	uint64_t connections;

	if (lvs_ipvs_read_dest(nlmsg_hdr(m), d->svc->addr.family, &dest, &connections) < 0)
		return NL_OK;
	if (lvs_svc_put(d->svc, &dest) < 0)
		d->error = -ENOMEM;
	if (d->stats && d->n_stats < LVS_MAX_SERVERS + 1) {
		d->stats[d->n_stats] = (struct lvs_stat){ .svc = *d->svc, .dest = dest, .connections = connections };
		d->stats[d->n_stats].svc.dests = NULL;
		d->n_stats++;
	}
	return NL_OK;
}

static int get_dests(struct ipvs_director *v, struct dump *d)
{
	int r = request(v, lvs_ipvs_msg(v->family, IPVS_CMD_GET_DEST, NLM_F_DUMP, d->svc, false, NULL), on_dest, d);

	return r < 0 ? r : d->error;
}

/* The kernel's services that are also in `only`, with their destinations. */
static int get_table(struct ipvs_director *v, const struct lvs_table *only, struct lvs_table *ret)
{
	struct dump d = { .table = ret, .only = only };
	int r = request(v, lvs_ipvs_msg(v->family, IPVS_CMD_GET_SERVICE, NLM_F_DUMP, NULL, false, NULL), on_svc, &d);

	r = r < 0 ? r : d.error;
	for (unsigned i = 0; r >= 0 && i < ret->n_svcs; i++) {
		d.svc = &ret->svcs[i];
		r = get_dests(v, &d);
	}
	return r;
}

/* Repeating a change that was carried out already is not an error (a failed apply is repeated). */
static int carry_out(struct ipvs_director *v, const struct lvs_change *c, struct clu_buf *why)
{
	static const struct {
		uint8_t cmd;
		bool full;
		uint8_t again;		/* instead, when the kernel says `already` */
		int already;
		int fine;		/* this error means: it is so */
		const char *what;
	} how[LVS_NCHANGES] = {
		[LVS_ADD_SVC] = { IPVS_CMD_NEW_SERVICE, true, IPVS_CMD_SET_SERVICE, -EEXIST, 0, "add service" },
		[LVS_SET_SVC] = { IPVS_CMD_SET_SERVICE, true, IPVS_CMD_NEW_SERVICE, -ESRCH, 0, "change service" },
		[LVS_ADD_DEST] = { IPVS_CMD_NEW_DEST, false, IPVS_CMD_SET_DEST, -EEXIST, 0, "add a server to" },
		[LVS_SET_DEST] = { IPVS_CMD_SET_DEST, false, IPVS_CMD_NEW_DEST, -ENOENT, 0, "change a server of" },
		[LVS_DEL_DEST] = { IPVS_CMD_DEL_DEST, false, 0, 0, -ENOENT, "remove a server from" },
		[LVS_DEL_SVC] = { IPVS_CMD_DEL_SERVICE, false, 0, 0, -ESRCH, "remove service" },
	};
	int r;

	r = request(v, lvs_ipvs_msg(v->family, how[c->kind].cmd, NLM_F_ACK, c->svc, how[c->kind].full, c->dest), NULL,
		NULL);
	if (r < 0 && how[c->kind].already == r)
		r = request(v, lvs_ipvs_msg(v->family, how[c->kind].again, NLM_F_ACK, c->svc, how[c->kind].full,
			c->dest), NULL, NULL);
	if (r < 0 && how[c->kind].fine == r)
		r = 0;
	return explain(v, r, how[c->kind].what, c->svc, why);
}

static int ipvs_apply(struct lvs_director *d, const struct lvs_table *have, const struct lvs_table *want,
	struct clu_buf *why)
{
	struct ipvs_director *v = self(d);
	struct lvs_table found = { NULL, 0 };
	struct lvs_change *list = NULL;
	int n = 0;
	int r = 0;

	if (!have) {
		r = explain(v, get_table(v, want, &found), "list services", NULL, why);
		have = &found;
	}
	if (r >= 0)
		n = r = lvs_table_diff(have, want, &list);
	for (int i = 0; r >= 0 && i < n; i++)
		r = carry_out(v, &list[i], why);
	free(list);
	lvs_table_done(&found);
	return r < 0 ? r : 0;
}

static int ipvs_forget(struct lvs_director *d, const struct lvs_svc *s, const struct lvs_dest *dest)
{
	return 0;	/* expire_nodest_conn, set at open, does it at the next packet */
}

static int ipvs_verify(struct lvs_director *d, const struct lvs_table *want, struct clu_buf *why)
{
	struct ipvs_director *v = self(d);
	struct lvs_table found = { NULL, 0 };
	char text[LVS_SVC_TEXT];
	int r = explain(v, get_table(v, want, &found), "list services", NULL, why);

	for (unsigned i = 0; r >= 0 && i < want->n_svcs; i++) {
		if (lvs_table_find(&found, &want->svcs[i]))
			continue;
		clu_buf_printf(why, "service %s is not in the kernel", lvs_svc_text(&want->svcs[i], text));
		r = -ENOENT;
	}
	lvs_table_done(&found);
	return r;
}

static int ipvs_stats(struct lvs_director *d, const struct lvs_table *have, struct lvs_stat **ret)
{
	struct lvs_stat *all = NULL;
	int n = 0;

	for (unsigned i = 0; i < have->n_svcs; i++) {
		struct lvs_stat *more = realloc(all, ((size_t)n + LVS_MAX_SERVERS + 1) * sizeof(*all));
		struct lvs_svc s = have->svcs[i];
		struct dump dump = { .svc = &s, .stats = more ? more + n : NULL };
		int r = -ENOMEM;

		s.dests = NULL;
		s.n_dests = 0;
		if (more) {
			all = more;
			r = get_dests(self(d), &dump);
		}
		free(s.dests);
		if (r < 0) {
			free(all);
			return r;
		}
		n += dump.n_stats;
	}
	*ret = all;
	return n;
}

static int ipvs_clear(struct lvs_director *d, const struct lvs_table *have, struct clu_buf *why)
{
	int first = 0;

	for (unsigned i = 0; have && i < have->n_svcs; i++) {
		struct lvs_change c = { LVS_DEL_SVC, &have->svcs[i], NULL };
		int r = carry_out(self(d), &c, why);

		first = first ? first : r;
	}
	return first;
}

const struct lvs_director_ops lvs_ipvs_ops = {
	.name = "ipvs",
	.about = "ip_vs through generic netlink",
	.check = ipvs_check,
	.open = ipvs_open,
	.timeouts = ipvs_timeouts,
	.apply = ipvs_apply,
	.forget = ipvs_forget,
	.verify = ipvs_verify,
	.stats = ipvs_stats,
	.clear = ipvs_clear,
	.close = ipvs_close,
};

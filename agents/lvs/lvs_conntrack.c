/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <netlink/attr.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

/* The kernel's bits of CTA_FILTER_*_FLAGS: which attributes of a tuple must match. */
#define F_IP_SRC (1u << 0)
#define F_IP_DST (1u << 1)
#define F_PROTO_NUM (1u << 3)
#define F_SRC_PORT (1u << 4)
#define F_DST_PORT (1u << 5)

/* One tuple: an address (source of the reply, destination of the original), protocol, port. The flags that match it. */
static unsigned put_tuple(struct nl_msg *m, bool reply, const struct lvs_svc *s, const struct lvs_addr *a, uint16_t port,
	int *error)
{
	struct nlattr *tuple = nla_nest_start(m, reply ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	struct nlattr *nest = tuple ? nla_nest_start(m, CTA_TUPLE_IP) : NULL;
	unsigned flags = (reply ? F_IP_SRC : F_IP_DST) | F_PROTO_NUM;
	bool v6 = a->family == AF_INET6;

	if (!nest) {
		*error = -ENOMEM;
		return 0;
	}
	*error |= nla_put(m, v6 ? (reply ? CTA_IP_V6_SRC : CTA_IP_V6_DST) : (reply ? CTA_IP_V4_SRC : CTA_IP_V4_DST),
		v6 ? 16 : 4, a->a);
	nla_nest_end(m, nest);
	nest = nla_nest_start(m, CTA_TUPLE_PROTO);
	if (!nest) {
		*error = -ENOMEM;
		return 0;
	}
	*error |= nla_put_u8(m, CTA_PROTO_NUM, s->udp ? IPPROTO_UDP : IPPROTO_TCP);
	if (port) {
		*error |= nla_put_u16(m, reply ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT, htons(port));
		flags |= reply ? F_SRC_PORT : F_DST_PORT;
	}
	nla_nest_end(m, nest);
	nla_nest_end(m, tuple);
	return flags;
}

struct nl_msg *lvs_conntrack_msg(const struct lvs_svc *s, const struct lvs_dest *d)
{
	struct nfgenmsg head = { .nfgen_family = (unsigned char)s->addr.family, .version = NFNETLINK_V0 };
	struct nl_msg *m = nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
	unsigned orig = 0, reply = 0;
	struct nlattr *nest;
	int error = 0;

	if (!m)
		return NULL;
	error = nlmsg_append(m, &head, sizeof(head), NLMSG_ALIGNTO);
	/* Our own checks go to the server too, but not to the virtual address: they are left alone. */
	if (!s->fwmark)
		orig = put_tuple(m, false, s, &s->addr, s->port, &error);
	if (d)
		reply = put_tuple(m, true, s, &d->addr, d->port, &error);
	nest = nla_nest_start(m, CTA_FILTER);
	if (nest) {
		error |= nla_put_u32(m, CTA_FILTER_ORIG_FLAGS, orig);
		error |= nla_put_u32(m, CTA_FILTER_REPLY_FLAGS, reply);
		nla_nest_end(m, nest);
	}
	if (nest && !error)
		return m;
	nlmsg_free(m);
	return NULL;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	*(int *)arg = e->error;
	return NL_STOP;
}

static int on_ack(struct nl_msg *m, void *arg)
{
	return NL_STOP;
}

int lvs_conntrack_forget(const struct lvs_svc *s, const struct lvs_dest *d)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_msg *m = lvs_conntrack_msg(s, d);
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int said = 0;
	int r = sock && m && cb ? 0 : -ENOMEM;

	if (!r && nl_connect(sock, NETLINK_NETFILTER) < 0)
		r = -EIO;
	if (!r) {
		nl_cb_err(cb, NL_CB_CUSTOM, on_error, &said);
		nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, NULL);
		r = nl_send_auto(sock, m) < 0 || nl_recvmsgs(sock, cb) < 0 ? -EIO : 0;
	}
	if (said < 0)
		/* None there: nothing to forget. */
		r = said == -ENOENT ? 0 : said;
	nl_cb_put(cb);
	nlmsg_free(m);
	nl_socket_free(sock);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_ipvs_msg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>

static const uint32_t fwd_of[LVS_NMETHODS] = {
	[LVS_NAT] = IP_VS_CONN_F_MASQ,
	[LVS_DIRECT] = IP_VS_CONN_F_DROUTE,
	[LVS_TUNNEL] = IP_VS_CONN_F_TUNNEL,
};

static int put_addr(struct nl_msg *m, int attr, const struct lvs_addr *a)
{
	return nla_put(m, attr, sizeof(a->a), a->a);
}

/* IPv4: the mask itself, network order; IPv6: the prefix length. */
static uint32_t netmask(const struct lvs_svc *s)
{
	if (s->addr.family == AF_INET6)
		return s->pmask_prefix;
	return s->pmask_prefix ? htonl(~UINT32_C(0) << (32 - s->pmask_prefix)) : 0;
}

static int put_svc(struct nl_msg *m, const struct lvs_svc *s, bool full)
{
	struct ip_vs_flags flags = { s->persistent_s ? IP_VS_SVC_F_PERSISTENT : 0, ~UINT32_C(0) };
	struct nlattr *nest = nla_nest_start(m, IPVS_CMD_ATTR_SERVICE);
	int r = nest ? 0 : -1;

	r |= nla_put_u16(m, IPVS_SVC_ATTR_AF, (uint16_t)s->addr.family);
	if (s->fwmark) {
		r |= nla_put_u32(m, IPVS_SVC_ATTR_FWMARK, s->fwmark);
	} else {
		r |= nla_put_u16(m, IPVS_SVC_ATTR_PROTOCOL, s->udp ? IPPROTO_UDP : IPPROTO_TCP);
		r |= put_addr(m, IPVS_SVC_ATTR_ADDR, &s->addr);
		r |= nla_put_u16(m, IPVS_SVC_ATTR_PORT, htons(s->port));
	}
	if (full) {
		r |= nla_put_string(m, IPVS_SVC_ATTR_SCHED_NAME, lvs_sched_names[s->sched]);
		r |= nla_put(m, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
		r |= nla_put_u32(m, IPVS_SVC_ATTR_TIMEOUT, s->persistent_s);
		r |= nla_put_u32(m, IPVS_SVC_ATTR_NETMASK, netmask(s));
	}
	if (!r)
		nla_nest_end(m, nest);
	return r;
}

static int put_dest(struct nl_msg *m, const struct lvs_dest *d, bool full)
{
	struct nlattr *nest = nla_nest_start(m, IPVS_CMD_ATTR_DEST);
	int r = nest ? 0 : -1;

	r |= put_addr(m, IPVS_DEST_ATTR_ADDR, &d->addr);
	r |= nla_put_u16(m, IPVS_DEST_ATTR_PORT, htons(d->port));
	r |= nla_put_u16(m, IPVS_DEST_ATTR_ADDR_FAMILY, (uint16_t)d->addr.family);
	if (full) {
		r |= nla_put_u32(m, IPVS_DEST_ATTR_FWD_METHOD, fwd_of[d->method]);
		r |= nla_put_u32(m, IPVS_DEST_ATTR_WEIGHT, d->weight);
		r |= nla_put_u32(m, IPVS_DEST_ATTR_U_THRESH, 0);
		r |= nla_put_u32(m, IPVS_DEST_ATTR_L_THRESH, 0);
	}
	if (!r)
		nla_nest_end(m, nest);
	return r;
}

struct nl_msg *lvs_ipvs_msg(int family_id, uint8_t cmd, int flags, const struct lvs_svc *s, bool full,
	const struct lvs_dest *d)
{
	struct nl_msg *m = nlmsg_alloc();
	int r;

	if (!m)
		return NULL;
	r = genlmsg_put(m, NL_AUTO_PORT, NL_AUTO_SEQ, family_id, 0, flags, cmd, LVS_IPVS_VERSION) ? 0 : -1;
	if (!r && s)
		r = put_svc(m, s, full);
	if (!r && d)
		r = put_dest(m, d, cmd != IPVS_CMD_DEL_DEST);
	if (!r)
		return m;
	nlmsg_free(m);
	return NULL;
}

struct nl_msg *lvs_ipvs_timeouts_msg(int family_id, unsigned tcp_s, unsigned tcpfin_s, unsigned udp_s)
{
	struct nl_msg *m = lvs_ipvs_msg(family_id, IPVS_CMD_SET_CONFIG, 0, NULL, false, NULL);
	int r = m ? 0 : -1;

	if (!r && tcp_s)
		r = nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_TCP, tcp_s);
	if (!r && tcpfin_s)
		r = nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, tcpfin_s);
	if (!r && udp_s)
		r = nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_UDP, udp_s);
	if (!r)
		return m;
	nlmsg_free(m);
	return NULL;
}

static unsigned prefix_of(uint32_t mask, int family)
{
	unsigned n = 0;

	if (family == AF_INET6)
		return mask <= 128 ? mask : 128;
	mask = ntohl(mask);
	while (n < 32 && (mask & UINT32_C(1) << (31 - n)))
		n++;
	return n;
}

static int read_addr(const struct nlattr *at, int family, struct lvs_addr *ret)
{
	size_t len = family == AF_INET6 ? 16 : 4;

	if ((size_t)nla_len(at) < len)
		return -EBADMSG;
	*ret = (struct lvs_addr){ .family = family };
	memcpy(ret->a, nla_data(at), len);
	return 0;
}

int lvs_ipvs_read_svc(const struct nlmsghdr *h, struct lvs_svc *ret)
{
	static const struct nla_policy policy[IPVS_SVC_ATTR_MAX + 1] = {
		[IPVS_SVC_ATTR_AF] = { .type = NLA_U16 },
		[IPVS_SVC_ATTR_PROTOCOL] = { .type = NLA_U16 },
		[IPVS_SVC_ATTR_PORT] = { .type = NLA_U16 },
		[IPVS_SVC_ATTR_FWMARK] = { .type = NLA_U32 },
		[IPVS_SVC_ATTR_SCHED_NAME] = { .type = NLA_STRING },
		[IPVS_SVC_ATTR_FLAGS] = { .minlen = sizeof(struct ip_vs_flags) },
		[IPVS_SVC_ATTR_TIMEOUT] = { .type = NLA_U32 },
		[IPVS_SVC_ATTR_NETMASK] = { .type = NLA_U32 },
	};
	struct nlattr *top[IPVS_CMD_ATTR_MAX + 1], *at[IPVS_SVC_ATTR_MAX + 1];
	struct lvs_svc s = { .sched = LVS_NSCHEDS };
	struct ip_vs_flags flags;

	if (genlmsg_parse((struct nlmsghdr *)h, 0, top, IPVS_CMD_ATTR_MAX, NULL) < 0 || !top[IPVS_CMD_ATTR_SERVICE] ||
		nla_parse_nested(at, IPVS_SVC_ATTR_MAX, top[IPVS_CMD_ATTR_SERVICE], (struct nla_policy *)policy) < 0)
		return -EBADMSG;
	if (!at[IPVS_SVC_ATTR_AF] || !at[IPVS_SVC_ATTR_SCHED_NAME] || !at[IPVS_SVC_ATTR_FLAGS] ||
		!at[IPVS_SVC_ATTR_TIMEOUT] || !at[IPVS_SVC_ATTR_NETMASK])
		return -EBADMSG;
	s.addr.family = nla_get_u16(at[IPVS_SVC_ATTR_AF]);
	if (s.addr.family != AF_INET && s.addr.family != AF_INET6)
		return -EBADMSG;
	if (at[IPVS_SVC_ATTR_FWMARK]) {
		s.fwmark = nla_get_u32(at[IPVS_SVC_ATTR_FWMARK]);
	} else {
		if (!at[IPVS_SVC_ATTR_PROTOCOL] || !at[IPVS_SVC_ATTR_PORT] || !at[IPVS_SVC_ATTR_ADDR] ||
			read_addr(at[IPVS_SVC_ATTR_ADDR], s.addr.family, &s.addr) < 0)
			return -EBADMSG;
		s.udp = nla_get_u16(at[IPVS_SVC_ATTR_PROTOCOL]) == IPPROTO_UDP;
		s.port = ntohs(nla_get_u16(at[IPVS_SVC_ATTR_PORT]));
	}
	for (int i = 0; lvs_sched_names[i]; i++) {
		if (!strcmp(lvs_sched_names[i], nla_get_string(at[IPVS_SVC_ATTR_SCHED_NAME])))
			s.sched = (enum lvs_sched)i;
	}
	memcpy(&flags, nla_data(at[IPVS_SVC_ATTR_FLAGS]), sizeof(flags));
	s.persistent_s = flags.flags & IP_VS_SVC_F_PERSISTENT ? nla_get_u32(at[IPVS_SVC_ATTR_TIMEOUT]) : 0;
	s.pmask_prefix = prefix_of(nla_get_u32(at[IPVS_SVC_ATTR_NETMASK]), s.addr.family);
	*ret = s;
	return 0;
}

static uint64_t read_connections(struct nlattr *nest)
{
	struct nlattr *at[IPVS_STATS_ATTR_MAX + 1];

	if (!nest || nla_parse_nested(at, IPVS_STATS_ATTR_MAX, nest, NULL) < 0 || !at[IPVS_STATS_ATTR_CONNS])
		return 0;
	if (nla_len(at[IPVS_STATS_ATTR_CONNS]) == sizeof(uint64_t))
		return nla_get_u64(at[IPVS_STATS_ATTR_CONNS]);
	return nla_len(at[IPVS_STATS_ATTR_CONNS]) == sizeof(uint32_t) ? nla_get_u32(at[IPVS_STATS_ATTR_CONNS]) : 0;
}

int lvs_ipvs_read_dest(const struct nlmsghdr *h, int family, struct lvs_dest *ret, uint64_t *connections)
{
	static const struct nla_policy policy[IPVS_DEST_ATTR_MAX + 1] = {
		[IPVS_DEST_ATTR_PORT] = { .type = NLA_U16 },
		[IPVS_DEST_ATTR_FWD_METHOD] = { .type = NLA_U32 },
		[IPVS_DEST_ATTR_WEIGHT] = { .type = NLA_U32 },
		[IPVS_DEST_ATTR_ADDR_FAMILY] = { .type = NLA_U16 },
	};
	struct nlattr *top[IPVS_CMD_ATTR_MAX + 1], *at[IPVS_DEST_ATTR_MAX + 1];
	struct lvs_dest d = { .method = LVS_NAT };
	uint32_t fwd;

	if (genlmsg_parse((struct nlmsghdr *)h, 0, top, IPVS_CMD_ATTR_MAX, NULL) < 0 || !top[IPVS_CMD_ATTR_DEST] ||
		nla_parse_nested(at, IPVS_DEST_ATTR_MAX, top[IPVS_CMD_ATTR_DEST], (struct nla_policy *)policy) < 0)
		return -EBADMSG;
	if (!at[IPVS_DEST_ATTR_ADDR] || !at[IPVS_DEST_ATTR_PORT] || !at[IPVS_DEST_ATTR_FWD_METHOD] ||
		!at[IPVS_DEST_ATTR_WEIGHT])
		return -EBADMSG;
	if (at[IPVS_DEST_ATTR_ADDR_FAMILY])
		family = nla_get_u16(at[IPVS_DEST_ATTR_ADDR_FAMILY]);
	if (read_addr(at[IPVS_DEST_ATTR_ADDR], family, &d.addr) < 0)
		return -EBADMSG;
	d.port = ntohs(nla_get_u16(at[IPVS_DEST_ATTR_PORT]));
	d.weight = nla_get_u32(at[IPVS_DEST_ATTR_WEIGHT]);
	fwd = nla_get_u32(at[IPVS_DEST_ATTR_FWD_METHOD]) & IP_VS_CONN_F_FWD_MASK;
	for (int i = 0; i < LVS_NMETHODS; i++) {
		if (fwd_of[i] == fwd)
			d.method = (enum lvs_method)i;
	}
	*ret = d;
	if (connections)
		*connections = read_connections(at[IPVS_DEST_ATTR_STATS64] ? at[IPVS_DEST_ATTR_STATS64]
			: at[IPVS_DEST_ATTR_STATS]);
	return 0;
}

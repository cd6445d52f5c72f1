/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libcman_ports.h"

#include <errno.h>
#include <string.h>

bool lcm_port_is_set(const uint8_t ports[LCM_PORT_BYTES], uint8_t port)
{
	return ports[port / 8] >> port % 8 & 1;
}

void lcm_port_set(uint8_t ports[LCM_PORT_BYTES], uint8_t port, bool on)
{
	uint8_t bit = (uint8_t)(1u << port % 8);

	ports[port / 8] = (uint8_t)(on ? ports[port / 8] | bit : ports[port / 8] & ~bit);
}

void lcm_ports_init(struct lcm_ports *p, void (*tell)(void *ctx, bool opened, uint8_t port), void *ctx)
{
	memset(p, 0, sizeof(*p));
	p->tell = tell;
	p->ctx = ctx;
}

static struct lcm_peer *find(struct lcm_ports *p, uint32_t nodeid, uint32_t pid)
{
	for (unsigned i = 0; i < p->n_peers; i++)
		if (p->peers[i].nodeid == nodeid && p->peers[i].pid == pid)
			return &p->peers[i];
	return NULL;
}

static bool open_on(const struct lcm_ports *p, uint32_t nodeid, uint8_t port)
{
	for (unsigned i = 0; i < p->n_peers; i++)
		if (p->peers[i].nodeid == nodeid && lcm_port_is_set(p->peers[i].ports, port))
			return true;
	return false;
}

/* One process has these ports from now on. */
static void change(struct lcm_ports *p, struct lcm_peer *peer, const uint8_t ports[LCM_PORT_BYTES], bool silent)
{
	bool before[256];

	for (unsigned port = 0; port < 256; port++)
		before[port] = open_on(p, peer->nodeid, (uint8_t)port);
	memcpy(peer->ports, ports, LCM_PORT_BYTES);
	for (unsigned port = 0; port < 256 && !silent; port++) {
		bool now = open_on(p, peer->nodeid, (uint8_t)port);

		if (now != before[port])
			p->tell(p->ctx, now, (uint8_t)port);
	}
}

static bool is_among(const struct lcm_process *members, unsigned n, const struct lcm_peer *peer)
{
	for (unsigned i = 0; i < n; i++)
		if (members[i].nodeid == peer->nodeid && members[i].pid == peer->pid)
			return true;
	return false;
}

void lcm_ports_view(struct lcm_ports *p, const struct lcm_process *members, unsigned n)
{
	static const uint8_t none[LCM_PORT_BYTES];

	for (unsigned i = 0; i < p->n_peers;) {
		if (is_among(members, n, &p->peers[i])) {
			i++;
			continue;
		}
		change(p, &p->peers[i], none, false);
		p->peers[i] = p->peers[--p->n_peers];
	}
	for (unsigned i = 0; i < n && p->n_peers < LCM_MAX_PEERS; i++) {
		if (find(p, members[i].nodeid, members[i].pid))
			continue;
		p->peers[p->n_peers++] = (struct lcm_peer){ .nodeid = members[i].nodeid, .pid = members[i].pid,
							    .old = !p->first };
	}
	p->first = true;
}

void lcm_ports_state(struct lcm_ports *p, uint32_t nodeid, uint32_t pid, const uint8_t ports[LCM_PORT_BYTES])
{
	struct lcm_peer *peer = find(p, nodeid, pid);

	if (!peer)
		return;
	change(p, peer, ports, peer->old && !peer->heard);
	peer->heard = true;
}

int lcm_ports_is_open(const struct lcm_ports *p, uint32_t nodeid, uint8_t port)
{
	if (open_on(p, nodeid, port))
		return 1;
	for (unsigned i = 0; i < p->n_peers; i++)
		if (p->peers[i].nodeid == nodeid && !p->peers[i].heard)
			return -EAGAIN;
	return 0;
}

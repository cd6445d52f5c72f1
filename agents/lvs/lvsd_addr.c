/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvsd_addr.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_log.h"
#include "ip_netlink.h"

#define ANNOUNCE_TIMES 5	/* lvs.md 3.6 */
#define PROBE_MS 12		/* hosts answer ARP in well under a millisecond; the table is loaded meanwhile */
#define WHY_MAX 256

struct held {
	struct hwip_addr addr;		/* with the prefix it was added with */
	struct hwip_link link;
	char label[LVS_DEV_MAX];
	unsigned announced;
	bool wanted;
};

struct probe {
	pthread_t thread;
	struct hwip_addr addr;
	struct hwip_link link;
	int result;
	char why[WHY_MAX];
};

struct lvsd_addrs {
	qb_loop_t *loop;
	struct hwip *hwip;
	struct held held[LVSD_MAX_FLOATS];
	unsigned n;
	struct probe *probes;
	unsigned n_probes;
	qb_loop_timer_handle timer;
	bool timing;
};

struct lvsd_addrs *lvsd_addrs_new(qb_loop_t *loop, struct clu_buf *why)
{
	struct lvsd_addrs *a = calloc(1, sizeof(*a));
	char text[WHY_MAX] = "out of memory";

	if (a && hwip_open(&a->hwip, text, sizeof(text)) == 0) {
		a->loop = loop;
		return a;
	}
	clu_buf_printf(why, "%s\n", text);
	free(a);
	return NULL;
}

struct lvsd_addrs *lvsd_addrs_free(struct lvsd_addrs *a)
{
	struct clu_buf none = CLU_BUF_INIT;

	if (!a)
		return NULL;
	(void)lvsd_addrs_probe_end(a, &none);
	clu_buf_free(&none);
	if (a->timing)
		(void)qb_loop_timer_del(a->loop, a->timer);
	hwip_close(a->hwip);
	free(a);
	return NULL;
}

static void add_float(const struct lvs_float *f, struct lvs_float ret[LVSD_MAX_FLOATS], unsigned *n)
{
	if (f->addr.family == AF_UNSPEC || *n == LVSD_MAX_FLOATS)
		return;
	for (unsigned i = 0; i < *n; i++) {
		if (!lvs_addr_cmp(&ret[i].addr, &f->addr))
			return;
	}
	ret[(*n)++] = *f;
}

unsigned lvsd_floats(const struct lvs_conf *conf, struct lvs_float ret[LVSD_MAX_FLOATS])
{
	unsigned n = 0;

	/* The inside address first: the real servers' way back must be there before the first request. */
	if (conf->method == LVS_NAT)
		add_float(&conf->nat_router, ret, &n);
	for (unsigned i = 0; i < conf->n_virtuals; i++) {
		if (conf->virtuals[i].active)
			add_float(&conf->virtuals[i].vip, ret, &n);
	}
	return n;
}

static struct hwip_addr to_hwip(const struct lvs_float *f)
{
	struct hwip_addr h = { .family = f->addr.family, .prefix = f->has_prefix ? f->prefix : HWIP_NO_PREFIX };

	memcpy(h.bytes, f->addr.a, sizeof(h.bytes));
	return h;
}

/*
 * Without a netmask: that of the network which the device is in already. A
 * device without one: COMPAT, the class of the address, as ifconfig did.
 */
static unsigned default_prefix(struct lvsd_addrs *a, const struct hwip_addr *h, const char *dev)
{
	struct hwip_choice only = { .only = dev, .need_carrier = false };
	struct hwip_link link;
	unsigned prefix;

	if (hwip_choose(a->hwip, h, &only, &link, &prefix, NULL, 0) == 0)
		return prefix;
	if (h->family == AF_INET6)
		return 64;
	return h->bytes[0] < 128 ? 8 : h->bytes[0] < 192 ? 16 : 24;
}

static int resolve(struct lvsd_addrs *a, const struct lvs_float *f, struct hwip_addr *ret, struct hwip_link *ret_link,
	struct clu_buf *why)
{
	char text[WHY_MAX] = "";
	int r = hwip_link_get(a->hwip, f->dev, 0, ret_link, text, sizeof(text));

	if (r < 0) {
		clu_buf_printf(why, "%s\n", text);
		return r;
	}
	*ret = to_hwip(f);
	if (ret->prefix == HWIP_NO_PREFIX)
		ret->prefix = default_prefix(a, ret, f->dev);
	return 0;
}

static struct held *find_held(struct lvsd_addrs *a, const struct hwip_addr *h, const char *dev)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (hwip_addr_equal(&a->held[i].addr, h) && !strcmp(a->held[i].link.name, dev))
			return &a->held[i];
	}
	return NULL;
}

static void *probe_main(void *arg)
{
	struct probe *p = arg;

	p->result = hwip_probe(&p->addr, &p->link, PROBE_MS, p->why, sizeof(p->why));
	return NULL;
}

int lvsd_addrs_probe_begin(struct lvsd_addrs *a, const struct lvs_conf *conf, struct clu_buf *why)
{
	struct lvs_float floats[LVSD_MAX_FLOATS];
	unsigned n = lvsd_floats(conf, floats);
	int r = 0;

	a->probes = calloc(n ? n : 1, sizeof(*a->probes));
	if (!a->probes)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		struct probe *p = &a->probes[a->n_probes];
		int one = resolve(a, &floats[i], &p->addr, &p->link, why);

		r = r ? r : one;
		/* What is on this machine already answers for itself. */
		if (one < 0 || hwip_find(a->hwip, &p->addr, NULL, NULL, NULL, 0) != -EADDRNOTAVAIL)
			continue;
		a->n_probes += !pthread_create(&p->thread, NULL, probe_main, p);
	}
	return r;
}

int lvsd_addrs_probe_end(struct lvsd_addrs *a, struct clu_buf *why)
{
	int r = 0;

	for (unsigned i = 0; i < a->n_probes; i++) {
		struct probe *p = &a->probes[i];

		pthread_join(p->thread, NULL);
		if (p->result == -EADDRINUSE) {
			clu_buf_printf(why, "%s\n", p->why);
			r = -EADDRINUSE;
		} else if (p->result < 0) {
			/* Not being able to ask is no reason not to serve. */
			clu_log(CLU_WARNING, "duplicate address check: %s", p->why);
		}
	}
	free(a->probes);
	a->probes = NULL;
	a->n_probes = 0;
	return r;
}

static void on_announce(void *data);

static void arm(struct lvsd_addrs *a)
{
	if (!a->timing)
		a->timing = !qb_loop_timer_add(a->loop, QB_LOOP_MED, UINT64_C(1000000000), a, on_announce, &a->timer);
}

static void announce(struct lvsd_addrs *a)
{
	char why[WHY_MAX] = "";
	bool more = false, any = false;

	for (unsigned i = 0; i < a->n; i++) {
		struct held *h = &a->held[i];

		if (h->announced >= ANNOUNCE_TIMES)
			continue;
		if (hwip_announce(&h->addr, &h->link, why, sizeof(why)) < 0)
			clu_log(CLU_WARNING, "%s", why);
		h->announced++;
		any = true;
		more |= h->announced < ANNOUNCE_TIMES;
	}
	if (more)
		arm(a);
	else if (any)
		clu_log(CLU_INFO, "gratuitous lvs arps finished");
}

static void on_announce(void *data)
{
	struct lvsd_addrs *a = data;

	a->timing = false;
	announce(a);
}

static int take_away(struct lvsd_addrs *a, unsigned i, struct clu_buf *why)
{
	struct held *h = &a->held[i];
	char text[HWIP_TEXT_MAX], said[WHY_MAX] = "";
	int r = hwip_del(a->hwip, &h->addr, h->link.ifindex, said, sizeof(said));

	hwip_format(&h->addr, text);
	/* A device that is gone took its addresses along. */
	if (r < 0 && r != -ENODEV) {
		clu_buf_printf(why, "%s\n", said);
		return r;
	}
	clu_log(CLU_INFO, "address %s is off %s", text, h->link.name);
	memmove(h, h + 1, (a->n - i - 1) * sizeof(*h));
	a->n--;
	return 0;
}

static int put_on(struct lvsd_addrs *a, const struct lvs_float *f, struct clu_buf *why)
{
	struct held h = { .wanted = true };
	char text[HWIP_TEXT_MAX], said[WHY_MAX] = "";
	struct held *old;
	int r = resolve(a, f, &h.addr, &h.link, why);

	if (r < 0)
		return r;
	old = find_held(a, &h.addr, f->dev);
	if (old) {
		old->wanted = true;
		h = *old;
	}
	snprintf(h.label, sizeof(h.label), "%s", f->label);
	/* Also for one that is ours already: somebody may have taken it away. */
	r = hwip_add(a->hwip, &h.addr, h.link.ifindex, strcmp(f->label, f->dev) ? f->label : NULL, said, sizeof(said));
	if (r < 0) {
		clu_buf_printf(why, "%s\n", said);
		return r;
	}
	if (old || a->n == LVSD_MAX_FLOATS)
		return 0;
	a->held[a->n++] = h;
	hwip_format(&h.addr, text);
	clu_log(CLU_NOTICE, "address %s is on %s", text, h.label);
	return 0;
}

int lvsd_addrs_apply(struct lvsd_addrs *a, const struct lvs_conf *conf, struct clu_buf *why)
{
	struct lvs_float floats[LVSD_MAX_FLOATS];
	unsigned n = lvsd_floats(conf, floats);
	int first = 0;

	for (unsigned i = 0; i < a->n; i++)
		a->held[i].wanted = false;
	for (unsigned i = 0; i < n; i++) {
		int r = put_on(a, &floats[i], why);

		first = first ? first : r;
	}
	announce(a);
	for (unsigned i = a->n; i-- > 0; ) {
		int r = a->held[i].wanted ? 0 : take_away(a, i, why);

		first = first ? first : r;
	}
	return first;
}

int lvsd_addrs_down(struct lvsd_addrs *a, struct clu_buf *why)
{
	int first = 0;

	for (unsigned i = a->n; i-- > 0; ) {
		int r = take_away(a, i, why);

		first = first ? first : r;
	}
	return first;
}

int lvsd_addrs_verify(struct lvsd_addrs *a, struct clu_buf *why)
{
	for (unsigned i = 0; i < a->n; i++) {
		char text[HWIP_TEXT_MAX], said[WHY_MAX] = "";
		struct hwip_link link;
		int r = hwip_find(a->hwip, &a->held[i].addr, &link, NULL, said, sizeof(said));

		hwip_format(&a->held[i].addr, text);
		if (r < 0) {
			clu_buf_printf(why, "%s", said);
			return r;
		}
		if (strcmp(link.name, a->held[i].link.name)) {
			clu_buf_printf(why, "address %s is on %s, not on %s", text, link.name, a->held[i].link.name);
			return -EADDRNOTAVAIL;
		}
		if (!link.up || !link.running) {
			clu_buf_printf(why, "device %s of address %s has no link", link.name, text);
			return -ENOLINK;
		}
	}
	return 0;
}

json_t *lvsd_addrs_json(const struct lvsd_addrs *a)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < a->n; i++) {
		char text[HWIP_TEXT_MAX];

		hwip_format(&a->held[i].addr, text);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "address", text, "device", a->held[i].link.name,
			"label", a->held[i].label));
	}
	return list;
}

void lvsd_addrs_adopt(struct lvsd_addrs *a, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item) {
		const char *text = json_string_value(json_object_get(item, "address"));
		const char *dev = json_string_value(json_object_get(item, "device"));
		const char *label = json_string_value(json_object_get(item, "label"));
		struct held h = { .announced = 0 };

		if (a->n == LVSD_MAX_FLOATS || !text || !dev || hwip_parse(text, AF_UNSPEC, &h.addr, NULL, 0) < 0 ||
			hwip_link_get(a->hwip, dev, 0, &h.link, NULL, 0) < 0)
			continue;
		snprintf(h.label, sizeof(h.label), "%s", label ? label : dev);
		if (!find_held(a, &h.addr, dev))
			a->held[a->n++] = h;
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fenced_methods.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *fence_error_text(enum fence_error e)
{
	static const char *const text[FE_NERRORS] = {
		[FE_NONE] = "",
		[FE_AGENT_SUCCESS] = "success",
		[FE_AGENT_ERROR] = "error from agent",
		[FE_AGENT_FORK] = "error from fork",
		[FE_NO_CONFIG] = "error from ccs",
		[FE_NO_METHOD] = "error no method",
		[FE_NO_DEVICE] = "error no device",
		[FE_READ_AGENT] = "error config agent",
		[FE_READ_ARGS] = "error config args",
		[FE_READ_METHOD] = "error config method",
		[FE_READ_DEVICE] = "error config device",
		[FE_NUM_METHOD] = "error method number",
		[FE_STATUS_ON] = "status on",
		[FE_STATUS_OFF] = "status off",
		[FE_STATUS_ERROR] = "status error",
	};

	return e < FE_NERRORS ? text[e] : "?";
}

/*
 * Agents that switch one power supply. Only for these is it known that a
 * method with several devices means "all off, then all on": a storage fabric
 * agent must never be switched on again.
 */
static bool is_power_agent(const char *agent)
{
	static const char *const names[] = {
		"fence_apc", "fence_apc_snmp", "fence_wti", "fence_eaton_snmp", "fence_ipdu",
		"fence_tripplite_snmp", "fence_raritan", "fence_raritan_px3", "fence_emerson",
		"fence_cyberpower_ssh", "fence_netio", "fence_lindypdu", "fence_cdu", "fence_powerman",
		"fence_baytech", "fence_rps10", "fence_eps", "fence_ipmilan", "fence_idrac", "fence_ilo",
		"fence_ilo2", "fence_ilo3", "fence_ilo4", "fence_ilo5", "fence_imm", "fence_drac5",
		"fence_rsa", "fence_bladecenter",
	};
	const char *base = strrchr(agent, '/');

	base = base ? base + 1 : agent;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(base, names[i]))
			return true;
	return false;
}

static const struct clu_node *child_by_attr(const struct clu_node *parent, const char *element, const char *name)
{
	for (const struct clu_node *n = parent ? clu_node_child(parent, element) : NULL; n;
	     n = clu_node_next(n, element)) {
		const char *v = clu_node_attr(n, "name");

		if (v && !strcmp(v, name))
			return n;
	}
	return NULL;
}

static const struct clu_node *node_element(const struct clu_conf *conf, const char *node)
{
	return child_by_attr(clu_node_path(clu_conf_root(conf), "clusternodes"), "clusternode", node);
}

static const struct clu_node *device_def(const struct clu_conf *conf, const struct clu_node *dev)
{
	const char *name = clu_node_attr(dev, "name");

	return name ? child_by_attr(clu_node_path(clu_conf_root(conf), "fencedevices"), "fencedevice", name) : NULL;
}

static const char *action_of(const struct clu_node *n)
{
	const char *a = clu_node_attr(n, "action");

	return a ? a : clu_node_attr(n, "option");
}

static bool has_name(const char *name, const char *const *skip)
{
	for (; *skip; skip++)
		if (!strcmp(name, *skip))
			return true;
	return false;
}

/* One attribute per line. A line break inside a value would be a line of its own to the agent: refused. */
static bool append_attrs(struct clu_buf *b, const struct clu_node *n, const char *const *skip)
{
	const char *name, *value;

	for (unsigned i = 0; clu_node_attr_at(n, i, &name, &value); i++) {
		if (has_name(name, skip))
			continue;
		if (strpbrk(value, "\r\n"))
			return false;
		clu_buf_printf(b, "%s=%s\n", name, value);
	}
	return true;
}

static uint32_t deadline_of(const struct clu_node *dev, const struct clu_node *def, uint32_t timeout_s)
{
	const char *t = clu_node_attr(dev, "agent_timeout");
	unsigned long v;
	char *end;

	if (!t && def)
		t = clu_node_attr(def, "agent_timeout");
	if (!t)
		return timeout_s * 1000;
	errno = 0;
	v = strtoul(t, &end, 10);
	return errno || end == t || *end || !v || v > 86400 ? timeout_s * 1000 : (uint32_t)v * 1000;
}

/*
 * The order is the historical one, and agents let the last line win: the
 * device's attributes, nodename, then those of the fencedevice; an action that
 * we force comes last.
 */
static int step_init(struct fence_step *s, struct clu_conf *conf, const struct clu_node *dev, const char *node,
	const char *action, uint32_t timeout_s)
{
	static const char *const plain[] = { "name", "agent_timeout", NULL };
	static const char *const forced[] = { "name", "agent_timeout", "action", "option", NULL };
	const char *const *skip = action ? forced : plain;
	const struct clu_node *def = device_def(conf, dev);
	struct clu_buf b = CLU_BUF_INIT;
	bool ok;

	s->device = clu_node_attr(dev, "name");
	s->deadline_ms = deadline_of(dev, def, timeout_s);
	if (!def) {
		s->error = FE_READ_DEVICE;
		return 0;
	}
	s->agent = clu_node_attr(def, "agent");
	if (!s->agent || !*s->agent) {
		s->error = FE_READ_AGENT;
		return 0;
	}
	ok = append_attrs(&b, dev, skip);
	if (!clu_node_attr(dev, "nodename"))
		clu_buf_printf(&b, "nodename=%s\n", node);
	ok = append_attrs(&b, def, skip) && ok;
	if (action)
		clu_buf_printf(&b, "action=%s\n", action);
	if (b.error) {
		clu_buf_free(&b);
		return -ENOMEM;
	}
	if (!ok || b.len > FENCE_MAX_INPUT)
		s->error = FE_READ_ARGS;
	s->input = b.data;
	s->input_len = b.len;
	return 0;
}

static bool wants_off_on(struct clu_conf *conf, const struct clu_node *parent, unsigned n)
{
	if (n < 2)
		return false;
	for (const struct clu_node *dev = clu_node_child(parent, "device"); dev; dev = clu_node_next(dev, "device")) {
		const struct clu_node *def = device_def(conf, dev);
		const char *agent = def ? clu_node_attr(def, "agent") : NULL;

		if (!agent || !is_power_agent(agent) || action_of(dev) || action_of(def))
			return false;
	}
	return true;
}

static int method_init(struct fence_method *m, struct clu_conf *conf, const struct clu_node *parent,
	const char *node, enum fence_plan_kind kind, uint32_t timeout_s)
{
	const char *action = kind == FENCE_PLAN_STATUS ? "status" : NULL;
	unsigned n = 0, rounds = 1;
	int r;

	m->name = clu_node_attr(parent, "name");
	for (const struct clu_node *dev = clu_node_child(parent, "device"); dev; dev = clu_node_next(dev, "device"))
		n++;
	if (n > FENCE_MAX_DEVICES)
		return -E2BIG;
	if (!n) {
		m->error = FE_NO_DEVICE;
		return 0;
	}
	if (kind == FENCE_PLAN_FENCE && wants_off_on(conf, parent, n))
		rounds = 2;
	m->steps = calloc(n * rounds, sizeof(*m->steps));
	if (!m->steps)
		return -ENOMEM;
	for (unsigned round = 0; round < rounds; round++) {
		unsigned number = 0;

		if (rounds == 2)
			action = round ? "on" : "off";
		for (const struct clu_node *dev = clu_node_child(parent, "device"); dev;
		     dev = clu_node_next(dev, "device")) {
			struct fence_step *s = &m->steps[m->n_steps++];

			s->restore = round == 1;
			s->number = number++;
			r = step_init(s, conf, dev, node, action, timeout_s);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int fence_plan_build(struct clu_conf *conf, const char *node, enum fence_plan_kind kind, uint32_t timeout_s,
	struct fence_plan **ret)
{
	const struct clu_node *el = node_element(conf, node);
	const char *outer = kind == FENCE_PLAN_UNFENCE ? "unfence" : "fence";
	struct fence_plan *p;
	int r = 0;

	if (!el)
		return -ENOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->methods = calloc(FENCE_MAX_METHODS, sizeof(*p->methods));
	if (!p->methods) {
		free(p);
		return -ENOMEM;
	}
	p->conf = clu_conf_ref(conf);
	for (const struct clu_node *f = clu_node_child(el, outer); f && !r; f = clu_node_next(f, outer)) {
		if (kind == FENCE_PLAN_UNFENCE) {
			if (clu_node_child(f, "device"))
				r = p->n_methods == FENCE_MAX_METHODS ? -E2BIG :
					method_init(&p->methods[p->n_methods++], conf, f, node, kind, timeout_s);
			continue;
		}
		for (const struct clu_node *m = clu_node_child(f, "method"); m && !r; m = clu_node_next(m, "method"))
			r = p->n_methods == FENCE_MAX_METHODS ? -E2BIG :
				method_init(&p->methods[p->n_methods++], conf, m, node, kind, timeout_s);
	}
	if (r < 0) {
		fence_plan_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct fence_plan *fence_plan_free(struct fence_plan *p)
{
	if (!p)
		return NULL;
	for (unsigned i = 0; i < p->n_methods; i++) {
		for (unsigned j = 0; j < p->methods[i].n_steps; j++) {
			struct fence_step *s = &p->methods[i].steps[j];

			if (s->input)
				explicit_bzero(s->input, s->input_len);
			free(s->input);
		}
		free(p->methods[i].steps);
	}
	free(p->methods);
	clu_conf_unref(p->conf);
	free(p);
	return NULL;
}

bool fence_method_shares_device(const struct fence_method *a, const struct fence_method *b)
{
	for (unsigned i = 0; i < a->n_steps; i++)
		for (unsigned j = 0; j < b->n_steps; j++)
			if (a->steps[i].device && b->steps[j].device &&
			    !strcmp(a->steps[i].device, b->steps[j].device))
				return true;
	return false;
}

unsigned fence_method_count(const struct clu_conf *conf, const char *node)
{
	const struct clu_node *el = node_element(conf, node);
	unsigned n = 0;

	for (const struct clu_node *f = el ? clu_node_child(el, "fence") : NULL; f; f = clu_node_next(f, "fence"))
		for (const struct clu_node *m = clu_node_child(f, "method"); m; m = clu_node_next(m, "method"))
			n++;
	return n;
}

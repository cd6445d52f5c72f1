/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A quorum disk for the cluster of a plan, and what befalls it. From dice of its own, and behind everything else: seeds
 * without a disk stay as they are.
 */
#define _GNU_SOURCE 1
#include <string.h>

#include "clu_conf.h"
#include "qdisk_format.h"
#include "sim_plan.h"
#include "sim_qdisk.h"

#define MS 1000u
#define SALT_OF_QDISKS 7
#define SALT_OF_EXTRAS 9
#define PER_MILLE 150		/* of the seeds have one */

/* Votes of all nodes, or 0 when they have one each. */
static unsigned odd_votes(const struct clu_buf *conf)
{
	struct clu_conf_node nodes[SIM_MAX_NODES];
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;
	unsigned sum = 0, n = 0;
	bool odd = false;

	if (clu_conf_parse(conf->data, conf->len, "cluster.conf", &c, &errs) == 0)
		n = clu_conf_nodes(c, nodes, SIM_MAX_NODES);
	for (unsigned i = 0; i < n; i++) {
		sum += nodes[i].votes;
		odd |= nodes[i].votes != 1;
	}
	clu_conf_unref(c);
	clu_buf_free(&errs);
	return odd ? sum : 0;
}

static void flag(struct sim_dice *d, unsigned per_mille, const char *text, struct clu_buf *ret)
{
	if (sim_dice_chance(d, per_mille))
		clu_buf_str(ret, text);
}

static void draw_heuristics(struct sim_dice *d, struct clu_buf *ret)
{
	unsigned n = sim_dice_chance(d, 550) ? 0 : 1 + (unsigned)sim_dice_below(d, 3);

	if (!n) {
		clu_buf_str(ret, "/>\n");
		return;
	}
	flag(d, 300, " reboot=\"0\"", ret);
	clu_buf_str(ret, ">\n");
	for (unsigned i = 0; i < n; i++) {
		clu_buf_printf(ret, "<heuristic program=\"reaches the router %u\" score=\"%u\"", i, 1 + (unsigned)sim_dice_below(d, 2));
		flag(d, 500, " interval=\"1\"", ret);
		flag(d, 500, " tko=\"2\"", ret);
		clu_buf_str(ret, "/>\n");
	}
	clu_buf_str(ret, "</quorumd>\n");
}

/* What decides nothing. */
static void draw_extras(struct sim_dice *d, struct clu_buf *ret)
{
	if (sim_dice_chance(d, 120))
		clu_buf_printf(ret, " status_file=\"%s\"", sim_dice_chance(d, 500) ? "-" : "/run/qdisk_status");
	flag(d, 60, " watchdog_device=\"/dev/watchdog0\"", ret);
}

static void draw_quorumd(struct sim_dice *d, struct sim_dice *extras, unsigned n_nodes, unsigned odd, struct clu_buf *ret)
{
	unsigned by_chance = 1 + (unsigned)sim_dice_below(d, n_nodes), interval = sim_dice_chance(d, 800) ? 1 : 2;
	unsigned tko = 3 + (unsigned)sim_dice_below(d, 8);

	clu_buf_printf(ret, "<quorumd label=\"glass\" interval=\"%u\" tko=\"%u\"", interval, tko);
	if (odd)
		clu_buf_printf(ret, " votes=\"%u\"", odd - 1);
	else if (sim_dice_chance(d, 250))
		clu_buf_printf(ret, " votes=\"%u\"", by_chance);
	flag(d, 200, " allow_kill=\"0\"", ret);
	flag(d, 200, " io_timeout=\"1\"", ret);
	flag(d, 100, " paranoid=\"1\"", ret);
	flag(d, 100, " max_error_cycles=\"20\"", ret);
	flag(d, 200, " upgrade_wait=\"1\"", ret);
	flag(d, 200, " master_wait=\"3\"", ret);
	flag(d, 200, " tko_up=\"4\"", ret);
	draw_extras(extras, ret);
	draw_heuristics(d, ret);
}

/* In the place of <cman>, whose own way to let one of two nodes go on cannot be had besides. */
static bool put_in(struct clu_buf *conf, const struct clu_buf *quorumd, bool wait)
{
	const char *text = clu_buf_text(conf), *at = strstr(text, "<cman");
	struct clu_buf b = CLU_BUF_INIT;

	if (!at)
		return false;
	clu_buf_append(&b, text, (size_t)(at - text));
	clu_buf_printf(&b, "<cman%s/>\n%s", wait ? " wait_for_all=\"1\"" : "", clu_buf_text(quorumd));
	clu_buf_str(&b, at + strcspn(at, "\n") + 1);
	clu_buf_free(conf);
	*conf = b;
	return true;
}

static unsigned kind(const char *name)
{
	return (unsigned)sim_fault_kind_find(name);
}

static void draw_fault(struct sim_dice *d, const struct sim_plan *p, struct sim_fault *f)
{
	unsigned at = (unsigned)sim_dice_below(d, 100), node = 1 + (unsigned)sim_dice_below(d, p->n_nodes);
	uint64_t span = p->end_us > 5000 * MS ? p->end_us - 5000 * MS : 1;

	*f = (struct sim_fault){ .node = node };
	f->at_us = 5000 * MS + sim_dice_below(d, span);
	if (at < 35) {
		f->kind = kind("qdisk");
		f->num[0] = sim_dice_below(d, SIM_QDISK_NWAYS);
	} else if (at < 42) {
		f->kind = kind("qdisk-power");
		f->num[0] = sim_dice_chance(d, 600);
		f->node = 0;
	} else if (at < 60) {
		f->kind = kind("router");
		f->num[0] = sim_dice_chance(d, 600);
	} else if (at < 66) {
		f->kind = kind("kill");
		f->num[0] = SIM_QDISKD;
	} else if (at < 74) {
		f->kind = kind("hang-daemon");
		f->num[0] = SIM_QDISKD;
		f->num[1] = (100 + sim_dice_below(d, 30000)) * MS;
	} else if (at < 80) {
		f->kind = kind("stop");
		f->num[0] = SIM_QDISKD;
	} else if (at < 90) {
		f->kind = kind("partition");
		f->node = 0;
		for (unsigned i = 1; i <= p->n_nodes; i++)
			f->num[0] |= sim_dice_below(d, 2) << i;
	} else if (at < 95) {
		f->kind = kind("crash");
	} else {
		f->kind = kind("heal");
		f->node = 0;
	}
}

static void add(struct sim_plan *p, uint64_t at_us, const char *name, unsigned node, uint64_t num)
{
	const struct sim_fault f = { .at_us = at_us, .kind = kind(name), .node = node, .num = { num } };

	sim_plan_add(p, &f);
}

/*
 * Each side of a split would like to have the disk: all qdiskd begin anew at about the same time, or the disk comes back
 * for all.
 */
static void draw_contest(struct sim_dice *d, struct sim_plan *p)
{
	uint64_t at_us = p->end_us, sides = 0;
	bool anew = sim_dice_chance(d, 600), slow = sim_dice_chance(d, 600);

	for (unsigned i = 1; i <= p->n_nodes; i++)
		sides |= sim_dice_below(d, 2) << i;
	add(p, at_us, "qdisk-power", 0, !anew);
	add(p, at_us + sim_dice_below(d, 3000) * MS, "partition", 0, sides);
	for (unsigned i = 1; anew && i <= p->n_nodes; i++)
		add(p, at_us + 1500 * MS, "kill", i, SIM_QDISKD);
	/* The slower, the longer do they not see what the other one has just written. */
	for (unsigned i = 1; i <= p->n_nodes; i++)
		add(p, at_us + 2000 * MS, "qdisk", i, slow ? SIM_QDISK_SLOW : SIM_QDISK_WORKS);
	at_us += (15000 + sim_dice_below(d, 15000)) * MS;
	add(p, at_us, "qdisk-power", 0, 0);
	p->end_us = at_us + (10000 + sim_dice_below(d, 20000)) * MS;
}

/* A split that no fencing ends, and one side, maybe the one that has the disk, cannot reach it any more. */
static void draw_hung_side(struct sim_dice *d, struct sim_plan *p)
{
	uint64_t at_us = p->end_us, sides = 0;

	add(p, at_us, "heal", 0, 0);
	add(p, at_us, "qdisk-power", 0, 0);
	add(p, at_us + 20000 * MS, "power-strips", 0, SIM_SWITCH_DEAD);
	for (unsigned i = 1; i <= p->n_nodes; i++) {
		add(p, at_us, "qdisk", i, SIM_QDISK_WORKS);
		add(p, at_us + 20000 * MS, "bmc", i, SIM_SWITCH_DEAD);
		sides |= sim_dice_below(d, 2) << i;
	}
	add(p, at_us + 20000 * MS, "partition", 0, sides);
	at_us += (24000 + sim_dice_below(d, 4000)) * MS;
	for (unsigned i = 1; i <= p->n_nodes; i++)
		if (sides >> i & 1)
			add(p, at_us, "qdisk", i, SIM_QDISK_HANGS);
	p->end_us = at_us + 30000 * MS;
}

/* One is left, or all but one, and then nothing happens for long. */
static void draw_survivors(struct sim_dice *d, struct sim_plan *p)
{
	unsigned one = 1 + (unsigned)sim_dice_below(d, p->n_nodes);
	bool alone = sim_dice_chance(d, 500);

	add(p, p->end_us, "heal", 0, 0);
	add(p, p->end_us, "qdisk-power", 0, 0);
	for (unsigned i = 1; i <= p->n_nodes; i++) {
		add(p, p->end_us, "qdisk", i, SIM_QDISK_WORKS);
		add(p, p->end_us, "router", i, 0);
		add(p, p->end_us, "boot", i, 0);
	}
	p->end_us += (30000 + sim_dice_below(d, 20000)) * MS;
	for (unsigned i = 1; i <= p->n_nodes; i++)
		if ((i == one) != alone)
			add(p, p->end_us, "crash", i, 0);
	p->end_us += 100000 * MS;
}

void sim_qdisk_draw(struct sim_plan *p, uint64_t seed, bool always)
{
	struct clu_buf quorumd = CLU_BUF_INIT;
	struct sim_dice d, extras;
	unsigned n;
	bool wait;

	sim_dice_seed(&d, seed, SALT_OF_QDISKS);
	sim_dice_seed(&extras, seed, SALT_OF_EXTRAS);
	if ((!sim_dice_chance(&d, PER_MILLE) && !always) || p->n_nodes > QDISK_NODES)
		return;
	wait = sim_dice_chance(&d, 100);
	draw_quorumd(&d, &extras, p->n_nodes, odd_votes(&p->conf), &quorumd);
	if (put_in(&p->conf, &quorumd, wait)) {
		/* It takes a while until a disk decides. */
		p->end_us += sim_dice_below(&d, 40000) * MS;
		n = (unsigned)sim_dice_below(&d, 9);
		for (unsigned i = 0; i < n; i++) {
			struct sim_fault f;

			draw_fault(&d, p, &f);
			sim_plan_add(p, &f);
		}
		if (sim_dice_chance(&d, 400))
			draw_contest(&d, p);
		if (sim_dice_chance(&d, 250))
			draw_hung_side(&d, p);
		if (sim_dice_chance(&d, 250))
			draw_survivors(&d, p);
	}
	clu_buf_free(&quorumd);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkqdisk: makes and lists quorum disks. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clu_table.h"
#include "qdisk_dev.h"

#define EXIT_NONE 255		/* no disk found, or none made: as RHEL's mkqdisk ended */

static void usage(FILE *f)
{
	fputs("usage: mkqdisk -L [DEVICE] | -f LABEL | -c DEVICE -l LABEL [-d] [--json]\n"
	      "Makes and lists the quorum disks of qdiskd.\n"
	      "\n"
	      "  -L, --list            list all quorum disks, or this one\n"
	      "  -f, --find=LABEL      list the quorum disk with this label\n"
	      "  -c, --create=DEVICE   make the device a quorum disk: all that is on it is lost\n"
	      "  -l, --label=LABEL     ... and call it so: at most 118 characters\n"
	      "  -d, --debug           list what the nodes have written as well\n"
	      "      --json            list as JSON, and nothing else\n"
	      "  -h, --help            show this text and exit\n"
	      "\n"
	      "Manual: man 8 mkqdisk\n", f);
}

struct listing {
	bool debug;
	json_t *json;		/* NULL: text */
	unsigned count;
};

static void time_text(uint64_t s, char *ret, size_t size)
{
	time_t t = (time_t)s;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(ret, size, "%a %b %e %H:%M:%S %Y", &tm))
		snprintf(ret, size, "?");
}

static void print_status(const struct qdisk_status *s)
{
	char when[64];

	time_text(s->time_s, when, sizeof(when));
	printf("Status block for node %u\n", s->nodeid);
	printf("\tLast updated by node %u\n\tLast updated on %s\n\tState: %s\n\tFlags: %04x\n\tScore: %u/%u\n", s->writer, when,
		qdisk_state_name(s->state), s->flags, s->score, s->max_score);
	printf("\tAverage Cycle speed: %" PRIu64 ".%06" PRIu64 " seconds\n\tLast Cycle speed: %" PRIu64 ".%06" PRIu64
		" seconds\n\tIncarnation: %08x%08x\n", s->average_us / 1000000, s->average_us % 1000000, s->last_us / 1000000,
		s->last_us % 1000000, (unsigned)(s->incarnation >> 32), (unsigned)s->incarnation);
}

static json_t *json_status(const struct qdisk_status *s)
{
	return json_pack("{s:i, s:s, s:i, s:I, s:i, s:i, s:f, s:f}", "node", (int)s->nodeid, "state", qdisk_state_name(s->state),
		"updated_by", (int)s->writer, "updated", (json_int_t)s->time_s, "score", (int)s->score, "max_score",
		(int)s->max_score, "average_cycle_s", (double)s->average_us / 1e6, "last_cycle_s", (double)s->last_us / 1e6);
}

static void list_nodes(struct qdisk_dev *d, json_t *ret)
{
	unsigned char blocks[(QDISK_NODES + 1) * QDISK_USED];
	struct qdisk_status s;
	char why[400];

	if (qdisk_dev_read(d, blocks, why, sizeof(why)) < 0) {
		fprintf(stderr, "mkqdisk: %s\n", why);
		return;
	}
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		if (qdisk_status_unpack(blocks + (size_t)id * QDISK_USED, QDISK_USED, &s) < 0 || s.state == QDISK_NONE)
			continue;
		if (ret)
			json_array_append_new(ret, json_status(&s));
		else
			print_status(&s);
	}
}

static void list_json(struct listing *l, struct qdisk_dev *d, char names[][PATH_MAX], unsigned n_names)
{
	json_t *paths = json_array(), *nodes = json_array();

	for (unsigned i = 0; i < n_names; i++)
		json_array_append_new(paths, json_string(names[i]));
	if (l->debug)
		list_nodes(d, nodes);
	json_array_append_new(l->json, json_pack("{s:o, s:s, s:I, s:s, s:i, s:i, s:o}", "paths", paths, "label", d->header.label,
		"created", (json_int_t)d->header.created_s, "host", d->header.host, "kernel_sector_size", (int)d->sector_bytes,
		"recorded_sector_size", (int)d->header.sector_bytes, "nodes", nodes));
}

static void list(void *ctx, struct qdisk_dev *d, char names[][PATH_MAX], unsigned n_names)
{
	struct listing *l = ctx;
	char when[64];

	l->count++;
	if (l->json) {
		list_json(l, d, names, n_names);
		return;
	}
	time_text(d->header.created_s, when, sizeof(when));
	for (unsigned i = 0; i < n_names; i++)
		printf("%s:\n", names[i]);
	printf("\tMagic:                %08x\n\tLabel:                %s\n\tCreated:              %s\n\tHost:                 %s\n"
	       "\tKernel Sector Size:   %u\n\tRecorded Sector Size: %u\n\n", d->header.magic, d->header.label, when, d->header.host,
		d->sector_bytes, d->header.sector_bytes);
	if (l->debug)
		list_nodes(d, NULL);
}

static int list_disks(const char *path, const char *label, bool debug, bool json)
{
	struct listing l = { .debug = debug, .json = json ? json_array() : NULL };
	char why[400];
	int r = path ? qdisk_dev_look(path, list, &l, why, sizeof(why)) : qdisk_dev_scan(label, list, &l);

	if (r < 0 && path)
		fprintf(stderr, "mkqdisk: %s\n", why);
	else if (r < 0)
		fprintf(stderr, "mkqdisk: the block devices in /sys/class/block cannot be read (%s); mount /sys\n", strerror(-r));
	else if (!l.count && !json)
		fprintf(stderr, "mkqdisk: no quorum disk%s%s%s found; only root sees them\n", label ? " with label '" : "",
			label ? label : "", label ? "'" : "");
	if (json)
		clu_json_print(stdout, l.json);
	json_decref(l.json);
	return r < 0 || !l.count ? EXIT_NONE : 0;
}

/* ---- making ---- */

static void say_node(void *ctx, uint32_t nodeid)
{
	(void)ctx;
	printf("Initializing status block for node %u...\n", nodeid);
}

static void warn_of_old(const char *device)
{
	struct qdisk_dev d = QDISK_DEV_INIT;
	char why[400], when[64];

	if (qdisk_dev_open(&d, device, NULL, why, sizeof(why)) < 0)
		return;
	time_text(d.header.created_s, when, sizeof(when));
	printf("WARNING: %s is a quorum disk already: label '%s', created %s on %s\n", device, d.header.label, when,
		d.header.host);
	qdisk_dev_close(&d);
}

static int create(const char *device, const char *label)
{
	char host[QDISK_HOST_MAX + 1] = "", answer[64] = "", why[400];

	if (!qdisk_label_is_good(label)) {
		fprintf(stderr, "mkqdisk: '%.140s' cannot be a label: give 1 to %d printable characters without a blank at an end\n",
			label, QDISK_LABEL_MAX);
		return EXIT_NONE;
	}
	(void)gethostname(host, sizeof(host) - 1);
	printf("Writing new quorum disk label '%s' to %s.\n", label, device);
	warn_of_old(device);
	printf("WARNING: About to destroy all data on %s; proceed [N/y] ? ", device);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	if (strcmp(answer, "y") != 0) {
		printf("Good thinking.\n");
		return 0;
	}
	if (qdisk_dev_make(device, label, host, (uint64_t)time(NULL), say_node, NULL, why, sizeof(why)) < 0) {
		fprintf(stderr, "mkqdisk: %s\n", why);
		return EXIT_NONE;
	}
	return 0;
}

enum { OPT_JSON = 256 };

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "list", no_argument, NULL, 'L' },
		{ "find", required_argument, NULL, 'f' },
		{ "create", required_argument, NULL, 'c' },
		{ "label", required_argument, NULL, 'l' },
		{ "debug", no_argument, NULL, 'd' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *find = NULL, *device = NULL, *label = NULL;
	bool all = false, debug = false, json = false, help = false, bad = false;
	int c;

	while ((c = getopt_long(argc, argv, "Lf:c:l:dh", longs, NULL)) != -1) {
		switch (c) {
		case 'L':
			all = true;
			break;
		case 'f':
			find = optarg;
			break;
		case 'c':
			device = optarg;
			break;
		case 'l':
			label = optarg;
			break;
		case 'd':
			debug = true;
			break;
		case OPT_JSON:
			json = true;
			break;
		case 'h':
			help = true;
			break;
		default:
			bad = true;
		}
	}
	if (!json || help)
		printf("mkqdisk v%s\n\n", PACKAGE_VERSION);
	if (help) {
		usage(stdout);
		return 0;
	}
	if (bad || optind + all < argc) {
		if (optind < argc)
			fprintf(stderr, "mkqdisk: '%s' is not expected\n", argv[optind]);
		usage(stderr);
		return 1;
	}
	if (all || find)
		return list_disks(optind < argc ? argv[optind] : NULL, all ? NULL : find, debug, json);
	if (!device && !label) {
		usage(stdout);
		return 1;
	}
	if (!device || !label) {
		fprintf(stderr, "Both a device and a label are required\n");
		return 1;
	}
	return create(device, label);
}

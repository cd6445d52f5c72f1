/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ccs_read_logging(): ccs.md 2.7 applied to a daemon's variables. */
#define SYSLOG_NAMES 1
#include "ccs.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

/* COMPAT: bits of the mode of liblogthread, which all users of this function speak. */
enum { MODE_FILE = 1, MODE_SYSLOG = 2 };

struct source {
	int fd;
	const char *name;	/* of the daemon */
};

/* The daemon's own entry before the global one, attribute by attribute. NULL: neither says anything. */
static char *get(const struct source *s, const char *attr)
{
	char query[512], *value = NULL;

	/* A name with a quote in it could ask for something else. */
	if (!strpbrk(s->name, "\"'[]")) {
		snprintf(query, sizeof(query), "/cluster/logging/logging_daemon[@name=\"%s\"]/@%s", s->name, attr);
		if (ccs_get(s->fd, query, &value) == 0)
			return value;
	}
	snprintf(query, sizeof(query), "/cluster/logging/@%s", attr);
	if (ccs_get(s->fd, query, &value) != 0)
		value = NULL;
	return value;
}

static void get_bit(const struct source *s, const char *attr, int bit, int *mode)
{
	char *value = mode ? get(s, attr) : NULL;

	if (value && !strcmp(value, "yes"))
		*mode |= bit;
	else if (value && !strcmp(value, "no"))
		*mode &= ~bit;
	free(value);
}

static void get_code(const struct source *s, const char *attr, const CODE *codes, int *ret)
{
	char *value = ret ? get(s, attr) : NULL;

	for (unsigned i = 0; value && codes[i].c_name; i++)
		if (!strcasecmp(value, codes[i].c_name))
			*ret = codes[i].c_val;
	free(value);
}

void ccs_read_logging(int fd, const char *name, int *debug, int *mode, int *facility, int *sysprio, int *fileprio,
	char *logfile)
{
	struct source s = { fd, name ? name : "" };
	bool asked_for = debug && *debug;
	char *value;

	get_bit(&s, "to_syslog", MODE_SYSLOG, mode);
	get_bit(&s, "to_logfile", MODE_FILE, mode);
	get_code(&s, "syslog_facility", facilitynames, facility);
	get_code(&s, "syslog_priority", prioritynames, sysprio);
	if (!asked_for)
		get_code(&s, "logfile_priority", prioritynames, fileprio);
	value = logfile ? get(&s, "logfile") : NULL;
	if (value && strlen(value) < PATH_MAX)
		memcpy(logfile, value, strlen(value) + 1);
	free(value);
	value = debug && !asked_for ? get(&s, "debug") : NULL;
	if (value && !strcmp(value, "on"))
		*debug = 1;
	else if (value && !strcmp(value, "off"))
		*debug = 0;
	free(value);
	if (debug && *debug && fileprio)
		*fileprio = LOG_DEBUG;
}

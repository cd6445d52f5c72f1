/* SPDX-License-Identifier: GPL-2.0-or-later */
#define SYSLOG_NAMES 1
#include "clu_log_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

struct source {
	const struct clu_node *global, *own;
};

static const char *get(const struct source *s, const char *attr)
{
	const char *v = s->own ? clu_node_attr(s->own, attr) : NULL;

	return v || !s->global ? v : clu_node_attr(s->global, attr);
}

static void take_word(const char *value, const char *yes, const char *no, bool *ret)
{
	if (value && !strcmp(value, yes))
		*ret = true;
	else if (value && !strcmp(value, no))
		*ret = false;
}

static void take_code(const char *value, const CODE *codes, int *ret)
{
	for (; value && codes->c_name; codes++)
		if (!strcasecmp(value, codes->c_name))
			*ret = codes->c_val;
}

/* COMPAT: before there was <logging>, two daemons had settings of their own: a number as syslog has it, and a name. */
static void read_older(const struct clu_conf *conf, const char *daemon, struct clu_log_conf *ret)
{
	const char *element = !strcmp(daemon, "qdiskd") ? "quorumd" : !strcmp(daemon, "rgmanager") ? "rm" : NULL;
	const struct clu_node *n = element ? clu_node_child(clu_conf_root(conf), element) : NULL;
	const char *level = n ? clu_node_attr(n, "log_level") : NULL;

	if (!n)
		return;
	if (level && level[0] >= '0' && level[0] <= '7' && !level[1])
		ret->syslog_priority = ret->logfile_priority = level[0] - '0';
	take_code(clu_node_attr(n, "log_facility"), facilitynames, &ret->facility);
}

void clu_log_conf_read(const struct clu_conf *conf, const char *daemon, bool debug, struct clu_log_conf *ret)
{
	struct source s = { NULL, NULL };
	const char *path;
	bool more = false;

	*ret = (struct clu_log_conf){ .to_syslog = true, .to_logfile = true, .facility = LOG_LOCAL4,
		.syslog_priority = LOG_INFO, .logfile_priority = LOG_INFO };
	if (conf) {
		read_older(conf, daemon, ret);
		s.global = clu_node_child(clu_conf_root(conf), "logging");
	}
	for (const struct clu_node *d = s.global ? clu_node_child(s.global, "logging_daemon") : NULL; d && !s.own;
	     d = clu_node_next(d, "logging_daemon")) {
		const char *name = clu_node_attr(d, "name");

		/* COMPAT: RHEL's qdiskd asked for QDISKD. */
		if (name && !strcasecmp(name, daemon))
			s.own = d;
	}
	take_word(get(&s, "to_syslog"), "yes", "no", &ret->to_syslog);
	take_word(get(&s, "to_logfile"), "yes", "no", &ret->to_logfile);
	take_code(get(&s, "syslog_facility"), facilitynames, &ret->facility);
	take_code(get(&s, "syslog_priority"), prioritynames, &ret->syslog_priority);
	take_code(get(&s, "logfile_priority"), prioritynames, &ret->logfile_priority);
	path = get(&s, "logfile");
	if (path && path[0] == '/' && strlen(path) < sizeof(ret->logfile))
		memcpy(ret->logfile, path, strlen(path) + 1);
	take_word(get(&s, "debug"), "on", "off", &more);
	/* Who asks for more wants to see it in the file, whatever its priority. */
	if (debug || more)
		ret->logfile_priority = LOG_DEBUG;
}

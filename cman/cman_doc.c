/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_doc.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "clu_client.h"
#include "clu_path.h"
#include "clu_store.h"
#include "cman_conf.h"
#include "cman_info.h"
#include "cman_name.h"
#include "cman_over.h"
#include "cman_start.h"

#define VERSION_MS 500		/* a second opinion for status: not worth a long wait */

void cman_doc_print(const struct clu_buf *lines)
{
	const char *p = clu_buf_text(lines);

	while (*p) {
		size_t len = strcspn(p, "\n");

		fprintf(stderr, "%s%.*s\n",
			*p == ' ' || !strncmp(p, "cman_tool: ", 11) ? "" : "cman_tool: ", (int)len, p);
		p += len + (p[len] == '\n');
	}
}

/* ccsd's document, also one that waits for quorum: it is what this node is to join with. -ECONNREFUSED: no ccsd. */
static int ask_ccsd(struct clu_conf **ret, struct clu_buf *errs)
{
	Hawser__CcsdRequest req = HAWSER__CCSD_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	Hawser__CcsdAnswer *a;
	int r;

	req.verb = (char *)"get";
	req.force = true;
	r = clu_client_once_pb("ccsd", &req.base, CLU_CLIENT_DEADLINE_MS, &hawser__ccsd_answer__descriptor, &answer);
	a = (Hawser__CcsdAnswer *)answer;
	if (!r && a && a->document.len)
		r = clu_conf_parse(a->document.data, a->document.len, "cluster.conf", ret, errs);
	else if (!r || r == -ENODATA)
		r = -ECONNREFUSED;	/* it had no document when it started: the file may have come since */
	else if (r != -ECONNREFUSED && a && a->why && *a->why)
		clu_buf_printf(errs, "ccsd: %s\n", a->why);
	else if (r != -ECONNREFUSED)
		clu_client_explain("ccsd", r, errs);
	if (answer)
		protobuf_c_message_free_unpacked(answer, NULL);
	return r;
}

int cman_doc_get(struct clu_conf **ret, enum cman_validate validate, struct clu_buf *errs)
{
	struct clu_buf findings = CLU_BUF_INIT;
	int r = ask_ccsd(ret, errs);

	if (r != -ECONNREFUSED)
		return r;
	r = clu_conf_load(clu_path(CLU_PATH_CONF), ret, errs);
	if (r < 0 || validate == CMAN_VALIDATE_NONE)
		return r;
	r = cman_start_validate(&findings);
	if (r < 0 && validate == CMAN_VALIDATE_FAIL)
		clu_buf_str(errs, clu_buf_text(&findings));
	else
		cman_doc_print(&findings);
	clu_buf_free(&findings);
	return validate == CMAN_VALIDATE_FAIL ? r : 0;
}

uint64_t cman_doc_version(void)
{
	Hawser__CcsdRequest req = HAWSER__CCSD_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	uint64_t version = 0;

	req.verb = (char *)"status";
	if (!clu_client_once_pb("ccsd", &req.base, VERSION_MS, &hawser__ccsd_answer__descriptor, &answer) && answer)
		version = ((Hawser__CcsdAnswer *)answer)->version;
	if (answer)
		protobuf_c_message_free_unpacked(answer, NULL);
	return version;
}

static int make_dirs(const struct cman_plan *p, struct clu_buf *errs)
{
	const char *slash = strrchr(p->logfile, '/');
	const char *dirs[2] = { clu_path(CLU_PATH_RUN), NULL };
	char log[PATH_MAX];

	snprintf(log, sizeof(log), "%.*s", slash && slash != p->logfile ? (int)(slash - p->logfile) : 1, p->logfile);
	dirs[1] = log;
	for (unsigned i = 0; i < 2; i++) {
		int r = clu_path_mkdirs(dirs[i], 0);

		if (r < 0) {
			clu_buf_printf(errs, "folder %s cannot be made: %s; make it, or run this as root\n", dirs[i],
				       strerror(-r));
			return r;
		}
	}
	return 0;
}

int cman_doc_write(const struct cman_plan *p, const struct clu_buf *text, bool starts, char *path, size_t size,
		   struct clu_buf *errs)
{
	static const char *const names[] = { CMAN_DOC_STARTED, CMAN_DOC_RUNNING, "corosync.conf" };
	int r = make_dirs(p, errs);

	if (r < 0)
		return r;
	for (unsigned i = starts ? 0 : 2; !r && i < 3; i++) {
		snprintf(path, size, "%s/%s", clu_path(CLU_PATH_RUN), names[i]);
		r = clu_store_write(path, text->data, text->len, 0640);
	}
	if (r < 0)
		clu_buf_printf(errs, "%s cannot be written: %s; run this as root, and check the space there\n", path,
			       strerror(-r));
	return r;
}

int cman_doc_plan(const struct clu_conf *conf, const char *node_name, const struct cman_overrides *over,
		  struct cman_plan *plan, struct clu_buf *text, struct clu_buf *warns, struct clu_buf *errs)
{
	static char keyfile[PATH_MAX], logfile[PATH_MAX];
	struct cman_plan_in in = { .conf = conf, .over = *over, .default_keyfile = keyfile, .default_logfile = logfile,
				   .resolve = cman_name_resolve };
	int faults;

	snprintf(keyfile, sizeof(keyfile), "%s/corosync.key", clu_path(CLU_PATH_KEYS));
	snprintf(logfile, sizeof(logfile), "%s/corosync.log", clu_path(CLU_PATH_LOG));
	in.own_name = cman_name_own(conf, node_name, errs);
	if (!in.own_name)
		return -ENOENT;
	faults = cman_plan_make(&in, plan, errs, warns);
	if (!faults)
		faults = cman_conf_write(plan, text, errs, warns);
	return faults ? -EINVAL : 0;
}

int cman_doc_plan_running(const struct cman_info *info, const struct clu_conf *conf, struct cman_plan *plan,
			  struct clu_buf *text, struct clu_buf *warns, struct clu_buf *errs)
{
	static char joined_with[CMAN_OVER_TEXT];	/* the plan points into it */
	const struct cman_member *own = cman_info_own(info);
	struct cman_overrides over;

	snprintf(joined_with, sizeof(joined_with), "%s", info->joined_with);
	if (cman_over_unpack(joined_with, &over) < 0) {
		clu_buf_str(errs, "what this node was joined with cannot be read any more: leave and join again\n");
		return -EINVAL;
	}
	return cman_doc_plan(conf, own ? own->name : NULL, &over, plan, text, warns, errs);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool upgrade: an archive of GFS 6.0 as cluster.conf on the standard output. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ccs_old.h"
#include "ccs_tool.h"
#include "ccs_tool_doc.h"

/* A key that can stand as an attribute; what cannot is said. */
static void set_attr(xmlNode *n, const struct ccs_old *o)
{
	if (!o->n_values)
		return;
	if (xmlValidateNCName((const xmlChar *)o->key, 0) != 0)
		fprintf(stderr, "ccs_tool: parameter \"%s\" cannot stand in cluster.conf and is left out\n", o->key);
	else
		ccs_doc_set(n, o->key, o->values[0]);
}

static void add_fence(xmlNode *node, const struct ccs_old *fence)
{
	xmlNode *f = ccs_doc_add(node, "fence");

	for (const struct ccs_old *m = fence->child; m; m = m->next) {
		xmlNode *method = ccs_doc_add(f, "method");

		ccs_doc_set(method, "name", m->key);
		for (const struct ccs_old *d = m->child; d; d = d->next) {
			xmlNode *device = ccs_doc_add(method, "device");

			ccs_doc_set(device, "name", d->key);
			for (const struct ccs_old *p = d->child; p; p = p->next)
				set_attr(device, p);
		}
	}
}

static void add_nodes(xmlNode *root, const struct ccs_old *nodes)
{
	xmlNode *list = ccs_doc_add(root, "clusternodes");

	for (const struct ccs_old *o = nodes ? nodes->child : NULL; o; o = o->next) {
		xmlNode *n = ccs_doc_add(list, "clusternode");
		const struct ccs_old *fence = ccs_old_find(o->child, "fence");

		ccs_doc_set(n, "name", o->key);
		ccs_doc_set(n, "votes", "1");
		if (fence)
			add_fence(n, fence);
	}
}

static void add_devices(xmlNode *root, const struct ccs_old *devices)
{
	xmlNode *list = ccs_doc_add(root, "fencedevices");

	for (const struct ccs_old *o = devices ? devices->child : NULL; o; o = o->next) {
		xmlNode *n = ccs_doc_add(list, "fencedevice");

		ccs_doc_set(n, "name", o->key);
		for (const struct ccs_old *p = o->child; p; p = p->next)
			set_attr(n, p);
	}
}

static int build(const struct ccs_old *cluster, const struct ccs_old *nodes, const struct ccs_old *fence, struct ccs_doc *d)
{
	const struct ccs_old *c = ccs_old_find(cluster, "cluster"), *name = c ? ccs_old_find(c->child, "name") : NULL, *servers;
	xmlNode *root = xmlNewNode(NULL, (const xmlChar *)"cluster"), *gulm;

	d->xml = xmlNewDoc((const xmlChar *)"1.0");
	xmlDocSetRootElement(d->xml, root);
	if (!name || !name->n_values)
		return ccs_fail("cluster.ccs in the archive names no cluster: correct it there");
	ccs_doc_set(root, "name", name->values[0]);
	ccs_doc_set(root, "config_version", "1");
	gulm = ccs_doc_add(root, "gulm");
	servers = ccs_old_find(c->child, "lock_gulm");
	servers = servers ? ccs_old_find(servers->child, "servers") : NULL;
	for (unsigned i = 0; servers && i < servers->n_values; i++)
		ccs_doc_set(ccs_doc_add(gulm, "lockserver"), "name", servers->values[i]);
	add_nodes(root, ccs_old_find(nodes, "nodes"));
	add_devices(root, ccs_old_find(fence, "fence_devices"));
	return 0;
}

static int read_range(int fd, uint64_t offset, uint64_t len, struct clu_buf *ret)
{
	char *p = clu_buf_grow(ret, len);
	uint64_t at = 0;

	while (p && at < len) {
		ssize_t n = pread(fd, p + at, len - at, (off_t)(offset + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			ret->len -= len - at;
			return n < 0 ? -errno : 1;
		}
		at += (uint64_t)n;
	}
	return p ? 0 : -ENOMEM;
}

/* The archive, out of a file or from behind the header of a device. */
static int read_archive(const char *location, struct clu_buf *ret)
{
	int fd = open(location, O_RDONLY | O_CLOEXEC | O_NOCTTY), r = fd < 0 ? -errno : 0;
	uint64_t offset, len;

	if (r == 0)
		r = read_range(fd, 0, CCS_OLD_BLOCK, ret);
	if (r >= 0 && ccs_old_device(ret->data, ret->len, &offset, &len) == 0) {
		clu_buf_free(ret);
		r = read_range(fd, offset, len, ret);
	} else if (r == 0) {
		r = read_range(fd, CCS_OLD_BLOCK, CCS_OLD_MAX_BYTES - CCS_OLD_BLOCK, ret);
		r = r == 0 ? -EFBIG : r;
	}
	if (fd >= 0)
		close(fd);
	if (r < 0)
		(void)ccs_fail("%s cannot be read: %s; name the archive or the device that holds it", location, strerror(-r));
	return r < 0 ? r : 0;
}

int ccs_tool_upgrade(int argc, char **argv)
{
	static const char *const names[] = { "cluster.ccs", "nodes.ccs", "fence.ccs" };
	struct ccs_old *part[3] = { NULL };
	struct clu_buf archive = CLU_BUF_INIT, why = CLU_BUF_INIT;
	struct ccs_doc d = CCS_DOC_INIT;
	int r;

	if (argc < 2) {
		fputs("Too few arguments.\nTry 'ccs_tool help' for help.\n", stderr);
		return 1;
	}
	r = read_archive(argv[1], &archive);
	for (unsigned i = 0; i < 3 && r == 0; i++) {
		r = ccs_old_parse(&archive, names[i], &part[i], &why);
		if (r == -ENOENT)
			(void)ccs_fail("%s is no archive of GFS 6.0: there is no %s in it", argv[1], names[i]);
		else if (r < 0)
			(void)ccs_fail("%s: %s", argv[1], why.len ? clu_buf_text(&why) : strerror(-r));
	}
	if (r == 0)
		r = build(part[0], part[1], part[2], &d);
	if (r == 0)
		r = ccs_doc_write(&d, "-");
	if (r == 0)
		fputs("ccs_tool: gulm is no longer there: remove <gulm>, number the nodes with \"ccs_tool addnodeids\", and "
			"check the result with ccs_config_validate\n", stderr);
	for (unsigned i = 0; i < 3; i++)
		ccs_old_free(part[i]);
	ccs_doc_free(&d);
	clu_buf_free(&why);
	clu_buf_free(&archive);
	return r < 0;
}

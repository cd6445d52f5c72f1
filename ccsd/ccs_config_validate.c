/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_config_validate: is this cluster.conf valid? See ccs_config_validate(8). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ccs_config_validate.h"
#include "ccs_running.h"
#include "clu_path.h"
#include "clu_store.h"

/* COMPAT: what the historical script gave: that of xmllint, and its own for the rest. */
enum { EXIT_VALID = 0, EXIT_INVALID = 3, EXIT_NO_VERSION = 253, EXIT_NOT_NEWER = 254, EXIT_OTHER = 255 };

#define MAX_FINDINGS 10000	/* of each severity: as good as all, and yet bounded */
#define RUNNING "cluster.conf"	/* the name of the configuration in force in what is said */

struct args {
	struct ccs_validate_say say;
	const char *copy;		/* -t */
	const char *schema;
	uint64_t newer_than;		/* -R */
	bool running, lax, overwrite, keep;
	unsigned sources;
};

static void usage(FILE *f)
{
	fputs("Usage: ccs_config_validate [options]\n"
		"Checks a cluster.conf and says everything that is wrong with it.\n\n"
		"  -f, --file=FILE     the file to check (default: the one of this node)\n"
		"  -l FILE             the same\n"
		"  -r, --running       check the configuration in force, from ccsd\n"
		"  -C LOADER           xmlconfig: the file of this node; there is no other\n"
		"  -L, --lax           what no program reads is a warning and no error\n"
		"  -R VERSION          config_version must be greater than this\n"
		"  -v, --verbose       with notes: times that follow, settings that nothing reads\n"
		"  -j, --json          as JSON\n"
		"  -q, --quiet         print nothing, only set the exit code\n"
		"  -t FILE             write what is checked to FILE, and remove it at the end\n"
		"  -o                  -t may overwrite\n"
		"  -n                  keep the file of -t (without -t: a new one, which is named)\n"
		"  -u                  accepted: the schema is never made anew\n"
		"  -s, --schema=FILE   use this schema in place of the installed one\n"
		"  -h, --help          this text\n"
		"  -V, --version       the version\n\n"
		"Exit code: 0 valid, 3 not valid, 253 no version (-R), 254 version not greater (-R),\n"
		"255 could not be checked, or wrong use.\n", f);
}

static int misuse(const char *text)
{
	fprintf(stderr, "ccs_config_validate: %s; see --help\n", text);
	return EXIT_OTHER;
}

static int read_document(const struct args *a, struct clu_buf *ret, struct clu_buf *why)
{
	int r;

	if (a->running)
		return ccs_running_get(ret, why);
	r = clu_store_read(a->say.file, CLU_CONF_MAX_BYTES, ret);
	if (r == -EFBIG)
		clu_buf_printf(why, "%s: larger than %u bytes, which is the limit; is it the right file?\n", a->say.file,
			CLU_CONF_MAX_BYTES);
	else if (r < 0)
		clu_buf_printf(why, "%s: cannot be read: %s; name another file with -f\n", a->say.file, strerror(-r));
	return r;
}

/* A copy of what is checked, for the user's own tools. Its name in path. It holds passwords: nobody else may read it. */
static int write_copy(const struct args *a, const struct clu_buf *document, char *path, size_t size, struct clu_buf *why)
{
	const char *dir = getenv("TMPDIR");
	int fd, r = 0;
	FILE *f;

	*path = '\0';
	if (!a->copy && !a->keep)
		return 0;
	if (a->copy)
		snprintf(path, size, "%s", a->copy);
	else
		snprintf(path, size, "%s/ccs_config_validate.XXXXXX", dir && *dir ? dir : "/tmp");
	if (a->copy)
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (a->overwrite ? O_TRUNC : O_EXCL), 0600);
	else
		fd = mkostemp(path, O_CLOEXEC);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		r = -errno;
	else if (fwrite(clu_buf_text(document), 1, document->len, f) != document->len)
		r = -EIO;
	if (f && fclose(f) != 0 && !r)
		r = -errno;
	if (r < 0)
		clu_buf_printf(why, "%s: cannot be written: %s; %s\n", path, strerror(-r), r == -EEXIST ?
			"-o overwrites it" : "name another file with -t");
	return r;
}

/* What -R asks for. */
static int check_version(const struct args *a, const struct ccsd_report *r)
{
	uint64_t version = r->conf ? clu_conf_version(r->conf) : 0;

	if (!a->newer_than || version > a->newer_than)
		return EXIT_VALID;
	if (!a->say.quiet && !version)
		fprintf(stderr, "ccs_config_validate: %s: no config_version found in it; add one\n", a->say.file);
	else if (!a->say.quiet)
		fprintf(stderr, "ccs_config_validate: %s: config_version %" PRIu64 " is not greater than %" PRIu64 "; raise it\n",
			a->say.file, version, a->newer_than);
	return version ? EXIT_NOT_NEWER : EXIT_NO_VERSION;
}

static int check(const struct args *a, const struct ccsd_schema *schema, const struct clu_buf *document, struct clu_buf *why)
{
	struct ccsd_report report;
	int version, r = ccsd_check(schema, document->data, document->len, a->say.file, a->lax, MAX_FINDINGS, &report);
	int exit_code = r == 0 ? EXIT_VALID : EXIT_INVALID;

	if (r < 0 && r != -EINVAL && r != -EBADMSG && r != -EMSGSIZE) {
		clu_buf_printf(why, "%s: could not be checked: %s\n", a->say.file, strerror(-r));
		ccs_validate_say_failed(&a->say, clu_buf_text(why));
		exit_code = EXIT_OTHER;
	} else {
		version = check_version(a, &report);
		if (version)
			exit_code = version;
		ccs_validate_say(&a->say, &report, exit_code == EXIT_VALID);
	}
	ccsd_report_free(&report);
	return exit_code;
}

static int validate(const struct args *a)
{
	struct clu_buf document = CLU_BUF_INIT, why = CLU_BUF_INIT;
	struct ccsd_schema *schema = NULL;
	char copy[PATH_MAX] = "";
	int exit_code = EXIT_OTHER;

	if (ccsd_schema_load(a->schema, &schema, &why) < 0 || read_document(a, &document, &why) < 0 ||
	    write_copy(a, &document, copy, sizeof(copy), &why) < 0) {
		ccs_validate_say_failed(&a->say, clu_buf_text(&why));
	} else {
		ccsd_schema_agents(schema, ccsd_agent_installed);
		exit_code = check(a, schema, &document, &why);
		if (*copy && !a->keep)
			(void)unlink(copy);
		else if (*copy && !a->say.quiet)
			fprintf(stderr, "ccs_config_validate: what was checked is kept in %s\n", copy);
	}
	ccsd_schema_free(schema);
	if (document.data)
		explicit_bzero(document.data, document.len);
	clu_buf_free(&document);
	clu_buf_free(&why);
	return exit_code;
}

static bool read_number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *ret;
}

/* EXIT_VALID: to be checked; else the program ends, *done tells that with 0. */
static int read_args(int argc, char **argv, struct args *a, bool *done)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' }, { "running", no_argument, NULL, 'r' },
		{ "lax", no_argument, NULL, 'L' }, { "json", no_argument, NULL, 'j' },
		{ "schema", required_argument, NULL, 's' }, { "verbose", no_argument, NULL, 'v' },
		{ "quiet", no_argument, NULL, 'q' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "f:l:rC:LR:vjqt:onus:hV", options, NULL)) >= 0) {
		switch (c) {
		case 'f':
		case 'l':
			a->say.file = optarg;
			a->sources++;
			break;
		case 'r':
			a->running = true;
			a->say.file = RUNNING;
			a->sources++;
			break;
		case 'C':
			if (strcmp(optarg, "xmlconfig") != 0)
				return misuse("-C: the only loader is xmlconfig: the configuration is a file here, which ccsd spreads");
			a->sources++;
			break;
		case 'L':
			a->lax = true;
			break;
		case 'R':
			if (!read_number(optarg, &a->newer_than))
				return misuse("-R: the version is a whole number from 1");
			break;
		case 'v':
			a->say.verbose = true;
			break;
		case 'j':
			a->say.json = true;
			break;
		case 'q':
			a->say.quiet = true;
			break;
		case 't':
			a->copy = optarg;
			break;
		case 'o':
			a->overwrite = true;
			break;
		case 'n':
			a->keep = true;
			break;
		case 'u':
			break;
		case 's':
			a->schema = optarg;
			break;
		case 'h':
			usage(stdout);
			*done = true;
			return EXIT_VALID;
		case 'V':
			puts("ccs_config_validate (hawser) " PACKAGE_VERSION);
			*done = true;
			return EXIT_VALID;
		default:
			usage(stderr);
			return EXIT_OTHER;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ccs_config_validate: argument \"%s\" not understood: files are named with -f; see --help\n",
			argv[optind]);
		return EXIT_OTHER;
	}
	if (a->sources > 1)
		return misuse("-f, -l, -r and -C name what is checked: give one of them");
	if (a->say.quiet && (a->say.verbose || a->say.json))
		return misuse("-q prints nothing: it excludes -v and --json");
	if (a->overwrite && !a->copy)
		return misuse("-o is about the file of -t: name one");
	return EXIT_VALID;
}

int main(int argc, char **argv)
{
	struct args a = { .say.file = clu_path(CLU_PATH_CONF) };
	char schema[PATH_MAX];
	bool done = false;
	int r;

	snprintf(schema, sizeof(schema), "%s/cluster.rng", clu_path(CLU_PATH_DATA));
	a.schema = schema;
	r = read_args(argc, argv, &a, &done);
	return r || done ? r : validate(&a);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive of GFS 6.0 behind "ccs_tool upgrade": the whole command, with the input as a file or a device. What it
 * prints with the exit code 0 is a document that can be read.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "ccs_old.h"
#include "ccs_tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int in = -1, out = -1, own_stdout = -1;
static char location[32];

static void prepare(void)
{
	FILE *nowhere = fopen("/dev/null", "we");

	in = memfd_create("archive", MFD_CLOEXEC);
	out = memfd_create("document", MFD_CLOEXEC);
	own_stdout = dup(STDOUT_FILENO);
	if (in < 0 || out < 0 || own_stdout < 0 || !nowhere)
		abort();
	snprintf(location, sizeof(location), "/proc/self/fd/%d", in);
	stderr = nowhere;	/* a line for nearly every input */
}

static void must_be_readable(void)
{
	struct stat st;
	char *text;
	xmlDoc *doc;

	if (fstat(out, &st) < 0 || !(text = malloc((size_t)st.st_size + 1)) || pread(out, text, (size_t)st.st_size, 0) != st.st_size)
		abort();
	doc = xmlReadMemory(text, (int)st.st_size, "document", NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!doc)
		abort();
	xmlFreeDoc(doc);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char command[] = "upgrade", *argv[] = { command, location, NULL };
	int code;

	if (in < 0)
		prepare();
	if (ftruncate(in, 0) < 0 || pwrite(in, data, size, 0) != (ssize_t)size || ftruncate(out, 0) < 0 || lseek(out, 0, SEEK_SET) < 0)
		abort();
	fflush(stdout);
	if (dup2(out, STDOUT_FILENO) < 0)
		abort();
	code = ccs_tool_upgrade(2, argv);
	fflush(stdout);
	if (dup2(own_stdout, STDOUT_FILENO) < 0)
		abort();
	if (code == 0)
		must_be_readable();
	return 0;
}

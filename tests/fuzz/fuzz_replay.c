/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for libFuzzer: runs a fuzz target over every file of the corpus
 * folders given, and over each with single bytes changed, so that the corpus is
 * a test of its own in every build.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REPLAY_MAX_BYTES (1u << 20)

static unsigned long runs;

static void run(const uint8_t *data, size_t size)
{
	/* A copy of the exact size: sanitizers see every read behind the end. */
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	runs++;
}

static int replay_file(const char *path)
{
	static uint8_t buf[REPLAY_MAX_BYTES];
	FILE *f = fopen(path, "re");
	uint64_t rng = 88172645463325252u;
	size_t n;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	run(buf, n);
	for (unsigned i = 0; n && i < 200; i++) {
		uint8_t keep;
		size_t at;

		rng ^= rng << 13;
		rng ^= rng >> 7;
		rng ^= rng << 17;
		at = rng % n;
		keep = buf[at];
		buf[at] = (uint8_t)(rng >> 40);
		run(buf, i % 4 ? n : at);
		buf[at] = keep;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int bad = argc < 2;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		struct dirent *e;

		if (!d) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
			return 1;
		}
		while ((e = readdir(d))) {
			char path[4096];

			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			bad |= replay_file(path) < 0;
		}
		closedir(d);
	}
	printf("%lu inputs\n", runs);
	return bad || runs == 0;
}

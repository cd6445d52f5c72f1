/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool sim_words_cut(struct sim_words *ret, char *line)
{
	*ret = (struct sim_words){ .n = 0 };
	for (char *p = line + strspn(line, " \t\r"); *p && *p != '#'; p += strspn(p, " \t\r")) {
		if (ret->n == SIM_MAX_WORDS)
			return false;
		ret->w[ret->n++] = p;
		p += strcspn(p, " \t\r");
		if (*p)
			*p++ = '\0';
	}
	return true;
}

const char *sim_words_take(struct sim_words *w)
{
	return w->at < w->n ? w->w[w->at++] : NULL;
}

bool sim_words_skip(struct sim_words *w, const char *word)
{
	if (w->at >= w->n || strcmp(w->w[w->at], word) != 0)
		return false;
	w->at++;
	return true;
}

bool sim_read_number(const char *word, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*word)
		return false;
	for (; *word; word++) {
		unsigned digit = (unsigned)(*word - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return true;
}

bool sim_read_seconds(const char *word, uint64_t *ret_us)
{
	char whole[24];
	size_t n = strcspn(word, ".");
	uint64_t us, unit = 100000;

	if (n >= sizeof(whole))
		return false;
	memcpy(whole, word, n);
	whole[n] = '\0';
	if (!sim_read_number(whole, &us) || us > SIM_MAX_SPAN_US / 1000000)
		return false;
	us *= 1000000;
	if (word[n] == '.') {
		word += n + 1;
		if (!*word)
			return false;
		for (; *word; word++, unit /= 10) {
			if (*word < '0' || *word > '9' || !unit)
				return false;
			us += (uint64_t)(*word - '0') * unit;
		}
	}
	if (us > SIM_MAX_SPAN_US)
		return false;
	*ret_us = us;
	return true;
}

bool sim_read_node(const char *word, unsigned n_nodes, unsigned *ret)
{
	uint64_t id;

	if (word[0] != 'n' || word[1] == '0' || !sim_read_number(word + 1, &id) || id > n_nodes)
		return false;
	*ret = (unsigned)id;
	return true;
}

void sim_write_seconds(uint64_t us, struct clu_buf *ret)
{
	char frac[8];
	size_t n;

	clu_buf_printf(ret, "%" PRIu64, us / 1000000);
	snprintf(frac, sizeof(frac), "%06u", (unsigned)(us % 1000000));
	for (n = 6; n && frac[n - 1] == '0'; n--)
		frac[n - 1] = '\0';
	if (n)
		clu_buf_printf(ret, ".%s", frac);
}

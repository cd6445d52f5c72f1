/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_shell_priv.h"

#define FIRST_LONG 256		/* values of options without a letter */
#define FIRST_COMMON 512	/* ... of common ones whose letter the daemon uses for something else */

static const struct common {
	char letter;
	const char *name, *help;
	bool watchdog;		/* only for daemons that have one */
} commons[] = {
	{ 'f', "foreground", "stay in the foreground, log to standard error as well", false },
	{ 'D', "debug", "log more, to standard error as well when in the foreground", false },
	{ 'N', "no-watchdog", "do not reset this machine, whatever becomes of the daemon", true },
	{ 'h', "help", "show this text and exit", false },
	{ 'V', "version", "show the version and exit", false },
};
#define N_COMMONS (sizeof(commons) / sizeof(*commons))

static bool offered(const struct clu_daemon *d, const struct common *c)
{
	return !c->watchdog || (d->want & (CLU_WANT_WATCHDOG | CLU_WANT_RESET));
}

/* A daemon's own meaning of a letter, older than this suite, comes before the common one; the long name stays. */
static char letter_of(const struct clu_daemon *d, const struct common *c)
{
	for (unsigned i = 0; i < d->n_opts; i++)
		if (d->opts[i].letter == c->letter)
			return 0;
	return c->letter;
}

static void line(char letter, const char *name, const char *arg, const char *help)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", name, arg ? "=" : "", arg ? arg : "");
	if (letter)
		printf("  -%c, %-26s %s\n", letter, left, help);
	else
		printf("      %-26s %s\n", left, help);
}

static void help(const struct clu_daemon *d)
{
	printf("Usage: %s [OPTION]...\n%s\n\n", d->ops->name, d->summary);
	for (unsigned i = 0; i < d->n_opts; i++)
		line(d->opts[i].letter, d->opts[i].name, d->opts[i].arg, d->opts[i].help);
	for (unsigned i = 0; i < N_COMMONS; i++)
		if (offered(d, &commons[i]))
			line(letter_of(d, &commons[i]), commons[i].name, NULL, commons[i].help);
	printf("\nManual: man 8 %s\n", d->ops->name);
}

static int take(struct clu_shell *s, int c, const char *value, int *ret_exit)
{
	const struct clu_daemon *d = s->d;
	int r;

	for (unsigned i = 0; i < d->n_opts; i++) {
		if (c != (d->opts[i].letter ? d->opts[i].letter : FIRST_LONG + (int)i))
			continue;
		r = d->opts[i].set(d->opt_ctx, value);
		if (r < 0)
			fprintf(stderr, "%s: --%s %s cannot be used (%s); see '%s --help'\n", d->ops->name,
				d->opts[i].name, value ? value : "", strerror(-r), d->ops->name);
		*ret_exit = 2;
		return r;
	}
	if (c >= FIRST_COMMON)
		c = commons[c - FIRST_COMMON].letter;
	switch (c) {
	case 'f':
		s->foreground = true;
		return 0;
	case 'D':
		s->debug = true;
		return 0;
	case 'N':
		s->no_watchdog = true;
		return 0;
	case 'h':
		help(d);
		*ret_exit = 0;
		return -ECANCELED;
	case 'V':
		printf("%s %s\n", d->ops->name, PACKAGE_VERSION);
		*ret_exit = 0;
		return -ECANCELED;
	default:
		fprintf(stderr, "See '%s --help'.\n", d->ops->name);	/* getopt has said what is wrong */
		*ret_exit = 2;
		return -EINVAL;
	}
}

int clu_shell_opts(struct clu_shell *s, int argc, char **argv, int *ret_exit)
{
	const struct clu_daemon *d = s->d;
	struct option *longs = calloc(d->n_opts + N_COMMONS + 1, sizeof(*longs));
	char *letters = calloc(d->n_opts + N_COMMONS + 1, 2), *at = letters;
	unsigned n = 0;
	int c, r = 0;
	char letter;

	*ret_exit = 1;
	if (!longs || !letters)
		r = -ENOMEM;
	for (unsigned i = 0; !r && i < d->n_opts; i++) {
		const struct clu_daemon_opt *o = &d->opts[i];

		longs[n++] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL,
			o->letter ? o->letter : FIRST_LONG + (int)i };
		if (o->letter)
			*at++ = o->letter;
		if (o->letter && o->arg)
			*at++ = ':';
	}
	for (unsigned i = 0; !r && i < N_COMMONS; i++) {
		if (!offered(d, &commons[i]))
			continue;
		letter = letter_of(d, &commons[i]);
		longs[n++] = (struct option){ commons[i].name, no_argument, NULL, letter ? letter : FIRST_COMMON + (int)i };
		if (letter)
			*at++ = letter;
	}
	while (!r && (c = getopt_long(argc, argv, letters, longs, NULL)) >= 0)
		r = take(s, c, optarg, ret_exit);
	if (!r && optind < argc) {
		fprintf(stderr, "%s: '%s' is not an option, and nothing else is expected; see '%s --help'\n", d->ops->name,
			argv[optind], d->ops->name);
		*ret_exit = 2;
		r = -EINVAL;
	}
	free(longs);
	free(letters);
	return r;
}

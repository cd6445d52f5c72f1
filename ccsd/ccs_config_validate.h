/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ccs_config_validate says, as lines or as JSON. */
#ifndef CCS_CONFIG_VALIDATE_H
#define CCS_CONFIG_VALIDATE_H

#include "ccsd_validate.h"

struct ccs_validate_say {
	const char *file;	/* the name in what is said */
	bool quiet, verbose, json;
};

/* The findings, and whether it is valid. valid: also the version is as wanted. */
void ccs_validate_say(const struct ccs_validate_say *how, const struct ccsd_report *r, bool valid);
/* It could not be checked; why: lines. */
void ccs_validate_say_failed(const struct ccs_validate_say *how, const char *why);

#endif

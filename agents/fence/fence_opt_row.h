/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the two files that walk the option table of an agent. */
#ifndef FENCE_OPT_ROW_H
#define FENCE_OPT_ROW_H

#include "fence_opt.h"

/* The agent's own rows, then the common ones; NULL at the end. */
const struct fence_opt *fence_opt_row(const struct fence_agent *a, unsigned i);

#endif

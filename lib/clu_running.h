/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is a daemon of the suite running on this node? Told by its lock file, so also when it hangs. */
#ifndef CLU_RUNNING_H
#define CLU_RUNNING_H

#include <stdbool.h>

bool clu_running(const char *daemon);

#endif

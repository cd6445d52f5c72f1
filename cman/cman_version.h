/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version of the installed corosync. */
#ifndef CMAN_VERSION_H
#define CMAN_VERSION_H

#include <stddef.h>

/* "3.1.7" in ret (size bytes), "" when it cannot be told. Runs "corosync -v", for 5 s at most. */
void cman_version_corosync(char *ret, size_t size);

/* -1, 0, 1: a is older than, the same as, newer than b; numbers between dots, what else follows is not looked at. Pure. */
int cman_version_compare(const char *a, const char *b);

#endif

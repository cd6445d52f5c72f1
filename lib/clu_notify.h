/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A word to the service manager: the protocol of sd_notify(3), a datagram of NAME=value lines to the socket that
 * NOTIFY_SOCKET names. Without that variable nothing happens.
 */
#ifndef CLU_NOTIFY_H
#define CLU_NOTIFY_H

#include <stdint.h>

/* 0 also when nobody wants to know; negative errno when the manager could not be told. Never waits. */
int clu_notify(const char *text);
/* The manager ends this process if it does not hear WATCHDOG=1 for so long; 0 = it does not. */
uint64_t clu_notify_watchdog_ms(void);

#endif

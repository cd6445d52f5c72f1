/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fenced's word on its way to rgmanager, as lib/clu_shell_peers.c brings it: none overtakes another, and while
 * rgmanager's group has not come to know all who are there, the last one is kept back.
 */
#ifndef SIM_NEWS_H
#define SIM_NEWS_H

#include "sim_world.h"

/* rgmanager asks fenced once, and hears every change then. */
void sim_news_subscribe(struct sim_world *w, struct sim_node *n);
bool sim_news_is_subscription(uint64_t client);
/* fenced has spoken; data is copied. */
void sim_news_send(struct sim_world *w, struct sim_node *n, const void *data, size_t len);
/* Its group has told rgmanager something: what was kept back may be due. */
void sim_news_merged(struct sim_world *w, struct sim_node *n);
/* The connection, or the daemon, has ended. */
void sim_news_forget(struct sim_daemon *d);

#endif

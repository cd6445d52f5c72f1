/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layouts that programs built against the historical libcman.so.3 have in them, on 64-bit machines. */
#include <stddef.h>

#include <libcman.h>

#define HAS(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define IS(constant, value) _Static_assert((constant) == (value), #constant)

#if __SIZEOF_LONG__ == 8
SIZE(cman_node_address_t, 32);
HAS(cman_node_address_t, cna_address, 4);

SIZE(cman_node_t, 320);
HAS(cman_node_t, cn_nodeid, 0);
HAS(cman_node_t, cn_address, 4);
HAS(cman_node_t, cn_name, 36);
HAS(cman_node_t, cn_member, 292);
HAS(cman_node_t, cn_incarnation, 296);
HAS(cman_node_t, cn_jointime, 304);

SIZE(cman_node_extra_t, 20);
HAS(cman_node_extra_t, cnx_leave_reason, 16);

SIZE(cman_version_t, 16);
HAS(cman_version_t, cv_config, 12);

SIZE(cman_cluster_t, 24);
HAS(cman_cluster_t, ci_number, 18);
HAS(cman_cluster_t, ci_generation, 20);

SIZE(cman_extra_info_t, 68);
HAS(cman_extra_info_t, ei_members, 24);
HAS(cman_extra_info_t, ei_ports, 28);
HAS(cman_extra_info_t, ei_num_addresses, 60);
HAS(cman_extra_info_t, ei_addresses, 64);

SIZE(cman_qdev_info_t, 264);
HAS(cman_qdev_info_t, qi_state, 256);
HAS(cman_qdev_info_t, qi_votes, 260);
#endif

IS(CMAN_REASON_PORTCLOSED, 0);
IS(CMAN_REASON_STATECHANGE, 1);
IS(CMAN_REASON_PORTOPENED, 2);
IS(CMAN_REASON_TRY_SHUTDOWN, 3);
IS(CMAN_REASON_CONFIG_UPDATE, 4);
IS(CMAN_DISPATCH_ONE, 0);
IS(CMAN_DISPATCH_ALL, 1);
IS(CMAN_DISPATCH_BLOCKING, 2);
IS(CMAN_DISPATCH_IGNORE_EVENT, 16);
IS(CMAN_NODESTATE_DISALLOWED, 5);
IS(CMAN_EXTRA_FLAG_DISALLOWED_ENABLED, 32);
IS(CMAN_LEAVEFLAG_NORESPONSE, 7);
IS(CMAN_LEAVEFLAG_FORCE, 16);
IS(CMAN_SHUTDOWN_REMOVED, 2);
IS(CMAN_NODEID_QDISK, -1);

/* The types of the calls. */
cman_handle_t (*const init_fn)(void *) = cman_init;
int (*const get_nodes_fn)(cman_handle_t, int, int *, cman_node_t *) = cman_get_nodes;
int (*const send_fn)(cman_handle_t, const void *, int, int, uint8_t, int) = cman_send_data;
int (*const recv_fn)(cman_handle_t, cman_datacallback_t, uint8_t) = cman_start_recv_data;
int (*const register_fn)(cman_handle_t, char *, int) = cman_register_quorum_device;
int (*const fence_fn)(cman_handle_t, int, uint64_t *, int *, char *) = cman_get_fenceinfo;

int main(void)
{
	cman_handle_t h = init_fn(NULL);

	/* Without a cluster there is none. */
	return h != NULL;
}

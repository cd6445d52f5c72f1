/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes by datagram from nodes, and from who is none: questions, answers and pieces of a corosync.conf. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clu_buf.h"
#include "cman_change.h"
#include "cman_conf.h"
#include "cman_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The nonce of the input itself, or hardly anything would come further. */
	unsigned char nonce[CMAN_PEER_NONCE] = { 0 };
	struct cman_peer_facts facts;
	struct clu_buf text = CLU_BUF_INIT;
	uint8_t *packet = malloc(size ? size : 1);
	char digest[20];
	unsigned part;
	bool equal;

	if (!packet)
		return 0;
	memcpy(packet, data, size);
	if (size >= 8 + sizeof(nonce))
		memcpy(nonce, data + 8, sizeof(nonce));
	(void)cman_peer_read_question(packet, size, nonce, &part);
	if (cman_peer_read_answer(packet, size, nonce, "key", 3, &facts, &equal) &&
	    (strlen(facts.name) >= sizeof(facts.name) || facts.text_len > CMAN_PEER_TEXT_MAX))
		abort();
	(void)cman_peer_read_part(packet, size, nonce, 1, NULL, 0, &text);
	if (text.len > CMAN_PEER_PART)
		abort();
	(void)cman_conf_is_whole(clu_buf_text(&text), digest);
	if (text.len) {
		struct cman_change *list;

		if (cman_change_list(clu_buf_text(&text), "totem {\n\ttoken: 1\n}\n", &list) >= 0)
			free(list);
	}
	clu_buf_free(&text);
	free(packet);
	return 0;
}

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# libcman as programs see it: its header alone compiles (C99, C11, C++), layouts, soname, and the symbols, no more and
# no fewer.
status=0
src=${HAWSER_SRCDIR:-$srcdir}
lib=.libs/libcman.so
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/include"
cp "$src/cman/libcman.h" "$tmp/include" || exit 1

for mode in "-x c -std=c99" "-x c -std=gnu11" "-x c++ -std=c++11"; do
	# shellcheck disable=SC2086
	echo '#include <libcman.h>' | ${CC:-cc} $mode -D_DEFAULT_SOURCE -Wall -Wextra -pedantic -Werror -fsyntax-only \
		"-I$tmp/include" - || { echo "FAILED: libcman.h with $mode"; status=1; }
done
${CC:-cc} -std=gnu11 -Wall -Wextra -Werror "-I$tmp/include" -c -o "$tmp/abi.o" "$src/tests/cli/libcman_abi.c" ||
	{ echo "FAILED: layouts"; status=1; }

readelf -d "$lib" | grep -q 'SONAME.*\[libcman\.so\.3\]' || { echo "FAILED: soname"; readelf -d "$lib"; status=1; }
cat >"$tmp/wanted" <<END
cman_admin_init
cman_barrier_change
cman_barrier_delete
cman_barrier_register
cman_barrier_wait
cman_dispatch
cman_end_recv_data
cman_finish
cman_get_cluster
cman_get_disallowed_nodes
cman_get_extra_info
cman_get_fd
cman_get_fenceinfo
cman_get_node
cman_get_node_addrs
cman_get_node_count
cman_get_node_extra
cman_get_nodes
cman_get_quorum_device
cman_get_subsys_count
cman_get_version
cman_getprivdata
cman_init
cman_is_active
cman_is_listening
cman_is_quorate
cman_kill_node
cman_leave_cluster
cman_node_fenced
cman_poll_quorum_device
cman_register_quorum_device
cman_replyto_shutdown
cman_send_data
cman_set_debuglog
cman_set_dirty
cman_set_expected_votes
cman_set_version
cman_set_votes
cman_setprivdata
cman_shutdown
cman_start_confchg
cman_start_notification
cman_start_recv_data
cman_stop_confchg
cman_stop_notification
cman_unregister_quorum_device
cman_update_quorum_device
END
nm -D --defined-only "$lib" | sed 's/.* //' | LC_ALL=C sort >"$tmp/has"
diff "$tmp/wanted" "$tmp/has" || { echo "FAILED: symbols (< wanted, > there)"; status=1; }
# Each stands in the manual page.
while read -r name; do
	grep -q "^\.F[no] .*\b$name\b" "$src/man/libcman.3" || { echo "FAILED: $name is not in libcman(3)"; status=1; }
done <"$tmp/wanted"
exit $status

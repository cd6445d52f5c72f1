#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion offers what each tool's --help names, and knows every tool that is installed for people.
set -u
export PATH=$HAWSER_BUILDDIR:$PATH
# shellcheck disable=SC1091
. "$HAWSER_SRCDIR/conf/completion/hawser"
status=0

offers() { # TOOL WORDS-BEFORE CURRENT EXPECTED...
	local tool=$1 before=$2 cur=$3 want
	shift 3
	# shellcheck disable=SC2206
	COMP_WORDS=($tool $before "$cur")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_hawser
	for want in "$@"; do
		printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "$want" ||
			{ echo "FAILED: $tool $before $cur: $want is not offered (but: ${COMPREPLY[*]})"; status=1; }
	done
}

offers cman_tool "" "" join leave status nodes wait kill expected version
offers cman_tool join -- --wait --timeout --make-key
offers ccs_tool "" "" update lsnode addnode addnodeids create upgrade edit diff history rollback effective
offers ccs_tool update - -L --lax
offers ccs_test "" "" connect get get_list disconnect
offers ccs_config_validate "" - --file --json --lax --running --verbose -R -t
offers fence_tool "" "" ls join leave dump
offers clustat "" - -i -x -l --json
offers clusvcadm "" - -e -d -r -s -R -F -Z -U
offers rg_test "" "" rules test noop delta simulate
offers rg_test "simulate x.conf" -- --crash --partition --fail-stop --boot-time --json
offers rg_test "simulate $HAWSER_SRCDIR/conf/cluster.conf.sample --crash" "" n1 n2 n3
offers rg_test "simulate $HAWSER_SRCDIR/conf/cluster.conf.sample --disable" "" lvs
offers cmannotifyd "" - -f --script-debug --realtime
offers lvsd "" --st --status --stop
offers mkqdisk "" - -L -c -l -f --json
offers mkqdisk "-c" "$HAWSER_SRCDIR/conf/cl" "$HAWSER_SRCDIR/conf/cluster.rng"
offers qdiskd "" - -f -Q --no-watchdog
for tool in qdiskd mkqdisk cman_tool ccs_tool ccs_config_validate ccs_test fence_tool fence_node fence_ack_manual clustat clusvcadm lvsd rg_test \
	cmannotifyd cman_notify; do
	complete -p "$tool" >/dev/null || { echo "FAILED: no completion for $tool"; status=1; }
done
exit $status

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# /etc/rc.local of a lab node: what the init scripts of a cluster machine do at boot, in their order. Everything is
# logged to the node's disk. /etc/hawser-lab/skip names steps that a test wants to take itself.
log=/var/log/cluster
echo "$EPOCHREALTIME boot $(cat /var/lib/boot-count)"
skip=" $(cat /etc/hawser-lab/skip 2>/dev/null) "

step() {
	local name=$1 rc
	shift
	case $skip in *" $name "*) echo "$EPOCHREALTIME $name: skipped"; return 0 ;; esac
	if ! type -P "$1" >/dev/null; then
		echo "$EPOCHREALTIME $name: $1 is not installed"
		return 1
	fi
	echo "$EPOCHREALTIME $name: $*"
	"$@" >>"$log/$name.out" 2>&1
	rc=$?
	echo "$EPOCHREALTIME $name: exit $rc"
	return $rc
}

# A test may break this node's way to the disk (tests/lab/qdisk_fault.c).
quorum_disk() {
	local preload
	grep -q '<quorumd' /etc/cluster/cluster.conf || return 0
	preload=$(cat /etc/hawser-lab/qdiskd-preload 2>/dev/null)
	step qdiskd env ${preload:+"LD_PRELOAD=$preload"} qdiskd
}

step ccsd ccsd &&
	step cman_tool cman_tool join -w -t 60 &&
	quorum_disk &&
	step fenced fenced &&
	step fence_tool fence_tool join -w -t 60 &&
	step rgmanager rgmanager
echo "$EPOCHREALTIME boot script ends: $?"

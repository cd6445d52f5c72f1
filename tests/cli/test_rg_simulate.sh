#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rg_test simulate: each tests/golden/simulate/NAME.args (a command line) gives NAME.expect, exit code included; twice the
# same, byte for byte. Milliseconds are left out of what is expected: they are the simulator's delays. Then wrong calls. Runs in the build folder. "UPDATE=1 srcdir=.. TEST" rewrites what is expected.
set -u
src=$(cd "${srcdir:-.}" && pwd)
rg_test=$PWD/rg_test
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# The agents of this source, wherever others are installed.
export HAWSER_DATA_DIR=$src/conf HAWSER_LIBEXEC_DIR=$tmp/none HAWSER_RUN_DIR=$tmp
agents=../../../agents/resource
failed=0

cd "$src/tests/golden/simulate" || exit 1
for args in *.args; do
	name=${args%.args}
	# shellcheck disable=SC2046
	"$rg_test" $agents simulate $(cat "$args") >"$tmp/exact" 2>&1
	echo "exit $?" >>"$tmp/exact"
	# shellcheck disable=SC2046
	"$rg_test" $agents simulate $(cat "$args") 2>&1 | diff - <(sed '$d' "$tmp/exact") >/dev/null ||
		{ echo "FAILED: $name: not the same a second time"; failed=1; }
	sed -E -e 's/^( *[0-9]+)\.[0-9]{3}  /\1.  /' -e 's/"ms": ([0-9]*)[0-9]{3},/"ms": \1...,/' "$tmp/exact" >"$tmp/out"
	[ -z "${UPDATE:-}" ] || cp "$tmp/out" "$name.expect"
	diff -u "$name.expect" "$tmp/out" || { echo "FAILED: $name"; failed=1; }
done

# expect CODE TEXT ARGUMENTS...
expect() {
	local code=$1 text=$2 got
	shift 2
	"$rg_test" $agents simulate "$@" >"$tmp/out" 2>&1
	got=$?
	if [ $got -ne "$code" ] || ! grep -qF -- "$text" "$tmp/out"; then
		echo "FAILED: simulate $*: exit $got (expected $code with \"$text\"), said:"
		cat "$tmp/out"
		failed=1
	fi
}

expect 0 "--partition N1,N2/N3" --help
expect 1 "simulate needs a cluster.conf"
expect 1 "\"pair.conf\" is one more" shop.conf pair.conf
expect 1 "unrecognized option" shop.conf --nonsense
expect 1 "none.conf: cannot be read: No such file" none.conf
expect 1 "shop.conf names no such node; its nodes are beta, alpha, gamma" shop.conf --crash delta
expect 1 "names no such node" shop.conf --down delta
expect 1 "names no such node" shop.conf --partition alpha/delta
expect 1 "a node stands on two sides" shop.conf --partition alpha,beta/alpha
expect 1 "--crash alpha@soon: what stands behind the @ is no time" shop.conf --crash alpha@soon
expect 1 "--at 1e3: that is no time in seconds" shop.conf --at 1e3 --crash alpha
expect 1 "--for -1: that is no time" shop.conf --for -1
expect 1 "--fence-time x: that is no time" shop.conf --fence-time x
expect 1 "behind the colon is no time" shop.conf --hang alpha:long
expect 1 "names no such service or resource" shop.conf --fail-stop nothing
expect 1 "names no such node" shop.conf --fail-stop db@delta
expect 1 "names no such service" shop.conf --enable nothing
expect 1 "no such fence device" shop.conf --power-dead alpha:nothing
expect 1 "--update none.conf: cannot be read" shop.conf --update none.conf
expect 1 'shop-bad.conf:34:24: domain="nowhere" in <service>' shop-bad.conf
expect 1 "bad-two-node.conf:3:9: " ../ccs/bad-two-node.conf
# A name that only the update brings.
expect 0 "goes to alpha: asked for" shop.conf --update shop8.conf --at 60 --relocate mail:alpha

# As many nodes as the suite is made for, none of them numbered from 1.
many() {
	local i
	echo '<?xml version="1.0"?><cluster name="many" config_version="1"><clusternodes>'
	for i in $(seq 1 "$1"); do
		echo "<clusternode name=\"m$i\" nodeid=\"$((i * 100))\"><fence><method name=\"1\"><device name=\"b\" port=\"$i\"/></method></fence></clusternode>"
	done
	echo '</clusternodes><fencedevices><fencedevice name="b" agent="fence_ipmilan" ipaddr="10.0.0.1" login="x" passwd="y"/></fencedevices><rm>'
	for i in $(seq 1 "$1"); do
		echo "<service name=\"s$i\"><script name=\"t$i\" file=\"/t\"/></service>"
	done
	echo '</rm></cluster>'
}
many 32 >"$tmp/many.conf"
many 33 >"$tmp/more.conf"
expect 0 "service:s32: goes to m1: " "$tmp/many.conf" --crash m32
expect 1 "more than 32 nodes" "$tmp/more.conf"
exit $failed

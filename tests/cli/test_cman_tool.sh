#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line of cman_tool: words, options, exit codes, and the corosync.conf it would write. No corosync is needed.
status=0
tool=./cman_tool
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export HAWSER_CONF="$tmp/cluster.conf" HAWSER_KEY_DIR="$tmp/keys" HAWSER_RUN_DIR="$tmp/run" HAWSER_LOG_DIR="$tmp/log"

# expect CODE TEXT ARGUMENT...: the exit code, and TEXT on stdout or stderr.
expect() {
	code=$1 text=$2
	shift 2
	"$tool" "$@" >"$tmp/out" 2>&1
	got=$?
	if [ $got -ne "$code" ] || ! grep -qF -- "$text" "$tmp/out"; then
		echo "FAILED: cman_tool $*: exit $got (expected $code), said:"
		cat "$tmp/out"
		status=1
	fi
}

expect 1 "cman_tool: no operation specified"
expect 1 "cman_tool: can't specify two operations" join leave
expect 1 "cman_tool: unknown option jion" jion
expect 1 "Please use '-h' for usage." join -Z
expect 1 "Please use '-h' for usage." --no-such-option
expect 1 "timeout is only appropriate with wait" -t 5 join
expect 1 "timeout is only appropriate with wait" leave -t 5
expect 1 "remove and force are only appropriate with leave" status force
expect 1 "-2 needs -e 1" join -2
expect 1 "-2 needs -e 1" join -2 -e 2
expect 1 'cluster name "a234567890123456" is longer' join -c a234567890123456
expect 1 'votes "-1": must be a number' join -v -1
expect 1 'votes "1x": must be a number' join -v 1x
expect 1 'port "0": must be' join -p 0
expect 1 'port "65536": must be' join -p 65536
expect 1 'node id "4097": must be' join -N 4097
expect 1 "option -C: corosync 3 has no configuration loaders" join -C xmlconfig
expect 1 "option -X: corosync cannot run without a configuration" join -X
expect 1 "option -d: corosync has its own" join -d
expect 1 "no node to kill" kill
expect 1 "no number of expected votes" expected
expect 1 "no number of votes, or 0" votes -v 0
expect 1 "ccs_tool update FILE" version -r
expect 0 "Usage: cman_tool" -h
expect 0 "Usage: cman_tool" join --help
expect 0 "cman_tool 0." -V

# Options stand before or after the word; those of the old start script are taken.
expect 1 "cluster.conf: cannot be opened" -z -w -t 1 join -Dnone
cat >"$HAWSER_CONF" <<'END'
<cluster name="alpha" config_version="3">
  <cman transport="udpu"/>
  <clusternodes>
    <clusternode name="10.9.9.1" nodeid="1"/>
    <clusternode name="10.9.9.2" nodeid="2"/>
  </clusternodes>
</cluster>
END
expect 1 'node name "n3" is not among the cluster nodes' join -n n3 --print-conf -Dnone
expect 0 "ring0_addr: 10.9.9.2" join -n 10.9.9.1 --print-conf -Dnone
expect 0 "cluster_name: beta" join -n 10.9.9.1 --print-conf -Dnone -c beta -A
expect 0 "expected_votes: 7" join -n 10.9.9.1 --print-conf -Dnone -e 7 -o x
expect 0 "mcastport: 5500" -p 5500 join -n 10.9.9.1 --print-conf -Dnone
expect 0 "sched_rr: no" -P join -n 10.9.9.1 --print-conf -Dnone
[ ! -e "$tmp/run" ] || { echo "FAILED: --print-conf wrote something"; status=1; }

# A node whose rgmanager lived on without a cluster must not join as one that runs nothing.
mkdir -p "$tmp/run"
flock "$tmp/run/rgmanager.pid" -c 'exec sleep 60' &
holder=$!
until ! flock -n "$tmp/run/rgmanager.pid" true; do :; done
expect 1 "rgmanager still runs on this node without a cluster" join -n 10.9.9.1 -Dnone
kill "$holder"

expect 0 "Made the key $tmp/keys/corosync.key" keygen
expect 1 "there is a key already" keygen
expect 0 "Made the key $tmp/other" keygen "$tmp/other"
[ "$(stat -c '%s %a' "$tmp/keys/corosync.key")" = "256 600" ] || { echo "FAILED: size or mode of the key"; status=1; }
cmp -s "$tmp/keys/corosync.key" "$tmp/other" && { echo "FAILED: two keys are the same"; status=1; }
exit $status

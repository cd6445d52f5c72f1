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
expect 1 'option -C: no configuration loader "ldapconfig"' join -C ldapconfig
expect 1 "-C ccsconfig: ccsd does not run" join -C ccsconfig --print-conf
expect 1 "-X and -C are only appropriate with join" status -X
expect 1 "no debug mask: give it with -d" debug
expect 1 'debug mask "256": must be a number from 0 to 255' debug -d256
expect 1 "-r and -S are only appropriate with version" join -r
expect 1 "--json is only appropriate with" leave --json
for word in status nodes services version "debug -d4" "expected -e 1" "votes -v 1" "kill -n n1" leave; do
	# shellcheck disable=SC2086
	expect 1 "Cannot open connection to cman, is it running ?" $word
done
expect 1 "no node to kill" kill
expect 1 "no number of expected votes" expected
expect 1 "no number of votes, or 0" votes -v 0
expect 0 "Usage: cman_tool" -h
expect 0 "kill        -n NAME" kill -h
if "$tool" kill -h | grep -q "^join "; then echo "FAILED: kill -h shows more than its part"; status=1; fi
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
# version -r: what is wrong with the file is told by the exit code, as it always was.
expect 255 "cluster.conf has version 3, not 9" version -r9
expect 255 "the configuration was not spread" version -r
expect 255 "the configuration was not spread" version -r3
sed 's/ config_version="3"//' "$HAWSER_CONF" >"$tmp/none.conf"
HAWSER_CONF=$tmp/none.conf expect 253 "has no config_version" version -r
HAWSER_CONF=$tmp/absent.conf expect 255 "cannot be opened" version -r

expect 1 "no IPv4 address but the loopback one" join -X -n 127.0.0.1 --print-conf
own=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m1 -E '^[0-9.]+$')
if [ -n "$own" ]; then
	expect 0 "ring0_addr: $own" join -X -n "$own" --print-conf
	expect 0 "cluster_name: RHCluster" join -X --print-conf
	expect 0 "are not used: without cluster.conf this node is alone" join -X -m 239.1.1.1 --print-conf
	expect 0 "cluster_name: mine" join -X -c mine -v 2 --print-conf
fi
expect 1 'node name "n3" is not among the cluster nodes' join -n n3 --print-conf -Dnone
expect 0 "ring0_addr: 10.9.9.2" join -n 10.9.9.1 --print-conf -Dnone
expect 0 "cluster_name: beta" join -n 10.9.9.1 --print-conf -Dnone -c beta -A
expect 0 "expected_votes: 7" join -n 10.9.9.1 --print-conf -Dnone -e 7 -o x
expect 0 "mcastport: 5500" -p 5500 join -n 10.9.9.1 --print-conf -Dnone
expect 0 "sched_rr: no" -P join -n 10.9.9.1 --print-conf -Dnone
expect 0 "joined_with: -v 3 -p 5500 -P" -p 5500 -P -v 3 join -n 10.9.9.1 --print-conf -Dnone
expect 0 "debug: on" join -d -n 10.9.9.1 --print-conf -Dnone
expect 0 "ring0_addr: 10.9.9.2" join -C xmlconfig -n 10.9.9.1 --print-conf -Dnone
expect 1 "cannot hold them" join -k "/etc/my key" -n 10.9.9.1 --print-conf -Dnone
[ ! -e "$tmp/run" ] || { echo "FAILED: --print-conf wrote something"; status=1; }

# A node whose rgmanager lived on without a cluster must not join as one that runs nothing.
mkdir -p "$tmp/run"
flock "$tmp/run/rgmanager.pid" -c 'exec sleep 60' &
holder=$!
until ! flock -n "$tmp/run/rgmanager.pid" true; do :; done
expect 1 "rgmanager still runs on this node without a cluster" join -n 10.9.9.1 -Dnone
kill "$holder"

# check: a line for each part, and the exit code. Nothing of the network of this machine is asked for.
expect 1 "fault    hostname" check -n n3
expect 1 "fault    address   10.9.9.1" check -n 10.9.9.1
expect 1 '"verdict": "fault"' check -n 10.9.9.1 --json
HAWSER_CONF=$tmp/absent.conf expect 1 "fault    config" check

expect 0 "Made the key $tmp/keys/corosync.key" keygen
expect 1 "there is a key already" keygen
expect 0 "Made the key $tmp/other" keygen "$tmp/other"
[ "$(stat -c '%s %a' "$tmp/keys/corosync.key")" = "256 600" ] || { echo "FAILED: size or mode of the key"; status=1; }
cmp -s "$tmp/keys/corosync.key" "$tmp/other" && { echo "FAILED: two keys are the same"; status=1; }
exit $status

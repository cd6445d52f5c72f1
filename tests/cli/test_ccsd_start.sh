#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real ccsd without a cluster on files of older suites: what no program reads does not keep it from starting, and holds
# up no change of something else; a new mistake is refused.
set -u
OWN_NET=1
# shellcheck source=tests/cli/expect.sh
. "${srcdir:-.}/tests/cli/expect.sh"
daemon=
trap '[ -n "$daemon" ] && kill -9 $daemon 2>/dev/null; rm -rf "$tmp"' EXIT
ip link set lo up 2>/dev/null

# conf VERSION ATTRIBUTE ELEMENT: a valid one, with what no program reads.
conf() {
	cat <<X
<cluster name="alpha" config_version="$1">
  <clusternodes>
    <clusternode name="n1" nodeid="1" $2/>
    <clusternode name="n2" nodeid="2"/>
  </clusternodes>
  <logging logfile_priority="warning"/>
  $3
</cluster>
X
}

conf 4 'votes="many"' '' >"$HAWSER_CONF"
expect 1 'cluster.conf:3:[0-9]+: attribute votes="many"' ./ccsd/ccsd
expect 1 'not a valid configuration' ./ccsd/ccsd
conf 4 'colour="red"' '<ourtool level="3"/>' >"$HAWSER_CONF"
expect 3 'cluster.conf:3:[0-9]+: unknown attribute colour' ./ccs_config_validate
expect 0 'warning: unknown element <ourtool>' ./ccs_config_validate --lax
./ccsd/ccsd || { echo "FAIL: ccsd does not start"; exit 1; }
daemon=$(cat "$tmp/ccsd.pid")
has "$tmp/ccsd.log" 'warning .*cluster.conf:3:[0-9]+: unknown attribute colour' 'warning .*cluster.conf:7:[0-9]+: unknown element <ourtool>'
expect 0 '^ Value = <red>$' ./ccs_test get 0 //clusternode/@colour

# No cluster: what comes through is refused by ccsd alone.
conf 5 'colour="red" votes="1"' '<ourtool level="3"/>' >"$tmp/same.conf"
expect 1 'same.conf:3:[0-9]+: warning: unknown attribute colour' ./ccs_tool update "$tmp/same.conf"
expect 1 'update refused: ' ./ccs_tool update "$tmp/same.conf"
conf 5 'colour="red" vote="1"' '<ourtool level="3"/>' >"$tmp/more.conf"
expect 1 'more.conf:3:[0-9]+: unknown attribute vote in <clusternode>: .*did you mean votes' ./ccs_tool update "$tmp/more.conf"
expect 1 'or let it pass with "ccs_tool update --lax"' ./ccs_tool update "$tmp/more.conf"
./ccs_tool update "$tmp/more.conf" 2>&1 | grep -q 'update refused' && { echo "FAIL: a new mistake came to ccsd"; failed=1; }
expect 1 'more.conf:3:[0-9]+: warning: unknown attribute vote ' ./ccs_tool update --lax "$tmp/more.conf"
expect 1 'update refused: ' ./ccs_tool -verbose update -L "$tmp/more.conf"
# What is wrong is not let pass by any of this.
conf 5 'colour="red" votes="many"' '<ourtool level="3"/>' >"$tmp/wrong.conf"
expect 1 'wrong.conf:3:[0-9]+: attribute votes="many"' ./ccs_tool update --lax "$tmp/wrong.conf"
./ccs_tool update -L "$tmp/wrong.conf" 2>&1 | grep -q 'update refused' && { echo "FAIL: a wrong value came to ccsd"; failed=1; }

# <logging> is in force for ccsd itself: what is less than a warning does not come into its log any more.
kill "$daemon"
flock "$tmp/ccsd.pid" true
daemon=
grep -q 'ccsd .* starts' "$tmp/ccsd.log" || { echo "FAIL: the log from before the file was known is missing"; failed=1; }
grep 'ends with code 0' "$tmp/ccsd.log" && { echo "FAIL: ccsd does not follow <logging>"; failed=1; }
exit $failed

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ccs_tool and ccs_config_dump from the outside: output, errors and exit codes. Runs in the build folder.
set -u
# shellcheck source=tests/cli/expect.sh
. "${srcdir:-.}/tests/cli/expect.sh"

t=./ccs_tool
expect 0 '^Usage: ccs_tool' $t
expect 0 '^Usage: ccs_tool' $t help
expect 0 '^Usage: ccs_tool' $t -h
expect 0 'ccs_tool \(hawser\)' $t -V
expect 1 '^Unknown command, dance\.' $t dance
expect 1 "^Try 'ccs_tool help' for help\." $t dance
expect 1 '^Too few arguments\.' $t update
expect 1 '^Failed to update config file\.$' $t update "$tmp/nothing"

expect 0 '^$' $t create -2 alpha
expect 1 'exists already' $t create alpha
has "$HAWSER_CONF" 'name="alpha" config_version="1"' '<cman two_node="1" expected_votes="1"/>' '<resources/>'
[ "$(stat -c %a "$HAWSER_CONF")" = 640 ] || { echo "FAIL: mode"; failed=1; }
expect 0 '^Usage' $t addfence apc
expect 0 '^$' $t addfence -C apc fence_apc ipaddr=10.1.1.1 login=a passwd=secret
expect 1 'fence type apc already exists' $t addfence -C apc fence_apc
expect 1 'not of the form' $t addfence -C wti fence_wti ipaddr
expect 1 'name= cannot' $t addfence -C wti fence_wti name=x
expect 1 'nodeid not specified' $t addnode -C n1
expect 1 'fence type wti not known' $t addnode -C -n 1 -f wti n1
expect 0 '^$' $t addnode -C -n 1 -f apc -a n1-b n1 port=1
expect 1 'node n1 already exists' $t addnode -C -n 2 n1
expect 1 'nodeid 1 is in use by node n1' $t addnode -C -n 1 n2
expect 1 'no whole number' $t addnode -C -n -2 n2
expect 1 'votes x is no' $t addnode -C -n 2 -v x n2
expect 0 'running ccs_tool update' $t addnode -n 2 -f apc -a n2-b n2 port=2
expect 0 'name="n3" votes="4" nodeid="3"' $t addnode -n 3 -v 4 -o - n3
has "$HAWSER_CONF" 'config_version="4"' '<altname name="n1-b"/>' '<method name="single">' '<device name="apc" port="2"/>'
has "$HAWSER_CONF.old" 'config_version="3"'
expect 0 '^Configuration validates$' ./ccs_config_validate

expect 0 '^Cluster name: alpha, config_version: 4$' $t lsnode
expect 0 '^Nodename                        Votes Nodeid Fencetype$' $t lsnode
expect 0 '^n1                                 1    1    apc$' $t lsnode
expect 0 '^ altname name=n1-b' $t lsnode -v
expect 0 '^  Fence properties:  ipaddr=10.1.1.1 login=a passwd=\*\*\*$' $t lsnode -v
expect 0 '^Name             Agent$' $t lsfence
expect 0 '^apc              fence_apc$' $t lsfence
expect 0 '"nodeid": 2' $t lsnode --json
expect 0 '"agent": "fence_apc"' $t lsfence --json
expect 1 'cannot be opened' $t lsnode -c "$tmp/nothing"
$t lsfence --json | grep -q secret && { echo "FAIL: a password is shown"; failed=1; }

expect 1 'node n9 does not exist' $t delnode -C n9
expect 0 '^$' $t delnode -C n2
expect 0 '^$' $t delfence -C apc
expect 3 'there is no fence device of this name' ./ccs_config_validate
expect 3 '^Configuration fails to validate$' ./ccs_config_validate
expect 1 "cluster.conf:[0-9]+:[0-9]+: name=\"apc\" in <device>" $t update "$HAWSER_CONF"
expect 0 '<cluster name="alpha"' ./ccs_config_dump
expect 255 'ccsd: not running' ./ccs_config_dump -r
expect 1 'Usage' ./ccs_config_dump -x
expect 0 'Usage' ./ccs_config_dump -h

expect 1 '^Unable to connect to ccs$' $t query /cluster/@name
# A configuration that is no configuration.
echo '<x/>' >"$tmp/x.conf"
expect 1 'no cluster configuration' $t delnode -C -c "$tmp/x.conf" n1
exit $failed

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libccs, ccs_test and a real ccsd without a cluster, in a network namespace of its own: ccsd's socket has one name for all.
set -u
OWN_NET=1
# shellcheck source=tests/cli/expect.sh
. "${srcdir:-.}/tests/cli/expect.sh"
daemon=
trap '[ -n "$daemon" ] && kill -9 $daemon 2>/dev/null; rm -rf "$tmp"' EXIT
ip link set lo up 2>/dev/null
cat >"$HAWSER_CONF" <<'X'
<?xml version="1.0"?>
<cluster name="alpha" config_version="4">
  <logging to_logfile="yes" to_syslog="yes" logfile_priority="err">
    <logging_daemon name="fenced" to_logfile="no" debug="on" syslog_priority="crit" syslog_facility="local4"
        logfile="/tmp/f.log"/>
  </logging>
  <clusternodes>
    <clusternode name="n1" nodeid="1"><altname name="n1-priv"/></clusternode>
    <clusternode name="n2" nodeid="2"><altname name="n2-priv"/></clusternode>
    <clusternode name="n3" nodeid="3"><altname name="10.99.0.9"/></clusternode>
  </clusternodes>
</cluster>
X
expect 1 'ccs_connect failed: Connection refused' ./ccs_test connect force
./ccsd/ccsd || { echo "FAIL: ccsd does not start"; exit 1; }
daemon=$(cat "$tmp/ccsd.pid")
./ccs_user || failed=1

t=./ccs_test
expect 0 '^Connect successful\.$' $t connect force
expect 0 '^ Connection descriptor = [0-9]+$' $t connect force
expect 0 '^Force is set\.$' $t connect force block alpha
expect 0 '^Blocking is set\.$' $t connect force block alpha
expect 0 '^Setting cluster name to alpha$' $t connect force block alpha
expect 1 '^ccs_connect failed: No such file' $t connect force beta
expect 1 '^ccs_connect failed: Connection refused' $t connect
expect 1 'go with "force" only' $t connect block
expect 1 'go with "force" only' $t connect alpha
expect 0 '^ Value = <alpha>$' $t get 0 /cluster/@name
expect 0 '^Get successful\.$' $t get 0 /cluster/@name
expect 1 '^ccs_get failed: Invalid argument' $t get 0 /cluster/@nothing
expect 0 '^ Value = <n3>$' $t get_list 0 //clusternode/@name
expect 1 '^ccs_get_list failed: No data' $t get_list 0 //nothing
expect 1 '^ccs_set failed: Function not implemented' $t set 0 /cluster/@name x
expect 0 '^Disconnect successful\.$' $t disconnect 30
expect 1 'is no descriptor' $t get x /cluster/@name
expect 0 '^Usage: ccs_test' $t -h
expect 1 '^Usage: ccs_test' $t dance
expect 0 'hawser' $t -V

# What the library shows to the linker, and its soname.
lib=$(find .libs -name 'libccs.so.3' | head -n 1)
for symbol in ccs_connect ccs_force_connect ccs_disconnect ccs_get ccs_get_list ccs_set ccs_get_state ccs_set_state \
	ccs_lookup_nodename ccs_read_logging fullxpath; do
	nm -D --defined-only "$lib" | grep -q " $symbol\$" || { echo "FAIL: libccs does not have $symbol"; failed=1; }
done
extra=$(nm -D --defined-only "$lib" | awk '{ print $3 }' | grep -vE '^(ccs_|fullxpath$|__asan|__ubsan|__odr|_init$|_fini$)')
[ -z "$extra" ] || { echo "FAIL: libccs shows $extra"; failed=1; }
readelf -d "$lib" | grep -q 'soname: \[libccs.so.3\]' || { echo "FAIL: soname"; failed=1; }
exit $failed

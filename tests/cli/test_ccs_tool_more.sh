#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ccs_tool from the outside, second part: create, addnodeids, upgrade, diff, effective, history, edit. Runs in the build
# folder and in a network namespace of its own: no ccsd of this machine is meant.
set -u
OWN_NET=1
# shellcheck source=tests/cli/expect.sh
. "${srcdir:-.}/tests/cli/expect.sh"
t=./ccs_tool

# ---- create ----
expect 0 '^Usage: ccs_tool create' $t create
expect 0 '^Usage: ccs_tool create' $t create -n 0 alpha
expect 1 'has two nodes, not 3' $t create -2 -n 3 alpha
expect 0 '^$' $t create -n 3 -f fence_apc alpha
has "$HAWSER_CONF" '<clusternode name="NEEDNAME-01" votes="1" nodeid="1">' 'NEEDNAME-03' \
	'<fencedevice name="fence1" agent="fence_apc" ADDARGS=""/>' '<device name="fence1" ADDARGS=""/>'
rm "$HAWSER_CONF"

# ---- addnodeids ----
cat >"$HAWSER_CONF" <<'X'
<cluster name="alpha" config_version="4">
  <clusternodes>
    <clusternode name="n1"/><clusternode name="n2" nodeid="2"/><clusternode name="n3" nodeid="0"/>
  </clusternodes>
</cluster>
X
expect 0 '^Usage: ccs_tool addnodeids' $t addnodeids x
expect 0 '^Node n3 now has id 3$' $t addnodeids -v -o -
expect 0 'config_version="5"' $t addnodeids -o -
expect 0 '<multicast addr="239.1.1.1"/>' $t addnodeids -m 239.1.1.1 -o -
expect 0 '^Node n1 now has id 10$' $t addnodeids -n 10 -v
has "$HAWSER_CONF" 'name="n3" nodeid="11"' 'name="n2" nodeid="2"'
has "$HAWSER_CONF.old" 'name="n3" nodeid="0"'
sed -i 's/<clusternodes>/<cman transport="udp"\/>&/' "$HAWSER_CONF"
expect 0 'has no multicast address' $t addnodeids -o -

# ---- resources, services, failover domains ----
cat >"$HAWSER_CONF" <<'X'
<cluster name="alpha" config_version="1"><clusternodes><clusternode name="n1" nodeid="1"/><clusternode name="n2" nodeid="2"/>
</clusternodes></cluster>
X
expect 0 '^Usage: ccs_tool addscript' $t addscript httpd
expect 0 '^$' $t addscript -C httpd /etc/init.d/httpd
expect 1 'script httpd already exists' $t addscript -C httpd /etc/init.d/httpd
expect 0 '^$' $t addip -C 10.0.0.100
expect 0 '^$' $t addfs -C -t ext4 -u data /dev/sdb1 /srv
expect 0 '^$' $t addfdomain -C -p prefer1 n1 n2
expect 1 'node n9 does not exist' $t addfdomain -C other n9
expect 1 'failover domain nowhere does not exist' $t addservice -C -d nowhere web
expect 1 'script none does not exist' $t addservice -C -s none web
expect 0 '^$' $t addservice -C -d prefer1 -f data -i 10.0.0.100 -s httpd web
expect 0 '^$' $t addservice -C -a 0 -i 10.0.0.100 second
has "$HAWSER_CONF" '<fs ref="data">' '<ip address="10.0.0.100" monitor_link="1"/>' 'config_version="7"' \
	'<service name="web" autostart="1" domain="prefer1" exclusive="0" recovery="relocate">'
expect 0 '^httpd            /etc/init.d/httpd$' $t lsscript
expect 0 '^10\.0\.0\.100$' $t lsip
expect 0 '^Name             Type  FUS Device              Mountpoint$' $t lsfs
expect 0 '^data             ext4   U  /dev/sdb1           /srv$' $t lsfs
expect 0 '^Name                             Autostart Exclusive Recovery$' $t lsservice
expect 0 '^second                                   0         0 relocate$' $t lsservice
expect 0 '^prefer1          O  n1,n2$' $t lsfdomains
expect 0 '"priority": "2"' $t lsfdomains --json
expect 1 'script httpd is in use by service web' $t delscript -C httpd
expect 1 'ip 10.0.0.100 is in use by service' $t delip -C 10.0.0.100
expect 1 'failover domain prefer1 is in use by service web' $t delfdomain -C prefer1
expect 0 '^$' $t delservice -C web
expect 0 '^$' $t delscript -C httpd
expect 0 '^$' $t delfs -C data
expect 0 '^$' $t delfdomain -C prefer1
expect 1 'fs data does not exist' $t delfs -C data
expect 0 '^Configuration validates$' ./ccs_config_validate

# ---- upgrade ----
cat >"$tmp/old.cca" <<'X'
#nigeb=cluster.ccs mtime=1092930623 size=146
cluster {
	name = "alpha"		# a comment
	lock_gulm {
		servers = ["n1", "n2", "n3"]
		heartbeat_rate = 20
	}
}
#dne=cluster.ccs hash=5E8A5AC0
#nigeb=fence.ccs mtime=1092930623 size=100
fence_devices {
	apc {
		agent = "fence_apc"
		ipaddr = "10.0.1.50"
		login = "apc"
		passwd = "a&b"
	}
}
#dne=fence.ccs hash=1
#nigeb=nodes.ccs mtime=1092930623 size=200
nodes {
	n1 {
		ip_interfaces { eth0 = "10.0.1.1" }
		fence { power { apc { port = 1 } } }
	}
	n2 {
		ip_interfaces { eth0 = "10.0.1.2" }
		fence { power { apc { port = 2 } } human { manual { ipaddr = "10.0.1.2" } } }
	}
}
#dne=nodes.ccs hash=2
X
expect 1 '^Too few arguments\.' $t upgrade
expect 1 'cannot be read' $t upgrade "$tmp/nothing"
expect 1 'is no archive of GFS 6.0' $t upgrade "$HAWSER_CONF"
expect 0 'gulm is no longer there' $t upgrade "$tmp/old.cca"
$t upgrade "$tmp/old.cca" >"$tmp/new.conf" 2>/dev/null
has "$tmp/new.conf" '<cluster name="alpha" config_version="1">' '<lockserver name="n3"/>' \
	'<clusternode name="n2" votes="1">' '<method name="human">' '<device name="apc" port="2"/>' \
	'<fencedevice name="apc" agent="fence_apc" ipaddr="10.0.1.50" login="apc" passwd="a&amp;b"/>'
# A device: header of a block, then two rooms for an archive.
size=$(stat -c %s "$tmp/old.cca")
number() { printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"; }
{ number 0x122473; number 1; number 1; number 1; number "$size"; number 65536; } >"$tmp/device"
truncate -s 16384 "$tmp/device"
cat "$tmp/old.cca" >>"$tmp/device"
$t upgrade "$tmp/device" 2>/dev/null | cmp - "$tmp/new.conf" || { echo "FAIL: the first archive of a device"; failed=1; }
{ number 0x122473; number 1; number 1; number 0; number "$size"; number 65536; } >"$tmp/device"
truncate -s 65536 "$tmp/device"
cat "$tmp/old.cca" >>"$tmp/device"
$t upgrade "$tmp/device" 2>/dev/null | cmp - "$tmp/new.conf" || { echo "FAIL: the second archive of a device"; failed=1; }
sed 's/servers = \["n1"/servers = [n1;/' "$tmp/old.cca" >"$tmp/bad.cca"
expect 1 'cluster\.ccs:4: a list has no end' $t upgrade "$tmp/bad.cca"
sed 's/"a&b"/"a\xffb"/' "$tmp/old.cca" >"$tmp/bad.cca"
expect 1 'fence\.ccs:6: a text has bytes that are no UTF-8' $t upgrade "$tmp/bad.cca"

# ---- diff, effective ----
for name in services cluster live; do
	if ! $t diff "$src/tests/golden/ccs-diff/base.conf" "$src/tests/golden/ccs-diff/$name.conf" >"$tmp/out" 2>&1; then
		echo "FAIL: diff of $name:"
		cat "$tmp/out"
		failed=1
	fi
	[ -z "${UPDATE:-}" ] || cp "$tmp/out" "$src/tests/golden/ccs-diff/$name.expect"
	diff -u "$src/tests/golden/ccs-diff/$name.expect" "$tmp/out" || failed=1
done
base=$src/tests/golden/ccs-diff/base.conf
expect 0 '^Nothing has to be started again\.$' $t diff "$base" "$base"
expect 0 '"services": \[' $t diff --json "$base" "$src/tests/golden/ccs-diff/services.conf"
expect 0 '"cluster_restart": true' $t diff --json "$base" "$src/tests/golden/ccs-diff/cluster.conf"
# A new link can be had while the cluster runs, another address of one that is there cannot.
sed 's#nodeid="3"/>#nodeid="3"><altname name="n3-b"/></clusternode>#' "$base" >"$tmp/link.conf"
sed 's#n3-b#n3-c#' "$tmp/link.conf" >"$tmp/address.conf"
expect 0 '^Nothing has to be started again\.$' $t diff "$base" "$tmp/link.conf"
expect 0 'altname/@name: "n3-b" -> "n3-c"' $t diff "$tmp/link.conf" "$tmp/address.conf"
expect 0 '^The whole cluster must be started again' $t diff "$tmp/link.conf" "$tmp/address.conf"
expect 0 '^Usage: ccs_tool diff' $t diff
expect 1 'cannot be opened' $t diff "$base" "$tmp/nothing"
expect 0 '^/cluster/totem/@token +5000 +file +line [0-9]+$' $t effective -c "$base"
expect 0 '^/cluster/totem/@consensus +6000 +computed +1\.2 times token$' $t effective -c "$base"
expect 0 '^/cluster/fence_daemon/@post_join_delay +20 +file' $t effective -c "$base"
expect 0 '^/cluster/fence_daemon/@post_fail_delay +0 +default' $t effective -c "$base"
expect 0 '^/cluster/cman/@expected_votes +3 +computed +votes of 3 nodes$' $t effective -c "$base"
expect 0 '^/cluster/rm/service\[web\]/@recovery +restart +default' $t effective -c "$base"
expect 0 '^/cluster/fencedevices/fencedevice\[apc\]/@passwd +\*\*\* +file' $t effective -c "$base"
expect 0 '"origin": "default"' $t effective --json -c "$base"
expect 0 '^Usage: ccs_tool effective' $t effective -h
sed 's#<fencedevices>#<quorumd label="q"><heuristic program="true" score="3"/></quorumd>&#' "$base" >"$tmp/disk.conf"
expect 0 '^/cluster/quorumd/@tko +3 +computed' $t effective -c "$tmp/disk.conf"
expect 0 '^/cluster/quorumd/@votes +2 +computed +nodes less one$' $t effective -c "$tmp/disk.conf"
expect 0 '^/cluster/quorumd/@min_score +2 +computed' $t effective -c "$tmp/disk.conf"
expect 0 '^/cluster/cman/@expected_votes +5 +computed +votes of 3 nodes and of the quorum disk$' $t effective -c "$tmp/disk.conf"
# Without a ccsd the file counts.
cp "$base" "$HAWSER_CONF"
expect 0 '^/cluster/@name +alpha +file' $t effective

# ---- history, edit: no daemon, so nothing can be spread ----
expect 1 'this node has no history' $t history
expect 1 'this node has no history' $t rollback 3
expect 0 '^Usage: ccs_tool rollback' $t rollback
mkdir "$tmp/history"
expect 0 '^Version' $t history
expect 1 'version 3 is not in the history' $t history 3
expect 1 'version 3 is not in the history' $t rollback -y 3
echo damaged >"$tmp/history/01"
expect 0 '1 damaged entries' $t history
export VISUAL=
EDITOR=true expect 0 '^Nothing was changed\.$' $t edit
EDITOR=false expect 0 'did not end well' $t edit
EDITOR="sed -i s/post_join_delay=.20./post_join_delay=.21./" expect 1 'not a valid|invalid|expected' $t edit </dev/null
EDITOR="sed -i s/post_join_delay=.20./post_join_delay=\\\"21\\\"/" expect 0 'post_join_delay: "20" -> "21"' $t edit <<<n
EDITOR="sed -i s/post_join_delay=.20./post_join_delay=\\\"21\\\"/" expect 0 '^From version 4 to 5:$' $t edit <<<n
EDITOR="sed -i s/post_join_delay=.20./post_join_delay=\\\"21\\\"/" expect 1 'ccsd: not running' $t edit -y </dev/null
expect 0 '^Usage: ccs_tool edit' $t edit x
# What was typed and could not be spread is not lost; what needs no keeping leaves no passwords behind.
kept=$(find "$tmp" -maxdepth 1 -name 'edit.*' | wc -l)
[ "$kept" = 2 ] || { echo "FAIL: $kept edited texts were kept, 2 expected"; failed=1; }
exit $failed

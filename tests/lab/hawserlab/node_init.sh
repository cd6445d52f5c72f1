#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pid 1 of one lab node: called in fresh mount, uts, ipc, net and pid namespaces. The order of the steps matters;
# each comment says why.
set -u
dir=$1
# shellcheck source=/dev/null
. "$dir/node.env" || exit 1
fail() {
	echo "$NAME: boot failed: $*" >&2
	exit 1
}

# The pid that the outside knows us by: only the old /proc tells it, and only a builtin reads its own entry.
read -r pid _ </proc/self/stat
echo 0 >"$CGROUP/cgroup.procs" || fail "cannot join $CGROUP"
exec 8>"$dir/up"

# Cables, while the switch's namespace can still be seen. Fixed MACs: the peers keep their neighbour entries.
ip link set lo up || fail "no loopback"
for r in $RINGS; do
	ip link add "eth$r" address "$(printf '02:00:00:00:%02x:%02x' "$r" "$ID")" type veth \
		peer name "${NAME}r$r" netns "$SWITCH_NS" || fail "no cable to network $r"
	ip addr add "10.77.$r.$ID/24" dev "eth$r" && ip link set "eth$r" up || fail "eth$r does not come up"
done
for r in $RINGS; do
	printf 'link set dev %sr%s master br%s up\n' "$NAME" "$r" "$r"
done | nsenter --net="$SWITCH_NS" ip -batch - || fail "the switch takes no port"
hostname "$NAME"

# What a router's administrator writes into sysctl.conf.
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter

# The node's disk: survives a crash.
for d in etc var; do
	mount -n -t overlay overlay -o "lowerdir=/$d,upperdir=$dir/disk/$d,workdir=$dir/disk/work-$d" "/$d" ||
		fail "no overlay on /$d"
done

# Volatile folders. What must stay visible below them (source and build tree) is bound into the new tmpfs before it
# is moved into place.
spare=/mnt
for d in /dev/shm /tmp /run; do
	mount -n -t tmpfs -o mode=1777 lab "$spare" || fail "no tmpfs for $d"
	[ "$d" = /run ] && chmod 755 "$spare"
	for show in $SHOW; do
		case $show in
		"$d"/*)
			mkdir -p "$spare/${show#"$d"/}" && mount -n --bind "$show" "$spare/${show#"$d"/}" ||
				fail "cannot show $show"
			;;
		esac
	done
	mount -n --move "$spare" "$d" || fail "cannot move the tmpfs to $d"
done
mkdir -p /run/lock

# A node that panics itself would take the real machine with it: sysrq and watchdogs have no namespaces.
mount -n -t proc proc /proc || fail "no /proc"
mount -n -t sysfs sysfs /sys || fail "no /sys"
mount -n -t tmpfs lab /sys/fs/cgroup || fail "cannot hide the cgroups"
for f in /proc/sysrq-trigger /dev/watchdog*; do
	[ -e "$f" ] && mount -n --bind /dev/null "$f"
done

export PATH="${STAGE:+$STAGE/sbin:$STAGE/bin:}/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root LANG=C.UTF-8
cd / || exit 1
count=0
[ -e /var/lib/boot-count ] && read -r count </var/lib/boot-count
# In one move: others read it at any moment.
echo $((count + 1)) >/var/lib/boot-count.new && mv /var/lib/boot-count.new /var/lib/boot-count
echo "$pid" >&8
exec 8>&-
if [ -x /etc/rc.local ]; then
	setsid /etc/rc.local </dev/null >>/var/log/cluster/boot.log 2>&1 &
fi
# bash reaps whatever is re-parented to it while it waits.
while :; do
	sleep infinity &
	wait $!
done

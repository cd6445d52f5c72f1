#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The resource agents as rgmanager calls them: metadata, exit codes, and the ip
# agent on a device of a network namespace that this test makes.
#
# Run by "make check" with srcdir set and the build folder as working folder.

agents=${srcdir:-.}/agents/resource
ip_agent=$PWD/agents/resource/ip
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
failures=0

bad()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# expect CODE COMMAND...: rgmanager's environment holds OCF_* only.
expect()
{
	want=$1
	shift
	env -i "$@" >"$scratch/out" 2>"$scratch/err"
	got=$?
	[ $got -eq "$want" ] || bad "$* -> $got instead of $want: $(cat "$scratch/err")"
}

# expect_word WORD: in what the last command said on stderr.
expect_word()
{
	grep -q -- "$1" "$scratch/err" || bad "\"$1\" is not in: $(cat "$scratch/err")"
}

check_metadata()
{
	command -v xmllint >/dev/null || {
		echo "skipped: metadata (no xmllint: install libxml2-utils)"
		return
	}
	for agent in "$agents/service" "$agents/script" "$ip_agent"; do
		type=${agent##*/}
		expect 0 "$agent" meta-data
		cp "$scratch/out" "$scratch/$type.xml"
		name=$(xmllint --xpath 'string(/resource-agent/@name)' "$scratch/$type.xml") ||
			bad "$type: metadata is not well-formed"
		[ "$name" = "$type" ] || bad "$type: calls itself \"$name\""
		n=$(xmllint --xpath 'count(//parameter[@primary])' "$scratch/$type.xml")
		[ "$n" = 1 ] || bad "$type: has $n primary parameters"
		n=$(xmllint --xpath 'count(//parameter[@inherit][@primary or @required or @unique])' "$scratch/$type.xml")
		[ "$n" = 0 ] || bad "$type: an inherited parameter is primary, unique or required"
	done
	order=$(xmllint --xpath '//special[@tag="rgmanager"]/child' "$scratch/service.xml" |
		sed 's/.*type="\([a-z]*\)" start="\([0-9]*\)" stop="\([0-9]*\)".*/\1:\2:\3/' | tr '\n' ' ')
	[ "$order" = "lvm:1:9 fs:2:8 clusterfs:3:7 netfs:4:6 nfsexport:5:5 nfsclient:6:4 ip:7:2 smb:8:3 script:9:1 " ] ||
		bad "service orders its children: $order"
}

check_service()
{
	for action in start stop recover reconfig reload; do
		expect 0 "$agents/service" $action
	done
	expect 0 OCF_RESKEY_name=web "$agents/service" validate-all
	expect 2 "$agents/service" validate-all
	expect_word '"name" is missing'
	expect 3 "$agents/service" explode
	expect 3 OCF_RA_VERSION_MAJOR=2 "$agents/service" start
}

check_script()
{
	cat >"$scratch/init" <<-'END'
	#!/bin/sh
	echo "$1 $OCF_RESKEY_service_name" >>"${0%/*}/calls"
	[ "$1" != status ] || exit 3
	END
	chmod +x "$scratch/init"
	expect 0 OCF_RESKEY_file="$scratch/init" OCF_RESKEY_service_name=web "$agents/script" start
	expect 1 OCF_RESKEY_file="$scratch/init" OCF_RESKEY_service_name=web "$agents/script" status
	expect_word 'status: returned 3'
	expect 1 OCF_RESKEY_file="$scratch/init" OCF_RESKEY_service_name=web "$agents/script" monitor
	expect 0 OCF_RESKEY_file="$scratch/init" OCF_RESKEY_service_name=web "$agents/script" stop
	printf 'start web\nstatus web\nstatus web\nstop web\n' | cmp -s - "$scratch/calls" ||
		bad "script was called: $(cat "$scratch/calls")"
	expect 2 "$agents/script" start
	expect 5 OCF_RESKEY_file="$scratch/missing" "$agents/script" start
	expect_word 'is no file on this node'
	chmod -x "$scratch/init"
	expect 5 OCF_RESKEY_file="$scratch/init" "$agents/script" validate-all
}

check_ip_arguments()
{
	expect 2 "$ip_agent" start
	expect_word 'address="": is missing'
	expect 2 OCF_RESKEY_address=web "$ip_agent" validate-all
	expect 0 OCF_RESKEY_address=10.0.0.1 "$ip_agent" validate-all
	expect 3 "$ip_agent" explode
	expect 0 "$ip_agent" --help
	expect 0 "$ip_agent" -V
	expect 2 "$ip_agent"
}

# Inside the namespace.
check_ip_device()
{
	ip link set lo up
	ip link add eth0 type veth peer name eth0peer || {
		echo "skipped: ip on a device (the kernel gives no veth)"
		return
	}
	ip link set eth0 up
	ip link set eth0peer up
	ip address add 10.77.0.1/24 dev eth0
	ip address add fd77::1/64 dev eth0 nodad
	for address in 10.77.0.9 10.77.0.9/32 fd77::9 fd77::9/128; do
		set -- "OCF_RESKEY_address=$address" "$ip_agent"
		expect 7 "$@" status
		expect_word 'on no device'
		expect 0 "$@" start
		expect 0 "$@" start
		expect 0 "$@" status
		expect 0 OCF_CHECK_LEVEL=10 "$@" monitor
		ip link set eth0peer down
		expect 7 "$@" status
		expect_word 'has no link'
		expect 0 OCF_RESKEY_monitor_link=0 "$@" status
		ip link set eth0peer up
		expect 0 "$@" stop
		expect 0 "$@" stop
		expect 7 "$@" status
	done
	expect 1 OCF_RESKEY_address=10.78.0.9 "$ip_agent" start
	expect_word 'no device of this machine'
	expect 1 OCF_RESKEY_address=10.77.0.9 OCF_RESKEY_prefer_interface=lo "$ip_agent" start
	expect 0 OCF_RESKEY_address=10.77.0.9 OCF_RESKEY_prefer_interface=eth0 "$ip_agent" start
	expect 0 OCF_RESKEY_address=10.77.0.9 "$ip_agent" stop
}

if [ "$1" = inside ]; then
	check_ip_device
	exit $failures
fi
check_metadata
check_service
check_script
check_ip_arguments
if unshare -n true 2>/dev/null; then
	unshare -n "$0" inside || bad "ip on a device: see above"
else
	echo "skipped: ip on a device (needs root for a network namespace)"
fi
[ $failures -eq 0 ]

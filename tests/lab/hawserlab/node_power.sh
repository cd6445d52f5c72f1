#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power switch of one lab node. ipmi_sim calls it as its chassis_control program, the lab's Python calls it for
# what no BMC does (a crash leaves the BMC's word at "on").
#
#	node_power.sh NODEDIR get power | get boot
#	node_power.sh NODEDIR set power 0|1 | set reset 1 | set shutdown 1 | set boot X | set identify X
#	node_power.sh NODEDIR crash		current gone, BMC still says on
#	node_power.sh NODEDIR start		somebody presses the button: on, whatever the BMC said, without a self-test
#	node_power.sh NODEDIR run GENERATION [DELAY]	(internal) the machine itself, from power-on to power-off
#
# NODEDIR/power	0 or 1, the BMC's own word; NODEDIR/power.log its record; NODEDIR/generation counts power changes: a
# machine whose generation has passed must not come up any more.
set -u
dir=$1
shift
# shellcheck source=/dev/null
. "$dir/node.env" || exit 1

say() {
	printf '%s %s\n' "$EPOCHREALTIME" "$*" >>"$dir/power.log"
}

locked() {
	exec 9>"$dir/power.lock" && flock 9
}

# Cables first: a dying kernel closes sockets politely, which no machine without current does.
cut_power() {
	local line
	for r in $RINGS; do printf 'link set dev %sr%s down\n' "$NAME" "$r"; done |
		nsenter --net="$SWITCH_NS" ip -force -batch - 2>/dev/null
	echo 1 >"$CGROUP/cgroup.kill"
	for ((i = 0; i < 400; i++)); do
		line=
		read -r line <"$CGROUP/cgroup.procs"
		[ -z "$line" ] && break
		sleep 0.005
	done
	for r in $RINGS; do printf 'link del dev %sr%s\n' "$NAME" "$r"; done |
		nsenter --net="$SWITCH_NS" ip -force -batch - 2>/dev/null
	echo 0 >"$CGROUP/cgroup.freeze"
	[ -z "$line" ]
}

new_generation() {
	local g
	read -r g <"$dir/generation"
	echo $((g + 1)) >"$dir/generation"
}

power_off() {
	new_generation
	cut_power || { say "power off FAILED: processes left"; return 1; }
	rm -f "$dir/pid" "$dir/up"
}

# The machine must not inherit the BMC's sockets nor our lock: everything above stderr is closed.
power_on() { # [DELAY]: in place of that of the self-test
	local g fd
	new_generation
	read -r g <"$dir/generation"
	(
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[ "$fd" -gt 2 ] && eval "exec $fd>&-"
		done
		exec setsid "$BASH" "$0" "$dir" run "$g" "$@" </dev/null >>"$dir/console" 2>&1
	) &
}

run_machine() {
	local gen=$1 delay=${2:-} now rc
	echo 0 >"$HELPER_CGROUP/cgroup.procs" || exit 1
	while :; do
		[ -n "$delay" ] || read -r delay <"$dir/boot_delay"
		sleep "$delay"
		delay=
		locked
		read -r now <"$dir/generation"
		[ "$now" = "$gen" ] || exit 0
		say "machine starts"
		setsid unshare --mount --uts --ipc --net --pid --fork --propagation private \
			"$BASH" "$LIB/node_init.sh" "$dir" 9>&- &
		exec 9>&-
		wait $!
		rc=$?
		locked
		read -r now <"$dir/generation" 2>/dev/null
		[ "$now" = "$gen" ] || exit 0
		if [ "$rc" = 1 ]; then
			say "machine does not boot, see $dir/console"
			exit 1
		fi
		say "machine reset itself"
		cut_power
		rm -f "$dir/pid" "$dir/up"
		exec 9>&-
	done
}

case "$1${2:+ $2}${3:+ $3}" in
"get power")
	read -r p <"$dir/power"
	echo "power:$p"
	;;
"get boot") echo boot:default ;;
"set power 0" | "set shutdown 1")
	say "power off requested"
	locked
	power_off || exit 1
	echo 0 >"$dir/power"
	say "power off done"
	;;
"set power 1")
	locked
	read -r p <"$dir/power"
	say "power on requested"
	if [ "$p" = 0 ]; then
		echo 1 >"$dir/power"
		power_on
	fi
	;;
"set reset 1")
	say "reset requested"
	locked
	power_off || exit 1
	echo 1 >"$dir/power"
	power_on
	say "reset done"
	;;
"set boot "* | "set identify "*) ;;
crash)
	locked
	power_off || exit 1
	say "current lost"
	;;
start)
	locked
	power_off || exit 1
	echo 1 >"$dir/power"
	say "button pressed"
	power_on 0
	;;
"run "*) run_machine "$2" "${3:-}" ;;
*)
	echo "node_power.sh: $* is nothing a BMC can do" >&2
	exit 1
	;;
esac

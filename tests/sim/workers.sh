#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "hasim explore" with worker processes: the same words whatever their number; one that dies has failed its seed and the
# others go on; none outlives the one who started it.
set -u
hasim=$HAWSER_BUILDDIR/hasim
out=$(mktemp -d) || exit 99
trap 'rm -rf "$out"' EXIT
bad=0

verdict() { # NAME CONDITION...
	local name=$1
	shift
	if "$@"; then
		echo "PASS $name"
	else
		echo "FAIL $name"
		bad=1
	fi
}

# Its worker processes, as soon as there are COUNT of them.
workers_of() { # PID COUNT
	local list=()
	while [ ${#list[@]} -lt "$2" ] && kill -0 "$1" 2>/dev/null; do
		read -ra list <"/proc/$1/task/$1/children" || true
	done
	echo "${list[*]}"
}

# False when the process is still there after 20 s.
ended() {
	[ -z "$1" ] && return 1
	timeout 20 tail -s 0.05 --pid="$1" -f /dev/null
}

for jobs in 1 2 5; do
	"$hasim" explore --seeds 1..41 --jobs $jobs | sed 's/([0-9]* per second/(per second/; s/core steps ([0-9]*)/core steps/' >"$out/jobs$jobs"
done
verdict "one job and two say the same" cmp "$out/jobs1" "$out/jobs2"
verdict "one job and five say the same" cmp "$out/jobs1" "$out/jobs5"

"$hasim" explore --seeds 1..400 --jobs 2 >"$out/killed" &
pid=$!
read -r first second <<<"$(workers_of $pid 2)"
kill -KILL "$first"
wait $pid
verdict "a dead worker's seed has failed" grep -q '^seed [0-9]*: the simulator itself was ended by signal 9' "$out/killed"
verdict "all other seeds were heard" grep -qx '1 seeds failed' "$out/killed"

for signal in INT TERM KILL; do
	# A job in the background of a script ignores INT: give it back.
	env --default-signal=INT "$hasim" explore --seeds 1..1000000 --jobs 2 >/dev/null &
	pid=$!
	read -r first second <<<"$(workers_of $pid 2)"
	kill -$signal "$pid"
	wait $pid 2>/dev/null
	verdict "$signal ends the first worker" ended "$first"
	verdict "$signal ends the second worker" ended "$second"
done
exit $bad

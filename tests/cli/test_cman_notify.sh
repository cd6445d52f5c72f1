#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cman_notify: which programs it runs, in which order, with which limit; and the watchdog's script checkquorum.
status=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export HAWSER_LOG_DIR="$tmp/log" HAWSER_RUN_DIR="$tmp/run" CMAN_NOTIFY_DIR="$tmp/d"
export TRACE="$tmp/trace"
log=$tmp/log/cman_notify.log
mkdir "$tmp/d"

bad() {
	echo "FAILED: $*"
	status=1
}

wait_for() { # COMMAND...: until it succeeds
	local looks=0
	until "$@"; do
		[ $((looks += 1)) -lt 3000 ] || { bad "waited in vain for: $*"; return; }
		sleep 0.02
	done
}

program() { # NAME TEXT
	printf '#!/bin/sh\n%s\n' "$2" >"$tmp/d/$1"
	chmod 755 "$tmp/d/$1"
}

# shellcheck disable=SC2016
for name in B a 10-x 9-y _z 'with blank' left~ 'left,' left,v left.cfsaved left.rpmsave left.rpmorig left.rpmnew left.swp \
	left.dpkg-old left.dpkg-dist left.dpkg-new; do
	program "$name" 'echo "${0##*/} $CMAN_NOTIFICATION $CMAN_NOTIFICATION_QUORUM" >>"$TRACE"; echo "word of $0"; exit 3'
done
program not-executable 'echo no >>"$TRACE"'
chmod 644 "$tmp/d/not-executable"
mkdir "$tmp/d/folder"
ln -s a "$tmp/d/link"
ln -s nothing "$tmp/d/dangling"

CMAN_NOTIFICATION=CMAN_REASON_STATECHANGE CMAN_NOTIFICATION_QUORUM=1 cman/cman_notify || bad "exit code $?"
printf '%s CMAN_REASON_STATECHANGE 1\n' 10-x 9-y B _z a link 'with blank' | diff - "$TRACE" || bad "order and names"
[ "$(grep -c "starting $tmp/d/" "$log")" = 7 ] && [ "$(grep -c 'finished .*: exit code 3' "$log")" = 7 ] ||
	bad "log: $(cat "$log")"
grep -q 'word of' "$log" && bad "a script's output without debug"
[ "$(stat -c %a "$log")" = 600 ] || bad "mode of the log"
CMAN_NOTIFICATION_DEBUG=1 cman/cman_notify && [ "$(grep -c 'word of' "$log")" = 7 ] || bad "a script's output with debug"

# One that does not end is ended, and the next one runs all the same. Nothing reads the caller's standard input.
rm -r "$tmp/d" "$TRACE"
mkdir "$tmp/d"
program 1-hangs 'trap "" TERM; sleep 1000 & wait; sleep 1000'
program 2-next 'cat >>"$TRACE"; echo next >>"$TRACE"'
echo input | CMAN_NOTIFY_TIMEOUT=1 timeout 60 cman/cman_notify || bad "a program that hangs"
[ "$(cat "$TRACE")" = next ] || bad "the program behind one that hangs: $(cat "$TRACE")"
grep -q "finished $tmp/d/1-hangs: ended, since it took longer than 1 s" "$log" || bad "the log of one that hangs"

# Two calls do not overlap: the program of the first one goes on until the second one waits for the lock, or is in.
rm -r "$tmp/d" "$TRACE"
mkdir "$tmp/d"
# shellcheck disable=SC2016
program both 'mkdir "$TRACE.inside" || { echo overlap >>"$TRACE"; exit; }
	echo begin >>"$TRACE"
	until [ -e "$TRACE.go" ] || [ "$(cat "$TRACE")" != begin ]; do sleep 0.02; done
	rmdir "$TRACE.inside"
	echo end >>"$TRACE"'
cman/cman_notify &
wait_for test -d "$TRACE.inside"
cman/cman_notify &
waits_or_is_in() {
	grep -q -- "-> FLOCK .*:$(stat -c %i "$tmp/run/cman_notify.lock") 0 EOF" /proc/locks || grep -q overlap "$TRACE"
}
wait_for waits_or_is_in
: >"$TRACE.go"
wait
[ "$(tr '\n' ' ' <"$TRACE")" = "begin end begin end " ] || bad "two calls at once: $(cat "$TRACE")"

# No folder, no log: 0 all the same. A wrong word: 2.
CMAN_NOTIFY_DIR=$tmp/none cman/cman_notify || bad "no folder"
HAWSER_LOG_DIR=/proc/none cman/cman_notify 2>/dev/null || bad "no log"
cman/cman_notify --help | grep -q '^Usage: cman_notify' || bad "--help"
cman/cman_notify what >/dev/null 2>&1
[ $? = 2 ] || bad "a wrong word"

# checkquorum, with a tool that says what it is told to.
export CHECKQUORUM_TIMER="$tmp/timer" CHECKQUORUM_PID_FILE="$tmp/pid" CHECKQUORUM_CMAN_TOOL="$tmp/tool" SAYS="$tmp/says"
printf '#!/bin/sh\ncat "%s"\n' "$SAYS" >"$CHECKQUORUM_CMAN_TOOL"
chmod 755 "$CHECKQUORUM_CMAN_TOOL"
read -r now _ </proc/uptime
now=${now%%.*}

quorum() { # CODE WHAT
	cman/checkquorum test 2>"$tmp/err"
	local rc=$?
	[ "$rc" = "$1" ] && [ ! -s "$tmp/err" ] || bad "checkquorum $2: $rc, $(cat "$tmp/err")"
}

quorum 0 "corosync does not run"
echo $$ >"$tmp/pid"
echo "Quorum: 2 Activity blocked" >"$SAYS"
quorum 0 "never quorate"
echo "Quorum: 2  " >"$SAYS"
quorum 0 "quorate"
[ -s "$CHECKQUORUM_TIMER" ] || bad "no time was kept"
echo "Quorum: 2 Activity blocked" >"$SAYS"
quorum 0 "just lost"
echo $((now > 61 ? now - 61 : -61)) >"$CHECKQUORUM_TIMER"
[ "$now" -gt 61 ] && quorum 254 "lost for a minute"
: >"$SAYS"
[ "$now" -gt 61 ] && quorum 254 "corosync does not answer"
echo "Quorum: 2  " >"$SAYS"
quorum 0 "back again"
echo nonsense >"$CHECKQUORUM_TIMER"
echo "Quorum: 2 Activity blocked" >"$SAYS"
quorum 0 "a broken file"
echo 4194305 >"$tmp/pid"
echo 1 >"$CHECKQUORUM_TIMER"
quorum 0 "corosync has ended"
[ ! -e "$CHECKQUORUM_TIMER" ] || bad "the next start of corosync would be measured with an old time"
cman/checkquorum repair
[ $? = 1 ] || bad "repair"
exit $status

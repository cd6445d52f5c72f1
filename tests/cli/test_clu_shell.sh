#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A daemon of the shell without corosync: options, one instance, calls against a stopped and a killed daemon, children,
# files, signals, what it leaves behind. Run by "make check" in the build folder.
status=0
tmp=$(mktemp -d) || exit 99
name=echo$$
daemon=
trap '[ -n "$daemon" ] && kill -9 $daemon 2>/dev/null; rm -rf "$tmp"' EXIT
export HAWSER_RUN_DIR="$tmp/run" HAWSER_LOG_DIR="$tmp/log" HAWSER_STATE_DIR="$tmp/state"
export CLU_ECHO_NAME=$name CLU_ECHO_WANT=0
log=$tmp/log/$name.log

bad() {
	echo "FAILED: $*"
	status=1
}

# expect CODE TEXT COMMAND...: the exit code, and TEXT on stdout or stderr.
expect() {
	local code=$1 text=$2 got
	shift 2
	"$@" >"$tmp/out" 2>&1
	got=$?
	if [ $got -ne "$code" ] || { [ -n "$text" ] && ! grep -qF -- "$text" "$tmp/out"; }; then
		bad "$*: exit $got (expected $code), '$text' expected, said:"
		cat "$tmp/out"
	fi
}

ask() {
	./clu_echo_ctl "$name" "$@"
}

# Whether something of libqb's has such a name.
buffers() {
	[ -n "$(find /dev/shm -maxdepth 1 -name "$1")" ]
}

start() {
	./clu_echo "$@" || bad "the daemon does not start"
	daemon=$(cat "$tmp/run/$name.pid")
}

# await COMMAND...: until it succeeds, but not for ever.
await() {
	local n=0
	until "$@"; do
		n=$((n + 1))
		if [ $n -gt 500 ]; then
			bad "in vain: $*; the log ends: $(tail -n 5 "$log")"
			return 1
		fi
		sleep 0.02
	done
}

says() {
	ask status 2>/dev/null | grep -q "$1"
}

gone() {
	! kill -0 "$daemon" 2>/dev/null
}

expect 0 "Usage: $name [OPTION]..." ./clu_echo --help
expect 0 "-g, --greeting=TEXT" ./clu_echo -h
expect 0 "-f, --foreground" ./clu_echo -h
expect 0 "$name " ./clu_echo --version
expect 2 "See '$name --help'." ./clu_echo --nonsense
expect 2 "'more' is not an option" ./clu_echo more
expect 2 "--greeting bad cannot be used (Invalid argument)" ./clu_echo -g bad
expect 2 "" ./clu_echo --no-watchdog
CLU_ECHO_WANT=64 expect 0 "-N, --no-watchdog" ./clu_echo -h
expect 111 "$name: not running on this node" ask status
CLU_ECHO_BROKEN="cannot do it; do something" expect 1 "$name: cannot do it; do something" ./clu_echo
CLU_ECHO_BROKEN=abort expect 1 "ended unexpectedly while it was starting; look at $log" ./clu_echo

start --greeting=hallo
expect 0 "name=$(uname -n)" ask status
expect 0 "hallo" ask status
expect 0 "admin=1" ask who
expect 4 "runs already (process $daemon holds $tmp/run/$name.pid)" ./clu_echo
expect 22 "what?" ask nonsense
expect 0 "hallo" ask @dump

# Against a stopped daemon the deadline holds, and afterwards all is as before.
kill -STOP "$daemon"
expect 110 "$name: no answer within the deadline" ask status 50
expect 110 "$name: no answer within the deadline" ask status 50
kill -CONT "$daemon"
expect 0 "start=1" ask status

# Children: end, exit code, signal, deadline, not startable, only the standard descriptors.
expect 0 "exit=0 signal=0 timeout=0 error=0 tail=hi" ask "run 5000 echo hi"
expect 0 "exit=3 signal=0" ask "run 5000 exit 3"
expect 0 "signal=9 timeout=0" ask "run 5000 kill -9 \$\$"
expect 0 "timeout=1" ask "run 50 sleep 30"
expect 0 "error=-2" ask "run 5000 /does/not/exist"
expect 0 "tail=0 1 2 3" ask "run 5000 echo \$(ls /proc/self/fd)"

expect 0 "" ask "store $tmp/file some text"
[ "$(cat "$tmp/file")" = "some text" ] || bad "the file was not stored"
expect 2 "" ask "store $tmp/no/such/folder text"
grep -q "no/such/folder could not be written" "$log" || bad "nothing logged about the failed file"
expect 0 "" ask "timer 1"
await says timer=1

# The client of an unanswered request goes away; the core hears of it.
expect 110 "deadline" ask hold 50
await says gone=1

# A note: log line with an escaped reason, one history entry.
expect 0 "" ask 'note it said "no" | ev=x'
grep -qF 'an object: old -> new: it said "no" | ev=x | ev=echo.note obj="an object" old=old new=new why="it said \"no\" | ev=x" t=' \
	"$log" || bad "the note in the log: $(tail -n 1 "$log")"
ask @history | python3 -c 'import json, sys; e = json.load(sys.stdin)[-1]
assert e["why"] == "it said \"no\" | ev=x" and e["event"] == "echo.note" and e["times"] == 1, e' || bad "the history"

# Log rotation, dump.
mv "$log" "$log.1"
kill -HUP "$daemon"
await test -s "$log"
kill -USR1 "$daemon"
await test -s "$tmp/state/$name.dump"
await test -s "$tmp/state/$name.shell.dump"
grep -q hallo "$tmp/state/$name.dump" || bad "the dump"

# Killed during a call: the call ends at once; the next daemon starts and tidies up.
./clu_echo_ctl "$name" hold 600000 >"$tmp/held" 2>&1 &
held=$!
await buffers "qb-$daemon-$held-*"
kill -STOP $held
kill -9 "$daemon"
kill -CONT $held
wait $held
[ $? = 32 ] || bad "the call to a killed daemon: $(cat "$tmp/held")"
grep -q "ended before it answered" "$tmp/held" || bad "the call to a killed daemon said: $(cat "$tmp/held")"
old=$daemon
start
buffers "qb-$old-*" || buffers "qb-$name-$old-*" && bad "the killed daemon's buffers are left"

# The core hears of the end once, however often we are told.
expect 0 "" ask stubborn
kill -TERM "$daemon"
await says shutdown=1
kill -TERM "$daemon"
kill -INT "$daemon"
await grep -q "signal 2: leaving in order" "$log"
expect 0 "shutdown=1 " ask status
expect 0 "" ask stubborn
kill -9 "$daemon"
await gone
start

# In order: open requests are answered, exit 0, nothing left.
./clu_echo_ctl "$name" hold 600000 >"$tmp/held" 2>&1 &
held=$!
await buffers "qb-$daemon-$held-*"
await says start=1
kill -TERM "$daemon"
wait $held
[ $? = 108 ] || bad "the open call of a daemon that ends: $(cat "$tmp/held")"
old=$daemon
await gone
daemon=
buffers "qb-$old-*" || buffers "qb-$name-*" && bad "something is left in /dev/shm"
grep -q "$name ends with code 0" "$log" || bad "the end is not in the log"

# In the foreground: logs to stderr, exit code of FATAL.
./clu_echo -f -D 2>"$tmp/err" &
daemon=$!
await says start=1
expect 0 "ending" ask "fatal 7"
wait $daemon
[ $? = 7 ] || bad "the exit code of FATAL"
daemon=
grep -q "the daemon cannot go on: it was told to" "$tmp/err" || bad "no log on stderr"

# A core that could not do its step: the daemon does not go on with half a state.
./clu_echo -f 2>"$tmp/err" &
daemon=$!
await says start=1
expect 108 "ended before it answered" ask nomem
wait $daemon
[ $? = 1 ] || bad "the exit code of a failed step"
daemon=
grep -q "event REQUEST could not be handled (Cannot allocate memory)" "$tmp/err" || bad "no word of the failed step"

# The service manager is told: ready, alive again and again, stopping. Not alive when the word is meant for another process.
cat >"$tmp/manager.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(60)
while True:
    print(s.recv(4096).decode(), flush=True)
END
python3 "$tmp/manager.py" "$tmp/notify" >"$tmp/told" 2>/dev/null &
manager=$!
trap '[ -n "$daemon" ] && kill -9 $daemon 2>/dev/null; kill $manager 2>/dev/null; rm -rf "$tmp"' EXIT
await test -S "$tmp/notify"
alive() {
	[ "$(grep -c WATCHDOG=1 "$tmp/told")" -ge 3 ]
}
NOTIFY_SOCKET=$tmp/notify WATCHDOG_USEC=100000 ./clu_echo -f 2>/dev/null &
daemon=$!
await alive
[ "$(head -n 1 "$tmp/told")" = READY=1 ] || bad "the service manager was told first: $(head -n 1 "$tmp/told")"
kill -TERM $daemon
wait $daemon
daemon=
await grep -q STOPPING=1 "$tmp/told"
: >"$tmp/told"
NOTIFY_SOCKET=$tmp/notify WATCHDOG_USEC=100000 WATCHDOG_PID=1 ./clu_echo -f 2>/dev/null &
daemon=$!
await grep -q READY=1 "$tmp/told"
kill -TERM $daemon
wait $daemon
daemon=
await grep -q STOPPING=1 "$tmp/told"
grep -q WATCHDOG=1 "$tmp/told" && bad "a word meant for another process"
# A manager that cannot be reached is no reason not to run.
NOTIFY_SOCKET=$tmp/nobody ./clu_echo -f 2>/dev/null &
daemon=$!
await says start=1
await grep -q "the service manager could not be told" "$log"
kill -TERM $daemon
wait $daemon
daemon=

exit $status

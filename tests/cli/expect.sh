# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What tests of tools share: a folder of their own for all that the tools read and write, and what is expected of them.
# Sourced first; a test ends with "exit $failed".
# shellcheck disable=SC2034

# A test that sets OWN_NET=1 before runs in a network namespace of its own, where no daemon of this machine has its socket.
if [ -n "${OWN_NET:-}" ] && [ -z "${IN_OWN_NET:-}" ]; then
	unshare -rn true 2>/dev/null || { echo "namespaces of a user's own are not allowed here"; exit 77; }
	IN_OWN_NET=1 exec unshare -rn "$0" "$@"
fi

src=$(cd "${srcdir:-.}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export HAWSER_CONF=$tmp/cluster.conf HAWSER_DATA_DIR=$src/conf HAWSER_RUN_DIR=$tmp HAWSER_STATE_DIR=$tmp HAWSER_LOG_DIR=$tmp
failed=0

# expect CODE PATTERN COMMAND...: exit code, and an extended regular expression that output and errors must have.
expect() {
	local code=$1 pattern=$2 got out
	shift 2
	out=$("$@" 2>&1)
	got=$?
	if [ "$got" != "$code" ] || ! grep -qE -- "$pattern" <<<"$out"; then
		printf 'FAIL: %s\n  exit %s, expected %s; expected /%s/ in:\n%s\n' "$*" "$got" "$code" "$pattern" "$out"
		failed=1
	fi
}

# has FILE PATTERN...: all patterns in the file.
has() {
	local file=$1 p
	shift
	for p; do
		grep -qE -- "$p" "$file" || { echo "FAIL: no /$p/ in $file:"; cat "$file"; failed=1; }
	done
}

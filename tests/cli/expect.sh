# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What tests of tools share; sourced. They begin with failed=0 and end with "exit $failed".
# shellcheck disable=SC2034

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

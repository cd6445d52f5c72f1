#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every file of tests/golden/lvs through `lvsd --test-start`: output, messages and exit code as expected.
# With GOLDEN_UPDATE=1 the expected files are written anew: read the difference before you keep it.
set -u
top=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
lvsd=$PWD/lvsd
folder=$top/tests/golden/lvs
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

for case in "$folder"/*.cf "$folder"/*.icf; do
	name=${case##*/}
	form=
	[ "${name##*.}" = icf ] && form=--inline
	# shellcheck disable=SC2086
	{
		"$lvsd" --test-start $form -c "$case" 2>"$work/err"
		echo "exit $?"
		cat "$work/err"
	} | sed "s|$folder/||" >"$work/got"
	if [ -n "${GOLDEN_UPDATE:-}" ]; then
		cp "$work/got" "$folder/$name.expected"
	elif ! diff -u "$folder/$name.expected" "$work/got"; then
		echo "FAIL: $name"
		failed=1
	fi
done
exit $failed

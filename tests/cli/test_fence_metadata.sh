#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The metadata of each fence agent is what tests/golden/fence/AGENT.xml says: a
# changed parameter is a changed contract. "UPDATE=1 srcdir=.. TEST" rewrites them.
status=0
# The list grows with the agents.
# shellcheck disable=SC2043
for agent in fence_ipmilan; do
	golden=${srcdir:-.}/tests/golden/fence/$agent.xml
	[ -z "$UPDATE" ] || agents/fence/$agent --action metadata >"$golden"
	agents/fence/$agent --action metadata | diff -u "$golden" - || status=1
	printf 'action=meta-data\n' | agents/fence/$agent | cmp "$golden" - || status=1
	if command -v xmllint >/dev/null; then
		xmllint --noout "$golden" || status=1
	fi
done
exit $status

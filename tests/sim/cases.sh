#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The cases: each must come out as its script expects, and must not with the planted bugs that it names in a line
# "# red with NAME ...": so each is seen to fail in every check. Bugs that no seed shows have a case that does.
set -u
bad=0
for case in "$HAWSER_SRCDIR"/tests/sim/cases/*.sim; do
	name=$(basename "$case" .sim)
	if said=$("$HAWSER_BUILDDIR/hasim" run "$case" 2>&1); then
		echo "PASS $name"
	else
		echo "FAIL $name: look at it with: hasim run $case --trace"
		printf '%s\n' "$said"
		bad=1
	fi
	for bug in $(sed -n 's/^# red with //p' "$case"); do
		if "$HAWSER_BUILDDIR/hasim_bugs" run "$case" --bug "$bug" >/dev/null 2>&1; then
			echo "FAIL $name: comes out as expected also with the planted bug $bug"
			bad=1
		elif [ $? = 1 ]; then
			echo "PASS $name sees $bug"
		else
			echo "FAIL $name: hasim_bugs cannot run it with $bug"
			bad=1
		fi
	done
done
for bug in $("$HAWSER_BUILDDIR/hasim_bugs" bugs | awk '$2 == "case" { print $1 }'); do
	if ! grep -q "^# red with.*\<$bug\>" "$HAWSER_SRCDIR"/tests/sim/cases/*.sim; then
		echo "FAIL the planted bug $bug is left to a case, and no case is red with it"
		bad=1
	fi
done
exit $bad

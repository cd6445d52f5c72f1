#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every fuzz target over its kept corpus: tests/fuzz/corpus/NAME for fuzz_NAME.
set -u
bad=0
for t in $FUZZ_TARGETS; do
	dir=$HAWSER_SRCDIR/tests/fuzz/corpus/${t#fuzz_}
	if "$HAWSER_BUILDDIR/$t" "$dir"; then
		echo "PASS $t"
	else
		echo "FAIL $t over $dir"
		bad=1
	fi
done
exit $bad

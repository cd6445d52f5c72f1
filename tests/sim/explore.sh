#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole clusters in virtual time, each history from a seed; the same seed must give the same history.
set -u
hasim=$HAWSER_BUILDDIR/hasim
bad=0
if "$hasim" explore --jobs 2 --seeds "1..${SIM_SEEDS:-5000}"; then
	echo "PASS explore"
else
	echo "FAIL explore: look at one with: hasim seed N --trace"
	bad=1
fi
one=$("$hasim" seed 7 --trace | cksum)
two=$("$hasim" seed 7 --trace | cksum)
if [ "$one" = "$two" ]; then
	echo "PASS replay"
else
	echo "FAIL replay: the same seed gave two histories"
	bad=1
fi
exit $bad

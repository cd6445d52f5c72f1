#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every planted bug is found within 2,000 histories, by the promise it breaks; and nothing of them is in what is shipped.
set -u
bad=0
"$HAWSER_BUILDDIR/hasim_bugs" prove --within "${WITHIN:-2000}" --jobs 2 || bad=1
if strings -a "$HAWSER_BUILDDIR/hasim_bugs" | grep -q clu_planted; then
	echo "PASS planted bugs can be told from a program's symbols"
else
	echo "FAIL hasim_bugs does not show the symbol that is looked for below"
	bad=1
fi
found=$(find "$HAWSER_BUILDDIR" -maxdepth 2 -type f \( -perm -u+x -o -name '*.so*' -o -name '*.a' \) ! -name hasim_bugs \
	-exec sh -c 'strings -a "$1" | grep -q "clu_planted\|CLU_BUG_"' sh {} \; -print)
if [ -z "$found" ]; then
	echo "PASS no other program or library holds planted bugs"
else
	echo "FAIL planted bugs are in: $found"
	bad=1
fi
exit $bad

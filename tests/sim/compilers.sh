#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A seed is one history, whatever compiler built the simulator: byte for byte the same trace. What differs was read
# before it was set, or decided by the order in which a compiler evaluates arguments.
set -u
seeds=40
other=
if grep -q '^CC = .*clang' "$HAWSER_BUILDDIR/Makefile"; then
	other=$(command -v gcc)
else
	other=$(command -v clang || command -v clang-14)
fi
if [ -z "$other" ]; then
	echo "SKIP compilers: there is only one compiler here; install clang"
	exit 77
fi
build=$(mktemp -d) || exit 99
trap 'rm -rf "$build"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS
if ! (cd "$build" && CC=$other "$HAWSER_SRCDIR/configure" -q --enable-maintainer-mode --disable-dependency-tracking &&
	make -s libproto.la && make -s hasim) >"$build/log" 2>&1; then
	tail -20 "$build/log"
	echo "FAIL compilers: $other does not build hasim"
	exit 1
fi
bad=0
for seed in $(seq "$seeds"); do
	"$HAWSER_BUILDDIR/hasim" seed "$seed" --trace >"$build/one"
	"$build/hasim" seed "$seed" --trace >"$build/two"
	cmp -s "$build/one" "$build/two" && continue
	echo "seed $seed:"
	diff "$build/one" "$build/two" | head -5
	bad=1
done
if [ $bad = 1 ]; then
	echo "FAIL compilers: a history depends on who compiled the simulator"
else
	echo "PASS compilers: $seeds histories are the same with $other"
fi
exit $bad

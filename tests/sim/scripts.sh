#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Scripts of the simulator: a seed written as one and run gives the same history; a faulty one is told from its place.
set -u
hasim=$HAWSER_BUILDDIR/hasim
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
fail()
{
	echo "FAIL $*"
	bad=1
}

for seed in $(seq 1 50); do
	"$hasim" seed "$seed" --script -o "$dir/seed.sim" || fail "seed $seed cannot be written as a script"
	one=$("$hasim" seed "$seed" --trace | sed '$d' | cksum)
	two=$("$hasim" run "$dir/seed.sim" --trace | sed '$d' | cksum)
	[ "$one" = "$two" ] || fail "seed $seed and its script give two histories"
done
[ $bad = 0 ] && echo "PASS scripts of 50 seeds"

conf='<cluster name="x" config_version="1"><clusternodes><clusternode name="n1" nodeid="1"/><clusternode name="n2" nodeid="2"/></clusternodes></cluster>'

# refuses NAME TEXT_OF_THE_MESSAGE SCRIPT
refuses()
{
	printf '%s\n' "$3" >"$dir/$1.sim"
	said=$("$hasim" run "$dir/$1.sim" 2>&1)
	status=$?
	if [ $status != 2 ]; then
		fail "$1: ended with $status: $said"
	elif ! printf '%s\n' "$said" | grep -qF "$1.sim:$2"; then
		fail "$1: said \"$said\", not \"$2\""
	else
		echo "PASS $1"
	fi
}

head="nodes 2
conf
$conf
end
calm 60"
refuses unknown-line '2: "nods" begins no line of a script: write one of nodes,' "
nods 2"
refuses unknown-fault '6: "crush" is nothing that can happen: take one of crash,' "$head
at 3 crush n1"
refuses node-out-of-range '6: crash is not given as it should be: write "crash NODE" with nodes n1 to n2' "$head
at 3 crash n3"
refuses argument-missing '6: hang is not given as it should be: write "hang NODE SECONDS"' "$head
at 3 hang n1"
refuses argument-too-many '6: crash is not given as it should be' "$head
at 3 crash n1 n2"
refuses command-of-nobody '6: fence_tool is not given as it should be: write "on NODE fence_tool' "$head
at 3 fence_tool info"
refuses command-of-no-node '6: "on n9": there is no such node: they are n1 to n2' "$head
at 3 on n9 fence_tool info"
refuses half-a-partition '6: partition is not given as it should be: write "partition NODES | NODES"' "$head
at 3 partition n1 |"
refuses node-on-no-side '6: partition is not given' "$head
at 3 partition n1 | -"
refuses node-on-both-sides '6: partition is not given' "$head
at 3 partition n1,n2 | n2"
refuses time-not-a-number '6: "soon" is no time: write seconds' "$head
at soon crash n1"
refuses time-too-fine '6: "1.1234567" is no time' "$head
at 1.1234567 crash n1"
refuses time-too-late '6: "1000001" is no time' "$head
at 1000001 crash n1"
refuses behind-the-end ' something happens behind the end: write a later' "$head
at 61 crash n1"
refuses expected-behind-the-end '6: it is expected behind the end' "$head
expect at 61 owner s1 n1"
refuses unknown-expectation '6: "owns" is nothing that can be expected: write one of "owner SERVICE NODE|none"' "$head
expect owns s1 n1"
refuses expectation-half '6: owner is not given as it should be: write "owner SERVICE NODE|none"' "$head
expect owner s1"
refuses break-at-a-time '6: the break of a promise is expected without a time' "$head
expect at 3 broken S1"
refuses no-end ' it does not say when it ends: write "until SECONDS"' "nodes 2
conf
$conf
end"
refuses two-ends '6: the end was given above' "$head
until 70"
refuses no-conf ' there is no cluster.conf: write "conf FILE"' "nodes 2
calm 60"
refuses two-confs '6: a script has one cluster.conf, and it was given above' "$head
conf other.conf"
refuses conf-without-end '2: the cluster.conf that begins here has no end' "nodes 2
conf
$conf"
refuses conf-file-missing '2: its cluster.conf: ' "nodes 2
conf missing.conf"
refuses conf-not-xml ' its cluster.conf cannot be read' "nodes 2
conf
<cluster
end
calm 60"
refuses conf-other-nodes ' cluster.conf has 2 nodes, but the script says "nodes 3"' "nodes 3
conf
$conf
end
calm 60"
refuses nodes-after-use '1: nodes are named before their number is known' "at 3 crash n1
nodes 2"
refuses too-many-nodes '1: the number of nodes is given once, from 2 to 32' "nodes 33"
refuses nodes-twice '2: the number of nodes is given once' "nodes 2
nodes 2"
refuses no-seed '1: "-1" is no seed' "seed -1"
refuses seed-too-large '1: "18446744073709551616" is no seed' "seed 18446744073709551616"
refuses words-too-many '6: more than 40 words in a line' "$head
at $(seq -s ' ' 1 50)"
refuses more-than-taken '6: there is more than no-luck takes: "today"' "$head
no-luck today"

missing=$("$hasim" run "$dir/nothing.sim" 2>&1)
[ $? = 2 ] && printf '%s\n' "$missing" | grep -qF "nothing.sim: cannot be opened: No such file" && echo "PASS no file" ||
	fail "no file: $missing"

# What does not come about as expected is told with its line, and what is so instead.
printf '%s\nexpect at 50 quorate n1\nexpect at 50 not quorate n2\n' "$head" >"$dir/unmet.sim"
said=$("$hasim" run "$dir/unmet.sim")
[ $? = 1 ] && printf '%s\n' "$said" | grep -qF "unmet.sim:7: expected not quorate n2, but n2 is quorate" &&
	! printf '%s\n' "$said" | grep -q 'unmet.sim:6' && echo "PASS unmet" || fail "unmet: $said"
# A failure is shrunk to a script that fails in the same way with the planted bug, and does not without.
first=$("$HAWSER_BUILDDIR/hasim_bugs" prove --bug RGM_BEFORE_FENCED | sed -n 's/.*: seed \([0-9]*\): .*/\1/p')
"$HAWSER_BUILDDIR/hasim_bugs" shrink "$first" --bug RGM_BEFORE_FENCED -o "$dir/short.sim" 2>"$dir/said"
left=$(grep -c '^at ' "$dir/short.sim")
if [ "$left" -gt 2 ]; then
	fail "shrink: seed $first still has $left faults"
elif "$HAWSER_BUILDDIR/hasim_bugs" run "$dir/short.sim" --bug RGM_BEFORE_FENCED >"$dir/said" 2>&1; then
	fail "shrink: what was left of seed $first does not fail"
elif ! grep -q 'short.sim: S[12]: ' "$dir/said" || ! grep -q '^# S[12]: ' "$dir/short.sim"; then
	fail "shrink: $(cat "$dir/said")"
elif ! "$hasim" run "$dir/short.sim" >"$dir/said" 2>&1; then
	fail "shrink: fails without the bug, too: $(cat "$dir/said")"
else
	echo "PASS shrink"
fi
exit $bad

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ccs_config_validate from the outside: options, both outputs and exit codes. Runs in the build folder. What is found in
# documents is the matter of test_ccsd_validate.
set -u
src=$(cd "${srcdir:-.}" && pwd)
golden=$src/tests/golden/ccs
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export HAWSER_CONF=$tmp/cluster.conf HAWSER_DATA_DIR=$src/conf HAWSER_RUN_DIR=$tmp HAWSER_LIBEXEC_DIR=$tmp/agents TMPDIR=$tmp
failed=0
v=./ccs_config_validate

# expect CODE STDOUT-PATTERN STDERR-PATTERN OPTION...: an empty pattern: nothing is there.
expect() {
	local code=$1 want_out=$2 want_err=$3 got
	shift 3
	$v "$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ "$got" = "$code" ] || { echo "FAIL: $v $*: exit $got, expected $code"; failed=1; }
	for one in "out:$want_out" "err:$want_err"; do
		if [ -z "${one#*:}" ]; then
			[ -s "$tmp/${one%%:*}" ] && { echo "FAIL: $v $*: std${one%%:*} should be empty, is:"; cat "$tmp/${one%%:*}"; failed=1; }
		elif ! grep -qE -- "${one#*:}" "$tmp/${one%%:*}"; then
			echo "FAIL: $v $*: no /${one#*:}/ in std${one%%:*}:"
			cat "$tmp/${one%%:*}"
			failed=1
		fi
	done
}

good=$golden/good-three-nodes.conf
bad=$golden/bad-many-at-once.conf
valid='^Configuration validates$'
invalid='^Configuration fails to validate$'

mkdir -p "$tmp/agents/fence" "$tmp/agents/resource"
for a in fence/fence_ipmilan resource/service resource/ip resource/script; do
	printf '#!/bin/sh\n' >"$tmp/agents/$a" && chmod 755 "$tmp/agents/$a"
done
expect 0 "$valid" '' -f "$good"
expect 0 "$valid" '' -l "$good" -u
expect 0 '' '' -q -f "$good"
expect 0 "$valid" ":3:10: note: a node that falls silent is out of the cluster after 2200 ms = token 1000" -v -f "$good"
expect 3 "$invalid" "^$bad:3:10: attribute token=\"0\" in <totem>: not a valid value; it must be a whole number" -f "$bad"
expect 3 '' '' -q -f "$bad"
rm "$tmp/agents/fence/fence_ipmilan"
expect 0 "$valid" '^[^ ]*:17:31: warning: agent="fence_ipmilan" in <fencedevice>: it is not installed here' -f "$good"

# The file of this node.
expect 255 '' 'cluster.conf: cannot be read: No such file' 
cp "$good" "$HAWSER_CONF"
expect 0 "$valid" 'warning'
expect 0 "$valid" 'warning' -C xmlconfig
expect 255 '' 'only loader is xmlconfig' -C ldapconfig
expect 255 '' 'ccsd: not running' -r

# What no program reads.
expect 3 "$invalid" ':6:42: unknown attribute colour' -f "$golden/bad-unknown-attribute-far.conf"
expect 0 "$valid" ':6:42: warning: unknown attribute colour' --lax -f "$golden/bad-unknown-attribute-far.conf"
expect 3 "$invalid" 'the outermost element is' -L -f "$golden/bad-root.conf"

# Versions.
expect 0 "$valid" 'warning' -R 6 -f "$good"
expect 254 "$invalid" 'config_version 7 is not greater than 7; raise it' -R 7 -f "$good"
expect 253 "$invalid" 'no config_version found' -R 1 -f "$golden/bad-no-version.conf"
expect 254 '' '' -q -R 8 -f "$good"
expect 255 '' 'whole number from 1' -R x -f "$good"
expect 255 '' 'whole number from 1' -R 0 -f "$good"

# A copy of what is checked.
expect 0 "$valid" 'warning' -t "$tmp/copy" -f "$good"
[ -e "$tmp/copy" ] && { echo "FAIL: the copy is still there"; failed=1; }
expect 0 "$valid" "kept in $tmp/copy" -n -t "$tmp/copy" -f "$good"
cmp -s "$tmp/copy" "$good" || { echo "FAIL: the copy is another text"; failed=1; }
[ "$(stat -c %a "$tmp/copy")" = 600 ] || { echo "FAIL: others may read the copy"; failed=1; }
expect 255 '' 'copy: cannot be written: File exists; -o overwrites it' -t "$tmp/copy" -f "$good"
expect 3 "$invalid" "kept in" -n -o -t "$tmp/copy" -f "$bad"
cmp -s "$tmp/copy" "$bad" || { echo "FAIL: the copy was not overwritten"; failed=1; }
expect 0 "$valid" "kept in $tmp/ccs_config_validate\.......$" -n -f "$good"
expect 255 '' 'name one' -o -f "$good"
expect 255 '' 'cannot be written' -t "$tmp/no/folder" -f "$good"

# JSON.
expect 0 '"valid": true' '' --json -f "$good"
expect 3 '"valid": false' '' -j -f "$bad"
expect 255 '"valid": null' '' -j -f "$tmp/nothing"
expect 3 '"id": "unreadable"' '' -j -f "$golden/bad-not-wellformed.conf"
expect 254 '"valid": false' 'not greater' -j -R 7 -f "$good"
$v --json -f "$bad" | /usr/bin/python3 -c '
import json, sys
r = json.load(sys.stdin)
kinds = [f["severity"] for f in r["findings"]]
assert r["config_version"] == 7 and r["file"].endswith("bad-many-at-once.conf"), r
assert kinds.count("error") == r["errors"] == 8 and kinds.count("warning") == r["warnings"], r
places = [(f["line"], f["column"]) for f in r["findings"]]
assert places == sorted(places) and places[0] == (3, 10), places
f = r["findings"][0]
assert f["element"] == "totem" and f["attribute"] == "token" and f["id"] == "bad-value", f
assert all(f["message"] and f["severity"] in ("error", "warning", "note") for f in r["findings"])
' || { echo "FAIL: JSON"; failed=1; }

# Wrong use.
expect 255 '' 'not understood' x
expect 255 '' 'Usage' -x
expect 255 '' 'give one of them' -f "$good" -r
expect 255 '' 'give one of them' -f "$good" -l "$good"
expect 255 '' 'excludes -v' -q -v -f "$good"
expect 255 '' 'excludes -v and --json' -q --json -f "$good"
expect 255 '' 'the schema cannot be read' -s "$tmp/nothing" -f "$good"
printf '<grammar xmlns="http://relaxng.org/ns/structure/1.0"><start><ref name="c"/></start><define name="c"><element name="c"><list/></element></define></grammar>' >"$tmp/x.rng"
expect 255 '' 'the schema is damaged' -s "$tmp/x.rng" -f "$good"
expect 0 'Usage' '' -h
expect 0 'ccs_config_validate \(hawser\)' '' -V
head -c 4194305 /dev/zero >"$tmp/large"
expect 255 '' 'larger than 4194304 bytes' -f "$tmp/large"
exit $failed

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mkqdisk on regular files: what it says, its exit codes, what it writes.
set -u
export LC_ALL=C TZ=UTC
tool=$HAWSER_BUILDDIR/mkqdisk
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
status=0

bad() {
	echo "FAILED: $*"
	status=1
}

# EXIT TEXT COMMAND...: the text is part of what it prints; the answer to its question comes from $answer.
answer=
expect() {
	local code=$1 text=$2 got rc
	shift 2
	got=$(printf '%s' "$answer" | "$tool" "$@" 2>&1)
	rc=$?
	[ $rc -eq "$code" ] || bad "$*: exit $rc, not $code: $got"
	[[ $got == *"$text"* ]] || bad "$*: \"$text\" is not in: $got"
}

disk=$dir/disk
truncate -s 1M "$disk"
version=$("$tool" -h | head -2)
[[ $version =~ ^mkqdisk\ v[0-9.]+$ ]] || bad "first line: $version"
[ -z "$("$tool" -h | sed -n 2p)" ] || bad "no empty line behind the version"
expect 0 "usage: mkqdisk" -h
expect 1 "usage: mkqdisk"
expect 1 "usage: mkqdisk" --nonsense
expect 1 "'extra' is not expected" -c "$disk" -l x extra
expect 1 "Both a device and a label are required" -c "$disk"
expect 1 "Both a device and a label are required" -l x
expect 255 "cannot be opened" -L "$dir/none"
expect 255 "is no quorum disk" -L "$disk"
expect 255 "cannot be a label" -c "$disk" -l " blank"
expect 255 "cannot be a label" -c "$disk" -l "$(printf '%0119d' 1)"
expect 0 "Writing new quorum disk label 'first' to $disk.
WARNING: About to destroy all data on $disk; proceed [N/y] ? Good thinking." -c "$disk" -l first
answer=$'Y\n'
expect 0 "Good thinking." -c "$disk" -l first
expect 255 "is no quorum disk" -L "$disk"
answer=$'y\n'
expect 0 "Initializing status block for node 1..." -c "$disk" -l first
expect 0 "Initializing status block for node 16..." -c "$disk" -l first
expect 0 "is a quorum disk already: label 'first', created " -c "$disk" -l "second one"
[ "$(stat -c %s "$disk")" = 1048576 ] || bad "the size has changed"
truncate -s 60K "$dir/small"
expect 255 "is too small for a quorum disk" -c "$dir/small" -l x
expect 255 "no quorum disk with label 'no such label' found" -f "no such label"

# The listing, byte for byte but for the time and the host.
"$tool" -L "$disk" -d | sed '1,2d; s/^\(\tCreated: *\).*/\1TIME/; s/^\(\tHost: *\).*/\1HOST/' >"$dir/list"
printf '%s:\n\tMagic:                eb7a62c2\n\tLabel:                second one\n\tCreated:              TIME\n\tHost:                 HOST\n\tKernel Sector Size:   512\n\tRecorded Sector Size: 512\n\n' \
	"$disk" >"$dir/want"
cmp "$dir/want" "$dir/list" || { bad "the listing differs"; cat "$dir/list"; }
"$tool" -L "$disk" --json | grep -q '"label": "second one"' || bad "no JSON"
[ "$("$tool" -L "$disk" --json | head -c 1)" = "[" ] || bad "something stands before the JSON"

# A status block by the layout of qdisk.5, and one whose sum is wrong.
python3 - "$disk" <<'EOF'
import struct
import sys
import zlib
payload = struct.pack("<IIQIBIIIIIIIQIIIQQIQ", 0x47bacef8, 3, 1200000000, 3, 6, 1, 2, 4, 0, 1234, 1, 5678, 0xabcd00001234,
                      0, 0, 0, 4, 4, 1, 8)
def block(payload, view):
    front = struct.pack("<IIIIQQ", 0x00debb1e, 0, zlib.crc32(payload), len(payload), view, 1200000000)
    front = front[:4] + struct.pack("<I", zlib.crc32(front)) + front[8:]
    return front + payload
with open(sys.argv[1], "r+b") as f:
    f.seek(3 * 4096)
    f.write(block(payload, 7))
    f.seek(4 * 4096)
    f.write(block(payload, 7)[:-1] + b"x")
EOF
"$tool" -L "$disk" -d | sed '1,10d' >"$dir/list"
printf 'Status block for node 3\n\tLast updated by node 3\n\tLast updated on Thu Jan 10 21:20:00 2008\n\tState: Master\n\tFlags: 0001\n\tScore: 2/4\n\tAverage Cycle speed: 0.001234 seconds\n\tLast Cycle speed: 1.005678 seconds\n\tIncarnation: 0000abcd00001234\n' \
	>"$dir/want"
cmp "$dir/want" "$dir/list" || { bad "the status differs"; cat "$dir/list"; }
exit $status

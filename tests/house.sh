# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What ./demo, ./check and bench/failover share: the packages of debian/control, and a build with a staged
# installation in build/stage. Sourced with TOP set to the root of the tree.

# Packages named in debian/control, one per line; alternatives stay on one line. Our own packages and debhelper (only
# packaging needs it) are left out.
house_packages() {
	awk '
		/^[A-Z][A-Za-z-]*:/ { on = /^(Build-Depends|Depends|Recommends|Pre-Depends):/ }
		/^Package:/ { own[$2] = 1 }
		on { sub(/^[A-Za-z-]+:/, ""); text = text "," $0 }
		END {
			n = split(text, item, ",")
			for (i = 1; i <= n; i++) {
				gsub(/\([^)]*\)|\[[^]]*\]|<[^>]*>|\$\{[^}]*\}/, "", item[i])
				gsub(/^[ \t]+|[ \t]+$/, "", item[i])
				if (item[i] != "" && item[i] != "debhelper-compat" && !(item[i] in own) && !seen[item[i]]++)
					print item[i]
			}
		}' "$TOP/debian/control"
}

house_missing() {
	local line name found installed
	installed=$(dpkg-query -W -f ' ${Package}=${db:Status-Status} ')
	while read -r line; do
		found=
		for name in ${line//|/ }; do
			case $installed in *" $name=installed "*) found=1 ;; esac
		done
		[ -n "$found" ] || echo "${line%%[ |]*}"
	done < <(house_packages)
}

# Install what is missing; touches neither network nor packages when nothing is. Services of the new packages
# (corosync above all) are not started on this machine: the lab starts its own.
house_install() {
	local missing policy=/usr/sbin/policy-rc.d ours=
	mapfile -t missing < <(house_missing)
	[ ${#missing[@]} -eq 0 ] && return 0
	if [ "$(id -u)" != 0 ]; then
		echo "${0##*/}: packages are missing (${missing[*]}) and only root can install them: use sudo" >&2
		return 1
	fi
	echo "installing: ${missing[*]}"
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && ours=1
	fi
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get -q update && apt-get -qy install --no-install-recommends "${missing[@]}"; } >/tmp/hawser-apt.$$ 2>&1
	local rc=$?
	[ -n "$ours" ] && rm -f "$policy"
	if [ "$rc" != 0 ]; then
		tail -20 /tmp/hawser-apt.$$ >&2
		echo "${0##*/}: apt-get failed (above): mend it or install by hand: ${missing[*]}" >&2
	fi
	rm -f /tmp/hawser-apt.$$
	return "$rc"
}

house_build_steps() {
	local build=$1
	shift
	if [ ! -e "$TOP/configure" ] || [ -n "$(find "$TOP/configure.ac" "$TOP/Makefile.am" "$TOP"/*/local.mk \
		"$TOP"/*/*/local.mk -newer "$TOP/configure" 2>/dev/null)" ]; then
		(cd "$TOP" && autoreconf -fi) || return 1
	fi
	if [ ! -e "$build/Makefile" ] || [ "$TOP/configure" -nt "$build/config.status" ]; then
		(cd "$build" && "$TOP/configure" -q --prefix="$build/stage" --sysconfdir=/etc --localstatedir=/var \
			--runstatedir=/run "$@") || return 1
	fi
	make -s -C "$build" -j"$(nproc)" && make -s -C "$build" install
}

# house_build FOLDER [CONFIGURE OPTION...]: build out of tree in FOLDER and install into FOLDER/stage, each step only
# if something it reads is newer than its result.
house_build() {
	local build=$1 log=$1/build.log newer
	shift
	mkdir -p "$build"
	newer=$(find "$TOP" -path "$TOP/build*" -prune -o -path "$TOP/.git" -prune -o -path "$TOP/tests/lab" -prune \
		-o -name autom4te.cache -prune -o -type f -newer "$build/.staged" -print -quit 2>&1)
	[ -e "$build/.staged" ] && [ -z "$newer" ] && return 0
	: >"$build/.begun"
	if ! house_build_steps "$build" "$@" >"$log" 2>&1; then
		tail -30 "$log" >&2
		echo "${0##*/}: the build failed (end of $log above)" >&2
		return 1
	fi
	mv "$build/.begun" "$build/.staged"
}

# house_stage: the packages and the staged installation that the lab needs. One that HAWSER_STAGE names is taken as it
# is: others may be using it now.
house_stage() {
	house_install || return 1
	[ -n "${HAWSER_STAGE:-}" ] || house_build "$TOP/build" --enable-maintainer-mode
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The systemd units: systemd's own check of them, and the rules that it does not know.
status=0
src=${HAWSER_SRCDIR:-$srcdir}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

bad() {
	echo "FAILED: $*"
	status=1
}

value() { # UNIT NAME
	sed -n "s/^$2=//p" "conf/systemd/$1"
}

units="ccsd cman qdiskd cmannotifyd fenced rgmanager"
for u in $units; do
	grep -q '@[a-z]*@' "conf/systemd/$u.service" && bad "$u: something was not filled in"
	[ "$(value $u.service PartOf)" = hawser.target ] || bad "$u does not stop with the target"
	for word in Wants After; do
		grep -q "^$word=.*\b$u\.service" "$src/conf/systemd/hawser.target" || bad "hawser.target: $word lacks $u"
	done
	[ "$(value $u.service ConditionKernelCommandLine)" = '!nocluster' ] || bad "$u starts with nocluster"
	grep -q "^\.It .*$u\.service" "$src/man/hawser.7" || bad "$u.service is not in hawser(7)"
done
# Nothing comes back by itself whose silent return would hide that a node is to be fenced.
for u in cman qdiskd fenced rgmanager; do
	[ "$(value $u.service Restart)" = no ] || bad "$u is started again"
	[ "$(value $u.service OOMPolicy)" = continue ] || bad "$u is stopped when one of its children runs out of memory"
done
# A time that has passed must not end what cannot be left in the middle.
for u in cman fenced rgmanager; do
	[ "$(value $u.service SendSIGKILL)" = no ] && [ "$(value $u.service KillMode)" = process ] ||
		bad "$u is killed when its stop takes long"
done
[ -n "$(value rgmanager.service WatchdogSec)" ] && bad "rgmanager: a watchdog ends its guard, not the daemon"
# The variables of the sample file and those of the units are the same.
grep -oh '\$[A-Z{][A-Z_}]*' conf/systemd/*.service | tr -d '${}' | grep -v '^MAINPID$' | sort -u >"$tmp/used"
sed -n 's/^#\([A-Z_]*\)=.*/\1/p' "$src/conf/hawser.default" | sort >"$tmp/sample"
diff "$tmp/used" "$tmp/sample" || bad "variables (< units, > conf/hawser.default)"
while IFS='=' read -r name given; do
	[ -z "$given" ] || grep -qh "^Environment=.*\b$name=$given\b" conf/systemd/*.service ||
		bad "$name has another default in the units"
done < <(sed -n 's/^#\([A-Z_]*=\)/\1/p' "$src/conf/hawser.default")

if type systemd-analyze >/dev/null 2>&1; then
	# Our programs need not be installed for this; their options are not looked at.
	for u in $units; do
		sed -E 's#^(Exec[A-Za-z]*)=[^ ]*/(ccsd|cman_tool|cmannotifyd|qdiskd|fence[a-z_]*|rgmanager|ccs_tool) #\1=/bin/true #' \
			"conf/systemd/$u.service" >"$tmp/$u.service"
	done
	cp "$src/conf/systemd/hawser.target" "$tmp"
	SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$tmp"/*.service "$tmp/hawser.target" >"$tmp/said" 2>&1 ||
		bad "systemd-analyze: exit $?"
	grep -E 'ccsd|cman|qdiskd|fenced|rgmanager|hawser' "$tmp/said" && bad "systemd-analyze has found something"
else
	echo "systemd-analyze is not installed: the units' syntax is not looked at"
fi
exit $status

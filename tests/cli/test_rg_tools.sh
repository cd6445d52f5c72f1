#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The command lines of clustat, clusvcadm and rg_test where there is no cluster: words, options, exit codes.
status=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export HAWSER_RUN_DIR="$tmp/run" HAWSER_LIBEXEC_DIR="$tmp/libexec"
mkdir -p "$tmp/agents" "$tmp/log"

# expect CODE TEXT COMMAND...: the exit code, and TEXT on stdout or stderr.
expect() {
	code=$1 text=$2
	shift 2
	"$@" >"$tmp/out" 2>&1
	got=$?
	if [ $got -ne "$code" ] || ! grep -qF -- "$text" "$tmp/out"; then
		echo "FAILED: $*: exit $got (expected $code with \"$text\"), said:"
		cat "$tmp/out"
		status=1
	fi
}

# An agent of one type that notes what it was called with.
agent() {
	cat >"$tmp/agents/$1" <<END
#!/bin/sh
case \$1 in
meta-data)
	cat <<'XML'
<resource-agent name="$1"><parameters><parameter name="name" primary="1"/>
<parameter name="extra" inherit="box%name"/></parameters>
<actions><action name="start" timeout="5"/><action name="stop" timeout="5"/><action name="status" interval="5"/></actions>
<special tag="rgmanager"><child type="thing" start="1" stop="2"/></special></resource-agent>
XML
	;;
*) echo "\$1 \$OCF_RESOURCE_INSTANCE extra=\$OCF_RESKEY_extra" >>"$tmp/log/calls"; [ "\$OCF_RESKEY_name" != bad ] ;;
esac
END
	chmod +x "$tmp/agents/$1"
}
agent box
agent thing
printf '#!/bin/sh\nexit 1\n' >"$tmp/agents/broken"
chmod +x "$tmp/agents/broken"

conf() {
	cat >"$tmp/$1" <<END
<cluster name="a" config_version="1"><clusternodes><clusternode name="n1" nodeid="1"/></clusternodes><rm>
<failoverdomains><failoverdomain name="d" ordered="1"><failoverdomainnode name="n1" priority="3"/></failoverdomain></failoverdomains>
$2</rm></cluster>
END
}
conf one '<box name="b"><other name="x"/><thing name="t"/></box>'
conf two '<box name="b"><thing name="t"/><thing name="u"/></box><box name="c"/>'
conf bad '<box name="b"><thing name="bad"/></box>'

expect 0 "Usage: clustat" ./clustat --help
expect 0 "clustat version" ./clustat -v
expect 2 "Usage: clustat" ./clustat --nonsense
expect 1 "mutually exclusive" ./clustat -i 2 -x
expect 0 "Resource Group Control Commands:" ./clusvcadm --help
expect 1 "Resource Group Control Commands:" ./clusvcadm
expect 1 "Cannot use '-F' with '-n' or '-m'" ./clusvcadm -e web -F -m n1
expect 1 "Migration requires a target cluster member" ./clusvcadm -M web
expect 1 "Could not connect to resource group manager" ./clusvcadm -l
expect 1 "Query operation failed" ./clusvcadm -S

expect 0 "Usage: rgmanager" rgmanager/rgmanager --help
expect 0 "rgmanager " rgmanager/rgmanager -N -w -d -V
expect 2 "cannot be used" rgmanager/rgmanager -a relative
expect 2 "is not an option" rgmanager/rgmanager words

expect 0 "Usage: rg_test" ./rg_test --help
expect 1 "Usage: rg_test" ./rg_test
expect 255 "Operation requires two arguments" ./rg_test delta "$tmp/one"
expect 0 "Resource Rules for \"thing\"" ./rg_test "$tmp/agents" rules thing
expect 1 "exit code is not 0" ./rg_test "$tmp/agents" rules broken
expect 1 "no resource agent" ./rg_test "$tmp/agents" rules nothing
expect 0 "extra = \"b\";" ./rg_test "$tmp/agents" test "$tmp/one"
expect 0 "no resource agent \"other\" on this node" ./rg_test "$tmp/agents" test "$tmp/one"
expect 0 "  Node n1 (id 1, priority 3)" ./rg_test "$tmp/agents" test "$tmp/one"
expect 0 "Error parsing" ./rg_test "$tmp/agents" test "$tmp/none"
expect 0 "No resource x of type box found" ./rg_test "$tmp/agents" noop "$tmp/one" start box x
expect 0 "Start of b complete" ./rg_test "$tmp/agents" noop "$tmp/one" start box b
[ ! -e "$tmp/log/calls" ] || { echo "FAILED: noop has run something"; status=1; }
expect 0 "Start of b complete" ./rg_test "$tmp/agents" test "$tmp/one" start box b
expect 0 "Stop of b complete" ./rg_test "$tmp/agents" test "$tmp/one" stop box b
expect 0 "Status of t is good" ./rg_test "$tmp/agents" test "$tmp/one" status thing t
expect 255 "Failed to start b" ./rg_test "$tmp/agents" test "$tmp/bad" start box b
expect 1 "Status check of b failed" ./rg_test "$tmp/agents" test "$tmp/bad" status box b
expect 0 "[start] thing:u" ./rg_test "$tmp/agents" delta "$tmp/one" "$tmp/two"
expect 0 "[init] [stop] box:c" ./rg_test "$tmp/agents" delta "$tmp/one" "$tmp/two"
expect 0 "[kill] [stop] box:c" ./rg_test "$tmp/agents" delta "$tmp/two" "$tmp/one"
cat >"$tmp/wanted" <<'END'
start box:b extra=
start thing:t extra=b
stop thing:t extra=b
stop box:b extra=
status thing:t extra=b
END
head -5 "$tmp/log/calls" | diff "$tmp/wanted" - || { echo "FAILED: the agents were called otherwise"; status=1; }
exit $status

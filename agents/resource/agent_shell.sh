# SPDX-License-Identifier: GPL-2.0-or-later
# Read by the resource agents that are shell scripts (". agent_shell.sh" from
# their own folder). Not executable, so that nobody takes it for an agent.
# shellcheck shell=sh disable=SC2034

# rgmanager hands over OCF_* variables and nothing else.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

OCF_SUCCESS=0
OCF_ERR_GENERIC=1
OCF_ERR_ARGS=2
OCF_ERR_UNIMPLEMENTED=3
OCF_ERR_PERM=4
OCF_ERR_INSTALLED=5
OCF_ERR_CONFIGURED=6
OCF_NOT_RUNNING=7

# say LEVEL TEXT: one line for rgmanager's log, on stderr.
say()
{
	echo "<$1> ${OCF_RESOURCE_INSTANCE:-${0##*/}}: $2" >&2
}

# fail CODE TEXT: the same as an error, and the end.
fail()
{
	say err "$2"
	exit "$1"
}

is_true()
{
	case $1 in
	1 | yes | on | true) return 0 ;;
	esac
	return 1
}

check_version()
{
	case ${OCF_RA_VERSION_MAJOR:-1} in
	1) ;;
	*) fail "$OCF_ERR_UNIMPLEMENTED" "agent interface $OCF_RA_VERSION_MAJOR is asked for: only version 1 is spoken here; use an agent made for it" ;;
	esac
}

# SPDX-License-Identifier: GPL-2.0-or-later
"""The shell on a real corosync, with a core that only counts (tests/cli/clu_echo.c): order, snapshots, losses, ends."""
import json
import os
import re
import signal

import pytest
from hawserlab import Lab, wait_for
from hawserlab.lab_cluster import STAGE
from hawserlab.lab_conf import cluster_conf, plain_corosync
from hawserlab.lab_lab import TOP
from hawserlab.lab_rest import is_at_rest

BUILD = os.environ.get("HAWSER_BUILD", TOP + "/build")
ECHO = BUILD + "/clu_echo"
GROUP, LATER, QUORUM, CONFIG, FENCED, NO_COROSYNC, WATCHDOG = 1, 2, 4, 8, 16, 32, 64

pytestmark = pytest.mark.needs(ECHO, ECHO + "_ctl")


@pytest.fixture(name="lab", scope="module")
def one_lab():
    with Lab(3, show=[BUILD]) as lab:
        for node in lab.nodes:
            node.write("/etc/hawser-lab/skip", "ccsd cman_tool fenced fence_tool rgmanager\n")
        yield lab


@pytest.fixture(name="nodes")
def fresh_nodes(lab):
    """All three nodes with a fresh boot and a running corosync."""
    lab.heal()
    for node in lab.nodes:
        node.resume()
        node.crash()
    lab.boot()
    for node in lab.nodes:
        start_corosync(node)
    yield lab.nodes
    # Built with sanitizers and run with ASAN_OPTIONS=log_path=/var/log/cluster/asan it must have found nothing.
    for node in lab.nodes:
        assert [node.log(name) for name in node.logs() if name.startswith("asan")] == []


def start_corosync(node):
    node.write("/etc/corosync/corosync.conf", plain_corosync())
    node.run("setsid", "corosync", check=True)


def start(node, want=GROUP | QUORUM, *options, check=True, **env):
    assignments = ["%s=%s" % pair for pair in env.items()]
    return node.run("env", "CLU_ECHO_WANT=%d" % want, *assignments, ECHO, *options, timeout=20, check=check)


def ask(node, request, deadline=5000):
    return node.run(ECHO + "_ctl", "clu_echo", request, str(deadline), timeout=20)


def status(node):
    text = ask(node, "status").out
    return dict(re.findall(r"(\w+)=(\S*)", text))


def wait_status(node, /, **wanted):
    return wait_for(lambda: (lambda s: s if all(s.get(k) == v for k, v in wanted.items()) else None)(status(node)),
                    lambda: "%s on %s, which says %s\n%s" % (wanted, node.name, status(node), node.log("clu_echo.log")[-1500:]),
                    timeout=30, every=0.05)


def wait_group(nodes, /, **more):
    names = ",".join(str(n.number) for n in nodes)
    for node in nodes:
        wait_status(node, members=names, **more)


def test_messages_in_one_order_and_a_snapshot_for_who_joins(nodes):
    n1, n2, n3 = nodes
    for node in (n1, n2):
        start(node)
    wait_group([n1, n2], quorate="1")
    assert status(n1)["name"] == "n1"
    for node in (n1, n2):
        assert ask(node, "flood 2000").code == 0
    assert ask(n1, "send hello").out == "delivered"
    wait_status(n2, count="4001")
    start(n3)
    for node in (n3, n1, n2):
        assert ask(node, "flood 500").code == 0
    for node in nodes:
        wait_status(node, count="5501", members="1,2,3")
    assert len({status(n)["digest"] for n in nodes}) == 1
    # A message that is cut into many pieces is one message.
    assert ask(n2, "big 3000000").code == 0
    for node in nodes:
        wait_status(node, count="5502")
    assert len({status(n)["digest"] for n in nodes}) == 1


def test_how_members_leave(nodes):
    n1, n2, n3 = nodes
    for node in nodes:
        start(node)
    wait_group(nodes, quorate="1")
    assert n3.kill("clu_echo") == 1
    wait_group([n1, n2], left="3:process", quorate="1")
    start(n3)
    wait_group(nodes)
    assert n3.kill("clu_echo", signal.SIGTERM) == 1
    wait_group([n1, n2], left="3:clean")
    wait_for(lambda: not n3.pids_of("clu_echo"), "the daemon's end")
    assert "ends with code 0" in n3.log("clu_echo.log")
    start(n3)
    wait_group(nodes)
    n3.crash()
    wait_group([n1, n2], left="3:node", quorate="1")
    for node in (n1, n2):
        now = status(node)
        assert now["vring"] == now["qring"]    # the view of a loss carries the ring that the quorum speaks of


def test_split_and_merge(lab, nodes):
    n1, n2, n3 = nodes
    for node in nodes:
        start(node)
    wait_group(nodes, quorate="1")
    lab.partition([n1, n2], [n3])
    wait_group([n1, n2], quorate="1")
    wait_group([n3], quorate="0")
    assert ask(n1, "flood 10").code == 0
    assert ask(n3, "flood 7").code == 0
    wait_status(n2, count="10")
    wait_status(n3, count="7")
    lab.heal()
    wait_group(nodes, quorate="1", count="10")
    assert len({status(n)["digest"] for n in nodes}) == 1


def test_corosync_dies(nodes):
    n1 = nodes[0]
    start(n1, GROUP | QUORUM, CLU_ECHO_FATAL="1")
    wait_status(n1, members="1")
    n1.kill("corosync")
    wait_for(lambda: not n1.pids_of("clu_echo"), "the daemon's end")
    assert "corosync has gone | " not in n1.log("clu_echo.log")
    assert "ends with code 3" in n1.log("clu_echo.log")
    # Without corosync the start fails, with the reason.
    result = start(n1, check=False)
    assert result.code == 1
    assert "corosync cannot be used" in result.err and "cman_tool join" in result.err


def test_a_daemon_that_waits_for_corosync(nodes):
    n1 = nodes[0]
    n1.kill("corosync")
    wait_for(lambda: not n1.pids_of("corosync"), "corosync's end")
    start(n1, GROUP | QUORUM | NO_COROSYNC)
    assert status(n1)["node"] == "0"
    start_corosync(n1)
    wait_status(n1, node="1", start="2", members="1", corosync="1")
    n1.kill("corosync")
    wait_status(n1, corosync="0")
    # No spinning on dead descriptors: not now, and not when there are new ones.
    wait_for(lambda: is_at_rest(n1.pids_of("clu_echo")[0]), "the daemon to be at rest without corosync")
    start_corosync(n1)
    wait_status(n1, node="1", start="3", members="1", corosync="1", quorate="1")
    wait_for(lambda: is_at_rest(n1.pids_of("clu_echo")[0]), "the daemon to be at rest with the next corosync")
    assert ask(n1, "send again").out == "delivered"


def test_join_and_leave_when_the_core_wants(nodes):
    n1, n2 = nodes[:2]
    for node in (n1, n2):
        start(node, LATER | QUORUM)
    assert status(n1)["members"] == ""
    for node in (n1, n2):
        assert ask(node, "join").code == 0
    wait_group([n1, n2])
    assert ask(n1, "leave").code == 0
    wait_status(n1, self_left="1", members="")
    wait_group([n2])
    assert ask(n2, "flood 3").code == 0
    assert ask(n1, "join").code == 0
    wait_group([n1, n2], count="3")
    # Leaving what one is no member of is confirmed as well.
    assert n2.kill("clu_echo", signal.SIGTERM) == 1
    wait_group([n1], left="2:clean")


def test_kill_node(nodes):
    n1, n2 = nodes[:2]
    for node in (n1, n2):
        start(node)
    wait_group([n1, n2])
    assert ask(n1, "killnode 2").code == 0
    wait_for(lambda: not n2.pids_of("corosync"), "the end of corosync on n2")
    wait_group([n1], left="2:node")


def test_a_node_that_hung(nodes):
    for node in nodes:
        start(node)
    wait_group(nodes, quorate="1")
    nodes[2].pause()
    wait_group(nodes[:2], left="3:node", quorate="1")
    assert ask(nodes[0], "flood 5").code == 0
    nodes[2].resume()
    wait_group(nodes, quorate="1", count="5")
    assert len({status(n)["digest"] for n in nodes}) == 1


def test_blocked_corosync_loses_nothing(nodes):
    """While a ring is formed corosync says TRY_AGAIN: the queue waits, and goes on in order."""
    n1, n2, n3 = nodes
    for node in nodes:
        start(node)
    wait_group(nodes)
    n3.pause()
    for _ in range(5):
        for node in (n1, n2):
            assert ask(node, "flood 3000").code == 0
            assert ask(node, "big 7000000").code == 0
    wait_group([n1, n2], count="30010")
    assert len({status(n)["digest"] for n in (n1, n2)}) == 1
    n3.resume()
    wait_group(nodes, count="30010")
    assert len({status(n)["digest"] for n in nodes}) == 1
    assert n1.kill("clu_echo", signal.SIGUSR1) == 1
    dump = wait_for(lambda: re.search(r" blocked (\d+) ", n1.read("/var/lib/hawser/clu_echo.shell.dump")), "the dump")
    assert int(dump.group(1)) > 0    # else this test proves nothing


@pytest.mark.parametrize("size", [60000, 7000000])
def test_corosync_that_takes_too_little_is_given_up(nodes, size):
    """What waits for it has a bound: no message may be left out, so the daemon gives corosync up as if it had ended."""
    n1, n2 = nodes[:2]
    start(n1, GROUP | QUORUM, CLU_ECHO_FATAL="1")
    start(n2)
    wait_group([n1, n2])
    ask(n1, "big %d %d" % (size, 100000000 // size))
    wait_for(lambda: not n1.pids_of("clu_echo"), "the daemon's end")
    log = n1.log("clu_echo.log")
    assert "MiB of messages to the group wait for corosync" in log and "ends with code 3" in log
    wait_group([n2], left="1:process")


@pytest.mark.parametrize("request_text", ["crash", "kill -9", "fatal 70"])
def test_watchdog_resets_the_node(nodes, request_text):
    n1 = nodes[0]
    boots = n1.boots()
    start(n1, GROUP | QUORUM | WATCHDOG)
    wait_status(n1, members="1")
    assert len(n1.pids_of("hawser-watchdog")) == 1
    if request_text == "kill -9":
        assert n1.kill("clu_echo") == 1
    else:
        ask(n1, request_text, 500)
    wait_for(lambda: not n1.is_up(), "the node to go down")
    assert "this machine is reset" in n1.log("clu_echo.log")
    assert n1.boots() == boots


def test_watchdog_lets_an_orderly_end_be(nodes):
    n1 = nodes[0]
    # One that cannot even start must not reset the machine again and again.
    result = start(n1, GROUP | QUORUM | WATCHDOG, check=False, CLU_ECHO_BROKEN="abort")
    assert result.code == 1 and "ended unexpectedly while it was starting" in result.err
    wait_for(lambda: not n1.pids_of("hawser-watchdog"), "the watchdog's end")
    assert n1.is_up()
    start(n1, GROUP | QUORUM | WATCHDOG)
    wait_status(n1, members="1")
    assert ask(n1, "fatal 7").out == "ending"
    wait_for(lambda: not n1.pids_of("clu_echo") and not n1.pids_of("hawser-watchdog"), "both processes' end")
    assert n1.is_up()
    # SIGTERM to the watchdog reaches the daemon.
    start(n1, GROUP | QUORUM | WATCHDOG)
    wait_status(n1, members="1")
    assert n1.kill("hawser-watchdog", signal.SIGTERM) == 1
    wait_for(lambda: not n1.pids_of("clu_echo") and not n1.pids_of("hawser-watchdog"), "both processes' end")
    assert n1.is_up()
    # A daemon whose watchdog was killed leaves in order.
    start(n1, GROUP | QUORUM | WATCHDOG)
    wait_status(n1, members="1")
    assert n1.kill("hawser-watchdog") == 1
    wait_for(lambda: not n1.pids_of("clu_echo"), "the daemon's end")
    assert n1.is_up()
    assert "the watchdog process was killed" in n1.log("clu_echo.log")
    # Without it nothing is reset.
    start(n1, GROUP | QUORUM | WATCHDOG, "--no-watchdog")
    wait_status(n1, members="1")
    assert not n1.pids_of("hawser-watchdog")
    assert n1.kill("clu_echo") == 1
    wait_for(lambda: not n1.pids_of("clu_echo"), "the daemon's end")
    assert n1.is_up()


def test_history_and_dump(nodes):
    n1 = nodes[0]
    start(n1)
    wait_status(n1, members="1")
    history = json.loads(ask(n1, "@history").out)
    assert [h["new"] for h in history if h["event"] == "echo.view"][-1] == "1"
    assert n1.kill("clu_echo", signal.SIGUSR1) == 1
    wait_for(lambda: "node=1" in n1.read("/var/lib/hawser/clu_echo.dump"), "the dump")
    wait_for(lambda: "cpg open 1 joined 1" in n1.read("/var/lib/hawser/clu_echo.shell.dump"), "the shell's dump")


@pytest.fixture(name="cluster")
def one_node_with_stage():
    with Lab(1, stage=STAGE, show=[BUILD]) as lab:
        n1 = lab.nodes[0]
        n1.write("/etc/hawser-lab/skip", "ccsd cman_tool fenced fence_tool rgmanager\n")
        n1.write("/etc/cluster/cluster.conf", cluster_conf(count=1), 0o640)
        n1.boot()
        yield n1
        assert [n1.log(name) for name in n1.logs() if name.startswith("asan")] == []


@pytest.mark.needs("ccsd", "cman_tool", "fenced", "fence_tool")
def test_ccsd_and_fenced_come_and_go(cluster):
    n1 = cluster
    start(n1, CONFIG | FENCED)
    assert status(n1)["ccsd"] == "0"
    n1.run("ccsd", check=True)
    wait_status(n1, ccsd="1", version="1")
    n1.run("cman_tool", "join", "-w", timeout=30, check=True)
    n1.run("fenced", check=True)
    news = int(wait_status(n1, fenced="1")["news"])
    n1.run("fence_tool", "join", timeout=30)
    wait_for(lambda: int(status(n1)["news"]) > news, "news of the fence domain")
    # A stopped daemon below holds nothing up, neither in a connection nor before one.
    for program in ("ccsd", "fenced"):
        n1.kill(program, signal.SIGSTOP)
    assert ask(n1, "status", 1000).code == 0
    assert n1.kill("clu_echo", signal.SIGTERM) == 1
    wait_for(lambda: not n1.pids_of("clu_echo"), "the daemon's end")
    start(n1, CONFIG | FENCED)
    assert status(n1)["version"] == "0"
    for program in ("ccsd", "fenced"):
        n1.kill(program, signal.SIGCONT)
    wait_status(n1, ccsd="1", version="1", fenced="1")
    # Killed and started again: told once, connected again, the same document is not delivered twice.
    n1.kill("ccsd")
    wait_status(n1, ccsd="0", fenced="1")
    n1.run("ccsd", check=True)
    wait_status(n1, ccsd="1", version="1")
    assert n1.log("clu_echo.log").count("configuration version 1 is in force") == 2
    n1.kill("fenced")
    wait_status(n1, fenced="0")
    assert ask(n1, "fence 7").code == 0    # kept until fenced is back
    n1.run("fenced", check=True)
    wait_status(n1, fenced="1")
    wait_for(lambda: "fenced does not take node 7 as a victim" in n1.log("clu_echo.log"), "fenced's answer")

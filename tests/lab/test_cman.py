# SPDX-License-Identifier: GPL-2.0-or-later
"""cman_tool against a real corosync: joining, what it shows, leaving, votes, and a corosync that does not answer."""
import contextlib
import json
import os
import re
import signal
import subprocess
import time

import pytest
from hawserlab import Lab, wait_for
from hawserlab.lab_cluster import STAGE, Cluster

pytestmark = pytest.mark.needs("cman_tool")

CONF = """<?xml version="1.0"?>
<cluster name="alpha" config_version="%(version)d">
  <cman %(cman)s/>
  <totem token="300" consensus="400"/>
  <logging to_syslog="no"/>
  <clusternodes>
%(nodes)s
  </clusternodes>
</cluster>
"""
NODE = '    <clusternode name="n%(k)d" nodeid="%(k)d"/>\n'
CLUSTER_CONF = "/etc/cluster/cluster.conf"
KEY = "/etc/cluster/keys/corosync.key"
PID_FILE = "/run/corosync.pid"


def conf(count, cman="", version=7):
    return CONF % {"version": version, "cman": cman, "nodes": "".join(NODE % {"k": k} for k in range(1, count + 1))}


@pytest.fixture(name="lab", scope="module")
def one_lab():
    with Lab(3, stage=STAGE) as lab:
        for node in lab.nodes:
            node.write("/etc/hawser-lab/skip", "ccsd cman_tool fenced fence_tool rgmanager")
        yield lab


@pytest.fixture(name="nodes")
def fresh_nodes(lab, request):
    """Booted nodes with nothing running but the lab; a test's parameter says how many, and the attributes of cman."""
    lab.heal()
    for node in lab.nodes:
        if node.is_up():
            node.crash()
    count, cman = getattr(request, "param", (3, ""))
    used = lab.nodes[:count]
    key = os.urandom(256)
    for node in used:
        Cluster.prepare(node, conf(count, cman), key)
    lab.boot(*used)
    return used


def join(*nodes, options=("-w", "-t", "30")):
    for node in nodes:
        node.run("cman_tool", "join", *options, timeout=60, check=True)


def status(node):
    return json.loads(node.run("cman_tool", "status", "--json", check=True).out)


def wait_nodes(node, count):
    """Until NODE sees COUNT members."""
    def seen():
        return status(node)["nodes"] == count
    wait_for(seen, lambda: "%d members; now %s" % (count, node.run("cman_tool", "nodes").out), timeout=30, every=0.05)


def test_join_shows_and_leaves(nodes):
    join(*nodes)
    for node in nodes:
        wait_nodes(node, 3)
    n1 = nodes[0]
    assert n1.run("cman_tool", "wait", "-q", "-t", "30").code == 0
    out = n1.run("cman_tool", "status").out
    lines = ["Version: 6.2.0", "Config Version: 7", "Cluster Name: alpha", "Cluster Id: 3169", "Cluster Member: Yes",
             "Cluster Generation: \\d+", "Membership state: Cluster-Member", "Nodes: 3", "Expected votes: 3",
             "Total votes: 3", "Node votes: 1", "Quorum: 2  ", "Active subsystems: \\d+", "Flags: ", "Ports Bound: 0  ",
             "Node name: n1", "Node ID: 1", "Multicast addresses: ", "Node addresses: 10\\.77\\.0\\.1 "]
    assert re.fullmatch("\n".join(lines) + "\n", out), out
    rows = n1.run("cman_tool", "nodes").out.splitlines()
    assert rows[0] == "Node  Sts   Inc   Joined               Name"
    assert re.fullmatch(r"   1   M      1   \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  n1", rows[1])
    assert rows[2] == "   2   M      1   " + 19 * " " + "  n2"
    assert n1.run("cman_tool", "version").out == "6.2.0 config 7\n"
    assert n1.run("cman_tool", "join").code == 1
    done = nodes[2].run("cman_tool", "leave", "-w", "-t", "20", timeout=30)
    assert (done.code, done.err) == (0, "")
    wait_nodes(n1, 2)
    assert "   3   X" in n1.run("cman_tool", "nodes").out
    done = nodes[2].run("cman_tool", "status")
    assert done.code == 1
    assert done.err.startswith("cman_tool: Cannot open connection to cman, is it running ?\n")


def test_leave_remove_lowers_what_is_expected(nodes):
    join(*nodes)
    wait_nodes(nodes[0], 3)
    nodes[2].run("cman_tool", "leave", "-w", "remove", timeout=30, check=True)
    wait_nodes(nodes[0], 2)
    now = status(nodes[0])
    assert (now["expected_votes"], now["quorum"], now["quorate"]) == (2, 2, True)
    # corosync takes no step that leaves one vote of two: said with the way round it, and nothing has changed.
    done = nodes[1].run("cman_tool", "leave", "-w", "remove", timeout=30)
    assert done.code == 1 and "cman_tool expected -e 1" in done.err
    now = status(nodes[1])
    assert (now["expected_votes"], now["total_votes"], now["node_votes"]) == (2, 2, 1)
    nodes[1].run("cman_tool", "leave", "-w", timeout=30, check=True)
    wait_nodes(nodes[0], 1)
    assert not status(nodes[0])["quorate"]
    nodes[0].run("cman_tool", "expected", "-e", "1", check=True)
    assert nodes[0].run("cman_tool", "wait", "-q", "-t", "20", timeout=30).code == 0
    join(nodes[1], nodes[2])
    wait_nodes(nodes[0], 3)
    assert status(nodes[0])["total_votes"] == 3


def test_kill_and_votes(nodes):
    join(*nodes)
    wait_nodes(nodes[0], 3)
    assert nodes[0].run("cman_tool", "votes", "-v", "3", "-n", "n2").code == 0
    now = status(nodes[0])
    assert (now["total_votes"], now["quorum"]) == (5, 3)
    done = nodes[0].run("cman_tool", "expected", "-e", "20")
    assert done.code == 1 and "Invalid argument" in done.err
    done = nodes[0].run("cman_tool", "kill", "-n", "nobody", "-n", "n2")
    assert done.code == 0 and "nobody" in done.err
    wait_nodes(nodes[0], 2)
    assert not nodes[1].pids_of("corosync")
    done = nodes[0].run("cman_tool", "wait", "-q", "-t", "1")
    assert (done.code, done.err) == (2, "cman_tool: Timed-out waiting for cluster\n")
    assert nodes[0].run("cman_tool", "expected", "-e", "2").code == 0
    assert nodes[0].run("cman_tool", "wait", "-q", "-t", "30").code == 0


@pytest.mark.parametrize("nodes", [(2, 'two_node="1" expected_votes="1"')], indirect=True)
def test_two_nodes_one_may_start_alone(nodes):
    join(nodes[0], options=("-q", "-t", "30"))
    now = status(nodes[0])
    assert (now["nodes"], now["quorate"], now["two_node"]) == (1, True, True)
    assert "Flags: 2node \n" in nodes[0].run("cman_tool", "status").out
    join(nodes[1])
    wait_nodes(nodes[0], 2)


def test_stopped_corosync_does_not_hold_up(nodes):
    join(nodes[0])
    pid = nodes[0].run("cat", PID_FILE, check=True).out.strip()
    nodes[0].run("kill", "-STOP", pid, check=True)
    words = ("status", "nodes", "leave", "wait", "join", "kill -n n2", "expected -e 1")
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(subprocess.Popen(nodes[0].command(["cman_tool"] + w.split()), text=True,
                                                        stderr=subprocess.PIPE)) for w in words]
        for word, child in zip(words, running):
            assert child.wait(20) == 1, word
            assert "corosync does not answer" in child.stderr.read(), word
    nodes[0].run("kill", "-CONT", pid, check=True)
    nodes[0].run("cman_tool", "leave", "-w", timeout=30, check=True)


@pytest.mark.parametrize("nodes", [(1, "")], indirect=True)
def test_join_is_patient_with_a_busy_start(nodes):
    """A corosync that gives no answer for longer than a tool waits otherwise is not ended while it starts."""
    n1 = nodes[0]
    with subprocess.Popen(n1.command(["cman_tool", "join", "-w", "-t", "60"])) as child:
        wait_for(lambda: n1.pids_of("corosync"), "corosync to start", timeout=20, every=0.01)
        n1.kill("corosync", signal.SIGSTOP)
        time.sleep(2.5)
        n1.kill("corosync", signal.SIGCONT)
        assert child.wait(60) == 0
    assert status(n1)["quorate"]


def test_reasons_of_a_start_that_fails(nodes):
    n1 = nodes[0]
    # corosync itself refuses: a consensus time below the join time
    n1.run("sed", "-i", 's/consensus="400"/consensus="10"/', "/etc/cluster/cluster.conf", check=True)
    done = n1.run("cman_tool", "join", "-w", timeout=60)
    assert done.code == 1 and "not valid" in done.err
    done = n1.run("cman_tool", "join", "-w", "-DNONE", timeout=60)
    assert done.code == 1
    assert "corosync did not start" in done.err and "consensus" in done.err, done.err
    assert not n1.pids_of("corosync")
    n1.run("sed", "-i", "s/nodeid=\"2\"/nodeid=\"1\"/", "/etc/cluster/cluster.conf", check=True)
    done = n1.run("cman_tool", "join", "-DWARN")
    assert done.code == 1 and 'nodeid 1 of "n2" is also the one of "n1"' in done.err


def test_key_is_made_where_that_is_safe(nodes):
    nodes[0].run("rm", KEY, check=True)
    done = nodes[0].run("cman_tool", "join", "-w", timeout=60)
    assert done.code == 0 and done.out.startswith("Made the key " + KEY) and done.out.endswith("them: n2 n3\n")
    assert not status(nodes[0])["quorate"]
    join(nodes[1])      # with another key: they do not hear each other
    assert status(nodes[1])["nodes"] == 1
    done = nodes[0].run("cman_tool", "keygen")
    assert done.code == 1 and "there is a key already" in done.err


@pytest.mark.parametrize("nodes", [(2, 'two_node="1" expected_votes="1"')], indirect=True)
def test_key_is_not_made_where_it_would_split_the_cluster(nodes):
    nodes[0].run("rm", KEY, check=True)
    done = nodes[0].run("cman_tool", "join", "-w", timeout=60)
    assert done.code == 1 and "no key " + KEY in done.err and "copy it to: n2" in done.err
    assert not nodes[0].pids_of("corosync")
    join(nodes[0], options=("-q", "--make-key"))


def test_reload_takes_in_a_new_node(nodes):
    for node in nodes:
        node.write(CLUSTER_CONF, conf(2))
    join(*nodes[:2])
    wait_nodes(nodes[0], 2)
    done = nodes[2].run("cman_tool", "join", "-Dnone")
    assert done.code == 1 and "no cluster node is this machine" in done.err
    for node in nodes:
        node.write(CLUSTER_CONF, conf(3, version=8))
    for node in nodes[:2]:
        node.run("cman_tool", "reload", timeout=30, check=True)
        assert node.run("cman_tool", "version").out == "6.2.0 config 8\n"
    join(nodes[2])
    for node in nodes:
        wait_nodes(node, 3)
    now = status(nodes[0])
    assert (now["expected_votes"], now["total_votes"]) == (3, 3)
    # nothing new: nothing happens; what cannot change: refused, and nothing has happened
    assert nodes[0].run("cman_tool", "reload").code == 0
    nodes[0].write(CLUSTER_CONF, conf(3, version=9, cman='transport="udpu"'))
    done = nodes[0].run("cman_tool", "reload")
    assert done.code == 1 and "totem.transport: knet -> udpu: cannot change while the cluster runs" in done.err
    assert nodes[0].run("cman_tool", "version").out == "6.2.0 config 8\n"


@pytest.mark.needs("ccsd", "fenced", "fence_tool")
@pytest.mark.parametrize("nodes", [(1, "")], indirect=True)
def test_leave_is_refused_in_the_fence_domain(nodes):
    n1 = nodes[0]
    n1.run("ccsd", check=True)
    join(n1)      # with ccsd's document
    n1.run("fenced", check=True)
    n1.run("fence_tool", "join", "-w", timeout=30, check=True)
    done = n1.run("cman_tool", "leave")
    assert done.code == 1
    assert done.err.startswith("cman_tool: Error leaving cluster: Device or resource busy\n")
    assert 'fence_tool leave -w' in done.err
    assert n1.kill("fenced", signal.SIGSTOP)
    done = n1.run("cman_tool", "leave")
    assert done.code == 1 and "does not answer" in done.err
    n1.kill("fenced", signal.SIGCONT)
    n1.run("fence_tool", "leave", "-w", timeout=30, check=True)
    n1.run("cman_tool", "leave", "-w", timeout=30, check=True)
    assert not n1.pids_of("corosync")


def test_corosync_dies_while_waited_for(nodes):
    join(nodes[0])
    with subprocess.Popen(nodes[0].command(["cman_tool", "wait", "-q"]), stderr=subprocess.PIPE, text=True) as wait:
        wait_for(lambda: nodes[0].pids_of("cman_tool") and status(nodes[0])["clients"], "the tool to wait", timeout=10,
                 every=0.05)
        assert nodes[0].kill("corosync") == 1
        assert wait.wait(10) == 1
        assert "is it running" in wait.stderr.read()

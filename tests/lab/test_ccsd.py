# SPDX-License-Identifier: GPL-2.0-or-later
"""ccsd alone on a real corosync: versions reach all or nobody, through kills, stops, crashes and partitions."""
import json
import os
import re
import signal
import time

import pytest
from hawserlab import Lab, lab_conf, wait_for
from hawserlab.lab_cluster import STAGE, Cluster

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "ccs_tool")
CONF = lab_conf.CLUSTER_CONF
READ = """
import ctypes, os, signal, subprocess, sys, time
ccs = ctypes.CDLL(sys.argv[1], use_errno=True)
d = ccs.ccs_force_connect(None, 0)
value = ctypes.c_char_p()
names = []
while ccs.ccs_get_list(d, b"/cluster/clusternodes/clusternode/@name", ctypes.byref(value)) == 0:
    names.append(value.value.decode())
print(" ".join(names))
assert ccs.ccs_get(d, b"/cluster/@nothing", ctypes.byref(value)) < 0 and ctypes.get_errno() == 61
# A connection sees a newer version at its next query, and a walk starts anew.
def version():
    assert ccs.ccs_get(d, b"/cluster/@config_version", ctypes.byref(value)) == 0
    return value.value.decode()
assert ccs.ccs_get_list(d, b"/cluster/@*", ctypes.byref(value)) == 0 and value.value == b"name=lab"
print(version())
if subprocess.run(["ccs_tool", "update", "/etc/cluster/next.conf"], stdout=subprocess.DEVNULL).returncode == 0:
    assert version() == "3"
    assert ccs.ccs_get_list(d, b"/cluster/@*", ctypes.byref(value)) == 0 and value.value == b"name=lab"
# A stopped ccsd costs one deadline, then what is at hand is given.
pid = int(open("/run/hawser/ccsd.pid").read())
os.kill(pid, signal.SIGSTOP)
start = time.monotonic()
assert [version() for _ in range(5)] == ["3"] * 5
assert time.monotonic() - start < 5
os.kill(pid, signal.SIGCONT)
assert ccs.ccs_lookup_nodename(d, b"N2-priv.example", ctypes.byref(value)) == 0 and value.value == b"n2"
assert ccs.ccs_force_connect(b"other", 0) < 0 and ctypes.get_errno() == 2
assert ccs.ccs_disconnect(d) == 0 and ccs.ccs_disconnect(d) < 0
"""


@pytest.fixture(name="lab", scope="module")
def one_lab():
    with Lab(3, stage=STAGE) as lab:
        for node in lab.nodes:
            node.write("/etc/hawser-lab/skip", "fenced fence_tool rgmanager")
        yield lab


@pytest.fixture(name="nodes")
def fresh_nodes(lab):
    lab.heal()
    for node in lab.nodes:
        if node.is_up():
            node.crash()
    key = os.urandom(256)
    text = lab_conf.cluster_conf(rm="", token=600)
    for node in lab.nodes:
        for name in os.listdir(node.disk + "/etc/cluster"):
            if name.startswith("cluster.conf"):
                os.unlink(node.disk + "/etc/cluster/" + name)
        for name in os.listdir(node.disk + "/var/lib/hawser"):
            os.unlink(node.disk + "/var/lib/hawser/" + name)
        Cluster.prepare(node, text, key)
    lab.boot()
    wait_agreed(lab.nodes)
    return lab.nodes


def query(node, what):
    return node.run("ccs_tool", "query", what, timeout=10).out.strip()


def version(node):
    return query(node, "/cluster/@config_version")


def on_disk(node):
    return re.search(r'config_version="(\d+)"', node.read(CONF)).group(1)


def wait_version(nodes, number, timeout=20):
    for node in nodes:
        wait_for(lambda n=node: version(n) == str(number) and on_disk(n) == str(number),
                 lambda n=node: "version %s on %s: %s in force, %s on disk" % (number, n.name, version(n), on_disk(n)),
                 timeout=timeout, every=0.05)


def propose(node, number, rm="", timeout=25):
    node.write("/etc/cluster/new.conf", lab_conf.cluster_conf(version=number, rm=rm, token=600))
    return node.run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=timeout)


def wait_agreed(nodes):
    """Until an update with the version in force is refused for its number alone: nothing else is in its way."""
    for node in nodes:
        wait_for(lambda n=node: "is not newer" in propose(n, 1).err
                 and json.loads(n.run("cman_tool", "status", "--json").out or '{"nodes": 0}')["nodes"] == len(nodes),
                 lambda n=node: "%s to be in the cluster: %s" % (n.name, propose(n, 1).err), timeout=40, every=0.2)


def ccsd_pid(node):
    return node.run("cat", "/run/hawser/ccsd.pid").out.strip()


def test_update_reaches_all_at_once(nodes):
    start = time.monotonic()
    result = propose(nodes[1], 2)
    took = time.monotonic() - start
    assert result.code == 0, result
    assert result.out == "Config file updated from version 1 to 2\n\nUpdate complete.\n"
    wait_version(nodes, 2)
    assert took < 5, "an update among three idle nodes"
    same = {node.read(CONF) for node in nodes}
    assert len(same) == 1
    assert nodes[2].run("stat", "-c", "%a", CONF).out.strip() == "640"
    nodes[0].write("/etc/cluster/next.conf", lab_conf.cluster_conf(version=3, rm="", token=600))
    assert nodes[0].run("python3", "-c", READ, STAGE + "/lib/libccs.so.3", check=True, timeout=30).out == "n1 n2 n3\n2\n"
    wait_version(nodes, 3)


def test_a_change_that_a_running_cluster_cannot_take(nodes):
    n1 = nodes[0]
    text = lab_conf.cluster_conf(version=2, rm="", token=600)
    n1.write("/etc/cluster/new.conf", text.replace('name="n3" nodeid="3"', 'name="n3" nodeid="7"'))
    result = n1.run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=20)
    assert result.code == 1 and re.search(r"/etc/cluster/new\.conf:\d+:\d+: nodeid=\"7\" of node \"n3\"", result.err), result
    assert [on_disk(n) for n in nodes] == ["1"] * 3


def test_a_killed_ccsd_is_named_and_catches_up(nodes):
    n1, _, n3 = nodes
    n3.run("kill", "-9", ccsd_pid(n3), check=True)
    result = propose(n1, 2)
    assert result.code == 1 and "node 3" in result.err and "start ccsd there" in result.err, result
    assert n3.run("ccsd").code == 0
    wait_for(lambda: propose(n1, 3).code == 0, "the update to pass after ccsd is back", timeout=15)
    wait_version(nodes, 3)


def test_a_stopped_ccsd_ends_in_a_reason(nodes):
    n1, _, n3 = nodes
    pid = ccsd_pid(n3)
    n3.run("kill", "-STOP", pid, check=True)
    start = time.monotonic()
    result = propose(n1, 2)
    assert result.code == 1 and "node 3" in result.err, result
    assert time.monotonic() - start < 14
    n3.run("kill", "-CONT", pid, check=True)
    wait_for(lambda: propose(n1, 3).code == 0, "the update to pass after ccsd goes on", timeout=15)
    wait_version(nodes, 3)


def test_a_node_that_was_away_takes_the_newest(nodes):
    n1, n2, n3 = nodes
    n3.crash()
    wait_for(lambda: propose(n1, 2).code == 0, "the update among the two that are left", timeout=20)
    wait_version((n1, n2), 2)
    n3.boot()
    wait_version(nodes, 2, timeout=40)


def test_what_was_answered_survives_a_power_failure_of_all(nodes):
    assert propose(nodes[2], 2).code == 0
    for node in nodes:
        node.crash()
    for node in nodes:
        node.boot()
    wait_version(nodes, 2, timeout=40)
    wait_for(lambda: propose(nodes[0], 3).code == 0, "the cluster to go on", timeout=20)
    wait_version(nodes, 3)


def test_a_file_edited_by_hand_is_kept_aside(nodes):
    n1, _, n3 = nodes
    n3.crash()
    wait_for(lambda: propose(n1, 2).code == 0, "the update among the two that are left", timeout=20)
    by_hand = lab_conf.cluster_conf(version=9, rm="", token=600, post_join_delay=77)
    n3.write(CONF, by_hand)
    n3.boot()
    wait_for(lambda: on_disk(n3) == "2", "the cluster's version on n3", timeout=40)
    assert n3.read(CONF + ".unknown-v9") == by_hand
    wait_version(nodes, 2)


def test_the_minority_commits_nothing(lab, nodes):
    n1, n2, n3 = nodes
    lab.partition([n1, n2], [n3])
    wait_for(lambda: propose(n1, 2).code == 0, "the majority to update", timeout=20)
    result = propose(n3, 2, rm='<service name="other"/>')
    assert result.code == 1 and "not quorate" in result.err, result
    assert on_disk(n3) == "1"
    lab.heal()
    wait_version(nodes, 2, timeout=40)
    assert len({node.read(CONF) for node in nodes}) == 1


def test_kills_during_updates_lose_nothing(nodes):
    """ccsd is killed at random instants while versions are proposed: what was answered "complete" is never lost."""
    done = 1
    answered = 0
    for number in range(2, 22):
        victim = nodes[number % 3]
        proposer = nodes[(number + 1) % 3] if number % 4 else victim
        pid = ccsd_pid(victim)
        victim.run("sh", "-c", "(sleep 0.%03d; kill -9 %s; until ccsd; do sleep 0.01; done)"
                   " >/dev/null 2>&1 &" % (number * 7, pid))
        result = propose(proposer, number)
        if result.code == 0:
            done = number
            answered += 1
        wait_for(lambda v=victim, p=pid: ccsd_pid(v) != p and version(v) != "",
                 lambda v=victim: "ccsd to be back on %s: %s" % (v.name, v.run("ps", "ax").out))
    wait_for(lambda: len({version(n) for n in nodes}) == 1, "all to agree", timeout=20)
    assert answered > 5, "the kills left nothing to look at"
    assert int(version(nodes[0])) >= done
    assert len({node.read(CONF) for node in nodes}) == 1
    wait_for(lambda: propose(nodes[0], 50).code == 0, "the cluster to go on", timeout=20)
    wait_version(nodes, 50)


def test_ccsd_leaves_no_trace(nodes):
    n1 = nodes[0]
    shm = n1.run("sh", "-c", "ls /dev/shm | wc -l").out
    for _ in range(30):
        assert version(n1) == "1"
    assert n1.run("sh", "-c", "ls /dev/shm | wc -l").out == shm
    n1.run("kill", "-%d" % signal.SIGTERM, ccsd_pid(n1), check=True)
    wait_for(lambda: not n1.pids_of("ccsd"), "ccsd to end")

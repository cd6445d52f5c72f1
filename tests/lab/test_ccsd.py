# SPDX-License-Identifier: GPL-2.0-or-later
"""ccsd alone on a real corosync: versions reach all or nobody, through kills, stops, crashes and partitions."""
import re
import signal
import time

import pytest
from hawserlab import lab_ccsd, lab_chance, lab_conf, wait_for
from hawserlab.lab_ccsd import ccsd_pid, on_disk, propose, version, wait_version
from hawserlab.lab_cluster import STAGE

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
    with lab_ccsd.make(3) as lab:
        yield lab


@pytest.fixture(name="nodes")
def fresh_nodes(lab):
    lab_ccsd.start_anew(lab)
    return lab.nodes


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


def test_history_rollback_and_edit(nodes):
    n1, n2, n3 = nodes
    conf = lab_conf.cluster_conf(version=2, rm="", token=600, post_join_delay=22)
    n2.write("/etc/cluster/new.conf", conf)
    assert n2.run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=25).code == 0
    editor = "sed -i s/post_join_delay=.22./post_join_delay=\\\"33\\\"/"
    result = n3.run("sh", "-c", "EDITOR='%s' ccs_tool edit --yes" % editor, timeout=25)
    assert result.code == 0 and 'post_join_delay: "22" -> "33"' in result.out, result
    wait_version(nodes, 3)
    for node in nodes:
        wait_for(lambda n=node: [e["version"] for e in lab_ccsd.history(n)] == [3, 2, 1],
                 lambda n=node: "the history of %s: %s" % (n.name, lab_ccsd.history(n)))
        entries = lab_ccsd.history(node)
        assert [(e["who"], e["node"]) for e in entries] == [("root", "n3"), ("root", "n2"), ("", "")]
        assert node.run("ccs_tool", "history", "2").out == conf
    assert nodes[0].run("stat", "-c", "%a", "/var/lib/hawser/history").out.strip() == "700"
    result = n1.run("ccs_tool", "rollback", "--yes", "2", timeout=25)
    assert result.code == 0 and 'post_join_delay: "33" -> "22"' in result.out, result
    wait_version(nodes, 4)
    assert n2.read(CONF) == conf.replace('config_version="2"', 'config_version="4"')
    wait_for(lambda: lab_ccsd.history(n3)[0]["who"] == "root (rollback to 2)", "the rollback in n3's history")
    # It outlives all nodes, and a node that was away misses only what it missed.
    n3.crash()
    wait_for(lambda: propose(n1, 5).code == 0, "the update among the two that are left", timeout=20)
    wait_for(lambda: propose(n1, 6).code == 0, "a second one", timeout=20)
    n3.boot()
    wait_version(nodes, 6, timeout=40)
    wait_for(lambda: [e["version"] for e in lab_ccsd.history(n3)] == [6, 4, 3, 2, 1],
             lambda: "the history of n3: %s" % lab_ccsd.history(n3))


def test_a_document_of_4_mib_and_1000_services(nodes):
    services = "\n".join('<service name="s%d" autostart="0"><script name="s%d" file="/etc/init.d/s%d"/></service>'
                         % (k, k, k) for k in range(1000))
    text = lab_conf.cluster_conf(version=2, rm=services, token=600)
    text = text.replace("<rm>", "<!-- %s -->\n<rm>" % ("long " * ((4 * 1024 * 1024 - len(text) - 100) // 5)))
    assert 4 * 1024 * 1024 - 200 < len(text) < 4 * 1024 * 1024
    nodes[1].write("/etc/cluster/new.conf", text)
    result = nodes[1].run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=40)
    assert result.code == 0, result
    wait_version(nodes, 2)
    assert {node.read(CONF) for node in nodes} == {text}
    assert lab_ccsd.query(nodes[2], "/cluster/rm/service[1000]/@name") == "s999"
    # A node that joins gets it as well.
    nodes[0].crash()
    nodes[0].write(CONF, lab_conf.cluster_conf(rm="", token=600))
    nodes[0].boot()
    wait_version(nodes, 2, timeout=60)
    assert nodes[0].read(CONF) == text
    nodes[1].write("/etc/cluster/new.conf", text.replace("<rm>", " " * 300 + "<rm>"))
    result = nodes[1].run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=40)
    assert result.code == 1 and "larger than 4 MiB" in result.err, result


def test_kills_during_updates_lose_nothing(nodes):
    """ccsd is killed at random instants while versions are proposed: what was answered "complete" is never lost."""
    rng = lab_chance.chance()
    done = 1
    answered = 0
    for number in range(2, 22):
        victim = nodes[number % 3]
        proposer = nodes[(number + 1) % 3] if number % 4 else victim
        pid = ccsd_pid(victim)
        lab_chance.kill_within(victim, rng, pid, 150, "ccsd")
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

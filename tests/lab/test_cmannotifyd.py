# SPDX-License-Identifier: GPL-2.0-or-later
"""cmannotifyd with a real cluster: a script hears of members, of quorum, of the configuration, of a node that leaves."""
import os

import pytest
from hawserlab import Lab, lab_conf, wait_for
from hawserlab.lab_cluster import STAGE, Cluster

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "ccs_tool", "cmannotifyd", "cman_notify")
HEARD = "/var/lib/heard"
SCRIPT = """#!/bin/sh
echo "${CMAN_NOTIFICATION#CMAN_REASON_} $CMAN_NOTIFICATION_QUORUM" >>%s
""" % HEARD


@pytest.fixture(name="nodes", scope="module")
def cluster_nodes():
    with Lab(3, stage=STAGE) as lab:
        key = os.urandom(256)
        for node in lab.nodes:
            node.write("/etc/hawser-lab/skip", "fenced fence_tool rgmanager")
            Cluster.prepare(node, lab_conf.cluster_conf(rm="", token=600), key)
            node.write("/etc/cluster/cman-notify.d/10-record", SCRIPT, 0o755)
        lab.boot()
        wait_for(lambda: all(_members(n) == 3 for n in lab.nodes), "three members", timeout=60, every=0.1)
        yield lab.nodes


def _members(node):
    return node.run("cman_tool", "nodes", "-F", "type").out.split().count("M")


def heard(node):
    return node.read(HEARD).splitlines()


def wait_heard(node, *lines):
    wait_for(lambda: heard(node) == list(lines), lambda: "%s; heard %s\n%s" % (
        lines, heard(node), node.log("cmannotifyd.log")[-1500:]), timeout=40, every=0.05)
    node.write(HEARD, "")


def test_what_scripts_hear(nodes):
    n1, n2, n3 = nodes
    n1.run("cmannotifyd", check=True)
    assert n1.run("cmannotifyd").code == 4
    wait_heard(n1, "CONFIG_UPDATE ", "STATECHANGE 1")
    n3.crash()
    wait_heard(n1, "STATECHANGE 1")
    n1.write("/etc/cluster/new.conf", lab_conf.cluster_conf(version=2, rm="", token=600))
    n1.run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=25, check=True)
    wait_heard(n1, "CONFIG_UPDATE ")
    n2.crash()
    wait_heard(n1, "STATECHANGE 0")
    n1.run("cman_tool", "expected", "-e", "1", check=True)
    wait_heard(n1, "STATECHANGE 1")
    # It goes on when corosync goes, and the last word before that is the question.
    n1.run("cman_tool", "leave", "-w", "-t", "30", timeout=40, check=True)
    wait_heard(n1, "TRY_SHUTDOWN ")
    assert n1.pids_of("cmannotifyd")
    n1.run("cman_tool", "join", "-w", "-t", "60", timeout=70, check=True)
    wait_heard(n1, "CONFIG_UPDATE ", "STATECHANGE 0")
    assert "finished /etc/cluster/cman-notify.d/10-record" in n1.log("cman_notify.log")
    n1.kill("cmannotifyd", 15)
    wait_for(lambda: not n1.pids_of("cmannotifyd"), "its end", timeout=20)
    assert "cmannotifyd ends with code 0" in n1.log("cmannotifyd.log")


def test_quorum_for_the_watchdog(nodes):
    """checkquorum with the real tool: silent while all is well, silent without a cluster."""
    n1 = nodes[0]
    script = STAGE + "/share/hawser/checkquorum"
    assert n1.run(script, "repair").code == 1
    n1.run("cman_tool", "expected", "-e", "1")    # where the others are away
    assert n1.run("cman_tool", "wait", "-q", "-t", "20", timeout=30).code == 0
    timer = n1.path("/etc/cluster/timer")
    env = ("env", "CHECKQUORUM_TIMER=/etc/cluster/timer")
    assert n1.run(*env, script, "test").code == 0
    assert os.path.exists(timer)
    n1.kill("corosync")
    wait_for(lambda: not n1.pids_of("corosync"), "corosync's end", timeout=20)
    assert n1.run(*env, script, "test").code == 0
    assert not os.path.exists(timer)

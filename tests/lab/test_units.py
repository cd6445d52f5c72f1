# SPDX-License-Identifier: GPL-2.0-or-later
"""What the systemd units run, run in their order: a cluster comes up by it, and a node leaves without being fenced."""
import concurrent.futures
import os

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for

UNITS = lab_cluster.STAGE + "/lib/systemd/system"
RUNNER = os.path.dirname(os.path.abspath(__file__)) + "/unit_runner.py"
W = "service:w"

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "qdiskd", "cmannotifyd", UNITS)


@pytest.fixture(name="cluster", scope="module")
def two_nodes():
    conf = lab_conf.cluster_conf(2, cman='<cman two_node="1" expected_votes="1"/>',
                                 rm=lab_conf.script_service("w", "/etc/cluster/witness-w"))
    cluster = lab_cluster.make(2, conf, scripts=["w"], boot_delay=1)
    with cluster.lab:
        for node in cluster.lab.nodes:
            node.write("/etc/hawser-lab/skip", "ccsd cman_tool fenced fence_tool rgmanager")
            node.write("/etc/default/hawser", "CMAN_QUORUM_TIMEOUT=60\nFENCE_JOIN_TIMEOUT=60\n")
        node.write("/etc/cluster/cman-notify.d/10-nothing", "#!/bin/sh\n", 0o755)    # on the second node
        cluster.lab.boot()
        yield cluster


def run(verb, *nodes):
    """On all of them at once; what each has printed."""
    def one(node):
        return node.run("/usr/bin/python3", "-B", RUNNER, UNITS, verb, timeout=240)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = list(pool.map(one, nodes))
    for result in results:
        assert result.code == 0, result.out + result.err
    return [result.out for result in results]


def test_units_bring_a_cluster_up_and_a_node_down(cluster):
    n1, n2 = cluster.lab.nodes
    said = run("start", n1, n2)
    assert "qdiskd: condition not met" in said[0] and "cmannotifyd: condition not met" in said[0]
    assert "cmannotifyd: READY=1" in said[1]
    for out in said:
        assert "fenced: READY=1" in out and "fence_tool join -q 60 -w 60: exit 0" in out
        assert "rgmanager: READY=1" in out
    cluster.wait_members()
    owner = cluster.lab.node(cluster.wait_service(W).owner)
    other = n2 if owner is n1 else n1
    # The whole of a node in order: its service moves, nobody fences it.
    offs = owner.bmc.offs(0)
    out = run("stop", owner)[0]
    steps = [line.split(":")[0] for line in out.splitlines() if line.endswith(": stopped")]
    wanted = ["rgmanager", "fenced", "cmannotifyd", "cman", "ccsd"]
    assert steps == [s for s in wanted if s != "cmannotifyd" or owner is n2], out
    cluster.wait_service(W, owner=other.name, node=other)
    for daemon in ("ccsd", "corosync", "fenced", "rgmanager"):
        assert not owner.pids_of(daemon), daemon
    run("start", owner)
    cluster.wait_members()
    assert owner.bmc.offs(0) == offs
    lab_witness.check_never_twice(cluster.lab, "w")


def test_stop_of_a_node_that_has_left_the_domain_by_hand(cluster):
    n1 = cluster.lab.nodes[0]
    n1.kill("rgmanager", 15)
    wait_for(lambda: not n1.pids_of("rgmanager"), "rgmanager's end", timeout=60)
    n1.run("fence_tool", "leave", "-w", "30", timeout=40, check=True)
    run("stop", n1)
    assert not n1.pids_of("fenced") and not n1.pids_of("corosync")


def test_refused_leave_stops_nothing(cluster):
    """A program that says no to corosync's question; the unit's stop ends nobody instead."""
    n2 = cluster.lab.nodes[1]
    run("stop", n2)
    n2.run("ccsd", check=True)
    n2.run("cman_tool", "join", "-w", "-t", "60", timeout=70, check=True)
    n2.run("fenced", check=True)
    n2.run("fence_tool", "join", "-w", "60", timeout=70, check=True)
    # corosync's unit alone, while fenced is in the domain.
    done = n2.run("/usr/bin/python3", "-B", RUNNER, UNITS, "stop", timeout=240)
    assert done.code == 1 and "Device or resource busy" in done.out
    assert n2.pids_of("corosync") and n2.pids_of("fenced")

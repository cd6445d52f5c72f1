# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults by chance on real nodes, two at a time: the witness service never runs twice, and runs again when they stop.

HAWSER_CHAOS sets how many rounds (default 4), HAWSER_SEED which faults (see hawserlab/lab_chance.py).
"""
import os
import time

import pytest
from hawserlab import lab_chance, lab_cluster, lab_conf, lab_witness

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager")
ROUNDS = int(os.environ.get("HAWSER_CHAOS", "4"))
W, V = "service:w", "service:v"


def crash(_cluster, node, _chance):
    node.crash()


def hang(_cluster, node, _chance):
    node.stop_all()


def hiccup(_cluster, node, chance):
    """A pause around the token time: seen by corosync or not."""
    node.pause()
    time.sleep(chance.uniform(0.5, 4))
    if node.is_up():
        node.resume()


def isolate(cluster, node, _chance):
    cluster.lab.partition([node], [n for n in cluster.lab.nodes if n is not node])


def cut_one_ring(_cluster, node, chance):
    node.cut(chance.choice((0, 1)))


def kill_daemon(_cluster, node, chance):
    node.kill(chance.choice(("fenced", "rgmanager", "corosync")))


FAULTS = (crash, hang, hiccup, isolate, cut_one_ring, kill_daemon)


def settle(cluster):
    """Mend everything and wait for the normal state. A node whose daemon was killed and whom nobody had to fence is
    restarted, as its operator would."""
    cluster.lab.heal()
    for node in cluster.lab.nodes:
        if node.is_up():
            node.mend(0, 1)
            node.resume()
            node.continue_all()
    end = time.monotonic() + 15
    while time.monotonic() < end:
        status = [n.is_up() and cluster.status(n) for n in cluster.lab.nodes]
        if all(s and len(s.members) == len(cluster.lab.nodes) for s in status):
            break
        time.sleep(0.5)
    else:
        for node in cluster.lab.nodes:
            if not node.is_up():
                node.boot()
            elif not all(node.pids_of(p) for p in ("corosync", "ccsd", "fenced", "rgmanager")):
                node.power_off()
                node.boot()
    cluster.wait_members(timeout=90)
    for service in (W, V):
        cluster.wait_service(service)


@pytest.fixture(name="cluster", scope="module")
def three_nodes():
    conf = lab_conf.cluster_conf(3, rm="".join(
        lab_conf.script_service(name, "/etc/cluster/witness-" + name) for name in ("w", "v")))
    cluster = lab_cluster.make(3, conf, scripts=["w", "v"], boot_delay=1)
    with cluster.lab:
        cluster.start()
        yield cluster


def test_faults_by_chance(cluster):
    chance = lab_chance.chance()
    done = []
    try:
        settle(cluster)
        for _ in range(ROUNDS):
            for _ in range(chance.choice((1, 1, 2))):
                fault, node = chance.choice(FAULTS), chance.choice(cluster.lab.nodes)
                if node.is_up():
                    done.append("%.3f %s %s" % (time.time(), fault.__name__, node.name))
                    fault(cluster, node, chance)
                    time.sleep(chance.uniform(0, 3))
            settle(cluster)
            for name in ("w", "v"):
                lab_witness.check_never_twice(cluster.lab, name)
                assert len(lab_witness.current(cluster.lab, name)) == 1
    except BaseException:
        print("faults: " + "; ".join(done))
        raise

# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes, each quorate alone: when they lose sight of each other they race, and exactly one survives."""
import time

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager")
W = "service:w"


@pytest.fixture(name="cluster", scope="module")
def two_nodes():
    # A delay on one node's device decides the race: n2's attempt on n1 waits, n1's on n2 does not.
    conf = lab_conf.cluster_conf(2, cman='<cman two_node="1" expected_votes="1"/>',
                                 devices={"bmc-n1": lab_conf.device("bmc-n1", 1, delay="4")},
                                 rm=lab_conf.script_service("w", "/etc/cluster/witness-w"))
    cluster = lab_cluster.make(2, conf, scripts=["w"], boot_delay=3)
    with cluster.lab:
        cluster.start()
        yield cluster


def test_one_survivor_of_a_race(cluster):
    n1, n2 = cluster.lab.nodes
    cluster.recover([W])
    n1.run("clusvcadm", "-r", "w", "-m", "n2", timeout=30, check=True)
    when = time.time()
    cluster.lab.partition([n1], [n2])
    wait_for(lambda: n2.bmc.offs(when), "n2 to be fenced")
    cluster.lab.heal()
    cluster.wait_service(W, owner="n1", node=n1)
    cluster.wait_members()
    assert not n1.bmc.offs(when), "the other side must not have fenced as well"
    lab_witness.check_never_twice(cluster.lab, "w")


def test_survivor_goes_on_alone_after_a_crash(cluster):
    n1, n2 = cluster.lab.nodes
    cluster.recover([W])
    owner = cluster.owner(W)
    other = n2 if owner is n1 else n1
    when = time.time()
    owner.crash()
    cluster.wait_service(W, owner=other.name, node=other)
    assert owner.bmc.offs(when)
    lab_witness.check_never_twice(cluster.lab, "w")

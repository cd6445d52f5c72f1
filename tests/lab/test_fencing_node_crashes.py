# SPDX-License-Identifier: GPL-2.0-or-later
"""Five nodes: the one that fences crashes in the middle of it. Another finishes."""
import time

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for
from hawserlab.lab_history import first, notes_of

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager")
W = "service:w"


def test_another_node_finishes():
    conf = lab_conf.cluster_conf(5, rm=lab_conf.script_service("w", "/etc/cluster/witness-w"))
    cluster = lab_cluster.make(5, conf, scripts=["w"], boot_delay=1)
    with cluster.lab as lab:
        cluster.start(timeout=90)
        cluster.wait_service(W)
        n1, n2 = lab.nodes[:2]
        n1.run("clusvcadm", "-r", "w", "-m", "n5", timeout=30, check=True)
        victim = lab.node("n5")
        master = lab.node(int(cluster.fence_ls()["master nodeid"]))
        assert master is n1
        when = time.time()
        victim.bmc.hang()
        victim.crash()
        wait_for(lambda: first(notes_of([n1], "fenced"), when, ev="fdom.fencing", obj="n5"), "n1 to begin fencing n5")
        assert not victim.bmc.offs(when)
        n1.crash()
        wait_for(lambda: first(notes_of([n2], "fenced"), when, ev="fdom.victim", obj="n1"), "n1 to be a victim too")
        victim.bmc.wake()
        for name in ("n1", "n5"):
            done = wait_for(lambda name=name: first(notes_of([n2], "fenced"), when, ev="fdom.fenced", obj=name),
                            name + " to be fenced")
            assert done.fields["master"] == "2", done
            assert lab.node(name).bmc.offs(when)
        assert cluster.wait_service(W, node=n2).owner in ("n2", "n3", "n4")
        lab_witness.check_never_twice(lab, "w")
        cluster.wait_members(timeout=90)

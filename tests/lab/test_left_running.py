# SPDX-License-Identifier: GPL-2.0-or-later
"""A frozen service runs on without its rgmanager, and all who knew that are gone: what stands on a disk is enough."""
import signal

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "clusvcadm")
W = "service:w"
NOTE = "/var/lib/hawser/rgmanager.left"


@pytest.fixture(name="cluster", scope="module")
def two_nodes():
    conf = lab_conf.cluster_conf(2, cman='<cman two_node="1" expected_votes="1"/>',
                                 rm=lab_conf.script_service("w", "/etc/cluster/witness-w"))
    cluster = lab_cluster.make(2, conf, scripts=["w"], boot_delay=1)
    with cluster.lab:
        cluster.start()
        yield cluster


def end_rgmanager(node):
    node.kill("rgmanager", signal.SIGTERM)
    wait_for(lambda: not node.pids_of("rgmanager"), "rgmanager to end")


def test_it_is_not_started_a_second_time(cluster):
    n1, n2 = cluster.lab.nodes
    cluster.wait_service(W)
    n1.run("clusvcadm", "-r", "w", "-m", "n1", timeout=30)
    cluster.wait_service(W, owner="n1")
    runs = lab_witness.runs(cluster.lab, "w")
    n1.run("clusvcadm", "-Z", "w", timeout=30, check=True)
    end_rgmanager(n1)
    # Before it ended, the other one had it on its disk.
    assert n2.read(NOTE) == "hawser left 1\nfrozen 1 service:w\nend 1\n"
    # SIGKILL: the machine is reset with it. It comes back, and founds the group of rgmanager anew.
    boots = n2.boots()
    n2.kill("rgmanager")
    wait_for(lambda: n2.is_up() and n2.boots() != boots, "n2 to come up again", timeout=120)
    cluster.wait_members(["n2"], timeout=120)
    found = cluster.wait_service(W, owner="n1", node=n2)
    assert found.flags == "frozen"
    assert "service:w waits for rgmanager to be started on n1" in n2.run("clustat").out
    refused = n2.run("clusvcadm", "-U", "w", timeout=30)
    assert refused.code and "start that one first" in refused.out + refused.err, refused
    n1.run("rgmanager", "-N", check=True)
    cluster.wait_members()
    n2.run("clusvcadm", "-U", "w", timeout=30, check=True)
    wait_for(lambda: n2.read(NOTE) == "hawser left 1\nend 0\n", "the note to be over")
    assert lab_witness.runs(cluster.lab, "w") == runs, "it has run all the time, and once"
    lab_witness.check_never_twice(cluster.lab, "w")


def test_a_damaged_note_is_looked_at_by_a_person(cluster):
    n2 = cluster.lab.nodes[1]
    end_rgmanager(n2)
    n2.write(NOTE, "hawser left 1\nfrozen 1 ser")
    refused = n2.run("rgmanager", timeout=30)
    assert refused.code == 1 and "rgmanager.left: cannot be read: it is damaged" in refused.err, refused
    n2.run("rm", NOTE, check=True)
    n2.run("rgmanager", check=True)
    cluster.wait_members()
    cluster.wait_service(W)

# SPDX-License-Identifier: GPL-2.0-or-later
"""rgmanager and its tools as an operator meets them: three nodes, two witness services."""
import json
import signal
import time

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "clustat", "clusvcadm")
V, W = "service:v", "service:w"
RM = lab_conf.script_service("v", "/etc/cluster/witness-v", recovery="restart") + lab_conf.script_service(
    "w", "/etc/cluster/witness-w")


@pytest.fixture(name="cluster", scope="module")
def three_nodes():
    cluster = lab_cluster.make(3, lab_conf.cluster_conf(rm=RM), scripts=["v", "w"], boot_delay=1)
    with cluster.lab:
        cluster.start()
        yield cluster


@pytest.fixture(autouse=True)
def both_started(cluster):
    for name, service in cluster.status().services.items():
        if service.state in ("disabled", "stopped", "failed"):  # as a failed test before this one left it
            for option in ("-u", "-d " + name, "-e " + name):
                cluster.lab.nodes[0].run("clusvcadm", *option.split(), timeout=30)
        cluster.wait_service(name)
    yield
    for name in ("v", "w"):
        lab_witness.check_never_twice(cluster.lab, name)


def adm(node, *args, code=0):
    result = node.run("clusvcadm", *args, timeout=30)
    assert result.code == code, result
    return result.out


def test_operations_and_their_messages(cluster):
    n1, n2, n3 = cluster.lab.nodes
    assert adm(n3, "-r", "w", "-m", "n2") == ("Trying to relocate service:w to n2...Success\n"
                                              "service:w is now running on n2\n")
    assert adm(n3, "-d", "w") == "Local machine disabling service:w...Success\n"
    assert cluster.status().services[W].state == "disabled" and lab_witness.current(cluster.lab, "w") == []
    assert adm(n3, "-r", "w", code=248).endswith("Invalid operation for resource\n")
    assert adm(n3, "-e", "w") == ("Local machine trying to enable service:w...Success\n"
                                  "service:w is now running on n3\n")
    assert adm(n1, "-e", "w").endswith("Service is already running\n")
    assert adm(n1, "-R", "w") == "Local machine trying to restart service:w...Success\n"
    assert lab_witness.current(cluster.lab, "w") == ["n3"]
    assert adm(n1, "-e", "nothing", code=252).endswith("Service does not exist\n")
    assert "Closest match: 'n2'" not in adm(n1, "-r", "w", "-m", "n", code=1)
    assert adm(n2, "-Z", "w").endswith("Success\n")
    assert cluster.status().services[W].flags == "frozen"
    assert adm(n2, "-d", "w", code=245).endswith("Failure: Service is frozen\n")
    assert adm(n2, "-U", "w").endswith("Success\n")
    assert adm(n1, "-l") == "Resource groups locked\n" and adm(n2, "-S") == "Resource groups locked\n"
    assert adm(n1, "-R", "w", code=250)
    assert adm(n3, "-u") == "Resource groups unlocked\n"
    assert n1.run("clustat", "-s", "w").code == 0
    assert adm(n1, "-s", "w").endswith("Success\n")
    assert n1.run("clustat", "-s", "w").code == 110
    assert adm(n1, "-e", "w", "-F")
    assert cluster.status().services[W].owner == "n1"


def test_failed_check_restarts_in_place_or_relocates(cluster):
    owner = {name: cluster.wait_service(name).owner for name in (V, W)}
    for name in ("v", "w"):
        # The program ends by itself, as a crash would.
        cluster.lab.node(owner["service:" + name]).run("/etc/cluster/witness-" + name, "stop", check=True)
    wait_for(lambda: len(lab_witness.runs(cluster.lab, "v")) >= 2, "v to be restarted")
    moved = wait_for(lambda: [n for n in lab_witness.current(cluster.lab, "w") if n != owner[W]], "w to move")
    cluster.wait_service(V, owner=owner[V])
    cluster.wait_service(W, owner=moved[0])


def test_all_nodes_tell_the_same(cluster):
    seen = [json.loads(n.run("clustat", "--json", check=True).out)["services"] for n in cluster.lab.nodes]
    assert seen[0] == seen[1] == seen[2]


def test_daemon_that_hangs_does_not_hang_the_tools(cluster):
    other = cluster.lab.nodes[0]
    other.kill("rgmanager", signal.SIGSTOP)
    try:
        for argv in (("clustat",), ("clusvcadm", "-d", "w"), ("clusvcadm", "-S")):
            begin = time.time()
            result = other.run(*argv, timeout=10)
            assert result.code is not None and time.time() - begin < 8, argv
        assert "Timed out waiting for a response" in other.run("clustat").err
    finally:
        other.kill("rgmanager", signal.SIGCONT)
    cluster.wait_members()


def test_orderly_end_hands_services_over(cluster):
    node = cluster.lab.node(cluster.wait_service(W).owner)
    node.kill("rgmanager", signal.SIGTERM)
    wait_for(lambda: not node.pids_of("rgmanager"), "rgmanager to end")
    rest = [n for n in cluster.lab.nodes if n is not node]
    new = cluster.wait_service(W, node=rest[0]).owner
    assert new != node.name and lab_witness.current(cluster.lab, "w") == [new]
    assert node.run("clustat").code == 0, "members are shown without the daemon"
    node.run("rgmanager", check=True)
    cluster.wait_members()

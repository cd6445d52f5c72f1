# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes with an LVS service and a witness service: what happens when the owner or its BMC fails."""
import re
import time

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for
from hawserlab.lab_history import first, notes_of

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "lvsd")
LVS, W = "service:lvs", "service:w"


@pytest.fixture(name="made", scope="module")
def one_cluster():
    methods, devices = lab_conf.two_methods(3)
    conf = lab_conf.cluster_conf(methods=methods, devices=devices, rm=lab_conf.LVS_SERVICE + lab_conf.script_service(
        "w", "/etc/cluster/witness-w"))
    cluster = lab_cluster.make(3, conf, lab_conf.sample(lab_cluster.TOP, "lvs.cf.sample"), scripts=["w"], web=3,
                               clients=1, boot_delay=1)
    with cluster.lab:
        yield cluster


@pytest.fixture(name="lab")
def logs_of_failures(made):
    return made.lab


@pytest.fixture(name="cluster")
def healthy_cluster(made, lab):
    """All members, both services started; afterwards the witness must never have run twice."""
    made.recover([LVS, W])
    yield made
    lab_witness.check_never_twice(lab, "w")


def crash_owner(cluster):
    """Crash the owner of the witness service; the node and when."""
    owner = cluster.owner(W)
    when = time.time()
    owner.crash()
    return owner, when


def fence_notes(cluster, since, **wanted):
    return first(notes_of(cluster.lab.nodes, "fenced"), since, **wanted)


def others(cluster, *nodes):
    return [n for n in cluster.lab.nodes if n not in nodes]


def test_owner_crashes(cluster):
    client = cluster.lab.clients[0]
    assert client.ask(lab_conf.URL, 1)[0].ok
    lvs_owner = cluster.owner(LVS)
    owner, when = crash_owner(cluster)
    assert lvs_owner is owner, "both services prefer the same node"
    seen_from = others(cluster, owner)[0]
    for service in (LVS, W):
        cluster.wait_service(service, away_from=owner.name, node=seen_from)
    off = owner.bmc.offs(when)
    run = lab_witness.runs(cluster.lab, "w")[-1]
    assert off and off[0] < run.begin, "the old owner must be off before the service starts elsewhere"
    wait_for(lambda: client.ask(lab_conf.URL, 1)[0].ok, "an answer through the new owner")
    cluster.wait_members()
    assert cluster.status().services[W].owner == run.node, "nofailback: it stays where it runs"


def test_owner_hangs_and_is_fenced_before_takeover(cluster):
    owner = cluster.owner(W)
    when = time.time()
    owner.stop_all()
    seen_from = others(cluster, owner)[0]
    wait_for(lambda: lab_witness.current(cluster.lab, "w") not in ([], [owner.name]), "the witness elsewhere")
    assert owner.bmc.offs(when)[0] < lab_witness.runs(cluster.lab, "w")[-1].begin
    cluster.wait_service(W, away_from=owner.name, node=seen_from)


def test_wrong_bmc_password_holds_the_service_and_says_so(cluster):
    """Nobody may touch the service; clustat and fence_tool ls name the wait and the command that ends it."""
    owner = cluster.owner(W)
    owner.bmc.restart(password="changed", spare_password="changed")
    owner, when = crash_owner(cluster)
    rest = others(cluster, owner)
    wait_for(lambda: fence_notes(cluster, when, ev="fdom.fail", obj=owner.name, attempts=("2", "3")),
             "two failed attempts")
    for node in rest:
        clustat, fence = node.run("clustat").out, node.run("fence_tool", "ls").out
        for text in (clustat, fence):
            assert owner.name in text and "fence_ack_manual" in text, text
        assert re.search(r"victim count +1", fence)
    assert lab_witness.current(cluster.lab, "w") == []
    assert not owner.bmc.offs(when)
    master = cluster.lab.node(int(cluster.fence_ls(rest[0])["master nodeid"]))
    command = re.search(r"fence_ack_manual( -\S+)* %s" % owner.name, master.run("fence_tool", "ls").out).group(0)
    master.run(*command.split(), text="absolutely\n", check=True)
    cluster.wait_service(W, away_from=owner.name, node=rest[0])
    assert fence_notes(cluster, when, ev="fdom.fenced", obj=owner.name, how="override")


def test_second_method_when_the_first_fails(cluster):
    owner = cluster.owner(W)
    owner.bmc.restart(password="changed")
    owner, when = crash_owner(cluster)
    cluster.wait_service(W, away_from=owner.name, node=others(cluster, owner)[0])
    assert owner.bmc.offs(when), "the spare account has switched it off"


def test_quorum_lost_stops_services(cluster):
    owner = cluster.owner(W)
    when = time.time()
    for node in others(cluster, owner):
        node.crash()
    wait_for(lambda: lab_witness.current(cluster.lab, "w") == [], "the witness to be stopped")
    wait_for(lambda: lab_conf.VIP + "/" not in owner.run("ip", "addr", "show", "eth0").out,
             "the floating address to be gone")
    assert "Inquorate" in owner.run("clustat").out
    assert not [t for n in cluster.lab.nodes for t in n.bmc.offs(when)], "a partition without quorum fences nobody"


def test_partitioned_owner_is_fenced(cluster):
    """The owner alone on its side: it has no quorum, the others fence it and take over."""
    owner = cluster.owner(W)
    rest = others(cluster, owner)
    when = time.time()
    cluster.lab.partition([owner], rest)
    wait_for(lambda: owner.bmc.offs(when), "the owner to be fenced")
    cluster.lab.heal()
    cluster.wait_service(W, away_from=owner.name, node=rest[0])
    assert not [t for n in rest for t in n.bmc.offs(when)]


def test_relocation_by_command(cluster):
    owner = cluster.owner(W)
    target = others(cluster, owner)[-1]
    out = owner.run("clusvcadm", "-r", "w", "-m", target.name, timeout=30, check=True).out
    assert out == ("Trying to relocate service:w to %s...Success\nservice:w is now running on %s\n"
                   % (target.name, target.name))
    assert lab_witness.current(cluster.lab, "w") == [target.name]

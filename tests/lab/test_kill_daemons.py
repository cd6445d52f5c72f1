# SPDX-License-Identifier: GPL-2.0-or-later
"""Every daemon on the owner killed by SIGKILL in turn: the service runs again, once, and the tools tell the truth."""
import time

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "lvsd")
LVS, W = "service:lvs", "service:w"


@pytest.fixture(name="made", scope="module")
def three_nodes():
    conf = lab_conf.cluster_conf(3, rm=lab_conf.LVS_SERVICE + lab_conf.script_service("w", "/etc/cluster/witness-w"))
    cluster = lab_cluster.make(3, conf, lab_conf.sample(lab_cluster.TOP, "lvs.cf.sample"), scripts=["w"], web=3,
                               clients=1, boot_delay=1)
    with cluster.lab:
        cluster.start()
        yield cluster


@pytest.fixture(name="cluster")
def healthy(made):
    made.recover([LVS, W])
    yield made
    lab_witness.check_never_twice(made.lab, "w")


def restart_machine(cluster, node):
    """An operator's last resort; here: whatever is left of NODE's cluster goes, by a clean reboot of the machine."""
    node.power_off()
    node.power_on()
    node.wait_up()
    cluster.wait_members()


def test_ccsd_dies_and_is_started_again(cluster):
    owner = cluster.owner(W)
    runs = lab_witness.runs(cluster.lab, "w")
    assert owner.kill("ccsd") == 1
    wait_for(lambda: not owner.pids_of("ccsd"), "ccsd to be gone")
    assert owner.run("ccs_tool", "lsnode", timeout=10).code != None, "no tool hangs"  # noqa: E711
    owner.run("ccsd", check=True)
    cluster.wait_members()
    assert lab_witness.runs(cluster.lab, "w") == runs, "the service is not touched"


@pytest.mark.parametrize("daemon", ["fenced", "rgmanager", "corosync"])
def test_daemon_dies(cluster, daemon):
    """Its node can no longer be trusted: it is fenced, or stops its services itself, before they start elsewhere."""
    owner = cluster.owner(W)
    others = [n for n in cluster.lab.nodes if n is not owner]
    when = time.time()
    assert owner.kill(daemon) >= 1
    if daemon == "fenced":
        # Nothing that runs is harmed by it; the domain says what it waits for.
        wait_for(lambda: owner.bmc.offs(when) or not owner.pids_of("fenced"), "fenced to be gone")
    else:
        wait_for(lambda: owner.name not in lab_witness.current(cluster.lab, "w"), "the service to leave its node")
        cluster.wait_service(W, away_from=owner.name, node=others[0])
    if not owner.bmc.offs(when):
        restart_machine(cluster, owner)
    cluster.wait_members()
    cluster.wait_service(W)
    assert len(lab_witness.current(cluster.lab, "w")) == 1


def test_lvsd_dies(cluster):
    """The next check of the lvs resource fails, and it is recovered: in place or elsewhere, but once."""
    owner = cluster.owner(LVS)
    client = cluster.lab.clients[0]
    assert client.ask(lab_conf.URL, 1)[0].ok
    old = owner.pids_of("lvsd")
    assert owner.kill("lvsd") == 1
    wait_for(lambda: set(sum((n.pids_of("lvsd") for n in cluster.lab.nodes), [])) - set(old), "another lvsd")
    wait_for(lambda: client.ask(lab_conf.URL, 1)[0].ok, "an answer through the virtual address")
    cluster.wait_service(LVS)
    assert [n.name for n in cluster.lab.nodes if n.pids_of("lvsd")] == [cluster.owner(LVS).name]

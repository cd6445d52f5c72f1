# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes and a quorum disk: a file that both see stands for the shared device."""
import glob
import os
import shutil
import subprocess
import tempfile
import time

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "qdiskd", "mkqdisk")
HERE = os.path.dirname(os.path.abspath(__file__))
W = "service:w"
ROUTER = "10.77.0.150"


class Disk:
    """The shared file, and each node's way to it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hawser-qdisk-")
        os.chmod(self.folder, 0o755)
        self.path = self.folder + "/disk"
        self.preload = self.folder + "/fault.so"
        with open(self.path, "wb") as f:
            f.truncate(1 << 20)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.preload, HERE + "/qdisk_fault.c"], check=True)

    def make(self, node):
        got = node.run("mkqdisk", "-c", self.path, "-l", "lab", text="y\n")
        assert got.code == 0, got.out + got.err

    def states(self, node):
        """Node id -> state, as mkqdisk shows it."""
        found = {}
        which = None
        for line in node.run("mkqdisk", "-L", self.path, "-d").out.splitlines():
            if line.startswith("Status block for node "):
                which = int(line.split()[-1])
            elif line.startswith("\tState: ") and which:
                found[which] = line.split()[1]
        return found

    def master(self, cluster):
        """The node that is master, and the other one."""
        nodes = cluster.lab.nodes
        states = wait_for(lambda: sorted(self.states(nodes[0]).values()) == ["Master", "Running"] and
                          self.states(nodes[0]), "a master on the disk", timeout=30)
        first = 0 if states[1] == "Master" else 1
        return nodes[first], nodes[1 - first]

    def breaks(self, what, *nodes):
        for node in nodes:
            with open("%s.%s-%s" % (self.path, what, node.name), "w", encoding="ascii"):
                pass

    def works(self):
        for path in glob.glob(self.path + ".*"):
            os.unlink(path)


def conf(disk, heuristic=""):
    return lab_conf.cluster_conf(
        2, cman='<quorumd device="%s" cman_label="lab" interval="1" tko="3" votes="1" status_file="/run/qdisk-status">'
        '%s</quorumd>' % (disk.path, heuristic), rm=lab_conf.script_service("w", "/etc/cluster/witness-w"))


def has_votes(node):
    return "Quorum device votes: 1\n" in node.run("cman_tool", "status", timeout=5).out


def start(disk, text):
    cluster = lab_cluster.make(2, text, scripts=["w"], boot_delay=3, show=[disk.folder])
    try:
        cluster.lab.add_client()
        for node in cluster.lab.nodes:
            node.write("/etc/hawser-lab/qdiskd-preload", disk.preload)
        cluster.lab.nodes[0].boot()
        disk.make(cluster.lab.nodes[0])
        cluster.lab.nodes[0].power_off()
        cluster.start()
    except BaseException:
        cluster.lab.close()
        raise
    return cluster


@pytest.fixture(name="disk", scope="module")
def shared_disk():
    disk = Disk()
    yield disk
    shutil.rmtree(disk.folder)


@pytest.fixture(name="cluster", scope="module")
def two_nodes(disk):
    cluster = start(disk, conf(disk))
    with cluster.lab:
        yield cluster


def settle(cluster, disk):
    disk.works()
    cluster.recover([W])
    for node in cluster.lab.nodes:
        wait_for(lambda node=node: has_votes(node), lambda node=node: "the disk's votes at %s: %s" % (
            node.name, node.run("cman_tool", "status").out + node.read("/run/qdisk-status")), timeout=30)


def move_to(cluster, node):
    if cluster.owner(W) is not node:
        node.run("clusvcadm", "-r", "w", "-m", node.name, timeout=30, check=True)


def test_device_is_shown(cluster, disk):
    settle(cluster, disk)
    for node in cluster.lab.nodes:
        status = node.run("cman_tool", "status").out
        assert "Expected votes: 3\nQuorum device votes: 1\nTotal votes: 3\n" in status and "Quorum: 2  \n" in status
        row = node.run("cman_tool", "nodes").out.splitlines()[1]
        assert row.startswith("   0   M") and row.endswith("  lab")
    disk.master(cluster)
    status = wait_for(lambda: "Visible Set: { 1 2 }" in (text := cluster.lab.nodes[0].run("cat", "/run/qdisk-status").out)
                      and text, "both nodes in the status file", timeout=20)
    assert "Node ID: 1\nScore: 1/1 (Minimum required = 1)\n" in status and "Quorate Set: { 1 2 }\n" in status


@pytest.mark.parametrize("first", [0, 1])
def test_either_survives_alone(cluster, disk, first):
    settle(cluster, disk)
    lost, kept = cluster.lab.nodes[first], cluster.lab.nodes[1 - first]
    move_to(cluster, lost)
    when = time.time()
    lost.crash()
    cluster.wait_service(W, owner=kept.name, node=kept)
    assert lost.bmc.offs(when)
    lab_witness.check_never_twice(cluster.lab, "w")


def test_split_goes_to_the_master(cluster, disk):
    settle(cluster, disk)
    master, other = disk.master(cluster)
    move_to(cluster, other)
    when = time.time()
    cluster.lab.partition([master], [other])
    cluster.wait_service(W, owner=master.name, node=master)
    assert other.bmc.offs(when) and not master.bmc.offs(when)
    lab_witness.check_never_twice(cluster.lab, "w")


def test_disk_vanishes_and_comes_back(cluster, disk):
    settle(cluster, disk)
    owner = cluster.owner(W)
    boots = [n.boots() for n in cluster.lab.nodes]
    disk.breaks("fail", *cluster.lab.nodes)
    for node in cluster.lab.nodes:
        wait_for(lambda node=node: not has_votes(node), "the votes of %s to end" % node.name, timeout=20)
    time_gone = time.time()
    # Longer than a node that does not write would be left alone.
    wait_for(lambda: time.time() > time_gone + 5, "time to pass", timeout=10)
    for node in cluster.lab.nodes:
        assert "Total votes: 2\n" in (status := node.run("cman_tool", "status").out) and "Quorum: 2  \n" in status
    disk.works()
    settle(cluster, disk)
    assert [n.boots() for n in cluster.lab.nodes] == boots and cluster.owner(W) is owner
    assert len(lab_witness.runs(cluster.lab, "w")) == len([r for r in lab_witness.runs(cluster.lab, "w")
                                                           if r.begin < time_gone]), "the service was touched"


@pytest.mark.parametrize("how", ["hang", "fail"])
def test_one_node_loses_the_disk(cluster, disk, how):
    settle(cluster, disk)
    lost, kept = disk.master(cluster)
    move_to(cluster, lost)
    when = time.time()
    disk.breaks(how, lost)
    cluster.wait_service(W, owner=kept.name, node=kept)
    assert lost.bmc.offs(when) and not kept.bmc.offs(when)
    lab_witness.check_never_twice(cluster.lab, "w")


def test_heuristics_decide_a_split(cluster, disk):
    """The master loses its network: it gives the disk away."""
    settle(cluster, disk)
    n1 = cluster.lab.nodes[0]
    text = lab_conf.raise_version(conf(disk, '<heuristic program="ping -c1 -w1 %s" score="2" interval="1" tko="2"/>' % ROUTER))
    n1.write(lab_conf.CLUSTER_CONF + ".new", text, 0o640)
    n1.run("ccs_tool", "update", lab_conf.CLUSTER_CONF + ".new", timeout=30, check=True)
    for node in cluster.lab.nodes:
        wait_for(lambda node=node: "Score: 2/2 (Minimum required = 2)" in node.run("cat", "/run/qdisk-status").out,
                 "the score of %s" % node.name, timeout=20)
    master, other = disk.master(cluster)
    move_to(cluster, master)
    when = time.time()
    master.cut()
    cluster.wait_service(W, owner=other.name, node=other)
    assert not other.bmc.offs(when)
    lab_witness.check_never_twice(cluster.lab, "w")

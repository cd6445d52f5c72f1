# SPDX-License-Identifier: GPL-2.0-or-later
"""Two nodes and a quorum disk: a file that both see stands for the shared device."""
import os
import shutil
import tempfile
import time

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "qdiskd", "mkqdisk")
W = "service:w"
BLOCK = 4096


class Disk:
    """The shared file."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hawser-qdisk-")
        self.path = self.folder + "/disk"
        with open(self.path, "wb") as f:
            f.truncate(1 << 20)

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


def conf(disk, quorumd="", heuristic=""):
    return lab_conf.cluster_conf(
        2, cman='<quorumd device="%s" cman_label="lab" interval="1" tko="3" votes="1" status_file="/run/qdisk-status" '
        '%s>%s</quorumd>' % (disk.path, quorumd, heuristic),
        rm=lab_conf.script_service("w", "/etc/cluster/witness-w"))


def has_votes(node):
    got = node.run("cman_tool", "status", timeout=5)
    return "Quorum device votes: 1\n" in got.out and "Total votes: " in got.out


def start(disk, text):
    cluster = lab_cluster.make(2, text, scripts=["w"], boot_delay=3, show=[disk.folder])
    try:
        os.chmod(disk.folder, 0o755)
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


def settle(cluster):
    cluster.recover([W])
    for node in cluster.lab.nodes:
        wait_for(lambda node=node: has_votes(node), lambda node=node: "the disk's votes at %s: %s" % (
            node.name, node.run("cman_tool", "status").out + node.read("/run/qdisk-status")), timeout=30)


def test_device_is_shown(cluster, disk):
    settle(cluster)
    n1, n2 = cluster.lab.nodes
    for node in (n1, n2):
        status = node.run("cman_tool", "status").out
        assert "Expected votes: 3\nQuorum device votes: 1\nTotal votes: 3\n" in status and "Quorum: 2  \n" in status
        assert node.run("cman_tool", "nodes").out.splitlines()[1].startswith("   0   M") 
        assert node.run("cman_tool", "nodes").out.splitlines()[1].endswith("  lab")
    assert sorted(disk.states(n1).values()) == ["Master", "Running"]


@pytest.mark.parametrize("first", [0, 1])
def test_either_survives_alone(cluster, first):
    settle(cluster)
    lost, kept = cluster.lab.nodes[first], cluster.lab.nodes[1 - first]
    cluster.wait_service(W)
    kept.run("clusvcadm", "-r", "w", "-m", lost.name, timeout=30, check=True)
    when = time.time()
    lost.crash()
    cluster.wait_service(W, owner=kept.name, node=kept)
    assert lost.bmc.offs(when)
    lab_witness.check_never_twice(cluster.lab, "w")

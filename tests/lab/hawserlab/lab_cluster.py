# SPDX-License-Identifier: GPL-2.0-or-later
"""A Lab with Hawser on it: writes cluster.conf to the nodes' disks, boots, waits for members and services."""
import collections
import os
import time
import xml.etree.ElementTree as ElementTree

from .lab_bmc import PASSWORD
from .lab_conf import CLUSTER_CONF, LVS_CF, WITNESS
from .lab_lab import TOP, Lab
from .lab_state import LabError, read_file, wait_for

Status = collections.namedtuple("Status", "quorate members services text")
Status.__doc__ = """clustat -x: quorate or not, names of members that run rgmanager, service name -> Service."""
Service = collections.namedtuple("Service", "state owner last_owner flags")

STAGE = os.environ.get("HAWSER_STAGE", TOP + "/build/stage")
DAEMONS = ("ccsd", "cmand", "fenced", "rgmanager")


def not_staged(*names):
    """Which of NAMES the staged installation lacks: programs of its sbin, or paths (what has a slash) below it."""
    return [n for n in names if not os.access(os.path.join(STAGE, n if "/" in n else "sbin/" + n), os.R_OK)]


def fds_of(pid):
    """Open descriptors at rest: the least of several looks, a check or a client comes and goes."""
    looks = []
    for _ in range(20):
        looks.append(len(os.listdir("/proc/%d/fd" % pid)))
        time.sleep(0.01)
    return min(looks)


def pss_kib(pid):
    """A process's own share of memory: PSS without the pages of program files, whose share depends on who else on
    this machine has them mapped."""
    return sum(int(line.split()[1]) for line in read_file("/proc/%d/smaps_rollup" % pid).splitlines()
               if line.startswith(("Pss_Anon:", "Pss_Shmem:")))


def parse_clustat(text):
    """Status of `clustat -x` output, None if it is not complete."""
    try:
        tree = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    quorum = tree.find("quorum")
    members = sorted(n.get("name") for n in tree.iter("node")
                     if n.get("state") == "1" and n.get("rgmanager") == "1")
    services = {g.get("name"): Service(g.get("state_str"), g.get("owner"), g.get("last_owner"),
                                       g.get("flags_str") or "") for g in tree.iter("group")}
    return Status(quorum is not None and quorum.get("quorate") == "1", members, services, text)


def parse_fence_ls(text):
    """The first block of `fence_tool ls` as a dict: "member count" -> "3"."""
    return {line[:14].strip(): line[14:].strip() for line in text.split("\n\n")[0].splitlines()[1:]}


class Cluster:
    """Hawser on the nodes of a lab. The lab's nodes must have been created with the staged installation."""

    def __init__(self, lab, conf, lvs=None, scripts=()):
        self.lab = lab
        self.conf = conf
        key = os.urandom(256)
        for node in lab.nodes:
            self.prepare(node, conf, key, lvs, scripts)

    @staticmethod
    def prepare(node, conf, key, lvs=None, scripts=()):
        """Write what an administrator puts on a node's disk."""
        node.write(CLUSTER_CONF, conf, 0o640)
        node.write("/etc/cluster/keys/corosync.key", key, 0o400)
        for k in range(1, len(node.lab.nodes) + 1):
            node.write("/etc/cluster/bmc-pw-n%d" % k, "#!/bin/sh\necho %s\n" % PASSWORD, 0o700)
        if lvs:
            node.write(LVS_CF, lvs)
        for name in scripts:
            node.write("/etc/cluster/witness-" + name, WITNESS % {"name": name}, 0o755)

    def start(self, timeout=60):
        """Boot every node and wait until each sees all others with rgmanager."""
        self.lab.boot()
        self.wait_members(timeout=timeout)

    def recover(self, services=(), timeout=60):
        """Back to the normal state, whatever a test did: cables and BMCs mended, everybody up, services started."""
        self.lab.heal()
        for node in self.lab.nodes:
            if not node.is_up():
                continue
            node.resume()
            node.continue_all()
        for node in self.lab.nodes:
            if node.is_up():
                node.mend(0, 1, 2, 3)
            if not node.bmc.is_default():
                node.bmc.restart()
        down = [node for node in self.lab.nodes if not node.is_up()]
        if down:
            self.lab.boot(*down)
        self.wait_members(timeout=timeout)
        for service in services:
            self.wait_service(service, timeout=timeout)

    # What the tools say.

    def status(self, node=None):
        """`clustat -x` on NODE (the first that runs), None if it gave no report."""
        node = node or self.running()[0]
        return parse_clustat(node.run("clustat", "-x", timeout=5).out)

    def fence_ls(self, node=None):
        node = node or self.running()[0]
        return parse_fence_ls(node.run("fence_tool", "ls", timeout=5).out)

    def running(self):
        found = [n for n in self.lab.nodes if n.is_up()]
        if not found:
            raise LabError("no node is running")
        return found

    def owner(self, service="service:lvs"):
        status = self.status()
        found = status and status.services.get(service)
        return self.lab.node(found.owner) if found and found.state == "started" else None

    # Waiting. Every node in NODES must see it.

    def wait_members(self, names=None, nodes=None, timeout=60):
        names = sorted(names or [n.name for n in self.lab.nodes])
        for node in nodes or [self.lab.node(n) for n in names]:
            def seen(node=node):
                status = node.is_up() and self.status(node)
                return status and status.quorate and status.members == names
            wait_for(seen, lambda node=node: "members %s as seen by %s; it says:\n%s"
                     % (names, node.name, self.report(node)), timeout=timeout, every=0.1)

    def wait_service(self, service="service:lvs", state="started", owner=None, away_from=None, node=None, timeout=60):
        """Wait until SERVICE is in STATE (on OWNER, or not on AWAY_FROM); returns its Service record."""
        def seen():
            status = self.status(node)
            found = status and status.services.get(service)
            if found and found.state == state and owner in (None, found.owner) and found.owner != away_from:
                return found
            return None
        return wait_for(seen, lambda: "%s to be %s%s%s; now:\n%s" % (
            service, state, " on " + owner if owner else "", " not on " + away_from if away_from else "",
            self.report(node)), timeout=timeout, every=0.05)

    def report(self, node=None):
        """Everything worth reading about a cluster that does not do what it should."""
        parts = []
        for n in [node] if node else self.running():
            if not n.is_up():
                parts.append("--- %s is off; its power: %s" % (n.name, n.bmc.record()[-3:]))
                continue
            for argv in (("cman_tool", "status"), ("fence_tool", "ls", "-n"), ("clustat",)):
                got = n.run(*argv, timeout=5)
                parts.append("--- %s: %s (exit %s)\n%s%s" % (n.name, " ".join(argv), got.code, got.out, got.err))
            parts.append("--- %s: boot.log\n%s" % (n.name, n.log("boot.log")[-600:]))
            for daemon in DAEMONS:
                lines = n.log(daemon + ".log").splitlines()[-6:]
                parts.append("--- %s: %s.log\n%s" % (n.name, daemon, "\n".join(lines)))
        return "\n".join(parts)


def make(count=3, conf=None, lvs=None, scripts=(), web=0, clients=0, stage=STAGE, **lab_options):
    """A lab with COUNT nodes, web servers and clients, and the cluster on it (not yet booted)."""
    lab = Lab(count, stage=stage, **lab_options)
    try:
        if web:
            lab.add_web(web)
        for _ in range(clients):
            lab.add_client()
        return Cluster(lab, conf, lvs, scripts)
    except BaseException:
        lab.close()
        raise

# SPDX-License-Identifier: GPL-2.0-or-later
"""A Lab with corosync and ccsd alone: versions of cluster.conf are proposed, awaited and compared."""
import json
import os
import re
import shutil

from . import lab_conf
from .lab_cluster import STAGE, Cluster
from .lab_lab import Lab
from .lab_state import wait_for

CONF = lab_conf.CLUSTER_CONF


def make(count):
    """A Lab whose nodes start nothing above ccsd."""
    lab = Lab(count, stage=STAGE)
    for node in lab.nodes:
        node.write("/etc/hawser-lab/skip", "fenced fence_tool rgmanager")
    return lab


def start_anew(lab, token=600, timeout=40):
    """Crash who runs, forget all, boot all with version 1, and wait until they agree."""
    lab.heal()
    for node in lab.nodes:
        if node.is_up():
            node.crash()
    key = os.urandom(256)
    text = lab_conf.cluster_conf(len(lab.nodes), rm="", token=token)
    for node in lab.nodes:
        for name in os.listdir(node.disk + "/etc/cluster"):
            if name.startswith("cluster.conf"):
                os.unlink(node.disk + "/etc/cluster/" + name)
        for name in os.listdir(node.disk + "/var/lib/hawser"):
            path = node.disk + "/var/lib/hawser/" + name
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        Cluster.prepare(node, text, key)
    lab.boot()
    wait_agreed(lab.nodes, token, timeout)


def document(count, number, size, token=600):
    """A cluster.conf of about SIZE bytes: services that never start, long enough that rgmanager manages so many."""
    text = lab_conf.cluster_conf(count, version=number, rm="<!-- here -->", token=token)
    services = []
    left = size - len(text)
    while left > 0:
        name = "s%d" % len(services)
        services.append('<service name="%s" autostart="0"><script name="%s" file="/etc/init.d/%s-%s"/></service>\n'
                        % (name, name, name, "x" * 200))
        left -= len(services[-1])
    return text.replace("<!-- here -->", "".join(services))


def query(node, what):
    return node.run("ccs_tool", "query", what, timeout=10).out.strip()


def version(node):
    return query(node, "/cluster/@config_version")


def on_disk(node):
    return re.search(r'config_version="(\d+)"', node.read(CONF)).group(1)


def wait_version(nodes, number, timeout=20):
    for node in nodes:
        wait_for(lambda n=node: version(n) == str(number) and on_disk(n) == str(number),
                 lambda n=node: "version %s on %s: %s in force, %s on disk" % (number, n.name, version(n), on_disk(n)),
                 timeout=timeout, every=0.05)


def propose(node, number, rm="", token=600, timeout=25):
    """ccs_tool update with a document of this number."""
    node.write("/etc/cluster/new.conf", lab_conf.cluster_conf(len(node.lab.nodes), version=number, rm=rm, token=token))
    return node.run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=timeout)


def wait_agreed(nodes, token=600, timeout=40):
    """Until an update with the version in force is refused for its number alone: nothing else is in its way."""
    for node in nodes:
        wait_for(lambda n=node: "is not newer" in propose(n, 1, token=token).err
                 and json.loads(n.run("cman_tool", "status", "--json").out or '{"nodes": 0}')["nodes"] == len(nodes),
                 lambda n=node: "%s to be in the cluster: %s" % (n.name, propose(n, 1, token=token).err),
                 timeout=timeout, every=0.2)


def ccsd_pid(node):
    return node.run("cat", "/run/hawser/ccsd.pid").out.strip()


def history(node):
    """What ccs_tool history tells, the newest first."""
    return json.loads(node.run("ccs_tool", "history", "--json").out or '{"history": []}')["history"]

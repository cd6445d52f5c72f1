# SPDX-License-Identifier: GPL-2.0-or-later
"""A committed cluster.conf reaches the running corosync of all nodes, or is named as one that needs a new start."""
import json
import os
import re
import signal

import pytest
from hawserlab import Lab, lab_chance, wait_for
from hawserlab.lab_cluster import STAGE, Cluster

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "cmand", "ccs_tool")
CLUSTER_CONF = "/etc/cluster/cluster.conf"
NEW = "/etc/cluster/new.conf"
COROSYNC_CONF = "/run/hawser/corosync.conf"


def conf(count, version, token=600, cman="", totem="", votes=(), altnames=True):
    """A cluster of COUNT nodes; VOTES: node number -> votes."""
    nodes = "".join('    <clusternode name="n%d" nodeid="%d" votes="%d">%s</clusternode>\n'
                    % (k, k, dict(votes).get(k, 1), '<altname name="n%d-priv"/>' % k if altnames else "")
                    for k in range(1, count + 1))
    return ('<?xml version="1.0"?>\n<cluster name="lab" config_version="%d">\n  <cman %s/>\n'
            '  <totem token="%d" consensus="%d" %s/>\n  <logging to_syslog="no"/>\n  <clusternodes>\n%s  </clusternodes>\n'
            '</cluster>\n' % (version, cman, token, token * 4 // 3, totem, nodes))


@pytest.fixture(name="lab", scope="module")
def one_lab():
    with Lab(4, stage=STAGE) as lab:
        for node in lab.nodes:
            node.write("/etc/hawser-lab/skip", "fenced fence_tool rgmanager")
        yield lab


@pytest.fixture(name="nodes")
def fresh_nodes(lab):
    """Three members with version 1; the fourth node is off."""
    lab.heal()
    key = os.urandom(256)
    for node in lab.nodes:
        if node.is_up():
            node.crash()
        for folder in ("/etc/cluster", "/var/lib/hawser"):
            for name in os.listdir(node.disk + folder):
                path = "%s%s/%s" % (node.disk, folder, name)
                if name.startswith(("cluster.conf", "ccsd")) and os.path.isfile(path):
                    os.unlink(path)
        Cluster.prepare(node, conf(3, 1), key)
    lab.boot(*lab.nodes[:3])
    for node in lab.nodes[:3]:
        wait_status(node, nodes=3, quorate=True, config_state="applied")
    return lab.nodes


def status(node):
    return json.loads(node.run("cman_tool", "status", "--json").out or "{}")


def wait_status(node, timeout=40, **wanted):
    def seen():
        now = status(node)
        return all(now.get(k) == v for k, v in wanted.items())
    wait_for(seen, lambda: "%s on %s; now %s\n%s" % (wanted, node.name, status(node), node.log("cmand.log")[-2000:]),
             timeout=timeout, every=0.1)


def update(node, text, tool="ccs_tool"):
    node.write(NEW, text)
    return node.run(tool, "update", NEW, timeout=40)


def cmap(node, key):
    found = re.search(r"= (.*)", node.run("corosync-cmapctl", "-g", key).out)
    return found.group(1) if found else None


def pid(node, program):
    return node.pids_of(program)


def test_add_and_remove_a_node_live(nodes):
    n1, n2, _, n4 = nodes
    before = {n: (pid(n, "corosync"), status(n)["ring"]) for n in nodes[:3]}
    assert update(n2, conf(4, 2)).code == 0
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=2, expected_votes=4)
    assert {n: (pid(n, "corosync"), status(n)["ring"]) for n in nodes[:3]} == before   # no restart, not even a new ring
    n4.write(CLUSTER_CONF, conf(4, 2))
    n4.boot()
    for node in nodes:
        wait_status(node, nodes=4, total_votes=4, quorum=3, config_state="applied")
    done = update(n1, conf(3, 3))
    assert done.code == 1 and "is a member of the running cluster" in done.err     # not while it is there
    n4.run("cman_tool", "leave", "-w", timeout=30, check=True)
    wait_status(n1, nodes=3)
    assert update(n1, conf(3, 3)).code == 0
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=3, expected_votes=3, quorum=2)
        assert pid(node, "corosync") == before[node][0]
    # Its own file has it still. Nobody would hear it, and nothing would say why.
    done = n4.run("cman_tool", "join", "-w", "-t", "20", timeout=60)
    assert done.code == 1 and 'version 3 of cluster.conf, in which the node "n4" is no more' in done.err, done
    assert not pid(n4, "corosync")


def test_a_node_that_was_removed_and_joined_out_of_sight_is_told(nodes, lab):
    n1, n2, n3, n4 = nodes
    assert update(n2, conf(4, 2)).code == 0
    n4.write(CLUSTER_CONF, conf(4, 2))
    lab.partition((n1, n2, n3), (n4,))
    n4.boot()
    wait_status(n4, quorate=False, config_state="applied")
    assert update(n1, conf(3, 3)).code == 0
    lab.heal()
    wait_for(lambda: "in which this node is no more" in n4.run("cman_tool", "status").err,
             lambda: "n4 to hear of it: %s" % n4.run("cman_tool", "status").err, timeout=120)
    assert status(n4)["config_state"] == "failed"
    wait_status(n1, nodes=3, config_state="applied", config_version=3)


def test_votes_token_and_links_live(nodes):
    n1 = nodes[0]
    corosync = {n: pid(n, "corosync") for n in nodes[:3]}
    assert update(n1, conf(3, 2, token=900, votes={2: 3})).code == 0
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=2, total_votes=5, quorum=3)
        assert cmap(node, "runtime.config.totem.token") == "900"
    assert update(n1, conf(3, 3, token=900, altnames=False)).code == 0
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=3, total_votes=3, node_addresses=[node.address()])
    assert update(n1, conf(3, 4, token=900)).code == 0
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=4)
        assert len(status(node)["node_addresses"]) == 2
    assert corosync == {n: pid(n, "corosync") for n in nodes[:3]}
    assert all(status(n)["nodes"] == 3 for n in nodes[:3])


def test_what_is_not_corosyncs_does_not_bother_it(nodes):
    n1 = nodes[0]
    reloads = n1.log("corosync.log").count("Config reload requested")
    text = conf(3, 2).replace("</cluster>", "<rm><failoverdomains/></rm></cluster>")
    assert update(n1, text).code == 0
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=2)
    assert n1.log("corosync.log").count("Config reload requested") == reloads
    assert n1.run("cman_tool", "version").out == "6.2.0 config 2\n"
    seen = json.loads(n1.run("cman_tool", "nodes", "--json", check=True).out)
    assert [(m["name"], m["config_version"]) for m in seen] == [("n1", 2), ("n2", 2), ("n3", 2)]


def test_a_change_that_needs_a_new_start_is_named(nodes):
    n1, n2, n3, _ = nodes
    done = update(n1, conf(3, 2, cman='transport="udpu"', totem='secauth="off"', altnames=False))
    assert done.code == 0 and done.out.endswith("Update complete.\n")
    assert "ccs_tool: it is in force, but corosync cannot take it over while the cluster runs:\n" in done.err
    assert "totem.transport: knet -> udpu" in done.err
    for node in nodes[:3]:
        wait_status(node, config_state="restart", config_version=2, nodes=3)
    shown = n2.run("cman_tool", "status")
    assert shown.code == 0 and "\nFlags: Error \n" in shown.out
    assert "all nodes: totem.transport: knet -> udpu: cannot change while the cluster runs" in shown.err, shown
    assert "restart" in n3.log("cmand.log") and "knet -> udpu" in n3.log("cmand.log")
    assert "transport: knet" in n1.run("cat", COROSYNC_CONF).out
    done = n1.run("cman_tool", "reload", timeout=30)
    assert done.code == 1 and "knet -> udpu" in done.err
    # what each node takes over by itself: said, and the rest is in force
    assert update(n1, conf(3, 3, token=900, totem='netmtu="1400"')).code == 0
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=3)
        assert cmap(node, "runtime.config.totem.token") == "900"
    assert "all nodes: totem.netmtu: not set -> 1400: a node takes it over when it starts" in status(n1)["config_why"]
    n3.run("cman_tool", "leave", "-w", timeout=30, check=True)
    n3.run("cman_tool", "join", "-w", "-t", "30", timeout=60, check=True)
    wait_for(lambda: re.match("n1, n2: totem.netmtu", status(n1)["config_why"]), "n3 to be done with it", timeout=20)


def test_nothing_happens_while_a_node_cannot_write(nodes):
    n1, n2, n3, _ = nodes
    assert n2.kill("cmand") == 1
    assert update(n1, conf(3, 2, token=900)).code == 0
    for node in (n1, n3):
        wait_status(node, config_state="waiting", config_version=2)
    assert "n2 is in the cluster but runs no cmand" in status(n1)["config_why"]
    assert cmap(n1, "runtime.config.totem.token") == "600"
    n2.run("cmand", check=True)
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=2)
        assert cmap(node, "runtime.config.totem.token") == "900"


def test_kills_while_it_is_applied(nodes):
    """Whoever dies at whatever moment: in the end all run with the last version, and nobody has left."""
    rng = lab_chance.chance()
    for number in range(2, 8):
        victim = nodes[number % 3]
        assert update(nodes[(number + 1) % 3], conf(3, number, token=600 + number)).code == 0
        lab_chance.kill_within(victim, rng, "$(cat /run/hawser/cmand.pid)", 400, "cmand")
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=7, nodes=3)
        assert cmap(node, "runtime.config.totem.token") == "607"


def test_a_node_that_was_away_learns_of_a_new_one_before_it_joins(nodes):
    n1, n2, n3, n4 = nodes
    n3.crash()
    wait_status(n1, nodes=2)
    wait_for(lambda: update(n1, conf(4, 2)).code == 0, "the update among two", timeout=20)
    wait_status(n2, config_state="applied", config_version=2)
    n4.write(CLUSTER_CONF, conf(4, 2))
    n4.boot()
    wait_status(n1, nodes=3)
    ring = status(n1)["ring"]["sequence"]
    n3.boot()
    for node in nodes:
        wait_status(node, nodes=4, quorate=True, config_version=2, config_state="applied")
    assert status(n1)["ring"]["sequence"] - ring <= 8      # it came in at once, and did not keep the others from a ring
    assert re.search(r"Joining with what n\d runs with \(version 2 of cluster.conf; here is 1\)", n3.log("cman_tool.out"))


def test_values_of_the_command_line_stay(nodes):
    n1, _, n3, _ = nodes
    n3.run("cman_tool", "leave", "-w", timeout=30, check=True)
    n3.run("cman_tool", "join", "-v", "3", "-w", "-t", "30", timeout=60, check=True)
    wait_status(n1, nodes=3, total_votes=5)
    assert update(n1, conf(3, 2, token=900)).code == 0
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=2)
    assert status(n3)["node_votes"] == 3
    assert cmap(n3, "runtime.config.totem.token") == "900"


def test_version_r_spreads_the_file_of_this_node(nodes):
    n1, n2, _, _ = nodes
    assert n1.run("cman_tool", "version", "-r").code == 254
    n1.write(CLUSTER_CONF, conf(3, 2, token=900))
    assert n1.run("cman_tool", "version", "-r3").code == 255
    done = n1.run("cman_tool", "version", "-r", timeout=40)
    assert done.code == 0, done
    assert status(n2)["config_version"] == 2
    assert cmap(n2, "runtime.config.totem.token") == "900"
    n1.write(CLUSTER_CONF, conf(3, 3, token=900, totem='secauth="off"'))
    done = n1.run("cman_tool", "version", "-r", timeout=40)
    assert done.code == 1 and "totem.crypto_cipher" in done.err
    n1.write(CLUSTER_CONF, "<cluster")
    assert n1.run("cman_tool", "version", "-r").code == 255


def test_another_address_needs_a_new_start_or_two_updates(nodes):
    n1 = nodes[0]
    other = re.sub(r'altname name="n(\d)-priv"', r'altname name="10.77.2.\1"', conf(3, 2))
    done = update(n1, other)
    assert done.code == 0 and "nodelist.n1.ring1_addr: 10.77.1.1 -> 10.77.2.1: cannot change" in done.err, done
    assert status(n1)["config_state"] == "restart"
    for text in (conf(3, 3, altnames=False), other.replace('config_version="2"', 'config_version="4"')):
        assert "ccs_tool: " not in update(n1, text).err
    assert status(n1)["node_addresses"] == ["10.77.0.1", "10.77.2.1"]


def test_a_node_without_cluster_conf(nodes):
    """join -X: alone, also where another one does the same."""
    for node in nodes[:2]:
        node.run("cman_tool", "leave", "force", "-w", timeout=30, check=True)
    for node in nodes[:2]:
        node.run("cman_tool", "join", "-X", "-d", "-w", "-t", "30", timeout=60, check=True)
    for node in nodes[:2]:
        own = (10 << 24) + (77 << 16) + node.number
        wait_status(node, nodes=1, cluster_name="RHCluster", quorate=True, node_id=own)
        assert node.run("cman_tool", "nodes", "-F", "id,name,type").out == "%d Node%d M \n" % (own, own)
    n1 = nodes[0]
    assert " debug " in n1.log("corosync.log") and not pid(n1, "cmand")
    done = n1.run("cman_tool", "services")
    assert done.code == 0 and done.out.startswith("type             level name")
    assert n1.run("cman_tool", "debug", "-d0").code == 0
    for node in nodes[:2]:
        node.run("cman_tool", "leave", "-w", timeout=30, check=True)


def test_a_cmand_that_was_killed_is_missed_everywhere(nodes):
    n1, n2, n3, _ = nodes
    n1.run("sh", "-c", "kill -9 $(cat /run/hawser/cmand.pid)", check=True)
    wait_for(lambda: "n1 is in the cluster but runs no cmand" in n2.run("cman_tool", "status").err, "n2 to miss it", timeout=20)
    done = n1.run("cman_tool", "status")
    assert done.code == 0 and "cmand does not run on this node" in done.err and 'start it with "cmand"' in done.err
    assert status(n1)["config_state"] == "waiting"
    done = n1.run("cman_tool", "check")
    assert done.code in (1, 3) and "cmand does not run on this node" in done.out, done
    done = update(n1, conf(3, 2, token=900))
    assert done.code == 0 and "cmand does not run on this node" in done.err
    assert cmap(n3, "runtime.config.totem.token") == "600"
    n1.run("cmand", check=True)
    for node in nodes[:3]:
        wait_status(node, config_state="applied", config_version=2)
        assert cmap(node, "runtime.config.totem.token") == "900"
    assert "cmand" not in n1.run("cman_tool", "status").err


def test_cmand_ends_with_corosync(nodes):
    n1 = nodes[0]

    def there():
        return n1.run("sh", "-c", "kill -0 $(cat /run/hawser/cmand.pid)").code == 0
    assert there()
    n1.run("cman_tool", "leave", "-w", timeout=30, check=True)
    wait_for(lambda: not pid(n1, "cmand"), "cmand to end", timeout=10)
    n1.run("cman_tool", "join", "-w", timeout=60, check=True)
    assert there()
    # a corosync that dies and one that is started at once: the new one has its own cmand
    n1.kill("corosync", signal.SIGKILL)
    wait_for(lambda: n1.run("cman_tool", "join", "-w", timeout=60).code == 0, "the next join", timeout=30)
    wait_status(n1, config_state="applied")

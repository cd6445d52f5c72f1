# SPDX-License-Identifier: GPL-2.0-or-later
"""cman_tool check finds what would keep a node from joining: one planted fault after the other."""
import json
import os
import re
import subprocess

import pytest
from hawserlab import Lab, lab_conf, wait_for
from hawserlab.lab_cluster import STAGE, Cluster

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "cmand")
CLUSTER_CONF = "/etc/cluster/cluster.conf"
KEY = "/etc/cluster/keys/corosync.key"
CONF = ('<?xml version="1.0"?>\n<cluster name="lab" config_version="%d">\n  <totem token="600" consensus="800"/>\n'
        '  <logging to_syslog="no"/>\n  <clusternodes>\n%s  </clusternodes>\n</cluster>\n')


def conf(version=1, altnames=True):
    return CONF % (version, "".join('    <clusternode name="n%d" nodeid="%d">%s</clusternode>\n'
                                    % (k, k, '<altname name="n%d-priv"/>' % k if altnames else "") for k in (1, 2)))


@pytest.fixture(name="nodes", scope="module")
def two_nodes():
    """n1 wants to join; n2 is there already."""
    with Lab(2, stage=STAGE) as lab:
        key = os.urandom(256)
        for node in lab.nodes:
            node.write("/etc/hawser-lab/skip", "fenced fence_tool rgmanager" + (" cman_tool ccsd" if node.number == 1 else ""))
            Cluster.prepare(node, conf(), key)
        lab.boot()
        wait_for(lambda: lab.nodes[1].pids_of("cman_apply"), "n2 to answer", timeout=40)
        yield lab.nodes


@pytest.fixture(name="n1")
def restored(nodes):
    """n1, put back as it was when the test is done."""
    node = nodes[0]
    hosts, key = node.read("/etc/hosts"), node.run("base64", KEY).out
    yield node
    node.write("/etc/hosts", hosts)
    node.write(CLUSTER_CONF, conf())
    node.run("sh", "-c", "base64 -d >%s; chmod 600 %s" % (KEY, KEY), text=key, check=True)
    node.run("nft", "flush", "ruleset", check=True)
    node.run("ip", "link", "set", "eth1", "up", check=True)
    node.run("ip", "addr", "replace", node.address() + "/24", "dev", "eth0", check=True)


def look(node, *options):
    done = node.run("cman_tool", "check", "--json", *options, timeout=30)
    found = json.loads(done.out)
    assert done.code == (1 if found["faults"] else 3 if found["warnings"] else 0), done
    return found["findings"]


def of(findings, verdict, part):
    return [f for f in findings if f["verdict"] == verdict and f["part"] == part]


def expect(node, verdict, part, text, remedy=""):
    """The one finding of this kind, with these parts in its sentences; nothing else is a fault."""
    found = look(node)
    hits = [f for f in of(found, verdict, part) if re.search(text, f["text"])]
    assert len(hits) == 1 and re.search(remedy, hits[0]["remedy"]), found
    return [f for f in found if f["verdict"] == "fault" and f is not hits[0]]


def test_nothing_wrong(n1):
    found = look(n1)
    assert not [f for f in found if f["verdict"] == "fault"], found
    for part in ("versions", "corosync", "config", "hostname", "names", "address", "ports", "firewall", "key"):
        assert of(found, "ok", part), (part, found)
    assert [f for f in of(found, "ok", "key") if f["text"] == "n2 has the same"]
    assert [f for f in of(found, "ok", "clock") if f["text"] == "n2 has the same time"]
    text = n1.run("cman_tool", "check", timeout=30)
    assert re.search(r"^ok       address   10\.77\.1\.1 \(n1-priv, link 1\) is on eth1$", text.out, re.M), text
    assert not n1.pids_of("corosync") and not os.path.exists(n1.path("/run/hawser/corosync.conf"))


def test_own_name_on_loopback(n1):
    hosts = n1.read("/etc/hosts")
    n1.write("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 n1.example n1\n" + hosts)
    rest = expect(n1, "fault", "names", r'"n1" stands for the loopback address 127\.0\.1\.1',
                  r'take "n1" out of line 2 of /etc/hosts \("127\.0\.1\.1 \.\.\."\)')
    assert not rest


def test_names(n1):
    hosts = n1.read("/etc/hosts")
    n1.write("/etc/hosts", re.sub(r"(?m)^\S+\s+n2-priv.*$", "", hosts))
    expect(n1, "fault", "names", '"n2-priv" has no address', "add it to /etc/hosts")
    n1.write("/etc/hosts", re.sub(r"(?m)^10\.77\.1\.2\b", "10.77.0.2", hosts))
    expect(n1, "fault", "names", '"n2" and "n2-priv" stand for one address', "its own address")
    n1.write("/etc/hosts", re.sub(r"(?m)^10\.77\.0\.2\b", "fd00::2", hosts))
    expect(n1, "fault", "names", '"n1" is IPv4 and "n2" is IPv6, on one link', "one family")


def test_addresses(n1):
    n1.run("ip", "link", "set", "eth1", "down", check=True)
    expect(n1, "fault", "address", r"10\.77\.1\.1 \(n1-priv, link 1\) is on eth1, which is down", "bring the interface up")
    n1.run("ip", "link", "set", "eth1", "up", check=True)
    n1.run("ip", "addr", "del", n1.address() + "/24", "dev", "eth0", check=True)
    expect(n1, "fault", "address", r"10\.77\.0\.1 \(n1, link 0\) is on no interface", "give this machine the address")


def test_ports(n1):
    holder = ("import socket, sys\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('10.77.0.1', 5405))\n"
              "print('bound', flush=True)\nsys.stdin.read()\n")
    with subprocess.Popen(n1.command(["python3", "-c", holder]), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"bound\n"
        expect(n1, "fault", "ports", r"UDP port 5405 of 10\.77\.0\.1 is taken by process \d+ \(python3\)", "cman/@port")
        child.stdin.close()
        child.wait(10)
    found = look(n1, "-p", "5600")
    assert [f for f in of(found, "ok", "ports") if "5600" in f["text"]]


def test_key(n1):
    n1.run("chmod", "644", KEY, check=True)
    expect(n1, "fault", "key", "can be read by others", "")
    n1.run("sh", "-c", "head -c 256 /dev/urandom >%s; chmod 600 %s" % (KEY, KEY), check=True)
    expect(n1, "fault", "key", "n2 has another key than this node", "copy the key")
    n1.run("rm", KEY, check=True)
    found = look(n1)
    assert [f for f in of(found, "fault", "key") if "is not there" in f["text"]], found


def rules(node, *lines):
    node.run("nft", "-f", "-", text="flush ruleset\n" + "\n".join(lines) + "\n", check=True)


def test_firewall(n1):
    drop = "add table inet f; add chain inet f in { type filter hook input priority 0; policy drop; }"
    rules(n1, drop)
    hits = of(look(n1), "fault", "firewall")
    assert len(hits) == 2 and "from n2 is dropped (table inet f, chain in, its policy)" in hits[0]["text"], hits
    assert "udp dport 5405 accept" in hits[0]["remedy"]
    rules(n1, drop, "add rule inet f in ct state established,related accept")
    hits = of(look(n1), "warning", "firewall")
    assert len(hits) == 2 and "passes as an answer only" in hits[0]["text"]
    rules(n1, drop, "add rule inet f in udp dport 5404-5412 accept")
    assert of(look(n1), "ok", "firewall")
    rules(n1, "add table ip f; add chain ip f out { type filter hook output priority 0; policy accept; }",
          "add rule ip f out ip daddr 10.77.1.2 udp dport 5405 counter drop")
    hits = of(look(n1), "fault", "firewall")
    assert len(hits) == 1 and "to n2 is dropped (table ip f, chain out, rule" in hits[0]["text"]
    rules(n1, drop, "add set inet f ports { type inet_service; }", "add rule inet f in udp dport @ports accept")
    assert of(look(n1), "unknown", "firewall")


def test_configuration(n1):
    n1.write(CLUSTER_CONF, conf().replace('nodeid="2"', 'nodeid="1"'))
    found = look(n1)
    assert of(found, "fault", "config") and not of(found, "ok", "names")
    n1.write(CLUSTER_CONF, conf().replace('"n1', '"m1'))
    n1.run("ip", "addr", "del", n1.address() + "/24", "dev", "eth0", check=True)
    found = look(n1)
    assert [f for f in of(found, "fault", "hostname") if "no cluster node is this machine" in f["text"]], found
    n1.run("ip", "addr", "add", n1.address() + "/24", "dev", "eth0", check=True)
    n1.write(CLUSTER_CONF, "")
    assert of(look(n1), "fault", "config")


def test_a_corosync_of_others(n1):
    n1.write("/etc/corosync/corosync.conf", lab_conf.plain_corosync(2))
    n1.run("corosync", check=True)
    wait_for(lambda: of(look(n1), "fault", "corosync"), lambda: look(n1), timeout=20)
    expect(n1, "fault", "corosync", "was not started by cman_tool", "systemctl disable --now corosync")
    assert n1.kill("corosync") == 1


def test_what_the_others_say(nodes, n1):
    n2 = nodes[1]
    n1.write(CLUSTER_CONF, conf().replace("<totem ", '<totem secauth="off" '))
    expect(n1, "fault", "peers", "n2 runs with encryption, this node would run without it", "cluster.conf")
    n1.write(CLUSTER_CONF, conf())
    n2.kill("cmand")
    expect(n1, "unknown", "peers", "n2 does not answer")
    n2.run("cmand", check=True)
    wait_for(lambda: n2.pids_of("cman_apply"), "n2 to answer again", timeout=20)

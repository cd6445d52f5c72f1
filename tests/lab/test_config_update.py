# SPDX-License-Identifier: GPL-2.0-or-later
"""cluster.conf in a running cluster: a new version reaches everybody and touches only what changed; a bad one nobody."""
import re

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness, wait_for

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "ccs_tool")
V, W, X = "service:v", "service:w", "service:x"


def services(*names, interval=1):
    return "\n".join(lab_conf.script_service(n, "/etc/cluster/witness-" + n, interval=interval) for n in names)


@pytest.fixture(name="cluster", scope="module")
def three_nodes():
    cluster = lab_cluster.make(3, lab_conf.cluster_conf(rm=services("v", "w")), scripts=["v", "w", "x"])
    with cluster.lab:
        cluster.start()
        for name in (V, W):
            cluster.wait_service(name)
        yield cluster


def version(node):
    """The version that ccsd serves to programs on NODE."""
    found = re.search(r"(\d+)", node.run("ccs_tool", "query", "/cluster/@config_version").out)
    return int(found.group(1)) if found else None


def on_disk(node):
    return int(re.search(r'config_version="(\d+)"', node.read(lab_conf.CLUSTER_CONF)).group(1))


def propose(node, text):
    node.write("/etc/cluster/new.conf", text)
    return node.run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=20)


def wait_version(cluster, number):
    for node in cluster.running():
        wait_for(lambda n=node: on_disk(n) == number and version(n) == number,
                 lambda n=node: "version %d on %s, it has %s on disk and %s in use" % (number, n.name, on_disk(n),
                                                                                   version(n)))


def test_update_reaches_all_and_leaves_untouched_services_alone(cluster):
    n1, n2, n3 = cluster.lab.nodes
    before = lab_witness.runs(cluster.lab, "v")
    assert len(before) == 1
    now = on_disk(n1)
    conf = lab_conf.cluster_conf(version=now + 1, rm=services("v", "w", "x"))
    result = propose(n2, conf)
    assert result.code == 0, result
    wait_version(cluster, now + 1)
    cluster.wait_service(X)
    # The changed service is changed, while it runs; the others are not touched.
    conf = lab_conf.cluster_conf(version=now + 2, rm=services("v", "x") + services("w", interval=2))
    assert propose(n3, conf).code == 0
    wait_version(cluster, now + 2)
    cluster.wait_service(W)
    # A service that is no longer there is stopped.
    conf = lab_conf.cluster_conf(version=now + 3, rm=services("v", "w", interval=2))
    assert propose(n1, conf).code == 0
    wait_for(lambda: lab_witness.current(cluster.lab, "x") == [], "the removed service to be stopped")
    conf = lab_conf.cluster_conf(version=now + 4, rm=services("v", "w"))
    assert propose(n1, conf).code == 0
    wait_version(cluster, now + 4)
    for name in ("v", "w"):
        cluster.wait_service("service:" + name)
    assert lab_witness.runs(cluster.lab, "v") == before, "v did not change in a way that needs a restart"


def test_node_that_was_away_gets_the_newest(cluster):
    n1, _, n3 = cluster.lab.nodes
    now = on_disk(n1)
    n3.power_off()
    cluster.wait_members(["n1", "n2"])
    assert propose(n1, lab_conf.raise_version(n1.read(lab_conf.CLUSTER_CONF))).code == 0
    assert on_disk(n3) == now
    n3.boot()
    cluster.wait_members()
    wait_version(cluster, now + 1)


def bad(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("what, change", [
    ("unknown element", lambda t: bad(t, "<rm>", "<rm><bogus/>")),
    ("unknown attribute", lambda t: bad(t, "<totem ", '<totem bogus_key="x" ')),
    ("dangling reference", lambda t: bad(t, '<device name="bmc-n2"/>', '<device name="nowhere"/>')),
    ("dangling domain", lambda t: bad(t, 'domain="routers"', 'domain="nowhere"')),
    ("bad number", lambda t: bad(t, 'post_join_delay="6"', 'post_join_delay="soon"')),
    ("two equal node ids", lambda t: bad(t, 'name="n2" nodeid="2"', 'name="n2" nodeid="1"')),
    ("not XML", lambda t: bad(t, "</rm>", "")),
])
def test_bad_config_is_refused_with_its_line(cluster, what, change):
    n1, n2 = cluster.lab.nodes[:2]
    now = on_disk(n1)
    good = lab_conf.raise_version(n1.read(lab_conf.CLUSTER_CONF))
    text = change(good)
    wrong_line = next(k for k, (a, b) in enumerate(zip(good.splitlines(), text.splitlines() + [""]), 1) if a != b)
    result = propose(n2, text)
    assert result.code != 0, what
    lines = [int(n) for n in re.findall(r"new\.conf:(\d+)", result.out + result.err)]
    # A second node id, a missing end: the finding may stand at the later of two places.
    assert lines and wrong_line <= lines[0] <= wrong_line + 4, (wrong_line, result)
    assert on_disk(n1) == on_disk(n2) == now and version(n1) == now
    assert cluster.status().services[V].state == "started"


def test_old_version_is_refused(cluster):
    n1 = cluster.lab.nodes[0]
    result = propose(n1, n1.read(lab_conf.CLUSTER_CONF))
    assert result.code != 0 and "version" in result.out + result.err

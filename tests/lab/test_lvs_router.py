# SPDX-License-Identifier: GPL-2.0-or-later
"""lvsd as a router between a client and real web servers, run by its resource agent; no cluster around it."""
import time

import pytest
from hawserlab import Lab, lab_cluster, lab_conf, wait_for
from hawserlab.lab_traffic import count_by_server

pytestmark = pytest.mark.needs("lvsd")
AGENT = lab_cluster.STAGE + "/libexec/hawser/resource/lvs"


@pytest.fixture(name="lab", scope="module")
def two_routers():
    with Lab(2, stage=lab_cluster.STAGE) as lab:
        lab.add_web(3)
        lab.add_client()
        lab.boot()
        for node in lab.nodes:
            node.write(lab_conf.LVS_CF, lab_conf.sample(lab_cluster.TOP, "lvs.cf.sample"))
        yield lab


def agent(node, action):
    return node.run("env", "OCF_RESKEY_name=lvs", "OCF_RESKEY_file=" + lab_conf.LVS_CF, "OCF_RA_VERSION_MAJOR=1",
                    "OCF_RA_VERSION_MINOR=0", AGENT, action, timeout=30)


@pytest.fixture(name="router")
def running_router(lab):
    node = lab.nodes[0]
    started = agent(node, "start")
    assert started.code == 0, started
    yield node
    for n in lab.nodes:
        stopped = agent(n, "stop")
        assert stopped.code == 0, stopped
        assert lab_conf.VIP + "/" not in n.run("ip", "addr").out
        assert "10.77.3.1" not in n.run("nft", "list", "ruleset").out


def ask(lab, count):
    return lab.clients[0].ask(lab_conf.URL, count)


def test_start_returns_when_clients_are_served(lab, router):
    answers = ask(lab, 60)
    assert all(a.ok for a in answers), [a.text for a in answers if not a.ok]
    assert count_by_server(answers) == {"web1": 30, "web2": 20, "web3": 10}
    assert agent(router, "status").code == 0
    assert agent(router, "start").code == 0, "started twice is started"


def test_reload_changes_weights_and_nothing_else(lab, router):
    watch = lab.clients[0].watch(lab_conf.URL, interval=0.02, timeout=3)
    text = lab_conf.sample(lab_cluster.TOP, "lvs.cf.sample")
    router.write(lab_conf.LVS_CF, text.replace("weight = 3", "weight = 1").replace("weight = 2", "weight = 1"))
    router.run("pkill", "-HUP", "lvsd", check=True)
    wait_for(lambda: count_by_server(ask(lab, 30)) in ({"web1": 10, "web2": 10, "web3": 10},), "equal weights")
    router.write(lab_conf.LVS_CF, text)
    assert not [a for a in watch.stop() if not a.ok]


def test_move_to_another_router(lab, router):
    watch = lab.clients[0].watch(lab_conf.URL, interval=0.05, timeout=3)
    watch.first_good_after(0)
    assert agent(router, "stop").code == 0
    assert agent(lab.nodes[1], "start").code == 0
    watch.first_good_after(time.time())
    answers = watch.stop()
    failed = [a for a in answers if not a.ok]
    assert len(failed) <= 1, failed
    assert all(a.ok for a in ask(lab, 30))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Our fence_ipmilan against BMCs that really switch nodes off."""
import time

import pytest
from hawserlab import Lab, lab_cluster, wait_for
from hawserlab.lab_bmc import PASSWORD, USER

AGENT = lab_cluster.STAGE + "/libexec/hawser/fence/fence_ipmilan"
pytestmark = pytest.mark.needs(AGENT)


@pytest.fixture(name="lab", scope="module")
def two_nodes():
    with Lab(2, stage=lab_cluster.STAGE) as lab:
        yield lab


@pytest.fixture(name="victim")
def running_victim(lab):
    lab.boot()
    return lab.nodes[1]


def fence(lab, victim, timeout=40, **values):
    """Run the agent on n1 as fenced does: name=value lines on stdin."""
    given = {"ipaddr": victim.bmc.address, "login": USER, "passwd": PASSWORD, "lanplus": "1", "cipher": "3",
             "power_wait": "0", "agent": "fence_ipmilan", "nodename": victim.name}
    given.update(values)
    text = "".join("%s=%s\n" % pair for pair in given.items() if pair[1] is not None)
    return lab.nodes[0].run(AGENT, text=text, timeout=timeout)


def test_reboot_really_cuts_and_restores_power(lab, victim):
    boots = victim.boots()
    when = time.time()
    result = fence(lab, victim, action="reboot")
    assert result.code == 0, result
    assert victim.bmc.offs(when)
    wait_for(lambda: victim.is_up() and victim.boots() == boots + 1, "the victim to boot")


def test_off_status_on(lab, victim):
    assert fence(lab, victim, action="status").code == 0
    assert fence(lab, victim, action="off").code == 0
    assert not victim.is_up() and not victim.bmc_says_on()
    assert fence(lab, victim, action="status").code == 2
    assert fence(lab, victim, action="off").code == 0, "off is off"
    assert fence(lab, victim, action="on").code == 0
    victim.wait_up()


def test_wrong_password_fails_and_harms_nobody(lab, victim):
    begin = time.time()
    result = fence(lab, victim, action="off", passwd="wrong-secret")
    assert result.code == 1 and "wrong-secret" not in result.err
    assert "password" in result.err.lower() or "user" in result.err.lower(), result.err
    assert victim.is_up() and not victim.bmc.offs(begin)


def test_unplugged_bmc_is_a_failure_within_the_deadline(lab, victim):
    lab.nodes[0].cut(2)
    result = fence(lab, victim, action="off", login_timeout="2")
    lab.nodes[0].mend(2)
    assert result.code == 1 and victim.is_up()

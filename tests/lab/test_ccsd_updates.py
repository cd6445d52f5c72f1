# SPDX-License-Identifier: GPL-2.0-or-later
"""ccsd under many updates that meet crashes."""
import pytest
from hawserlab import lab_ccsd, lab_chance, wait_for
from hawserlab.lab_ccsd import CONF, ccsd_pid, on_disk, propose, version, wait_version

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "ccs_tool")


def restart_later(node, rng):
    """ccsd dies at some instant of the coming update, and is started anew."""
    pid = ccsd_pid(node)
    lab_chance.kill_within(node, rng, pid, 150, "ccsd")
    return pid


def test_a_hundred_updates_under_crashes():
    """Daemons are killed, machines crash, and two propose at once; at the end all nodes hold the same, and whatever was
    answered "complete" is in it or in the history before it."""
    rng = lab_chance.chance()
    with lab_ccsd.make(3) as lab:
        nodes = lab.nodes
        lab_ccsd.start_anew(lab)
        answered = []
        away = None
        for number in range(2, 102):
            up = [n for n in nodes if n is not away]
            proposer, victim = rng.choice(up), rng.choice(up)
            pid = restart_later(victim, rng) if number % 3 == 0 else None
            if number % 20 == 10:
                away = rng.choice([n for n in up if n is not proposer])
                away.crash()
                pid = pid if victim is not away else None
            elif away and number % 20 == 15:
                away.boot()
                away = None
            if propose(proposer, number).code == 0:
                answered.append(number)
            if pid:
                wait_for(lambda v=victim, p=pid: ccsd_pid(v) != p and version(v) != "", "%s's ccsd" % victim.name)
        if away:
            away.boot()
        wait_for(lambda: len({version(n) for n in nodes}) == 1 and version(nodes[0]), "all to agree", timeout=60)
        last = int(version(nodes[0]))
        assert len(answered) > 40, "the crashes left little to look at: %s" % answered
        assert last >= answered[-1]
        wait_for(lambda: {on_disk(n) for n in nodes} == {str(last)}, "all files to be written", timeout=30)
        assert len({node.read(CONF) for node in nodes}) == 1
        kept = {e["version"] for node in nodes for e in lab_ccsd.history(node)}
        assert not [v for v in answered if v not in kept and v > last - 40], kept
        # And the cluster goes on.
        wait_for(lambda: propose(nodes[0], 200).code == 0, "the cluster to go on", timeout=40)
        wait_version(nodes, 200)

# SPDX-License-Identifier: GPL-2.0-or-later
"""A node crashes and returns, again and again: the daemons of the survivors do not grow.

HAWSER_CYCLES sets how often (default 3; 50 before a release).
"""
import os

import pytest
from hawserlab import lab_cluster, lab_conf, lab_witness

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "lvsd")
CYCLES = int(os.environ.get("HAWSER_CYCLES", "3"))
W = "service:w"
PROGRAMS = ("corosync", "ccsd", "fenced", "rgmanager", "lvsd")


def measure(node):
    """What must not grow on a survivor: open descriptors and memory per daemon, files in /dev/shm."""
    found = {"shm files": len(os.listdir("/proc/%d/root/dev/shm" % node.pid()))}
    for program in PROGRAMS:
        pids = node.pids_of(program)
        found[program + " processes"] = len(pids)
        found[program + " descriptors"] = sum(lab_cluster.fds_of(p) for p in pids)
        found[program + " KiB"] = sum(lab_cluster.pss_kib(p) for p in pids)
    return found


def test_crash_and_return(capsys):
    conf = lab_conf.cluster_conf(3, rm=lab_conf.LVS_SERVICE + lab_conf.script_service("w", "/etc/cluster/witness-w"))
    cluster = lab_cluster.make(3, conf, lab_conf.sample(lab_cluster.TOP, "lvs.cf.sample"), scripts=["w"], web=3)
    with cluster.lab as lab:
        cluster.start()
        survivor, away = lab.nodes[0], lab.nodes[2]

        def cycle():
            away.crash()
            cluster.wait_members(["n1", "n2"])
            cluster.wait_members()
            for service in ("service:lvs", W):
                assert cluster.wait_service(service).owner == "n1"

        cycle()  # pools and caches fill once
        before = measure(survivor)
        for _ in range(CYCLES):
            cycle()
        after = measure(survivor)
        with capsys.disabled():
            print("\n%d cycles: %s" % (CYCLES, ", ".join("%s %d -> %d" % (k, before[k], after[k]) for k in before)))
        assert all(before[p + " processes"] for p in PROGRAMS)
        for what, old in before.items():
            # The history ring and the log of a daemon may still be filling: half a MiB and a tenth.
            allowed = old * 1.1 + 512 if what.endswith("KiB") else old
            assert after[what] <= allowed, "%s grew from %d to %d in %d cycles" % (what, old, after[what], CYCLES)
        lab_witness.check_never_twice(lab, "w")

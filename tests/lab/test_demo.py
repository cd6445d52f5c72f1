# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo and the failover measurement run from end to end, as a user runs them."""
import json
import os
import subprocess

import pytest
from hawserlab import lab_cluster, lab_state

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "fenced", "rgmanager", "lvsd", "clustat")


def run(*argv, timeout=150):
    return subprocess.run([os.path.join(lab_cluster.TOP, argv[0])] + list(argv[1:]), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout, check=False)


def traces():
    """What a demo could leave: its folder, cgroup, mounts, processes."""
    left = [p for p in (os.path.join(lab_state.BASE, "demo"),
                        os.path.join(lab_state.cgroup_root(), lab_state.CGROUP_NAME, "demo")) if os.path.exists(p)]
    left += [line for line in lab_state.read_file("/proc/self/mounts").splitlines() if "/demo/" in line]
    left += [p for p in filter(str.isdigit, os.listdir("/proc"))
             if lab_state.BASE + "/demo/" in lab_state.read_file("/proc/%s/cmdline" % p)]
    return left


def test_demo_keep_enter_stop():
    if traces():
        pytest.skip("a kept demo is up")
    try:
        done = run("demo", "--keep")
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr
        for words in ("detected", "fenced", "decided", "started", "answered", "power off done", "0 failed"):
            assert words in done.stdout or (words == "0 failed" and "1 failed" in done.stdout), done.stdout
        status = run("demo", "enter", "n2", "clustat")
        assert status.returncode == 0 and "service:lvs" in status.stdout and "Online, Local, rgmanager" in status.stdout
        assert run("demo", "enter", "client", "ping", "-c1", "10.77.0.200").returncode == 0
        again = run("demo")
        assert again.returncode == 1 and "./demo stop" in again.stderr
        assert run("demo", "enter", "n9", "true").returncode == 1
    finally:
        stop = run("demo", "stop")
    assert stop.returncode == 0 and traces() == []


def test_failover_measurement():
    done = run("bench/failover", "--count", "1", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    median = result["median"]
    assert sorted(median) == ["client_ms", "decide_ms", "detect_ms", "fence_ms", "overhead_ms", "start_ms"]
    assert abs(median["client_ms"] - median["detect_ms"] - median["fence_ms"] - median["overhead_ms"]) < 0.01
    assert result["runs"][0]["victim"] == "n1" and median["detect_ms"] > 500

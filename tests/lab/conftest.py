# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the lab tests. HAWSER_STAGE names the staged installation (build/stage by default)."""
import os
import signal
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from hawserlab import Lab, lab_cluster, reap  # noqa: E402  pylint: disable=wrong-import-position

KEEP = os.environ.get("HAWSER_LAB_LOGS")


def pytest_sessionstart(session):
    # SIGTERM must run the fixtures' ends, as SIGINT does.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("SIGTERM"))
    if os.geteuid() == 0:
        reap()


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*programs): programs of the staged installation the test runs")


def pytest_collection_modifyitems(config, items):
    for item in items:
        missing = [p for mark in item.iter_markers("needs") for p in mark.args if not lab_cluster.is_staged(p)]
        if os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="the lab needs root"))
        elif missing:
            item.add_marker(pytest.mark.skip(reason="not in %s: %s" % (lab_cluster.STAGE, ", ".join(missing))))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test keeps the logs of its labs where HAWSER_LAB_LOGS says."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed and KEEP:
        labs = {id(lab): lab for lab in (getattr(v, "lab", v) for v in item.funcargs.values())
                if isinstance(lab, Lab)}
        for lab in labs.values():
            where = os.path.join(KEEP, item.name.replace("/", "_"))
            lab.collect(where)
            report.sections.append(("lab", "logs of the nodes: " + where))

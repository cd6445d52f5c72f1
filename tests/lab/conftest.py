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
    config.addinivalue_line("markers", "needs(*names): programs and files of the staged installation the test uses")


def pytest_collection_modifyitems(config, items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="the lab needs root"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """What a test needs is part of every build: a stage without it is a fault, not a reason to skip."""
    missing = lab_cluster.not_staged(*(name for mark in item.iter_markers("needs") for name in mark.args))
    if missing and os.geteuid() == 0:
        pytest.fail("not in %s: %s; run `make install` (and `make check TESTS=` for the programs of "
                    "tests) in the build folder, or name another one in HAWSER_STAGE and HAWSER_BUILD"
                    % (lab_cluster.STAGE, ", ".join(missing)), pytrace=False)


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

# SPDX-License-Identifier: GPL-2.0-or-later
"""ccsd with many nodes."""
import pytest
from hawserlab import lab_ccsd
from hawserlab.lab_ccsd import CONF, wait_version

pytestmark = pytest.mark.needs("ccsd", "cman_tool", "ccs_tool")
# Many corosyncs on few processors: nobody is to be called lost because it had to wait for one.
TOKEN = 20000


def test_sixteen_nodes_agree_on_256_kib():
    with lab_ccsd.make(16) as lab:
        lab_ccsd.start_anew(lab, TOKEN, timeout=400)
        text = lab_ccsd.document(16, 2, 256 * 1024, TOKEN)
        assert len(text) > 250000
        n9 = lab.node("n9")
        n9.write("/etc/cluster/new.conf", text)
        result = n9.run("ccs_tool", "update", "/etc/cluster/new.conf", timeout=60)
        assert result.code == 0, result
        wait_version(lab.nodes, 2, timeout=120)
        assert {node.read(CONF) for node in lab.nodes} == {text}

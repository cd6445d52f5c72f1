# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading notes, clustat and fence_tool, without a cluster."""
from types import SimpleNamespace

import pytest
from hawserlab import LabError, lab_witness
from hawserlab.lab_cluster import parse_clustat, parse_fence_ls
from hawserlab.lab_history import durations_ms, failover_stages, parse_notes

LINES = '''Nov 24 16:50:17 n2 fenced warning n1 is a victim | ev=fdom.victim obj=n1 old=member new=waiting why="its machine \\"n1\\" failed" t=100.250000 nodeid=1 master=2
plain line without a note
Nov 24 16:50:18 n2 fenced notice n1 fenced | ev=fdom.fenced obj=n1 old=fencing new=fenced why="ok" t=100.300000 master=2 took_ms=50
torn line | ev=fdom.fenced obj=n1
'''
RG = '''x | ev=rg.state obj=service:lvs old=started new=recovering why="" t=100.26
x | ev=rg.state obj=service:lvs old=recovering new=starting why="" t=100.31
x | ev=rg.state obj=service:lvs old=starting new=started why="" t=100.35
'''


def test_notes_have_fields_and_times():
    notes = parse_notes(LINES, "n2", "fenced")
    assert [n.fields["ev"] for n in notes] == ["fdom.victim", "fdom.fenced"]
    assert notes[0].t == 100.25 and notes[0].fields["obj"] == "n1"
    assert notes[1].fields["took_ms"] == "50" and notes[1].sentence.endswith("n1 fenced")


def test_stages_of_a_failover():
    logs = {"fenced.log": LINES, "rgmanager.log": RG}
    n1 = SimpleNamespace(name="n1", log=lambda name: "")
    n2 = SimpleNamespace(name="n2", log=lambda name: logs.get(name, ""))
    stages = failover_stages(SimpleNamespace(nodes=[n1, n2]), n1, "service:lvs", 98.0, 100.5)
    assert (stages.detected, stages.fenced, stages.decided, stages.started) == (100.25, 100.3, 100.31, 100.35)
    assert (stages.fencer, stages.owner) == ("n2", "n2")
    assert durations_ms(stages) == {"detect_ms": 2250, "fence_ms": 50, "decide_ms": 10, "start_ms": 40,
                                    "client_ms": 2500, "overhead_ms": 200}
    assert durations_ms(failover_stages(SimpleNamespace(nodes=[n1]), n1, "service:lvs", 98.0, 100.5)) is None


def test_clustat_report():
    status = parse_clustat('<?xml version="1.0"?>\n<clustat version="4.1.1"><cluster name="a" id="1" generation="2"/>'
                           '<quorum quorate="1" groupmember="1"/><nodes><node name="n1" state="1" local="1" '
                           'rgmanager="1" nodeid="0x00000001"/><node name="n2" state="0" rgmanager="0"/></nodes>'
                           '<groups><group name="service:lvs" state="112" state_str="started" flags="0" flags_str="" '
                           'owner="n1" last_owner="none"/></groups></clustat>')
    assert status.quorate and status.members == ["n1"]
    assert status.services["service:lvs"].owner == "n1" and status.services["service:lvs"].state == "started"
    assert parse_clustat("<clustat") is None


def test_fence_tool_layout():
    got = parse_fence_ls("fence domain\nmember count  3\nvictim count  0\nvictim now    0\nmaster nodeid 1\n"
                         "wait state    none\nmembers       1 2 3 \n\nall nodes\nnodeid 1 member 1\n")
    assert got["member count"] == "3" and got["members"] == "1 2 3" and got["wait state"] == "none"


def witness_lab(**logs):
    """A lab whose nodes have these witness lines and power records: name=(witness text, record)."""
    return SimpleNamespace(nodes=[SimpleNamespace(name=name, log=lambda _name, text=text: text,
                                                  bmc=SimpleNamespace(record=lambda record=record: record))
                                  for name, (text, record) in logs.items()])


def test_witness_sees_two_at_once():
    lab = witness_lab(n1=("10.0 start\n", [(20.0, "power off done")]), n2=("21.0 start\n", []))
    lab_witness.check_never_twice(lab, "w")
    assert lab_witness.current(lab, "w") == ["n2"]
    lab = witness_lab(n1=("10.0 start\n", [(20.0, "power off done")]), n2=("19.0 start\n", []))
    with pytest.raises(LabError, match="ran twice"):
        lab_witness.check_never_twice(lab, "w")
    lab = witness_lab(n1=("10.0 start\n50.0 stop\n", []), n2=("20.0 start\n30.0 stop\n", []), n3=("40.0 start\n", []))
    with pytest.raises(LabError, match="ran twice"):
        lab_witness.check_never_twice(lab, "w")

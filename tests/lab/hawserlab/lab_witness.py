# SPDX-License-Identifier: GPL-2.0-or-later
"""The witness: a service that writes down on its node's disk when it ran, so that nobody has to be believed.

Every start and stop is a line in /var/log/cluster/witness-NAME; a run also ends when the node's power goes.
"""
import collections

from .lab_state import LabError

Run = collections.namedtuple("Run", "node begin end")
Run.__doc__ = """One run of a service on one node; end is infinity while it goes on."""
FOREVER = float("inf")


def runs(lab, name):
    """All runs of witness service NAME on all nodes, in the order of their begins."""
    found = []
    for node in lab.nodes:
        events = [(float(stamp), word) for stamp, word in
                  (line.split() for line in node.log("witness-" + name).splitlines())]
        events += [(t, "off") for t, text in node.bmc.record()
                   if text in ("power off done", "current lost", "reset done", "machine reset itself",
                               "button pressed")]
        begin = None
        for when, word in sorted(events):
            if word == "start" and begin is None:
                begin = when
            elif word in ("stop", "off") and begin is not None:
                found.append(Run(node.name, begin, when))
                begin = None
        if begin is not None:
            found.append(Run(node.name, begin, FOREVER))
    return sorted(found, key=lambda r: r.begin)


def current(lab, name):
    """Names of the nodes on which the service runs now."""
    return [r.node for r in runs(lab, name) if r.end == FOREVER]


def check_never_twice(lab, name):
    """No two runs overlap. Raises LabError with both runs if some do."""
    latest = None
    for run in runs(lab, name):
        if latest and run.begin < latest.end:
            raise LabError("%s ran twice at once: %s and %s" % (name, latest, run))
        if not latest or run.end > latest.end:
            latest = run

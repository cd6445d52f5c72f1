# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemons wrote about themselves: notes in their logs, and the stages of a failover read from them.

A note is a log line "SENTENCE | ev=EVENT old=... new=... why="..." t=EPOCH.MICROSECONDS key=value ...".
"""
import collections
import re

Note = collections.namedtuple("Note", "t node daemon sentence fields")
Stages = collections.namedtuple("Stages", "crash detected fencer fenced decided owner started answered")

FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def parse_notes(text, node="", daemon=""):
    notes = []
    for line in text.splitlines():
        sentence, bar, rest = line.rpartition(" | ev=")
        if not bar:
            continue
        fields = {k: v.strip('"') for k, v in FIELD.findall("ev=" + rest)}
        try:
            notes.append(Note(float(fields.pop("t")), node, daemon, sentence, fields))
        except (KeyError, ValueError):
            continue  # no stamp: not a note, only a line that looks like one
    return notes


def notes_of(nodes, daemon):
    """Notes of one daemon on all NODES, in the order of time."""
    found = []
    for node in nodes:
        found += parse_notes(node.log(daemon + ".log"), node.name, daemon)
    return sorted(found, key=lambda n: n.t)


def first(notes, since, **wanted):
    """The first note at or after SINCE whose fields have the WANTED values (a value may be a tuple of choices)."""
    for note in notes:
        if note.t >= since and all(note.fields.get(k) in (v if isinstance(v, tuple) else (v,))
                                   for k, v in wanted.items()):
            return note
    return None


def failover_stages(lab, victim, service, crash, answered):
    """The stages of one failover as seconds since the epoch, from the daemons' own notes.

    victim    the node that crashed at CRASH
    answered  end of the first good answer at the client after it
    A stage that nobody noted is None.
    """
    others = [n for n in lab.nodes if n is not victim]
    fence, rg = notes_of(others, "fenced"), notes_of(others, "rgmanager")
    name = service.split(":")[-1]
    names = (service, name)
    detected = first(fence, crash, ev="fdom.victim", obj=victim.name)
    fenced = first(fence, crash, ev=("fdom.fenced", "fdom.returned"), obj=victim.name)
    decided = first(rg, crash, obj=names, new="starting")
    started = first(rg, decided.t if decided else crash, obj=names, new="started")
    master = fenced and fenced.fields.get("master")
    return Stages(crash, detected and detected.t, "n" + master if master else None, fenced and fenced.t,
                  decided and decided.t, decided and decided.node, started and started.t, answered)


def durations_ms(stages):
    """What each stage took: detect, fence, decide, start and client in ms; overhead = all but the first two."""
    s = stages
    if None in (s.detected, s.fenced, s.decided, s.started, s.answered):
        return None
    ms = lambda a, b: round((b - a) * 1000, 3)  # noqa: E731
    result = {"detect_ms": ms(s.crash, s.detected), "fence_ms": ms(s.detected, s.fenced),
              "decide_ms": ms(s.fenced, s.decided), "start_ms": ms(s.decided, s.started),
              "client_ms": ms(s.crash, s.answered)}
    result["overhead_ms"] = round(result["client_ms"] - result["detect_ms"] - result["fence_ms"], 3)
    return result

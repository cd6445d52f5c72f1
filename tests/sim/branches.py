#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which branches of the daemons' cores does the simulator take, and why not the others?

hasim is built for gcov in a folder of its own, histories are run, and every conditional of the cores is looked at: each
of its ways must have been taken, or stand in tests/sim/unreached.txt with a reason. Ends with 1 when a way was neither
taken nor listed, and when a listed one was taken after all or is not in the source any more.

A way behind one that was never taken (in code that never ran) needs no entry of its own: the one before it has it.
"""
import argparse
import collections
import concurrent.futures
import functools
import glob
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIST = "tests/sim/unreached.txt"
# What a core is made of is said where it is built.
CORES = (
    ("group", "lib/local.mk", "GROUP_SOURCES"),
    ("ccsd", "ccsd/local.mk", "CCSDCORE_SOURCES"),
    ("fenced", "fenced/local.mk", "FDOM_SOURCES"),
    ("rgmanager", "rgmanager/local.mk", "RGCORE_SOURCES"),
    ("qdisk", "cman/local.mk", "QDISKCORE_SOURCES"),
)
# Of the mixed histories few have a quorum disk.
WORKLOADS = ([], ["--nodes", "2", "--qdisk"], ["--nodes", "3", "--qdisk"])
Way = collections.namedtuple("Way", "function text nth number of line")
# text: the line in the source; nth: its turn among equal lines of the function; number/of: on this line


def sh(argv, **more):
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, **more)
    if result.returncode:
        sys.exit("branches: %s ended with %d" % (" ".join(argv), result.returncode))


def found(folder, ending):
    """Files below the folder, also in hidden ones as libtool makes them."""
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in sorted(names)
            if name.endswith(ending)]


def build(folder):
    """hasim with counters, without optimisation: else branches are the compiler's and not the author's."""
    os.makedirs(folder, exist_ok=True)
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL}
    if not os.path.exists(folder + "/config.status"):
        sh([TOP + "/configure", "-q", "--enable-coverage", "--disable-shared",
            "CFLAGS=-g -O0 -U_FORTIFY_SOURCE", "--sysconfdir=/etc",
            "--localstatedir=/var", "--runstatedir=/run"], **quiet)
    sh(["make", "-s", "-j%d" % os.cpu_count(), "hasim"], **quiet)
    for path in found(folder, ".gcda"):
        os.unlink(path)


def histories(folder, seeds, cases):
    """True when one of them broke a promise: it is told, and what it reached before counts."""
    def run(argv):
        return argv, subprocess.run([folder + "/hasim"] + argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    broken = False
    todo = [["explore", "--seeds", seeds] + more for more in WORKLOADS] + [["run", case] for case in cases]
    # Several at once: counters are added to the files under a lock, when a process ends.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for argv, done in pool.map(run, todo):
            if done.returncode not in (0, 1):
                sys.exit("branches: hasim %s ended with %d" % (" ".join(argv), done.returncode))
            if done.returncode:
                broken = True
                print("\n".join(line for line in done.stdout.splitlines()
                                if line.startswith("seed") or argv[0] == "run"))
    return broken


@functools.lru_cache(None)
def sources():
    """{source file: core}"""
    ret = {}
    for core, makefile, variable in CORES:
        with open(os.path.join(TOP, makefile), encoding="utf-8") as f:
            match = re.search(r"^%s = ((?:.*\\\n)*.*)" % variable, f.read(), re.MULTILINE)
        if not match:
            sys.exit("branches: %s has no %s" % (makefile, variable))
        ret.update((name, core) for name in match.group(1).split() if name.endswith(".c"))
    return ret


def core_of(source):
    return sources().get(source)


def source_of(notes):
    """lib/.libs/libx_la-clu_frag.gcno was made from lib/clu_frag.c."""
    folder, name = os.path.split(notes.replace(".libs/", ""))
    return os.path.join(folder, name.rpartition("-")[2].replace(".gcno", ".c"))


def gcov(folder):
    """{source file: {line: [(count, ...)]}} and {source file: {function: calls}} as gcov tells it."""
    lines, functions = collections.defaultdict(dict), collections.defaultdict(dict)
    notes = [os.path.abspath(p) for p in found(folder, ".gcno") if core_of(source_of(os.path.relpath(p, folder)))]
    missing = set(sources()) - {source_of(os.path.relpath(p, folder)) for p in notes}
    if missing:
        sys.exit("branches: %s was not built for gcov in %s" % (", ".join(sorted(missing)), folder))
    with tempfile.TemporaryDirectory() as work:
        sh(["gcov", "--json-format", "--branch-probabilities", "--branch-counts"] + notes,
           cwd=work, stdout=subprocess.DEVNULL)
        for path in glob.glob(work + "/*.gcov.json.gz"):
            with gzip.open(path) as f:
                told = json.load(f)
            for one in told["files"]:
                name = os.path.relpath(os.path.join(told["current_working_directory"], one["file"]), TOP)
                if not core_of(name):
                    continue
                for function in one["functions"]:
                    functions[name][function["name"]] = function["execution_count"]
                for line in one["lines"]:
                    if line["branches"]:
                        key = line["line_number"], line.get("function_name", "")
                        lines[name].setdefault(key, []).extend(b["count"] for b in line["branches"])
    return lines, functions


def blocks(text, counts):
    """The counts of one line by conditional: a switch is one with many ways, all others have two."""
    if re.match(r"switch\b", text):
        return [counts]
    return [counts[i:i + 2] for i in range(0, len(counts), 2)]


class File:
    """All ways of one source file."""

    def __init__(self, name, lines, functions):
        self.name = name
        self.calls = functions
        with open(os.path.join(TOP, name), encoding="utf-8") as f:
            self.source = [line.strip() for line in f]
        self.total = self.taken = self.behind = 0
        self.all = collections.defaultdict(int)  # (function, text) -> how many ways on such a line
        self.missing = []
        self.never = {f for f, n in functions.items() if n == 0}
        seen = collections.Counter()
        for (number, function), counts in sorted(lines.items()):
            text = self.source[number - 1]
            seen[function, text] += 1
            self.all[function, text] = max(self.all[function, text], len(counts))
            at = 0
            for block in blocks(text, counts):
                for count in block:
                    at += 1
                    self.total += 1
                    if count:
                        self.taken += 1
                    elif not any(block):
                        self.behind += 1
                    else:
                        self.missing.append(Way(function, text, seen[function, text], at, len(counts), number))

    def after(self, way):
        """What rules see: file and function, the line and the one behind it."""
        return "%s %s: %s" % (self.name, way.function, " ".join(self.source[way.line - 1:way.line + 1]))


class Listed:
    """unreached.txt."""

    def __init__(self, path):
        self.classes, self.rules, self.entries, self.used = {}, [], {}, set()
        entry = None
        with open(path, encoding="utf-8") as f:
            for at, line in enumerate(f, 1):
                where = "%s:%d" % (os.path.relpath(path, TOP), at)
                if not line.strip() or line.startswith("#"):
                    continue
                if line[0] in " \t":
                    if not entry:
                        sys.exit("%s: a source line without an entry before it" % where)
                    self.add(where, *entry, line.strip())
                    entry = None
                    continue
                if entry:
                    sys.exit("%s: the source line of the entry before is missing" % where)
                word, rest = line.split(None, 1)
                if word == "class":
                    name, reason = rest.split(":", 1)
                    self.classes[name.strip()] = reason.strip()
                elif word == "rule":
                    name, pattern = rest.split(":", 1)
                    self.rules.append((where, name.strip(), re.compile(pattern.strip())))
                else:
                    match = re.fullmatch(r"(\S+) (\w+) (never|(?:\d+,)*\d+/\d+)(#\d+)? (\w+): (.+)", line.strip())
                    if not match:
                        sys.exit("%s: neither class, rule nor FILE FUNCTION WAYS[#NTH] CLASS: REASON" % where)
                    name, function, ways, nth, group, _ = match.groups()
                    if group not in self.classes:
                        sys.exit("%s: no class \"%s\"" % (where, group))
                    if ways == "never":
                        self.entries[name, function] = where, group
                    else:
                        entry = name, function, ways, int((nth or "#1")[1:]), group
        for _, name, _ in self.rules:
            if name not in self.classes:
                sys.exit("%s: a rule of no class \"%s\"" % (path, name))

    def add(self, where, name, function, ways, nth, group, text):
        numbers, of = ways.split("/")
        for number in numbers.split(","):
            self.entries[name, function, text, nth, int(number), int(of)] = where, group

    def find(self, file, way):
        key = file.name, way.function, way.text, way.nth, way.number, way.of
        if key in self.entries:
            self.used.add(key)
            return self.entries[key][1]
        for where, name, pattern in self.rules:
            if pattern.search(file.after(way)):
                self.used.add(where)
                return name
        return None

    def find_never(self, file, function):
        key = file.name, function
        if key not in self.entries:
            return None
        self.used.add(key)
        return self.entries[key][1]

    def stale(self):
        """Entries that fit nothing that was missing. What is taken only now and then may have been taken."""
        for key, (where, group) in sorted(self.entries.items(), key=lambda kv: kv[1]):
            if key not in self.used and group != "seldom":
                yield "%s: %s %s: %s" % (where, key[0], key[1], key[2] if len(key) > 2 else "was called")
        for where, _, pattern in self.rules:
            if where not in self.used:
                yield "%s: rule \"%s\" fits nothing" % (where, pattern.pattern)


def report(files, listed):
    open_ways, per_class = [], collections.Counter()
    rows = []
    for core, _, _ in CORES:
        row = collections.Counter()
        for file in files:
            if core_of(file.name) != core:
                continue
            row.update(ways=file.total, taken=file.taken, behind=file.behind)
            for way in file.missing:
                group = listed.find(file, way)
                row["listed" if group else "neither"] += 1
                per_class.update([group] if group else [])
                if not group:
                    open_ways.append("%s:%d %s %d/%d%s\n\t%s" % (
                        file.name, way.line, way.function, way.number, way.of,
                        "#%d" % way.nth if way.nth > 1 else "", way.text))
            for function in sorted(file.never):
                group = listed.find_never(file, function)
                row["functions"] += 1
                if not group:
                    row["unlisted functions"] += 1
                    open_ways.append("%s %s never" % (file.name, function))
        rows.append((core, row))
    total = sum((row for _, row in rows), collections.Counter())
    for line in open_ways:
        print(line)
    stale = list(listed.stale())
    for line in stale:
        print("stale: " + line)
    print("%-10s %7s %7s %6s %7s %7s %8s %s" % ("core", "ways", "taken", "%", "behind", "listed", "neither",
                                               "functions never called"))
    for core, row in rows + [("all", total)]:
        print("%-10s %7d %7d %6.1f %7d %7d %8d %d" % (
            core, row["ways"], row["taken"], 100.0 * row["taken"] / max(1, row["ways"]), row["behind"], row["listed"],
            row["neither"], row["functions"]))
    print("listed: " + ", ".join("%s %d" % one for one in sorted(per_class.items())))
    return bool(open_ways or stale)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/branches", help="folder to build in (build/branches)")
    parser.add_argument("--seeds", default="1..5000", help="histories to run of each kind, A..B (1..5000)")
    parser.add_argument("--keep", action="store_true", help="only look again at what the last run counted")
    args = parser.parse_args()
    broken = False
    if not args.keep:
        build(args.build)
        broken = histories(args.build, args.seeds, sorted(glob.glob(TOP + "/tests/sim/cases/*.sim")))
    lines, functions = gcov(args.build)
    files = [File(name, lines[name], functions[name]) for name in sorted(functions)]
    return report(files, Listed(os.path.join(TOP, LIST))) or broken


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-2.0-or-later
"""All tests of the tree; every number is counted from a test's own result file.

Stages: build (maintainer mode), rules (forbidden calls, SPDX), headers (each compiles alone), man (mandoc), shell
(shellcheck), tarball (`make dist` is complete), unit (`make check`), asan (`make check` again with ASan and UBSan),
python (pytest outside the lab), lab (its files side by side: their tests wait most of the time, which asan uses).
"""
import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import xml.etree.ElementTree as ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = TOP + "/build"
FORBIDDEN = re.compile(r"(?<![\w.>])(system|popen|sleep|usleep|strcpy|strcat|sprintf|vsprintf|gets)\s*\(")
MODULES = ("libqb libcpg libquorum libvotequorum libcmap libcfg libxml-2.0 libprotobuf-c jansson OpenIPMI "
           "OpenIPMIposix libnl-3.0 libnl-genl-3.0 libnl-route-3.0 libnftables libcrypto cmocka").split()

# Of the lab: what begins first, and what keeps all processors busy, so that others would wait for it.
LAB_LONGEST = "test_qdisk test_ccsd test_cman_live test_cman test_libcman test_failover test_ccsd_updates".split()
LAB_ALONE = "test_ccsd_many".split()


class Tally:
    """Results so far. A result is real: somebody ran something and saw how it ended."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add(self, name, error=None):
        with self.lock:
            if error is None:
                self.passed += 1
            else:
                self.failed.append(name)
                print("FAILED %s: %s" % (name, error), flush=True)

    def skip(self, name, reason):
        self.skipped.append((name, reason))


class Child:
    """A child in its own process group; the whole group ends with end(), or when its time is over."""
    living = set()
    lock = threading.Lock()
    no_more = False

    def __init__(self, argv, log=None, timeout=1500, cwd=TOP, env=None):
        self.timeout = timeout
        self.begun = time.monotonic()
        with Child.lock:
            if Child.no_more:
                sys.exit(143)
            self._start(argv, log, cwd, env)
            Child.living.add(self)

    def _start(self, argv, log, cwd, env):
        with open(log, "wb") if log else open(os.devnull, "rb") as out:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(argv, cwd=cwd, stdout=out if log else None, stdin=subprocess.DEVNULL,
                                            stderr=subprocess.STDOUT if log else None, start_new_session=True,
                                            env=dict(os.environ, **(env or {})))

    def seconds(self):
        return time.monotonic() - self.begun

    def wait(self, seconds):
        """How it ended: the exit code, or a text if its time was over; None: it goes on after so many SECONDS."""
        try:
            return self.process.wait(max(0, min(seconds, self.timeout - self.seconds())))
        except subprocess.TimeoutExpired:
            if self.seconds() < self.timeout:
                return None
            self.end()
            return "no end after %d s" % self.timeout

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        Child.living.discard(self)

    @classmethod
    def end_all(cls):
        """We are ended: nobody starts another one."""
        with cls.lock:
            cls.no_more = True
            rest = list(cls.living)
        for child in rest:
            child.end()


def run(argv, log=None, timeout=1500, cwd=TOP, env=None):
    """Run a child until it or its time ends; it ends with us."""
    child = Child(argv, log, timeout, cwd, env)
    try:
        code = child.wait(timeout)
    finally:
        child.end()
    if Child.no_more:
        sys.exit(143)
    return code


def tail(path, lines=25):
    with open(path, encoding="utf-8", errors="replace") as f:
        return "".join(f.readlines()[-lines:])


def tracked(*patterns):
    """Files of the tree that match, build folders left out."""
    names = []
    for folder, folders, files in os.walk(TOP):
        folders[:] = sorted(d for d in folders if not d.startswith(("build", ".git", "autom4te", "__pycache__"))
                            or d == ".ci")
        names += [os.path.join(folder, f) for f in sorted(files)]
    return [n for n in names if any(re.search(p, os.path.relpath(n, TOP)) for p in patterns)]


def short(path):
    return os.path.relpath(path, TOP)


def strip_c(text):
    """C text without comments and string contents, lines kept."""
    keep_lines = lambda m: re.sub(r"[^\n]", " ", m.group(0))  # noqa: E731
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', keep_lines, text, flags=re.S)


def rules(tally, wanted):
    for path in filter(wanted, tracked(r"\.[ch]$")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if "SPDX-License-Identifier:" not in text[:200]:
            tally.add("rules: " + short(path), "no SPDX line at the top")
        elif not short(path).startswith("tests/"):
            bad = ["%d: %s()" % (n, m.group(1)) for n, line in enumerate(strip_c(text).split("\n"), 1)
                   for m in FORBIDDEN.finditer(line)]
            tally.add("rules: " + short(path), "forbidden call in line " + ", ".join(bad) if bad else None)
        else:
            tally.add("rules: " + short(path))


def build(tally, folder, *options):
    """Build and stage into FOLDER; False if that failed."""
    script = 'TOP=%s; . "$TOP/tests/house.sh"; house_build "$@"' % TOP
    code = run(["bash", "-c", script, "check", folder] + list(options))
    tally.add("build: " + short(folder), None if code == 0 else "exit %s, see %s/build.log" % (code, folder))
    return code == 0


def programs_of(folder):
    """The TESTS of a configured tree."""
    done = subprocess.run(["make", "-s", "-C", folder, "-f", "-", "hw-print"], capture_output=True, text=True,
                          input="include Makefile\nhw-print:\n\t@echo $(TESTS)\n", check=True)
    return done.stdout.split()


def count_log(tally, name, result, log):
    """Count one test program: its cmocka lines if it has some, else the program itself. A program that dies without
    a failed line of its own counts as one failure."""
    with open(log, encoding="utf-8", errors="replace") as f:
        text = f.read()
    good = re.findall(r"^\[       OK \] (.*)$", text, re.M)
    bad = sorted(set(re.findall(r"^\[  FAILED  \] ([A-Za-z_]\w*)$", text, re.M)))
    if result == "SKIP":
        tally.skip(name, (text.strip().splitlines() or ["no reason given"])[-1])
    elif result in ("PASS", "XFAIL") and not bad:
        for _ in good or [name]:
            tally.add(name)
    else:
        for _ in good:
            tally.add(name)
        for k, one in enumerate(bad or [result]):
            tally.add("%s: %s" % (name, one), "end of %s:\n%s" % (log, tail(log)) if k == 0 else "see above")


def make_check(tally, stage, folder, pattern, env=None, leave_out=()):
    programs = [p for p in programs_of(folder) if p not in leave_out and (not pattern or re.search(pattern, p))]
    if not programs:
        return
    results = [re.sub(r"\.test$", "", p) for p in programs]  # automake drops the endings in TEST_EXTENSIONS
    for name in results:
        for end in (".trs", ".log"):
            if os.path.exists(folder + "/" + name + end):
                os.unlink(folder + "/" + name + end)
    log = folder + "/check.log"
    code = run(["make", "-k", "-C", folder, "-j%d" % os.cpu_count(), "check", "TESTS=" + " ".join(programs)],
               log=log, env=env)
    for name, program in zip(results, programs):
        trs = folder + "/" + name + ".trs"
        if not os.path.exists(trs):
            tally.add("%s: %s" % (stage, program), "make check (exit %s) did not run it; end of %s:\n%s"
                      % (code, log, tail(log)))
            continue
        with open(trs, encoding="utf-8") as f:
            result = re.search(r"^:global-test-result: (\w+)", f.read(), re.M).group(1)
        count_log(tally, "%s: %s" % (stage, program), result, folder + "/" + name + ".log")


def asan_stage(tally, only):
    asan = BUILD + "/asan"
    if build(tally, asan, "--enable-maintainer-mode", "--enable-sanitizers=address,undefined"):
        # The simulator is several times slower here: fewer seeds, and no second proof of the planted bugs; what
        # compilers.sh compares it builds by itself.
        make_check(tally, "asan", asan, only,
                   {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
                    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", "SIM_SEEDS": "500"},
                   ["tests/sim/compilers.sh", "tests/sim/planted.sh"])


def look_at(tally, stage, paths, argv):
    """Each of PATHS by a program that is silent and ends with 0 where nothing is wrong; as many at once as there are
    processors."""
    paths = list(paths)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, done in zip(paths, pool.map(lambda p: subprocess.run(
                argv + [p], cwd=TOP, capture_output=True, text=True, check=False), paths)):
            tally.add("%s: %s" % (stage, short(path)), (done.stdout + done.stderr).strip()[:800]
                      if done.returncode else None)


def headers(tally, wanted):
    flags = subprocess.run(["pkg-config", "--cflags"] + MODULES, capture_output=True, text=True,
                           check=True).stdout.split()
    folders = sorted({os.path.dirname(h) for h in tracked(r"\.h$")} | {BUILD + "/proto"})
    look_at(tally, "headers", filter(wanted, tracked(r"\.h$")),
            ["gcc", "-std=gnu11", "-fsyntax-only", "-Wall", "-Wno-pragma-once-outside-header", "-D_GNU_SOURCE",
             "-include", BUILD + "/config.h", "-x", "c"] + ["-I" + d for d in folders] + flags)


def man(tally, wanted):
    look_at(tally, "man", filter(wanted, tracked(r"^man/.*\.\d$")), ["mandoc", "-T", "lint", "-W", "warning"])


def shell(tally, wanted):
    found = []
    for path in filter(wanted, tracked(r".")):
        if os.path.islink(path) or os.path.getsize(path) > 200000:
            continue
        with open(path, "rb") as f:
            first = f.readline(100)
        if re.match(rb"#! ?/(usr/)?bin/(env )?(ba|da)?sh", first) or short(path) == "tests/house.sh":
            found.append(path)
    look_at(tally, "shell", found, ["shellcheck", "-x", "-S", "warning"])


def tarball(tally):
    """What git holds is in the tarball of `make dist`: nobody else can build or test what is missing there."""
    listed = subprocess.run(["git", "-C", TOP, "ls-files"], capture_output=True, text=True, check=False)
    if listed.returncode:
        tally.skip("tarball", "this is no git tree")
        return
    log = BUILD + "/dist.log"
    code = run(["make", "-s", "-C", BUILD, "dist"], log=log)
    if code:
        tally.add("tarball", "make dist ended with %s; end of %s:\n%s" % (code, log, tail(log)))
        return
    newest = max(glob.glob(BUILD + "/hawser-*.tar.xz"), key=os.path.getmtime)
    with tarfile.open(newest) as tar:
        packed = {name.partition("/")[2] for name in tar.getnames()}
    missing = sorted(set(listed.stdout.split()) - packed - {"m4/.gitkeep"})
    tally.add("tarball", "missing: " + " ".join(missing[:20]) if missing else None)


def pytest_child(name, paths, pattern, timeout, log=None):
    """pytest on PATHS, with its report in the build folder under NAME."""
    report = BUILD + "/%s.xml" % name
    if os.path.exists(report):
        os.unlink(report)
    argv = ["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short",
            "--junitxml=" + report] + (["-k", pattern] if pattern else []) + paths
    return Child(argv, log, timeout, env={"HAWSER_STAGE": BUILD + "/stage", "HAWSER_BUILD": BUILD,
                                          "HAWSER_LAB_LOGS": BUILD + "/lab-logs"})


def count_report(tally, stage, name, code):
    report = BUILD + "/%s.xml" % name
    if code == 5:  # nothing matched the pattern
        return
    if not os.path.exists(report):
        tally.add(name, "pytest left no report (exit %s)" % code)
        return
    failures = len(tally.failed)
    for case in ElementTree.parse(report).iter("testcase"):
        name = "%s: %s.%s" % (stage, case.get("classname"), case.get("name"))
        kinds = {child.tag: child for child in case}
        if "skipped" in kinds:
            tally.skip(name, kinds["skipped"].get("message"))
        elif "failure" in kinds or "error" in kinds:
            bad = kinds.get("failure", kinds.get("error"))
            tally.add(name, (bad.get("message") or "").split("\n")[0][:300])
        else:
            tally.add(name)
    if code not in (0, 1) or (code == 1 and len(tally.failed) == failures):
        tally.add(name, "pytest ended with %s" % code)


def python(tally, folders, pattern):
    child = pytest_child("python", folders, pattern, 600)
    try:
        count_report(tally, "python", "python", child.wait(600))
    finally:
        child.end()


def lab(tally, pattern, lanes):
    """The files of the lab, each by a pytest of its own, LANES at a time; then those that want the machine alone. What
    takes longest begins first, or it would end last, alone."""
    names = sorted(os.path.basename(p)[:-3] for p in glob.glob(TOP + "/tests/lab/test_*.py"))
    names.sort(key=lambda n: LAB_LONGEST.index(n) if n in LAB_LONGEST else len(LAB_LONGEST))
    together = [n for n in names if n not in LAB_ALONE]
    running = {}
    try:
        for waiting, width in ((together, lanes), ([n for n in names if n in LAB_ALONE], 1)):
            while waiting or running:
                while waiting and len(running) < width:
                    name = waiting.pop(0)
                    running[name] = pytest_child("lab-" + name, ["%s/tests/lab/%s.py" % (TOP, name)], pattern, 900,
                                                 "%s/lab-%s.log" % (BUILD, name))
                for name, child in list(running.items()):
                    code = child.wait(0.2)
                    if code is None:
                        continue
                    del running[name]
                    if code != 5:
                        print("-- lab: %s (%d s)\n%s" % (name, child.seconds(), tail("%s/lab-%s.log" % (BUILD, name),
                                                                                     200)), end="", flush=True)
                    count_report(tally, "lab", "lab-" + name, code)
    finally:
        for child in running.values():
            child.end()


def main():
    parser = argparse.ArgumentParser(prog="check", description="Build everything and run all tests.")
    parser.add_argument("--no-lab", action="store_true", help="leave out the lab (needs root and most of the time)")
    parser.add_argument("--only", metavar="PATTERN", help="only tests whose name matches; the sanitizer build and "
                        "the lab run only if something in them does")
    parser.add_argument("--lanes", type=int, default=os.cpu_count() + 1, metavar="N", help="so many files of the lab "
                        "side by side (default %(default)d: one more than there are processors)")
    args = parser.parse_args()
    if args.lanes < 1:
        parser.error("--lanes must be 1 or more")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    only = args.only
    wanted = lambda path: not only or re.search(only, short(path))  # noqa: E731
    tally = Tally()
    begun = time.monotonic()

    def stage(name):
        print("== %s (%d s)" % (name, time.monotonic() - begun), flush=True)

    shutil.rmtree(BUILD + "/lab-logs", ignore_errors=True)
    stage("build")
    built = build(tally, BUILD, "--enable-maintainer-mode")
    stage("rules, headers, manual pages, scripts")
    rules(tally, wanted)
    if built:
        headers(tally, wanted)
    man(tally, wanted)
    shell(tally, wanted)
    if built:
        if not only or re.search(only, "tarball"):
            stage("tarball")
            tarball(tally)
        stage("unit")
        make_check(tally, "unit", BUILD, only)
        others = sorted({os.path.dirname(p) for p in glob.glob(TOP + "/tests/*/test_*.py")
                         if not p.startswith(TOP + "/tests/lab/")})
        if others:
            stage("python")
            python(tally, others, only)
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            try:
                asan = None
                if not only or any(re.search(only, p) for p in programs_of(BUILD)):
                    stage("asan")
                    asan = beside.submit(asan_stage, tally, only)
                if args.no_lab:
                    tally.skip("lab", "--no-lab was given")
                else:
                    stage("lab")
                    lab(tally, only, args.lanes)
                    stage("end of lab")
                if asan:
                    asan.result()
            except BaseException:
                Child.end_all()
                raise
    stage("end")
    if tally.failed:
        print("failed:\n" + "\n".join("  " + name for name in tally.failed))
    if tally.skipped:
        print("skipped:\n" + "\n".join("  %s: %s" % pair for pair in tally.skipped))
    print("%d passed, %d failed%s" % (tally.passed, len(tally.failed),
                                      ", %d skipped" % len(tally.skipped) if tally.skipped else ""))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())

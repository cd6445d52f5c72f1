# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's directory and cgroups: where state is kept, and how all of it goes away again.

A lab is one directory below BASE plus one cgroup below the machine's cgroup2 tree. Every process of a lab is in that
cgroup, every namespace hangs on a file of that directory, so that any process (the owner, `./demo stop`, the next
test run after a SIGKILL) can remove the lab without knowing more than its name.
"""
import atexit
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

BASE = os.environ.get("HAWSER_LAB_DIR", "/run/hawser-lab")
CGROUP_NAME = "hawser-lab"


class LabError(Exception):
    """The lab itself failed: what, why, what to do next."""


def wait_for(condition, what, timeout=30.0, every=0.02):
    """Poll CONDITION until it returns something true, and return that. WHAT names it in the error.

    WHAT may be a function: it is called for the error text when the time is over.
    """
    end = time.monotonic() + timeout
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise LabError("waited %g s in vain for %s" % (timeout, what() if callable(what) else what))
        time.sleep(every)


def cgroup_root():
    """The cgroup2 tree: /sys/fs/cgroup itself, or 'unified' below it on a hybrid layout."""
    with open("/proc/self/mounts", encoding="utf-8") as f:
        for line in f:
            _, where, kind = line.split()[:3]
            if kind == "cgroup2" and os.access(where, os.W_OK):
                return where
    raise LabError("no writable cgroup2 tree is mounted: the lab freezes and ends its nodes through it; "
                   "mount it with: mount -t cgroup2 none /sys/fs/cgroup")


def start_time(pid):
    """Start time of a process in ticks, None if it is gone. With the pid it names a process for good."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return None


def read_file(path, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return default


def write_file(path, text, mode=0o644):
    """TEXT may be bytes."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
        os.fchmod(f.fileno(), mode)


def run_checked(argv, text=None, what=None):
    """Run a command of the lab itself; its failure is the lab's failure."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise LabError("%s failed (exit %d): %s" % (what or " ".join(argv), done.returncode,
                                                    (done.stderr or done.stdout).strip()[-500:]))
    return done.stdout


def make_dirs(path, mode=0o755):
    """As os.makedirs(), while another process removes the empty folders above PATH that we are about to need."""
    for _ in range(20):
        try:
            os.makedirs(path, mode, exist_ok=True)
            return
        except FileNotFoundError:
            pass
    os.makedirs(path, mode, exist_ok=True)


def make_cgroup(lab, name):
    path = os.path.join(cgroup_root(), CGROUP_NAME, lab, name)
    make_dirs(path)
    return path


def cgroup_pids(path):
    """All pids in a cgroup and below it."""
    pids = []
    for folder, _, _ in os.walk(path):
        pids += [int(p) for p in read_file(folder + "/cgroup.procs").split()]
    return pids


def in_cgroup(cgroup, argv):
    """ARGV wrapped so that it runs in CGROUP: the process moves itself before it becomes ARGV."""
    return ["/bin/sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', cgroup] + list(argv)


def in_netns(ns, argv):
    """ARGV wrapped so that it runs in the network namespace kept at file NS (only network: /sys stays visible)."""
    return ["nsenter", "--net=" + ns, "--"] + list(argv)


def make_netns(path):
    """A network namespace that lives as long as the file PATH: not below /run/netns, whose mount would stay."""
    write_file(path, "")
    run_checked(["unshare", "--net=" + path, "true"], what="making the namespace " + path)
    run_checked(in_netns(path, ["ip", "link", "set", "lo", "up"]))


def _umount(path):
    subprocess.run(["umount", "-l", path], capture_output=True, check=False)


def remove_lab(name):
    """End every process of lab NAME and remove its namespaces, cgroups and files. May be called for any lab state."""
    group = os.path.join(cgroup_root(), CGROUP_NAME, name)
    folder = os.path.join(BASE, name)
    if os.path.isdir(group):
        for _ in range(500):
            try:
                with open(group + "/cgroup.kill", "w", encoding="ascii") as f:
                    f.write("1")
            except OSError:
                for pid in cgroup_pids(group):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            if not cgroup_pids(group):
                break
            time.sleep(0.02)
        for sub, _, _ in os.walk(group, topdown=False):
            _rmdir_patiently(sub)
    if os.path.isdir(folder + "/ns"):
        for ns in os.listdir(folder + "/ns"):
            _umount(os.path.join(folder, "ns", ns))
    shutil.rmtree(folder, ignore_errors=True)
    for empty in (os.path.join(cgroup_root(), CGROUP_NAME), BASE):
        try:
            os.rmdir(empty)
        except OSError:
            pass  # another lab is still there


def _rmdir_patiently(path):
    for _ in range(100):
        try:
            os.rmdir(path)
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)


def labs():
    """Names of all labs on this machine."""
    return sorted(os.listdir(BASE)) if os.path.isdir(BASE) else []


def owner_alive(name):
    if name.startswith("."):    # it is being made (Lab._claim), and its owner's mark is perhaps not there yet
        return os.path.exists("/proc/" + name.rpartition(".")[2])
    words = read_file(os.path.join(BASE, name, "owner")).split()
    return len(words) == 2 and start_time(int(words[0])) == words[1]


def is_kept(name):
    return os.path.exists(os.path.join(BASE, name, "kept"))


def reap():
    """Remove the labs whose owner was killed before it could. Kept labs stay. Returns the names removed."""
    gone = [n for n in labs() if not owner_alive(n) and not is_kept(n)]
    for name in gone:
        remove_lab(name)
    return gone


_mine = {}
_guarded = False


def _end_all():
    for name in list(_mine):
        if _mine.pop(name, None) == os.getpid():
            remove_lab(name)


def _on_signal(number, _frame):
    # Leave through the normal way out: finally blocks and atexit run, the labs go.
    sys.exit(128 + number)


def guard(name):
    """From here on lab NAME goes when this process goes, by whatever way it can notice."""
    global _guarded
    _mine[name] = os.getpid()
    if _guarded:
        return
    _guarded = True
    atexit.register(_end_all)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, _on_signal)


def unguard(name):
    _mine.pop(name, None)

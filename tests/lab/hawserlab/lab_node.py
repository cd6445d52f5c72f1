# SPDX-License-Identifier: GPL-2.0-or-later
"""One node: a pid 1 in its own pid, mount, uts, ipc and net namespaces, with a disk that outlives it.

The namespaces are made by node_init.sh, power by node_power.sh; this file is their remote control.
"""
import collections
import os
import shutil
import signal
import subprocess
import tempfile

from .lab_net import NETWORKS, PRIVATE, PUBLIC, address
from .lab_state import (LabError, cgroup_pids, in_cgroup, make_cgroup, read_file, run_checked, wait_for,
                        write_file)

HERE = os.path.dirname(os.path.abspath(__file__))

Result = collections.namedtuple("Result", "code out err")
Result.__doc__ = """How a command in a node ended: exit code (None: time over, it was killed), output, errors."""

# Folders whose content on the machine itself must not shine through into a node.
OPAQUE = ("etc/cluster", "etc/corosync", "etc/sysconfig", "var/lib/corosync", "var/lib/hawser",
          "var/log/cluster", "var/log/corosync")


class Node:
    def __init__(self, lab, number):
        self.lab = lab
        self.number = number
        self.name = "n%d" % number
        self.folder = "%s/%s" % (lab.folder, self.name)
        self.disk = self.folder + "/disk"
        self.switch_program = HERE + "/node_power.sh"
        self.cgroup = None

    def create(self, stage, show, boot_delay):
        """Make the node's disk and description. It stays off."""
        self.cgroup = make_cgroup(self.lab.name, self.name)
        for d in ("etc", "var", "work-etc", "work-var"):
            os.makedirs(self.disk + "/" + d)
        for d in OPAQUE:
            os.makedirs(self.disk + "/" + d)
            os.setxattr(self.disk + "/" + d, "trusted.overlay.opaque", b"y")
        os.makedirs(self.disk + "/etc/hawser-lab")
        self.write("/etc/hostname", self.name + "\n")
        self.write("/etc/hosts", self.lab.hosts())
        self.write("/etc/resolv.conf", "")
        shutil.copy(HERE + "/node_boot.sh", self.disk + "/etc/rc.local")
        values = {"NAME": self.name, "ID": self.number, "SWITCH_NS": self.lab.switch.ns, "CGROUP": self.cgroup,
                  "HELPER_CGROUP": self.lab.helper_cgroup, "LIB": HERE, "RINGS": " ".join(map(str, NETWORKS)),
                  "STAGE": stage or "", "SHOW": " ".join(show)}
        write_file(self.folder + "/node.env", "".join('%s="%s"\n' % pair for pair in values.items()))
        write_file(self.folder + "/generation", "0\n")
        write_file(self.folder + "/power", "0\n")
        self.set_boot_delay(boot_delay)

    def attach(self):
        """Take control of a node that another process made."""
        self.cgroup = make_cgroup(self.lab.name, self.name)

    # Power.

    def switch(self, *words):
        run_checked([self.switch_program, self.folder] + list(words), what="power switch of " + self.name)

    def boot(self, wait=True):
        """Press the power button. WAIT: until pid 1 has set everything up and runs the start-up script."""
        self.switch("start")
        if wait:
            self.wait_up()

    def wait_up(self, timeout=15.0):
        wait_for(self.is_up, lambda: "%s to boot; its console says: %s"
                 % (self.name, read_file(self.folder + "/console")[-400:]), timeout=timeout)

    def crash(self):
        """The power supply fails. Nobody told the BMC: it still says "on"."""
        self.switch("crash")

    def power_off(self):
        self.switch("set", "power", "0")

    def power_on(self):
        self.switch("set", "power", "1")

    def set_boot_delay(self, seconds):
        """Firmware self-test: time between power-on by the BMC and boot."""
        write_file(self.folder + "/boot_delay", "%g\n" % seconds)

    def bmc_says_on(self):
        return read_file(self.folder + "/power").strip() == "1"

    def pid(self):
        """Pid of the node's pid 1 as seen here, or None. A recycled pid is not in the node's cgroup."""
        text = read_file(self.folder + "/up").strip()
        if text and int(text) in cgroup_pids(self.cgroup):
            return int(text)
        return None

    def is_up(self):
        return self.pid() is not None

    def boots(self):
        return int(read_file(self.disk + "/var/lib/boot-count", "0"))

    # Hang and cables.

    def pause(self):
        """Everything in the node stops at once; its kernel still answers ARP and SYN."""
        write_file(self.cgroup + "/cgroup.freeze", "1")
        wait_for(lambda: "frozen 1" in read_file(self.cgroup + "/cgroup.events"), self.name + " to freeze", 5)

    def resume(self):
        write_file(self.cgroup + "/cgroup.freeze", "0")

    def stop_all(self):
        """SIGSTOP to every process, again and again until no new one turns up."""
        self._signal_all(signal.SIGSTOP)

    def continue_all(self):
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        seen = set()
        while True:
            new = set(cgroup_pids(self.cgroup)) - seen
            if not new:
                return
            for pid in new:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            seen |= new

    def cut(self, *networks):
        self.lab.switch.cut(self.name, networks or (PUBLIC, PRIVATE))

    def mend(self, *networks):
        self.lab.switch.mend(self.name, networks or (PUBLIC, PRIVATE))

    def address(self, network=PUBLIC):
        return address(network, self.number)

    # Inside.

    def command(self, argv):
        """ARGV wrapped so that it runs in the node: all its namespaces, its cgroup, its environment."""
        pid = self.pid()
        if not pid:
            raise LabError("%s is not running: boot it first" % self.name)
        path = "/usr/sbin:/usr/bin:/sbin:/bin"
        if self.lab.stage:
            path = "%s/sbin:%s/bin:%s" % (self.lab.stage, self.lab.stage, path)
        return in_cgroup(self.cgroup, ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--",
                                       "env", "PATH=" + path, "LANG=C.UTF-8", "HOME=/root"] + list(argv))

    def run(self, *argv, timeout=10.0, text=None, check=False):
        """Run a command in the node and wait for it. Its output goes through files: a daemon that keeps stdout open
        does not hold us up. CHECK: an exit code other than 0 is a LabError."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as inp:
            inp.write((text or "").encode())
            inp.seek(0)
            with subprocess.Popen(self.command(argv), stdin=inp, stdout=out, stderr=err,
                                  start_new_session=True) as child:
                try:
                    code = child.wait(timeout)
                except BaseException as error:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
                    if not isinstance(error, subprocess.TimeoutExpired):
                        raise
                    code = None
            out.seek(0)
            err.seek(0)
            result = Result(code, out.read().decode(errors="replace"), err.read().decode(errors="replace"))
        if check and result.code != 0:
            raise LabError("%s: %s: %s: %s" % (self.name, " ".join(argv), "no end after %g s" % timeout
                                               if code is None else "exit %d" % code,
                                               (result.err + result.out).strip()[-600:]))
        return result

    def pids_of(self, program):
        """Pids (ours) of the processes in the node whose command name is PROGRAM (15 characters at most)."""
        return [p for p in cgroup_pids(self.cgroup)
                if read_file("/proc/%d/comm" % p).strip() == program[:15] and not _is_zombie(p)]

    def kill(self, program, number=signal.SIGKILL):
        """Send a signal to all processes of that name in the node; returns how many there were."""
        pids = self.pids_of(program)
        for pid in pids:
            os.kill(pid, number)
        return len(pids)

    # Disk.

    def path(self, path):
        """Where PATH of the node's /etc or /var can be reached now: through the running node, else on its disk."""
        pid = self.pid()
        return "/proc/%d/root%s" % (pid, path) if pid else self.disk + path

    def write(self, path, text, mode=0o644):
        where = self.path(path)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        write_file(where, text, mode)

    def read(self, path):
        """Content of a file on the node's disk, "" if there is none."""
        return read_file(self.path(path))

    def log(self, name):
        return read_file("%s/var/log/cluster/%s" % (self.disk, name))

    def logs(self):
        """Names of the logs on the node's disk."""
        folder = self.disk + "/var/log/cluster"
        return sorted(os.listdir(folder))


def _is_zombie(pid):
    stat = read_file("/proc/%d/stat" % pid)
    return not stat or stat.rsplit(")", 1)[1].split()[0] == "Z"

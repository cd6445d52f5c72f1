# SPDX-License-Identifier: GPL-2.0-or-later
"""The Lab: switch, nodes, BMCs, and on demand web servers and clients. A context manager that leaves nothing."""
import itertools
import os
import shutil
import sys

from . import lab_state
from .lab_bmc import Bmc
from .lab_net import MANAGEMENT, PRIVATE, PUBLIC, Switch, address
from .lab_node import HERE, Node
from .lab_state import LabError, make_cgroup, read_file, start_time, write_file
from .lab_traffic import Client, WebServer

TOP = os.path.abspath(HERE + "/../../..")
_serial = itertools.count(1)


class Lab:
    """N nodes, switched off, each with its BMC. `with Lab(3) as lab:` removes everything at the end.

    stage       folder of a staged installation: its sbin and bin come first in every node's PATH
    show        further folders the nodes must see although they lie below /tmp, /run or /dev/shm
    boot_delay  seconds between power-on by a BMC and boot; who presses the button need not wait
    """

    def __init__(self, nodes=3, name=None, stage=None, show=(), boot_delay=0.0):
        if os.geteuid() != 0:
            raise LabError("the lab makes namespaces and needs root: run it with sudo")
        for program in ("ipmi_sim", "nft", "ip", "unshare", "nsenter"):
            if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
                raise LabError("the program %s is missing: install the packages of hawser-tests in debian/control"
                               % program)
        lab_state.reap()
        self.name = name or "t%d-%d" % (os.getpid(), next(_serial))
        self.folder = os.path.join(lab_state.BASE, self.name)
        self.stage = stage
        self._claim()
        lab_state.guard(self.name)
        try:
            self._build(nodes, [TOP, HERE, sys.prefix] + ([stage] if stage else []) + list(show), boot_delay)
        except BaseException:
            self.close()
            raise

    def _claim(self):
        """Take the name: the folder with its owner's mark appears in one step, or somebody else has it."""
        fresh = "%s/.%s.%d" % (lab_state.BASE, self.name, os.getpid())
        lab_state.make_dirs(fresh + "/ns")
        write_file(fresh + "/owner", "%d %s\n" % (os.getpid(), start_time(os.getpid())))
        try:
            os.rename(fresh, self.folder)
        except OSError:
            shutil.rmtree(fresh)
            raise LabError("a lab named %s is there already (%s): end it first" % (self.name, self.folder)) from None

    def _build(self, count, show, boot_delay):
        self.helper_cgroup = make_cgroup(self.name, "lab")
        self.switch = Switch(self.folder)
        self.switch.build()
        self.nodes = [Node(self, k + 1) for k in range(count)]
        self.clients = []
        self.web = []
        self.bmc_ns = self.switch.attach("bmcs", MANAGEMENT, 100)
        self.switch.add_addresses(self.bmc_ns, MANAGEMENT, [100 + n.number for n in self.nodes])
        write_file(self.folder + "/stage", self.stage or "")
        write_file(self.folder + "/count", "%d\n" % count)
        show = [d for d in dict.fromkeys(os.path.realpath(s) for s in show) if _is_volatile(d)]
        for node in self.nodes:
            node.create(self.stage, show, boot_delay)
            node.bmc = Bmc(self, node)
            node.bmc.start()

    @classmethod
    def attach(cls, name):
        """A lab that another process made, for a look inside."""
        self = cls.__new__(cls)
        self.name = name
        self.folder = os.path.join(lab_state.BASE, name)
        if not os.path.exists(self.folder + "/count"):
            raise LabError("no lab named %s is running: ./demo --keep starts one" % name)
        self.stage = read_file(self.folder + "/stage") or None
        self.helper_cgroup = make_cgroup(name, "lab")
        self.switch = Switch(self.folder)
        self.nodes = [Node(self, k + 1) for k in range(int(read_file(self.folder + "/count")))]
        for node in self.nodes:
            node.attach()
        return self

    def hosts(self):
        lines = ["127.0.0.1 localhost"]
        for n in self.nodes:
            lines += ["%s %s" % (address(PUBLIC, n.number), n.name),
                      "%s %s-priv" % (address(PRIVATE, n.number), n.name),
                      "%s %s-bmc" % (address(MANAGEMENT, 100 + n.number), n.name)]
        return "\n".join(lines) + "\n"

    def node(self, name):
        for n in self.nodes:
            if name in (n.name, n.number):
                return n
        raise LabError("no node %s here, only %s" % (name, ", ".join(n.name for n in self.nodes)))

    def boot(self, *nodes):
        """Boot the given nodes (all if none is given) and wait until their pid 1 is up."""
        nodes = nodes or self.nodes
        for node in nodes:
            node.boot(wait=False)
        for node in nodes:
            node.wait_up()

    def add_web(self, count=3):
        for k in range(len(self.web) + 1, len(self.web) + 1 + count):
            server = WebServer(self, k)
            server.start()
            self.web.append(server)
        return self.web

    def add_client(self):
        self.clients.append(Client(self, len(self.clients) + 1))
        return self.clients[-1]

    def partition(self, *groups):
        """partition([n1], [n2, n3]): those groups no longer hear each other, public and private."""
        self.switch.partition([[getattr(n, "name", n) for n in g] for g in groups])

    def heal(self):
        self.switch.heal()

    def collect(self, where):
        """Copy everything worth reading after a failure (disks' logs, consoles, power records) to WHERE."""
        for node in self.nodes:
            to = os.path.join(where, node.name)
            os.makedirs(to, exist_ok=True)
            for name in ("console", "power.log"):
                write_file(os.path.join(to, name), read_file(os.path.join(node.folder, name)))
            shutil.copytree(node.disk + "/var/log/cluster", to, dirs_exist_ok=True)

    def keep(self):
        """The lab outlives this process; whoever calls remove_lab() ends it."""
        write_file(self.folder + "/kept", "")
        lab_state.unguard(self.name)

    def close(self):
        lab_state.remove_lab(self.name)
        lab_state.unguard(self.name)

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()


def _is_volatile(path):
    return any(path.startswith(d + "/") for d in ("/tmp", "/run", "/dev/shm"))

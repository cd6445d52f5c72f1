# SPDX-License-Identifier: GPL-2.0-or-later
"""One BMC per node: ipmi_sim, whose chassis control is node_power.sh and really ends the node."""
import os
import signal
import subprocess

from .lab_net import MANAGEMENT, address
from .lab_state import LabError, in_cgroup, in_netns, read_file, wait_for, write_file

USER, PASSWORD = "admin", "hawser-lab"
SPARE_USER = "spare"  # a second way in, for a second fence method

LAN_CONF = """name "{name}"
set_working_mc 0x20
startlan 1
addr {addr} 623
priv_limit admin
allowed_auths_callback md5
allowed_auths_user md5
allowed_auths_operator md5
allowed_auths_admin md5
guid {guid}
endlan
chassis_control "{switch} {folder}"
user 2 true "{user}" "{password}" admin 10 md5
user 3 true "{spare}" "{spare_password}" admin 10 md5
"""
EMULATOR = """mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
mc_enable 0x20
"""


class Bmc:
    def __init__(self, lab, node):
        self.lab = lab
        self.node = node
        self.folder = node.folder + "/bmc"
        self.address = address(MANAGEMENT, 100 + node.number)
        self.process = None
        self.normal = False

    def start(self, password=PASSWORD, spare_password=PASSWORD):
        """Start the BMC and wait until it answers on its port. The passwords: what it will accept."""
        os.makedirs(self.folder, exist_ok=True)
        self.normal = password == spare_password == PASSWORD
        write_file(self.folder + "/lan.conf", LAN_CONF.format(
            name=self.node.name, addr=self.address, guid="%032x" % (0xa1b2c3d4 << 64 | self.node.number),
            switch=self.node.switch_program, folder=self.node.folder, user=USER, password=password,
            spare=SPARE_USER, spare_password=spare_password), 0o600)
        write_file(self.folder + "/bmc.emu", EMULATOR)
        argv = ["ipmi_sim", "-c", self.folder + "/lan.conf", "-f", self.folder + "/bmc.emu", "-p", "-n"]
        with open(self.folder + "/out", "ab") as out:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(in_cgroup(self.lab.helper_cgroup, in_netns(self.lab.bmc_ns, argv)),
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            cwd=self.folder, start_new_session=True)
        write_file(self.folder + "/pid", "%d\n" % self.process.pid)
        wait_for(self.listening, "the BMC of %s to listen; its output: %s"
                 % (self.node.name, self.folder + "/out"), timeout=10)

    def listening(self):
        if self.process and self.process.poll() is not None:
            raise LabError("ipmi_sim of %s ended with %d: %s" % (self.node.name, self.process.returncode,
                                                                read_file(self.folder + "/out")[-300:]))
        wanted = "%02X%02X%02X%02X:026F" % tuple(int(b) for b in reversed(self.address.split(".")))
        return wanted in read_file("/proc/%d/net/udp" % self.process.pid)

    def stop(self):
        """The BMC is dead: nobody answers at its address."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def is_default(self):
        """Running, awake, and with the passwords that the configuration has."""
        return self.process is not None and self.normal

    def hang(self):
        """The BMC takes requests and answers none."""
        os.kill(self.process.pid, signal.SIGSTOP)
        self.normal = False

    def wake(self):
        os.kill(self.process.pid, signal.SIGCONT)
        self.normal = True

    def restart(self, **passwords):
        self.stop()
        self.start(**passwords)

    def offs(self, since=0.0):
        """When this BMC has cut the power."""
        return [t for t, text in self.record() if text == "power off done" and t >= since]

    def record(self):
        """The BMC's own power record: list of (seconds since the epoch, text)."""
        lines = (line.split(" ", 1) for line in read_file(self.node.folder + "/power.log").splitlines())
        return [(float(stamp), text) for stamp, text in lines]

# SPDX-License-Identifier: GPL-2.0-or-later
"""fence_ipmilan against a real BMC (ipmi_sim) on loopback: obedient, lying, silent, losing answers."""
import os
import signal
import socket
import subprocess
import threading

import pytest
from hawserlab import wait_for

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STAGE = os.environ.get("HAWSER_STAGE", TOP + "/build/stage")
AGENT = os.environ.get("FENCE_IPMILAN", STAGE + "/libexec/hawser/fence/fence_ipmilan")
USER, PASSWORD, KEY = "admin", "hush-hush", "6c61626b6579"
ENOUGH = 60  # seconds; only a hanging agent needs so long
pytestmark = pytest.mark.needs(AGENT)

LAN_CONF = """name "bmc"
set_working_mc 0x20
startlan 1
addr 127.0.0.1 {port}
priv_limit admin
allowed_auths_callback md5
allowed_auths_user md5
allowed_auths_operator md5
allowed_auths_admin md5
guid a123456789abcdefa123456789abcdef
{key}endlan
chassis_control "{folder}/power"
user 2 true "{user}" "{password}" admin 10 md5
"""
EMULATOR = "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n"

# What the BMC runs: the machine is the file "state"; "mode" says how it misbehaves.
POWER = """#!/bin/sh
cd {folder} || exit 1
mode=$(cat mode)
case "$1 $2" in
"get power")
	echo "power:$(cat state)" ;;
"set power")
	echo "$3" >>calls
	case "$mode $3" in
	"liar 0" | "stays_off 1") ;;
	broken*) exit 1 ;;
	*) echo "$3" >state ;;
	esac ;;
esac
"""


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Bmc:
    def __init__(self, folder, key=""):
        self.folder = str(folder)
        self.port = free_port()
        self.write("state", "1\n")
        self.write("mode", "good\n")
        self.write("calls", "")
        self.write("power", POWER.format(folder=self.folder), 0o755)
        self.write("bmc.emu", EMULATOR)
        self.write("lan.conf", LAN_CONF.format(port=self.port, folder=self.folder, user=USER, password=PASSWORD,
                                               key='bmc_key "%s"\n' % key if key else ""))
        with open(self.folder + "/out", "wb") as out:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                ["ipmi_sim", "-c", self.folder + "/lan.conf", "-f", self.folder + "/bmc.emu", "-p", "-n"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder, start_new_session=True)
        wait_for(self.listening, "ipmi_sim to listen on port %d" % self.port, timeout=10)

    def write(self, name, text, mode=0o600):
        with open(self.folder + "/" + name, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(self.folder + "/" + name, mode)

    def read(self, name):
        with open(self.folder + "/" + name, encoding="ascii") as file:
            return file.read()

    def listening(self):
        assert self.process.poll() is None, self.read("out")
        with open("/proc/net/udp", encoding="ascii") as file:
            return "0100007F:%04X" % self.port in file.read()

    def commands(self):
        """Power commands that arrived, in order: 0 off, 1 on."""
        return [line.strip('"') for line in self.read("calls").split()]

    def is_on(self):
        return self.read("state").strip().strip('"') == "1"

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


class LossyWire(threading.Thread):
    """A UDP relay before the BMC; drops answers while LOSE(number of commands that arrived) is true."""

    def __init__(self, bmc, lose):
        super().__init__(daemon=True)
        self.bmc, self.lose = bmc, lose
        self.dropped = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        agent = None
        while True:
            data, sender = self.socket.recvfrom(2048)
            if not data:
                return
            if sender[1] != self.bmc.port:
                agent = sender
                self.socket.sendto(data, ("127.0.0.1", self.bmc.port))
            elif self.lose(self):
                self.dropped += 1
            else:
                self.socket.sendto(data, agent)

    def close(self):
        self.socket.sendto(b"", ("127.0.0.1", self.port))
        self.join()
        self.socket.close()


@pytest.fixture(name="bmc")
def one_bmc(tmp_path):
    bmc = Bmc(tmp_path)
    yield bmc
    bmc.close()


@pytest.fixture(name="wire")
def wire_maker(bmc):
    wires = []

    def make(lose):
        wires.append(LossyWire(bmc, lose))
        return wires[-1]
    yield make
    for wire in wires:
        wire.close()


def fence(bmc, *lines, port=None, wrapper=()):
    """Run the agent with LINES on stdin behind the usual ones; the result has returncode, stdout, stderr."""
    text = "\n".join(("agent=fence_ipmilan", "nodename=n1", "ipaddr=127.0.0.1", "ipport=%d" % (port or bmc.port),
                      "login=" + USER, "passwd=" + PASSWORD, "lanplus=1") + lines) + "\n"
    return subprocess.run([*wrapper, AGENT], input=text, capture_output=True, text=True, timeout=ENOUGH, check=False)


def three_parts(result):
    """An error says what failed, why, and what to do; and never the password."""
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("fence_ipmilan: "), line
    what, _, rest = line[len("fence_ipmilan: "):].partition(": ")
    why, _, action = rest.partition("; ")
    assert what and why and action, line
    assert PASSWORD not in result.stderr + result.stdout
    return line


def test_on_off_status_reboot(bmc):
    for action, code, out, on in (("status", 0, "Status: ON", True), ("off", 0, "Success: Powered OFF", False),
                                  ("status", 2, "Status: OFF", False), ("monitor", 0, "Status: OFF", False),
                                  ("off", 0, "Success: Already OFF", False), ("on", 0, "Success: Powered ON", True),
                                  ("on", 0, "Success: Already ON", True), ("reboot", 0, "Success: Rebooted", True),
                                  ("list", 0, "N/A", True), ("validate-all", 0, "", True)):
        result = fence(bmc, "action=" + action)
        assert (result.returncode, result.stdout.strip(), result.stderr) == (code, out, ""), action
        assert bmc.is_on() == on, action
    assert bmc.commands() == ["0", "1", "0", "1"]


def test_reboot_is_the_default(bmc):
    assert fence(bmc).returncode == 0
    assert bmc.commands() == ["0", "1"]


def test_new_and_old_names(bmc):
    text = "ip=127.0.0.1\nipport=%d\nusername=%s\npassword=%s\nlanplus=yes\noption=off\n" % (bmc.port, USER, PASSWORD)
    subprocess.run([AGENT], input=text, text=True, timeout=ENOUGH, check=True)
    assert not bmc.is_on()


def test_ipmi_1_5(bmc):
    assert fence(bmc, "lanplus=0", "action=off").returncode == 0
    assert not bmc.is_on()


def test_unknown_parameters_are_ignored_with_a_warning(bmc):
    result = fence(bmc, "action=off", "ipmitool_path=/usr/bin/ipmitool", "gibberish")
    assert result.returncode == 0
    assert '"ipmitool_path" is unknown' in result.stderr
    assert "gibberish" not in result.stderr


def test_wrong_password_is_said_at_once(bmc):
    result = fence(bmc, "passwd=wrong")
    line = three_parts(result)
    assert result.returncode == 1
    assert 'password of user "admin"' in line and "correct password" in line
    assert bmc.commands() == []


def test_unknown_user(bmc):
    result = fence(bmc, "login=bob")
    assert result.returncode == 1
    assert 'does not know user "bob"' in three_parts(result)


def test_silent_bmc(bmc):
    bmc.process.send_signal(signal.SIGSTOP)
    result = fence(bmc, "login_timeout=1")
    assert result.returncode == 1
    assert "did not answer within 1000 ms" in three_parts(result)


def test_nobody_at_the_port(bmc):
    result = fence(bmc, "ipport=%d" % free_port(), "login_timeout=1")
    assert result.returncode == 1
    assert "did not answer" in three_parts(result)


def test_no_route(bmc):
    result = fence(bmc, "login_timeout=1", wrapper=("unshare", "-n"))
    assert result.returncode == 1
    three_parts(result)


def test_a_bmc_that_lies_about_off_fails(bmc):
    bmc.write("mode", "liar\n")
    for action in ("off", "reboot"):
        result = fence(bmc, "action=" + action, "power_timeout=1")
        assert result.returncode == 1, action
        assert "Timed out waiting to power OFF" in three_parts(result)
    assert "1" not in bmc.commands()


def test_a_power_command_that_fails(bmc):
    bmc.write("mode", "broken\n")
    result = fence(bmc, "action=off", "power_timeout=1")
    assert result.returncode == 1
    assert "completion code 0xff" in three_parts(result)


def test_off_is_enough_for_a_reboot(bmc):
    bmc.write("mode", "stays_off\n")
    result = fence(bmc, "power_timeout=1", "retry_on=0")
    assert result.returncode == 0
    assert "Timed out waiting to power ON" in three_parts(result)
    assert bmc.commands() == ["0", "1"]
    result = fence(bmc, "action=on", "power_timeout=1", "retry_on=0")
    assert result.returncode == 1


def test_a_lost_answer(bmc, wire):
    """The first answer to "off" is lost: the command is sent again, the machine is off, the agent says so."""
    line = wire(lambda w: bmc.commands() == ["0"] and w.dropped == 0)
    result = fence(bmc, "action=off", port=line.port)
    assert (result.returncode, result.stdout) == (0, "Success: Powered OFF\n")
    assert line.dropped == 1
    assert set(bmc.commands()) == {"0"}


def test_silence_after_off_is_no_success(bmc, wire):
    line = wire(lambda w: bool(bmc.commands()))
    result = fence(bmc, "power_timeout=1", "shell_timeout=1", port=line.port)
    assert result.returncode == 1
    assert "does not answer" in three_parts(result)
    assert set(bmc.commands()) == {"0"}


def test_cycle(bmc):
    result = fence(bmc, "method=cycle")
    assert (result.returncode, result.stdout) == (0, "Success: Rebooted\n")
    wait_for(lambda: bmc.commands() == ["0", "1"], "the BMC to power on by itself", timeout=10)
    assert fence(bmc, "method=cycle", "action=off").returncode == 1


def test_cycle_that_never_goes_off(bmc):
    bmc.write("mode", "liar\n")
    assert fence(bmc, "method=cycle", "power_timeout=1").returncode == 1


def test_password_from_file_and_program(bmc):
    bmc.write("pw", PASSWORD + "\n")
    bmc.write("prog", "#!/bin/sh\necho %s\n" % PASSWORD, 0o700)
    common = [AGENT, "-P", "-a", "127.0.0.1", "-u", str(bmc.port), "-l", USER, "-o", "status"]
    for more in (["--password-file", bmc.folder + "/pw"], ["-S", bmc.folder + "/prog"]):
        assert subprocess.run(common + more, timeout=ENOUGH, check=False).returncode == 0
    os.chmod(bmc.folder + "/pw", 0o644)
    result = subprocess.run(common + ["--password-file", bmc.folder + "/pw"], capture_output=True, text=True,
                            timeout=ENOUGH, check=False)
    assert result.returncode == 1
    assert "chmod 600" in three_parts(result)


def test_password_on_the_command_line_is_refused():
    result = subprocess.run([AGENT, "-a", "127.0.0.1", "-p", PASSWORD], capture_output=True, text=True,
                            timeout=ENOUGH, check=False)
    assert result.returncode == 1
    assert "--password-file" in three_parts(result)


def test_bmc_key(tmp_path):
    bmc = Bmc(tmp_path, key=bytes.fromhex(KEY).decode())
    try:
        assert fence(bmc, "action=status", "hexadecimal_kg=" + KEY).returncode == 0
        assert "BMC key" in three_parts(fence(bmc, "action=status", "hexadecimal_kg=00"))
        assert fence(bmc, "action=status", "hexadecimal_kg=xy").returncode == 1
    finally:
        bmc.close()


@pytest.mark.parametrize("line, reason", [("cipher=0", "checks no password"), ("cipher=17", "/usr/sbin/fence_ipmilan"),
                                          ("ipaddr=", "is missing"), ("power_timeout=x", "number of seconds"),
                                          ("action=explode", "Unrecognised action"),
                                          ("passwd=" + 21 * "x", "20 bytes"), ("login=" + 17 * "x", "16 bytes"),
                                          ("ipaddr=no.such.host.invalid", "no such host")])
def test_refused_parameters(bmc, line, reason):
    result = fence(bmc, line)
    assert result.returncode == 1
    assert reason in three_parts(result)
    assert bmc.commands() == []


def test_steps_hold_no_password(bmc):
    result = fence(bmc, "verbose=1", "debug_file=%s/debug" % bmc.folder)
    assert result.returncode == 0
    steps = bmc.read("debug")
    for text in (result.stderr, steps):
        assert "command off: accepted" in text and "state: off" in text
        assert PASSWORD not in text
    assert os.stat(bmc.folder + "/debug").st_mode & 0o077 == 0

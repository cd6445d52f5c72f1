# SPDX-License-Identifier: GPL-2.0-or-later
"""lvsd by itself, without a cluster: client - director - three real servers, each in a network namespace."""
import collections
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from hawserlab.lab_cluster import STAGE
from hawserlab.lab_state import wait_for

HTTP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hawserlab", "lab_http.py")
VIP, ROUTER = "10.50.0.100", "10.60.0.254"
LVSD = STAGE + "/sbin/lvsd"
AGENT = STAGE + "/libexec/hawser/resource/lvs"

pytestmark = pytest.mark.needs("lvsd")

VIRTUAL = """
virtual %(name)s {
    active = 1
    address = %(vip)s eth0:1
    vip_nmask = 255.255.255.0
    port = %(port)d
    scheduler = %(scheduler)s
    timeout = 1
    reentry = 1
    expect = "HTTP"
    send = "GET / HTTP/1.0\\r\\n\\r\\n"
    %(more)s
%(servers)s
}
"""


def virtual(weights, name="web", port=80, scheduler="wrr", more="", vip=VIP):
    servers = "\n".join("    server web%d {\n        address = 10.60.0.1%d\n        port = 80\n        active = 1\n"
                        "        weight = %d\n    }" % (n, n, w) for n, w in weights.items())
    return VIRTUAL % {"name": name, "vip": vip, "port": port, "scheduler": scheduler, "more": more, "servers": servers}


def conf(*virtuals):
    return "serial_no = 1\nnetwork = nat\nnat_router = %s eth1:1\nnat_nmask = 255.255.255.0\n" % ROUTER + \
        "".join(virtuals)


class World:
    """The namespaces, the web servers in them, and lvsd in the middle one."""

    def __init__(self, folder):
        self.folder = folder
        self.prefix = "hwlvs%d-" % os.getpid()
        self.spaces = []
        self.web = {}
        self.conf = str(folder / "lvs.cf")
        self.env = dict(os.environ, HAWSER_RUN_DIR=str(folder / "run"), HAWSER_LOG_DIR=str(folder / "log"))
        os.makedirs(folder / "log")

    def ip(self, *words, space=None):
        subprocess.run(["ip"] + (["-n", self.prefix + space] if space else []) + list(words), check=True)

    def build(self):
        for space in ["client", "dir", "switch", "web1", "web2", "web3"]:
            self.ip("netns", "add", self.prefix + space)
            self.spaces.append(space)
            self.ip("link", "set", "lo", "up", space=space)
        self.ip("link", "add", "br0", "type", "bridge", space="switch")
        self.ip("link", "set", "br0", "up", space="switch")
        self.cable("client", "eth0", "dir", "eth0")
        self.cable("dir", "eth1", "switch", "p0")
        for n in (1, 2, 3):
            self.cable("web%d" % n, "eth0", "switch", "p%d" % n)
            self.ip("addr", "add", "10.60.0.1%d/24" % n, "dev", "eth0", space="web%d" % n)
            self.ip("route", "add", "default", "via", ROUTER, space="web%d" % n)
        for n in range(4):
            self.ip("link", "set", "p%d" % n, "master", "br0", space="switch")
        for n in range(10):
            self.ip("addr", "add", "10.50.0.2%d/24" % n, "dev", "eth0", space="client")
        # The director has an address of its own outside, and none inside but the floating one.
        self.ip("addr", "add", "10.50.0.1/24", "dev", "eth0", space="dir")
        for n in (1, 2, 3):
            self.serve(n)

    def cable(self, one, one_dev, two, two_dev):
        self.ip("link", "add", one_dev, "netns", self.prefix + one, "type", "veth", "peer", "name", two_dev, "netns",
                self.prefix + two)
        self.ip("link", "set", one_dev, "up", space=one)
        self.ip("link", "set", two_dev, "up", space=two)

    def within(self, space, argv):
        return ["ip", "netns", "exec", self.prefix + space] + argv

    def serve(self, number):
        # pylint: disable=consider-using-with
        address = "10.60.0.1%d" % number
        self.web[number] = subprocess.Popen(self.within("web%d" % number, [sys.executable, HTTP, "serve",
                                            "web%d" % number, address, "80"]))
        wait_for(lambda: self.connects("web%d" % number, address), "web%d to listen" % number)

    def connects(self, space, address, port=80):
        code = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"
        return subprocess.run(self.within(space, [sys.executable, "-c", code, address, str(port)]), check=False,
                              stderr=subprocess.DEVNULL).returncode == 0

    def kill_web(self, number):
        self.web[number].kill()
        self.web.pop(number).wait()

    def write(self, text):
        with open(self.conf, "w", encoding="ascii") as out:
            out.write(text)

    def lvsd(self, *words, check=True):
        return subprocess.run(self.within("dir", [LVSD] + list(words)), check=check, env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)

    def start(self, text):
        self.write(text)
        self.lvsd("-c", self.conf)

    def reload(self, text):
        """The daemon has read the file when its status shows the file's serial number."""
        serial = self.status()["serial_no"] + 1
        self.write(text.replace("serial_no = 1\n", "serial_no = %d\n" % serial))
        self.lvsd("--reload")
        wait_for(lambda: self.status()["serial_no"] == serial, "the new configuration")

    def status(self):
        return json.loads(self.lvsd("--status", "--json").stdout)

    def server(self, name, which=0):
        return [s for s in self.status()["virtuals"][which]["servers"] if s["name"] == name][0]

    def ask(self, count, port=80):
        """What the answers of so many requests say, and how many failed."""
        out = str(self.folder / "answers")
        if os.path.exists(out):
            os.unlink(out)
        subprocess.run(self.within("client", [sys.executable, HTTP, "ask", "http://%s:%d/" % (VIP, port), str(count), "2",
                                              out]), check=True)
        with open(out, encoding="ascii") as lines:
            words = [line.rstrip("\n").split("\t") for line in lines]
        return collections.Counter(w[3] if w[2] == "ok" else "failed" for w in words)

    def rules(self):
        return subprocess.run(self.within("dir", ["nft", "list", "ruleset"]), check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def addresses(self, dev):
        return subprocess.run(self.within("dir", ["ip", "-br", "addr", "show", "dev", dev]), check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def end(self):
        subprocess.run(self.within("dir", [LVSD, "--stop"]), check=False, env=self.env)
        for web in self.web.values():
            web.kill()
            web.wait()
        for space in self.spaces:
            subprocess.run(["ip", "netns", "del", self.prefix + space], check=False)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    try:
        made.build()
        yield made
    finally:
        made.end()


def test_first_request_is_answered_right_after_start(world):
    world.start(conf(virtual({1: 1, 2: 1, 3: 1})))
    assert world.ask(1)["failed"] == 0
    assert VIP in world.addresses("eth0") and ROUTER in world.addresses("eth1")


def test_weights_are_kept(world):
    world.start(conf(virtual({1: 3, 2: 2, 3: 1})))
    assert world.ask(60) == {"web1": 30, "web2": 20, "web3": 10}
    assert {s["name"]: s["connections"] for s in world.status()["virtuals"][0]["servers"]} == \
        {"web1": 30, "web2": 20, "web3": 10}


def test_dead_server_leaves_and_returns(world):
    world.start(conf(virtual({1: 1, 2: 1, 3: 1})))
    world.kill_web(2)
    wait_for(lambda: world.server("web2")["state"] == "down", "web2 to leave")
    wait_for(lambda: "Connection refused" in world.server("web2")["last_check"]["why"], "a check that says why")
    assert set(world.ask(20)) == {"web1", "web3"}
    world.serve(2)
    wait_for(lambda: world.server("web2")["state"] == "up", "web2 to return")
    assert world.ask(30) == {"web1": 10, "web2": 10, "web3": 10}


def test_all_dead_is_refused_not_timed_out(world):
    world.start(conf(virtual({1: 1}, more="")))
    world.kill_web(1)
    wait_for(lambda: world.server("web1")["state"] == "down", "web1 to leave")
    # The director's own programs are not reached through the virtual address either.
    with subprocess.Popen(world.within("dir", [sys.executable, HTTP, "serve", "director", "0.0.0.0", "80"])) as own:
        try:
            wait_for(lambda: world.connects("client", "10.50.0.1"), "a server on the director")
            assert world.ask(3) == {"failed": 3}
        finally:
            own.kill()


def hold_connection(world, port=80):
    """A connection that stays open, and a function that makes one more request on it."""
    code = ("import socket,sys\n"
            "s=socket.create_connection(('%s',%d),5)\n"
            "print('open',flush=True)\n"
            "for line in sys.stdin:\n"
            "    try:\n"
            "        s.sendall(line.encode())\n"
            "        print(s.recv(100).decode().strip() or 'closed',flush=True)\n"
            "    except OSError as error:\n"
            "        print(type(error).__name__,flush=True)\n" % (VIP, port))
    # pylint: disable=consider-using-with
    process = subprocess.Popen(world.within("client", [sys.executable, "-c", code]), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "open\n"
    return process


def say(process, text):
    process.stdin.write(text + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


class Echo:
    """A real server that sends back what it gets, so that a connection can be seen to live on."""

    def __init__(self, world, number):
        code = ("import socketserver\n"
                "class H(socketserver.StreamRequestHandler):\n"
                "    def handle(self):\n"
                "        for line in self.rfile:\n"
                "            self.wfile.write(b'web%d '+line)\n"
                "socketserver.ThreadingTCPServer.allow_reuse_address=True\n"
                "s=socketserver.ThreadingTCPServer(('10.60.0.1%d',80),H)\n"
                "print('ready',flush=True)\ns.serve_forever()\n" % (number, number))
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(world.within("web%d" % number, [sys.executable, "-c", code]), text=True,
                                        stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "ready\n"
        world.web[number] = self.process


def test_reload_touches_only_what_changed(world):
    for n in (1, 2, 3):
        world.kill_web(n)
        Echo(world, n)
    plain = virtual({1: 1, 2: 1}).replace("    expect = \"HTTP\"\n", "").replace(
        "    send = \"GET / HTTP/1.0\\r\\n\\r\\n\"\n", "    send = \"x\\n\"\n")
    other = plain.replace("virtual web", "virtual other").replace("port = 80\n    sched", "port = 8080\n    sched")
    world.start(conf(plain, other))
    before = world.status()
    connection = hold_connection(world)
    try:
        first = say(connection, "one")
        assert first in ("web1 one", "web2 one")
        # Another weight, a server more, one virtual server less, a check changed: the connection lives on.
        changed = plain.replace("weight = 1", "weight = 5", 1).replace("timeout = 1", "timeout = 2")
        changed = changed.replace("    server web1 {", "    server web3 {\n        address = 10.60.0.13\n"
                                  "        port = 80\n        active = 1\n    }\n    server web1 {")
        world.reload(conf(changed))
        assert say(connection, "two") == first.replace("one", "two")
        assert [v["name"] for v in world.status()["virtuals"]] == ["web"]
        assert "8080" not in world.rules()
        wait_for(lambda: world.server("web3")["state"] == "up", "web3 to join")
        after = world.status()
        assert after["pid"] == before["pid"]
        assert after["virtuals"][0]["servers"][1]["since_ms"] == before["virtuals"][0]["servers"][0]["since_ms"]
        # The server of the connection leaves the configuration: established goes on, new ones avoid it.
        gone = first.split()[0]
        left = 3 - int(gone[3:])
        of_gone = "10.60.0.1%s\n        port = 80\n        active = " % gone[3:]
        world.reload(conf(plain.replace(of_gone + "1", of_gone + "0")))
        assert say(connection, "three") == first.replace("one", "three")
        # And it outlives the time when no server is left at all.
        world.kill_web(left)
        wait_for(lambda: world.server("web%d" % left)["state"] == "down", "the last server to leave")
        assert world.ask(1) == {"failed": 1}
        assert say(connection, "four") == first.replace("one", "four")
    finally:
        connection.kill()
        connection.wait()


def test_faulty_reload_is_refused_and_nothing_changes(world):
    world.start(conf(virtual({1: 1, 2: 1})))
    rules = world.rules()
    world.write("virtual web {\n  nonsense = 1\n")
    world.lvsd("--reload")
    wait_for(lambda: "reload_error" in world.status(), "the refusal")
    assert 'lvs.cf:2: unknown command: "nonsense"' in world.status()["reload_error"]
    assert world.ask(2) == {"web1": 1, "web2": 1}
    assert re.sub(r"packets \d+ bytes \d+", "", world.rules()) == re.sub(r"packets \d+ bytes \d+", "", rules)


def test_stop_takes_everything_away_and_is_idempotent(world):
    world.start(conf(virtual({1: 1})))
    assert "hawser-lvs-lvs" in world.rules()
    world.lvsd("--stop")
    assert "hawser-lvs-lvs" not in world.rules()
    assert VIP not in world.addresses("eth0") and ROUTER not in world.addresses("eth1")
    world.lvsd("--stop")
    assert world.lvsd("--status", check=False).returncode == 3


def test_stop_cleans_up_after_a_killed_daemon(world):
    world.start(conf(virtual({1: 1})))
    os.kill(world.status()["pid"], signal.SIGKILL)
    wait_for(lambda: world.lvsd("--check", check=False).returncode == 3, "lvsd to be gone")
    assert VIP in world.addresses("eth0")
    world.lvsd("--stop")
    assert "hawser-lvs-lvs" not in world.rules()
    assert VIP not in world.addresses("eth0") and ROUTER not in world.addresses("eth1")


def test_stop_ends_a_stopped_daemon(world):
    world.start(conf(virtual({1: 1})))
    pid = world.status()["pid"]
    os.kill(pid, signal.SIGSTOP)
    # A client's call keeps its deadline.
    status = world.lvsd("--status", check=False)
    assert status.returncode == 1 and "does not answer" in status.stderr
    world.lvsd("--stop")
    assert VIP not in world.addresses("eth0")


def test_check_sees_a_lost_table_and_a_lost_address(world):
    world.start(conf(virtual({1: 1})))
    assert world.lvsd("--check").returncode == 0
    subprocess.run(world.within("dir", ["ip", "addr", "del", VIP + "/24", "dev", "eth0"]), check=True)
    lost = world.lvsd("--check", check=False)
    assert lost.returncode == 1 and VIP in lost.stderr
    world.lvsd("--stop")
    world.start(conf(virtual({1: 1})))
    subprocess.run(world.within("dir", ["nft", "flush", "ruleset"]), check=True)
    lost = world.lvsd("--check", check=False)
    assert lost.returncode == 1 and "not in the kernel" in lost.stderr


def test_address_that_another_host_has_is_not_taken(world):
    world.ip("addr", "add", VIP + "/24", "dev", "eth0", space="client")
    world.write(conf(virtual({1: 1})))
    refused = world.lvsd("-c", world.conf, check=False)
    assert refused.returncode == 1 and VIP in refused.stderr
    assert VIP not in world.addresses("eth0")
    assert "hawser-lvs-lvs" not in world.rules()


def test_scheduler_that_nft_cannot_do_is_refused_with_a_remedy(world):
    world.write(conf(virtual({1: 1}, scheduler="wlc")))
    refused = world.lvsd("-c", world.conf, "--director=nft", check=False)
    assert refused.returncode == 1
    assert "scheduler wlc" in refused.stderr and "scheduler = wrr" in refused.stderr


def test_persistent_client_stays_with_its_server_until_that_dies(world):
    world.start(conf(virtual({1: 1, 2: 1, 3: 1}, more="persistent = 300")))
    first = world.ask(9)
    assert len(first) == 1 and list(first.values()) == [9]
    number = int(list(first)[0][3:])
    world.kill_web(number)
    wait_for(lambda: world.server("web%d" % number)["state"] == "down", "its server to leave")
    second = world.ask(9)
    assert len(second) == 1 and list(second)[0] not in ("failed", "web%d" % number)


def test_port_is_mapped_and_two_routers_stand_side_by_side(world):
    world.start(conf(virtual({1: 1}, port=8080)))
    second = str(world.folder / "second.cf")
    with open(second, "w", encoding="ascii") as out:
        out.write(conf(virtual({2: 1}, port=80)))
    world.lvsd("-c", second, "--name=second")
    try:
        assert world.ask(2, 8080) == {"web1": 2}
        assert world.ask(2, 80) == {"web2": 2}
    finally:
        world.lvsd("--stop", "--name=second")
    assert world.ask(1, 80) == {"failed": 1}


def test_start_whose_caller_is_killed_can_be_stopped(world):
    world.write(conf(virtual({1: 1})))
    # pylint: disable=consider-using-with
    caller = subprocess.Popen(world.within("dir", [LVSD, "-c", world.conf]), env=world.env, stderr=subprocess.DEVNULL)
    pid = world.folder / "run" / "lvsd-lvs.pid"
    wait_for(lambda: pid.exists() and pid.stat().st_size, "the start to be under way", every=0.001)
    caller.kill()
    caller.wait()
    wait_for(lambda: world.lvsd("--check", check=False).returncode == 0, "the daemon to serve all the same")
    world.lvsd("--stop")
    assert VIP not in world.addresses("eth0")


def test_second_lvsd_of_the_same_name_is_refused(world):
    world.start(conf(virtual({1: 1})))
    refused = world.lvsd("-c", world.conf, check=False)
    assert refused.returncode == 1 and "runs already" in refused.stderr
    assert world.ask(1) == {"web1": 1}


def test_inline_configuration(world):
    text = conf(virtual({1: 1, 2: 1})).replace("\n", ";").replace("{;", "{")
    world.write(text)
    assert world.lvsd("-t", "-c", world.conf, check=False).returncode == 1
    world.lvsd("-c", world.conf, "--inline")
    assert world.ask(2) == {"web1": 1, "web2": 1}


def test_connection_to_a_server_that_hangs_is_ended(world):
    for n in (1, 2, 3):
        world.kill_web(n)
    Echo(world, 1)
    text = virtual({1: 1}, more="sorry_server = 10.60.0.12").replace("    expect = \"HTTP\"\n", "    expect = \"*\"\n")
    world.start(conf(text.replace("GET / HTTP/1.0\\r\\n\\r\\n", "x\\n")))
    connection = hold_connection(world)
    try:
        assert say(connection, "one") == "web1 one"
        os.kill(world.web[1].pid, signal.SIGSTOP)
        wait_for(lambda: world.server("web1")["state"] == "down", "the hanging server to leave")
        # The next packet finds no binding: it meets the sorry server, which knows nothing of the connection.
        assert say(connection, "two") == "ConnectionResetError"
    finally:
        connection.kill()
        connection.wait()


UDP = """
virtual names {
    active = 1
    address = %s eth0:1
    vip_nmask = 255.255.255.0
    port = 5353
    protocol = udp
    scheduler = rr
    timeout = 1
    reentry = 1
    send = "x"
    expect = "web"
    server web1 {
        address = 10.60.0.11
        active = 1
    }
    server web2 {
        address = 10.60.0.12
        active = 1
    }
}
""" % VIP

UDP_SERVER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 5353))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(100)
    s.sendto(sys.argv[2].encode(), peer)
"""

UDP_CLIENT = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.connect((sys.argv[1], 5353))
for line in sys.stdin:
    try:
        s.send(b"x")
        print(s.recv(100).decode(), flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
"""


@pytest.fixture(name="names")
def udp_world(world):
    """The world with two UDP servers, and a client that keeps its port."""
    servers = {}
    for n in (1, 2):
        argv = [sys.executable, "-c", UDP_SERVER, "10.60.0.1%d" % n, "web%d" % n]
        # pylint: disable=consider-using-with
        servers["web%d" % n] = subprocess.Popen(world.within("web%d" % n, argv), stdout=subprocess.PIPE, text=True)
        assert servers["web%d" % n].stdout.readline() == "ready\n"
    # pylint: disable=consider-using-with
    client = subprocess.Popen(world.within("client", [sys.executable, "-c", UDP_CLIENT, VIP]), text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield world, servers, client
    finally:
        for process in list(servers.values()) + [client]:
            process.kill()
            process.wait()


def test_udp_client_with_one_port_leaves_a_dead_server(names):
    world, servers, client = names
    world.start(conf(UDP))
    first = say(client, "")
    assert first in servers and say(client, "") == first
    servers[first].kill()
    wait_for(lambda: world.server(first)["state"] == "down", "its server to leave")
    assert say(client, "") in set(servers) - {first}


def test_stop_leaves_no_binding_for_the_next_start(names):
    world, servers, client = names
    world.start(conf(UDP))
    first = say(client, "")
    assert first in servers
    world.lvsd("--stop")
    world.start(conf(UDP.replace("address = 10.60.0.1%s\n        active = 1" % first[3:],
                                 "address = 10.60.0.1%s\n        active = 0" % first[3:])))
    assert say(client, "") in set(servers) - {first}


def test_ports_of_one_mark_meet_one_server(world):
    subprocess.run(world.within("dir", ["nft", "-f", "-"]), check=True, text=True, input="""
table ip marks {
    chain pre {
        type filter hook prerouting priority mangle
        ip daddr %s tcp dport { 80, 8080 } meta mark set 7
    }
}
""" % VIP)
    for n in (1, 2, 3):
        # A second port of each real server.
        argv = [sys.executable, HTTP, "serve", "web%d" % n, "10.60.0.1%d" % n, "8080"]
        # pylint: disable=consider-using-with
        world.web[n + 10] = subprocess.Popen(world.within("web%d" % n, argv))
        wait_for(lambda n=n: world.connects("web%d" % n, "10.60.0.1%d" % n, 8080), "the second port of web%d" % n)
    text = virtual({1: 1, 2: 1, 3: 1}, more="persistent = 60\n    fwmark = 7")
    world.start(conf(text, text.replace("virtual web", "virtual alt").replace("port = 80\n    sched",
                                                                              "port = 8080\n    sched")))
    answers = world.ask(4, 80) + world.ask(4, 8080)
    assert len(answers) == 1 and list(answers.values()) == [8]
    # Its check on one port fails: it serves on neither.
    number = int(list(answers)[0][3:])
    world.kill_web(number)
    wait_for(lambda: world.server("web%d" % number)["state"] == "down", "its server to leave")
    assert "web%d" % number not in world.ask(4, 8080)


SIX_SERVER = """
import socket, sys
s = socket.socket(socket.AF_INET6)
s.bind((sys.argv[1], 80))
s.listen()
print("ready", flush=True)
while True:
    c, _ = s.accept()
    c.send(sys.argv[2].encode())
    c.close()
"""

SIX_CLIENT = """
import socket, sys
for _ in range(int(sys.argv[2])):
    with socket.create_connection((sys.argv[1], 80), 5) as s:
        print(s.recv(100).decode())
"""


def test_ipv6(world):
    world.ip("addr", "add", "fd50::20/64", "dev", "eth0", "nodad", space="client")
    world.ip("addr", "add", "fd50::1/64", "dev", "eth0", "nodad", space="dir")
    for n in (1, 2):
        world.kill_web(n)
        world.ip("addr", "add", "fd60::1%d/64" % n, "dev", "eth0", "nodad", space="web%d" % n)
        world.ip("route", "add", "default", "via", "fd60::fe", space="web%d" % n)
        argv = [sys.executable, "-c", SIX_SERVER, "fd60::1%d" % n, "web%d" % n]
        # pylint: disable=consider-using-with
        world.web[n] = subprocess.Popen(world.within("web%d" % n, argv), stdout=subprocess.PIPE, text=True)
        assert world.web[n].stdout.readline() == "ready\n"
    text = virtual({1: 1, 2: 1}, vip="fd50::100").replace("255.255.255.0", "64").replace("10.60.0.1", "fd60::1")
    text = text.replace("    expect = \"HTTP\"\n", "    expect = \"web\"\n").replace("eth0:1", "eth0")
    world.start("network = nat\nnat_router = fd60::fe eth1\nnat_nmask = 64\n" + text)
    asked = subprocess.run(world.within("client", [sys.executable, "-c", SIX_CLIENT, "fd50::100", "6"]), check=True,
                           text=True, stdout=subprocess.PIPE)
    assert collections.Counter(asked.stdout.split()) == {"web1": 3, "web2": 3}
    assert {s["state"] for s in world.status()["virtuals"][0]["servers"]} <= {"up", "trusted"}


def test_source_hash_keeps_a_client_at_its_server(world):
    world.start(conf(virtual({1: 1, 2: 1, 3: 1}, scheduler="sh")))
    answers = world.ask(6)
    assert len(answers) == 1 and "failed" not in answers


def agent(world, action, **parameters):
    """The resource agent as rgmanager runs it: with OCF_ variables and nothing else (but where the test's files are)."""
    env = {"OCF_RESKEY_" + k: v for k, v in parameters.items()}
    env.update({k: v for k, v in world.env.items() if k.startswith("HAWSER_")})
    return subprocess.run(world.within("dir", [AGENT, action]), env=env, check=False, text=True, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_agent_from_start_to_stop(world):
    world.write(conf(virtual({1: 1})))
    me = {"name": "lvs", "file": world.conf}
    assert agent(world, "status", **me).returncode == 7
    assert agent(world, "stop", **me).returncode == 0
    assert agent(world, "validate-all", **me).returncode == 0
    assert agent(world, "start", **me).returncode == 0
    assert world.ask(1) == {"web1": 1}
    pid = world.status()["pid"]
    assert agent(world, "start", **me).returncode == 0
    assert world.status()["pid"] == pid
    assert agent(world, "status", **me).returncode == 0
    world.write(conf(virtual({2: 1})))
    assert agent(world, "reconfig", **me).returncode == 0
    wait_for(lambda: world.ask(1) == {"web2": 1}, "the new configuration")
    subprocess.run(world.within("dir", ["nft", "flush", "ruleset"]), check=True)
    assert agent(world, "status", **me).returncode == 1
    assert agent(world, "recover", **me).returncode == 0
    assert agent(world, "status", **me).returncode == 0
    # Stop needs no configuration.
    os.unlink(world.conf)
    assert agent(world, "stop", **me).returncode == 0
    assert agent(world, "status", **me).returncode == 7
    assert VIP not in world.addresses("eth0")


def test_agent_start_after_a_crash_of_the_daemon_cleans_up(world):
    world.write(conf(virtual({1: 1})))
    me = {"name": "lvs", "file": world.conf}
    assert agent(world, "start", **me).returncode == 0
    os.kill(world.status()["pid"], signal.SIGKILL)
    world.write(conf(virtual({1: 1}, vip="10.50.0.101")))
    assert agent(world, "start", **me).returncode == 0
    assert "10.50.0.101/" in world.addresses("eth0") and VIP + "/" not in world.addresses("eth0")


def test_agent_refuses_what_cannot_work(world):
    world.write("virtual web {\n  active = 2\n}\n")
    faulty = agent(world, "start", name="lvs", file=world.conf)
    assert faulty.returncode == 1 and "lvs.cf:2: boolean expected" in faulty.stderr
    assert agent(world, "validate-all", name="lvs", file=world.conf).returncode == 6
    assert agent(world, "start", name="lvs", file="/no/such/file").returncode == 6
    assert agent(world, "start", file=world.conf).returncode == 2
    assert agent(world, "start", name="a b", file=world.conf).returncode == 2
    assert agent(world, "dance", name="lvs").returncode == 3
    assert "<resource-agent name=\"lvs\"" in agent(world, "meta-data").stdout


def test_agent_with_the_configuration_in_cluster_conf(world):
    text = conf(virtual({1: 1})).replace("\n", " ; ").replace("{ ;", "{")
    assert agent(world, "start", name="lvs", config=text).returncode == 0
    assert world.ask(1) == {"web1": 1}
    pid = world.status()["pid"]
    assert agent(world, "reconfig", name="lvs", config=text.replace("10.60.0.11", "10.60.0.12")).returncode == 0
    wait_for(lambda: world.ask(1) == {"web2": 1}, "the new configuration")
    assert world.status()["pid"] == pid
    faulty = agent(world, "reconfig", name="lvs", config="nonsense = 1")
    assert faulty.returncode == 6 and "unknown command" in faulty.stderr
    # From the attribute to a file: another path, so another daemon.
    world.write(conf(virtual({3: 1})))
    assert agent(world, "reconfig", name="lvs", file=world.conf).returncode == 0
    assert world.ask(1) == {"web3": 1}
    assert world.status()["pid"] != pid
    assert agent(world, "stop", name="lvs", config=text).returncode == 0

# SPDX-License-Identifier: GPL-2.0-or-later
"""libcman on a real corosync: every call, by a program built against the installed header alone (libcman_client.c)."""
import os
import re
import select
import signal
import subprocess
import time

import pytest
from hawserlab import Lab, wait_for
from hawserlab.lab_cluster import STAGE
from hawserlab.lab_conf import plain_corosync
from hawserlab.lab_rest import is_at_rest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = "/var/lib/libcman_client"
PID_FILE = "/run/corosync.pid"

pytestmark = pytest.mark.needs("cman_tool", "include/libcman.h", "lib/libcman.so")


class Client:
    """One such program in a node. What its callbacks print is kept in `heard`."""

    def __init__(self, node, *handles):
        self.node = node
        self.child = subprocess.Popen(node.command([PROGRAM]), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rest = b""
        self.heard = []
        self.answers = []
        for handle in handles:
            assert self.ask("open " + handle) == "0 0"

    def _read(self, seconds):
        if not select.select([self.child.stdout], [], [], max(seconds, 0))[0]:
            return False
        got = os.read(self.child.stdout.fileno(), 65536)
        assert got, "the program has ended: %s; it heard %s" % (self.child.wait(5), self.heard)
        *lines, self.rest = (self.rest + got).split(b"\n")
        for line in lines:
            mark, text = line.decode()[0], line.decode()[2:]
            (self.heard if mark == "!" else self.answers).append(text)
        return True

    def post(self, line):
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()

    def answer(self, timeout=15):
        end = time.monotonic() + timeout
        while not self.answers:
            assert self._read(end - time.monotonic()) or time.monotonic() < end, "no answer; heard %s" % self.heard
        return self.answers.pop(0)

    def ask(self, line, timeout=15):
        self.post(line)
        return self.answer(timeout)

    def wait(self, wanted, timeout=30):
        """Until a callback has printed something that the expression matches in full; what came before is dropped."""
        end = time.monotonic() + timeout
        while True:
            while self.heard:
                text = self.heard.pop(0)
                if re.fullmatch(wanted, text):
                    return text
            assert self._read(end - time.monotonic()) or time.monotonic() < end, "nothing like " + wanted

    def quiet(self):
        """What has come so far: all of it was on its way before the answer to a question."""
        self.ask("quorate")
        heard, self.heard = self.heard, []
        return heard

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


@pytest.fixture(name="lab", scope="module")
def one_lab(tmp_path_factory):
    program = str(tmp_path_factory.mktemp("client") / "client")
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I" + STAGE + "/include",
                    "-o", program, HERE + "/libcman_client.c", "-L" + STAGE + "/lib", "-Wl,-rpath," + STAGE + "/lib",
                    "-lcman"], check=True)
    with Lab(3, stage=STAGE) as lab:
        with open(program, "rb") as f:
            text = f.read()
        for node in lab.nodes:
            node.write("/etc/hawser-lab/skip", "ccsd cman_tool fenced fence_tool rgmanager\n")
            node.write(PROGRAM, text, 0o755)
        yield lab


DEVICE = "  expected_votes: 4\n  device {\n    model: disk\n    votes: 1\n    timeout: %d\n    sync_timeout: 60000\n  }\n"


def conf(version=7, device=None):
    """device: milliseconds after which a vote of the quorum device ends."""
    # totem's own version stays the same: corosync ends a node that comes back with a lower one.
    text = plain_corosync() + "hawser {\n  config_version: %d\n}\n" % version
    return text.replace("corosync_votequorum\n", "corosync_votequorum\n" + DEVICE % device) if device else text


@pytest.fixture(name="nodes")
def fresh_nodes(lab):
    lab.heal()
    for node in lab.nodes:
        if node.is_up():
            node.crash()
    lab.boot()
    return lab.nodes


@pytest.fixture(name="clients")
def ended_clients():
    made = []

    def make(node, *handles):
        made.append(Client(node, *handles))
        return made[-1]
    yield make
    for client in made:
        client.close()


def start(*nodes, device=None):
    for node in nodes:
        node.write("/etc/corosync/corosync.conf", conf(device=device))
        node.run("setsid", "corosync", check=True)
    for node in nodes:
        wait_for(lambda n=node: "Nodes:            %d\n" % len(nodes) in n.run("corosync-quorumtool", "-s").out,
                 "%d members as seen by %s" % (len(nodes), node.name), timeout=30, every=0.05)


def shorten_the_question(node):
    """corosync waits so long for the answers of its clients, in place of 5 s."""
    node.run("corosync-cmapctl", "-s", "cfg.shutdown_timeout", "u32", "1500", check=True)


def stop(node):
    node.run("corosync-cfgtool", "-H", check=True)
    wait_for(lambda: not node.pids_of("corosync"), "corosync's end", timeout=20)


def test_questions(nodes, clients):
    n1 = nodes[0]
    assert clients(n1).ask("open plain") == "-1 ECONNREFUSED"
    assert clients(n1).ask("open admin") == "-1 ECONNREFUSED"
    start(*nodes)
    stop(nodes[2])
    c = clients(n1, "plain", "admin")
    assert c.ask("private") == "0 0"
    assert c.ask("active") == "1 0"
    assert c.ask("count") == "3 0"
    assert int(c.ask("subsystems").split()[0]) > 0
    wait_for(lambda: c.ask("nodes 64").count("member=1") == 2, "two members", timeout=20)
    assert c.ask("nodes 64") == ("0 0 n=3 [1 n1 member=1 joined=1 inc=1 at=10.77.1.1]"
                                 " [2 n2 member=1 joined=0 inc=1 at=10.77.1.2]"
                                 " [3 n3 member=0 joined=0 inc=1 at=10.77.1.3]")
    assert c.ask("nodes 2") == "-1 E2BIG n=-1"
    assert c.ask("nodes 0").startswith("-1 EINVAL")
    assert c.ask("disallowed") == "0 0 n=0"
    assert c.ask("node 0 -").startswith("0 0 [1 n1 ")
    assert c.ask("node 99 n2").startswith("0 0 [2 n2 ")
    assert c.ask("node 3 -").startswith("0 0 [3 n3 member=0")
    assert c.ask("node 9 -") == "-1 ENOENT"
    assert c.ask("node 1 nobody") == "-1 ENOENT"
    assert c.ask("node -1 -") == "-1 ENOENT"
    assert c.ask("node-extra 2") == "0 0 id=2 state=2 votes=1 expected=3 reason=0"
    assert c.ask("node-extra 3").startswith("0 0 id=3 state=3 ")
    assert c.ask("node-extra 9").startswith("-1 ENOENT")
    assert c.ask("addrs 2 8") == "0 0 n=1 10.77.1.2"
    assert c.ask("addrs 2 0") == "0 0 n=1"
    assert c.ask("addrs 9 8").startswith("-1 ENOENT")
    assert c.ask("quorate") == "1 0"
    assert c.ask("versions") == "0 0 6.2.0 config 7 cluster lab 724 generation 1"
    assert c.ask("extra 4096") == ("0 0 state=2 flags=0 votes=1 total=2 expected=3 quorum=2 members=2 addresses=1"
                                   " - 10.77.1.1 ports 0")
    assert c.ask("extra 100").endswith("members=2 addresses=0 ports 0")
    assert c.ask("extra 10") == "-1 EINVAL"
    assert c.ask("device").startswith("-1 ENOENT")
    # fenced does not run
    assert c.ask("fenceinfo 2").startswith("-1 ECONNREFUSED")
    assert c.ask("barrier") == "0 0"
    assert c.ask("finish plain") == "0 0"
    assert c.ask("finish admin") == "0 0"


def test_each_kind_of_handle_has_its_own_calls(nodes, clients):
    start(nodes[0])
    c = clients(nodes[0], "plain", "admin")
    assert c.ask("votes 2 0 plain") == "-1 EPERM"
    assert c.ask("notify admin") == "-1 EINVAL"
    assert c.ask("finish plain") == "0 0"
    for line in ("count", "bind 11", "dispatch 0", "reply 1"):
        assert c.ask(line).startswith("-1 EINVAL"), line


def test_changes(nodes, clients):
    start(*nodes)
    c = clients(nodes[0], "plain", "admin")
    assert c.ask("votes 3 2") == "0 0"
    wait_for(lambda: "votes=3" in c.ask("node-extra 2"), "three votes", timeout=10)
    assert c.ask("votes 2 0") == "0 0"
    assert "votes=2 total=6 expected=6" in c.ask("extra 4096")
    for line in ("votes 0 2", "votes 1 9", "votes -1 1", "expected 0", "expected 50"):
        assert c.ask(line) == "-1 EINVAL", line
    assert c.ask("expected 8") == "0 0"
    assert "expected=8" in c.ask("extra 4096")
    assert c.ask("set-version 0") == "0 0"
    assert c.ask("set-version 7") == "0 0"
    assert c.ask("set-version 8") == "-1 ENOSYS"
    assert c.ask("dirty") == "0 0"
    assert "flags=16 " in c.ask("extra 4096")
    assert "\nFlags: HaveState \n" in nodes[0].run("cman_tool", "status", check=True).out
    assert c.ask("debug 8") == "0 0"
    wait_for(lambda: "debug" in nodes[0].log("corosync.log"), "debug messages", timeout=10)
    assert c.ask("debug 0") == "0 0"
    assert c.ask("fenced 2") == "-1 ECONNREFUSED"
    assert c.ask("kill 9") == "-1 EINVAL"
    assert c.ask("kill 3") == "0 0"
    wait_for(lambda: not nodes[2].pids_of("corosync"), "node 3 to be ordered out", timeout=20)
    wait_for(lambda: c.ask("kill 3") == "-1 EINVAL", "node 3 to be no member", timeout=20)


def test_notifications(nodes, clients):
    n1, n2, n3 = nodes
    start(n1, n2)
    c = clients(n1, "plain", "admin")
    assert c.ask("notify") == "0 0"
    assert c.ask("confchg") == "0 0"
    assert c.wait("confchg.*") == "confchg members=1,2 left= joined="
    assert c.quiet() == []
    assert c.ask("inside 1") == "0 0"
    start_one = conf()
    n3.write("/etc/corosync/corosync.conf", start_one)
    n3.run("setsid", "corosync", check=True)
    c.wait("confchg members=1,2,3 left= joined=3")
    c.wait("event 1 1 quorate 1")
    n3.crash()
    c.wait("confchg members=1,2 left=3 joined=")
    c.wait("event 1 1 quorate 1")
    n2.kill("corosync")
    c.wait("confchg members=1 left=2 joined=")
    c.wait("event 1 0 quorate 0")
    # Quorum alone.
    assert c.ask("expected 1") == "0 0"
    c.wait("event 1 1 quorate 1")
    # The configuration: once for a new version, not for the same one.
    n1.write("/etc/corosync/corosync.conf", conf(8))
    n1.run("corosync-cfgtool", "-R", check=True)
    c.wait("event 4 8 .*")
    assert "config 8 " in c.ask("versions")
    n1.run("corosync-cfgtool", "-R", check=True)
    assert c.ask("no-confchg") == "0 0"
    assert c.ask("no-notify") == "0 0"
    assert [h for h in c.quiet() if h.startswith("event 4")] == []
    n1.write("/etc/corosync/corosync.conf", conf(9))
    n1.run("corosync-cfgtool", "-R", check=True)
    wait_for(lambda: "config 9 " in c.ask("versions"), "the next version", timeout=20)
    assert c.quiet() == []


def test_shutdown_is_asked_for(nodes, clients):
    start(nodes[0])
    shorten_the_question(nodes[0])
    asker = clients(nodes[0], "admin")
    a, b = clients(nodes[0], "plain"), clients(nodes[0], "plain")
    for c in (a, b):
        assert c.ask("notify") == "0 0"
    assert a.ask("reply 1") == "-1 ENOENT"
    a.ask("answer 1")
    b.ask("answer 0")
    assert asker.ask("shutdown 0") == "-1 EBUSY"
    a.wait("event 3 0")
    b.wait("event 3 0")
    # One that does not answer, and a second request meanwhile.
    b.ask("answer -1")
    asker.post("shutdown 0")
    b.wait("event 3 0")
    assert clients(nodes[0], "admin").ask("shutdown 0") == "-1 EALREADY"
    assert asker.answer() == "-1 EBUSY"
    assert nodes[0].pids_of("corosync")
    # Who has gone, or wants no notifications any more, has nothing against it.
    asker.post("shutdown 0")
    b.wait("event 3 0")
    assert b.ask("no-notify") == "0 0"
    assert asker.answer() == "0 0"
    for c in (a, b):
        c.wait("end EHOSTDOWN")
    wait_for(lambda: not nodes[0].pids_of("corosync"), "corosync's end", timeout=20)
    assert asker.ask("expected 1") == "-1 EHOSTDOWN"


def test_shutdown_anyway_and_leave(nodes, clients):
    start(*nodes)
    shorten_the_question(nodes[0])
    a = clients(nodes[0], "plain", "admin")
    assert a.ask("shutdown 64") == "-1 EINVAL"
    assert a.ask("leave 9") == "-1 EINVAL"
    assert a.ask("notify") == "0 0"
    # The same process asks and is asked: its own answer comes only after its own call.
    assert a.ask("shutdown 0") == "-1 EBUSY"
    a.wait("event 3 0")
    b = clients(nodes[1], "plain", "admin")
    # The node goes, and the others expect its vote no more.
    assert a.ask("no-notify") == "0 0"
    assert a.ask("shutdown 2") == "0 0"
    wait_for(lambda: "members=2" in b.ask("extra 4096"), "the first one to leave", timeout=20)
    assert "total=2 expected=2 quorum=2" in b.ask("extra 4096")
    c = clients(nodes[2], "plain", "admin")
    assert c.ask("notify") == "0 0"
    assert c.ask("answer 0") == "0 0"
    assert clients(nodes[2], "admin").ask("shutdown 1") == "0 0"
    c.wait("event 3 1")
    c.wait("end EHOSTDOWN")
    assert b.ask("leave 16") == "0 0"
    wait_for(lambda: not nodes[1].pids_of("corosync"), "corosync's end", timeout=20)


def test_messages_to_ports(nodes, clients):
    n1, n2, n3 = nodes
    start(*nodes)
    a, b, watcher = clients(n1, "plain"), clients(n2, "plain"), clients(n3, "plain")
    assert watcher.ask("notify") == "0 0"
    assert watcher.ask("listening 1 11") == "0 0"
    assert a.ask("bind 0") == "-1 EINVAL"
    assert a.ask("bind 11") == "0 0"
    assert a.ask("bind 12") == "-1 EINVAL"
    watcher.wait("event 2 11")
    assert watcher.ask("listening 1 11") == "1 0"
    assert watcher.ask("listening 2 11") == "0 0"
    assert watcher.ask("listening 9 11") == "-1 ENOENT"
    assert a.ask("listening 0 11") == "1 0"
    assert "ports 0 11" in clients(n1, "plain").ask("extra 4096")
    assert "\nPorts Bound: 0 11  \n" in n1.run("cman_tool", "status", check=True).out
    # Another process of this node may not have it, one of another node may.
    other = clients(n1, "plain")
    assert other.ask("bind 11") == "-1 EADDRINUSE"
    assert other.ask("bind 12") == "0 0"
    assert b.ask("bind 11") == "0 0"
    # To one node, to all (this one included), from who is bound and from who is not.
    assert a.ask("send 11 2 hello") == "0 0"
    assert b.wait("data.*") == "data from 1 port 11 len 5 hello"
    assert watcher.ask("send 11 0 all") == "0 0"
    for c in (a, b):
        assert c.wait("data.*") == "data from 3 port 0 len 3 all"
    assert other.quiet() == []
    assert a.ask("send 11 1 myself") == "0 0"
    assert a.wait("data.*") == "data from 1 port 11 len 6 myself"
    assert a.ask("send 11 2 #1500") == "0 0"
    assert b.wait("data.*").startswith("data from 1 port 11 len 1500 xxx")
    assert a.ask("send 11 2 #0") == "0 0"
    assert b.wait("data.*") == "data from 1 port 11 len 0 "
    assert a.ask("send 11 2 #1501") == "-1 EINVAL"
    assert a.ask("send 0 2 x") == "-1 EINVAL"
    # One order for all.
    a.post("flood 11 200")
    b.post("flood 11 200")
    assert a.answer(60) == b.answer(60) == "0 0"
    heard = []
    for c in (a, b):
        heard.append([c.wait("data.*") for _ in range(400)])
    assert heard[0] == heard[1]
    # Closed by its program, by the program's end, by the node's end.
    assert other.ask("unbind") == "0 0"
    assert other.ask("unbind") == "-1 EINVAL"
    watcher.wait("event 0 12")
    assert other.ask("bind 12") == "0 0"
    watcher.wait("event 2 12")
    assert n1.kill("libcman_client") == 3
    watcher.wait("event 0 1[12]")
    watcher.wait("event 0 1[12]")
    assert watcher.ask("listening 1 11") == "0 0"
    again = clients(n1, "plain")
    assert again.ask("bind 11") == "0 0"
    n2.crash()
    watcher.wait("event 0 11")
    wait_for(lambda: watcher.ask("listening 2 11") == "-1 ENOTCONN", "node 2 to be gone", timeout=20)


def test_a_stopped_process_is_not_known(nodes, clients):
    start(*nodes[:2])
    a = clients(nodes[0], "plain")
    assert a.ask("bind 11") == "0 0"
    nodes[0].kill("libcman_client", signal.SIGSTOP)
    b = clients(nodes[1], "plain")
    assert b.ask("listening 1 11") == "-1 EBUSY"
    nodes[0].kill("libcman_client", signal.SIGCONT)
    a.child.send_signal(signal.SIGCONT)    # nsenter stops with its child
    wait_for(lambda: b.ask("listening 1 11") == "1 0", "the stopped one to go on", timeout=20)


def test_quorum_device(nodes, clients):
    n1, n2, n3 = nodes
    start(*nodes, device=600000)
    c = clients(n1, "plain", "admin")
    assert c.ask("poll 1") == "-1 ENOENT"
    assert c.ask("unregister") == "-1 ENOENT"
    assert c.ask("register n2 1") == "-1 EALREADY"
    assert c.ask("register disk 5") == "-1 EINVAL"
    assert c.ask("register disk 1") == "0 0"
    assert c.ask("register other 1") == "-1 EBUSY"
    assert c.ask("register disk 0") == "0 0"
    assert c.ask("device") == "0 0 name=disk state=3 votes=1"
    assert c.ask("poll 1") == "0 0"
    assert c.ask("device") == "0 0 name=disk state=2 votes=1"
    assert "total=4 expected=4 quorum=3" in c.ask("extra 4096")
    assert c.ask("count") == "4 0"
    assert c.ask("nodes 64").startswith("0 0 n=4 [0 disk member=1 ")
    assert c.ask("node -1 -").startswith("0 0 [0 disk member=1")
    assert c.ask("unregister") == "-1 EBUSY"
    assert c.ask("update disk2 1") == "0 0"
    assert c.ask("device").startswith("0 0 name=disk2 ")
    # The vote outlives the loss of a node, though corosync wants it polled anew and would wait a minute for that.
    assert c.ask("poll 1") == "0 0"
    n3.crash()
    wait_for(lambda: "members=2" in c.ask("extra 4096"), "node 3 to be gone", timeout=30)
    wait_for(lambda: "total=3 " in c.ask("extra 4096"), "the vote in the new ring", timeout=20)
    assert c.ask("poll 1") == "0 0"
    n2.crash()
    wait_for(lambda: "members=1" in c.ask("extra 4096"), "node 2 to be gone", timeout=30)
    wait_for(lambda: "total=2 " in c.ask("extra 4096"), "the vote in the new ring", timeout=20)
    assert c.ask("poll 0") == "0 0"
    assert "total=1 " in c.ask("extra 4096")
    assert c.ask("unregister") == "0 0"
    assert c.ask("poll 1") == "-1 ENOENT"


def test_a_vote_that_is_not_repeated_ends(nodes, clients):
    start(nodes[0], device=1500)
    c = clients(nodes[0], "plain", "admin")
    assert c.ask("register disk 1") == "0 0"
    assert c.ask("poll 1") == "0 0"
    wait_for(lambda: "total=2 " in c.ask("extra 4096"), "the vote", timeout=10)
    wait_for(lambda: "total=1 " in c.ask("extra 4096"), "the vote's end", timeout=30)


def test_no_quorum_device_configured(nodes, clients):
    start(nodes[0])
    assert clients(nodes[0], "admin").ask("register disk 1") == "-1 ENOSYS"


def test_corosync_dies_and_returns(nodes, clients):
    n1 = nodes[0]
    start(n1)
    plain, bound, lazy = clients(n1, "plain", "admin"), clients(n1, "plain"), clients(n1, "plain")
    assert plain.ask("notify") == "0 0"
    assert bound.ask("bind 11") == "0 0"
    assert n1.kill("corosync") == 1
    for c in (plain, bound, lazy):
        c.wait("end EHOSTDOWN")
        assert c.ask("dispatch 0") == "-1 EHOSTDOWN"
        assert c.ask("quorate") == "-1 EHOSTDOWN"
    assert plain.ask("expected 1") == "-1 EHOSTDOWN"
    assert bound.ask("send 11 0 x") == "-1 EHOSTDOWN"
    # The programs wait at rest: no descriptor of the library keeps them busy, and no thread of it looks again and again.
    for pid in n1.pids_of("libcman_client"):
        wait_for(lambda p=pid: is_at_rest(p, for_ever=True), "the program to be at rest", timeout=20)
    assert bound.ask("finish plain") == "0 0"
    assert bound.ask("open plain") == "-1 ECONNREFUSED"
    n1.run("setsid", "corosync", check=True)
    wait_for(lambda: bound.ask("open plain") == "0 0", "corosync to take clients again", timeout=20)
    wait_for(lambda: bound.ask("active") == "1 0", "corosync to be ready", timeout=20)
    assert bound.ask("bind 11") == "0 0"
    assert plain.ask("active") == "-1 EHOSTDOWN"


def test_stopped_corosync_holds_nobody_up(nodes, clients):
    n1 = nodes[0]
    start(n1)
    c = clients(n1, "plain", "admin")
    assert c.ask("notify") == "0 0"
    assert n1.kill("corosync", signal.SIGSTOP)
    begun = time.monotonic()
    for line in ("quorate", "nodes 64", "votes 2 0", "bind 11", "reply 1", "listening 1 1"):
        assert c.ask(line).startswith(("-1 ETIMEDOUT", "-1 ENOENT")), line
    assert c.ask("shutdown 0") == "-1 ETIMEDOUT"
    other = clients(n1)
    assert other.ask("open plain") == "-1 ETIMEDOUT"
    # Six calls of 2 s each, one of 8 and a start, on a machine that does other things as well.
    assert time.monotonic() - begun < 60
    n1.kill("corosync", signal.SIGCONT)
    wait_for(lambda: c.ask("active") == "1 0" and c.ask("quorate").startswith(("0 ", "1 ")), "corosync to go on",
             timeout=30)


def test_a_program_that_does_not_read_is_given_up(nodes, clients):
    start(nodes[0])
    c, sender = clients(nodes[0], "plain"), clients(nodes[0], "plain")
    assert c.ask("bind 11") == "0 0"
    assert c.ask("hold") == "0 0"
    assert sender.ask("flood 11 1000", timeout=60) == "0 0"
    assert c.ask("quorate") == "0 0"
    assert sender.ask("flood 11 100", timeout=60) == "0 0"
    wait_for(lambda: c.ask("quorate") == "-1 EHOSTDOWN", "the full one to be given up", timeout=20)
    assert c.ask("go") == "0 0"
    assert [c.wait("data.*") for _ in range(1024)][-1].endswith(" m23")
    c.wait("end EHOSTDOWN")


def test_a_child_goes_on_with_its_parents_handles(nodes, clients):
    start(*nodes[:2])
    c = clients(nodes[0], "plain", "admin")
    assert c.ask("notify") == "0 0"
    assert c.ask("fork") == "0 0"
    assert "child quorate 1 0" in c.heard and "child nodes 3 0" in c.heard
    # The parent's are what they were.
    c.heard.clear()
    nodes[1].kill("corosync")
    c.wait("event 1 0")


def test_a_child_does_not_keep_its_parents_port(nodes, clients):
    """A program that has started another one, as daemons do, and ends: corosync and the others see it go."""
    start(*nodes[:2])
    watcher, c = clients(nodes[1], "plain"), clients(nodes[0], "plain")
    assert watcher.ask("notify") == "0 0"
    assert c.ask("bind 11") == "0 0"
    watcher.wait("event 2 11")
    c.post("orphan")
    watcher.wait("event 0 11")
    assert nodes[0].pids_of("libcman_client")
    assert clients(nodes[0], "plain").ask("bind 11") == "0 0"


def test_a_handle_from_the_very_start(nodes, clients):
    """corosync is there but has no ring yet: the handle is given, is not active, and becomes so."""
    n1 = nodes[0]
    n1.write("/etc/corosync/corosync.conf", conf())
    c = clients(n1)
    with subprocess.Popen(n1.command(["setsid", "corosync", "-f"])):
        wait_for(lambda: c.ask("open plain") == "0 0", "a handle", timeout=20, every=0.005)
        wait_for(lambda: c.ask("active") == "1 0", "the first ring", timeout=20, every=0.005)
        assert c.ask("count") == "3 0"
        n1.kill("corosync")

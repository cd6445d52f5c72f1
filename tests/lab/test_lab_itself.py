# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab keeps its own promises: nodes are separate, crashes are silent, BMCs really cut the power, nothing stays."""
import os
import signal
import subprocess
import sys
import tempfile
import time

import pytest
from hawserlab import Lab, LabError, lab_state, reap, wait_for
from hawserlab.lab_bmc import PASSWORD, USER
from hawserlab.lab_conf import plain_corosync
from hawserlab.lab_net import PRIVATE, PUBLIC
from hawserlab.lab_traffic import count_by_server


@pytest.fixture(name="lab", scope="module")
def one_lab():
    with Lab(3) as lab:
        yield lab


@pytest.fixture(name="nodes")
def three_running_nodes(lab):
    """All three nodes, freshly booted and healthy, whatever the test before did to them."""
    lab.heal()
    for node in lab.nodes:
        node.resume()
        node.set_boot_delay(0)
    lab.boot()
    return lab.nodes


def ipmi(node, target, *data, password=PASSWORD):
    """Send one chassis command from NODE to the BMC of TARGET, over the real LAN protocol."""
    return node.run("openipmicmd", "-k", "f 0 0 " + " ".join(map(str, data)), "lan", "-U", USER, "-P", password,
                    "-p", "623", target.bmc.address, timeout=20)


def pings(node, address):
    return node.run("ping", "-c1", "-W1", address).code == 0


def test_nodes_are_separate(nodes):
    n1, n2 = nodes[:2]
    for node in (n1, n2):
        assert node.run("uname", "-n").out.strip() == node.name
        assert node.run("cat", "/proc/1/comm").out.strip() == "bash"
        assert node.run("ip", "-br", "addr", "show", "eth1").out.split()[2] == "10.77.1.%d/24" % node.number
    n1.run("sh", "-c", "echo mine >/tmp/a; echo mine >/run/a; echo mine >/dev/shm/a; echo mine >/etc/a", check=True)
    for folder in ("/tmp", "/run", "/dev/shm", "/etc"):
        assert n2.run("test", "-e", folder + "/a").code == 1
        assert not os.path.exists(folder + "/a")


def test_disk_survives_a_crash_and_memory_does_not(nodes):
    node = nodes[0]
    boots = node.boots()
    node.run("sh", "-c", "echo kept >/var/lib/kept; echo kept >/etc/kept; echo lost >/run/lost", check=True)
    node.crash()
    assert not node.is_up()
    node.boot()
    assert node.run("cat", "/var/lib/kept", "/etc/kept").out == "kept\nkept\n"
    assert node.run("test", "-e", "/run/lost").code == 1
    assert node.boots() == boots + 1


def test_run_has_a_deadline_and_ends_the_command(nodes):
    node = nodes[0]
    result = node.run("sh", "-c", "echo begun; exec sleep 1000", timeout=0.5)
    assert result.code is None and result.out == "begun\n"
    wait_for(lambda: not [p for p in lab_state.cgroup_pids(node.cgroup)
                          if b"1000" in open("/proc/%d/cmdline" % p, "rb").read()], "the command to be gone")


def test_run_does_not_wait_for_a_daemon_that_keeps_stdout(nodes):
    assert nodes[0].run("sh", "-c", "setsid sleep 100 & echo started", timeout=5).out == "started\n"


def test_a_crash_is_silent(nodes):
    """A TCP peer of a crashed node must see nothing: no FIN, no RST. The BMC still says "on"."""
    n1, n2 = nodes[:2]
    n2.run("sh", "-c", "setsid python3 -c 'import socket,time; s=socket.create_server((\"\",7000)); "
           "c,_=s.accept(); time.sleep(100)' >/dev/null 2>&1 &", check=True)
    wait_for(lambda: ":7000" in n2.run("ss", "-ltn").out or n2.run(
        "grep", "-q", ":1B58 ", "/proc/net/tcp").code == 0, "the server to listen")
    talk = ("import socket; s=socket.create_connection(('10.77.0.2',7000)); print('connected',flush=True)\n"
            "s.settimeout(2)\ntry: print('got', s.recv(1))\nexcept TimeoutError: print('silence')")
    with subprocess.Popen(n1.command(["python3", "-c", talk]), stdout=subprocess.PIPE, text=True) as peer:
        assert peer.stdout.readline() == "connected\n"
        n2.crash()
        assert peer.stdout.read() == "silence\n"
    assert n2.bmc_says_on() and not n2.is_up()
    assert n2.bmc.record()[-1][1] == "current lost"


def test_bmc_cuts_the_power_and_restores_it(nodes):
    n1, n2 = nodes[:2]
    assert ipmi(n1, n2, 1).out.split()[4:6] == ["00", "01"], "status: completion code 0, power on"
    begin = time.time()
    assert ipmi(n1, n2, 2, 0).out.split()[4] == "00"
    assert not n2.is_up() and not n2.bmc_says_on()
    assert ipmi(n1, n2, 1).out.split()[5] == "00"
    off = [t for t, text in n2.bmc.record() if text == "power off done"][-1]
    assert begin < off < time.time()
    assert ipmi(n1, n2, 2, 1).out.split()[4] == "00"
    n2.wait_up()
    wait_for(lambda: pings(n1, n2.address()), "n2 to answer")


def test_bmc_refuses_a_wrong_password(nodes):
    n1, n2 = nodes[:2]
    assert ipmi(n1, n2, 2, 0, password="wrong").code != 0
    assert n2.is_up() and n2.bmc_says_on()


def machines(node):
    """What stands for NODE's machine from power-on to power-off (node_power.sh NODEDIR run GENERATION)."""
    lines = [lab_state.read_file("/proc/%d/cmdline" % p) for p in lab_state.cgroup_pids(node.lab.helper_cgroup)]
    return [line for line in lines if "node_power.sh\0%s\0run\0" % node.folder in line]


def test_power_off_cancels_a_delayed_boot(nodes):
    n1, n2 = nodes[:2]
    n2.set_boot_delay(1)
    begin = time.time()
    ipmi(n1, n2, 2, 0)
    boots = n2.boots()
    ipmi(n1, n2, 2, 1)
    assert n2.bmc_says_on() and not n2.is_up()
    ipmi(n1, n2, 2, 0)
    n2.set_boot_delay(0)
    n2.power_on()
    n2.wait_up()
    # The cancelled one would boot when its time has come: it is over when its machine has ended.
    wait_for(lambda: len(machines(n2)) == 1, lambda: "the cancelled machine's end; there are %s" % machines(n2))
    assert n2.boots() == boots + 1
    assert [text for t, text in n2.bmc.record() if t > begin].count("machine starts") == 1


def test_a_node_that_resets_itself_boots_again(nodes):
    node = nodes[2]
    boots = node.boots()
    node.run("python3", "-c", "import ctypes; ctypes.CDLL(None).reboot(0x01234567)")
    wait_for(lambda: node.boots() == boots + 1 and node.is_up(), "the node to boot again")
    assert "machine reset itself" in [text for _, text in node.bmc.record()]


def test_pause_stops_everything_at_once(nodes):
    node, clock = nodes[:2]
    for one in (node, clock):
        one.run("sh", "-c", "setsid sh -c 'while :; do echo x >>/var/lib/beat; sleep 0.01; done' &", check=True)
    size = lambda one=node: len(one.read("/var/lib/beat"))  # noqa: E731
    for one in (node, clock):
        wait_for(lambda n=one: size(n), "the beat of " + one.name)

    def size_after(beats):
        """The node's, when another node has made so many of its own."""
        then = size(clock)
        wait_for(lambda: size(clock) > then + 2 * beats, "the beats of " + clock.name)
        return size()
    for stop, go in ((node.pause, node.resume), (node.stop_all, node.continue_all)):
        stop()
        before = size_after(10)    # what was being written when it stopped is there by then
        assert size_after(20) == before
        go()
        wait_for(lambda old=before: size() > old, "the beat to go on")


def test_cut_partition_and_one_way(lab, nodes):
    n1, n2, n3 = nodes
    n1.cut(PUBLIC)
    assert not pings(n1, n2.address()) and pings(n1, n2.address(PRIVATE))
    assert "NO-CARRIER" in n1.run("ip", "link", "show", "eth0").out
    n1.mend(PUBLIC)
    wait_for(lambda: pings(n1, n2.address()), "the mended cable")
    lab.partition([n1], [n2, n3])
    assert not pings(n1, n2.address()) and not pings(n3, n1.address(PRIVATE)) and pings(n2, n3.address())
    assert pings(n1, n2.bmc.address), "management stays: partitioned nodes can fence each other"
    lab.heal()
    assert pings(n1, n2.address())
    lab.switch.drop([("n1", "n2")])
    assert not pings(n1, n2.address()) and pings(n1, n3.address())
    lab.heal()


def test_corosync_forms_loses_and_regains_a_member(lab, nodes):
    def members(node):
        out = node.run("corosync-quorumtool", "-l").out
        return sorted(line.split()[2] for line in out.splitlines() if " n" in line)

    def start(node):
        node.write("/etc/corosync/corosync.conf", plain_corosync())
        node.run("setsid", "corosync", check=True)

    for node in nodes:
        start(node)
    for node in nodes:
        wait_for(lambda n=node: members(n) == ["n1", "n2", "n3"], "three members on " + node.name)
    nodes[2].crash()
    for node in nodes[:2]:
        wait_for(lambda n=node: members(n) == ["n1", "n2"], "two members on " + node.name)
    nodes[2].boot()
    start(nodes[2])
    wait_for(lambda: members(nodes[0]) == ["n1", "n2", "n3"], "the third member again")
    assert "corosync.log" in nodes[2].logs()
    with tempfile.TemporaryDirectory() as where:
        lab.collect(where)
        assert os.path.getsize(where + "/n3/corosync.log") > 0


def test_web_servers_behind_a_router(lab, nodes):
    """Client -> virtual address on a node -> real server -> back through the inside router address."""
    router = nodes[0]
    lab.add_web(3)
    client = lab.add_client()
    router.run("ip", "addr", "add", "10.77.0.200/24", "dev", "eth0", check=True)
    router.run("ip", "addr", "add", "10.77.3.254/24", "dev", "eth3", check=True)
    router.run("nft", "-f", "-", check=True, text="table ip t {\n chain c {\n  type nat hook prerouting priority "
               "-100\n  ip daddr 10.77.0.200 tcp dport 80 dnat to numgen inc mod 3 map "
               "{ 0 : 10.77.3.11, 1 : 10.77.3.12, 2 : 10.77.3.13 }\n }\n}\n")
    answers = client.ask("http://10.77.0.200/", 30)
    assert count_by_server(answers) == {"web1": 10, "web2": 10, "web3": 10}
    lab.web[0].stop()
    answers = client.ask("http://10.77.0.200/", 30)
    assert count_by_server(answers) == {"web2": 10, "web3": 10}
    assert [a.text for a in answers if not a.ok][0], "a refused request says why"
    lab.web[0].start()
    watch = client.watch("http://10.77.0.200/", interval=0.02, timeout=0.3)
    watch.first_good_after(0)
    when = time.time()
    router.crash()
    wait_for(lambda: watch.failed(when), "requests to fail")
    assert not [a for a in watch.stop() if a.ok and a.begin > when + 0.1]


def traces(name):
    """Everything a lab of that name could have left on this machine."""
    left = []
    if os.path.exists(os.path.join(lab_state.BASE, name)):
        left.append("folder")
    if os.path.exists(os.path.join(lab_state.cgroup_root(), lab_state.CGROUP_NAME, name)):
        left.append("cgroup")
    with open("/proc/self/mounts", encoding="utf-8") as f:
        left += [line for line in f if "/%s/" % name in line]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if "/%s/" % name in lab_state.read_file("/proc/%s/cmdline" % pid):
            left.append("process " + pid)
    return left


# A background job inherits an ignored SIGINT; the lab under test is to meet a user's Ctrl-C however the tests were started.
OTHER = """import signal, sys, time; sys.path.insert(0, %r)
signal.signal(signal.SIGINT, signal.default_int_handler)
from hawserlab import Lab
lab = Lab(2)
lab.boot()
lab.add_web(1)
print(lab.name, flush=True)
%s
"""


def other_lab(after="time.sleep(600)"):
    # pylint: disable=consider-using-with
    child = subprocess.Popen([sys.executable, "-c", OTHER % (os.path.dirname(__file__), after)],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return child, child.stdout.readline().strip()


def test_labs_run_side_by_side(lab, nodes):
    with Lab(2) as other:
        other.boot()
        assert other.name != lab.name
        assert pings(other.nodes[0], other.nodes[1].address()), "the same addresses, another switch"
        other.nodes[1].crash()
        assert not pings(other.nodes[0], other.nodes[1].address()) and pings(nodes[0], nodes[1].address())
    assert not traces(other.name) and nodes[0].is_up()


@pytest.mark.parametrize("after, number", [("time.sleep(600)", signal.SIGINT), ("time.sleep(600)", signal.SIGTERM),
                                           ("raise KeyError('x')", None)])
def test_nothing_stays_after(after, number):
    child, name = other_lab(after)
    assert name
    try:
        if number:
            assert traces(name)
            child.send_signal(number)
        child.wait(20)
        assert not traces(name)
    finally:
        child.kill()
        child.wait()
        reap()


def test_sigkill_leaves_work_for_the_next_start(monkeypatch):
    # Away from the other labs of this machine: one of them may start now, and would do the work.
    apart = "%s-%d" % (lab_state.BASE, os.getpid())
    monkeypatch.setenv("HAWSER_LAB_DIR", apart)
    monkeypatch.setattr(lab_state, "BASE", apart)
    child, name = other_lab()
    child.kill()
    child.wait()
    assert traces(name)
    assert name in reap()
    assert not traces(name) and not os.path.exists(apart)


def test_a_living_lab_is_not_reaped(lab, nodes):
    assert lab.name not in reap() and nodes[0].is_up()
    with pytest.raises(LabError, match="is there already"):
        Lab(1, name=lab.name)
    assert nodes[0].is_up()


def test_kept_lab_can_be_entered_and_stopped_by_another_process():
    child, name = other_lab("lab.keep()")
    child.wait(20)
    try:
        assert traces(name) and name not in reap()
        seen = Lab.attach(name)
        assert seen.node("n2").run("uname", "-n").out == "n2\n"
    finally:
        lab_state.remove_lab(name)
    assert not traces(name)


def test_build_tree_below_tmp_is_visible_in_a_node():
    with tempfile.TemporaryDirectory() as stage:
        os.makedirs(stage + "/sbin")
        with open(stage + "/sbin/hello", "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho hello from $(uname -n)\n")
        os.chmod(stage + "/sbin/hello", 0o755)
        with Lab(1, stage=stage) as lab:
            lab.boot()
            assert lab.nodes[0].run("hello").out == "hello from n1\n"
            # Of the machine's /tmp only what the lab needs: the stage, and our own tree if it lies there.
            needed = {path.split("/")[2] for path in (stage, os.path.abspath(__file__)) if path.startswith("/tmp/")}
            assert set(lab.nodes[0].run("ls", "/tmp").out.split()) == needed

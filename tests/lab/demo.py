# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo: a three-node cluster on this machine loses the machine that runs its LVS router. See ./demo --help."""
import argparse
import os
import shlex
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

# pylint: disable=wrong-import-position
from hawserlab import Lab, LabError, lab_cluster, lab_state, wait_for  # noqa: E402
from hawserlab.lab_conf import URL, VIP, sample  # noqa: E402
from hawserlab.lab_history import failover_stages  # noqa: E402
from hawserlab.lab_traffic import count_by_server  # noqa: E402

NAME = "demo"
SERVICE = "service:lvs"
WEIGHTS = {"web1": 3, "web2": 2, "web3": 1}
LOGS = lab_cluster.TOP + "/build/demo-logs"


class DemoFailure(Exception):
    """A step did not show what it should: what, why, what to do next."""


def say(text=""):
    print(text, flush=True)


def show(text):
    for line in text.rstrip("\n").splitlines():
        say("    " + line.rstrip())


class Demo:
    def __init__(self, cluster):
        self.cluster = cluster
        self.lab = cluster.lab
        self.client = self.lab.clients[0]
        self.step_number = 0
        self.begun = time.monotonic()

    def step(self, title):
        self.step_number += 1
        say("\n[%3d s] %d. %s" % (time.monotonic() - self.begun, self.step_number, title))

    @staticmethod
    def check(good, what, why, next_step="read the nodes' logs in %s" % LOGS):
        if not good:
            raise DemoFailure("%s: %s; %s" % (what, why, next_step))

    def tool(self, node, *argv, codes=(0,)):
        """Run one of our tools in a node and show it as an administrator would see it."""
        say("  %s# %s" % (node.name, shlex.join(argv)))
        result = node.run(*argv, timeout=60)
        show(result.out + result.err)
        self.check(result.code in codes, shlex.join(argv) + " failed",
                   "exit %s on %s" % (result.code, node.name))
        return result

    def run(self):
        self.form()
        self.balance()
        old, new = self.crash()
        self.served_by(new)
        self.comes_back(old, new)
        owner = self.relocate(new, old)
        self.web_server_dies(owner)
        say("\n[%3d s] All of it held." % (time.monotonic() - self.begun))

    def form(self):
        self.step("Three machines boot: corosync, ccsd, fenced, rgmanager on each; a BMC beside each")
        self.cluster.start()
        self.cluster.wait_service(SERVICE)
        wait_for(lambda: self.client.ask(URL, 1)[0].ok, "the first answer through " + VIP)
        self.tool(self.lab.nodes[0], "clustat")
        self.tool(self.lab.nodes[0], "fence_tool", "ls")

    def balance(self):
        self.step("A client asks 300 times through the virtual address %s; real servers weigh 3, 2, 1" % VIP)
        answers = self.client.ask(URL, 300)
        counts = count_by_server(answers)
        for name, weight in WEIGHTS.items():
            say("    %s  weight %d  answered %3d" % (name, weight, counts.get(name, 0)))
        self.check(sum(counts.values()) == 300, "requests failed",
                   "%d of 300 got no answer: %s" % (300 - sum(counts.values()),
                                                    [a.text for a in answers if not a.ok][:1]))
        for name, weight in WEIGHTS.items():
            self.check(abs(counts.get(name, 0) - 50 * weight) <= 15, "the spread is not by weight",
                       "%s answered %d times where %d were due" % (name, counts.get(name, 0), 50 * weight))

    def crash(self):
        old = self.cluster.owner(SERVICE)
        self.step("The power supply of %s, the router, fails. Its BMC knows nothing: it still says on" % old.name)
        watch = self.client.watch(URL, interval=0.01)
        watch.first_good_after(0)
        crash = time.time()
        old.crash()
        answer = watch.first_good_after(crash + 0.2)
        self.check(answer.end - crash > 0.5, "the crash was not real", "requests went on being answered")
        new_name = self.cluster.wait_service(SERVICE, away_from=old.name).owner
        watch.stop()
        stages = wait_for(lambda: self.complete(old, crash, answer.end), lambda: "all stages in the logs: %s"
                          % (failover_stages(self.lab, old, SERVICE, crash, answer.end),), timeout=5)
        self.timeline(stages, old)
        self.bmc_record(old, crash, stages)
        return old, self.lab.node(new_name)

    def complete(self, old, crash, answered):
        stages = failover_stages(self.lab, old, SERVICE, crash, answered)
        return stages if None not in stages else None

    def timeline(self, stages, old):
        rows = [("crash", stages.crash, "%s loses its power" % old.name),
                ("detected", stages.detected, "corosync: token lost, new membership; fenced has a victim"),
                ("fenced", stages.fenced, "by %s, %.0f ms after detection" % (
                    stages.fencer, (stages.fenced - stages.detected) * 1000)),
                ("decided", stages.decided, "rgmanager: %s starts on %s" % (SERVICE, stages.owner)),
                ("started", stages.started, "addresses, virtual servers and checks are up"),
                ("answered", stages.answered, "first good answer at the client")]
        before = stages.crash
        for name, when, text in sorted(rows, key=lambda row: row[1]):
            say("    %8.0f ms  (+%5.0f)  %-9s %s" % ((when - stages.crash) * 1000, (when - before) * 1000, name, text))
            before = when
        order = [when for _, when, _ in rows[:4]]
        self.check(order == sorted(order), "the order is wrong",
                   "the service was started before its old owner was known to be off")

    def bmc_record(self, old, crash, stages):
        say("  The record of %s's BMC:" % old.name)
        record = [(t, text) for t, text in old.bmc.record() if t >= crash]
        for when, text in record:
            say("    %8.0f ms  %s" % ((when - crash) * 1000, text))
        off = [t for t, text in record if text == "power off done"]
        self.check(off and off[0] <= stages.fenced, "the BMC was not switched off before the takeover",
                   "its record shows %s" % ("power off at +%.0f ms" % ((off[0] - crash) * 1000) if off else "no power off"))

    def served_by(self, new):
        self.step("%s is the router now" % new.name)
        self.tool(new, "ip", "-br", "-4", "addr", "show", "eth0")
        self.check(VIP + "/" in new.run("ip", "-4", "addr", "show", "eth0").out, "the address did not move",
                   "%s is not on %s" % (VIP, new.name))
        counts = count_by_server(self.client.ask(URL, 60))
        say("    60 requests: " + ", ".join("%s %d" % pair for pair in sorted(counts.items())))
        self.check(sum(counts.values()) == 60 and len(counts) == 3, "requests failed after the takeover", str(counts))

    def comes_back(self, old, new):
        self.step("%s, switched on again by its fencing, boots and is a member again" % old.name)
        self.cluster.wait_members()
        self.tool(old, "clustat")
        owner = self.cluster.owner(SERVICE)
        self.check(owner is new, "the service moved by itself", "nofailback is set, yet it is on %s" % owner)

    def relocate(self, new, old):
        self.step("An administrator moves the service back while the client keeps asking")
        watch = self.client.watch(URL, interval=0.05, timeout=3.0)
        watch.first_good_after(0)
        begin = time.time()
        self.tool(new, "clusvcadm", "-r", "lvs", "-m", old.name)
        watch.first_good_after(time.time())
        answers = watch.stop()
        failed = [a for a in answers if not a.ok]
        slowest = max(a.end - a.begin for a in answers if a.ok and a.end > begin)
        say("    %d requests meanwhile, %d failed, the slowest took %.0f ms" % (len(answers), len(failed),
                                                                             slowest * 1000))
        self.check(len(failed) <= 1, "moving lost requests", "%d failed: %s" % (len(failed),
                                                                             [a.text for a in failed][:3]))
        owner = self.cluster.owner(SERVICE)
        self.check(owner is old, "the service is not where it was sent", "clustat names %s" % owner)
        return old

    def web_server_dies(self, owner):
        web = self.lab.web[0]
        self.step("The web server %s is killed: it leaves the table of %s" % (web.name, owner.name))
        web.stop()
        begin = time.monotonic()

        def left():
            answers = self.client.ask(URL, 12)
            return all(a.ok for a in answers) and web.name not in count_by_server(answers)
        wait_for(left, web.name + " to leave the table", timeout=20)
        say("    after %.1f s no request goes to it any more" % (time.monotonic() - begin))
        counts = count_by_server(self.client.ask(URL, 60))
        say("    60 requests: " + ", ".join("%s %d" % pair for pair in sorted(counts.items())))
        self.check(counts.get("web2", 0) + counts.get("web3", 0) == 60, "the others do not serve all", str(counts))
        self.show_table(owner)
        web.start()
        wait_for(lambda: web.name in count_by_server(self.client.ask(URL, 12)), web.name + " to return", timeout=30)
        say("    started again, it is back in the table")

    @staticmethod
    def show_table(owner):
        show(owner.run("lvsd", "--status").out)


def start(keep):
    if os.path.exists(os.path.join(lab_state.BASE, NAME)):
        lab_state.reap()
        if os.path.exists(os.path.join(lab_state.BASE, NAME)):
            raise DemoFailure("the demo cluster is up already: ./demo enter n1 clustat looks at it, ./demo stop ends it")
    top = lab_cluster.TOP
    cluster = lab_cluster.make(3, sample(top, "cluster.conf.sample"), sample(top, "lvs.cf.sample"), web=3, clients=1,
                               name=NAME, boot_delay=2)
    try:
        Demo(cluster).run()
        if keep:
            cluster.lab.keep()
            say("\nThe cluster stays up. Look at it, break it:\n"
                "    ./demo enter n1 clustat              a command in a node; without a command: a shell\n"
                "    ./demo enter n2 clusvcadm -r lvs -m n3\n"
                "    ./demo enter client ping -c1 %s\n"
                "    ./demo stop                          ends it and leaves nothing" % VIP)
    except (DemoFailure, LabError):
        cluster.lab.collect(LOGS)
        raise
    finally:
        if not (keep and lab_state.is_kept(NAME)):
            cluster.lab.close()


def enter(where, argv):
    lab = Lab.attach(NAME)
    argv = argv or ["bash", "--norc"]
    if where == "client":
        os.execvp("nsenter", lab_state.in_netns(lab.folder + "/ns/client1", argv))
    command = lab.node(where).command(argv)
    os.execvp(command[0], command)


def main():
    parser = argparse.ArgumentParser(prog="demo", formatter_class=argparse.RawDescriptionHelpFormatter, description=(
        "Run a three-node cluster with an LVS router on this machine, crash the router's machine, show what happens.\n\n"
        "  demo [--keep]              run it; --keep: leave the cluster up at the end\n"
        "  demo enter NODE [CMD...]   run CMD (or a shell) in node n1, n2, n3 or in client, while a kept demo is up\n"
        "  demo stop                  end a kept demo; nothing stays behind"))
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    parser.add_argument("verb", nargs="?", choices=["enter", "stop"])
    parser.add_argument("words", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() != 0:
        print("demo: namespaces need root: run it with sudo", file=sys.stderr)
        return 1
    try:
        if args.verb == "enter":
            if not args.words:
                parser.error("enter needs a node: n1, n2, n3 or client")
            enter(args.words[0], args.words[1:])
        elif args.verb == "stop":
            if NAME not in lab_state.labs():
                print("demo: no demo cluster is up")
            lab_state.remove_lab(NAME)
        else:
            start(args.keep)
    except (DemoFailure, LabError) as error:
        print("\ndemo: FAILED: %s\ndemo: logs of all nodes: %s" % (error, LOGS) if not args.verb else
              "demo: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

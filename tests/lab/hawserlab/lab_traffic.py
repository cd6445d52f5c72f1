# SPDX-License-Identifier: GPL-2.0-or-later
"""Real web servers behind the routers, and clients in front of them."""
import collections
import os
import subprocess
import sys

from .lab_net import INSIDE, PUBLIC, address
from .lab_state import LabError, in_cgroup, in_netns, read_file, wait_for

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab_http.py")
INSIDE_ROUTER = address(INSIDE, 254)

Answer = collections.namedtuple("Answer", "begin end ok text")
Answer.__doc__ = """One request: begin and end in seconds since the epoch, good or not, body or reason."""


def parse_answers(text):
    answers = []
    for line in text.splitlines():
        words = line.split("\t")
        if len(words) == 4:
            answers.append(Answer(float(words[0]), float(words[1]), words[2] == "ok", words[3]))
    return answers


def count_by_server(answers):
    """How many good answers each server gave."""
    return dict(collections.Counter(a.text for a in answers if a.ok))


class WebServer:
    """A web server on the inside network; its way out is the routers' inside address."""

    def __init__(self, lab, number, port=80):
        self.lab = lab
        self.name = "web%d" % number
        self.address = address(INSIDE, 10 + number)
        self.port = port
        self.ns = lab.switch.attach(self.name, INSIDE, 10 + number, gateway=INSIDE_ROUTER)
        self.process = None

    def start(self):
        argv = [sys.executable, PROGRAM, "serve", self.name, self.address, str(self.port)]
        with open("%s/%s.out" % (self.lab.folder, self.name), "ab") as out:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(in_cgroup(self.lab.helper_cgroup, in_netns(self.ns, argv)),
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            start_new_session=True)
        wanted = "%02X%02X%02X%02X:%04X" % (tuple(int(b) for b in reversed(self.address.split("."))) + (self.port,))
        wait_for(lambda: wanted in read_file("/proc/%d/net/tcp" % self.process.pid), self.name + " to listen")

    def stop(self):
        """Kill the web server; its machine stays and refuses connections."""
        self.process.kill()
        self.process.wait()
        self.process = None


class Client:
    """A machine on the public network that asks."""

    def __init__(self, lab, number=1):
        self.lab = lab
        self.name = "client%d" % number
        self.ns = lab.switch.attach(self.name, PUBLIC, 149 + number)
        self.count = 0

    def _start(self, words, out):
        # pylint: disable=consider-using-with
        return subprocess.Popen(in_cgroup(self.lab.helper_cgroup, in_netns(
            self.ns, [sys.executable, PROGRAM] + [str(w) for w in words] + [out])),
            stdin=subprocess.DEVNULL, start_new_session=True)

    def _file(self):
        self.count += 1
        return "%s/%s.%d.answers" % (self.lab.folder, self.name, self.count)

    def ask(self, url, count=1, timeout=1.0):
        """COUNT requests one after the other, each on a connection of its own."""
        out = self._file()
        child = self._start(("ask", url, count, timeout), out)
        try:
            child.wait(count * timeout + 30)
        finally:
            child.kill()
            child.wait()
        return parse_answers(read_file(out))

    def watch(self, url, interval=0.01, timeout=1.0):
        """Ask all the time in the background, a new request every INTERVAL whether earlier ones ended or not."""
        out = self._file()
        return Watch(self._start(("watch", url, interval, timeout), out), out)


class Watch:
    def __init__(self, process, path):
        self.process = process
        self.path = path

    def answers(self):
        return parse_answers(read_file(self.path))

    def first_good_after(self, when, timeout=60.0):
        """The first good answer that ended after WHEN and was not under way at WHEN already."""
        def look():
            if self.process.poll() is not None:
                raise LabError("the client has ended (exit %d)" % self.process.returncode)
            good = [a for a in self.answers() if a.ok and a.begin > when]
            return min(good, key=lambda a: a.end) if good else None
        return wait_for(look, "a good answer at the client", timeout=timeout)

    def failed(self, since=0.0):
        return [a for a in self.answers() if not a.ok and a.begin >= since]

    def stop(self):
        """End the client once the requests that are under way have ended. Returns all answers."""
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
        return self.answers()

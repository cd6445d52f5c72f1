# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the systemd units of Hawser in a node that has no systemd: their commands, variables, conditions and order, as
far as the units use them. unit_runner.py FOLDER start|stop; prints a line per step, ends with 1 at the first that fails.
"""
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time

RUN = "/run/units"
UNITS = ("ccsd", "cman", "qdiskd", "cmannotifyd", "fenced", "rgmanager")
LIMIT = 90


class Unit:
    def __init__(self, folder, name):
        self.name = name
        self.values = {}
        with open("%s/%s.service" % (folder, name), encoding="utf-8") as f:
            for key, value in re.findall(r"^(\w+)=(.*)$", f.read(), re.M):
                self.values.setdefault(key, []).append(value)
        self.pid_path = "%s/%s.pid" % (RUN, name)

    def get(self, key):
        return self.values.get(key, [])

    def environment(self):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        texts = ["\n".join(shlex.split(line)) for line in self.get("Environment")]
        for path in self.get("EnvironmentFile"):
            try:
                with open(path.lstrip("-"), encoding="utf-8") as f:
                    texts.append(f.read())
            except FileNotFoundError:
                assert path.startswith("-"), path
        for text in texts:
            env.update(re.findall(r"^(\w+)=(.*)$", text, re.M))
        return env

    @staticmethod
    def words(command, env):
        """$NAME as a word of its own becomes as many words as it has, ${NAME} one; $$ is a dollar."""
        for word in shlex.split(command):
            if re.fullmatch(r"\$\w+", word):
                yield from env.get(word[1:], "").split()
            else:
                yield re.sub(r"\$\{(\w+)\}", lambda m: env.get(m.group(1), ""), word).replace("$$", "$")

    def run(self, key, **more):
        """All commands of a key; False at the first that fails."""
        env = dict(self.environment(), **more)
        for command in self.get(key):
            argv = list(self.words(command, env))
            done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=LIMIT, check=False)
            print("%s %s: %s: exit %d %s" % (self.name, key, " ".join(argv), done.returncode,
                                             (done.stdout + done.stderr).strip()), flush=True)
            if done.returncode:
                return False
        return True

    def wanted(self):
        for folder in self.get("ConditionDirectoryNotEmpty"):
            if not os.path.isdir(folder) or not os.listdir(folder):
                return False
        return self.run("ExecCondition")

    def start_notify(self):
        path = "%s/%s.notify" % (RUN, self.name)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(LIMIT)
            env = dict(self.environment(), NOTIFY_SOCKET=path)
            argv = list(self.words(self.get("ExecStart")[0], env))
            with open("/var/log/cluster/%s.unit" % self.name, "ab") as out:
                child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                         start_new_session=True)
            while True:
                word = manager.recv(4096)
                print("%s: %s" % (self.name, word.decode()), flush=True)
                if word == b"READY=1":
                    break
        os.unlink(path)
        with open(self.pid_path, "w", encoding="ascii") as f:
            f.write("%d\n" % child.pid)

    def start(self):
        if not self.wanted():
            print("%s: condition not met" % self.name, flush=True)
            return True
        if self.get("Type") == ["notify"]:
            self.start_notify()
        elif not self.run("ExecStart"):
            return False
        return self.run("ExecStartPost")

    def main_pid(self):
        try:
            with open((self.get("PIDFile") or [self.pid_path])[0], encoding="ascii") as f:
                return int(f.read())
        except FileNotFoundError:
            return None

    def stop(self):
        pid = self.main_pid()
        if not pid or not is_alive(pid):
            return True
        if not self.run("ExecStop", MAINPID=str(pid)):
            return False
        if not self.get("ExecStop"):
            os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + LIMIT
        while is_alive(pid):
            if time.monotonic() > end:
                print("%s: still there" % self.name)
                return False
            time.sleep(0.02)
        print("%s: stopped" % self.name, flush=True)
        return True


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def main():
    os.makedirs(RUN, exist_ok=True)
    folder, verb = sys.argv[1:]
    units = [Unit(folder, name) for name in UNITS]
    for unit in units if verb == "start" else reversed(units):
        if not (unit.start() if verb == "start" else unit.stop()):
            sys.exit(1)


main()

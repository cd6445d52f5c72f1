# SPDX-License-Identifier: GPL-2.0-or-later
"""Chance in tests, so that it can be had again: HAWSER_SEED says which (default 1, the same in every check; 0 takes a
new one each time). pytest shows what is printed here when the test fails."""
import os
import random
import time


def chance():
    """A random.Random of this run's seed, which it prints."""
    seed = int(os.environ.get("HAWSER_SEED", "1")) or int(time.time())
    print("HAWSER_SEED=%d" % seed)
    return random.Random(seed)


def kill_within(node, rng, pid, longest_ms, again):
    """SIGKILL for PID of NODE (its own number) at some instant of the next LONGEST_MS, while the test goes on; then
    AGAIN until it succeeds, as an operator's restart would be. The instant is meant to be any: no test waits for it."""
    after = rng.randrange(longest_ms)
    print("%s: kill of %s after %d ms" % (node.name, pid, after))
    node.run("sh", "-c", "(sleep %d.%03d; kill -9 %s; until %s; do sleep 0.01; done) >/dev/null 2>&1 &"
             % (after // 1000, after % 1000, pid, again))

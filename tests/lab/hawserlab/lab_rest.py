# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a process is at rest, by what the kernel says of it: no clock, and no count of its processor time."""
import os
import platform

from .lab_state import read_file

# Machine -> system call -> (argument that is its limit, low half of that where it has none): what poll(), epoll_wait()
# and waiting for another thread are for the kernel.
WAITS = {"x86_64": {7: (2, 0xffffffff), 232: (3, 0xffffffff), 271: (2, 0), 281: (3, 0xffffffff), 202: (3, 0)},
         "aarch64": {73: (2, 0), 22: (3, 0xffffffff), 98: (3, 0)}}


def is_at_rest(pid, for_ever=False):
    """Each thread of PID sleeps in a wait: no descriptor that it waits for is ready, and one that is keeps it from ever
    getting there. FOR_EVER: and none will look by itself again."""
    waits = WAITS[platform.machine()]
    for task in os.listdir("/proc/%d/task" % pid):
        words = read_file("/proc/%d/task/%s/syscall" % (pid, task)).split()
        if len(words) < 7 or int(words[0]) not in waits:    # "running" is one word
            return False
        which, none = waits[int(words[0])]
        if for_ever and int(words[1 + which], 16) & 0xffffffff != none:
            return False
    return True

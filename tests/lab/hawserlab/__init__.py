# SPDX-License-Identifier: GPL-2.0-or-later
"""Several complete cluster nodes on one machine: namespaces, real corosync, BMCs that really switch off.

lab_state    the lab's directory, cgroups, and the promise that nothing is left behind
lab_net      networks, cables, partitions
lab_node     one node: boot, crash, pause, run a command, read its disk
lab_bmc      one BMC (ipmi_sim) per node
lab_traffic  real web servers and a client (lab_http is the program they run)
lab_lab      the Lab: all of the above together
lab_cluster  a Lab with Hawser on it: cluster.conf, waiting for members and services, history
lab_rest     whether a process is at rest
lab_ccsd     a Lab with corosync and ccsd alone
lab_chance   chance that can be had again
lab_conf     cluster.conf and lvs.cf texts for tests
"""
from .lab_lab import Lab
from .lab_state import LabError, reap, wait_for

__all__ = ["Lab", "LabError", "reap", "wait_for"]

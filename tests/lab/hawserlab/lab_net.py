# SPDX-License-Identifier: GPL-2.0-or-later
"""The networks of a lab: one switch namespace with one bridge per network, cables, and the faults they can have.

Network R is 10.77.R.0/24 and bridge brR; node K has 10.77.R.K on its ethR, cable nKrR at the switch.
"""
from .lab_state import in_netns, make_netns, run_checked

PUBLIC, PRIVATE, MANAGEMENT, INSIDE = 0, 1, 2, 3
NETWORKS = (PUBLIC, PRIVATE, MANAGEMENT, INSIDE)


def address(network, host):
    return "10.77.%d.%d" % (network, host)


class Switch:
    def __init__(self, folder):
        self.folder = folder
        self.ns = folder + "/ns/switch"

    def build(self):
        make_netns(self.ns)
        lines = []
        for r in NETWORKS:
            # Default forward delay blocks a new port for seconds; snooping without a querier ends multicast.
            lines += ["link add br%d address 02:00:00:01:%02x:fe type bridge forward_delay 0 stp_state 0 "
                      "mcast_snooping 0" % (r, r), "link set br%d up" % r]
        self.batch(lines)

    def batch(self, lines, force=False):
        argv = ["ip"] + (["-force"] if force else []) + ["-batch", "-"]
        run_checked(in_netns(self.ns, argv), text="\n".join(lines) + "\n", what="switch: " + "; ".join(lines))

    def attach(self, name, network, host, gateway=None):
        """A namespace NAME with one cable to NETWORK and address HOST there. Returns the namespace's file."""
        ns = "%s/ns/%s" % (self.folder, name)
        make_netns(ns)
        mac = "02:00:00:01:%02x:%02x" % (network, host)
        lines = ["link add eth0 address %s type veth peer name %s netns %s" % (mac, name, self.ns),
                 "addr add %s/24 dev eth0" % address(network, host), "link set eth0 up"]
        if gateway:
            lines.append("route add default via " + gateway)
        self.batch(["link show br%d" % network])
        # The gateway's device must be up, and with a carrier, before the route is accepted.
        run_checked(in_netns(ns, ["ip", "-batch", "-"]), text="\n".join(lines[:3]) + "\n", what="cable of " + name)
        self.batch(["link set %s master br%d up" % (name, network)])
        if gateway:
            run_checked(in_netns(ns, ["ip"] + lines[3].split()), what="route of " + name)
        return ns

    def add_addresses(self, ns, network, hosts):
        run_checked(in_netns(ns, ["ip", "-batch", "-"]),
                    text="".join("addr add %s/24 dev eth0\n" % address(network, h) for h in hosts))

    def cut(self, node, networks):
        """Pull cables: the node's own end shows NO-CARRIER."""
        self.batch(["link set %sr%d down" % (node, r) for r in networks])

    def mend(self, node, networks):
        self.batch(["link set %sr%d up" % (node, r) for r in networks])

    def drop(self, pairs, networks=(PUBLIC, PRIVATE)):
        """From now on drop what PAIRS (from node, to node) send each other on NETWORKS; replaces earlier drops."""
        rules = "".join('    iifname "%sr%d" oifname "%sr%d" drop\n' % (a, r, b, r)
                        for a, b in pairs for r in networks)
        self.nft("table bridge lab\ndelete table bridge lab\ntable bridge lab {\n  chain forward {\n"
                 "    type filter hook forward priority 0\n    policy accept\n%s  }\n}\n" % rules)

    def partition(self, groups, networks=(PUBLIC, PRIVATE)):
        """Nodes of different GROUPS (lists of names) no longer hear each other on NETWORKS. BMCs stay reachable."""
        self.drop([(a, b) for one in groups for other in groups if one is not other for a in one for b in other],
                  networks)

    def heal(self):
        self.nft("table bridge lab\ndelete table bridge lab\n")

    def lose(self, percent, networks=(PUBLIC, PRIVATE)):
        """Lose PERCENT of all frames on NETWORKS, by chance."""
        rules = "".join('    oifname "n*r%d" numgen random mod 100 < %d drop\n' % (r, percent) for r in networks)
        self.nft("table bridge lab\ndelete table bridge lab\ntable bridge lab {\n  chain forward {\n"
                 "    type filter hook forward priority 0\n    policy accept\n%s  }\n}\n" % rules)

    def nft(self, text):
        run_checked(in_netns(self.ns, ["nft", "-f", "-"]), text=text, what="nft in the switch")

# SPDX-License-Identifier: GPL-2.0-or-later
"""cluster.conf and lvs.cf texts for labs: from the samples in conf/, or made to measure for a test."""
import re

from .lab_bmc import PASSWORD, SPARE_USER, USER
from .lab_net import INSIDE, MANAGEMENT, PRIVATE, PUBLIC, address
from .lab_state import read_file

VIP = address(PUBLIC, 200)
URL = "http://%s/" % VIP
LVS_CF = "/etc/sysconfig/ha/lvs.cf"
CLUSTER_CONF = "/etc/cluster/cluster.conf"

LVS_SERVICE = """<service name="lvs" domain="routers" autostart="1" recovery="relocate">
      <lvs name="lvs" file="/etc/sysconfig/ha/lvs.cf"/>
    </service>"""


def sample(top, name):
    text = read_file("%s/conf/%s" % (top, name))
    if not text:
        raise OSError("%s/conf/%s is missing or empty" % (top, name))
    return text


def device(name, host, **more):
    """One fence_ipmilan device for the BMC of node HOST."""
    values = {"name": name, "agent": "fence_ipmilan", "ipaddr": address(MANAGEMENT, 100 + host), "login": USER,
              "passwd": PASSWORD, "lanplus": "1", "cipher": "3", "power_wait": "0"}
    values.update(more)
    return "<fencedevice %s/>" % " ".join('%s="%s"' % pair for pair in values.items())


def cluster_conf(count=3, version=1, rm=LVS_SERVICE, methods=None, devices=None, cman="", token=1000,
                 post_join_delay=6, extra_clusternode="", nofailback=1):
    """A cluster of COUNT nodes.

    methods      node number -> list of device names, one method each (default: its BMC)
    devices      device name -> element, added to (or instead of) the BMCs' "bmc-nK"
    rm           services, below a failover domain "routers" with n1 before n2 before n3
    """
    all_devices = {"bmc-n%d" % k: device("bmc-n%d" % k, k) for k in range(1, count + 1)}
    all_devices.update(devices or {})
    nodes = []
    for k in range(1, count + 1):
        names = (methods or {}).get(k, ["bmc-n%d" % k])
        fence = "".join('<method name="m%d"><device name="%s"/></method>' % pair for pair in enumerate(names, 1))
        nodes.append('    <clusternode name="n%d" nodeid="%d"><altname name="n%d-priv"/><fence>%s</fence></clusternode>'
                     % (k, k, k, fence))
    domain = "".join('<failoverdomainnode name="n%d" priority="%d"/>' % (k, k) for k in range(1, count + 1))
    return """<?xml version="1.0"?>
<cluster name="lab" config_version="%d">
  %s
  <totem token="%d" consensus="%d"/>
  <fence_daemon post_fail_delay="0" post_join_delay="%d"/>
  <clusternodes>
%s
%s
  </clusternodes>
  <fencedevices>
    %s
  </fencedevices>
  <rm>
    <failoverdomains>
      <failoverdomain name="routers" ordered="1" restricted="0" nofailback="%d">%s</failoverdomain>
    </failoverdomains>
    %s
  </rm>
</cluster>
""" % (version, cman, token, token * 6 // 5, post_join_delay, "\n".join(nodes), extra_clusternode,
       "\n    ".join(all_devices.values()), nofailback, domain, rm)


def raise_version(text):
    """The same document, one version later."""
    return re.sub(r'config_version="(\d+)"', lambda m: 'config_version="%d"' % (int(m.group(1)) + 1), text, count=1)


def script_service(name, script, domain="routers", recovery="relocate", interval=1):
    """A service of one script resource, checked every INTERVAL seconds."""
    return ('<service name="%s" domain="%s" autostart="1" recovery="%s"><script name="%s" file="%s">'
            '<action name="status" depth="*" interval="%d" timeout="10"/></script></service>'
            % (name, domain, recovery, name, script, interval))


WITNESS = """#!/bin/bash
# A service that leaves witness marks on the node's disk: one line per start and stop, and a pid while it runs.
name=%(name)s
case $1 in
start)
	echo "$EPOCHREALTIME start" >>/var/log/cluster/witness-$name
	echo $EPOCHREALTIME >/run/witness-$name
	;;
stop)
	[ -e /run/witness-$name ] && echo "$EPOCHREALTIME stop" >>/var/log/cluster/witness-$name
	rm -f /run/witness-$name
	;;
status) [ -e /run/witness-$name ] ;;
*) exit 2 ;;
esac
"""


def inside(host):
    return address(INSIDE, host)


def two_methods(count):
    """Fence methods and devices for COUNT nodes: the BMC as "admin", then the same BMC as "spare"."""
    return ({k: ["bmc-n%d" % k, "spare-n%d" % k] for k in range(1, count + 1)},
            {"spare-n%d" % k: device("spare-n%d" % k, k, login=SPARE_USER) for k in range(1, count + 1)})


def plain_corosync(count=3, token=300):
    """A corosync.conf without Hawser, on the private ring: forms in a third of a second (udpu)."""
    nodes = "".join("  node {\n    ring0_addr: %s\n    nodeid: %d\n    name: n%d\n  }\n" % (address(PRIVATE, k), k, k)
                    for k in range(1, count + 1))
    return """totem {
  version: 2
  cluster_name: lab
  transport: udpu
  token: %d
  token_coefficient: 0
}
quorum {
  provider: corosync_votequorum
}
logging {
  to_logfile: yes
  logfile: /var/log/cluster/corosync.log
  to_syslog: no
}
nodelist {
%s}
""" % (token, nodes)

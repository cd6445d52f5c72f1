# SPDX-License-Identifier: GPL-2.0-or-later
dist_hawserdata_DATA += conf/cluster.rng conf/cluster.conf.sample conf/lvs.cf.sample

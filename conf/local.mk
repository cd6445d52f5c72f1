# SPDX-License-Identifier: GPL-2.0-or-later
dist_hawserdata_DATA += conf/cluster.rng conf/cluster.conf.sample conf/lvs.cf.sample

# One file, under the name of each tool, as bash-completion looks them up.
completiondir = $(datadir)/bash-completion/completions
dist_completion_DATA = conf/completion/hawser
COMPLETED = cman_tool ccs_tool ccs_config_validate ccs_config_dump fence_tool fence_node fence_ack_manual clustat \
	clusvcadm lvsd rg_test qdiskd mkqdisk
TESTS += tests/cli/test_completion.sh
EXTRA_DIST += tests/cli/test_completion.sh

install-data-hook:
	@for t in $(COMPLETED); do $(LN_S) -f hawser $(DESTDIR)$(completiondir)/$$t; done

uninstall-hook:
	@for t in $(COMPLETED); do rm -f $(DESTDIR)$(completiondir)/$$t; done

# SPDX-License-Identifier: GPL-2.0-or-later
dist_hawserdata_DATA += conf/cluster.rng conf/cluster.conf.sample conf/lvs.cf.sample conf/hawser.default

# One file, under the name of each tool, as bash-completion looks them up.
completiondir = $(datadir)/bash-completion/completions
dist_completion_DATA = conf/completion/hawser
COMPLETED = cman_tool ccs_tool ccs_config_validate ccs_config_dump ccs_test fence_tool fence_node fence_ack_manual clustat \
	clusvcadm lvsd rg_test qdiskd mkqdisk cmannotifyd cman_notify
TESTS += tests/cli/test_completion.sh
EXTRA_DIST += tests/cli/test_completion.sh tests/cli/test_settings.py

install-data-hook:
	@for t in $(COMPLETED); do $(LN_S) -f hawser $(DESTDIR)$(completiondir)/$$t; done

uninstall-hook:
	@for t in $(COMPLETED); do rm -f $(DESTDIR)$(completiondir)/$$t; done

# systemd. The lab starts the same programs without it.
UNITS = conf/systemd/ccsd.service conf/systemd/cman.service conf/systemd/qdiskd.service conf/systemd/cmannotifyd.service \
	conf/systemd/fenced.service conf/systemd/rgmanager.service
if SYSTEMD_UNITS
nodist_systemdsystemunit_DATA = $(UNITS)
dist_systemdsystemunit_DATA = conf/systemd/hawser.target
else
EXTRA_DIST += conf/systemd/hawser.target
endif
check_DATA = $(UNITS)
CLEANFILES += $(UNITS)
EXTRA_DIST += $(UNITS:.service=.service.in) tests/cli/test_units.sh
$(UNITS): conf/systemd/%.service: $(srcdir)/conf/systemd/%.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf/systemd && sed $(SUBST) $< >$@.tmp && mv $@.tmp $@
dist_man_MANS += man/hawser.7
TESTS += tests/cli/test_units.sh

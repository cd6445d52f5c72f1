# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LTLIBRARIES += libsim.la
libsim_la_SOURCES = tests/sim/sim_world.c tests/sim/sim_world.h tests/sim/sim_dice.c tests/sim/sim_dice.h \
	tests/sim/sim_ring.c tests/sim/sim_ring_priv.h tests/sim/sim_ring_form.c tests/sim/sim_quorum.c tests/sim/sim_quorum.h tests/sim/sim_node.c \
	tests/sim/sim_shell.c tests/sim/sim_shell.h \
	tests/sim/sim_net.c tests/sim/sim_net.h tests/sim/sim_news.c tests/sim/sim_news.h \
	tests/sim/sim_hang.c tests/sim/sim_hang.h \
	tests/sim/sim_proto.c tests/sim/sim_proto.h tests/sim/sim_machines_soft.c tests/sim/sim_machines_soft.h \
	tests/sim/sim_check.c tests/sim/sim_rules.h tests/sim/sim_promise_active.c tests/sim/sim_promise_fence.c \
	tests/sim/sim_promise_conf.c tests/sim/sim_promise_request.c tests/sim/sim_promise_same.c \
	tests/sim/sim_promise_rest.c tests/sim/sim_promise_wait.c tests/sim/sim_promise_version.c tests/sim/sim_state_hash.c tests/sim/sim_state_hash.h \
	tests/sim/sim_agents.c tests/sim/sim_agents.h tests/sim/sim_power.c tests/sim/sim_power.h \
	tests/sim/sim_disk.c tests/sim/sim_disk.h tests/sim/sim_kept.c tests/sim/sim_kept.h tests/sim/sim_machines.c tests/sim/sim_machines.h \
	tests/sim/sim_types.c tests/sim/sim_types.h tests/sim/sim_faults.c tests/sim/sim_faults.h \
	tests/sim/sim_requests.c tests/sim/sim_requests.h tests/sim/sim_requests_ccs.c \
	tests/sim/sim_requests_fence.c tests/sim/sim_requests_bad.c tests/sim/sim_conf.c tests/sim/sim_conf_rm.c \
	tests/sim/sim_conf_change.c tests/sim/sim_conf.h tests/sim/sim_meta.c tests/sim/sim_meta.h \
	tests/sim/sim_clients.c tests/sim/sim_clients.h \
	tests/sim/sim_words.c tests/sim/sim_words.h tests/sim/sim_fault_text.c tests/sim/sim_fault_text.h \
	tests/sim/sim_expect.c tests/sim/sim_expect.h tests/sim/sim_script.c tests/sim/sim_script.h \
	tests/sim/sim_shrink.c tests/sim/sim_shrink.h \
	tests/sim/sim_parse.c tests/sim/sim_parse.h tests/sim/sim_plan.c tests/sim/sim_plan.h \
	tests/sim/sim_qdisk.c tests/sim/sim_qdisk.h tests/sim/sim_qdisk_priv.h tests/sim/sim_qdisk_votes.c \
	tests/sim/sim_conf_qdisk.c tests/sim/sim_promise_disk.c \
	tests/sim/sim_cmand.c tests/sim/sim_cmand.h tests/sim/sim_promise_cman.c \
	tests/sim/sim_history.c tests/sim/sim_history.h tests/sim/sim_trace.c tests/sim/sim_trace.h
libsim_la_LIBADD = libqdiskcore.la libcmand.la libcmanplan.la librgcore.la libccsdcore.la libfdom.la libclucore.la $(XML_LIBS)

noinst_PROGRAMS += hasim
hasim_SOURCES = tests/sim/hasim_main.c tests/sim/hasim_explore.c tests/sim/hasim_explore.h \
	tests/sim/hasim_script.c tests/sim/hasim_script.h
hasim_LDADD = libsim.la
TESTS += tests/sim/explore.sh tests/sim/workers.sh tests/sim/compilers.sh tests/sim/scripts.sh tests/sim/cases.sh
EXTRA_DIST += tests/sim/explore.sh tests/sim/workers.sh tests/sim/compilers.sh tests/sim/scripts.sh tests/sim/cases.sh

# One each line: several people add some.
EXTRA_DIST += tests/sim/cases/ack_without_looking.sim \
	tests/sim/cases/agent_waits_for_its_word.sim \
	tests/sim/cases/agent_fails_first.sim \
	tests/sim/cases/back_while_fenced.sim \
	tests/sim/cases/between_two_outlets.sim \
	tests/sim/cases/blackout_of_one.sim \
	tests/sim/cases/bmc_without_mains.sim \
	tests/sim/cases/boots_within_a_reload.sim \
	tests/sim/cases/ccsd_retries.sim \
	tests/sim/cases/changed_twice.sim \
	tests/sim/cases/corosync_dies.sim \
	tests/sim/cases/fenced_news_in_merge.sim \
	tests/sim/cases/dependent_stands_first.sim \
	tests/sim/cases/fenced_in_turns.sim \
	tests/sim/cases/disk_hangs_for_one.sim \
	tests/sim/cases/disk_late_master.sim \
	tests/sim/cases/disk_router.sim \
	tests/sim/cases/disk_split.sim \
	tests/sim/cases/disk_status.sim \
	tests/sim/cases/disk_survivor.sim \
	tests/sim/cases/disk_vanishes.sim \
	tests/sim/cases/fencing_asked.sim \
	tests/sim/cases/five.conf \
	tests/sim/cases/frozen.sim \
	tests/sim/cases/frozen_in_a_change.sim \
	tests/sim/cases/frozen_in_a_check.sim \
	tests/sim/cases/frozen_last_leaves.sim \
	tests/sim/cases/frozen_left_running.sim \
	tests/sim/cases/frozen_meets_newcomer.sim \
	tests/sim/cases/frozen_upgrade.sim \
	tests/sim/cases/halves_commit.sim \
	tests/sim/cases/hang_then_wakes.sim \
	tests/sim/cases/kill_before_fsync.sim \
	tests/sim/cases/late_ones_compared.sim \
	tests/sim/cases/leaves_between_greetings.sim \
	tests/sim/cases/last_one_hands_on.sim \
	tests/sim/cases/last_try.sim \
	tests/sim/cases/leftover_said_at_once.sim \
	tests/sim/cases/lighter_side.sim \
	tests/sim/cases/loser_is_no_newcomer.sim \
	tests/sim/cases/lost_before_its_history.sim \
	tests/sim/cases/lying_disk.sim \
	tests/sim/cases/mains_gone.sim \
	tests/sim/cases/manual_ack.sim \
	tests/sim/cases/master_crashes.sim \
	tests/sim/cases/master_hangs.sim \
	tests/sim/cases/merge_brings_quorum.sim \
	tests/sim/cases/migration_meets_crash.sim \
	tests/sim/cases/note_and_fencing.sim \
	tests/sim/cases/note_full_disk.sim \
	tests/sim/cases/note_is_over.sim \
	tests/sim/cases/note_is_read.sim \
	tests/sim/cases/note_of_a_failed_stop.sim \
	tests/sim/cases/note_waits_for_its_word.sim \
	tests/sim/cases/owner_crashes.sim \
	tests/sim/cases/power_off_comes_late.sim \
	tests/sim/cases/quorum_lost.sim \
	tests/sim/cases/quorum_not_known_yet.sim \
	tests/sim/cases/quorum_of_old_ring.sim \
	tests/sim/cases/relocation.sim \
	tests/sim/cases/request_meets_crash.sim \
	tests/sim/cases/resource_dies.sim \
	tests/sim/cases/restricted.sim \
	tests/sim/cases/returns_under_its_agent.sim \
	tests/sim/cases/rgmanager_killed.sim \
	tests/sim/cases/room_comes_later.sim \
	tests/sim/cases/second_method.sim \
	tests/sim/cases/short_hang.sim \
	tests/sim/cases/silent_one_holds_up_nobody.sim \
	tests/sim/cases/spin.sim \
	tests/sim/cases/split.sim \
	tests/sim/cases/stranger_to_fenced.sim \
	tests/sim/cases/switch_lies.sim \
	tests/sim/cases/three.conf \
	tests/sim/cases/two.conf \
	tests/sim/cases/two_disk.conf \
	tests/sim/cases/two_disk_router.conf \
	tests/sim/cases/two_disk_status.conf \
	tests/sim/cases/two_joins_meet_loss.sim \
	tests/sim/cases/two_nodes.sim \
	tests/sim/cases/two_victims_wait.sim \
	tests/sim/cases/unanswered_request.sim \
	tests/sim/cases/update_meets_crash.sim \
	tests/sim/cases/updates_race.sim \
	tests/sim/cases/vote_of_the_victim.sim \
	tests/sim/cases/word_before_quorum.sim \
	tests/sim/cases/written_before_the_end.sim

# Which branches of the cores the simulator takes; builds hasim once more, for gcov.
EXTRA_DIST += tests/sim/branches.py tests/sim/unreached.txt
.PHONY: branches
branches:
	$(srcdir)/tests/sim/branches.py --build branches $(BRANCHES_ARGS)

# The cores a second time, with the planted bugs: they stand before the library that holds those without.
noinst_PROGRAMS += hasim_bugs
hasim_bugs_SOURCES = tests/sim/hasim_bugs_main.c tests/sim/hasim_script.c tests/sim/hasim_script.h \
	tests/sim/sim_bugs.h tests/sim/sim_bugs.c \
	$(GROUP_SOURCES) $(CCSDCORE_SOURCES) $(FDOM_SOURCES) $(RGCORE_SOURCES) $(QDISKCORE_SOURCES) $(CMANDCORE_SOURCES)
hasim_bugs_CPPFLAGS = $(AM_CPPFLAGS) -DCLU_PLANTED_BUGS
hasim_bugs_LDADD = libsim.la
TESTS += tests/sim/planted.sh
EXTRA_DIST += tests/sim/planted.sh

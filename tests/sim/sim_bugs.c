/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_bugs.h"

#include "clu_planted.h"

#define BUG(name, promise, slip) { #name, CLU_BUG_##name, promise, slip }

const struct sim_bug sim_bugs[] = {
	BUG(CCSD_NO_QUORUM, "S5", "an update is agreed without quorum"),
	BUG(CCSD_ONE_ACK_MISSING, "S5", "only the last member's acceptance is looked at"),
	BUG(CCSD_ACK_BEFORE_DURABLE, "S5", "a proposal counts as accepted when its write begins"),
	BUG(CCSD_OLDER_ACCEPTED, "S5 sane", "an update with a lower version is taken"),
	BUG(CCSD_LOST_SNAPSHOT_ENTRY, "same", "a newcomer is not told under which ballot the document was agreed"),
	BUG(CCSD_TWO_ANSWERS, "S6", "a request stays on after its answer"),
	BUG(CCSD_REQUEST_FORGOTTEN, "S6", "an update under way is dropped when a view closes its proposal"),
	BUG(CCSD_HISTORY_GIVEN_UP, "S5", "a version whose history could not be written is left out of it for good"),
	BUG(FENCED_NO_QUORUM, "S3", "agents are started without quorum"),
	BUG(FENCED_OLD_QUORUM, "S3", "quorum of before the loss counts after it"),
	BUG(FENCED_BELIEVES_FAILED_AGENT, "S2", "an agent's exit code is not looked at"),
	BUG(FENCED_VICTIM_FORGOTTEN, "S7 sane", "a victim whose fencer is lost is left to it when the master changes"),
	BUG(FENCED_LOST_SNAPSHOT_ENTRY, "same", "a newcomer is not told that a victim's whole node was lost"),
	BUG(FENCED_ACTS_AFTER_HANG, "S3", "a master that hung acts on the quorum of before"),
	BUG(FENCED_AGENT_GOES_ON, "S3", "an agent goes on when its master has lost quorum or mastership"),
	BUG(FENCED_SPINS, "spins", "a delay that has passed is asked for again"),
	BUG(FENCED_TWO_ANSWERS, "S6", "a request that was answered stays pending"),
	BUG(FENCED_UNKNOWN_FIELD_REFUSED, "proto", "a message with a field that is not known is not taken"),
	BUG(GROUP_MESSAGE_BEFORE_VIEW, "view", "a message is applied before the view that admits its sender"),
	BUG(GROUP_MESSAGE_BEFORE_STATE, "view same", "a newcomer applies messages before it has the state"),
	BUG(GROUP_LIGHTER_WINS, "view", "the side of a split that has done nothing keeps its state"),
	BUG(GROUP_BOTH_KEEP_STATE, "same view S3", "each side of a split keeps its state when they meet"),
	BUG(GROUP_SNAPSHOT_TOO_LATE, "same view", "the snapshot is taken behind the view that admits the newcomer"),
	BUG(GROUP_QUORUM_IN_MERGE, "S3 S1 S2", "quorum that a merge brings is told to both sides at once"),
	BUG(GROUP_SPLIT_FORGOTTEN, "same view", "two sides of a split still count as one"),
	BUG(GROUP_OLD_GREETING, "same view S7", "a greeting counts though not all have repeated it"),
	BUG(GROUP_GREETS_FOR_EVER, "bound", "every greeting is answered by one"),
	BUG(RGM_BEFORE_FENCED, "S1 S2", "services of a lost node are taken over before it is fenced"),
	BUG(RGM_NO_QUORUM, "S1", "without quorum services go on, and are started"),
	BUG(RGM_ASKED_IS_STOPPED, "S1", "a stop that was begun counts as done"),
	BUG(RGM_STOP_FAILURE_IGNORED, "S1", "a stop that failed counts as done"),
	BUG(RGM_STATUS_FAILURE_IGNORED, "S7", "a failed check is not acted upon"),
	BUG(RGM_REQUEST_FORGOTTEN, "S6", "a disable by an operator ends without a word to him"),
	BUG(RGM_TWO_ANSWERS, "S6", "a client that was answered still waits"),
	BUG(RGM_NOFAILBACK_BROKEN, "S7", "nofailback is not looked at"),
	BUG(RGM_ORDER_BROKEN, "S7", "the order of a failover domain is not looked at"),
	BUG(RGM_RESTRICTION_BROKEN, "S7", "a restricted domain does not restrict"),
	BUG(RGM_FROZEN_MOVED, "S7", "a frozen service is recovered"),
	BUG(RGM_RETURNED_IS_FENCED, "S2 S1", "fenced's word that a node returned counts as a fencing"),
	BUG(RGM_LOST_SNAPSHOT_ENTRY, "same", "a newcomer is not told where a service was tried"),
	BUG(RGM_FORMER_CHILD, "S1 S7", "the end of any program ends the operation under way"),
	BUG(RGM_STRAY_GOES_ON, "S1 S7", "what nobody says should run here is not stopped"),
	BUG(RGM_READY_TOO_EARLY, "S1 S2", "a node takes part before it has stopped everything once"),
	BUG(RGM_OTHER_VERSION_STOPS, "proto", "services are restarted when the group speaks another version"),
	BUG(RGM_NOTE_FORGOTTEN, "case", "the note of what runs on elsewhere is not read at the start"),
	BUG(RGM_LEAVES_UNKEPT, "case", "nobody is waited for to write down what runs on"),
	BUG(RGM_NOTE_STAYS, "case", "what a note says is never over"),
	BUG(QDISK_VOTES_UNASKED, "disk", "a node that runs votes, whatever the master says"),
	BUG(QDISK_ANY_RING, "disk", "a master's word for one ring counts in any"),
	BUG(QDISK_NO_LEASE, "disk", "a node votes on though its writes do not get through"),
	BUG(QDISK_DEAD_AT_ONCE, "disk", "a node that has not written between two reads is dead"),
	BUG(QDISK_STALE_FORGOTTEN, "disk", "a block that does not change any more is not noticed"),
	BUG(QDISK_DEAD_HEURISTICS, "disk", "the points of heuristics that are down count"),
};

const unsigned sim_n_bugs = sizeof(sim_bugs) / sizeof(sim_bugs[0]);

_Static_assert(sizeof(sim_bugs) / sizeof(sim_bugs[0]) == CLU_NBUGS - 1, "each planted bug is listed");

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one shell that runs any core: libqb loop, CPG group, quorum, children,
 * durable files, admin socket, ccsd and fenced connections. A daemon's main
 * fills a struct clu_daemon and calls clu_shell_main().
 */
#ifndef CLU_SHELL_H
#define CLU_SHELL_H

#include "clu_core.h"
#include "clu_out.h"

struct clu_shell;

enum clu_want {
	CLU_WANT_GROUP = 1 << 0,	/* a CPG group "hawser:NAME", joined at start ... */
	CLU_WANT_GROUP_LATER = 1 << 1,	/* ... or only on the core's JOIN action */
	CLU_WANT_QUORUM = 1 << 2,
	CLU_WANT_CONFIG = 1 << 3,	/* connect to ccsd: CONFIG events */
	CLU_WANT_FENCED = 1 << 4,	/* subscribe to fenced: PEER_FENCED events */
	/*
	 * Start and go on without corosync (ccsd): no node id until it comes; when
	 * it goes the core hears PEER_COROSYNC down and the shell waits for it to
	 * return (then a START with the node id). Without this flag corosync's end
	 * is told to the core as PEER_COROSYNC down; the core ends the daemon.
	 */
	CLU_WANT_NO_COROSYNC = 1 << 5,
	/*
	 * Keep a parent process ("hawser-watchdog") that resets the machine (reboot(2),
	 * without sync) when a signal ends the daemon (crash, SIGKILL): what the daemon
	 * ran would otherwise go on without a manager. An exit of its own (EXIT, FATAL)
	 * resets nothing unless its code is CLU_FATAL_RESET, nor does a failure before the start was complete. If the
	 * parent itself is killed the daemon gets SHUTDOWN: it leaves in order rather
	 * than go on unwatched. Switched off by -N / --no-watchdog.
	 */
	CLU_WANT_WATCHDOG = 1 << 6,
	/* FATAL with CLU_FATAL_RESET resets the machine at once, without a parent process. Switched off by -N as well. */
	CLU_WANT_RESET = 1 << 7,
};

/*
 * What a daemon has beside the things every daemon has: a disk, a further connection. The shell hands it the core's
 * DEVICE actions; its word comes back with clu_shell_device_said(). All calls from the loop's thread.
 */
struct clu_device_ops {
	/* Before corosync is connected to. NULL + *why on failure. loop: the shell's, a qb_loop_t. */
	void *(*open)(struct clu_shell *s, void *loop, void *opt_ctx, const char **why);
	void (*act)(void *device, uint32_t what, uint64_t id, const void *data, size_t len);
	void (*close)(void *device);	/* must not wait for what hangs */
};

/* Gives the core a DEVICE event (the data is copied if it must wait); also from inside act(). */
void clu_shell_device_said(struct clu_shell *s, const struct clu_device *d);

/* Extra command line options of one daemon, besides the common ones (-f -D -h -V -N). */
struct clu_daemon_opt {
	const char *name;	/* long name */
	char letter;		/* 0 = none */
	const char *arg;	/* name of the argument in --help; NULL = flag */
	const char *help;
	int (*set)(void *ctx, const char *value);	/* 0, or -EINVAL with errno text printed by the shell */
};

struct clu_daemon {
	const struct clu_core_ops *ops;
	const char *summary;		/* one line for --help */
	unsigned want;			/* enum clu_want */
	const struct clu_daemon_opt *opts;
	unsigned n_opts;
	void *opt_ctx;
	size_t max_request;		/* largest admin request or answer in bytes; 0 = 256 KiB */
	/* Makes the core, after the options were read. NULL + *why on failure. */
	void *(*core_new)(void *opt_ctx, const char **why);
	void (*core_free)(void *core);
	const struct clu_device_ops *device;	/* NULL: none */
};

/*
 * Runs the daemon to its end. Daemonizes unless -f (the parent exits 0 when
 * the admin socket is open and the core has had START; else with the reason on
 * stderr). Lock file RUN/NAME.pid; a second instance exits 4, a wrong command line 2.
 * Returns the exit code. A service manager that has set NOTIFY_SOCKET (systemd with Type=notify, and -f) is told when
 * the start is complete and when the end begins, and with WATCHDOG_USEC that the loop still goes round (clu_notify.h).
 *
 * SIGTERM and SIGINT: one SHUTDOWN event. SIGHUP: log file opened again. SIGUSR1: state
 * to STATE/NAME.dump (the core's), NAME.shell.dump and NAME.blackbox.
 *
 * What a core can rely on: START comes first. The `client` of a request is new for
 * every request, not for every connection; after its REPLY it means nothing any
 * more, and CLIENT_GONE comes only without a REPLY. LEAVE is always followed by a VIEW
 * with self_left (or by corosync's end), also when nothing was joined; it is
 * carried out behind all messages sent before it. A SEND without a corosync is dropped.
 * After FATAL or EXIT no further action is carried out; STOREs asked for before are
 * finished, but a disk that hangs holds up the end for 5 s at most.
 */
int clu_shell_main(const struct clu_daemon *d, int argc, char **argv);

#endif

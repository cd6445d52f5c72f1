# SPDX-License-Identifier: GPL-2.0-or-later
# Two static libraries: what a core may use (pure), and the shell.
noinst_LTLIBRARIES += libclucore.la libclubase.la
GROUP_SOURCES = lib/clu_group.h lib/clu_group_priv.h lib/clu_group.c lib/clu_group_tell.c lib/clu_group_admit.c \
	lib/clu_frag.h lib/clu_frag.c lib/clu_planted.h
libclucore_la_SOURCES = lib/clu_core.h lib/clu_core.c lib/clu_buf.h lib/clu_buf.c lib/clu_out.h lib/clu_out.c \
	$(GROUP_SOURCES) lib/clu_conf.h lib/clu_conf.c lib/clu_conf_where.c lib/clu_conf_scan.h lib/clu_conf_scan.c \
	lib/clu_opt.h lib/clu_opt.c
libclucore_la_LIBADD = libproto.la $(PROTOBUFC_LIBS) $(XML_LIBS)

# Things of the operating system that daemons and tools share.
libclubase_la_SOURCES = lib/clu_path.h lib/clu_path.c lib/clu_table.h lib/clu_table.c lib/clu_store.h lib/clu_store.c \
	lib/clu_child.h lib/clu_child.c lib/clu_child_spawn.h lib/clu_child_spawn.c lib/clu_running.h lib/clu_running.c
libclubase_la_LIBADD = libclucore.la $(QB_LIBS) $(JANSSON_LIBS)

# The client side of an admin socket: for tools, and for daemons that talk to others.
noinst_LTLIBRARIES += libcluclient.la libclushell.la
libcluclient_la_SOURCES = lib/clu_client.h lib/clu_client_priv.h lib/clu_client_connect.c lib/clu_client.c \
	lib/clu_client_explain.c lib/clu_ipc.h
libcluclient_la_LIBADD = libclubase.la

# The shell: loop, log, admin socket, corosync. Links only into daemons.
libclushell_la_SOURCES = lib/clu_log.h lib/clu_log.c lib/clu_log_conf.h lib/clu_log_conf.c lib/clu_ipc_server.h lib/clu_ipc_server.c \
	lib/clu_ipc_access.h lib/clu_ipc_access.c lib/clu_ipc_loop.h lib/clu_ipc_loop.c lib/clu_ipc_sweep.c \
	lib/clu_shell.h lib/clu_shell_priv.h lib/clu_shell_opts.c lib/clu_shell_main.c lib/clu_shell_watchdog.c \
	lib/clu_shell_run.c lib/clu_shell_worker.c lib/clu_shell_corosync.c lib/clu_shell_cpg.c lib/clu_shell_cpg_out.c \
	lib/clu_shell_quorum.c \
	lib/clu_shell_peers.c lib/clu_notify.h lib/clu_notify.c
libclushell_la_LIBADD = libcluclient.la libproto.la $(QB_LIBS) $(CPG_LIBS) $(QUORUM_LIBS) $(CFG_LIBS) $(CMAP_LIBS) \
	$(JANSSON_LIBS)

# Links from the shell what it tries, and plays the rest of it, and corosync, itself.
check_PROGRAMS += test_clu_shell_order
TESTS += test_clu_shell_order
test_clu_shell_order_SOURCES = tests/unit/test_clu_shell_order.c
test_clu_shell_order_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_shell_order_LDADD = libclushell.la libclucore.la $(CMOCKA_LIBS)

check_PROGRAMS += test_clu_conf test_clu_opt test_clu_path test_clu_table
TESTS += test_clu_conf test_clu_opt test_clu_path test_clu_table
test_clu_conf_SOURCES = tests/unit/test_clu_conf.c
test_clu_conf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_conf_LDADD = libclubase.la $(CMOCKA_LIBS)
test_clu_opt_SOURCES = tests/unit/test_clu_opt.c
test_clu_opt_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_opt_LDADD = libclubase.la $(CMOCKA_LIBS)
test_clu_path_SOURCES = tests/unit/test_clu_path.c
test_clu_path_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_path_LDADD = libclubase.la $(CMOCKA_LIBS)
test_clu_table_SOURCES = tests/unit/test_clu_table.c
test_clu_table_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_table_LDADD = libclubase.la $(CMOCKA_LIBS)
check_PROGRAMS += test_clu_store test_clu_store_crash test_clu_child
TESTS += test_clu_store test_clu_store_crash test_clu_child
test_clu_store_SOURCES = tests/unit/test_clu_store.c
test_clu_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_store_LDADD = libclubase.la $(CMOCKA_LIBS)
test_clu_store_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write,--wrap=fsync,--wrap=renameat,--wrap=fchmod
test_clu_store_crash_SOURCES = tests/unit/test_clu_store_crash.c
test_clu_store_crash_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_store_crash_LDADD = libclubase.la $(CMOCKA_LIBS)
test_clu_child_SOURCES = tests/unit/test_clu_child.c
test_clu_child_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_child_LDADD = libclubase.la $(CMOCKA_LIBS)

check_PROGRAMS += test_clu_client
TESTS += test_clu_client
test_clu_client_SOURCES = tests/unit/test_clu_client.c tests/unit/ipc_world.c tests/unit/ipc_world.h
test_clu_client_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_client_LDADD = libclushell.la $(CMOCKA_LIBS)
check_PROGRAMS += test_clu_log
TESTS += test_clu_log
test_clu_log_SOURCES = tests/unit/test_clu_log.c
test_clu_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
test_clu_log_LDADD = libclushell.la $(CMOCKA_LIBS)
test_clu_log_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime

# A daemon for tests of the shell.
check_PROGRAMS += clu_echo clu_echo_ctl
clu_echo_SOURCES = tests/cli/clu_echo.c
clu_echo_LDADD = libclushell.la
clu_echo_ctl_SOURCES = tests/cli/clu_echo_ctl.c
clu_echo_ctl_LDADD = libcluclient.la
TESTS += tests/cli/test_clu_shell.sh
EXTRA_DIST += tests/cli/test_clu_shell.sh

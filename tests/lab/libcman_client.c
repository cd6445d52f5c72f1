/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program as its users write them: built against the installed libcman.h and nothing else of Hawser. It obeys lines
 * on standard input, one call of the library each, and answers "= RESULT ERRNO [what it got]"; what callbacks bring is
 * printed as "! ...". A call that takes longer than its deadline is seen by who waits for the answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libcman.h>

static cman_handle_t plain, admin;
static int answer = -1;		/* to the question before a shutdown; -1: none */
static int ask_inside;		/* callbacks call the library as well */
static int privdata;

static void say(int r)
{
	printf("= %d %s", r, r < 0 ? strerrorname_np(errno) : "0");
}

static void on_event(cman_handle_t h, void *p, int reason, int arg)
{
	printf("! event %d %d%s", reason, arg, p == &privdata ? "" : " WRONG PRIVDATA");
	if (ask_inside)
		printf(" quorate %d", cman_is_quorate(h));
	printf("\n");
	if (reason == CMAN_REASON_TRY_SHUTDOWN && answer >= 0 && cman_replyto_shutdown(h, answer) < 0)
		printf("! reply %s\n", strerrorname_np(errno));
}

static void ids(const char *name, const unsigned *list, int n)
{
	printf(" %s", name);
	for (int i = 0; i < n; i++)
		printf("%s%u", i ? "," : "", list[i]);
}

static void on_confchg(cman_handle_t h, void *p, unsigned *members, int n_members, unsigned *left, int n_left,
		       unsigned *joined, int n_joined)
{
	(void)h;
	(void)p;
	printf("! confchg");
	ids("members=", members, n_members);
	ids("left=", left, n_left);
	ids("joined=", joined, n_joined);
	printf("\n");
}

static void on_data(cman_handle_t h, void *p, char *buf, int len, uint8_t port, int nodeid)
{
	(void)h;
	(void)p;
	printf("! data from %d port %u len %d %.*s\n", nodeid, port, len, len < 40 ? len : 40, buf);
}

static const char *address(const void *sa)
{
	static char text[INET6_ADDRSTRLEN];
	struct sockaddr_in a4;
	struct sockaddr_in6 a6;

	memcpy(&a4, sa, sizeof(a4));
	memcpy(&a6, sa, sizeof(a6));
	if (a4.sin_family != AF_INET && a4.sin_family != AF_INET6)
		return "-";
	return inet_ntop(a4.sin_family, a4.sin_family == AF_INET ? (void *)&a4.sin_addr : (void *)&a6.sin6_addr, text,
			 sizeof(text));
}

static void print_node(const cman_node_t *n)
{
	printf(" [%d %s member=%d joined=%d inc=%d at=%s]", n->cn_nodeid, n->cn_name, n->cn_member,
	       n->cn_jointime.tv_sec > 0, n->cn_incarnation,
	       n->cn_address.cna_addrlen ? address(n->cn_address.cna_address) : "-");
}

static void open_handles(const char *what)
{
	cman_handle_t *h = strcmp(what, "admin") ? &plain : &admin;

	*h = h == &admin ? cman_admin_init(&privdata) : cman_init(&privdata);
	say(*h ? 0 : -1);
}

static void list_nodes(int max)
{
	cman_node_t nodes[64];
	int n = -1;

	say(cman_get_nodes(plain, max, &n, nodes));
	printf(" n=%d", n);
	for (int i = 0; i < n; i++)
		print_node(&nodes[i]);
}

static void get_node(int nodeid, const char *name)
{
	cman_node_t n;
	int r;

	memset(&n, 0, sizeof(n));
	if (strcmp(name, "-"))
		snprintf(n.cn_name, sizeof(n.cn_name), "%s", name);
	r = cman_get_node(plain, nodeid, &n);
	say(r);
	if (!r)
		print_node(&n);
}

static void extra_node(int nodeid)
{
	cman_node_extra_t x = { 0 };

	say(cman_get_node_extra(plain, nodeid, &x));
	printf(" id=%d state=%d votes=%d expected=%d reason=%d", x.cnx_nodeid, x.cnx_state, x.cnx_votes,
	       x.cnx_expected_votes, x.cnx_leave_reason);
}

static void addrs(int nodeid, int max)
{
	struct cman_node_address a[8];
	int n = -1;

	say(cman_get_node_addrs(plain, nodeid, max, &n, a));
	printf(" n=%d", n);
	for (int i = 0; i < n && i < max; i++)
		printf(" %s", address(a[i].cna_address));
}

static void extra(size_t size)
{
	union {
		cman_extra_info_t info;
		char room[4096];
	} u;
	int r = cman_get_extra_info(plain, &u.info, (int)size);

	say(r);
	if (r < 0)
		return;
	printf(" state=%d flags=%d votes=%d total=%d expected=%d quorum=%d members=%d addresses=%d", u.info.ei_node_state,
	       u.info.ei_flags, u.info.ei_node_votes, u.info.ei_total_votes, u.info.ei_expected_votes,
	       u.info.ei_quorum, u.info.ei_members, u.info.ei_num_addresses);
	for (int i = 0; i < 2 * u.info.ei_num_addresses; i++)
		printf(" %s", address(u.info.ei_addresses + (size_t)i * sizeof(struct sockaddr_storage)));
	printf(" ports");
	for (int i = 0; i < 256; i++)
		if (u.info.ei_ports[i / 8] >> i % 8 & 1)
			printf(" %d", i);
}

static void versions(void)
{
	cman_version_t v = { 0 };
	cman_cluster_t c;

	memset(&c, 0, sizeof(c));
	say(cman_get_version(plain, &v) < 0 ? -1 : cman_get_cluster(plain, &c));
	printf(" %u.%u.%u config %u cluster %s %u generation %d", v.cv_major, v.cv_minor, v.cv_patch, v.cv_config,
	       c.ci_name, c.ci_number, c.ci_generation > 0);
}

static void set_version(unsigned config)
{
	const cman_version_t v = { .cv_config = config };

	say(cman_set_version(admin, &v));
}

static void fence_info(int nodeid)
{
	char agent[CMAN_MAX_FENCE_AGENT_NAME_LEN + 1] = "";
	uint64_t when = 0;
	int fenced = -1;

	say(cman_get_fenceinfo(plain, nodeid, &when, &fenced, agent));
	printf(" when=%d fenced=%d agent=%s", when > 0, fenced, agent);
}

static void device(void)
{
	cman_qdev_info_t q;

	memset(&q, 0, sizeof(q));
	say(cman_get_quorum_device(plain, &q));
	printf(" name=%s state=%d votes=%d", q.qi_name, q.qi_state, q.qi_votes);
}

static void send_text(int port, int nodeid, const char *text)
{
	char big[CMAN_MAX_DATA_LEN + 1];

	if (*text != '#') {
		say(cman_send_data(plain, text, (int)strlen(text), 0, (uint8_t)port, nodeid));
		return;
	}
	memset(big, 'x', sizeof(big));
	say(cman_send_data(plain, big, atoi(text + 1), 0, (uint8_t)port, nodeid));
}

static void flood(int port, int n)
{
	int r = 0;

	for (int i = 0; i < n && r >= 0; i++) {
		char text[32];

		snprintf(text, sizeof(text), "m%d", i);
		r = cman_send_data(plain, text, (int)strlen(text), 0, (uint8_t)port, 0);
	}
	say(r < 0 ? -1 : 0);
}

/* The child goes on with our handles, the parent waits with its own. */
static void in_child(void)
{
	int r, status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		r = cman_is_quorate(plain);
		printf("! child quorate %d %s\n", r, r < 0 ? strerrorname_np(errno) : "0");
		r = cman_get_node_count(admin);
		printf("! child nodes %d %s\n", r, r < 0 ? strerrorname_np(errno) : "0");
		cman_finish(plain);
		cman_finish(admin);
		fflush(stdout);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	say(status);
}

/* The child does nothing and lives on. */
static void __attribute__((noreturn)) orphan(void)
{
	if (!fork())
		for (;;)
			pause();
	_exit(0);
}

#define WORD(text) (!strcmp(word, text))

static int obey(char *line)
{
	char word[32] = "", a[300] = "", b[300] = "", c[300] = "";
	int i, j;

	sscanf(line, "%31s %299s %299s %299s", word, a, b, c);
	i = atoi(a);
	j = atoi(b);
	if (WORD("open"))
		open_handles(a);
	else if (WORD("finish"))
		say(cman_finish(strcmp(a, "admin") ? plain : admin));
	else if (WORD("private")) {
		void *p = NULL;
		int r = cman_setprivdata(plain, &answer);

		say(r < 0 || cman_getprivdata(plain, &p) < 0 || p != &answer ? -1 : cman_setprivdata(plain, &privdata));
	} else if (WORD("notify"))
		say(cman_start_notification(strcmp(a, "admin") ? plain : admin, on_event));
	else if (WORD("no-notify"))
		say(cman_stop_notification(plain));
	else if (WORD("confchg"))
		say(cman_start_confchg(plain, on_confchg));
	else if (WORD("no-confchg"))
		say(cman_stop_confchg(plain));
	else if (WORD("answer")) {
		answer = i;
		say(0);
	} else if (WORD("inside")) {
		ask_inside = i;
		say(0);
	} else if (WORD("reply"))
		say(cman_replyto_shutdown(plain, i));
	else if (WORD("dispatch"))
		say(cman_dispatch(plain, i));
	else if (WORD("count"))
		say(cman_get_node_count(plain));
	else if (WORD("subsystems"))
		say(cman_get_subsys_count(plain));
	else if (WORD("nodes"))
		list_nodes(i);
	else if (WORD("disallowed")) {
		cman_node_t n[4];
		int k = -1;

		say(cman_get_disallowed_nodes(plain, 4, &k, n));
		printf(" n=%d", k);
	} else if (WORD("node"))
		get_node(i, b);
	else if (WORD("node-extra"))
		extra_node(i);
	else if (WORD("addrs"))
		addrs(i, j);
	else if (WORD("active"))
		say(cman_is_active(plain));
	else if (WORD("listening"))
		say(cman_is_listening(plain, i, (uint8_t)j));
	else if (WORD("quorate"))
		say(cman_is_quorate(plain));
	else if (WORD("versions"))
		versions();
	else if (WORD("extra"))
		extra((size_t)i);
	else if (WORD("fenceinfo"))
		fence_info(i);
	else if (WORD("set-version"))
		set_version((unsigned)i);
	else if (WORD("votes"))
		say(cman_set_votes(strcmp(c, "plain") ? admin : plain, i, j));
	else if (WORD("expected"))
		say(cman_set_expected_votes(admin, i));
	else if (WORD("kill"))
		say(cman_kill_node(admin, i));
	else if (WORD("fenced"))
		say(cman_node_fenced(admin, i, 1, (char *)"hand"));
	else if (WORD("shutdown"))
		say(cman_shutdown(admin, i));
	else if (WORD("leave"))
		say(cman_leave_cluster(admin, i));
	else if (WORD("dirty"))
		say(cman_set_dirty(admin));
	else if (WORD("debug"))
		say(cman_set_debuglog(admin, i));
	else if (WORD("bind"))
		say(cman_start_recv_data(plain, on_data, (uint8_t)i));
	else if (WORD("unbind"))
		say(cman_end_recv_data(plain));
	else if (WORD("send"))
		send_text(i, j, c);
	else if (WORD("flood"))
		flood(i, j);
	else if (WORD("barrier"))
		say(cman_barrier_register(plain, "b", 0, 2) == -1 && errno == ENOSYS &&
				    cman_barrier_change(plain, "b", 0, 2) == -1 && errno == ENOSYS &&
				    cman_barrier_wait(plain, "b") == -1 && errno == ENOSYS &&
				    cman_barrier_delete(plain, "b") == -1 && errno == ENOSYS ?
			    0 :
			    -1);
	else if (WORD("register"))
		say(cman_register_quorum_device(admin, a, j));
	else if (WORD("update"))
		say(cman_update_quorum_device(admin, a, j));
	else if (WORD("poll"))
		say(cman_poll_quorum_device(admin, i));
	else if (WORD("unregister"))
		say(cman_unregister_quorum_device(admin));
	else if (WORD("device"))
		device();
	else if (WORD("orphan"))
		orphan();
	else if (WORD("fork"))
		in_child();
	else
		return -1;
	printf("\n");
	return 0;
}

int main(void)
{
	static char line[1024];
	size_t len = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* "hold" lets events wait, "go" takes them again: for a program that does not read. */
	for (int hold = 0;;) {
		struct pollfd p[2] = { { .fd = 0, .events = POLLIN },
				       { .fd = plain && !hold ? cman_get_fd(plain) : -1, .events = POLLIN } };
		char *end;
		ssize_t n;

		if (poll(p, 2, -1) < 0)
			return 2;
		if (p[1].revents && cman_dispatch(plain, CMAN_DISPATCH_ALL) < 0) {
			printf("! end %s\n", strerrorname_np(errno));
			hold = 1;
		}
		if (!p[0].revents)
			continue;
		n = read(0, line + len, sizeof(line) - 1 - len);
		if (n <= 0)
			return 0;
		len += (size_t)n;
		line[len] = '\0';
		while ((end = strchr(line, '\n')) != NULL) {
			*end = '\0';
			if (!strcmp(line, "hold") || !strcmp(line, "go")) {
				hold = !strcmp(line, "hold");
				printf("= 0 0\n");
			} else if (obey(line) < 0) {
				return 3;
			}
			if (!strncmp(line, "open plain", 10))
				hold = 0;
			if (!strncmp(line, "finish plain", 12))
				plain = NULL;
			len -= (size_t)(end + 1 - line);
			memmove(line, end + 1, len + 1);
		}
	}
}

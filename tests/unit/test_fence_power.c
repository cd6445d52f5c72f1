/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The power sequence against simulated devices, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fence_power.h"

#define NEVER UINT64_MAX
#define CYCLE_MS 500 /* off time of a power cycle; IPMI demands a second */

/* A device that obeys after a while, or not at all. */
struct device {
	bool on;
	bool deaf_to_off, deaf_to_on;	/* accepts the command and does nothing */
	bool no_cycle;
	uint32_t lag_ms;		/* from an accepted command to its effect */
	unsigned fail_commands;		/* the next N commands fail without effect */
	unsigned lose_answers;		/* the next N commands take effect, but fail for us */
	unsigned fail_reads;
	bool deny_commands, deny_reads;
	uint32_t latency_ms;		/* of each answer */

	uint64_t change_ms, cycle_on_ms;
	bool change_to;
	unsigned n_off, n_on, n_cycle, n_reads;
};

static void settle(struct device *d, uint64_t now)
{
	if (now >= d->change_ms) {
		d->on = d->change_to;
		d->change_ms = NEVER;
	}
	if (now >= d->cycle_on_ms) {
		d->on = true;
		d->cycle_on_ms = NEVER;
	}
}

static enum fence_power_event take(struct device *d, uint64_t now, enum fence_power_do what)
{
	bool off = what != FENCE_DO_ON;
	unsigned *count = what == FENCE_DO_OFF ? &d->n_off : what == FENCE_DO_ON ? &d->n_on : &d->n_cycle;

	(*count)++;
	if (d->deny_commands)
		return FENCE_EV_DENIED;
	if (what == FENCE_DO_CYCLE && d->no_cycle)
		return FENCE_EV_FAILED;
	if (d->fail_commands) {
		d->fail_commands--;
		return FENCE_EV_FAILED;
	}
	if ((off ? !d->deaf_to_off : !d->deaf_to_on) && d->change_ms == NEVER) {
		d->change_ms = now + d->lag_ms;
		d->change_to = !off;
		if (what == FENCE_DO_CYCLE)
			d->cycle_on_ms = now + d->lag_ms + CYCLE_MS;
	}
	if (d->lose_answers) {
		d->lose_answers--;
		return FENCE_EV_FAILED;
	}
	return FENCE_EV_DONE;
}

static enum fence_power_event tell(struct device *d)
{
	d->n_reads++;
	if (d->deny_reads)
		return FENCE_EV_DENIED;
	if (d->fail_reads) {
		d->fail_reads--;
		return FENCE_EV_UNKNOWN;
	}
	return d->on ? FENCE_EV_IS_ON : FENCE_EV_IS_OFF;
}

static enum fence_power_end run(struct fence_power *p, struct device *d, uint64_t *ret_ms)
{
	uint64_t now = 1000000;
	struct fence_power_next n = fence_power_step(p, now, FENCE_EV_START);

	d->change_ms = d->cycle_on_ms = NEVER;
	for (unsigned steps = 0; n.what != FENCE_DO_END; steps++) {
		enum fence_power_event ev = FENCE_EV_WAITED;

		assert_true(steps < 1000);
		now += d->latency_ms;
		settle(d, now);
		if (n.what == FENCE_DO_WAIT) {
			assert_true(n.wait_ms > 0);
			now += n.wait_ms;
			settle(d, now);
		} else if (n.what == FENCE_DO_GET) {
			ev = tell(d);
		} else {
			ev = take(d, now, n.what);
			settle(d, now);
		}
		n = fence_power_step(p, now, ev);
	}
	if (ret_ms)
		*ret_ms = now - 1000000;
	return n.end;
}

static struct fence_power power(enum fence_action action)
{
	return (struct fence_power){ .action = action, .power_timeout_ms = 20000, .retry_on = 1 };
}

static void reading_only(void **state)
{
	struct fence_power p = power(FENCE_STATUS);
	struct device on = { .on = true }, off = { .on = false };

	assert_int_equal(run(&p, &on, NULL), FENCE_END_IS_ON);
	assert_int_equal(run(&p, &off, NULL), FENCE_END_IS_OFF);
	p = power(FENCE_MONITOR);
	assert_int_equal(run(&p, &off, NULL), FENCE_END_IS_OFF);
	assert_int_equal(on.n_off + on.n_on + on.n_cycle + off.n_off + off.n_on + off.n_cycle, 0);
}

static void nothing_to_do(void **state)
{
	struct fence_power p = power(FENCE_OFF);
	struct device on = { .on = true }, off = { .on = false };

	assert_int_equal(run(&p, &off, NULL), FENCE_END_ALREADY_OFF);
	assert_int_equal(off.n_off, 0);
	p = power(FENCE_ON);
	assert_int_equal(run(&p, &on, NULL), FENCE_END_ALREADY_ON);
	assert_int_equal(on.n_on, 0);
}

static void an_obedient_device_costs_no_wait(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct device d = { .on = true };
	uint64_t ms;

	assert_int_equal(run(&p, &d, &ms), FENCE_END_REBOOTED);
	assert_int_equal(ms, 0);
	assert_int_equal(d.n_off, 1);
	assert_int_equal(d.n_on, 1);
	assert_int_equal(d.n_reads, 3);
	assert_true(d.on);
}

static void reboot_of_a_machine_that_is_off(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct device d = { .on = false };

	assert_int_equal(run(&p, &d, NULL), FENCE_END_REBOOTED);
	assert_int_equal(d.n_off, 0);
	assert_int_equal(d.n_on, 1);
}

static void a_slow_device_is_awaited(void **state)
{
	struct fence_power p = power(FENCE_OFF);
	struct device d = { .on = true, .lag_ms = 4000 };
	uint64_t ms;

	assert_int_equal(run(&p, &d, &ms), FENCE_END_OFF);
	assert_true(ms >= 4000 && ms <= 5000);
	assert_int_equal(d.n_off, 1);
}

/* Accepted is not done: an agent that trusts the acknowledgement would say success here. */
static void a_lying_device_fails(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct device d = { .on = true, .deaf_to_off = true };
	uint64_t ms;

	assert_int_equal(run(&p, &d, &ms), FENCE_END_TIMEOUT_OFF);
	assert_true(ms >= 20000 && ms <= 21000);
	assert_true(d.n_off > 1);	/* repeated: the first may have been lost inside the device */
	assert_int_equal(d.n_on, 0);
}

static void failed_commands_are_repeated(void **state)
{
	struct fence_power p = power(FENCE_OFF);
	struct device d = { .on = true, .fail_commands = 2 };

	assert_int_equal(run(&p, &d, NULL), FENCE_END_OFF);
	assert_int_equal(d.n_off, 3);
}

static void a_lost_answer_is_no_failure(void **state)
{
	struct fence_power p = power(FENCE_OFF);
	struct device d = { .on = true, .lose_answers = 1 };
	uint64_t ms;

	assert_int_equal(run(&p, &d, &ms), FENCE_END_OFF);
	assert_int_equal(d.n_off, 1);
	assert_int_equal(ms, 0);
}

static void lost_reads_are_repeated_within_bounds(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct device d = { .on = true, .fail_reads = 3 }, dead = { .on = true, .fail_reads = 100000 };
	uint64_t ms;

	assert_int_equal(run(&p, &d, NULL), FENCE_END_REBOOTED);
	assert_int_equal(run(&p, &dead, &ms), FENCE_END_NO_STATE);
	assert_true(ms <= 6000);
	assert_int_equal(dead.n_off, 0);
}

/* The reads stop working after "off": not known to be off, so not fenced. */
static void unreadable_after_off_fails(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct fence_power_next n;
	uint64_t now = 0;

	n = fence_power_step(&p, now, FENCE_EV_START);
	n = fence_power_step(&p, now, FENCE_EV_IS_ON);
	assert_int_equal(n.what, FENCE_DO_OFF);
	n = fence_power_step(&p, now, FENCE_EV_DONE);
	while (n.what != FENCE_DO_END) {
		now += n.what == FENCE_DO_WAIT ? n.wait_ms : 1;
		n = fence_power_step(&p, now, n.what == FENCE_DO_WAIT ? FENCE_EV_WAITED :
			n.what == FENCE_DO_GET ? FENCE_EV_UNKNOWN : FENCE_EV_DONE);
		assert_true(now < 60000);
	}
	assert_int_equal(n.end, FENCE_END_TIMEOUT_OFF);
}

static void the_on_half_may_fail(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct device deaf = { .on = true, .deaf_to_on = true };
	uint64_t ms;

	assert_int_equal(run(&p, &deaf, &ms), FENCE_END_REBOOTED_STAYS_OFF);
	assert_true(ms <= 5000);	/* recovery of services waits for this */
	assert_false(deaf.on);
	assert_int_equal(deaf.n_on, 2);
}

static void on_by_itself_must_succeed(void **state)
{
	struct fence_power p = power(FENCE_ON);
	struct device deaf = { .on = false, .deaf_to_on = true }, slow = { .on = false, .lag_ms = 15000 };
	uint64_t ms;

	assert_int_equal(run(&p, &deaf, &ms), FENCE_END_TIMEOUT_ON);
	assert_true(ms >= 40000 && ms <= 42000);	/* one more try: retry_on */
	p = power(FENCE_ON);
	p.retry_on = 0;
	assert_int_equal(run(&p, &slow, NULL), FENCE_END_ON);
}

static void denial_ends_at_once(void **state)
{
	struct fence_power p = power(FENCE_OFF);
	struct device d = { .on = true, .deny_commands = true }, blind = { .on = true, .deny_reads = true };
	uint64_t ms;

	assert_int_equal(run(&p, &d, &ms), FENCE_END_DENIED);
	assert_int_equal(ms, 0);
	assert_int_equal(run(&p, &blind, &ms), FENCE_END_DENIED);
	p = power(FENCE_REBOOT);
	d = (struct device){ .on = false, .deny_commands = true };
	assert_int_equal(run(&p, &d, NULL), FENCE_END_REBOOTED_STAYS_OFF);
}

static void cycle_counts_only_when_off_was_seen(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct device good = { .on = true, .latency_ms = 5 }, deaf = { .on = true, .deaf_to_off = true };

	p.cycle = true;
	assert_int_equal(run(&p, &good, NULL), FENCE_END_REBOOTED);
	assert_int_equal(good.n_cycle, 1);
	assert_int_equal(good.n_off + good.n_on, 0);
	p = power(FENCE_REBOOT);
	p.cycle = true;
	assert_int_equal(run(&p, &deaf, NULL), FENCE_END_TIMEOUT_OFF);
	assert_int_equal(deaf.n_cycle, 1);
}

/* The off time of a cycle is seen even when it begins late. */
static void a_late_cycle_is_not_missed(void **state)
{
	for (uint32_t lag = 0; lag < 9000; lag += 37) {
		struct fence_power p = power(FENCE_REBOOT);
		struct device d = { .on = true, .lag_ms = lag };

		p.cycle = true;
		assert_int_equal(run(&p, &d, NULL), FENCE_END_REBOOTED);
	}
}

static void without_cycle_command_off_and_on(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct device d = { .on = true, .no_cycle = true }, off = { .on = false };

	p.cycle = true;
	assert_int_equal(run(&p, &d, NULL), FENCE_END_REBOOTED);
	assert_int_equal(d.n_off, 1);
	p = power(FENCE_REBOOT);
	p.cycle = true;
	assert_int_equal(run(&p, &off, NULL), FENCE_END_REBOOTED);
	assert_int_equal(off.n_cycle, 0);
}

static void power_wait_is_kept(void **state)
{
	struct fence_power p = power(FENCE_REBOOT);
	struct device d = { .on = true };
	uint64_t ms;

	p.power_wait_ms = 2000;
	assert_int_equal(run(&p, &d, &ms), FENCE_END_REBOOTED);
	assert_int_equal(ms, 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_only),
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(an_obedient_device_costs_no_wait),
		cmocka_unit_test(reboot_of_a_machine_that_is_off),
		cmocka_unit_test(a_slow_device_is_awaited),
		cmocka_unit_test(a_lying_device_fails),
		cmocka_unit_test(failed_commands_are_repeated),
		cmocka_unit_test(a_lost_answer_is_no_failure),
		cmocka_unit_test(lost_reads_are_repeated_within_bounds),
		cmocka_unit_test(unreadable_after_off_fails),
		cmocka_unit_test(the_on_half_may_fail),
		cmocka_unit_test(on_by_itself_must_succeed),
		cmocka_unit_test(denial_ends_at_once),
		cmocka_unit_test(cycle_counts_only_when_off_was_seen),
		cmocka_unit_test(a_late_cycle_is_not_missed),
		cmocka_unit_test(without_cycle_command_off_and_on),
		cmocka_unit_test(power_wait_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fence_power.h"

#define FIRST_MS 5000u		/* how long the first reading of the state may fail */
#define REBOOT_ON_MS 2000u	/* patience per try with the on half of a reboot: recovery waits for us */
#define PAUSE_MIN_MS 50u	/* between two readings, growing by half each time ... */
#define PAUSE_MAX_MS 1000u
#define PAUSE_CYCLE_MS 100u	/* ... but a cycle is off for a second only: it must not be missed */
#define RESEND_MS 5000u		/* a command that was accepted and had no effect is repeated */
#define RESEND_FAILED_MS 1000u

static struct fence_power_next what(enum fence_power_do d)
{
	return (struct fence_power_next){ .what = d };
}

static struct fence_power_next end(enum fence_power_end e)
{
	return (struct fence_power_next){ .what = FENCE_DO_END, .end = e };
}

static struct fence_power_next command(struct fence_power *p)
{
	if (p->phase == FENCE_PHASE_ON)
		return what(FENCE_DO_ON);
	return what(p->phase == FENCE_PHASE_CYCLE ? FENCE_DO_CYCLE : FENCE_DO_OFF);
}

static struct fence_power_next enter(struct fence_power *p, uint64_t now_ms, enum fence_power_phase phase)
{
	p->phase = phase;
	p->phase_ms = now_ms;
	p->pause_ms = PAUSE_MIN_MS;
	return command(p);
}

static uint32_t phase_limit_ms(const struct fence_power *p)
{
	if (p->phase == FENCE_PHASE_FIRST)
		return p->power_timeout_ms < FIRST_MS ? p->power_timeout_ms : FIRST_MS;
	if (p->phase == FENCE_PHASE_ON && p->action == FENCE_REBOOT && p->power_timeout_ms > REBOOT_ON_MS)
		return REBOOT_ON_MS;
	return p->power_timeout_ms;
}

static struct fence_power_next give_up(struct fence_power *p, uint64_t now_ms)
{
	switch (p->phase) {
	case FENCE_PHASE_FIRST:
		return end(FENCE_END_NO_STATE);
	case FENCE_PHASE_OFF:
	case FENCE_PHASE_CYCLE:
		return end(FENCE_END_TIMEOUT_OFF);
	case FENCE_PHASE_ON:
		break;
	}
	if (p->tries++ < p->retry_on)
		return enter(p, now_ms, FENCE_PHASE_ON);
	return end(p->action == FENCE_REBOOT ? FENCE_END_REBOOTED_STAYS_OFF : FENCE_END_TIMEOUT_ON);
}

/* The wanted state is not there yet: read again after a pause, or give up. */
static struct fence_power_next again(struct fence_power *p, uint64_t now_ms)
{
	uint64_t passed = now_ms - p->phase_ms;
	uint32_t limit = phase_limit_ms(p), pause = p->pause_ms;

	if (passed >= limit)
		return give_up(p, now_ms);
	if (p->phase == FENCE_PHASE_CYCLE && pause > PAUSE_CYCLE_MS)
		pause = PAUSE_CYCLE_MS;
	if (pause > limit - passed)
		pause = (uint32_t)(limit - passed);
	p->pause_ms += p->pause_ms / 2;
	if (p->pause_ms > PAUSE_MAX_MS)
		p->pause_ms = PAUSE_MAX_MS;
	return (struct fence_power_next){ .what = FENCE_DO_WAIT, .wait_ms = pause };
}

static struct fence_power_next first_state(struct fence_power *p, uint64_t now_ms, bool on)
{
	switch (p->action) {
	case FENCE_ON:
		return on ? end(FENCE_END_ALREADY_ON) : enter(p, now_ms, FENCE_PHASE_ON);
	case FENCE_OFF:
		return on ? enter(p, now_ms, FENCE_PHASE_OFF) : end(FENCE_END_ALREADY_OFF);
	case FENCE_REBOOT:
		if (!on)
			return enter(p, now_ms, FENCE_PHASE_ON);
		return enter(p, now_ms, p->cycle ? FENCE_PHASE_CYCLE : FENCE_PHASE_OFF);
	case FENCE_STATUS:
	case FENCE_MONITOR:
	case FENCE_LIST:
	case FENCE_METADATA:
	case FENCE_VALIDATE:
	case FENCE_NACTIONS:
		break;
	}
	return end(on ? FENCE_END_IS_ON : FENCE_END_IS_OFF);
}

static struct fence_power_next state_read(struct fence_power *p, uint64_t now_ms, bool on)
{
	switch (p->phase) {
	case FENCE_PHASE_FIRST:
		return first_state(p, now_ms, on);
	case FENCE_PHASE_OFF:
		if (on)
			break;
		return p->action == FENCE_REBOOT ? enter(p, now_ms, FENCE_PHASE_ON) : end(FENCE_END_OFF);
	case FENCE_PHASE_ON:
		if (!on)
			break;
		return end(p->action == FENCE_REBOOT ? FENCE_END_REBOOTED : FENCE_END_ON);
	case FENCE_PHASE_CYCLE:
		if (on)
			break;
		return end(FENCE_END_REBOOTED);	/* off was seen; the device brings it on by itself */
	}
	return again(p, now_ms);
}

static struct fence_power_next commanded(struct fence_power *p, uint64_t now_ms, bool done)
{
	if (!done && p->phase == FENCE_PHASE_CYCLE)
		return enter(
			p, now_ms, FENCE_PHASE_OFF); /* a device without a cycle command, or already off */
	p->resend_ms = now_ms + (done ? RESEND_MS : RESEND_FAILED_MS);
	if (p->power_wait_ms && done)
		return (struct fence_power_next){ .what = FENCE_DO_WAIT, .wait_ms = p->power_wait_ms };
	return what(FENCE_DO_GET);
}

static struct fence_power_next waited(struct fence_power *p, uint64_t now_ms)
{
	/* "cycle" is not repeated: a second one would cut a machine that is starting. */
	if ((p->phase == FENCE_PHASE_OFF || p->phase == FENCE_PHASE_ON) && now_ms >= p->resend_ms)
		return command(p);
	return what(FENCE_DO_GET);
}

static struct fence_power_next denied(struct fence_power *p, uint64_t now_ms)
{
	if (p->phase == FENCE_PHASE_CYCLE)
		return enter(p, now_ms, FENCE_PHASE_OFF);
	if (p->phase == FENCE_PHASE_ON && p->action == FENCE_REBOOT)
		return end(FENCE_END_REBOOTED_STAYS_OFF);
	return end(FENCE_END_DENIED);
}

struct fence_power_next fence_power_step(struct fence_power *p, uint64_t now_ms, enum fence_power_event ev)
{
	switch (ev) {
	case FENCE_EV_START:
		p->phase = FENCE_PHASE_FIRST;
		p->phase_ms = now_ms;
		p->pause_ms = PAUSE_MIN_MS;
		break;
	case FENCE_EV_IS_ON:
	case FENCE_EV_IS_OFF:
		return state_read(p, now_ms, ev == FENCE_EV_IS_ON);
	case FENCE_EV_UNKNOWN:
		return again(p, now_ms);
	case FENCE_EV_DONE:
	case FENCE_EV_FAILED:
		return commanded(p, now_ms, ev == FENCE_EV_DONE);
	case FENCE_EV_DENIED:
		return denied(p, now_ms);
	case FENCE_EV_WAITED:
		return waited(p, now_ms);
	}
	return what(FENCE_DO_GET);
}

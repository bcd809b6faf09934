/* The lives of the devices: who renews in time, who falls silent, is cloned, lost, retired. */
#include "fleet.h"

#define TICK_S 3600 /* between two looks at CRLs and at what is due */
#define STEER_EVERY_S (10 * DAY_S)

enum happening {
    BATCH_IMPORTED,
    UNIT_ENROLS,
    UNIT_USES,
    UNIT_RENEWS,
    UNIT_OVERDUE, /* nothing happens but that its finding is there */
    UNIT_RETURNS,
    UNIT_FORKS,
    UNIT_READMITTED,
    UNIT_LOST,
    UNIT_FOUND,
    UNIT_RETIRED,
    UNIT_STRUCK,
    UNIT_REVOKED,
    UNIT_RELEASED,
    UNIT_ACCEPTED,
    PEOPLE_RENEW,
    HAPPENINGS
};

static enum result put_in(struct fleet *fleet, int64_t from_s, int64_t to_s, uint32_t who,
                          enum happening what, struct err *err)
{
    int64_t at_s = fleet->house.now_s + draw_between(&fleet->plan.draw, from_s, to_s);
    return queue_put(&fleet->queue, at_s, who, what, err);
}

static bool chance(struct fleet *fleet, double of)
{
    return draw_chance(&fleet->plan.draw, of);
}

static bool has_registered_key(const struct fleet *fleet, uint32_t unit)
{
    return !product_of(fleet, unit)->uses_tokens;
}

static int64_t percent_of_life_s(const struct unit *u, int64_t percent)
{
    return u->not_before_s + (u->not_after_s - u->not_before_s) / 100 * percent;
}

/* ---- what comes next ---- */

/* What may come between a device and its next renewal, and how many of a thousand a year. */
static const struct {
    enum happening what;
    double a_year;
} accidents[] = {
    {UNIT_RETIRED, 0.03}, {UNIT_LOST, 0.004},     {UNIT_STRUCK, 0.004},
    {UNIT_FORKS, 0.001},  {UNIT_RELEASED, 0.004},
};

static enum happening draw_accident(struct fleet *fleet, double years)
{
    for (size_t i = 0; i < LENGTH_OF(accidents); i++)
        if (chance(fleet, accidents[i].a_year * years))
            return accidents[i].what;
    return UNIT_RENEWS;
}

#define RENEW_WITHIN_S (5 * DAY_S) /* of the beginning of its window */

static enum result plan_next(struct fleet *fleet, uint32_t unit, struct err *err)
{
    struct draw *draw = &fleet->plan.draw;
    const struct unit *u = &fleet->units[unit];
    int64_t now_s = fleet->house.now_s;
    int64_t at_s = percent_of_life_s(u, 60) + draw_between(draw, 60, RENEW_WITHIN_S);
    if (at_s <= now_s)
        at_s = now_s + draw_between(draw, 60, DAY_S);
    enum happening what = draw_accident(fleet, (double)(at_s - now_s) / (double)YEAR_S);
    if (what != UNIT_RENEWS)
        at_s = draw_between(draw, now_s + 1, at_s);
    int64_t heard_s = fleet->plan.until_s - draw_between(draw, 60, DAY_S);
    TRY(act_seen(fleet, unit, at_s < heard_s ? at_s : heard_s, err));
    return queue_put(&fleet->queue, at_s, unit, what, err);
}

/* Whoever got a certificate uses it soon. */
static enum result plan_use(struct fleet *fleet, uint32_t unit, uint32_t key_before,
                            struct err *err)
{
    if (fleet->units[unit].key == key_before) /* refused: it asks again */
        return put_in(fleet, DAY_S, 20 * DAY_S, unit, UNIT_RETURNS, err);
    return put_in(fleet, 60, 3600, unit, UNIT_USES, err);
}

/* ---- how it begins ---- */

static enum result import_batch(struct fleet *fleet, uint32_t number, struct err *err)
{
    const struct plan_batch *batch = &fleet->plan.batches[number];
    for (uint32_t unit = batch->first; unit < batch->first + batch->count; unit++) {
        fleet->units[unit].batch = number;
        TRY(act_import(fleet, unit, err));
        if (chance(fleet, 0.02)) /* made and never switched on, some with a token lying about */
            TRY(chance(fleet, 0.3) ? act_token(fleet, unit, 0, err) : OK);
        else
            TRY(put_in(fleet, 3600, 15 * DAY_S, unit, UNIT_ENROLS, err));
    }
    return OK;
}

static enum result enrols(struct fleet *fleet, uint32_t unit, struct err *err)
{
    uint32_t before = fleet->units[unit].key;
    if (has_registered_key(fleet, unit) && chance(fleet, 0.01)) /* nobody will use this one */
        TRY(act_token(fleet, unit, draw_between(&fleet->plan.draw, 20, 90) * DAY_S, err));
    TRY(act_enrol(fleet, unit, err));
    return chance(fleet, 0.003) ? OK : plan_use(fleet, unit, before, err);
}

static enum result uses(struct fleet *fleet, uint32_t unit, struct err *err)
{
    TRY(act_use(fleet, unit, false, err));
    return plan_next(fleet, unit, err);
}

/* ---- renewal, and who misses it ---- */

/* Its finding opens when it is past renew-by: who steers counts it from now on. */
static enum result fall_silent(struct fleet *fleet, uint32_t unit, struct err *err)
{
    struct unit *u = &fleet->units[unit];
    int64_t overdue_s = percent_of_life_s(u, 85), life_s = u->not_after_s - u->not_before_s;
    u->is_silent = true;
    u->is_awaited = overdue_s <= fleet->plan.until_s;
    fleet->awaited += u->is_awaited;
    if (u->is_awaited)
        TRY(queue_put(&fleet->queue, overdue_s + TICK_S, unit, UNIT_OVERDUE, err));
    return chance(fleet, 0.4) ? OK : put_in(fleet, life_s / 8, life_s, unit, UNIT_RETURNS, err);
}

static void hear_of(struct fleet *fleet, uint32_t unit)
{
    struct unit *u = &fleet->units[unit];
    fleet->awaited -= u->is_awaited;
    u->is_awaited = false;
}

static enum result is_overdue(struct fleet *fleet, uint32_t unit, struct err *err)
{
    (void)err;
    hear_of(fleet, unit);
    return OK;
}

static enum result renews(struct fleet *fleet, uint32_t unit, struct err *err)
{
    uint32_t before = fleet->units[unit].key;
    if (chance(fleet, fleet->silence))
        return fall_silent(fleet, unit, err);
    if (chance(fleet, 0.02)) /* some weeks late */
        return put_in(fleet, 10 * DAY_S, 60 * DAY_S, unit, UNIT_RETURNS, err);
    TRY(act_renew(fleet, unit, err));
    return plan_use(fleet, unit, before, err);
}

/* With an expired certificate it first shows that. */
static enum result comes_late(struct fleet *fleet, uint32_t unit, struct err *err)
{
    const struct unit *u = &fleet->units[unit];
    TRY(act_use(fleet, unit, false, err));
    if (fleet->house.now_s - u->not_after_s <= product_of(fleet, unit)->grace_s)
        return act_renew(fleet, unit, err);
    return has_registered_key(fleet, unit) ? act_enrol_anew(fleet, unit, err) : OK;
}

static enum result returns(struct fleet *fleet, uint32_t unit, struct err *err)
{
    struct unit *u = &fleet->units[unit];
    uint32_t before = u->key;
    enum device_state state = STATE_NONE;
    TRY(act_state(fleet, unit, &state, err));
    hear_of(fleet, unit);
    u->is_silent = false;
    if (!device_can_prove(state))
        return OK;
    if (fleet->house.now_s <= u->not_after_s)
        TRY(act_renew(fleet, unit, err));
    else
        TRY(comes_late(fleet, unit, err));
    return plan_use(fleet, unit, before, err);
}

/* ---- accidents ---- */

static enum result forks(struct fleet *fleet, uint32_t unit, struct err *err)
{
    enum device_state state = STATE_NONE;
    if (fleet->units[unit].last_key != 0) /* somebody kept what it had before its last renewal */
        TRY(act_use(fleet, unit, true, err));
    TRY(act_state(fleet, unit, &state, err));
    if (state != STATE_QUARANTINED)
        return plan_next(fleet, unit, err);
    return chance(fleet, 0.3) ? OK : put_in(fleet, DAY_S, 60 * DAY_S, unit, UNIT_READMITTED, err);
}

static enum result is_readmitted(struct fleet *fleet, uint32_t unit, struct err *err)
{
    uint32_t before = fleet->units[unit].key;
    TRY(act_set(fleet, unit, VERB_READMIT, err));
    if (!has_registered_key(fleet, unit))
        return put_in(fleet, DAY_S, 30 * DAY_S, unit, UNIT_RETIRED, err);
    TRY(act_enrol_anew(fleet, unit, err));
    return plan_use(fleet, unit, before, err);
}

static enum result is_lost(struct fleet *fleet, uint32_t unit, struct err *err)
{
    TRY(act_set(fleet, unit, VERB_LOST, err));
    return chance(fleet, 0.3) ? put_in(fleet, DAY_S, 90 * DAY_S, unit, UNIT_FOUND, err) : OK;
}

static enum result is_found(struct fleet *fleet, uint32_t unit, struct err *err)
{
    TRY(act_set(fleet, unit, VERB_FOUND, err));
    return put_in(fleet, DAY_S, 20 * DAY_S, unit, UNIT_READMITTED, err);
}

static enum result is_retired(struct fleet *fleet, uint32_t unit, struct err *err)
{
    return act_set(fleet, unit, VERB_RETIRE, err);
}

static enum result is_struck(struct fleet *fleet, uint32_t unit, struct err *err)
{
    TRY(act_strike(fleet, unit, err));
    return chance(fleet, 0.5) ? put_in(fleet, 20 * DAY_S, YEAR_S, unit, UNIT_REVOKED, err) : OK;
}

static enum result is_revoked(struct fleet *fleet, uint32_t unit, struct err *err)
{
    return act_revoke(fleet, unit, err);
}

/* ---- people ---- */

/* Some are never accepted: the device stays where it is. */
static enum result is_released(struct fleet *fleet, uint32_t unit, struct err *err)
{
    uint32_t owner = 1 + (uint32_t)draw_below(&fleet->plan.draw, fleet->plan.owners_n);
    bool can_go = false;
    TRY(act_release(fleet, unit, owner, &can_go, err));
    if (!can_go || chance(fleet, 0.1))
        return plan_next(fleet, unit, err);
    return put_in(fleet, 3600, 6 * DAY_S, unit, UNIT_ACCEPTED, err);
}

/* Done is what the device does: it renews with a new key, and uses it. */
static enum result is_accepted(struct fleet *fleet, uint32_t unit, struct err *err)
{
    TRY(act_accept(fleet, unit, err));
    return put_in(fleet, 3600, 20 * DAY_S, unit, UNIT_RETURNS, err);
}

#define PEOPLE_RENEW_S (300 * DAY_S)

static enum result people_renew_again(struct fleet *fleet, uint32_t who, struct err *err)
{
    TRY(people_renew(fleet, err));
    return put_in(fleet, PEOPLE_RENEW_S, PEOPLE_RENEW_S, who, PEOPLE_RENEW, err);
}

/* ---- the course of time ---- */

static enum result (*const happenings[HAPPENINGS])(struct fleet *, uint32_t, struct err *) = {
    [BATCH_IMPORTED] = import_batch,
    [UNIT_ENROLS] = enrols,
    [UNIT_USES] = uses,
    [UNIT_RENEWS] = renews,
    [UNIT_OVERDUE] = is_overdue,
    [UNIT_RETURNS] = returns,
    [UNIT_FORKS] = forks,
    [UNIT_READMITTED] = is_readmitted,
    [UNIT_LOST] = is_lost,
    [UNIT_FOUND] = is_found,
    [UNIT_RETIRED] = is_retired,
    [UNIT_STRUCK] = is_struck,
    [UNIT_REVOKED] = is_revoked,
    [UNIT_RELEASED] = is_released,
    [UNIT_ACCEPTED] = is_accepted,
    [PEOPLE_RENEW] = people_renew_again,
};

static enum result add_up(void *ctx, int64_t key, int64_t n, struct err *err)
{
    (void)key;
    (void)err;
    *(int64_t *)ctx += n;
    return OK;
}

#define LEAD_S (200 * DAY_S) /* from a missed renewal to its finding */

static uint32_t devices_at(const struct plan *plan, int64_t at_s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->batches_n && plan->batches[i].at_s <= at_s; i++)
        n += plan->batches[i].count;
    return n;
}

/* Findings come by themselves; how many devices miss their renewal is what keeps their number where
 * it should be, in proportion to the devices that there will be. */
static enum result steer(struct fleet *fleet, uint32_t findings, struct err *err)
{
    int64_t open = 0;
    TRY(store_counts(fleet->house.store, "finding", bytes_of(NULL, 0), add_up, &open, err));
    uint32_t devices = devices_at(&fleet->plan, fleet->house.now_s + LEAD_S);
    double wanted = (double)findings * devices / fleet->units_n;
    if ((double)open + 2.0 * fleet->awaited >= wanted) /* one that is silent has two or three */
        fleet->silence *= 0.7;
    else if (fleet->silence < 0.5)
        fleet->silence = fleet->silence * 1.2 + 0.01;
    return OK;
}

struct course {
    int64_t tick_s, steer_s;
    uint32_t findings;
};

static enum result pass_time(struct fleet *fleet, struct course *course, int64_t to_s,
                             struct err *err)
{
    for (; course->tick_s <= to_s; course->tick_s += TICK_S) {
        TRY(house_go_on(&fleet->house, course->tick_s, err));
        TRY(house_tick(&fleet->house, err));
        if (course->tick_s < course->steer_s)
            continue;
        course->steer_s = course->tick_s + STEER_EVERY_S;
        TRY(steer(fleet, course->findings, err));
    }
    return house_go_on(&fleet->house, to_s, err);
}

enum result life_run(struct fleet *fleet, uint32_t findings, struct err *err)
{
    struct plan *plan = &fleet->plan;
    struct course course = {plan->from_s + TICK_S, plan->from_s + TICK_S, findings};
    struct event_to_come next = {0};
    TRY(people_begin(fleet, err));
    TRY(put_in(fleet, PEOPLE_RENEW_S, PEOPLE_RENEW_S, 0, PEOPLE_RENEW, err));
    TRY(act_products(fleet, err));
    for (uint32_t i = 0; i < plan->batches_n; i++)
        TRY(queue_put(&fleet->queue, plan->batches[i].at_s, i, BATCH_IMPORTED, err));
    while (queue_take(&fleet->queue, &next) && next.at_s <= plan->until_s) {
        TRY(pass_time(fleet, &course, next.at_s, err));
        TRY(happenings[next.what](fleet, next.who, err));
    }
    TRY(pass_time(fleet, &course, plan->until_s, err));
    return house_tick(&fleet->house, err);
}

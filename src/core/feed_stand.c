/* How boundaries stand to what they should enforce, for the database: TD-19 and TD-20 are judged
 * from its rows. Written once a minute, and when something has changed. */
#include "core.h"

#include <base/log.h>
#include <registry/policy.h>
#include <service/finding.h>
#include <store/boundary_seen.h>

#define LOOK_MS 1000
#define WRITE_MS 60000
#define BEHIND_MS 5000 /* a heartbeat: so long it may lack the end of a trust while it is heard */

/* Since when it is silent or lacks the end of a trust, monotonic; 0: neither. */
static int64_t behind_since_ms(const struct cutoffs *cutoffs,
                               const struct cutoff_boundary *boundary,
                               const struct cutoff_when *when)
{
    int64_t owed_ms = cutoffs_owed_ms(cutoffs, boundary);
    if (when->now_ms - boundary->heard_ms > when->silent_ms)
        return boundary->heard_ms;
    return owed_ms != 0 && when->now_ms - owed_ms > BEHIND_MS ? owed_ms : 0;
}

static enum result read_stand(struct core *core, struct cutoff_boundary *boundary,
                              struct boundary_seen *ret, struct err *err)
{
    enum result result = store_boundary_seen(core->store, boundary->id, ret, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    if (result == R_NOT_FOUND)
        *ret = (struct boundary_seen){.boundary = boundary->id};
    boundary->stand.is_read = true;
    boundary->stand.is_behind = ret->behind_since_s != 0;
    boundary->stand.is_slow = ret->slow_since_s != 0;
    return OK;
}

/* The row changes: a finding about it may too. */
static enum result write_stand(struct core *core, struct cutoff_boundary *boundary,
                               int64_t since_ms, int64_t now_ms, struct err *err)
{
    struct boundary_seen seen = {0};
    const struct subject_key about = {SUBJECT_BOUNDARY, boundary->id};
    bool is_slow = boundary->last_ms > CUTOFF_PROMISED_MS;
    TRY(turn_begin(core, err));
    TRY(read_stand(core, boundary, &seen, err));
    if (boundary->is_heard)
        seen.heard_s = core->now_s - (now_ms - boundary->heard_ms) / 1000;
    seen.status_generation = boundary->status;
    seen.service_generation = boundary->service;
    seen.slowest_ms = boundary->slowest_ms;
    if (since_ms == 0)
        seen.behind_since_s = 0;
    else if (seen.behind_since_s == 0)
        seen.behind_since_s = core->now_s - (now_ms - since_ms) / 1000;
    if (boundary->count > 0 && !is_slow)
        seen.slow_since_s = 0;
    else if (is_slow && seen.slow_since_s == 0)
        seen.slow_since_s = core->now_s;
    TRY(store_put_boundary_seen(core->store, &seen, err));
    boundary->stand.is_behind = seen.behind_since_s != 0;
    boundary->stand.is_slow = seen.slow_since_s != 0;
    boundary->stand.written_ms = now_ms;
    boundary->stand.status = boundary->status;
    boundary->stand.service = boundary->service;
    return finding_settle_about(&core->service, about, core->now_s, err);
}

static bool is_due(const struct cutoff_boundary *boundary, int64_t since_ms, int64_t now_ms)
{
    const struct cutoff_stand *stand = &boundary->stand;
    bool is_slow = boundary->count > 0 ? boundary->last_ms > CUTOFF_PROMISED_MS : stand->is_slow;
    bool has_moved = stand->status != boundary->status || stand->service != boundary->service ||
                     boundary->heard_ms > stand->written_ms;
    return !stand->is_read || (since_ms != 0) != stand->is_behind || is_slow != stand->is_slow ||
           (has_moved && now_ms - stand->written_ms >= WRITE_MS);
}

static enum result look_at_all(struct core *core, struct err *err)
{
    struct cutoffs *cutoffs = &core->feed.cutoffs;
    struct policy policy = {0};
    TRY(policy_read(core->store, NULL, &policy, err));
    const struct cutoff_when when = {core->service.now_ms, policy.boundary_silent_s * 1000};
    for (size_t i = 0; i < cutoffs->boundaries_n; i++) {
        struct cutoff_boundary *boundary = cutoffs->boundaries[i];
        int64_t since_ms = behind_since_ms(cutoffs, boundary, &when);
        if (is_due(boundary, since_ms, when.now_ms))
            TRY(write_stand(core, boundary, since_ms, when.now_ms, err));
    }
    return OK;
}

/* ---- who is no boundary any more ------------------------------------------------------------- */

#define GONE_MAX 64 /* of one look; more wait for the next set */

struct gone {
    const struct cutoffs *cutoffs;
    struct boundary_seen rows[GONE_MAX];
    size_t n;
};

static enum result note_gone(void *ctx, const struct boundary_seen *seen, struct err *err)
{
    (void)err;
    struct gone *gone = ctx;
    bool owes = seen->behind_since_s != 0 || seen->slow_since_s != 0;
    for (size_t i = 0; i < gone->cutoffs->boundaries_n && owes; i++)
        owes = gone->cutoffs->boundaries[i]->id != seen->boundary;
    if (owes && gone->n < GONE_MAX)
        gone->rows[gone->n++] = *seen;
    return OK;
}

/* It owes nothing. */
static enum result let_go(struct core *core, struct boundary_seen *seen, struct err *err)
{
    const struct subject_key about = {SUBJECT_BOUNDARY, seen->boundary};
    seen->behind_since_s = seen->slow_since_s = 0;
    TRY(turn_begin(core, err));
    TRY(store_put_boundary_seen(core->store, seen, err));
    return finding_settle_about(&core->service, about, core->now_s, err);
}

static enum result look_at_gone(struct core *core, struct err *err)
{
    struct gone gone = {.cutoffs = &core->feed.cutoffs};
    TRY(store_boundaries_seen(core->store, note_gone, &gone, err));
    for (size_t i = 0; i < gone.n; i++)
        TRY(let_go(core, &gone.rows[i], err));
    return OK;
}

void feed_tick(struct core *core)
{
    struct err err = {0};
    struct feed *feed = &core->feed;
    bool is_due = core->service.now_ms - feed->looked_ms >= LOOK_MS;
    if (!is_due || (feed->cutoffs.boundaries_n == 0 && !feed->was_known))
        return;
    feed->looked_ms = core->service.now_ms;
    enum result result = look_at_all(core, &err);
    if (result == OK && feed->was_known)
        result = look_at_gone(core, &err);
    feed->was_known = feed->was_known && result != OK;
    if (result != OK)
        turn_fail(core, &err);
    turn_end(core);
}

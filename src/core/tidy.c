/* Once a day what is past its retention is dropped, a slice a tick, and one entry says how much
 * (docs/decisions/retention.md). What a slice dropped is counted in its transaction, so that a
 * crash forgets none of it. */
#include "core.h"

#include <base/log.h>

#define ROWS_A_SLICE 500
#define IDS_A_SLICE 5000
#define META_ENDED "tidy_ended" /* when the last one did, or the first start was */
#define META_BEGAN "tidy_began" /* of one that is under way; 0 = none is */

static enum result read_meta(struct core *core, const char *name, int64_t *ret, struct err *err)
{
    *ret = 0;
    enum result result = store_meta(core->store, name, ret, err);
    return result == R_NOT_FOUND ? OK : result;
}

/* ---- what is dropped ------------------------------------------------------------------------- */

/* One slice; *ret_more when there may be more. */
typedef enum result (*slice)(struct core *core, int64_t *ret_n, bool *ret_more, struct err *err);

static enum result drop_answers(struct core *core, int64_t *ret_n, bool *ret_more, struct err *err)
{
    int64_t before_s = core->now_s - core->service.retention.answers_s;
    TRY(store_tidy_answers(core->store, before_s, ROWS_A_SLICE, ret_n, err));
    *ret_more = *ret_n == ROWS_A_SLICE;
    return OK;
}

static enum result drop_counters(struct core *core, int64_t *ret_n, bool *ret_more, struct err *err)
{
    int64_t before_s = core->now_s - core->service.retention.counters_s;
    TRY(store_tidy_counters(core->store, before_s, ROWS_A_SLICE, ret_n, err));
    *ret_more = *ret_n == ROWS_A_SLICE;
    return OK;
}

static enum result drop_checkpoints(struct core *core, int64_t *ret_n, bool *ret_more,
                                    struct err *err)
{
    int64_t before_s = core->now_s - core->service.retention.checkpoints_s;
    TRY(store_tidy_notes(core->store, before_s, ROWS_A_SLICE, ret_n, err));
    *ret_more = *ret_n == ROWS_A_SLICE;
    return OK;
}

/* What was seen, along the ids of a table: those up to `meta` were looked at. */
struct seen_kind {
    enum table table;
    const char *meta;
    enum result (*drop)(struct store *store, const struct tidy_range *range, int64_t *ret_n,
                        struct err *err);
};

static enum result drop_range(struct core *core, const struct seen_kind *kind, int64_t *ret_n,
                              bool *ret_more, struct err *err)
{
    struct tidy_range range = {.before_s = core->now_s - core->service.retention.seen_s};
    int64_t last = 0;
    TRY(store_max_id(core->store, kind->table, &last, err));
    TRY(read_meta(core, kind->meta, &range.after, err));
    range.until = range.after + IDS_A_SLICE;
    TRY(kind->drop(core->store, &range, ret_n, err));
    *ret_more = range.until < last;
    return store_put_meta(core->store, kind->meta, *ret_more ? range.until : 0, err);
}

static enum result drop_seen(struct core *core, int64_t *ret_n, bool *ret_more, struct err *err)
{
    static const struct seen_kind devices = {TABLE_DEVICE, "tidy_device", store_tidy_seen};
    return drop_range(core, &devices, ret_n, ret_more, err);
}

static enum result drop_sightings(struct core *core, int64_t *ret_n, bool *ret_more,
                                  struct err *err)
{
    static const struct seen_kind places = {TABLE_SIGHTING, "tidy_place", store_tidy_sightings};
    return drop_range(core, &places, ret_n, ret_more, err);
}

static const struct {
    const char *meta; /* how many since the last entry */
    enum column column;
    slice drop; /* NULL: they are dropped elsewhere, and counted here */
} kinds[TIDY_KINDS] = {
    [TIDY_ANSWERS] = {"tidy_answers", COL_TIDY_ANSWERS, drop_answers},
    [TIDY_COUNTERS] = {"tidy_counters", COL_TIDY_COUNTERS, drop_counters},
    [TIDY_SEEN] = {"tidy_seen", COL_TIDY_SEEN, drop_seen},
    [TIDY_SIGHTINGS] = {"tidy_sightings", COL_TIDY_SIGHTINGS, drop_sightings},
    [TIDY_CHECKPOINTS] = {"tidy_checkpoints", COL_TIDY_CHECKPOINTS, drop_checkpoints},
    [TIDY_WEBHOOKS] = {"tidy_webhooks", COL_TIDY_WEBHOOKS, NULL},
};

enum result tidy_count(struct core *core, enum tidy_kind kind, int64_t add, int64_t *ret,
                       struct err *err)
{
    int64_t n = 0;
    TRY(read_meta(core, kinds[kind].meta, &n, err));
    if (add != 0)
        TRY(store_put_meta(core->store, kinds[kind].meta, n + add, err));
    *ret = n + add;
    return OK;
}

/* ---- begin, slices, entry -------------------------------------------------------------------- */

static enum result begin(struct core *core, struct err *err)
{
    core->tidy.is_running = true;
    core->tidy.kind = 0;
    core->tidy.began_s = core->now_s;
    return store_put_meta(core->store, META_BEGAN, core->now_s, err);
}

static enum result record(struct core *core, struct err *err)
{
    static const struct actor self = {ACTOR_CORE, 0};
    struct service *service = &core->service;
    service_act(service, EVENT_TIDIED, core->now_s, self, 0);
    struct change *c = act_change(&service->act, TABLE_TIDY, service_next_id(service, TABLE_TIDY));
    change_int(c, COL_TIDY_BEGAN_AT, core->tidy.began_s);
    change_int(c, COL_TIDY_ENDED_AT, core->now_s);
    for (size_t i = 0; i < TIDY_KINDS; i++) {
        int64_t n = 0;
        TRY(read_meta(core, kinds[i].meta, &n, err));
        change_int(c, kinds[i].column, n);
        TRY(store_put_meta(core->store, kinds[i].meta, 0, err));
    }
    TRY(store_put_meta(core->store, META_BEGAN, 0, err));
    TRY(store_put_meta(core->store, META_ENDED, core->now_s, err));
    return service_record(service, NULL, err);
}

static enum result drop_slice(struct core *core, struct err *err)
{
    struct tidy *tidy = &core->tidy;
    int64_t n = 0, sum = 0;
    bool is_more = false;
    if (kinds[tidy->kind].drop != NULL)
        TRY(kinds[tidy->kind].drop(core, &n, &is_more, err));
    TRY(tidy_count(core, tidy->kind, n, &sum, err));
    if (is_more)
        return OK;
    tidy->kind++;
    if (tidy->kind < TIDY_KINDS)
        return OK;
    tidy->is_running = false;
    tidy->due_s = core->now_s + DAY_S;
    return record(core, err);
}

static enum result step(struct core *core, struct err *err)
{
    TRY(turn_begin(core, err));
    return core->tidy.is_running ? drop_slice(core, err) : begin(core, err);
}

/* While the clock is in doubt nothing is old. */
void core_tidy_tick(struct core *core)
{
    struct err err = {0};
    bool is_time = core->tidy.is_running || core->now_s >= core->tidy.due_s;
    if (!is_time || clock_guard_check(&core->service.clock, NULL) != OK)
        return;
    if (step(core, &err) != OK)
        turn_fail(core, &err);
    turn_end(core);
}

/* One that a stop cut short goes on, from its beginning: what it dropped is counted. A new
 * installation has a day before its first. */
enum result core_tidy_open(struct core *core, struct err *err)
{
    int64_t began_s = 0, ended_s = 0;
    TRY(turn_begin(core, err));
    TRY(read_meta(core, META_BEGAN, &began_s, err));
    TRY(read_meta(core, META_ENDED, &ended_s, err));
    if (ended_s == 0) {
        ended_s = core->now_s;
        TRY(store_put_meta(core->store, META_ENDED, ended_s, err));
    }
    turn_end(core);
    core->tidy =
        (struct tidy){.is_running = began_s != 0, .began_s = began_s, .due_s = ended_s + DAY_S};
    return OK;
}

/* What the desk asks about cut-offs: of one entry, and figures for metrics. */
#include "core.h"

#include <base/clock.h>
#include <base/log.h>
#include <base/text.h>
#include <registry/policy.h>

#include <stdio.h>

/* ---- of one entry ---------------------------------------------------------------------------- */

static enum result read_when(struct core *core, struct cutoff_when *ret, struct err *err)
{
    struct policy policy = {0};
    TRY(policy_read(core->store, NULL, &policy, err));
    ret->now_ms = clock_monotonic_us() / 1000;
    ret->silent_ms = policy.boundary_silent_s * 1000;
    return OK;
}

static enum result send_row(struct core *core, const struct msg_cutoff_ask *ask,
                            const struct cutoff_boundary *boundary, enum cutoff_state state,
                            uint32_t ms, struct err *err)
{
    const struct msg_cutoff_row row = {.id = ask->id,
                                       .boundary = boundary->id,
                                       .name = text_bytes(boundary->name),
                                       .state = (uint8_t)state,
                                       .ms = ms};
    return ipc_send(&core->desk, IPC_CUTOFF_ROW, &row, -1, err);
}

/* Each boundary's; *ret_state is the worst of them. */
static enum result send_rows(struct core *core, const struct msg_cutoff_ask *ask, uint64_t cutoff,
                             enum cutoff_state *ret_state, struct err *err)
{
    static const int badness[CUTOFF_STATE_COUNT] = {
        [CUTOFF_PENDING] = 2, [CUTOFF_BEHIND] = 4, [CUTOFF_SILENT] = 3, [CUTOFF_UNKNOWN] = 1};
    const struct cutoffs *cutoffs = &core->feed.cutoffs;
    enum cutoff_state worst = CUTOFF_ENFORCED;
    struct cutoff_when when;
    TRY(read_when(core, &when, err));
    for (size_t i = 0; i < cutoffs->boundaries_n; i++) {
        uint32_t ms = 0;
        const struct cutoff_boundary *boundary = cutoffs->boundaries[i];
        enum cutoff_state state = cutoffs_state(cutoffs, boundary, cutoff, &when, &ms);
        TRY(send_row(core, ask, boundary, state, ms, err));
        if (badness[state] > badness[worst])
            worst = state;
    }
    *ret_state = worst;
    return OK;
}

/* What waits to be told is on its way to everybody. */
static enum result send_pending(struct core *core, const struct msg_cutoff_ask *ask,
                                struct err *err)
{
    const struct cutoffs *cutoffs = &core->feed.cutoffs;
    int64_t ms = clock_monotonic_us() / 1000 - core->feed.chain.end.commit_ms;
    for (size_t i = 0; i < cutoffs->boundaries_n; i++)
        TRY(send_row(core, ask, cutoffs->boundaries[i], CUTOFF_PENDING, (uint32_t)ms, err));
    return OK;
}

static enum result answer(struct core *core, const struct msg_cutoff_ask *ask,
                          enum cutoff_state *ret_state, struct err *err)
{
    struct operator_is who = {0};
    const struct cutoffs *cutoffs = &core->feed.cutoffs;
    const struct cutoff *end = &core->feed.chain.end;
    uint64_t cutoff = 0;
    TRY(verb_operator(&core->service, ask->operator_spki, &who, err));
    if (ask->entry >= ledger_size(core->service.ledger))
        return err_set(err, E_NOT_FOUND, "there is no entry %llu", (unsigned long long)ask->entry);
    if (cutoffs_of_entry(cutoffs, ask->entry, &cutoff))
        return send_rows(core, ask, cutoff, ret_state, err);
    bool is_waiting = end->commit_ms != 0 && ask->entry >= end->first;
    *ret_state = is_waiting                             ? CUTOFF_PENDING
                 : ask->entry < core->feed.cutoffs_from ? CUTOFF_UNKNOWN
                                                        : CUTOFF_NOTHING;
    return is_waiting ? send_pending(core, ask, err) : OK;
}

void core_cutoff(struct core *core, const struct msg_cutoff_ask *ask)
{
    struct err err = {0}, lost = {0};
    enum cutoff_state state = CUTOFF_UNKNOWN;
    struct msg_cutoff_end end = {.id = ask->id, .entry = ask->entry};
    if (answer(core, ask, &state, &err) != OK) {
        end.code = err.code;
        end.text = text_bytes(err.text);
    }
    end.state = (uint8_t)state;
    if (ipc_send(&core->desk, IPC_CUTOFF_END, &end, -1, &lost) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &lost, NULL);
}

/* ---- figures --------------------------------------------------------------------------------- */

struct figure {
    const char *name;
    const char *more; /* labels beside the boundary's */
    int64_t value;
};

static enum result send_figure(struct core *core, uint64_t id,
                               const struct cutoff_boundary *boundary, const struct figure *figure,
                               struct err *err)
{
    char labels[128];
    snprintf(labels, sizeof labels, "boundary=\"%s\"%s", boundary->name, figure->more);
    const struct msg_metric metric = {.id = id,
                                      .name = text_bytes(figure->name),
                                      .labels = text_bytes(labels),
                                      .value = figure->value,
                                      .at_ms = clock_now_us() / 1000};
    return ipc_send(&core->desk, IPC_METRIC, &metric, -1, err);
}

static enum result send_histogram(struct core *core, uint64_t id,
                                  const struct cutoff_boundary *boundary, struct err *err)
{
    int64_t n = 0;
    char more[32];
    for (size_t i = 0; i <= CUTOFF_BUCKETS; i++) {
        n += (int64_t)boundary->buckets[i];
        if (i == CUTOFF_BUCKETS)
            snprintf(more, sizeof more, ",le=\"+Inf\"");
        else
            snprintf(more, sizeof more, ",le=\"%u.%03u\"", cutoff_bucket_ms[i] / 1000,
                     cutoff_bucket_ms[i] % 1000);
        const struct figure bucket = {"troth_cutoff_seconds_bucket", more, n};
        TRY(send_figure(core, id, boundary, &bucket, err));
    }
    const struct figure count = {"troth_cutoff_seconds_count", "", n};
    const struct figure sum = {"troth_cutoff_seconds_sum", "", (int64_t)boundary->sum_ms};
    TRY(send_figure(core, id, boundary, &count, err));
    return send_figure(core, id, boundary, &sum, err);
}

/* Samples of one name come together. */
enum result cutoff_send_metrics(struct core *core, uint64_t id, struct err *err)
{
    const struct cutoffs *cutoffs = &core->feed.cutoffs;
    int64_t now_ms = clock_monotonic_us() / 1000;
    for (size_t i = 0; i < cutoffs->boundaries_n; i++)
        TRY(send_histogram(core, id, cutoffs->boundaries[i], err));
    for (size_t i = 0; i < cutoffs->boundaries_n; i++) {
        int64_t silent_s = (now_ms - cutoffs->boundaries[i]->heard_ms) / 1000;
        const struct figure silent = {"troth_boundary_silent_seconds", "", silent_s};
        TRY(send_figure(core, id, cutoffs->boundaries[i], &silent, err));
    }
    for (size_t i = 0; i < cutoffs->boundaries_n; i++) {
        int64_t owed_ms = cutoffs_owed_ms(cutoffs, cutoffs->boundaries[i]);
        int64_t behind_s = owed_ms == 0 ? 0 : (now_ms - owed_ms) / 1000;
        const struct figure behind = {"troth_boundary_behind_seconds", "", behind_s};
        TRY(send_figure(core, id, cutoffs->boundaries[i], &behind, err));
    }
    return OK;
}

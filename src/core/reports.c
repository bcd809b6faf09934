/* What boundaries report: each item is what one of them says that it saw (service/witness.h). */
#include "core.h"

#include <base/clock.h>
#include <base/log.h>
#include <service/witness.h>

#define ITEMS_PER_S 2000 /* of one boundary; what is above is dropped, and the log says so */
#define ITEMS_AT_ONCE 10000

static struct report_rate *rate_of(struct core *core, int64_t boundary)
{
    struct report_rate *rate = &core->reports[(uint64_t)boundary % CORE_REPORTERS];
    rate->boundary = boundary;
    return rate;
}

static void ask_watches(struct core *core, const struct watches *watches)
{
    struct err err = {0};
    for (size_t i = 0; i < watches->n; i++) {
        const struct watched *watched = &watches->watched[i];
        const struct msg_boundary_watch ask = {
            .boundary = (uint32_t)watched->boundary,
            .issuer = watched->issuer,
            .serial = bytes_of(watched->serial, sizeof watched->serial),
        };
        for (unsigned f = 0; f < core->front_count; f++)
            if (ipc_send(&core->fronts[f], IPC_BOUNDARY_WATCH, &ask, -1, &err) != OK)
                log_err(LEVEL_WARNING, "watch-lost", &err, NULL);
    }
}

/* An item that cannot be kept is left out, and costs nobody else in this turn anything. The log has
 * one of a minute. */
static enum result leave_out(struct core *core, const struct witness *witness, struct err *why)
{
    struct report_rate *rate = rate_of(core, witness->boundary);
    struct err told = *why;
    TRY(turn_part_undo(core, why));
    rate->refused++;
    if (core->now_s - rate->refused_s < 60)
        return OK;
    err_prefix(&told, "boundary %lld, item %llu that was left out", (long long)witness->boundary,
               (unsigned long long)rate->refused);
    log_err(LEVEL_ERROR, "report-item-refused", &told, NULL);
    rate->refused_s = core->now_s;
    return OK;
}

static enum result take_item(struct core *core, const struct witness *witness, struct err *err)
{
    struct watches watches = {0};
    int64_t lost = 0;
    TRY(turn_part_begin(core, err));
    if (witness_take(&core->service, witness, core->now_s, &watches, &lost, err) != OK)
        return leave_out(core, witness, err);
    TRY(turn_part_keep(core, err));
    ask_watches(core, &watches);
    if (lost != 0)
        core_tell_lost(core, lost);
    return OK;
}

static void tell_dropped(const struct core *core, struct report_rate *rate)
{
    if (rate->dropped == 0 || core->now_s - rate->told_s < 60)
        return;
    log_event(LEVEL_WARNING, "reports-dropped", {"boundary", log_number(rate->boundary).text},
              {"items", log_number((int64_t)rate->dropped).text});
    rate->dropped = 0;
    rate->told_s = core->now_s;
}

/* ---- whom it is answered --------------------------------------------------------------------- */

static void answer(const struct reporter *reporter, enum code code)
{
    struct err err = {0};
    const struct msg_boundary_reported told = {.id = reporter->id, .code = (uint32_t)code};
    if (ipc_send(reporter->front, IPC_BOUNDARY_REPORTED, &told, -1, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
}

void core_answer_reports(struct core *core, enum code code)
{
    struct reporters *reporters = &core->reporters;
    for (size_t i = 0; i < reporters->n; i++)
        answer(&reporters->each[i], code);
    reporters->n = 0;
}

static void wait_for_end(struct core *core, const struct reporter *reporter)
{
    struct reporters *reporters = &core->reporters;
    if (reporters->n == LENGTH_OF(reporters->each))
        turn_end(core);
    reporters->each[reporters->n++] = *reporter;
}

/* ---- a report -------------------------------------------------------------------------------- */

static enum result read_report(struct core *core, const struct msg_boundary_report *message,
                               struct boundary_report *ret, struct err *err)
{
    const char *why = NULL;
    if (!boundaries_has(core, message->boundary))
        return err_set(err, E_BOUNDARY, "boundary %u is none", message->boundary);
    if (!boundary_report_read(message->report, ret, &why))
        return err_set(err, E_SYNTAX, "%s", why);
    return OK;
}

static void take_items(struct core *core, uint32_t boundary, const struct boundary_report *report)
{
    static const struct bucket_rule rule = {ITEMS_PER_S, ITEMS_AT_ONCE};
    struct report_rate *rate = rate_of(core, boundary);
    struct boundary_report_item item;
    struct err err = {0};
    int64_t now_ms = clock_now_us() / 1000;
    struct reader walk = boundary_report_walk(report->items);
    while (boundary_report_next(&walk, &item)) {
        const struct witness witness = {boundary, &item,
                                        witness_at_ms(now_ms, report->at_ms, item.at_ms)};
        if (!bucket_take(&rate->bucket, rule, 0, core->service.now_ms)) {
            rate->dropped++;
            continue;
        }
        if (take_item(core, &witness, &err) != OK) {
            turn_fail(core, &err);
            break;
        }
    }
    tell_dropped(core, rate);
}

/* One that the front should not have let through, of a boundary that ended meanwhile, say, is
 * refused at once. */
void core_boundary_report(struct core *core, struct ipc_channel *front,
                          const struct msg_boundary_report *message)
{
    const struct reporter reporter = {front, message->id};
    struct boundary_report report;
    struct err err = {0};
    if (read_report(core, message, &report, &err) != OK) {
        log_err(LEVEL_WARNING, "report-refused", &err, NULL);
        answer(&reporter, err.code);
        return;
    }
    wait_for_end(core, &reporter);
    take_items(core, message->boundary, &report);
}

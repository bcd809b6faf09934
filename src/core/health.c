/* Metrics and readiness, each value with the instant at which it was true. */
#include "core.h"

#include <base/clock.h>
#include <base/log.h>
#include <base/text.h>

#include <stdio.h>

static enum result send_metric(struct core *core, uint64_t id, const char *name, int64_t value,
                               int64_t at_ms, struct err *err)
{
    struct msg_metric metric = {.id = id, .name = text_bytes(name), .value = value, .at_ms = at_ms};
    return ipc_send(&core->desk, IPC_METRIC, &metric, -1, err);
}

#define WEBHOOKS_SHOWN 8

struct webhook_metrics {
    size_t n;
    struct webhook_row rows[WEBHOOKS_SHOWN];
};

static enum result keep_webhook(void *ctx, const struct webhook_row *row, struct err *err)
{
    struct webhook_metrics *to = ctx;
    (void)err;
    if (to->n < WEBHOOKS_SHOWN)
        to->rows[to->n++] = *row;
    return OK;
}

static int64_t age_s(const struct core *core, const struct webhook_row *row)
{
    return row->oldest_s != 0 ? core->now_s - row->oldest_s : 0;
}

static int64_t webhook_value(const struct core *core, const struct webhook_row *row, size_t which)
{
    const int64_t values[] = {row->queued, age_s(core, row), row->sent,
                              row->failed, row->dropped,     row->given_up};
    return values[which];
}

/* Samples of one name come together. */
static enum result send_webhooks(struct core *core, uint64_t id, struct err *err)
{
    static const char *const names[] = {
        "troth_webhook_queue",         "troth_webhook_oldest_seconds",
        "troth_webhook_sent_total",    "troth_webhook_failed_total",
        "troth_webhook_dropped_total", "troth_webhook_given_up_total"};
    struct webhook_metrics all = {0};
    char labels[LIMIT_NAME + 16];
    TRY(store_webhooks(core->store, keep_webhook, &all, err));
    for (size_t which = 0; which < LENGTH_OF(names); which++)
        for (size_t i = 0; i < all.n; i++) {
            snprintf(labels, sizeof labels, "webhook=\"%s\"", all.rows[i].name);
            struct msg_metric metric = {.id = id,
                                        .name = text_bytes(names[which]),
                                        .labels = text_bytes(labels),
                                        .value = webhook_value(core, &all.rows[i], which),
                                        .at_ms = clock_now_us() / 1000};
            TRY(ipc_send(&core->desk, IPC_METRIC, &metric, -1, err));
        }
    return OK;
}

static enum result send_metrics(struct core *core, uint64_t id, struct err *err)
{
    int64_t now_ms = clock_now_us() / 1000;
    const struct {
        const char *name;
        int64_t value;
        int64_t at_ms;
    } metrics[] = {
        {"troth_certificates_issued_total", (int64_t)core->counts.issued, now_ms},
        {"troth_certificates_orphaned_total", (int64_t)core->counts.orphaned, now_ms},
        {"troth_requests_refused_total", (int64_t)core->counts.refused, now_ms},
        {"troth_verbs_total", (int64_t)core->counts.verbs, now_ms},
        {"troth_lost_devices_seen_total", (int64_t)core->counts.lost_seen, now_ms},
        {"troth_crls_signed_total", (int64_t)core->publish.crls, now_ms},
        {"troth_status_lists_signed_total", (int64_t)core->feed.round.made, now_ms},
        {"troth_boundary_reports_total", (int64_t)core->counts.reports, now_ms},
        {"troth_deltas_signed_total", (int64_t)core->feed.chain.made, now_ms},
        {"troth_ledger_entries", (int64_t)ledger_size(core->service.ledger), now_ms},
        {"troth_checkpoint_entries", (int64_t)core->publish.signed_size,
         core->publish.published_ms},
        {"troth_requests_under_way", core->jobs.used, now_ms},
        {"troth_store_log_pages", (int64_t)store_log_pages(core->store), now_ms},
        {"troth_issuing_stopped", core->service.stops_issuing, now_ms},
    };
    for (size_t i = 0; i < LENGTH_OF(metrics); i++)
        TRY(send_metric(core, id, metrics[i].name, metrics[i].value, metrics[i].at_ms, err));
    TRY(cutoff_send_metrics(core, id, err));
    return send_webhooks(core, id, err);
}

static enum result is_ready(struct core *core, struct err *why)
{
    if (!core->is_agreed)
        return err_set(why, E_BUSY, "signer's journal and ledger are being compared");
    for (unsigned i = 0; i < core->front_count; i++)
        if (!core->has_certificate[i])
            return err_set(why, E_BUSY, "the devices' port has no certificate yet");
    if (core->service.stops_issuing)
        return err_set(why, E_BUSY, "the disk is full: issuing stops, revocation goes on");
    return clock_guard_check(&core->service.clock, why);
}

void core_health(struct core *core, const struct msg_health_ask *ask)
{
    struct err why = {0}, err = {0};
    bool ready = is_ready(core, &why) == OK;
    struct bytes reason = text_bytes(why.text);
    if (reason.n > LIMIT_TEXT)
        reason.n = LIMIT_TEXT;
    struct msg_health_end end = {.id = ask->id, .ready = ready, .reason = reason};
    enum result result = send_metrics(core, ask->id, &err);
    if (result == OK)
        result = ipc_send(&core->desk, IPC_HEALTH_END, &end, -1, &err);
    if (result != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
}

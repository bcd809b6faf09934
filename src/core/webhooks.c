#include "core.h"

#include <base/log.h>
#include <base/text.h>
#include <service/outbox.h>

#include <stdio.h>
#include <string.h>

#define LOOK_MS 10000 /* how often what is past its time is looked for */

static int64_t now_ms(const struct core *core)
{
    return core->service.now_ms;
}

/* ---- flights --------------------------------------------------------------------------------- */

static uint64_t flight_id(const struct core *core, const struct flight *flight)
{
    return (uint64_t)flight->generation << 8 | (uint64_t)(flight - core->webhooks.flights);
}

static struct flight *flight_find(struct core *core, uint64_t id)
{
    uint64_t slot = id & 0xff;
    struct flight *flight = &core->webhooks.flights[slot < FLIGHTS_MAX ? slot : 0];
    return slot < FLIGHTS_MAX && flight->row != 0 && flight_id(core, flight) == id ? flight : NULL;
}

static bool is_flying(const struct core *core, int64_t row)
{
    for (size_t i = 0; i < FLIGHTS_MAX; i++)
        if (core->webhooks.flights[i].row == row)
            return true;
    return false;
}

static struct flight *flight_begin(struct core *core, int64_t row, uint32_t hook)
{
    struct webhooks *webhooks = &core->webhooks;
    for (size_t i = 0; i < FLIGHTS_MAX; i++) {
        struct flight *flight = &webhooks->flights[i];
        if (flight->row != 0)
            continue;
        *flight =
            (struct flight){row, ++webhooks->generation, hook, false, core->now_s, now_ms(core)};
        webhooks->paces[hook].flights++;
        return flight;
    }
    return NULL;
}

static void flight_end(struct core *core, struct flight *flight)
{
    core->webhooks.paces[flight->hook].flights--;
    flight->row = 0;
}

/* Also while the row is there no more, or its receiver: then it is nobody's. */
static enum result read_row(struct core *core, const struct flight *flight, struct outbox_row *ret,
                            struct err *err)
{
    enum result result = store_outbox(core->store, flight->row, ret, err);
    return result == R_NOT_FOUND
               ? err_set(err, E_NOT_FOUND, "event %lld is gone", (long long)flight->row)
               : result;
}

/* ---- signed, then sent ----------------------------------------------------------------------- */

static enum result ask_signer(struct core *core, struct flight *flight, struct err *err)
{
    struct outbox_row row = {0};
    TRY(read_row(core, flight, &row, err));
    const struct msg_sign_webhook ask = {
        .id = flight_id(core, flight),
        .message = text_bytes(row.message),
        .at_s = flight->at_s,
        .body = bytes_of(row.body, row.body_n),
    };
    return ipc_send(&core->signer, IPC_SIGN_WEBHOOK, &ask, -1, err);
}

static enum result hand_over(struct core *core, struct flight *flight, struct bytes signature,
                             struct err *err)
{
    struct outbox_row row = {0};
    uint32_t failures = core->webhooks.paces[flight->hook].failures;
    TRY(read_row(core, flight, &row, err));
    const struct msg_send_webhook ask = {
        .id = flight_id(core, flight),
        .hook = text_bytes(row.hook),
        .message = text_bytes(row.message),
        .at_s = flight->at_s,
        .tries = row.tries > failures ? row.tries : failures,
        .signature = signature,
        .body = bytes_of(row.body, row.body_n),
    };
    flight->is_signed = true;
    return ipc_send(&core->courier, IPC_SEND_WEBHOOK, &ask, -1, err);
}

void core_webhook_signed(struct core *core, const struct msg_signed_webhook *answer)
{
    struct err err = {0};
    struct flight *flight = flight_find(core, answer->id);
    if (flight == NULL || flight->is_signed)
        return;
    enum result result = OK;
    if (answer->code != E_NONE)
        result = err_set(&err, (enum code)answer->code, "%.*s", (int)answer->text.n,
                         (const char *)answer->text.p);
    else
        result = hand_over(core, flight, answer->signature, &err);
    if (result == OK)
        return;
    log_err(LEVEL_WARNING, "webhook-not-sent", &err, NULL);
    flight_end(core, flight); /* due as it was: the next tick takes it up */
}

/* ---- what became of it ----------------------------------------------------------------------- */

/* Nobody is there, or whoever is wants a pause: the event itself is not to blame. */
static bool is_about_receiver(uint32_t status)
{
    return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

static void pace_down(struct core *core, uint32_t hook, const struct msg_sent_webhook *sent)
{
    struct pace *pace = &core->webhooks.paces[hook];
    pace->failures++;
    if (!is_about_receiver(sent->status) && pace->failures < HOOK_PATIENCE)
        return;
    int64_t wait_ms = sent->wait_ms < HOOK_PAUSE_MS ? sent->wait_ms : HOOK_PAUSE_MS;
    pace->pause_until_ms = now_ms(core) + wait_ms;
}

static void explain(const struct msg_sent_webhook *sent, char to[LIMIT_TEXT])
{
    if (sent->status != 0)
        snprintf(to, LIMIT_TEXT, "the receiver answered %u", sent->status);
    else
        snprintf(to, LIMIT_TEXT, "%s", err_value(sent->text).text);
}

static enum result note_failure(struct core *core, const struct outbox_row *row,
                                const struct msg_sent_webhook *sent, struct err *err)
{
    char why[LIMIT_TEXT];
    int64_t wait_s = sent->wait_ms / 1000 + 1;
    explain(sent, why);
    log_event(LEVEL_WARNING, "webhook-failed", {"webhook", row->hook}, {"id", row->message},
              {"tries", log_number(row->tries + 1).text}, {"reason", why});
    /* Also when its receiver is to blame it goes behind the others: it may be what it hangs on. */
    bool is_its_own = !is_about_receiver(sent->status);
    if (!is_its_own && wait_s > HOOK_PAUSE_MS / 1000)
        wait_s = HOOK_PAUSE_MS / 1000;
    const struct outbox_failure failure = {core->now_s, core->now_s + wait_s, is_its_own, why};
    return outbox_failed(&core->service, row, &failure, err);
}

static enum result settle(struct core *core, const struct flight *flight,
                          const struct msg_sent_webhook *sent, struct err *err)
{
    struct outbox_row row = {0};
    bool is_taken = sent->status >= 200 && sent->status <= 299;
    TRY(turn_begin(core, err));
    enum result result = store_outbox(core->store, flight->row, &row, err);
    if (result != OK)
        return result == R_NOT_FOUND ? OK : result; /* given up meanwhile */
    if (!is_taken)
        return note_failure(core, &row, sent, err);
    log_event(LEVEL_DEBUG, "webhook-sent", {"webhook", row.hook}, {"id", row.message});
    return outbox_sent(&core->service, &row, core->now_s, err);
}

void core_webhook_sent(struct core *core, const struct msg_sent_webhook *sent)
{
    struct err err = {0};
    struct flight *flight = flight_find(core, sent->id);
    if (flight == NULL || !flight->is_signed)
        return;
    if (sent->status >= 200 && sent->status <= 299)
        core->webhooks.paces[flight->hook].failures = 0;
    else
        pace_down(core, flight->hook, sent);
    if (settle(core, flight, sent, &err) != OK)
        turn_fail(core, &err);
    flight_end(core, flight);
}

/* ---- the tick -------------------------------------------------------------------------------- */

static enum result begin_due(struct core *core, uint32_t hook, struct err *err)
{
    struct pace *pace = &core->webhooks.paces[hook];
    uint32_t most = pace->failures > 0 ? 1 : FLIGHTS_A_HOOK;
    struct outbox_ids due;
    TRY(store_due_outbox(core->store, core->service.hooks->webhooks[hook].name, core->now_s, &due,
                         err));
    for (size_t i = 0; i < due.n && pace->flights < most; i++) {
        if (is_flying(core, due.ids[i]))
            continue;
        struct flight *flight = flight_begin(core, due.ids[i], hook);
        if (flight == NULL)
            return OK;
        enum result result = ask_signer(core, flight, err);
        if (result != OK) {
            flight_end(core, flight);
            return result == R_BUSY ? OK : result;
        }
    }
    return OK;
}

static void end_lost(struct core *core)
{
    for (size_t i = 0; i < FLIGHTS_MAX; i++) {
        struct flight *flight = &core->webhooks.flights[i];
        if (flight->row != 0 && now_ms(core) - flight->began_ms > FLIGHT_MS)
            flight_end(core, flight);
    }
}

/* ---- given up -------------------------------------------------------------------------------- */

static enum result give_up(struct core *core, int64_t id, struct err *err)
{
    struct outbox_row row = {0};
    int64_t n = 0;
    TRY(store_outbox(core->store, id, &row, err));
    log_event(LEVEL_ERROR, "webhook-given-up", {"webhook", row.hook}, {"id", row.message},
              {"tries", log_number(row.tries).text});
    TRY(outbox_give_up(&core->service, &row, core->now_s, err));
    return tidy_count(core, TIDY_WEBHOOKS, 1, &n, err);
}

static enum result give_up_of(void *ctx, const struct webhook_row *webhook, struct err *err)
{
    struct core *core = ctx;
    struct outbox_ids old;
    int64_t before_s = core->now_s - core->service.retention.webhooks_s;
    TRY(store_old_outbox(core->store, webhook->name, before_s, &old, err));
    for (size_t i = 0; i < old.n; i++)
        if (!is_flying(core, old.ids[i]))
            TRY(give_up(core, old.ids[i], err));
    return OK;
}

/* Receivers that the configuration has no more are among them. */
static void look_for_old(struct core *core)
{
    struct err err = {0};
    if (now_ms(core) - core->webhooks.looked_ms < LOOK_MS ||
        clock_guard_check(&core->service.clock, NULL) != OK)
        return;
    core->webhooks.looked_ms = now_ms(core);
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result = store_webhooks(core->store, give_up_of, core, &err);
    if (result != OK)
        turn_fail(core, &err);
    turn_end(core);
}

void core_webhooks_tick(struct core *core)
{
    struct webhooks *webhooks = &core->webhooks;
    struct err err = {0};
    end_lost(core);
    look_for_old(core);
    for (uint32_t i = 0; webhooks->has_key && i < core->service.hooks->webhook_count; i++)
        if (webhooks->paces[i].pause_until_ms <= now_ms(core) && begin_due(core, i, &err) != OK)
            log_err(LEVEL_WARNING, "webhook-not-begun", &err, NULL);
}

/* ---- key and configuration ------------------------------------------------------------------- */

void core_webhook_key(struct core *core, const struct msg_webhook_key *told)
{
    struct err err = {0};
    enum result result = turn_begin(core, &err);
    if (result == OK)
        result = store_put_webhook_key(core->store, told->key, core->now_s, &err);
    if (result != OK) {
        turn_fail(core, &err);
        return;
    }
    core->webhooks.has_key = true;
}

static uint32_t find_pace(const struct pace *paces, const char *name)
{
    uint32_t i = 0;
    while (i < CONFIG_WEBHOOKS_MAX && strcmp(paces[i].name, name) != 0)
        i++;
    return i;
}

/* What is under way stays so: an answer may be on its way. */
static void take_paces(struct core *core)
{
    const struct config *config = core->service.hooks;
    struct webhooks *webhooks = &core->webhooks;
    struct pace former[CONFIG_WEBHOOKS_MAX + 1];
    memcpy(former, webhooks->paces, sizeof former);
    memset(webhooks->paces, 0, sizeof webhooks->paces);
    for (uint32_t i = 0; i < config->webhook_count; i++) {
        struct pace *pace = &webhooks->paces[i];
        uint32_t was = find_pace(former, config->webhooks[i].name);
        if (was < CONFIG_WEBHOOKS_MAX)
            *pace = former[was];
        pace->flights = 0;
        snprintf(pace->name, sizeof pace->name, "%s", config->webhooks[i].name);
    }
    for (size_t i = 0; i < FLIGHTS_MAX; i++) {
        struct flight *flight = &webhooks->flights[i];
        if (flight->row == 0)
            continue;
        flight->hook = find_pace(webhooks->paces, former[flight->hook].name);
        webhooks->paces[flight->hook].flights++;
    }
}

enum result core_webhooks_open(struct core *core, struct err *err)
{
    take_paces(core);
    TRY(turn_begin(core, err));
    TRY(outbox_configure(&core->service, err));
    turn_end(core);
    return OK;
}

/* Nothing of a reload may fail any more: counts that are missing are made with the first event. */
void core_webhooks_configure(struct core *core, const struct config *now)
{
    struct err err = {0};
    core->service.hooks = now;
    core->service.retention = now->retention;
    if (core_webhooks_open(core, &err) != OK)
        turn_fail(core, &err);
}

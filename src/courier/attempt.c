#include "attempt.h"

#include <base/clock.h>
#include <base/log.h>
#include <base/text.h>
#include <client/backoff.h>
#include <wire/b64.h>

#include <stdio.h>
#include <string.h>

/* After the n-th failure up to 2 s * 2^n, at most an hour; a receiver may ask for as much. */
static const struct backoff backoff = {.first_ms = 2000, .most_ms = 3600000};
#define ASKED_MOST_S 3600

void attempts_configure(struct attempts *attempts, const struct config *config)
{
    memset(attempts->receivers, 0, sizeof attempts->receivers);
    attempts->receivers_n = 0;
    for (uint32_t i = 0; i < config->webhook_count; i++) {
        struct receiver *receiver = &attempts->receivers[attempts->receivers_n];
        receiver->hook = &config->webhooks[i];
        if (url_parse(receiver->hook->url, &receiver->url, NULL) == OK)
            attempts->receivers_n++; /* as the configuration was read */
    }
}

static struct receiver *find_receiver(struct attempts *attempts, const char *name)
{
    for (size_t i = 0; i < attempts->receivers_n; i++)
        if (strcmp(attempts->receivers[i].hook->name, name) == 0)
            return &attempts->receivers[i];
    return NULL;
}

/* ---- answers --------------------------------------------------------------------------------- */

static uint32_t wait_ms(uint32_t tries, uint32_t retry_after_s)
{
    uint32_t asked_s = retry_after_s < ASKED_MOST_S ? retry_after_s : ASKED_MOST_S;
    return backoff_wait_ms(&backoff, tries, asked_s);
}

static enum result tell(struct attempts *attempts, const struct msg_sent_webhook *sent,
                        struct err *err)
{
    enum result result = ipc_send(attempts->core, IPC_SENT_WEBHOOK, sent, -1, err);
    if (result != R_BUSY)
        return result == R_UNREACHABLE ? OK : result;
    log_err(LEVEL_WARNING, "answer-lost", err, NULL); /* core gives it up for lost in time */
    return OK;
}

static enum result refuse(struct attempts *attempts, const struct msg_send_webhook *ask,
                          const struct err *why, struct err *err)
{
    const struct msg_sent_webhook sent = {
        .id = ask->id,
        .code = why->code,
        .wait_ms = wait_ms(ask->tries, 0),
        .text = text_bytes(why->text),
    };
    return tell(attempts, &sent, err);
}

/* ---- begin ----------------------------------------------------------------------------------- */

static bool is_word(struct bytes text)
{
    bool good = text.n > 0;
    for (size_t i = 0; good && i < text.n; i++)
        good = (text.p[i] >= 'a' && text.p[i] <= 'z') || (text.p[i] >= '0' && text.p[i] <= '9') ||
               text.p[i] == '_';
    return good;
}

bool attempt_headers(const struct msg_send_webhook *ask,
                     char ret[ATTEMPT_HEADERS][ATTEMPT_LINE_MAX])
{
    char signature[B64_ENCODED_MAX(WEBHOOK_SIGNATURE_N) + 1];
    struct buf out = buf_over(signature, sizeof signature - 1);
    if (!is_word(ask->message) || ask->signature.n != WEBHOOK_SIGNATURE_N || ask->at_s < 0)
        return false;
    b64_encode(&out, ask->signature);
    signature[out.n] = '\0';
    snprintf(ret[0], ATTEMPT_LINE_MAX, "Content-Type: application/json");
    snprintf(ret[1], ATTEMPT_LINE_MAX, "User-Agent: troth/%s", TROTH_VERSION);
    snprintf(ret[2], ATTEMPT_LINE_MAX, "webhook-id: %.*s", (int)ask->message.n,
             (const char *)ask->message.p);
    snprintf(ret[3], ATTEMPT_LINE_MAX, "webhook-timestamp: %lld", (long long)ask->at_s);
    snprintf(ret[4], ATTEMPT_LINE_MAX, "webhook-signature: v1a,%s", signature);
    return true;
}

static enum result find_address(struct receiver *receiver, const char **ret, struct err *err)
{
    int64_t now_us = clock_monotonic_us();
    bool is_old = now_us - receiver->resolved_us > RESOLVED_S * INT64_C(1000000);
    if (receiver->resolved.n == 0 || is_old) {
        TRY(resolve(&receiver->url, &receiver->resolved, err));
        receiver->resolved_us = now_us;
    }
    *ret = receiver->resolved.all[receiver->next % receiver->resolved.n].text;
    return OK;
}

static struct attempt *free_attempt(struct attempts *attempts)
{
    for (size_t i = 0; i < POSTS_MAX; i++)
        if (!attempts->all[i].is_used)
            return &attempts->all[i];
    return NULL;
}

static enum result post(struct attempts *attempts, const struct msg_send_webhook *ask,
                        struct receiver *receiver, struct err *err)
{
    char lines[ATTEMPT_HEADERS][ATTEMPT_LINE_MAX];
    const char *headers[ATTEMPT_HEADERS + 1] = {NULL};
    const char *address = NULL;
    struct attempt *attempt = free_attempt(attempts);
    if (attempt == NULL)
        return err_set(err, E_BUSY, "%d are under way", POSTS_MAX);
    if (!attempt_headers(ask, lines))
        return err_set(err, E_BUG, "core sent an id or a signature that cannot stand in a header");
    for (size_t i = 0; i < ATTEMPT_HEADERS; i++)
        headers[i] = lines[i];
    TRY(find_address(receiver, &address, err));
    const struct post post = {
        .id = (uint64_t)(attempt - attempts->all),
        .url = receiver->hook->url,
        .address = address,
        .ca = receiver->hook->ca,
        .headers = headers,
        .body = ask->body,
        .timeout_ms = receiver->hook->timeout_ms,
    };
    TRY(posts_begin(attempts->posts, &post, err));
    *attempt = (struct attempt){.is_used = true, .id = ask->id, .tries = ask->tries};
    snprintf(attempt->hook, sizeof attempt->hook, "%s", receiver->hook->name);
    return OK;
}

enum result attempt_begin(struct attempts *attempts, const struct msg_send_webhook *ask,
                          struct err *err)
{
    struct err why = {0};
    char name[LIMIT_NAME + 1];
    struct receiver *receiver = NULL;
    if (text_copy(ask->hook, name, sizeof name))
        receiver = find_receiver(attempts, name);
    enum result result = OK;
    if (receiver == NULL)
        result = err_set(&why, E_NOT_FOUND, "the configuration has no such webhook");
    else
        result = post(attempts, ask, receiver, &why);
    return result == OK ? OK : refuse(attempts, ask, &why, err);
}

/* ---- end ------------------------------------------------------------------------------------- */

/* The next attempt tries the next address, and looks them up once all were tried. */
static void note_unreached(struct attempts *attempts, const struct attempt *attempt)
{
    struct receiver *receiver = find_receiver(attempts, attempt->hook);
    if (receiver == NULL || receiver->resolved.n == 0)
        return;
    receiver->next++;
    if (receiver->next % receiver->resolved.n == 0)
        receiver->resolved.n = 0;
}

enum result attempt_finish(struct attempts *attempts, struct err *err)
{
    struct post_end end;
    while (posts_next(attempts->posts, &end)) {
        struct attempt attempt = attempts->all[end.id];
        attempts->all[end.id].is_used = false;
        if (end.status == 0)
            note_unreached(attempts, &attempt);
        const struct msg_sent_webhook sent = {
            .id = attempt.id,
            .code = end.why.code,
            .status = (uint32_t)end.status,
            .wait_ms = wait_ms(attempt.tries, end.retry_after_s),
            .text = text_bytes(end.why.text),
        };
        TRY(tell(attempts, &sent, err));
    }
    return OK;
}

#include "feed.h"
#include "apply.h"
#include "connect.h"

#include <base/clock.h>
#include <client/backoff.h>

#include <inttypes.h>
#include <stdio.h>

#define POLL_TIMEOUT_S 10 /* a poll without news is answered after 5 s */
#define MEDIA "application/cbor-seq"

/* A boundary that cannot reach its server is blind from the age limit on: it comes back soon. */
static const struct backoff pauses = {.first_ms = 100, .most_ms = 4000};

static enum result fetch(void *context, const char *path, struct blob *ret, struct err *err)
{
    struct connection *connection = context;
    struct client_answer answer = {0};
    TRY(connection_get(connection, path, &answer, err));
    *ret = answer.body;
    return OK;
}

static enum result poll_once(struct connection *connection, uint32_t *ret_retry_after_s,
                             struct err *err)
{
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    struct boundary *boundary = connection->boundary;
    struct generations asks = apply_asks(boundary);
    char path[128];
    snprintf(path, sizeof path, "/boundary/feed/%" PRIu64 "/%" PRIu64, asks.status, asks.service);
    enum result result = connection_get(connection, path, &answer, err);
    *ret_retry_after_s = answer.retry_after_s;
    if (result != OK)
        return result;
    if (strcmp(answer.content_type, MEDIA) != 0 || answer.body.n == 0)
        return err_set(err, E_MEDIA_TYPE, "the feed's answer is %zu octets of '%s'; wanted " MEDIA,
                       answer.body.n, answer.content_type);
    const struct apply_fetch lists = {fetch, connection};
    const struct apply_time at = {clock_boot_us(), clock_now_s()};
    return apply_answer(boundary, blob_bytes(&answer.body), &lists, &at, err);
}

static void tell(struct boundary *boundary, struct err *why)
{
    if (why->code == E_LEDGER)
        door_fork(boundary, why);
    else
        door_alarm(boundary, ALARM_FEED, why);
}

void *feed_run(void *context)
{
    struct boundary *boundary = context;
    struct connection connection = {.boundary = boundary, .timeout_s = POLL_TIMEOUT_S};
    unsigned failures = 0;
    while (!boundary->is_stopping) {
        struct err why = {0};
        uint32_t retry_after_s = 0;
        if (poll_once(&connection, &retry_after_s, &why) == OK) {
            failures = 0;
            continue;
        }
        boundary->polls_refused++;
        tell(boundary, &why);
        connection_pause(boundary, backoff_wait_ms(&pauses, failures, retry_after_s));
        failures += failures < 16 ? 1 : 0;
    }
    connection_close(&connection);
    return NULL;
}

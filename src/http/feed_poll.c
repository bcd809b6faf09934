#include "feed_poll.h"
#include "front_state.h"

#include <base/log.h>
#include <wire/boundary_report.h>

#include <stdlib.h>
#include <string.h>

#define POLL_MS 10000  /* two heartbeats: an answer is there in one */
#define WATCH_MS 30000 /* who has not polled here by then polls elsewhere */
#define FEED_TYPE "application/cbor-seq"

void feed_free(struct feed *feed)
{
    feed_ring_free(&feed->ring);
    boundaries_free(&feed->boundaries);
}

bool feed_knows(void *front, const uint8_t spki[32])
{
    return boundaries_find(&((struct front *)front)->feed.boundaries, spki) != 0;
}

/* 0: it was removed since the connection's request was admitted. */
static uint32_t boundary_of(const struct front *front, const struct request *request)
{
    return boundaries_find(&front->feed.boundaries, request_view(request)->peer->spki_hash);
}

static void refuse_removed(struct request *request)
{
    struct err err = {0};
    err_set(&err, E_BOUNDARY, "client certificate: its key is of no boundary in use");
    request_refuse(request, &err);
}

static void end_busy(struct request *request, const char *why)
{
    struct err err = {0};
    err_set(&err, E_BUSY, "%s", why);
    request_refuse(request, &err);
}

/* ---- polls that wait ------------------------------------------------------------------------- */

static void forget_watches(struct feed *feed, uint32_t boundary, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < feed->watches_n; i++)
        if (feed->watches[i].boundary != boundary && feed->watches[i].until_ms > now_ms)
            feed->watches[kept++] = feed->watches[i];
    feed->watches_n = kept;
}

/* True: the request has ended. */
static bool answer(struct front *front, struct request *request, const struct feed_poll *poll,
                   bool heartbeat)
{
    struct err err = {0};
    struct blob body = {0};
    if (feed_body(front, poll, heartbeat, &body, &err) != OK) {
        request_refuse(request, &err);
        return true;
    }
    if (body.n == 0) {
        blob_free(&body);
        return false;
    }
    forget_watches(&front->feed, poll->boundary, listener_now_ms(front->listener));
    const struct reply reply = {.status = 200, .media_type = FEED_TYPE};
    request_reply_owned(request, &reply, body.p, body.n);
    return true;
}

/* Something came: of every poll, whether it has its answer now, or none to wait for. */
static void look_at_polls(struct front *front, bool heartbeat)
{
    struct feed *feed = &front->feed;
    size_t kept = 0;
    for (size_t i = 0; i < feed->polls_n; i++) {
        const struct feed_poll poll = feed->polls[i];
        struct request *request = request_find(front->listener, poll.number);
        if (request == NULL)
            continue;
        if (boundary_of(front, request) != poll.boundary)
            refuse_removed(request);
        else if (!answer(front, request, &poll, heartbeat))
            feed->polls[kept++] = poll;
    }
    feed->polls_n = kept;
}

/* Forgets who has gone, and ends the oldest of this boundary's when it has too many. */
static void make_room(struct front *front, uint32_t boundary)
{
    struct feed *feed = &front->feed;
    struct request *oldest = NULL;
    size_t kept = 0, of_it = 0, oldest_at = 0;
    for (size_t i = 0; i < feed->polls_n; i++) {
        struct request *request = request_find(front->listener, feed->polls[i].number);
        if (request == NULL)
            continue;
        if (feed->polls[i].boundary == boundary && of_it++ == 0) {
            oldest = request;
            oldest_at = kept;
        }
        feed->polls[kept++] = feed->polls[i];
    }
    feed->polls_n = kept;
    if (of_it < FEED_POLLS_EACH)
        return;
    end_busy(oldest, "the boundary has newer polls");
    memmove(&feed->polls[oldest_at], &feed->polls[oldest_at + 1],
            (kept - oldest_at - 1) * sizeof *feed->polls);
    feed->polls_n--;
}

static void wait_for_more(struct front *front, struct request *request,
                          const struct feed_poll *poll)
{
    make_room(front, poll->boundary);
    if (front->feed.polls_n == FEED_POLLS_MAX) {
        end_busy(request, "too many polls of boundaries are open");
        return;
    }
    front->feed.polls[front->feed.polls_n++] = *poll;
    request_extend(request, POLL_MS);
    request_wait(request);
}

/* ---- routes ---------------------------------------------------------------------------------- */

/* Numbers have one spelling, as all in a device's path. */
static enum result read_generation(struct bytes text, uint64_t *ret, struct err *err)
{
    uint64_t value = 0;
    bool is_number = text.n > 0 && text.n <= 19 && (text.n == 1 || text.p[0] != '0');
    for (size_t i = 0; i < text.n && is_number; i++) {
        is_number = text.p[i] >= '0' && text.p[i] <= '9';
        value = value * 10 + (uint64_t)(text.p[i] - '0');
    }
    if (!is_number)
        return err_set(err, E_SYNTAX, "path: saw \"%s\", want a generation of 19 digits at most",
                       err_value(text).text);
    *ret = value;
    return OK;
}

static enum result read_poll(const struct request *request, struct feed_poll *ret, struct err *err)
{
    const struct bytes *parameters = request_view(request)->parameters;
    TRY(read_generation(parameters[0], &ret->status, err));
    return read_generation(parameters[1], &ret->service, err);
}

/* That it polls is news for core, whatever it is told. One that is lost comes with the next. */
static void acknowledge(struct front *front, const struct feed_poll *poll)
{
    struct err err = {0};
    const struct msg_boundary_ack ack = {poll->boundary, poll->status, poll->service};
    if (ipc_send(&front->core, IPC_BOUNDARY_ACK, &ack, -1, &err) != OK)
        log_err(LEVEL_WARNING, "acknowledgement-lost", &err, NULL);
}

void feed_poll(struct request *request)
{
    struct front *front = request_owner(request);
    struct err err = {0};
    struct feed_poll poll = {.number = request_view(request)->number,
                             .boundary = boundary_of(front, request)};
    if (read_poll(request, &poll, &err) != OK) {
        request_refuse(request, &err);
        return;
    }
    acknowledge(front, &poll);
    if (!answer(front, request, &poll, false))
        wait_for_more(front, request, &poll);
}

void feed_report(struct request *request)
{
    struct front *front = request_owner(request);
    struct boundary_report report;
    struct err err = {0};
    const char *why = NULL;
    struct bytes body = request_view(request)->body;
    enum result result = OK;
    if (!boundary_report_read(body, &report, &why))
        result = err_set(&err, E_SYNTAX, "report: %s", why);
    const struct msg_boundary_report message = {request_view(request)->number,
                                                boundary_of(front, request), body};
    if (result == OK)
        result = ipc_send(&front->core, IPC_BOUNDARY_REPORT, &message, -1, &err);
    if (result == R_UNREACHABLE)
        err_set(&err, E_BUSY, "core is gone");
    if (result == OK)
        request_wait(request);
    else
        request_refuse(request, &err);
}

/* ---- what comes from core -------------------------------------------------------------------- */

static void take_reported(struct front *front, const struct msg_boundary_reported *told)
{
    struct request *request = request_find(front->listener, told->id);
    struct err err = {0};
    if (request == NULL)
        return; /* its time was over, or the boundary is gone */
    if (told->code == E_NONE) {
        request_reply(request, &(struct reply){.status = 204});
        return;
    }
    err_set(&err, error_find((enum code)told->code)->code, "the report was not kept");
    request_refuse_until(request, &err, 1);
}

/* One that there was no memory for is a gap: boundaries begin again with the next catalogue. */
static void take_delta(struct front *front, const struct msg_feed_delta *told)
{
    struct err err = {0};
    bool is_heartbeat = false;
    if (feed_ring_take(&front->feed.ring, told->delta, &is_heartbeat, &err) != OK)
        log_err(LEVEL_WARNING, "delta-lost", &err, NULL);
    else
        look_at_polls(front, is_heartbeat);
}

static void take_watch(struct front *front, const struct msg_boundary_watch *asked)
{
    struct feed *feed = &front->feed;
    if (asked->serial.n != sizeof feed->watches->serial)
        return;
    if (feed->watches_n == FEED_WATCHES_MAX)
        memmove(feed->watches, feed->watches + 1, --feed->watches_n * sizeof *feed->watches);
    struct feed_watch *watch = &feed->watches[feed->watches_n++];
    *watch = (struct feed_watch){.boundary = asked->boundary,
                                 .issuer = asked->issuer,
                                 .until_ms = listener_now_ms(front->listener) + WATCH_MS};
    memcpy(watch->serial, asked->serial.p, sizeof watch->serial);
    look_at_polls(front, false);
}

static void take_known(struct front *front, const struct msg_boundary_known *known)
{
    struct err err = {0};
    if (boundaries_add(&front->feed.boundaries, known->id, known->spki, &err) != OK)
        log_err(LEVEL_ERROR, "boundary-refused", &err, NULL);
}

static void take_end(struct front *front, uint32_t count)
{
    struct err err = {0};
    if (boundaries_end(&front->feed.boundaries, count, &err) != OK)
        log_err(LEVEL_ERROR, "boundaries-refused", &err, NULL);
    look_at_polls(front, false);
}

bool feed_take(struct front *front, const struct ipc_message *message)
{
    switch ((int)message->type) {
    case IPC_FEED_DELTA:
        take_delta(front, &message->feed_delta);
        return true;
    case IPC_FEED_CATALOGUE:
        feed_ring_take_catalogue(&front->feed.ring, message->feed_catalogue.generation);
        look_at_polls(front, false);
        return true;
    case IPC_BOUNDARY_KNOWN:
        take_known(front, &message->boundary_known);
        return true;
    case IPC_BOUNDARIES_END:
        take_end(front, message->boundaries_end.count);
        return true;
    case IPC_BOUNDARY_REPORTED:
        take_reported(front, &message->boundary_reported);
        return true;
    case IPC_BOUNDARY_WATCH:
        take_watch(front, &message->boundary_watch);
        return true;
    }
    return false;
}

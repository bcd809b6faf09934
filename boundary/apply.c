#include "apply.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <wire/watch.h>

#include <stdio.h>

#define CLOCK_TOLERANCE_S 10 /* our clock ahead of the server's */
#define GAPS_MAX 2           /* polls in a row that did not lead on: then all is read anew */

/* ---- what holds an image ----------------------------------------------------------------------
 */

static struct image *newest(struct boundary *boundary)
{
    return boundary->followed.candidate != NULL ? boundary->followed.candidate
                                                : boundary->enforced.image;
}

static void set_floor(struct boundary *boundary, uint64_t status, uint64_t service)
{
    pthread_mutex_lock(&boundary->floor_lock);
    if (status > boundary->floor.status)
        boundary->floor.status = status;
    if (service > boundary->floor.service)
        boundary->floor.service = service;
    pthread_mutex_unlock(&boundary->floor_lock);
}

/* A candidate that is as far as what was enforced before takes its place. */
static void adopt(struct boundary *boundary)
{
    struct image *candidate = boundary->followed.candidate;
    if (candidate == NULL || candidate->generation < boundary->floor.status)
        return;
    pthread_rwlock_wrlock(&boundary->enforced.lock);
    struct image *old = boundary->enforced.image;
    boundary->enforced.image = candidate;
    pthread_rwlock_unlock(&boundary->enforced.lock);
    boundary->followed.candidate = NULL;
    image_free(old);
    set_floor(boundary, candidate->generation, 0);
    boundary->version++;
}

/* ---- ages -------------------------------------------------------------------------------------
 */

/* As old as it was when it came, by the time that was signed, and from then on by the monotonic
 * clock: a heartbeat that somebody kept back is no younger for it. */
static void refresh(struct boundary *boundary, int64_t at_s, const struct apply_time *at)
{
    int64_t lag_s = at->now_s - at_s - CLOCK_TOLERANCE_S;
    int64_t lag_us = lag_s <= 0 ? 0 : lag_s < INT32_MAX ? lag_s * 1000000 : INT64_MAX / 4;
    int64_t fresh_us = at->monotonic_us - lag_us;
    const struct rules *rules = boundary->enforced.rules;
    uint64_t held = rules != NULL ? rules_service(rules)->generation : 0;
    if (held < boundary->followed.announced)
        return; /* bindings that we were not given may end what we would admit */
    pthread_rwlock_wrlock(&boundary->enforced.lock);
    if (fresh_us > boundary->enforced.fresh_us)
        boundary->enforced.fresh_us = fresh_us;
    pthread_rwlock_unlock(&boundary->enforced.lock);
}

/* ---- deltas -----------------------------------------------------------------------------------
 */

static void read_streams(struct boundary *boundary, const struct feed_delta *delta)
{
    struct reader walk = feed_walk(delta->streams);
    struct feed_stream stream;
    while (feed_next_stream(&walk, &stream))
        if (stream.boundary == boundary->floor.boundary &&
            stream.generation > boundary->followed.announced)
            boundary->followed.announced = stream.generation;
}

static enum result refuse_older(uint64_t seen, uint64_t known, struct err *err)
{
    return err_set(err, E_CONFLICT,
                   "the server's newest generation is %llu, and %llu was enforced already: an "
                   "older copy of it, or what somebody kept; wanted is a newer one",
                   (unsigned long long)seen, (unsigned long long)known);
}

static enum result apply_to(struct boundary *boundary, struct image *image,
                            const struct feed_delta *delta, struct err *err)
{
    bool is_enforced = image == boundary->enforced.image;
    if (is_enforced)
        pthread_rwlock_wrlock(&boundary->enforced.lock);
    enum result result = image_prepare(image, delta, err);
    if (result == OK)
        image_apply(image, delta);
    if (is_enforced)
        pthread_rwlock_unlock(&boundary->enforced.lock);
    if (result == OK && is_enforced) {
        set_floor(boundary, image->generation, 0);
        boundary->version++;
    }
    return result;
}

static enum result take_delta(struct boundary *boundary, struct bytes payload,
                              const struct apply_time *at, struct err *err)
{
    struct feed_delta delta;
    const char *why = NULL;
    struct image *image = newest(boundary);
    if (!feed_delta_read(payload, &delta, &why))
        return err_set(err, E_SYNTAX, "%s", why);
    TRY(ledger_check(&boundary->ledger, delta.ledger_size, delta.ledger_root, err));
    if (image == NULL)
        return err_set(err, E_CONFLICT, "a delta before there is a status list");
    if (feed_delta_is_heartbeat(&delta) && delta.to != image->generation)
        return err_set(err, E_CONFLICT, "a heartbeat of generation %llu; wanted %llu",
                       (unsigned long long)delta.to, (unsigned long long)image->generation);
    if (feed_delta_is_heartbeat(&delta) && image == boundary->followed.candidate)
        return refuse_older(delta.to, boundary->floor.status, err);
    if (!feed_delta_is_heartbeat(&delta))
        TRY(apply_to(boundary, image, &delta, err));
    read_streams(boundary, &delta);
    adopt(boundary);
    if (boundary->followed.candidate == NULL)
        refresh(boundary, delta.at_s, at);
    boundary->followed.gaps = 0;
    return OK;
}

/* ---- lists ------------------------------------------------------------------------------------
 */

static enum result open_list(struct boundary *boundary, const struct feed_list *wanted,
                             struct bytes file, struct status_list *ret, struct err *err)
{
    uint8_t hash[SHA256_N];
    struct cose_sign1 message;
    const char *why = NULL;
    sha256(file, hash);
    if (!bytes_equal(wanted->hash, bytes_of(hash, sizeof hash)))
        return err_set(err, E_CONFLICT,
                       "a status list is not the one that the catalogue names: older, or newer");
    TRY(seal_open(&boundary->key, file, &message, err));
    if (!bytes_equal(message.type, bytes_text(STATUS_LIST_TYPE)))
        return err_set(err, E_SYNTAX, "a status list of another type");
    if (!status_list_read(message.payload, ret, &why))
        return err_set(err, E_SYNTAX, "%s", why);
    if (!status_space_is(ret->space, wanted->space))
        return err_set(err, E_SYNTAX, "a status list of another shard");
    return OK;
}

static enum result add_list(struct boundary *boundary, const struct apply_fetch *fetch,
                            const struct feed_list *wanted, struct image *image, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    struct status_list list;
    char path[64];
    snprintf(path, sizeof path, "/status/%u-%u-%u.cwt", wanted->space.issuer,
             wanted->space.expiry_class, wanted->space.shard);
    TRY(fetch->get(fetch->context, path, &file, err));
    if (file.n > APPLY_LIST_MAX)
        return err_set(err, E_TOO_LARGE, "%s has %zu octets", path, file.n);
    enum result result = open_list(boundary, wanted, blob_bytes(&file), &list, err);
    if (result == OK)
        result = image_add(image, &list, err);
    if (result != OK)
        err_prefix(err, "%s", path);
    return result;
}

static enum result take_catalogue(struct boundary *boundary, struct bytes payload,
                                  const struct apply_fetch *fetch, struct err *err)
{
    CLEANUP(image_freep) struct image *image = NULL;
    struct feed_catalogue catalogue;
    struct feed_list list;
    const char *why = NULL;
    if (!feed_catalogue_read(payload, &catalogue, &why))
        return err_set(err, E_SYNTAX, "%s", why);
    TRY(image_new(catalogue.generation, &image, err));
    struct reader walk = feed_walk(catalogue.lists);
    while (feed_next_list(&walk, &list))
        TRY(add_list(boundary, fetch, &list, image, err));
    image_free(boundary->followed.candidate);
    boundary->followed.candidate = STEAL(image);
    boundary->followed.gaps = 0;
    adopt(boundary);
    return OK;
}

/* ---- the service stream -----------------------------------------------------------------------
 */

static enum result check_service(struct boundary *boundary, const struct service_object *service,
                                 struct err *err)
{
    const struct floor *floor = &boundary->floor;
    const struct rules *rules = boundary->enforced.rules;
    uint64_t held = rules != NULL ? rules_service(rules)->generation : 0;
    if (!bytes_equal(service->name, text_bytes(boundary->state.name)))
        return err_set(err, E_CONFLICT, "a service object of another boundary; wanted one of %s",
                       boundary->state.name);
    if (floor->boundary != 0 && service->boundary != floor->boundary)
        return err_set(err, E_CONFLICT, "a service object of boundary %llu; wanted one of %llu",
                       (unsigned long long)service->boundary, (unsigned long long)floor->boundary);
    if (service->generation < floor->service || service->generation <= held)
        return refuse_older(service->generation, floor->service, err);
    return ledger_check(&boundary->ledger, service->ledger_size, service->ledger_root, err);
}

static enum result take_service(struct boundary *boundary, struct bytes payload, struct err *err)
{
    CLEANUP(rules_freep) struct rules *rules = NULL;
    TRY(rules_new(payload, &rules, err));
    const struct service_object *service = rules_service(rules);
    TRY(check_service(boundary, service, err));
    TRY(issuers_set(&boundary->issuers, service, err));
    pthread_mutex_lock(&boundary->floor_lock);
    boundary->floor.boundary = service->boundary;
    pthread_mutex_unlock(&boundary->floor_lock);
    set_floor(boundary, 0, service->generation);
    pthread_rwlock_wrlock(&boundary->enforced.lock);
    struct rules *old = boundary->enforced.rules;
    boundary->enforced.rules = STEAL(rules);
    pthread_rwlock_unlock(&boundary->enforced.lock);
    rules_free(old);
    boundary->version++;
    return OK;
}

/* ---- one after the other ----------------------------------------------------------------------
 */

/* A stream of statuses that does not lead on is counted: apply_asks(). */
static enum result take_status(struct boundary *boundary, const struct cose_sign1 *message,
                               const struct apply_fetch *fetch, const struct apply_time *at,
                               struct err *err)
{
    bool is_delta = bytes_equal(message->type, bytes_text(FEED_DELTA_TYPE));
    enum result result = is_delta ? take_delta(boundary, message->payload, at, err)
                                  : take_catalogue(boundary, message->payload, fetch, err);
    if (result == R_CONFLICT)
        boundary->followed.gaps++;
    return result;
}

static enum result take_signed(struct boundary *boundary, struct bytes item,
                               const struct apply_fetch *fetch, const struct apply_time *at,
                               struct err *err)
{
    struct cose_sign1 message;
    TRY(seal_open(&boundary->key, item, &message, err));
    if (bytes_equal(message.type, bytes_text(SERVICE_TYPE)))
        return take_service(boundary, message.payload, err);
    if (bytes_equal(message.type, bytes_text(FEED_DELTA_TYPE)) ||
        bytes_equal(message.type, bytes_text(FEED_CATALOGUE_TYPE)))
        return take_status(boundary, &message, fetch, at, err);
    return err_set(err, E_SYNTAX, "what came is of a type that is none of the feed");
}

static enum result take_watch(struct boundary *boundary, struct bytes item,
                              const struct apply_time *at, struct err *err)
{
    struct bytes items;
    const char *why = NULL;
    if (!watch_read(item, &items, &why))
        return err_set(err, E_SYNTAX, "%s", why);
    watched_add(&boundary->watched, items, at->monotonic_us);
    return OK;
}

enum result apply_answer(struct boundary *boundary, struct bytes body,
                         const struct apply_fetch *fetch, const struct apply_time *at,
                         struct err *err)
{
    if (body.n > APPLY_BODY_MAX)
        return err_set(err, E_TOO_LARGE, "an answer of %zu octets; at most %u", body.n,
                       APPLY_BODY_MAX);
    if (boundary->enforced.is_forked)
        return err_set(err, E_LEDGER, "the ledger is forked: nothing more is taken from it");
    struct reader r = reader_of(body);
    while (r.left > 0) {
        const uint8_t *start = r.p;
        bool is_signed = cbor_peek(&r) == CBOR_TAG;
        cbor_skip(&r);
        if (!reader_ok(&r))
            return err_set(err, E_SYNTAX, "%s", r.why);
        struct bytes item = bytes_of(start, (size_t)(r.p - start));
        enum result result = is_signed ? take_signed(boundary, item, fetch, at, err)
                                       : take_watch(boundary, item, at, err);
        if (result != OK)
            return result;
    }
    return OK;
}

struct generations apply_asks(struct boundary *boundary)
{
    const struct image *image = newest(boundary);
    const struct rules *rules = boundary->enforced.rules;
    struct generations asks = {
        .status = image != NULL ? image->generation : 0,
        .service = rules != NULL ? rules_service(rules)->generation : 0,
    };
    if (boundary->followed.gaps < GAPS_MAX)
        return asks;
    image_free(boundary->followed.candidate);
    boundary->followed.candidate = NULL;
    asks.status = 0;
    return asks;
}

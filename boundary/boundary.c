#include "door.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <wire/hex.h>

#include "certificate.h"
#include "feed.h"
#include "report.h"

#include <stdlib.h>

#define ALARM_PAUSE_US 60000000
#define NEVER_US (INT64_MIN / 2)
#define ESCAPED_MAX (4 * LIMIT_CERTIFICATE_BYTES)

/* ---- opening and closing ----------------------------------------------------------------------
 */

static enum result init_lock(pthread_rwlock_t *lock, struct err *err)
{
    pthread_rwlockattr_t attributes;
    bool ok = pthread_rwlockattr_init(&attributes) == 0;
    ok = ok && pthread_rwlockattr_setkind_np(&attributes,
                                             PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0;
    ok = ok && pthread_rwlock_init(lock, &attributes) == 0;
    return ok ? OK : err_set(err, E_MEMORY, "a lock");
}

static enum result read_state(struct boundary *boundary, const char *folder, struct err *err)
{
    struct state *state = &boundary->state;
    TRY(state_set_folder(state, folder, err));
    TRY(state_read(state, err));
    TRY(state_lock(state, &boundary->lock_fd, err));
    TRY(seal_read_key(text_bytes(state->log_key), &boundary->key, err));
    TRY(floor_read(state, &boundary->floor, err));
    struct troth_checkpoint held = {.size = boundary->floor.ledger_size};
    memcpy(held.root, boundary->floor.ledger_root, sizeof held.root);
    ledger_init(&boundary->ledger, &held);
    return OK;
}

enum result boundary_open(const struct boundary_settings *settings, struct boundary **ret,
                          struct err *err)
{
    struct boundary *boundary = calloc(1, sizeof *boundary);
    if (boundary == NULL)
        return err_set(err, E_MEMORY, "a boundary");
    boundary->lock_fd = -1;
    boundary->alarm = settings->alarm;
    boundary->alarm_context = settings->alarm_context;
    boundary->enforced.fresh_us = NEVER_US;
    watched_init(&boundary->watched);
    pthread_mutex_init(&boundary->floor_lock, NULL);
    enum result result = init_lock(&boundary->enforced.lock, err);
    if (result == OK)
        result = crypto_start(err);
    if (result == OK)
        result = queue_init(&boundary->queue, err);
    if (result == OK)
        result = read_state(boundary, settings->state, err);
    if (result != OK) {
        boundary_close(boundary);
        return result;
    }
    *ret = boundary;
    return OK;
}

static void report_start(struct boundary *boundary)
{
    const struct boundary_event event = {.kind = BOUNDARY_REPORT_STARTED};
    boundary_report(boundary, &event);
}

enum result boundary_start(struct boundary *boundary, struct err *err)
{
    TRY(certificate_check(&boundary->state, err));
    report_start(boundary);
    if (pthread_create(&boundary->feed_thread, NULL, feed_run, boundary) != 0)
        return err_set(err, E_MEMORY, "a thread for the feed");
    if (pthread_create(&boundary->report_thread, NULL, report_run, boundary) != 0) {
        boundary->is_stopping = true;
        pthread_join(boundary->feed_thread, NULL);
        return err_set(err, E_MEMORY, "a thread for reports");
    }
    boundary->has_threads = true;
    return OK;
}

void boundary_close(struct boundary *boundary)
{
    if (boundary == NULL)
        return;
    boundary->is_stopping = true;
    if (boundary->has_threads) {
        queue_wake(&boundary->queue);
        pthread_join(boundary->feed_thread, NULL);
        pthread_join(boundary->report_thread, NULL);
    }
    image_free(boundary->enforced.image);
    image_free(boundary->followed.candidate);
    rules_free(boundary->enforced.rules);
    issuers_free(&boundary->issuers);
    queue_free(&boundary->queue);
    watched_free(&boundary->watched);
    pthread_rwlock_destroy(&boundary->enforced.lock);
    pthread_mutex_destroy(&boundary->floor_lock);
    fd_closep(&boundary->lock_fd);
    free(boundary);
}

/* ---- telling ----------------------------------------------------------------------------------
 */

void door_alarm(struct boundary *boundary, enum alarm about, struct err *why)
{
    static const char *const matters[ALARM_COUNT] = {
        [ALARM_FEED] = "feed refused",
        [ALARM_REPORT] = "report not taken",
        [ALARM_LEDGER] = "ledger not followed",
        [ALARM_FLOOR] = "what is enforced was not written down",
        [ALARM_RENEWAL] = "the boundary's certificate was not renewed",
    };
    struct told *told = &boundary->told[about];
    int64_t now_us = clock_monotonic_us();
    if (boundary->is_stopping || boundary->alarm == NULL)
        return;
    pthread_mutex_lock(&boundary->floor_lock);
    bool is_told = told->code == why->code && now_us - told->at_us < ALARM_PAUSE_US;
    if (!is_told)
        *told = (struct told){why->code, now_us};
    pthread_mutex_unlock(&boundary->floor_lock);
    if (is_told)
        return;
    err_prefix(why, "%s", matters[about]);
    boundary->alarm(boundary->alarm_context, why);
}

void door_fork(struct boundary *boundary, struct err *why)
{
    const struct boundary_event event = {.kind = BOUNDARY_REPORT_FORK, .reason = BOUNDARY_FORK};
    if (!atomic_exchange(&boundary->enforced.is_forked, true)) {
        boundary->version++;
        boundary_report(boundary, &event);
    }
    door_alarm(boundary, ALARM_LEDGER, why);
}

struct generations door_generations(struct boundary *boundary)
{
    struct enforced *enforced = &boundary->enforced;
    pthread_rwlock_rdlock(&enforced->lock);
    struct generations generations = {
        .status = enforced->image != NULL ? enforced->image->generation : 0,
        .service = enforced->rules != NULL ? rules_service(enforced->rules)->generation : 0,
    };
    pthread_rwlock_unlock(&enforced->lock);
    return generations;
}

void boundary_report(struct boundary *boundary, const struct boundary_event *event)
{
    queue_put(&boundary->queue, event, clock_now_us() / 1000, clock_monotonic_us());
    if (event->kind == BOUNDARY_REPORT_ACTIVE && event->identity != NULL)
        watched_remove(&boundary->watched, event->identity);
}

bool boundary_is_watched(struct boundary *boundary, const struct boundary_identity *identity,
                         int64_t began_us)
{
    return watched_has(&boundary->watched, identity, began_us);
}

uint64_t boundary_generation(const struct boundary *boundary)
{
    return boundary->version;
}

void boundary_stand(struct boundary *boundary, struct boundary_standing *ret)
{
    struct enforced *enforced = &boundary->enforced;
    struct generations generations = door_generations(boundary);
    struct boundary_standing standing = {
        .status_generation = generations.status,
        .service_generation = generations.service,
        .age_ms = -1,
        .ledger_size = ledger_held(&boundary->ledger).size,
        .polls_refused = boundary->polls_refused,
    };
    int64_t now_us = clock_boot_us();
    pthread_rwlock_rdlock(&enforced->lock);
    standing.is_forked = enforced->is_forked;
    if (enforced->fresh_us != NEVER_US)
        standing.age_ms = (now_us - enforced->fresh_us) / 1000;
    if (enforced->image != NULL) {
        standing.shards = enforced->image->n;
        standing.octets = image_octets(enforced->image);
    }
    pthread_rwlock_unlock(&enforced->lock);
    queue_count(&boundary->queue, &standing.events_waiting, &standing.events_lost);
    *ret = standing;
}

/* ---- who it is --------------------------------------------------------------------------------
 */

enum boundary_reason boundary_verify_der(struct boundary *boundary, struct bytes der, int64_t now_s,
                                         struct boundary_identity *ret)
{
    return issuers_verify(&boundary->issuers, der, now_s, ret);
}

static bool unescape(struct bytes escaped, struct buf *to)
{
    for (size_t i = 0; i < escaped.n; i++) {
        if (escaped.p[i] != '%') {
            buf_put_u8(to, escaped.p[i]);
            continue;
        }
        if (escaped.n - i < 3 || !hex_decode(to, bytes_of(escaped.p + i + 1, 2)))
            return false;
        i += 2;
    }
    return buf_ok(to);
}

enum boundary_reason boundary_verify_escaped(struct boundary *boundary, struct bytes escaped,
                                             int64_t now_s, struct boundary_identity *ret)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct err ignored = {0};
    uint8_t text[ESCAPED_MAX];
    struct buf pem = buf_over(text, sizeof text);
    if (escaped.n == 0)
        return BOUNDARY_NO_CERTIFICATE;
    if (!unescape(escaped, &pem))
        return BOUNDARY_UNREADABLE;
    seal_lock();
    enum result result = pem_read(buf_bytes(&pem), PEM_CERTIFICATE, &der, &ignored);
    seal_unlock();
    return result == OK ? issuers_verify(&boundary->issuers, blob_bytes(&der), now_s, ret)
                        : BOUNDARY_UNREADABLE;
}

enum boundary_reason boundary_from_proxy(struct boundary *boundary,
                                         const struct boundary_proxy_words *words,
                                         struct boundary_identity *ret)
{
    return issuers_take_words(&boundary->issuers, words, ret);
}

/* ---- whether it may ---------------------------------------------------------------------------
 */

static enum boundary_reason look(const struct image *image,
                                 const struct boundary_identity *identity)
{
    const uint8_t *serial = identity->serial;
    uint32_t number = (uint32_t)serial[12] << 24 | (uint32_t)serial[13] << 16 |
                      (uint32_t)serial[14] << 8 | serial[15];
    struct status_space space = status_space_of(identity->issuer, serial[11], number);
    return image_look(image, space, number % STATUS_SHARD_SIZE);
}

/* What is known of it is judged before its age: what was revoked stays so, however old that is. */
static enum boundary_reason decide(const struct enforced *enforced,
                                   const struct rules_question *question, int64_t now_us)
{
    const struct service_entry *entry = rules_entry(enforced->rules, question->service);
    const struct boundary_identity *identity = question->identity;
    if (!rules_has_issuer(enforced->rules, identity->issuer))
        return BOUNDARY_ISSUER;
    if (identity->not_after_s != 0 && question->now_s > identity->not_after_s)
        return BOUNDARY_EXPIRED;
    enum boundary_reason reason = look(enforced->image, identity);
    if (reason != BOUNDARY_ADMITTED)
        return reason;
    bool is_old = now_us - enforced->fresh_us > (int64_t)entry->age_s * 1000000;
    if (is_old && enforced->is_forked)
        return BOUNDARY_FORK;
    if (is_old && !entry->is_fail_open)
        return BOUNDARY_STALE;
    return rules_allow(enforced->rules, question) ? BOUNDARY_ADMITTED : BOUNDARY_BINDING;
}

enum boundary_reason boundary_decide(struct boundary *boundary,
                                     const struct boundary_identity *identity, struct bytes service,
                                     enum boundary_action action, struct bytes resource)
{
    struct enforced *enforced = &boundary->enforced;
    struct rules_question question = {
        .identity = identity, .action = action, .resource = resource, .now_s = clock_now_s()};
    int64_t now_us = clock_boot_us();
    enum boundary_reason reason = BOUNDARY_NO_FEED;
    if (identity->issuer == 0)
        return BOUNDARY_NO_CERTIFICATE;
    pthread_rwlock_rdlock(&enforced->lock);
    if (enforced->image != NULL && enforced->rules != NULL) {
        question.service = rules_find_service(enforced->rules, service);
        reason = question.service == RULES_NO_SERVICE ? BOUNDARY_SERVICE
                                                      : decide(enforced, &question, now_us);
    }
    pthread_rwlock_unlock(&enforced->lock);
    return reason;
}

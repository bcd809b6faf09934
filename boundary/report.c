#include "report.h"
#include "connect.h"
#include "renew.h"
#include "tiles.h"

#include <base/clock.h>
#include <client/api.h>
#include <client/backoff.h>

#include <stdlib.h>

#define US 1000000
#define TIMEOUT_S 10
#define QUIET_US (30 * US) /* a report without events says that we are here, and which ledger */
#define CHECKPOINT_US (10 * US) /* from one look at the ledger to the next */
#define FLOOR_US (5 * US)       /* what a crash may forget of what was enforced */
#define RENEW_US (60 * (int64_t)US)
#define FORKS_MIN 3 /* looks in a row; a proof that was damaged on its way is no fork */

static const struct backoff pauses = {.first_ms = 200, .most_ms = 5000};

/* What is due when, monotonic. */
struct chores {
    struct connection connection;
    int64_t report_us, checkpoint_us, floor_us, renew_us;
    unsigned failures, forks;
    struct floor written;
    uint8_t body[BOUNDARY_REPORT_MAX], items[BOUNDARY_REPORT_MAX];
};

/* ---- reports ----------------------------------------------------------------------------------
 */

static enum result post(struct chores *chores, struct bytes body, struct err *err)
{
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    const struct client_request request = {
        .method = CLIENT_POST,
        .path = "/boundary/report",
        .content_type = BOUNDARY_REPORT_TYPE,
        .body = body,
    };
    TRY(connection_ensure(&chores->connection, err));
    TRY(client_exchange(chores->connection.client, &request, &answer, err));
    return answer.status == 204 ? OK : api_error(&answer, err);
}

static struct bytes write_report(struct chores *chores, struct queue_batch *ret_batch)
{
    struct boundary *boundary = chores->connection.boundary;
    struct buf body = buf_over(chores->body, sizeof chores->body);
    struct buf items = buf_over(chores->items, sizeof chores->items);
    struct generations generations = door_generations(boundary);
    struct troth_checkpoint held = ledger_held(&boundary->ledger);
    *ret_batch = queue_batch(&boundary->queue, &items);
    const struct boundary_report report = {
        .status_generation = generations.status,
        .service_generation = generations.service,
        .at_ms = clock_now_us() / 1000,
        .ledger_size = held.size,
        .ledger_root = bytes_of(held.root, held.size == 0 ? 0 : sizeof held.root),
        .items = buf_bytes(&items),
    };
    boundary_report_write(&body, &report);
    return buf_bytes(&body);
}

/* A report that the server calls malformed would be so for ever: it goes, and is counted as lost.
 * One that came too slowly is said again. */
static bool is_malformed(const struct err *why)
{
    return why->code == E_SYNTAX || why->code == E_TOO_LARGE;
}

static void report(struct chores *chores)
{
    struct boundary *boundary = chores->connection.boundary;
    struct queue_batch batch = {0};
    struct err why = {0};
    struct bytes body = write_report(chores, &batch);
    enum result result = post(chores, body, &why);
    int64_t now_us = clock_monotonic_us();
    bool is_lost = result != OK && is_malformed(&why);
    if (result == OK || is_lost) {
        queue_drop(&boundary->queue, batch, is_lost, now_us);
        chores->failures = 0;
        chores->report_us = now_us + QUIET_US;
    } else {
        chores->report_us =
            now_us + (int64_t)backoff_wait_ms(&pauses, chores->failures, 0) * 1000 + 1000;
        chores->failures += chores->failures < 16 ? 1 : 0;
    }
    if (result != OK)
        door_alarm(boundary, ALARM_REPORT, &why);
}

/* ---- the ledger -------------------------------------------------------------------------------
 */

static enum result get_tile(void *context, const char *path, struct blob *ret, struct err *err)
{
    struct client_answer answer = {0};
    TRY(connection_get(context, path, &answer, err));
    *ret = answer.body;
    return OK;
}

static enum result look_at_ledger(struct chores *chores, struct err *err)
{
    CLEANUP(client_answer_free) struct client_answer note = {0};
    struct boundary *boundary = chores->connection.boundary;
    struct troth_checkpoint held = ledger_held(&boundary->ledger), later = {0};
    struct merkle_proof path = {0};
    TRY(connection_get(&chores->connection, "/checkpoint", &note, err));
    TRY(ledger_read(&boundary->key, blob_bytes(&note.body), &later, err));
    const struct tiles_fetch fetch = {get_tile, &chores->connection};
    if (held.size != 0 && later.size > held.size)
        TRY(tiles_prove(&fetch, held.size, later.size, &path, err));
    const struct troth_proof proof = {path.hash[0], path.n};
    return ledger_follow(&boundary->ledger, &later, &proof, err);
}

static void follow_ledger(struct chores *chores)
{
    struct boundary *boundary = chores->connection.boundary;
    struct err why = {0};
    enum result result = look_at_ledger(chores, &why);
    chores->checkpoint_us = clock_monotonic_us() + CHECKPOINT_US;
    bool is_fork = result != OK && why.code == E_LEDGER;
    chores->forks = is_fork ? chores->forks + 1 : 0;
    if (is_fork && chores->forks < FORKS_MIN) {
        chores->checkpoint_us = clock_monotonic_us() + US;
        return;
    }
    if (is_fork)
        door_fork(boundary, &why);
    else if (result != OK && result != R_CONFLICT)
        door_alarm(boundary, ALARM_LEDGER, &why);
}

/* ---- the disk ---------------------------------------------------------------------------------
 */

static void write_floor(struct chores *chores)
{
    struct boundary *boundary = chores->connection.boundary;
    struct troth_checkpoint held = ledger_held(&boundary->ledger);
    struct err why = {0};
    pthread_mutex_lock(&boundary->floor_lock);
    struct floor floor = boundary->floor;
    pthread_mutex_unlock(&boundary->floor_lock);
    floor.ledger_size = held.size;
    memcpy(floor.ledger_root, held.root, sizeof held.root);
    chores->floor_us = clock_monotonic_us() + FLOOR_US;
    bool is_same = floor.boundary == chores->written.boundary &&
                   floor.status == chores->written.status &&
                   floor.service == chores->written.service &&
                   floor.ledger_size == chores->written.ledger_size;
    if (is_same)
        return;
    if (floor_write(&boundary->state, &floor, &why) == OK)
        chores->written = floor;
    else
        door_alarm(boundary, ALARM_FLOOR, &why);
}

static void renew(struct chores *chores)
{
    struct boundary *boundary = chores->connection.boundary;
    struct err why = {0};
    chores->renew_us = clock_monotonic_us() + RENEW_US;
    if (renew_if_due(&chores->connection, clock_now_s(), &why) != OK)
        door_alarm(boundary, ALARM_RENEWAL, &why);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void step(struct chores *chores)
{
    struct boundary *boundary = chores->connection.boundary;
    int64_t now_us = clock_monotonic_us();
    bool may_report = chores->failures == 0 || now_us >= chores->report_us;
    if (may_report && (now_us >= chores->report_us || queue_is_due(&boundary->queue, now_us)))
        report(chores);
    if (now_us >= chores->checkpoint_us && !boundary->enforced.is_forked)
        follow_ledger(chores);
    if (now_us >= chores->floor_us)
        write_floor(chores);
    if (now_us >= chores->renew_us)
        renew(chores);
}

static void wait(struct chores *chores)
{
    struct boundary *boundary = chores->connection.boundary;
    int64_t until_us = earliest(earliest(chores->report_us, chores->checkpoint_us),
                                earliest(chores->floor_us, chores->renew_us));
    if (chores->failures > 0) /* what is due waits for the server */
        connection_pause(boundary, 50);
    else
        queue_wait(&boundary->queue, until_us);
}

void *report_run(void *context)
{
    struct boundary *boundary = context;
    static const struct chores none;
    struct chores *chores = malloc(sizeof *chores);
    if (chores == NULL)
        return NULL;
    *chores = none;
    chores->connection = (struct connection){.boundary = boundary, .timeout_s = TIMEOUT_S};
    chores->written = boundary->floor;
    while (!boundary->is_stopping) {
        step(chores);
        wait(chores);
    }
    write_floor(chores);
    connection_close(&chores->connection);
    free(chores);
    return NULL;
}

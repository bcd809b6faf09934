/* Deltas and heartbeats: what was committed, on its way to boundaries. Nothing of it is on a disk.
 */
#include "core.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <ipc/sealed.h>
#include <service/status_delta.h>

#include <stdlib.h>

#define HEARTBEAT_MS 5000
#define GATHER_MS 250    /* new certificates, and what is taken back, are told so often at most */
#define DELTA_OCTETS 256 /* of a delta's payload beside streams and spaces, at most */

/* ---- chains ---------------------------------------------------------------------------------- */

void feed_chain_break(struct core *core)
{
    core->feed.chain.is_begun = false;
    core->feed.chain.has_catalogue = false;
    core->feed.round.is_open = false;
    core->feed.round.is_void = true;
}

void feed_end_note(struct core *core)
{
    struct cutoff *end = &core->feed.chain.end;
    if (core->feed.image.is_urgent && end->commit_ms == 0) {
        end->commit_ms = clock_monotonic_us() / 1000;
        end->first = core->feed.followed;
    }
    core->feed.followed = ledger_size(core->service.ledger);
}

void feed_end_told(struct core *core)
{
    struct cutoff *end = &core->feed.chain.end;
    if (end->commit_ms == 0 || core->feed.image.is_urgent)
        return;
    end->generation = core->feed.generation;
    end->entries = core->feed.followed;
    cutoffs_add(&core->feed.cutoffs, end);
    *end = (struct cutoff){0};
}

void feed_chain_begin(struct core *core)
{
    struct feed_chain *chain = &core->feed.chain;
    core->feed.generation++;
    status_tell_all(&core->feed.image);
    chain->is_begun = true;
    chain->has_catalogue = false;
    chain->octets = 0;
    feed_end_told(core);
}

void feed_tell(struct core *core)
{
    core->feed.chain.must_tell = true;
}

/* ---- with the signer ------------------------------------------------------------------------- */

/* What everybody can hold the ledger to: size and root of the last checkpoint that was signed. */
static enum result put_ledger(struct core *core, struct feed_delta *delta,
                              uint8_t root[FEED_HASH_N], struct err *err)
{
    delta->ledger_size = core->publish.signed_size;
    delta->ledger_root = bytes_of(root, FEED_HASH_N);
    return ledger_root_at(core->service.ledger, delta->ledger_size, root, err);
}

static enum result ask_signer(struct core *core, struct feed_delta *delta, struct blob *room,
                              struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    struct feed_chain *chain = &core->feed.chain;
    uint8_t root[FEED_HASH_N];
    struct buf payload = buf_over(room->p, room->n);
    TRY(put_ledger(core, delta, root, err));
    feed_delta_write(&payload, delta);
    if (!buf_ok(&payload))
        return err_set(err, E_BUG, "no room for a delta of %zu octets", delta->spaces.n);
    TRY(sealed_from("delta", buf_bytes(&payload), &fd, err));
    struct msg_sign_feed ask = {.id = FEED_ASK_DELTA, .kind = FEED_DELTA};
    TRY(ipc_send(&core->signer, IPC_SIGN_FEED, &ask, fd, err));
    blob_free(&chain->payload);
    chain->payload = (struct blob){.p = payload.p, .n = payload.n};
    room->p = NULL;
    chain->asked_from = delta->from;
    chain->is_asked = true;
    chain->must_tell = false;
    chain->told_ms = core->service.now_ms;
    core->feed.generation = delta->to;
    return OK;
}

static enum result ask(struct core *core, bool is_heartbeat, struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.p = malloc(FEED_DELTA_MAX), .n = FEED_DELTA_MAX};
    CLEANUP(blob_free) struct blob parts = {.p = malloc(FEED_DELTA_MAX), .n = FEED_DELTA_MAX};
    if (room.p == NULL || parts.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a delta");
    struct buf streams = buf_over(parts.p, FEED_DELTA_MAX - DELTA_OCTETS);
    boundaries_put_streams(core, &streams);
    struct buf spaces = buf_over(parts.p + streams.n, FEED_DELTA_MAX - DELTA_OCTETS - streams.n);
    if (is_heartbeat)
        cbor_write_array(&spaces, 0);
    else
        TRY(status_delta_write(&core->feed.image, &spaces, err));
    struct feed_delta delta = {
        .from = core->feed.generation,
        .to = core->feed.generation + !is_heartbeat,
        .at_s = core->now_s,
        .streams = buf_bytes(&streams),
        .spaces = buf_bytes(&spaces),
    };
    return ask_signer(core, &delta, &room, err);
}

enum result feed_delta_ask(struct core *core, bool force, struct err *err)
{
    struct feed_chain *chain = &core->feed.chain;
    bool is_heartbeat = !force && !core->feed.image.has_news;
    enum result result = ask(core, is_heartbeat, err);
    if (result != OK) { /* the image may say already that all is told */
        feed_chain_break(core);
        return result;
    }
    if (!is_heartbeat)
        chain->changed_ms = core->service.now_ms;
    feed_end_told(core);
    return OK;
}

/* When the next one is due, by the monotonic clock. */
static int64_t due_ms(const struct core *core)
{
    const struct feed_chain *chain = &core->feed.chain;
    const struct status_image *image = &core->feed.image;
    if (image->is_urgent || chain->must_tell)
        return 0;
    int64_t beat_ms = chain->told_ms + HEARTBEAT_MS, change_ms = chain->changed_ms + GATHER_MS;
    return image->has_news && change_ms < beat_ms ? change_ms : beat_ms;
}

static bool may_ask(const struct core *core)
{
    const struct feed *feed = &core->feed;
    return feed->chain.is_begun && !feed->chain.is_asked && !feed->is_scanning;
}

enum result feed_delta_step(struct core *core, struct err *err)
{
    if (core->feed.image.is_news_lost) {
        feed_chain_break(core);
        status_tell_all(&core->feed.image);
        return err_set(err, E_TOO_LARGE, "more than %d changes wait to be told", STATUS_NEWS_MAX);
    }
    if (!may_ask(core) || core->service.now_ms < due_ms(core))
        return OK;
    return feed_delta_ask(core, false, err);
}

int feed_wait_ms(const struct core *core, int64_t now_ms)
{
    if (!may_ask(core) || now_ms < core->feed.pause_ms)
        return -1;
    int64_t wait_ms = due_ms(core) - now_ms;
    return wait_ms > 0 ? (int)wait_ms : 0;
}

/* ---- what the signer answered ---------------------------------------------------------------- */

void feed_tell_fronts(struct core *core, enum ipc_type type, const void *message)
{
    for (unsigned i = 0; i < core->front_count; i++) {
        struct err err = {0};
        if (ipc_send(&core->fronts[i], type, message, -1, &err) == OK)
            continue;
        core->feed.chain.has_gap = true;
        log_err(LEVEL_WARNING, "delta-not-told", &err, NULL);
    }
}

void feed_delta_signed(struct core *core, const struct msg_signed_feed *answer)
{
    struct err err = {0};
    struct feed_chain *chain = &core->feed.chain;
    CLEANUP(blob_free) struct blob payload = chain->payload;
    CLEANUP(blob_free) struct blob delta = {0};
    chain->payload = (struct blob){0};
    chain->is_asked = false;
    if (!chain->is_begun) /* it broke meanwhile */
        return;
    if (feed_assemble(FEED_DELTA, blob_bytes(&payload), answer, &delta, &err) != OK) {
        log_err(LEVEL_ERROR, "delta-not-made", &err, NULL);
        feed_chain_break(core);
        return;
    }
    chain->made++;
    chain->octets += delta.n;
    feed_tell_fronts(core, IPC_FEED_DELTA, &(struct msg_feed_delta){.delta = blob_bytes(&delta)});
}

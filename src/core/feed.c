/* What boundaries, and whoever knows Token Status List, are told of every certificate: the image is
 * followed commit by commit; feed_delta.c and feed_list.c tell it. */
#include "core.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <service/status_delta.h>

#include <stdlib.h>

#define PAUSE_MS 5000 /* after a look that failed */

enum result feed_open(struct core *core, struct err *err)
{
    char folder[FEED_PATH_MAX];
    TRY(feed_path(core, "", folder, err));
    return folder_ensure(folder, 0755, err);
}

void feed_close(struct core *core)
{
    status_image_free(&core->feed.image);
    status_scan_free(&core->feed.scan);
    blob_free(&core->feed.round.payload);
    blob_free(&core->feed.chain.payload);
    cutoffs_free(&core->feed.cutoffs);
}

/* Above what the journal says and, for a journal that was lost, above what any had: no server makes
 * a thousand rounds a second. */
void feed_begin(struct core *core, uint64_t generation)
{
    uint64_t now_ms = (uint64_t)(clock_now_us() / 1000);
    if (core->feed.generation != 0)
        return;
    core->feed.generation = generation > now_ms ? generation : now_ms;
    core->service.touched.is_lost = true; /* nothing was read yet */
    core->feed.cutoffs_from = core->feed.followed = ledger_size(core->service.ledger);
}

static enum result follow(struct core *core, struct err *err)
{
    struct feed *feed = &core->feed;
    if (core->service.touched.is_lost) {
        feed_chain_break(core);
        TRY(status_scan_begin(&core->service, &feed->scan, &feed->image, core->now_s, err));
        feed->is_scanning = true;
    }
    TRY(status_take(&core->service, &feed->image, core->now_s, err));
    feed_end_note(core);
    if (!feed->is_scanning)
        return OK;
    bool is_done = false;
    TRY(status_scan_step(&core->service, &feed->scan, &feed->image, &is_done, err));
    if (is_done)
        status_scan_free(&feed->scan);
    feed->is_scanning = !is_done;
    return OK;
}

bool feed_is_busy(const struct core *core)
{
    return core->feed.is_scanning && core->service.now_ms >= core->feed.pause_ms;
}

void feed_step(struct core *core)
{
    struct err err = {0};
    struct feed *feed = &core->feed;
    if (feed->generation == 0 || core->in_turn || core->service.now_ms < feed->pause_ms)
        return;
    if (follow(core, &err) != OK) { /* nor is a heartbeat signed: nobody knows what it leaves out */
        log_err(LEVEL_ERROR, "status-not-followed", &err, NULL);
        feed->pause_ms = core->service.now_ms + PAUSE_MS;
        return;
    }
    if (feed->is_scanning || !core->is_agreed)
        return;
    if (feed_delta_step(core, &err) != OK)
        log_err(LEVEL_ERROR, "delta-not-made", &err, NULL);
    if (feed_round_step(core, &err) != OK)
        log_err(LEVEL_ERROR, "status-list-not-made", &err, NULL);
}

void feed_signed(struct core *core, const struct msg_signed_feed *answer)
{
    switch ((enum feed_ask)answer->id) {
    case FEED_ASK_LIST:
        feed_list_signed(core, answer);
        return;
    case FEED_ASK_DELTA:
        feed_delta_signed(core, answer);
        return;
    case FEED_ASK_SERVICE:
        boundaries_signed(core, answer);
        return;
    case FEED_ASK_NONE:
        break;
    }
    log_event(LEVEL_ERROR, "feed-answer-unknown", {"id", "of no question"});
}

void feed_heard(struct core *core, const struct msg_boundary_ack *ack)
{
    struct cutoff_boundary *boundary =
        cutoffs_heard(&core->feed.cutoffs, ack->boundary, ack->status, clock_monotonic_us() / 1000);
    if (boundary != NULL)
        boundary->service = ack->service;
}

void feed_known(struct core *core, uint32_t id, struct bytes name)
{
    if (!cutoffs_name(&core->feed.cutoffs, id, name, clock_monotonic_us() / 1000))
        log_event(LEVEL_WARNING, "boundary-not-measured", {"boundary", log_number(id).text});
}

void feed_known_end(struct core *core)
{
    cutoffs_named(&core->feed.cutoffs);
    core->feed.was_known = true;
}

enum result feed_assemble(enum feed_kind kind, struct bytes payload,
                          const struct msg_signed_feed *answer, struct blob *ret, struct err *err)
{
    if (answer->code != E_NONE)
        return err_set(err, (enum code)answer->code, "%.*s", (int)answer->text.n,
                       (const char *)answer->text.p);
    CLEANUP(blob_free) struct blob room = {.n = payload.n + COSE_SIGN1_OVERHEAD};
    room.p = malloc(room.n);
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a feed object of %zu octets", payload.n);
    struct buf out = buf_over(room.p, room.n);
    const struct cose_sign1 message = {feed_type(kind), answer->key_id, payload, answer->signature};
    cose_sign1_write(&out, &message);
    if (!buf_ok(&out))
        return err_set(err, E_BUG, "no room for a feed object");
    *ret = (struct blob){.p = room.p, .n = out.n};
    room.p = NULL;
    return OK;
}

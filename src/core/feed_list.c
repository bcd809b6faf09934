/* Status lists and their catalogue: rounds, each step of which the signer signs. */
#include "core.h"

#include <base/deflate.h>
#include <base/file.h>
#include <base/log.h>
#include <crypto/hash.h>
#include <ipc/sealed.h>
#include <wire/status_list.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_MS 60000      /* no list is made more often, */
#define PAUSE_MS 5000       /* but for who has nothing to begin with; after a failure not at once */
#define LIST_TTL_S 60       /* who keeps one may find another one after that */
#define CATALOGUE_OCTETS 64 /* of one list in it, at most */
#define CHAIN_MAX (3 << 20) /* octets of deltas that fronts are to keep (FEED_RING_MAX) */

enum result feed_path(const struct core *core, const char *name, char ret[FEED_PATH_MAX],
                      struct err *err)
{
    int n = snprintf(ret, FEED_PATH_MAX, "%s/status%s%s", core->config->public_files,
                     *name != '\0' ? "/" : "", name);
    return n > 0 && n < FEED_PATH_MAX ? OK : err_set(err, E_TOO_LARGE, "a path of %d octets", n);
}

/* ---- one object with the signer -------------------------------------------------------------- */

static enum result ask(struct core *core, enum feed_kind kind, struct buf *payload, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    if (!buf_ok(payload))
        return err_set(err, E_BUG, "no room for a feed object of kind %d", (int)kind);
    TRY(sealed_from("feed", buf_bytes(payload), &fd, err));
    TRY(ipc_send(&core->signer, IPC_SIGN_FEED,
                 &(struct msg_sign_feed){.id = FEED_ASK_LIST, .kind = (uint8_t)kind}, fd, err));
    blob_free(&core->feed.round.payload);
    core->feed.round.payload = (struct blob){.p = payload->p, .n = payload->n};
    payload->p = NULL;
    core->feed.round.asked = kind;
    return OK;
}

static void name_list(struct status_space space, char ret[48])
{
    snprintf(ret, 48, "%" PRIu32 "-%u-%u.cwt", space.issuer, space.expiry_class, space.shard);
}

static enum result ask_list(struct core *core, struct status_shard *shard, struct err *err)
{
    CLEANUP(blob_free) struct blob small = {0};
    CLEANUP(blob_free) struct blob room = {0};
    char name[48], subject[STATUS_LIST_SUBJECT_MAX + 1];
    struct bytes url = core->service.site.pki.url;
    name_list(shard->space, name);
    int n =
        snprintf(subject, sizeof subject, "%.*s/status/%s", (int)url.n, (const char *)url.p, name);
    TRY(deflate_bytes(bytes_of(shard->octets, status_octets(shard->high)), &small, err));
    room = (struct blob){.p = malloc(small.n + 1024), .n = small.n + 1024};
    if (room.p == NULL || n < 0)
        return err_set(err, E_MEMORY, "no memory for a status list");

    struct status_list list = {
        .subject = bytes_of(subject, (size_t)n),
        .issued_s = core->now_s,
        .expires_s = core->now_s + CRL_WINDOW_S,
        .ttl_s = LIST_TTL_S,
        .compressed = blob_bytes(&small),
        .generation = core->feed.generation,
        .space = shard->space,
        .high = shard->high,
    };
    struct buf payload = buf_over(room.p, room.n);
    status_list_write(&payload, &list);
    TRY(ask(core, FEED_LIST, &payload, err));
    room = (struct blob){0};
    core->feed.round.space = shard->space;
    core->feed.round.list_generation = core->feed.generation;
    shard->is_changed = false;
    shard->issued_s = core->now_s;
    return OK;
}

static enum result ask_catalogue(struct core *core, struct err *err)
{
    const struct status_image *image = &core->feed.image;
    size_t n = 256 + image->n * CATALOGUE_OCTETS, listed = 0;
    CLEANUP(blob_free) struct blob lists = {.p = malloc(n), .n = n};
    CLEANUP(blob_free) struct blob room = {.p = malloc(n), .n = n};
    if (lists.p == NULL || room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a catalogue of %zu lists", image->n);
    for (size_t i = 0; i < image->n; i++)
        listed += image->shards[i].generation != 0;
    struct buf items = buf_over(lists.p, lists.n), payload = buf_over(room.p, room.n);
    cbor_write_array(&items, listed);
    for (size_t i = 0; i < image->n; i++)
        if (image->shards[i].generation != 0)
            feed_put_list(&items,
                          &(struct feed_list){image->shards[i].space,
                                              bytes_of(image->shards[i].hash, FEED_HASH_N)});
    struct feed_catalogue catalogue = {core->feed.round.generation, core->now_s, buf_bytes(&items)};
    feed_catalogue_write(&payload, &catalogue);
    TRY(ask(core, FEED_CATALOGUE, &payload, err));
    core->feed.round.is_void = false;
    room = (struct blob){0};
    return OK;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static bool is_due(const struct core *core, const struct status_shard *shard)
{
    return shard->is_changed || shard->issued_s + CRL_REFRESH_S <= core->now_s;
}

/* A list has all that deltas up to its generation say. What changes after its list of this round
 * was made comes with the next one: a round ends. */
static struct status_shard *first_due(struct core *core, uint64_t generation)
{
    struct status_image *image = &core->feed.image;
    for (size_t i = 0; i < image->n; i++)
        if (is_due(core, &image->shards[i]) && image->shards[i].generation < generation)
            return &image->shards[i];
    return NULL;
}

static bool may_open(struct core *core)
{
    const struct feed_chain *chain = &core->feed.chain;
    const struct feed_round *round = &core->feed.round;
    int64_t now_ms = core->service.now_ms;
    bool is_lacking =
        !chain->is_begun || !chain->has_catalogue || chain->has_gap || chain->octets > CHAIN_MAX;
    if (chain->is_asked || now_ms < round->pause_ms || core->feed.image.n == 0)
        return false;
    if (is_lacking)
        return true;
    bool may = round->begun_ms == 0 || now_ms - round->begun_ms >= ROUND_MS;
    return may && first_due(core, core->feed.generation + 1) != NULL;
}

/* Its catalogue leads from a generation of its own: that of a delta, or of a chain that begins. */
static enum result open_round(struct core *core, struct err *err)
{
    struct feed *feed = &core->feed;
    if (feed->chain.is_begun)
        TRY(feed_delta_ask(core, true, err));
    else
        feed_chain_begin(core);
    feed->round.generation = feed->generation;
    feed->round.begun_ms = core->service.now_ms;
    feed->round.is_open = true;
    return OK;
}

static enum result next_step(struct core *core, struct err *err)
{
    struct feed_round *round = &core->feed.round;
    if (!round->is_open && may_open(core))
        TRY(open_round(core, err));
    if (!round->is_open)
        return OK;
    struct status_shard *shard = first_due(core, round->generation);
    if (shard != NULL)
        return ask_list(core, shard, err);
    round->is_open = false;
    return ask_catalogue(core, err);
}

enum result feed_round_step(struct core *core, struct err *err)
{
    struct feed_round *round = &core->feed.round;
    if (round->asked != FEED_NONE)
        return OK;
    enum result result = next_step(core, err);
    if (result != OK) {
        round->is_open = false;
        round->pause_ms = core->service.now_ms + PAUSE_MS;
    }
    return result;
}

/* ---- what the signer answered ---------------------------------------------------------------- */

static enum result write_object(struct core *core, const struct msg_signed_feed *answer,
                                const char *name, uint8_t ret_hash[FEED_HASH_N], struct err *err)
{
    char path[FEED_PATH_MAX];
    const struct feed_round *round = &core->feed.round;
    CLEANUP(blob_free) struct blob object = {0};
    TRY(feed_assemble(round->asked, blob_bytes(&round->payload), answer, &object, err));
    TRY(feed_path(core, name, path, err));
    sha256(blob_bytes(&object), ret_hash);
    return file_write(path, 0644, blob_bytes(&object), err);
}

/* Whose list is with the signer. */
static struct status_shard *shard_asked(struct core *core)
{
    struct status_image *image = &core->feed.image;
    for (size_t i = 0; i < image->n && core->feed.round.asked == FEED_LIST; i++)
        if (status_space_is(image->shards[i].space, core->feed.round.space))
            return &image->shards[i];
    return NULL; /* the catalogue is; or its class ended meanwhile, or all is read anew */
}

static enum result keep_list(struct core *core, const struct msg_signed_feed *answer,
                             struct err *err)
{
    uint8_t hash[FEED_HASH_N];
    char name[48];
    struct status_shard *shard = shard_asked(core);
    name_list(core->feed.round.space, name);
    TRY(write_object(core, answer, name, hash, err));
    if (shard == NULL)
        return OK;
    memcpy(shard->hash, hash, sizeof shard->hash);
    shard->generation = core->feed.round.list_generation;
    return OK;
}

/* From now on there is something to begin with. */
static enum result keep_catalogue(struct core *core, const struct msg_signed_feed *answer,
                                  struct err *err)
{
    uint8_t hash[FEED_HASH_N];
    struct msg_feed_catalogue catalogue = {.generation = core->feed.round.generation};
    if (core->feed.round.is_void)
        return OK;
    TRY(write_object(core, answer, "catalogue.cose", hash, err));
    core->feed.chain.has_catalogue = true;
    core->feed.chain.has_gap = false;
    core->feed.chain.octets = 0;
    feed_tell(core); /* who begins with it is fresh at once */
    feed_tell_fronts(core, IPC_FEED_CATALOGUE, &catalogue);
    return OK;
}

void feed_list_signed(struct core *core, const struct msg_signed_feed *answer)
{
    struct err err = {0};
    struct feed_round *round = &core->feed.round;
    struct status_shard *shard = shard_asked(core);
    if (round->asked == FEED_NONE)
        return;
    enum result result = round->asked == FEED_LIST ? keep_list(core, answer, &err)
                                                   : keep_catalogue(core, answer, &err);
    if (result == OK) {
        round->made++;
    } else { /* the next round tries again */
        log_err(LEVEL_ERROR, "status-list-not-made", &err, NULL);
        if (shard != NULL)
            shard->is_changed = true;
        round->is_open = false;
        round->pause_ms = core->service.now_ms + PAUSE_MS;
    }
    blob_free(&round->payload);
    round->asked = FEED_NONE;
}

/* Status lists: what boundaries, and whoever knows Token Status List, hold of every certificate. */
#include "core.h"

#include <base/clock.h>
#include <base/deflate.h>
#include <base/file.h>
#include <base/log.h>
#include <crypto/hash.h>
#include <ipc/sealed.h>
#include <wire/cose.h>
#include <wire/status_list.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUND_MS 60000      /* no list is made more often */
#define PAUSE_MS 5000       /* after a step that failed: there may be room again */
#define LIST_TTL_S 60       /* who keeps one may find another one after that */
#define CATALOGUE_OCTETS 64 /* of one list in it, at most */
#define STATUS_PATH_MAX (CONFIG_PATH_MAX + 64)

static enum result path_of(const struct core *core, const char *name, char ret[STATUS_PATH_MAX],
                           struct err *err)
{
    int n = snprintf(ret, STATUS_PATH_MAX, "%s/status%s%s", core->config->public_files,
                     *name != '\0' ? "/" : "", name);
    return n > 0 && n < STATUS_PATH_MAX ? OK : err_set(err, E_TOO_LARGE, "a path of %d octets", n);
}

enum result feed_open(struct core *core, struct err *err)
{
    char folder[STATUS_PATH_MAX];
    TRY(path_of(core, "", folder, err));
    return folder_ensure(folder, 0755, err);
}

void feed_close(struct core *core)
{
    status_image_free(&core->feed.image);
    status_scan_free(&core->feed.scan);
    blob_free(&core->feed.payload);
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
}

/* ---- the image ------------------------------------------------------------------------------- */

static enum result follow(struct core *core, struct err *err)
{
    struct feed *feed = &core->feed;
    if (core->service.touched.is_lost) {
        TRY(status_scan_begin(&core->service, &feed->scan, &feed->image, core->now_s, err));
        feed->is_scanning = true;
        feed->is_open = false;
    }
    TRY(status_take(&core->service, &feed->image, core->now_s, err));
    if (!feed->is_scanning)
        return OK;
    bool is_done = false;
    TRY(status_scan_step(&core->service, &feed->scan, &feed->image, &is_done, err));
    if (is_done)
        status_scan_free(&feed->scan);
    feed->is_scanning = !is_done;
    return OK;
}

/* ---- one object with the signer -------------------------------------------------------------- */

static enum result ask(struct core *core, enum feed_kind kind, struct buf *payload, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    if (!buf_ok(payload))
        return err_set(err, E_BUG, "no room for a feed object of kind %d", (int)kind);
    TRY(sealed_from("feed", buf_bytes(payload), &fd, err));
    TRY(ipc_send(&core->signer, IPC_SIGN_FEED,
                 &(struct msg_sign_feed){.id = 1, .kind = (uint8_t)kind}, fd, err));
    blob_free(&core->feed.payload);
    core->feed.payload = (struct blob){.p = payload->p, .n = payload->n};
    payload->p = NULL;
    core->feed.asked = kind;
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
    core->feed.space = shard->space;
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
    struct feed_catalogue catalogue = {core->feed.generation, core->now_s, buf_bytes(&items)};
    feed_catalogue_write(&payload, &catalogue);
    TRY(ask(core, FEED_CATALOGUE, &payload, err));
    room = (struct blob){0};
    return OK;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static bool is_due(const struct core *core, const struct status_shard *shard)
{
    return shard->is_changed || shard->issued_s + CRL_REFRESH_S <= core->now_s;
}

/* What changes after its list of this round was made comes with the next one: a round ends. */
static struct status_shard *first_due(struct core *core, uint64_t generation)
{
    struct status_image *image = &core->feed.image;
    for (size_t i = 0; i < image->n; i++)
        if (is_due(core, &image->shards[i]) && image->shards[i].generation != generation)
            return &image->shards[i];
    return NULL;
}

static void open_round(struct core *core, int64_t now_ms)
{
    struct feed *feed = &core->feed;
    bool may = feed->round_ms == 0 || now_ms - feed->round_ms >= ROUND_MS;
    if (!may || first_due(core, feed->generation + 1) == NULL)
        return;
    feed->generation++;
    feed->round_ms = now_ms;
    feed->is_open = true;
}

static enum result go_on(struct core *core, struct err *err)
{
    struct feed *feed = &core->feed;
    if (feed->is_scanning || feed->asked != FEED_NONE || !core->is_agreed)
        return OK;
    if (!feed->is_open)
        open_round(core, core->service.now_ms);
    if (!feed->is_open)
        return OK;
    struct status_shard *shard = first_due(core, feed->generation);
    if (shard != NULL)
        return ask_list(core, shard, err);
    feed->is_open = false;
    return ask_catalogue(core, err);
}

bool feed_is_busy(const struct core *core)
{
    return core->feed.is_scanning && core->service.now_ms >= core->feed.pause_ms;
}

void feed_step(struct core *core)
{
    struct err err = {0};
    if (core->feed.generation == 0 || core->in_turn || core->service.now_ms < core->feed.pause_ms)
        return;
    enum result result = follow(core, &err);
    if (result == OK)
        result = go_on(core, &err);
    if (result != OK) {
        log_err(LEVEL_ERROR, "status-list-not-made", &err, NULL);
        core->feed.pause_ms = core->service.now_ms + PAUSE_MS;
    }
}

/* ---- what the signer answered ---------------------------------------------------------------- */

static enum result write_object(struct core *core, const struct msg_signed_feed *answer,
                                const char *name, uint8_t ret_hash[FEED_HASH_N], struct err *err)
{
    char path[STATUS_PATH_MAX];
    size_t n = core->feed.payload.n + COSE_SIGN1_OVERHEAD;
    CLEANUP(blob_free) struct blob room = {.p = malloc(n), .n = n};
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for %s", name);
    struct buf out = buf_over(room.p, room.n);
    cose_sign1_write(&out,
                     &(struct cose_sign1){feed_type(core->feed.asked), answer->key_id,
                                          blob_bytes(&core->feed.payload), answer->signature});
    if (!buf_ok(&out))
        return err_set(err, E_BUG, "no room for %s", name);
    TRY(path_of(core, name, path, err));
    sha256(buf_bytes(&out), ret_hash);
    return file_write(path, 0644, buf_bytes(&out), err);
}

/* Whose list is with the signer. */
static struct status_shard *shard_asked(struct core *core)
{
    struct status_image *image = &core->feed.image;
    for (size_t i = 0; i < image->n && core->feed.asked == FEED_LIST; i++)
        if (status_space_is(image->shards[i].space, core->feed.space))
            return &image->shards[i];
    return NULL; /* the catalogue is; or its class ended meanwhile, or all is read anew */
}

static enum result keep(struct core *core, const struct msg_signed_feed *answer, struct err *err)
{
    uint8_t hash[FEED_HASH_N];
    char name[48] = "catalogue.cose";
    if (answer->code != E_NONE)
        return err_set(err, (enum code)answer->code, "%.*s", (int)answer->text.n,
                       (const char *)answer->text.p);
    if (core->feed.asked == FEED_LIST)
        name_list(core->feed.space, name);
    TRY(write_object(core, answer, name, hash, err));
    core->feed.made++;
    struct status_shard *shard = shard_asked(core);
    if (shard == NULL)
        return OK;
    memcpy(shard->hash, hash, sizeof shard->hash);
    shard->generation = core->feed.generation;
    return OK;
}

void feed_signed(struct core *core, const struct msg_signed_feed *answer)
{
    struct err err = {0};
    if (core->feed.asked == FEED_NONE)
        return;
    if (keep(core, answer, &err) != OK) {
        log_err(LEVEL_ERROR, "status-list-not-made", &err, NULL);
        struct status_shard *shard = shard_asked(core);
        if (shard != NULL)
            shard->is_changed = true;
        core->feed.is_open = false; /* the next round tries again */
    }
    blob_free(&core->feed.payload);
    core->feed.asked = FEED_NONE;
}

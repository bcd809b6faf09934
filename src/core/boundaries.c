#include "core.h"

#include <base/file.h>
#include <base/log.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <ipc/sealed.h>
#include <service/boundary.h>
#include <wire/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GATHER_MS 100 /* acts within it make one object */
#define PAUSE_MS 5000 /* after a step that failed */
#define LOOKS 32      /* of one step: a large object takes milliseconds */

static enum result path_of(const struct core *core, const char *name, char ret[FEED_PATH_MAX],
                           struct err *err)
{
    int n = snprintf(ret, FEED_PATH_MAX, "%s/boundary%s%s", core->config->public_files,
                     *name != '\0' ? "/" : "", name);
    return n > 0 && n < FEED_PATH_MAX ? OK : err_set(err, E_TOO_LARGE, "a path of %d octets", n);
}

static enum result object_path(const struct core *core, int64_t id, char ret[FEED_PATH_MAX],
                               struct err *err)
{
    char name[32];
    snprintf(name, sizeof name, "%lld.cose", (long long)id);
    return path_of(core, name, ret, err);
}

enum result boundaries_open(struct core *core, struct err *err)
{
    char folder[FEED_PATH_MAX];
    TRY(path_of(core, "", folder, err));
    return folder_ensure(folder, 0755, err);
}

void boundaries_close(struct core *core)
{
    free(core->boundaries.all);
    blob_free(&core->boundaries.payload);
    core->boundaries = (struct boundaries){0};
}

/* ---- who there is ---------------------------------------------------------------------------- */

static struct core_boundary *find(const struct boundaries *boundaries, int64_t id)
{
    for (size_t i = 0; i < boundaries->n; i++)
        if (boundaries->all[i].id == id)
            return &boundaries->all[i];
    return NULL;
}

bool boundaries_has(const struct core *core, int64_t id)
{
    return find(&core->boundaries, id) != NULL;
}

struct reading {
    const struct boundaries *before;
    struct boundaries now;
};

static enum result add(void *ctx, const struct boundary *row, struct err *err)
{
    struct reading *reading = ctx;
    struct boundaries *now = &reading->now;
    const struct core_boundary *before = find(reading->before, row->id);
    if (!row->has_spki) /* it has not enrolled yet */
        return OK;
    if (now->n == now->max) {
        size_t max = now->max == 0 ? 16 : now->max * 2;
        struct core_boundary *all = reallocarray(now->all, max, sizeof *all);
        if (all == NULL)
            return err_set(err, E_MEMORY, "no memory for %zu boundaries", max);
        now->all = all;
        now->max = max;
    }
    struct core_boundary *boundary = &now->all[now->n++];
    *boundary = before != NULL ? *before : (struct core_boundary){.id = row->id};
    boundary->is_due = true;
    memcpy(boundary->name, row->name, sizeof boundary->name);
    memcpy(boundary->spki, row->spki, sizeof boundary->spki);
    return OK;
}

/* What a boundary that ended was told is nobody's any more. */
static void drop_objects(struct core *core, const struct boundaries *now)
{
    char path[FEED_PATH_MAX];
    struct err unused = {0};
    for (size_t i = 0; i < core->boundaries.n; i++) {
        int64_t id = core->boundaries.all[i].id;
        if (find(now, id) == NULL && object_path(core, id, path, &unused) == OK)
            (void)unlink(path);
    }
}

static enum result tell_fronts(struct core *core, struct err *err)
{
    const struct boundaries *boundaries = &core->boundaries;
    const struct msg_boundaries_end end = {.count = (uint32_t)boundaries->n};
    for (unsigned f = 0; f < core->front_count; f++) {
        for (size_t i = 0; i < boundaries->n; i++) {
            const struct core_boundary *one = &boundaries->all[i];
            struct msg_boundary_known known = {.id = (uint32_t)one->id,
                                               .name = text_bytes(one->name)};
            memcpy(known.spki, one->spki, sizeof known.spki);
            TRY(ipc_send(&core->fronts[f], IPC_BOUNDARY_KNOWN, &known, -1, err));
        }
        TRY(ipc_send(&core->fronts[f], IPC_BOUNDARIES_END, &end, -1, err));
    }
    return OK;
}

/* Whose acknowledgements count. */
static void tell_feed(struct core *core)
{
    for (size_t i = 0; i < core->boundaries.n; i++)
        feed_known(core, (uint32_t)core->boundaries.all[i].id,
                   text_bytes(core->boundaries.all[i].name));
    feed_known_end(core);
}

static enum result read_rows(struct core *core, struct err *err)
{
    struct boundaries *boundaries = &core->boundaries;
    struct reading reading = {.before = boundaries};
    const struct filter filter = {.open_only = true, .limit = UINT32_MAX};
    enum result result = store_boundaries(core->store, &filter, add, &reading, err);
    if (result != OK) {
        free(reading.now.all);
        return result;
    }
    drop_objects(core, &reading.now);
    free(boundaries->all);
    boundaries->all = reading.now.all;
    boundaries->n = reading.now.n;
    boundaries->max = reading.now.max;
    core->service.touched_boundaries = false;
    tell_feed(core);
    result = tell_fronts(core, err);
    boundaries->is_read = result == OK; /* else all of it again */
    return result;
}

static struct core_boundary *first_due(const struct boundaries *boundaries)
{
    for (size_t i = 0; i < boundaries->n; i++)
        if (boundaries->all[i].is_due)
            return &boundaries->all[i];
    return NULL;
}

/* ---- one object with the signer -------------------------------------------------------------- */

/* Generations begin where those of the status stream do: above what the journal says. */
static uint64_t next_generation(const struct core *core)
{
    uint64_t last = core->boundaries.generation;
    return (last > core->feed.generation ? last : core->feed.generation) + 1;
}

static enum result write_object(struct core *core, const struct core_boundary *boundary,
                                struct buf *payload, struct err *err)
{
    struct boundary row = {0};
    uint8_t root[FEED_HASH_N];
    struct boundary_at at = {
        .generation = next_generation(core),
        .at_s = core->now_s,
        .ledger_size = core->publish.signed_size,
        .ledger_root = bytes_of(root, sizeof root),
    };
    TRY(ledger_root_at(core->service.ledger, at.ledger_size, root, err));
    TRY(store_boundary(core->store, boundary->id, &row, err));
    TRY(boundary_write(&core->service, &row, &at, core->now_s, payload, err));
    return buf_ok(payload)
               ? OK
               : err_set(err, E_TOO_LARGE, "no room for what boundary %s is told", boundary->name);
}

/* All of it but generation, time and ledger, which each has of its own. */
static enum result hash_says(struct bytes payload, uint8_t ret[SHA256_N], struct err *err)
{
    struct service_object object;
    const char *why = NULL;
    if (!service_read(payload, &object, &why))
        return err_set(err, E_BUG, "%s", why);
    const struct bytes parts[] = {object.services, object.issuers, object.bindings};
    sha256_parts(parts, LENGTH_OF(parts), ret);
    return OK;
}

/* Takes the room, on success. */
static enum result ask(struct core *core, struct core_boundary *boundary, struct blob *room,
                       size_t n, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    struct boundaries *boundaries = &core->boundaries;
    TRY(sealed_from("service", bytes_of(room->p, n), &fd, err));
    const struct msg_sign_feed message = {.id = FEED_ASK_SERVICE, .kind = FEED_SERVICE};
    TRY(ipc_send(&core->signer, IPC_SIGN_FEED, &message, fd, err));
    blob_free(&boundaries->payload);
    boundaries->payload = (struct blob){.p = STEAL(room->p), .n = n};
    boundaries->asked = boundary->id;
    boundaries->asked_generation = boundaries->generation = next_generation(core);
    return OK;
}

/* The next to whom it would say something else is asked for; who would hear the same is passed
 * over. */
static enum result look(struct core *core, struct err *err)
{
    CLEANUP(blob_free) struct blob room = {.p = malloc(SERVICE_MAX), .n = SERVICE_MAX};
    struct boundaries *boundaries = &core->boundaries;
    struct core_boundary *due = first_due(boundaries);
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a service object");
    for (int i = 0; i < LOOKS && due != NULL && boundaries->asked == 0; i++) {
        struct buf payload = buf_over(room.p, room.n);
        TRY(write_object(core, due, &payload, err));
        TRY(hash_says(buf_bytes(&payload), boundaries->asked_says, err));
        if (memcmp(boundaries->asked_says, due->says, SHA256_N) != 0)
            TRY(ask(core, due, &room, payload.n, err));
        due->is_due = false;
        due = first_due(boundaries);
    }
    if (due == NULL)
        boundaries->due_ms = core->service.now_ms + GATHER_MS;
    return OK;
}

static bool may_step(const struct core *core)
{
    return core->feed.generation != 0 && !core->in_turn && core->is_agreed &&
           core->service.now_ms >= core->boundaries.pause_ms;
}

bool boundaries_is_busy(const struct core *core)
{
    const struct boundaries *boundaries = &core->boundaries;
    return may_step(core) && boundaries->asked == 0 && first_due(boundaries) != NULL &&
           core->service.now_ms >= boundaries->due_ms;
}

/* Who is a boundary no more is told at once; acts that come close together make one object. */
static enum result go_on(struct core *core, struct err *err)
{
    struct boundaries *boundaries = &core->boundaries;
    if (!boundaries->is_read || core->service.touched_boundaries)
        TRY(read_rows(core, err));
    return boundaries_is_busy(core) ? look(core, err) : OK;
}

void boundaries_step(struct core *core)
{
    struct err err = {0};
    if (!may_step(core))
        return;
    if (go_on(core, &err) == OK)
        return;
    log_err(LEVEL_ERROR, "service-not-made", &err, NULL);
    core->boundaries.pause_ms = core->service.now_ms + PAUSE_MS;
}

/* ---- what the signer answered ---------------------------------------------------------------- */

static enum result keep(struct core *core, struct core_boundary *boundary,
                        const struct msg_signed_feed *answer, struct err *err)
{
    CLEANUP(blob_free) struct blob object = {0};
    char path[FEED_PATH_MAX];
    struct boundaries *boundaries = &core->boundaries;
    TRY(feed_assemble(FEED_SERVICE, blob_bytes(&boundaries->payload), answer, &object, err));
    TRY(object_path(core, boundary->id, path, err));
    TRY(file_write(path, 0644, blob_bytes(&object), err));
    boundary->generation = boundaries->asked_generation;
    memcpy(boundary->says, boundaries->asked_says, sizeof boundary->says);
    boundaries->made++;
    feed_tell(core);
    return OK;
}

void boundaries_signed(struct core *core, const struct msg_signed_feed *answer)
{
    struct err err = {0};
    struct boundaries *boundaries = &core->boundaries;
    struct core_boundary *boundary = find(boundaries, boundaries->asked);
    if (boundary != NULL && keep(core, boundary, answer, &err) != OK) {
        log_err(LEVEL_ERROR, "service-not-made", &err, NULL);
        boundary->is_due = true;
        boundaries->pause_ms = core->service.now_ms + PAUSE_MS;
    }
    boundaries->asked = 0;
    blob_free(&boundaries->payload);
}

void boundaries_put_streams(const struct core *core, struct buf *b)
{
    const struct boundaries *boundaries = &core->boundaries;
    size_t n = 0;
    for (size_t i = 0; i < boundaries->n; i++)
        n += boundaries->all[i].generation != 0;
    cbor_write_array(b, n);
    for (size_t i = 0; i < boundaries->n; i++)
        if (boundaries->all[i].generation != 0)
            feed_put_stream(b, &(struct feed_stream){(uint64_t)boundaries->all[i].id,
                                                     boundaries->all[i].generation});
}

#include "feed_poll.h"
#include "front_state.h"
#include "reply.h"

#include <base/file.h>
#include <base/log.h>
#include <wire/cose.h>
#include <wire/feed.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CATALOGUE_FILE "status/catalogue.cose"
#define SERVICE_MAX ((256 << 10) + COSE_SIGN1_OVERHEAD)
#define DELTAS_MAX (1 << 20) /* octets of deltas in one answer; the next poll gets the rest */
#define WATCH_KIND 1
#define WATCH_OCTETS 32 /* of one certificate, at most */

/* A file of core's, whole: files are replaced, never written to. R_NOT_FOUND. */
static enum result read_file(int folder, const char *path, size_t max, struct blob *ret,
                             struct err *err)
{
    struct reply_file file = {.fd = -1};
    TRY(reply_open_file(folder, path, &file, err));
    CLEANUP(fd_closep) int fd = file.fd;
    if (file.size > max)
        return err_set(err, E_IO, "%s: %" PRIu64 " octets, want at most %zu", path, file.size, max);
    CLEANUP(blob_free) struct blob octets = {.p = malloc(file.size + 1), .n = file.size};
    if (octets.p == NULL)
        return err_set(err, E_MEMORY, "no memory for %s", path);
    for (size_t n = 0; n < octets.n;) {
        ssize_t more = pread(fd, octets.p + n, octets.n - n, (off_t)n);
        if (more <= 0)
            return err_set(err, E_IO, "%s: it cannot be read", path);
        n += (size_t)more;
    }
    *ret = octets;
    octets = (struct blob){0};
    return OK;
}

/* ---- parts ----------------------------------------------------------------------------------- */

struct parts {
    struct blob service, catalogue; /* owned */
    uint64_t from;                  /* deltas after it; 0: none */
};

static void parts_free(struct parts *parts)
{
    blob_free(&parts->service);
    blob_free(&parts->catalogue);
}

/* Core wrote it before it said its generation. */
static void find_service(struct front *front, const struct feed_poll *poll, struct parts *parts)
{
    char path[48];
    struct err err = {0};
    if (feed_ring_service(&front->feed.ring, poll->boundary) <= poll->service)
        return;
    snprintf(path, sizeof path, "boundary/%" PRIu32 ".cose", poll->boundary);
    if (read_file(front->setup->public_dir_fd, path, SERVICE_MAX, &parts->service, &err) != OK)
        log_err(LEVEL_ERROR, "service-not-read", &err, NULL);
}

static bool generation_of(const struct blob *catalogue, uint64_t *ret)
{
    struct cose_sign1 message;
    struct feed_catalogue read;
    const char *why = NULL;
    if (!cose_sign1_read(blob_bytes(catalogue), &message, &why) ||
        !feed_catalogue_read(message.payload, &read, &why))
        return false;
    *ret = read.generation;
    return true;
}

/* The file may be newer than what core's messages have told so far: then they are on their way. One
 * that is not newer than what the boundary has would be refused there. */
static void find_catalogue(struct front *front, const struct feed_poll *poll, struct parts *parts)
{
    struct err err = {0};
    uint64_t generation = 0;
    CLEANUP(blob_free) struct blob octets = {0};
    if (front->feed.ring.catalogue == 0)
        return;
    if (read_file(front->setup->public_dir_fd, CATALOGUE_FILE,
                  FEED_CATALOGUE_MAX + COSE_SIGN1_OVERHEAD, &octets, &err) != OK) {
        log_err(LEVEL_ERROR, "catalogue-not-read", &err, NULL);
        return;
    }
    if (!generation_of(&octets, &generation) || generation <= poll->status ||
        !feed_ring_leads(&front->feed.ring, generation))
        return;
    parts->catalogue = octets;
    octets = (struct blob){0};
    parts->from = generation;
}

static void put_watches(const struct feed *feed, uint32_t boundary, struct buf *to)
{
    size_t n = 0;
    for (size_t i = 0; i < feed->watches_n; i++)
        n += feed->watches[i].boundary == boundary;
    if (n == 0)
        return;
    cbor_write_array(to, 2);
    cbor_write_uint(to, WATCH_KIND);
    cbor_write_array(to, n);
    for (size_t i = 0; i < feed->watches_n; i++) {
        const struct feed_watch *watch = &feed->watches[i];
        if (watch->boundary != boundary)
            continue;
        cbor_write_array(to, 2);
        cbor_write_uint(to, watch->issuer);
        cbor_write_bytes(to, bytes_of(watch->serial, sizeof watch->serial));
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

enum result feed_body(struct front *front, const struct feed_poll *poll, bool heartbeat,
                      struct blob *ret, struct err *err)
{
    const struct feed_ring *ring = &front->feed.ring;
    CLEANUP(parts_free) struct parts parts = {0};
    find_service(front, poll, &parts);
    if (feed_ring_leads(ring, poll->status))
        parts.from = poll->status;
    else
        find_catalogue(front, poll, &parts);

    size_t deltas_n = ring->octets < DELTAS_MAX ? ring->octets : DELTAS_MAX;
    CLEANUP(blob_free)
    struct blob room = {.n = parts.service.n + parts.catalogue.n + deltas_n + ring->latest.n + 64 +
                             front->feed.watches_n * WATCH_OCTETS};
    room.p = malloc(room.n);
    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for an answer of %zu octets", room.n);
    struct buf b = buf_over(room.p, room.n);
    buf_put_bytes(&b, blob_bytes(&parts.service));
    buf_put_bytes(&b, blob_bytes(&parts.catalogue));
    struct buf deltas = buf_over(b.p + b.n, deltas_n);
    if (parts.from != 0)
        feed_ring_put(ring, parts.from, &deltas);
    b.n += deltas.n;
    put_watches(&front->feed, poll->boundary, &b);
    if (heartbeat && b.n == 0)
        buf_put_bytes(&b, blob_bytes(&ring->latest));
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "no room for an answer of %zu octets", room.n);
    *ret = (struct blob){.p = room.p, .n = b.n};
    room.p = NULL;
    return OK;
}

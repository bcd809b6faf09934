// The feed: a COSE_Sign1, a delta, a catalogue, a status list. Accepted octets are what the writer
// writes from what was read, and every walk ends where it should.
#include "fuzz.h"

#include <wire/cose.h>
#include <wire/feed.h>
#include <wire/status_list.h>

#define ROOM (1 << 17)

static uint8_t again_memory[ROOM];

static void try_message(struct bytes input, struct bytes *ret_payload)
{
    struct buf again = buf_over(again_memory, sizeof again_memory);
    struct cose_sign1 message;
    const char *why = NULL;
    if (!cose_sign1_read(input, &message, &why)) {
        must(why != NULL);
        return;
    }
    cose_sign1_write(&again, &message);
    must(bytes_equal(buf_bytes(&again), input));
    *ret_payload = message.payload;
}

static void walk_delta(const struct feed_delta *delta)
{
    struct reader streams = feed_walk(delta->streams), spaces = feed_walk(delta->spaces);
    struct feed_stream stream;
    struct feed_space space;
    while (feed_next_stream(&streams, &stream)) {
    }
    must(reader_end(&streams));
    while (feed_next_space(&spaces, &space)) {
        struct reader changes = reader_of(space.changes);
        struct feed_change change;
        size_t n = 0;
        while (feed_next_change(&changes, &change)) {
            must(change.index < space.high && change.index < STATUS_SHARD_SIZE);
            n++;
        }
        must(reader_end(&changes) && n == space.changes.n / FEED_CHANGE_N);
    }
    must(reader_end(&spaces));
}

static void try_delta(struct bytes input)
{
    struct buf again = buf_over(again_memory, sizeof again_memory);
    struct feed_delta delta;
    const char *why = NULL;
    if (!feed_delta_read(input, &delta, &why)) {
        must(why != NULL);
        return;
    }
    walk_delta(&delta);
    feed_delta_write(&again, &delta);
    must(bytes_equal(buf_bytes(&again), input));
}

static void try_catalogue(struct bytes input)
{
    struct buf again = buf_over(again_memory, sizeof again_memory);
    struct feed_catalogue catalogue;
    struct feed_list list;
    const char *why = NULL;
    if (!feed_catalogue_read(input, &catalogue, &why)) {
        must(why != NULL);
        return;
    }
    struct reader walk = feed_walk(catalogue.lists);
    while (feed_next_list(&walk, &list))
        must(list.hash.n == FEED_HASH_N);
    must(reader_end(&walk));
    feed_catalogue_write(&again, &catalogue);
    must(bytes_equal(buf_bytes(&again), input));
}

static void try_list(struct bytes input)
{
    struct buf again = buf_over(again_memory, sizeof again_memory);
    struct status_list list;
    const char *why = NULL;
    if (!status_list_read(input, &list, &why)) {
        must(why != NULL);
        return;
    }
    must(list.high <= STATUS_SHARD_SIZE && list.generation != 0);
    status_list_write(&again, &list);
    must(bytes_equal(buf_bytes(&again), input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes payload = bytes_of(data, size > ROOM / 2 ? ROOM / 2 : size);
    try_message(payload, &payload);
    try_delta(payload);
    try_catalogue(payload);
    try_list(payload);
    return 0;
}

#include "told.h"

#include <wire/cose.h>
#include <wire/feed.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t zeros[COSE_SIGNATURE_N];

static struct bytes sign(enum feed_kind kind, struct bytes payload)
{
    static uint8_t room[FEED_DELTA_MAX + COSE_SIGN1_OVERHEAD];
    struct buf b = buf_over(room, sizeof room);
    cose_sign1_write(&b, &(struct cose_sign1){feed_type(kind), bytes_of(zeros, COSE_KEY_ID_N),
                                              payload, bytes_of(zeros, sizeof zeros)});
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

struct bytes told_delta(uint64_t from, uint64_t to, uint64_t service, uint32_t fill)
{
    static uint8_t payload_room[FEED_DELTA_MAX], spaces_room[FEED_DELTA_MAX], streams_room[64];
    struct buf spaces = buf_over(spaces_room, sizeof spaces_room);
    struct buf streams = buf_over(streams_room, sizeof streams_room);
    struct buf payload = buf_over(payload_room, sizeof payload_room);
    struct feed_space space = {.space = {2, 30, 0}, .high = STATUS_SHARD_SIZE};
    space.changes.n = (size_t)fill / FEED_CHANGE_N * FEED_CHANGE_N;
    cbor_write_array(&spaces, from != to);
    if (from != to)
        feed_put_space_head(&spaces, &space);
    for (uint32_t i = 0; from != to && i < fill / FEED_CHANGE_N; i++)
        feed_put_change(&spaces, &(struct feed_change){i, STATUS_INVALID});
    cbor_write_array(&streams, 1);
    feed_put_stream(&streams, &(struct feed_stream){7, service});
    struct feed_delta delta = {.from = from,
                               .to = to,
                               .ledger_root = bytes_of(zeros, FEED_HASH_N),
                               .streams = buf_bytes(&streams),
                               .spaces = buf_bytes(&spaces)};
    feed_delta_write(&payload, &delta);
    return sign(FEED_DELTA, buf_bytes(&payload));
}

struct bytes told_catalogue(uint64_t generation)
{
    uint8_t payload_room[64];
    struct buf payload = buf_over(payload_room, sizeof payload_room);
    feed_catalogue_write(&payload, &(struct feed_catalogue){generation, 1, bytes_text("\x80")});
    return sign(FEED_CATALOGUE, buf_bytes(&payload));
}

static void read_signed(struct bytes item, struct told_item *ret)
{
    struct cose_sign1 message;
    struct feed_delta delta;
    struct feed_catalogue catalogue;
    const char *why = NULL;
    assert_true(cose_sign1_read(item, &message, &why));
    snprintf(ret->type, sizeof ret->type, "%.*s", (int)message.type.n,
             (const char *)message.type.p);
    if (feed_delta_read(message.payload, &delta, &why)) {
        ret->from = delta.from;
        ret->to = delta.to;
    } else if (feed_catalogue_read(message.payload, &catalogue, &why)) {
        ret->to = catalogue.generation;
    }
}

bool told_next(struct bytes *rest, struct told_item *ret)
{
    struct reader items = reader_of(*rest);
    if (rest->n == 0)
        return false;
    *ret = (struct told_item){.type = "watch"};
    bool is_signed = cbor_peek(&items) == CBOR_TAG;
    cbor_skip(&items);
    assert_true(reader_ok(&items));
    if (is_signed)
        read_signed(bytes_of(rest->p, (size_t)(items.p - rest->p)), ret);
    *rest = bytes_of(items.p, items.left);
    return true;
}

// Ledger entries as replay reads them (ledger/act.h). Input: entries one after the other, each
// behind its length in two octets, as in a bundle. What is refused changes nothing; what is taken
// gives rows whose lines are canonical, the same each time.
#include "fuzz.h"

#include <ledger/replay.h>
#include <wire/reader.h>

// The tree is no part of this: a hash that costs nothing, and still depends on every octet.
static void mix(void *ctx, const struct bytes *parts, size_t n, uint8_t out[MERKLE_HASH_N])
{
    (void)ctx;
    memset(out, 0, MERKLE_HASH_N);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < parts[i].n; k++)
            out[k % MERKLE_HASH_N] = (uint8_t)(out[k % MERKLE_HASH_N] * 31 + parts[i].p[k] + 1);
}

static const struct merkle_hash hash = {mix, NULL};

static struct replay *replay_of(struct bytes bundle)
{
    struct replay *replay = NULL;
    struct reader reader = reader_of(bundle);
    must(replay_new(&hash, &replay, NULL) == OK);
    while (reader.left > 0 && reader_ok(&reader)) {
        struct bytes body = reader_bytes(&reader, reader_u16be(&reader));
        uint64_t size = replay_size(replay);
        struct err err = {0};
        enum result result = replay_add(replay, body, NULL, &err);
        must(result == OK || (result == R_CORRUPT && err.code == E_LEDGER && err.text[0] != '\0'));
        must(replay_size(replay) == size + (result == OK));
        if (result == OK && body.n > 0) // no entry is the beginning of another one
            must(replay_add(replay, bytes_of(body.p, body.n - 1), NULL, NULL) == R_CORRUPT);
    }
    return replay;
}

static void check_line(struct bytes line)
{
    size_t quotes = 0;
    must(line.n > 0);
    for (size_t i = 0; i < line.n; i++) {
        must(line.p[i] >= 0x20 && line.p[i] < 0x7f);
        quotes += line.p[i] == '"';
    }
    must(quotes % 2 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct replay *one = replay_of(bytes_of(data, size)), *two = replay_of(bytes_of(data, size));
    struct bytes line, again;
    uint8_t root[2][MERKLE_HASH_N];
    replay_begin_lines(one);
    replay_begin_lines(two);
    while (replay_next_line(one, &line)) {
        check_line(line);
        must(replay_next_line(two, &again));
        must(bytes_equal(line, again));
    }
    must(!replay_next_line(two, &again));
    replay_root(one, root[0]);
    replay_root(two, root[1]);
    must(memcmp(root[0], root[1], MERKLE_HASH_N) == 0);
    replay_free(one);
    replay_free(two);
    return 0;
}

// A reader over bytes with a sticky failure.
//
// After the first failure every read gives zero or empty bytes and nothing is left, so a decoder
// reads straight through and asks once, with reader_end(), before it uses anything it read.
// `why` is a static text that names the rule that was broken; NULL while all is well.
// What it returns points into the input, which the caller keeps alive.
#pragma once

#include <wire/bytes.h>

struct reader {
    const uint8_t *p;
    size_t left;
    const char *why;
};

static inline struct reader reader_of(struct bytes b)
{
    return (struct reader){.p = b.p, .left = b.n};
}

static inline bool reader_ok(const struct reader *r)
{
    return r->why == NULL;
}

// Fails the reader; the first reason stays. Always false, so that a check can return it.
bool reader_fail(struct reader *r, const char *why);

uint8_t reader_u8(struct reader *r);
uint16_t reader_u16be(struct reader *r);
uint32_t reader_u32be(struct reader *r);
uint64_t reader_u64be(struct reader *r);
struct bytes reader_bytes(struct reader *r, size_t n);
struct bytes reader_rest(struct reader *r);

// True only when nothing failed and nothing is left; what is left over fails the reader.
bool reader_end(struct reader *r);

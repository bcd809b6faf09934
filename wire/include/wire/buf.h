// A writer over the caller's memory, with a mandatory maximum and a sticky overflow.
//
// Every put either writes whole or sets `full` and writes nothing; after that all puts do nothing.
// So a row of puts is checked once, with buf_ok(), before the result is used. Writers that refuse
// what they were given (text that a type cannot hold) fail the buffer in the same way.
// Owns nothing. Growing buffers live in base.
#pragma once

#include <wire/bytes.h>

struct buf {
    uint8_t *p;
    size_t n;   // written so far
    size_t max; // room at p
    bool full;  // something was not written: the contents are worthless
};

static inline struct buf buf_over(void *memory, size_t max)
{
    return (struct buf){.p = memory, .max = max};
}

static inline bool buf_ok(const struct buf *b)
{
    return !b->full;
}

// What was written; empty when the buffer failed.
static inline struct bytes buf_bytes(const struct buf *b)
{
    return b->full ? bytes_of(NULL, 0) : bytes_of(b->p, b->n);
}

static inline void buf_fail(struct buf *b)
{
    b->full = true;
}

// Claims `n` bytes to be filled by the caller; NULL (and the buffer fails) when they do not fit.
uint8_t *buf_claim(struct buf *b, size_t n);

void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16be(struct buf *b, uint16_t v);
void buf_put_u32be(struct buf *b, uint32_t v);
void buf_put_u64be(struct buf *b, uint64_t v);
void buf_put_bytes(struct buf *b, struct bytes v);
void buf_put_zeros(struct buf *b, size_t n);

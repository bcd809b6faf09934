// Bytes that somebody else owns: a pointer and a length, passed by value.
//
// A view never frees and never outlives what it points into. `p` may be NULL only when `n` is 0.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIRE_MUST_USE __attribute__((warn_unused_result))

struct bytes {
    const uint8_t *p;
    size_t n;
};

// A string literal without its terminator, as an initialiser of a constant and as a value.
#define BYTES_TEXT_INIT(literal)                                                                   \
    {                                                                                              \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                         \
    }
#define bytes_text(literal) ((struct bytes)BYTES_TEXT_INIT(literal))

/*@ assigns \nothing;
    ensures \result.p == (uint8_t *)p && \result.n == n; */
static inline struct bytes bytes_of(const void *p, size_t n)
{
    return (struct bytes){p, n};
}

/*@ assigns \nothing;
    ensures \result <==> b.n == 0; */
static inline bool bytes_is_empty(struct bytes b)
{
    return b.n == 0;
}

// The last octet first: object identifiers of one kind differ there, and most comparisons are of
// them.
/*@ requires a.n == 0 || \valid_read(a.p + (0 .. a.n - 1));
    requires b.n == 0 || \valid_read(b.p + (0 .. b.n - 1));
    assigns \nothing; */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    if (a.n != b.n)
        return false;
    return a.n == 0 || (a.p[a.n - 1] == b.p[a.n - 1] && memcmp(a.p, b.p, a.n) == 0);
}

// `n` bytes from `from`; what lies outside `b` is left out, so the result may be shorter.
struct bytes bytes_slice(struct bytes b, size_t from, size_t n);

// Order as memcmp has it, a prefix before what it begins: below, equal to or above 0.
/*@ requires a.n == 0 || \valid_read(a.p + (0 .. a.n - 1));
    requires b.n == 0 || \valid_read(b.p + (0 .. b.n - 1));
    assigns \nothing; */
int bytes_compare(struct bytes a, struct bytes b);

// Equality in a time that depends on the lengths only: for tokens, digests of secrets and MACs.
bool bytes_equal_secret(struct bytes a, struct bytes b);

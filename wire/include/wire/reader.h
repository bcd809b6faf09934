// A reader over bytes with a sticky failure.
//
// After the first failure every read gives zero or empty bytes and nothing is left, so a decoder
// reads straight through and asks once, with reader_end(), before it uses anything it read.
// `why` is a static text that names the rule that was broken; NULL while all is well.
// What it returns points into the input, which the caller keeps alive.
#pragma once

#include <wire/bytes.h>
#include <wire/why.h>

struct reader {
    const uint8_t *p;
    size_t left;
    const char *why;
};

// Contracts are ACSL, proved by tests/conformance/frama-c: nothing is read outside what was given,
// whatever it holds, and a reader that failed has nothing left.
/*@ predicate is_readable(uint8_t *p, integer n) = n == 0 || \valid_read(p + (0 .. n - 1));
    predicate is_reader(struct reader *r) =
        \valid(r) && is_readable((uint8_t *)r->p, r->left) && (r->why != \null ==> r->left == 0);
    predicate has_moved{Before, After}(struct reader *r) =
        \at(r->left, After) <= \at(r->left, Before) &&
        (\at(r->why, After) == \null ==> \at(r->why, Before) == \null &&
         \at(r->p, After) == \at(r->p, Before) + (\at(r->left, Before) - \at(r->left, After))); */

/*@ requires is_readable((uint8_t *)b.p, b.n);
    assigns \nothing;
    ensures \result.p == b.p && \result.left == b.n && \result.why == \null; */
static inline struct reader reader_of(struct bytes b)
{
    return (struct reader){.p = b.p, .left = b.n};
}

/*@ requires \valid_read(r);
    assigns \nothing;
    ensures \result <==> r->why == \null; */
static inline bool reader_ok(const struct reader *r)
{
    return r->why == NULL;
}

// reader_fail(r, why) fails the reader; the first reason stays. Always false, so that a check can
// return it.
/*@ requires is_reader(r) && why != \null;
    assigns r->why, r->left;
    ensures is_reader(r) && r->why != \null && r->left == 0 && \result == \false; */
bool reader_fail_because(struct reader *r, const char *why);
/*@ requires is_reader(r);
    assigns r->why, r->left;
    ensures is_reader(r) && r->why != \null && r->left == 0 && \result == \false; */
bool reader_refuse(struct reader *r); // where reasons are left out (wire/why.h)

/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
uint8_t reader_u8(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
uint16_t reader_u16be(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
uint32_t reader_u32be(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
uint64_t reader_u64be(struct reader *r);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
uint64_t reader_be(struct reader *r, size_t n); // of n octets, up to 8
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r) && is_readable((uint8_t *)\result.p, \result.n)
   &&
        (\result.n == n || \result.n == 0); */
struct bytes reader_bytes(struct reader *r, size_t n);
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r) && is_readable((uint8_t *)\result.p, \result.n);
 */
struct bytes reader_rest(struct reader *r);

// True only when nothing failed and nothing is left; what is left over fails the reader.
/*@ requires is_reader(r);
    assigns *r;
    ensures is_reader(r) && has_moved{Pre, Post}(r); */
bool reader_end(struct reader *r);

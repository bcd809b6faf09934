// A verdict that was branched on and is combined after that has to be volatile: behind the branch
// the compiler knows it, and would leave the second look out, or compare with what it branched on
// (tests/scenario/test_93_faults.py).
//
// Comparing without a branch whose skip would accept: what a fault in one instruction must not
// turn. For whoever builds on the verifier.
#pragma once

#include <troth/verdict.h>

#include <stddef.h>
#include <stdint.h>

// 0 when `n` octets are the same and all of them were looked at.
static inline uint32_t octets_differ(const uint8_t *a, const uint8_t *b, size_t n)
{
    uint32_t differ = 0;
    volatile size_t i = 0;
    for (; i < n; i++)
        differ |= (uint32_t)(a[i] ^ b[i]);
    return differ | (uint32_t)(i ^ n);
}

// 1 for what is not 0.
static inline uint32_t is_nonzero(uint32_t a)
{
    return (a | (0u - a)) >> 31;
}

// 1 where a < b.
static inline uint32_t is_under(uint32_t a, uint32_t b)
{
    return ((~a & b) | ((~a | b) & (a - b))) >> 31; // the borrow of a - b
}

// `a` where `choose` is not 0, else `b`.
static inline uint32_t either(uint32_t choose, uint32_t a, uint32_t b)
{
    uint32_t mask = 0u - is_nonzero(choose);
    return (a & mask) | (b & ~mask);
}

// TROTH_VALID where `differ` is 0, else `otherwise`: by arithmetic.
static inline enum troth_verdict valid_if_zero(uint32_t differ, enum troth_verdict otherwise)
{
    uint32_t distance = (uint32_t)TROTH_VALID ^ (uint32_t)otherwise;
    return (enum troth_verdict)((uint32_t)TROTH_VALID ^ (distance & (0u - is_nonzero(differ))));
}

// `a` where it is not valid, else `b`: valid only where both are.
static inline enum troth_verdict both(enum troth_verdict a, enum troth_verdict b)
{
    uint32_t mask = 0u - is_nonzero((uint32_t)a ^ (uint32_t)TROTH_VALID);
    return (enum troth_verdict)(((uint32_t)a & mask) | ((uint32_t)b & ~mask));
}

// What an early return may say: never TROTH_VALID, whichever way the branch before it went.
static inline enum troth_verdict refusal(enum troth_verdict why)
{
    return both(why, TROTH_FAULT);
}

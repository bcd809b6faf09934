/* Random numbers, from the kernel (getrandom(2)) and from nowhere else.
 *
 * There is no failure to handle: without randomness no serial, nonce or key is safe, so the process
 * aborts. That can only happen when the system call itself is refused. rand.c is an object of its
 * own, so that a test binary can link another. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Fills `n` bytes at `to`. */
void rand_bytes(void *to, size_t n);

/* Uniform in 0 .. below-1; 0 for below 0 or 1. */
uint64_t rand_below(uint64_t below);

#endif

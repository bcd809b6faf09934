/* What the proofs of tests/conformance/frama-c take of the C library: memory may be read. */
#pragma once

#include <stddef.h>

/*@ requires n == 0 || \valid_read((unsigned char *)a + (0 .. n - 1));
    requires n == 0 || \valid_read((unsigned char *)b + (0 .. n - 1));
    assigns \result \from indirect:n; */
int memcmp(const void *a, const void *b, size_t n);

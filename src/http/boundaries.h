/* The boundaries that core lets this front know, by the key of their certificate. Core sends the
 * whole set, at start and at a change. */
#ifndef HTTP_BOUNDARIES_H
#define HTTP_BOUNDARIES_H

#include <base/err.h>
#include <base/limits.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boundary_known {
    uint8_t spki[32]; /* SHA-256 */
    uint32_t id;
};

struct boundaries {
    struct boundary_known *known, *coming; /* owned; `known` by key */
    size_t n, coming_n, coming_max;
};

void boundaries_free(struct boundaries *boundaries);

/* One of the set that comes. E_MEMORY, E_TOO_LARGE; boundaries_end() then refuses the set. */
MUST_USE enum result boundaries_add(struct boundaries *boundaries, uint32_t id,
                                    const uint8_t spki[32], struct err *err);

/* Swaps the set when `count` came; otherwise the former stays: E_BUG. */
MUST_USE enum result boundaries_end(struct boundaries *boundaries, uint32_t count, struct err *err);

/* Its number; 0: the key is of none. */
uint32_t boundaries_find(const struct boundaries *boundaries, const uint8_t spki[32]);

#endif

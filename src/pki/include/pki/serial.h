/* Serial numbers of ours, which carry the status index (design 5, Status index):
 *   1 octet 01-7f, 10 random, 1 expiry class, 4 number (big-endian).
 * Numbers rise within (issuer, class) and are never used twice. */
#ifndef PKI_SERIAL_H
#define PKI_SERIAL_H

#include <wire/bytes.h>

#define SERIAL_N 16
#define SERIAL_RANDOM_N 11
#define SERIAL_PART_SIZE 65536 /* numbers in one CRL: RFC 5280 5.2.5 partition */

#define SERIAL_CLASS_FOREVER 255 /* no expiry, or too far away to have a class of its own */

struct serial {
    uint8_t p[SERIAL_N];
};

struct serial_parts {
    uint8_t expiry_class;
    uint32_t number;
};

/* `random` is SERIAL_RANDOM_N octets of base/rand.h. */
struct serial serial_make(const uint8_t *random, struct serial_parts parts);

/* False for what serial_make does not make. */
bool serial_split(struct bytes serial, struct serial_parts *ret) WIRE_MUST_USE;

/* The class is the quarter of a year in which the certificate ends, counted from 2020-01-01, so
 * that all of a shard dies within one quarter. Before 2020: 0. */
uint8_t serial_class(int64_t not_after_s);

/* The first instant at which nothing of this class is valid any more; INT64_MAX for FOREVER. */
int64_t serial_class_end_s(uint8_t expiry_class);

static inline uint32_t serial_part(uint32_t number)
{
    return number / SERIAL_PART_SIZE;
}

#endif

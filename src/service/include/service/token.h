/* Tokens that enrol once: 128 random bits in hexadecimal, of which rows have the SHA-256. */
#ifndef SERVICE_TOKEN_H
#define SERVICE_TOKEN_H

#include <base/err.h>
#include <crypto/hash.h>
#include <wire/bytes.h>

#define TOKEN_OCTETS 16 /* design 5, First enrolment */
#define TOKEN_TTL_S (7 * 86400)
#define TOKEN_TTL_MAX_S (90 * 86400)

struct token_made {
    struct bytes secret; /* in static memory until the next one is made */
    uint8_t hash[SHA256_N];
    int64_t ttl_s;
};

/* wanted_s 0: TOKEN_TTL_S. E_SYNTAX for what is no lifetime. */
MUST_USE enum result token_make(int64_t wanted_s, struct token_made *ret, struct err *err);

#endif

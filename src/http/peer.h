/* What the other end of a TLS connection has shown of itself: read and verified once a connection,
 * at its first request, by crypto/chain. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <base/limits.h>
#include <trust/words.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

/* All zero: no certificate was shown. */
struct peer {
    bool is_shown;            /* a certificate was shown, and it is good for what `kind` says */
    bool is_self_signed;      /* proves its key and nothing else */
    enum authority authority; /* of the chain's root or issuer; AUTHORITY_NONE: self-signed */
    uint32_t issuer;          /* row id of our issuer; 0: not ours */
    uint32_t anchor;          /* row id of the foreign anchor; 0: ours or self-signed */
    uint8_t spki[32];         /* SHA-256 of the SubjectPublicKeyInfo */
    uint8_t serial[20];
    uint8_t serial_n;
    uint8_t serial_number_n; /* octets of the subject's serialNumber; 0: it has none */
    char serial_number[LIMIT_SERIAL_NUMBER];
    int64_t not_after_s;
};

#endif

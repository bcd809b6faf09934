/* SHA-256, FIPS 180-4. Cannot fail, allocates nothing, any thread. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include <wire/bytes.h>
#include <wire/merkle.h>

#define SHA256_N 32

void sha256(struct bytes in, uint8_t ret[SHA256_N]);

/* Over the concatenation of `n` parts. */
void sha256_parts(const struct bytes *parts, size_t n, uint8_t ret[SHA256_N]);

/* SHA-1, by which OCSP calls issuers and responders by name (RFC 6960 4.1.1, 4.2.2.3). It proves
 * nothing. */
#define SHA1_N 20
void sha1_for_names(struct bytes in, uint8_t ret[SHA1_N]);

/* Over what comes piece by piece. */
struct sha256_stream {
    uint32_t state[32]; /* private */
};
void sha256_begin(struct sha256_stream *stream);
void sha256_add(struct sha256_stream *stream, struct bytes piece);
void sha256_end(struct sha256_stream *stream, uint8_t ret[SHA256_N]);

/* The hash that wire/merkle.h wants to be given. */
extern const struct merkle_hash sha256_for_merkle;

#endif

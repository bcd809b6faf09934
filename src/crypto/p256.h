/* Private: one P-256 key object whose point is exchanged for each verification.
 *
 * EVP_PKEY_fromdata makes a new group each time, which costs a third of a verification; a key that
 * exists takes a new point for almost nothing. */
#ifndef CRYPTO_P256_H
#define CRYPTO_P256_H

#include <base/err.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stdint.h>

/* Makes the key object; idempotent. */
MUST_USE enum result p256_start(struct err *err);

/* False when the octets are no point of the curve (SEC 1, 2.3.4). */
bool p256_set_point(struct bytes point);

/* Is the ECDSA signature (DER) over that digest good under the point that was set last? */
bool p256_is_signed(const uint8_t *digest, size_t digest_n, struct bytes signature);

#endif

// ES256 and ESP256 (RFC 9053 2.1, RFC 9864 2.1): the same signature by two names.
#include <troth/crypto.h>

static enum troth_verdict verify(struct troth_octets key, const struct troth_message *message,
                                 struct troth_octets signature)
{
    uint8_t digest[TROTH_HASH_N];
    if (key.n != TROTH_POINT_N)
        return TROTH_BAD_KEY;
    if (signature.n != TROTH_SIGNATURE_N)
        return TROTH_BAD_SIGNATURE;
    troth_sha256_message(message, digest);
    return troth_es256_verify(key.p, digest, signature.p);
}

const struct troth_algorithm troth_es256 = {TROTH_ES256, verify};
const struct troth_algorithm troth_esp256 = {TROTH_ESP256, verify};

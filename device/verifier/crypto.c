// Which algorithm verifies, and our own hash where a device has no better.
#include <troth/crypto.h>

enum troth_verdict troth_verify_by(const struct troth_crypto *crypto, int32_t algorithm,
                                   struct troth_octets key, const struct troth_message *message,
                                   struct troth_octets signature)
{
    for (size_t i = 0; i < crypto->n; i++)
        if (crypto->algorithms[i]->number == algorithm)
            return crypto->algorithms[i]->verify(key, message, signature);
    return TROTH_WRONG_ALGORITHM;
}

static void begin(union troth_hash_state *state)
{
    troth_sha256_begin(&state->sha256);
}

static void add(union troth_hash_state *state, const void *octets, size_t n)
{
    troth_sha256_add(&state->sha256, octets, n);
}

static void end(union troth_hash_state *state, uint8_t ret[TROTH_HASH_N])
{
    troth_sha256_end(&state->sha256, ret);
}

const struct troth_hash troth_hash_small = {begin, add, end};

// ECDSA over P-256, ours against OpenSSL: pairs of (place, bits to turn) over a good point, hash
// and signature; an input of 161 octets is these three as they are.
#include "fuzz.h"

#include <crypto/hash.h>
#include <crypto/key.h>
#include <troth/adapters/openssl.h>
#include <troth/verify.h>
#include <wire/x509.h>

struct text {
    uint8_t point[TROTH_POINT_N], message[TROTH_HASH_N], signature[TROTH_SIGNATURE_N];
};

static struct text good;

static void compare(const struct text *text)
{
    uint8_t hash[TROTH_HASH_N];
    const struct troth_octets part = {text->message, sizeof text->message};
    const struct troth_message message = {&part, 1};
    union troth_hash_state state;
    uint8_t small[TROTH_HASH_N];
    sha256(bytes_of(text->message, sizeof text->message), hash);
    troth_hash_small.begin(&state);
    troth_hash_small.add(&state, text->message, sizeof text->message);
    troth_hash_small.end(&state, small);
    must(memcmp(small, hash, sizeof hash) == 0);
    enum troth_verdict ours = troth_es256_verify(text->point, hash, text->signature);
    enum troth_verdict theirs =
        troth_openssl_es256.verify((struct troth_octets){text->point, sizeof text->point}, &message,
                                   (struct troth_octets){text->signature, sizeof text->signature});
    must(ours == theirs);
    if (hash[0] % 16 == 0) /* each verification takes its time */
        must((ours == TROTH_VALID) ==
             (troth_es256.verify((struct troth_octets){text->point, 65}, &message,
                                 (struct troth_octets){text->signature, 64}) == TROTH_VALID));
}

static void make_good(void)
{
    struct key *key;
    struct key_signature der;
    must(key_generate(KEY_P256, &key, NULL) == OK);
    must(key_sign(key, bytes_of(good.message, sizeof good.message), &der, NULL) == OK);
    must(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, good.signature));
    memcpy(good.point, key_point(key).p, sizeof good.point);
    key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text;
    if (good.point[0] == 0)
        make_good();
    text = good;
    if (size == sizeof text)
        memcpy(&text, data, sizeof text);
    else
        for (; size >= 2; data += 2, size -= 2)
            ((uint8_t *)&text)[data[0] % sizeof text] ^= data[1];
    compare(&text);
    return 0;
}

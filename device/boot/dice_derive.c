#include "dice_derive.h"

#include <wire/cose.h>

void dice_wipe(void *octets, size_t n)
{
    volatile uint8_t *at = octets;
    while (n-- > 0)
        *at++ = 0;
}

void dice_derive(const struct dice_crypto *crypto, const uint8_t secret[DICE_SECRET_N],
                 struct troth_octets salt, struct bytes info, uint8_t ret[DICE_SECRET_N])
{
    static const uint8_t first = 1;
    uint8_t extracted[TROTH_HASH_N];
    const struct troth_octets from = {secret, DICE_SECRET_N};
    const struct troth_octets expand[] = {
        {info.p, info.n},
        {&first, 1},
    };
    crypto->hmac(salt, &(struct troth_message){&from, 1}, extracted);
    crypto->hmac((struct troth_octets){extracted, sizeof extracted},
                 &(struct troth_message){expand, 2}, ret);
    dice_wipe(extracted, sizeof extracted);
}

// 1 where 0 < a < order, by arithmetic alone.
static uint32_t is_in_range(const uint8_t a[DICE_SECRET_N])
{
    static const uint8_t order[DICE_SECRET_N] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    };
    uint32_t borrow = 0, any = 0;
    for (size_t i = DICE_SECRET_N; i-- > 0;) {
        borrow = ((uint32_t)a[i] - order[i] - borrow) >> 31;
        any |= a[i];
    }
    return borrow & ((0u - any) >> 31);
}

void dice_derive_key(const struct dice_crypto *crypto, const uint8_t secret[DICE_SECRET_N],
                     uint8_t ret[DICE_SECRET_N])
{
    uint8_t number = 0;
    do {
        number++;
        dice_derive(crypto, secret, (struct troth_octets){&number, 1}, bytes_text("troth key"),
                    ret);
    } while (is_in_range(ret) == 0);
}

void dice_floor_below(uint8_t sealing[DICE_SECRET_N])
{
    static const char what[] = "troth floor";
    struct troth_sha256 hash;
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, what, sizeof what - 1);
    troth_sha256_add(&hash, sealing, DICE_SECRET_N);
    troth_sha256_end(&hash, sealing);
    dice_wipe(&hash, sizeof hash);
}

bool dice_sign(const struct dice_crypto *crypto, const struct dice_signer *signer,
               struct bytes payload, struct buf *b)
{
    uint8_t name[TROTH_HASH_N], digest[TROTH_HASH_N], signature[TROTH_SIGNATURE_N];
    uint8_t space[COSE_SIGNED_HEAD_MAX];
    struct buf head = buf_over(space, sizeof space);
    struct troth_sha256 hash;
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, signer->point, TROTH_POINT_N);
    troth_sha256_end(&hash, name);
    const struct cose_sign1 message = {
        .type = signer->type,
        .key_id = bytes_of(name, COSE_KEY_ID_N),
        .payload = payload,
        .signature = bytes_of(signature, sizeof signature),
    };
    cose_signed_head(&head, &message);
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, head.p, head.n);
    troth_sha256_add(&hash, payload.p, payload.n);
    troth_sha256_end(&hash, digest);
    if (!buf_ok(&head) || !crypto->sign(signer->secret, digest, signature))
        return false;
    cose_sign1_write(b, &message);
    return buf_ok(b);
}

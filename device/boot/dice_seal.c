// Secrets sealed for whatever may run on this device, at this key floor or a higher one.
//
//     1, floor (4 octets), name of the text (32), text encrypted, tag (16)
//
// The name is an HMAC over the text by a key of the sealing secret, and each text has a key that
// its name leads to: so no key is used twice for different texts, and no random number is needed.
#include <boot/dice.h>

#include "dice_derive.h"

#include <troth/same.h>
#include <wire/reader.h>

#include <string.h>

#define SEALED_VERSION 1
#define HEAD_N 37

static void name_text(const struct dice_crypto *crypto, const uint8_t sealing[DICE_SECRET_N],
                      struct troth_octets text, uint8_t ret[TROTH_HASH_N])
{
    uint8_t key[DICE_SECRET_N];
    dice_derive(crypto, sealing, (struct troth_octets){(const uint8_t *)"", 0},
                bytes_text("troth name"), key);
    crypto->hmac((struct troth_octets){key, sizeof key}, &(struct troth_message){&text, 1}, ret);
    dice_wipe(key, sizeof key);
}

struct text {
    const uint8_t *head; // HEAD_N octets, with the name at their end
    uint8_t *octets;
    size_t n;
};

static void apply(const struct dice_crypto *crypto, const uint8_t sealing[DICE_SECRET_N],
                  const struct text *text, bool seals, uint8_t tag[DICE_TAG_N])
{
    uint8_t key[DICE_SECRET_N];
    const struct troth_octets name = {text->head + HEAD_N - TROTH_HASH_N, TROTH_HASH_N};
    dice_derive(crypto, sealing, name, bytes_text("troth text"), key);
    crypto->seal(key, (struct troth_octets){text->head, HEAD_N}, text->octets, text->n, seals, tag);
    dice_wipe(key, sizeof key);
}

bool dice_seal(const struct dice_crypto *crypto, const struct dice *dice,
               struct troth_octets secret, struct buf *b)
{
    size_t n = secret.n + DICE_SEALED_EXTRA;
    uint8_t *at = secret.n > b->max ? NULL : buf_claim(b, n);
    if (at == NULL)
        return false;
    struct buf head = buf_over(at, HEAD_N);
    buf_put_u8(&head, SEALED_VERSION);
    buf_put_u32be(&head, dice->floor);
    name_text(crypto, dice->sealing, secret, at + head.n);
    memcpy(at + HEAD_N, secret.p, secret.n);
    const struct text text = {at, at + HEAD_N, secret.n};
    apply(crypto, dice->sealing, &text, true, at + HEAD_N + secret.n);
    return true;
}

// Of the floor at which it was sealed.
static enum troth_verdict find_sealing(const struct dice *dice, uint32_t floor,
                                       uint8_t ret[DICE_SECRET_N])
{
    if (floor > dice->floor)
        return TROTH_LOWER_FLOOR;
    memcpy(ret, dice->sealing, DICE_SECRET_N);
    for (uint32_t at = dice->floor; at > floor; at--)
        dice_floor_below(ret);
    return TROTH_VALID;
}

enum troth_verdict dice_unseal(const struct dice_crypto *crypto, const struct dice *dice,
                               struct troth_octets sealed, struct buf *b)
{
    uint8_t sealing[DICE_SECRET_N], tag[DICE_TAG_N];
    struct reader r = reader_of(bytes_of(sealed.p, sealed.n));
    if (sealed.n < DICE_SEALED_EXTRA || reader_u8(&r) != SEALED_VERSION)
        return TROTH_MALFORMED;
    size_t n = sealed.n - DICE_SEALED_EXTRA;
    enum troth_verdict verdict = find_sealing(dice, reader_u32be(&r), sealing);
    if (verdict != TROTH_VALID)
        return verdict;
    uint8_t *at = buf_claim(b, n);
    if (at == NULL) {
        dice_wipe(sealing, sizeof sealing);
        return TROTH_TOO_LARGE;
    }
    memcpy(at, sealed.p + HEAD_N, n);
    const struct text text = {sealed.p, at, n};
    apply(crypto, sealing, &text, false, tag);
    dice_wipe(sealing, sizeof sealing);
    verdict =
        valid_if_zero(octets_differ(tag, sealed.p + HEAD_N + n, sizeof tag), TROTH_BAD_SIGNATURE);
    if (verdict != TROTH_VALID) {
        dice_wipe(at, n);
        b->n -= n;
    }
    return verdict;
}

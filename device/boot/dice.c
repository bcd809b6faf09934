// What the device's secret leads to, and what it says about itself.
#include <boot/dice.h>

#include "dice_derive.h"

#include <wire/cbor.h>

#include <string.h>

#define CLAIM_CONFIRMATION 8    // RFC 8747 3.1
#define CLAIM_NONCE 10          // RFC 9711 4.1
#define CLAIM_MEASURED (-70000) // private use: RFC 8392 9.1.1
#define CLAIM_BOOT (-70001)

static const struct troth_octets no_salt = {(const uint8_t *)"", 0};

static void put_bytes(struct buf *b, int64_t key, const uint8_t *octets, size_t n)
{
    cbor_write_int(b, key);
    cbor_write_bytes(b, bytes_of(octets, n));
}

static void put_number(struct buf *b, int64_t key, uint64_t number)
{
    cbor_write_int(b, key);
    cbor_write_uint(b, number);
}

static void hash_octets(struct troth_octets octets, uint8_t ret[TROTH_HASH_N])
{
    struct troth_sha256 hash;
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, octets.p, octets.n);
    troth_sha256_end(&hash, ret);
}

// ---- what is measured

struct measured {
    const struct boot_device *board;
    const struct boot_report *report;
    enum dice_mode mode;
    uint8_t first_keys[TROTH_HASH_N];
};

static void write_measured(struct buf *b, const struct measured *measured)
{
    const struct boot_report *report = measured->report;
    cbor_write_map(b, 10);
    put_bytes(b, 1, report->digest, sizeof report->digest);
    put_number(b, 2, report->sequence);
    put_number(b, 3, report->counter);
    put_bytes(b, 4, report->authority, sizeof report->authority);
    put_number(b, 5, report->keys_sequence);
    put_number(b, 6, report->key_floor);
    put_bytes(b, 7, measured->board->vendor, TROTH_SUIT_ID_N);
    put_bytes(b, 8, measured->board->class_id, TROTH_SUIT_ID_N);
    put_number(b, 9, measured->mode);
    put_bytes(b, 10, measured->first_keys, sizeof measured->first_keys);
}

// ---- secrets

static void derive_attestation(const struct dice_crypto *crypto,
                               const uint8_t device[DICE_SECRET_N], struct dice *ret)
{
    uint8_t salt[TROTH_HASH_N], attestation[DICE_SECRET_N];
    hash_octets((struct troth_octets){ret->measured, ret->measured_n}, salt);
    dice_derive(crypto, device, (struct troth_octets){salt, sizeof salt},
                bytes_text("troth attestation"), attestation);
    dice_derive_key(crypto, attestation, ret->alias);
    dice_wipe(attestation, sizeof attestation);
}

// From the highest floor down to the device's.
static void derive_sealing(const struct dice_crypto *crypto, const uint8_t device[DICE_SECRET_N],
                           const struct measured *measured, struct dice *ret)
{
    const uint8_t mode = (uint8_t)measured->mode;
    uint8_t salt[TROTH_HASH_N];
    struct troth_sha256 hash;
    troth_sha256_begin(&hash);
    troth_sha256_add(&hash, measured->first_keys, sizeof measured->first_keys);
    troth_sha256_add(&hash, measured->board->vendor, TROTH_SUIT_ID_N);
    troth_sha256_add(&hash, measured->board->class_id, TROTH_SUIT_ID_N);
    troth_sha256_add(&hash, &mode, 1);
    troth_sha256_end(&hash, salt);
    dice_derive(crypto, device, (struct troth_octets){salt, sizeof salt},
                bytes_text("troth sealing"), ret->sealing);
    ret->floor = measured->report->key_floor;
    for (uint32_t floor = DICE_FLOOR_MAX; floor > ret->floor; floor--)
        dice_floor_below(ret->sealing);
}

static void derive_device_key(const struct dice_crypto *crypto, const uint8_t device[DICE_SECRET_N],
                              uint8_t ret[DICE_SECRET_N])
{
    dice_derive(crypto, device, no_salt, bytes_text("troth device"), ret);
    dice_derive_key(crypto, ret, ret);
}

bool dice_device_point(const struct dice_crypto *crypto, const uint8_t device[DICE_SECRET_N],
                       uint8_t ret[TROTH_POINT_N])
{
    uint8_t key[DICE_SECRET_N];
    derive_device_key(crypto, device, key);
    bool is_made = crypto->point(key, ret);
    dice_wipe(key, sizeof key);
    return is_made;
}

// ---- what is said

// RFC 9052 7, RFC 9053 7.1.1.
static void write_key(struct buf *b, const uint8_t point[TROTH_POINT_N])
{
    cbor_write_map(b, 5);
    put_number(b, 1, 2);  // key type: EC2
    cbor_write_int(b, 3); // algorithm:
    cbor_write_int(b, TROTH_ES256);
    put_number(b, -1, 1); // curve: P-256
    put_bytes(b, -2, point + 1, 32);
    put_bytes(b, -3, point + 33, 32);
}

static bool certify(const struct dice_crypto *crypto, const uint8_t device[DICE_SECRET_N],
                    struct dice *ret)
{
    uint8_t key[DICE_SECRET_N], point[TROTH_POINT_N], space[DICE_CERTIFICATE_MAX];
    struct buf claims = buf_over(space, sizeof space);
    struct buf certificate = buf_over(ret->certificate, sizeof ret->certificate);
    cbor_write_map(&claims, 2);
    cbor_write_int(&claims, CLAIM_CONFIRMATION);
    cbor_write_map(&claims, 1);
    cbor_write_int(&claims, 1);
    write_key(&claims, ret->alias_point);
    cbor_write_int(&claims, CLAIM_MEASURED);
    buf_put_bytes(&claims, bytes_of(ret->measured, ret->measured_n));
    derive_device_key(crypto, device, key);
    const struct dice_signer signer = {key, point, bytes_text(DICE_ALIAS_TYPE)};
    bool is_made = buf_ok(&claims) && crypto->point(key, point) &&
                   dice_sign(crypto, &signer, buf_bytes(&claims), &certificate);
    dice_wipe(key, sizeof key);
    ret->certificate_n = certificate.n;
    return is_made;
}

enum troth_verdict dice_start(const struct dice_crypto *crypto, const uint8_t device[DICE_SECRET_N],
                              enum dice_mode mode, const struct boot_device *board,
                              const struct boot_report *report, struct dice *ret)
{
    struct measured measured = {board, report, mode, {0}};
    struct buf b = buf_over(ret->measured, sizeof ret->measured);
    memset(ret, 0, sizeof *ret);
    if (report->verdict != TROTH_VALID || report->slot == BOOT_NONE)
        return TROTH_MISSING;
    if (report->key_floor > DICE_FLOOR_MAX)
        return TROTH_TOO_LARGE;
    hash_octets(board->keys, measured.first_keys);
    write_measured(&b, &measured);
    ret->measured_n = b.n;
    derive_attestation(crypto, device, ret);
    derive_sealing(crypto, device, &measured, ret);
    if (buf_ok(&b) && crypto->point(ret->alias, ret->alias_point) && certify(crypto, device, ret))
        return TROTH_VALID;
    dice_wipe(ret, sizeof *ret);
    return TROTH_PLATFORM;
}

bool dice_evidence(const struct dice_crypto *crypto, const struct dice *dice,
                   const struct boot_report *report, struct troth_octets nonce, struct buf *b)
{
    uint8_t space[DICE_CERTIFICATE_MAX];
    struct buf claims = buf_over(space, sizeof space);
    if (nonce.n < DICE_NONCE_MIN || nonce.n > DICE_NONCE_MAX)
        return false;
    cbor_write_map(&claims, 3);
    put_bytes(&claims, CLAIM_NONCE, nonce.p, nonce.n);
    cbor_write_int(&claims, CLAIM_MEASURED);
    buf_put_bytes(&claims, bytes_of(dice->measured, dice->measured_n));
    cbor_write_int(&claims, CLAIM_BOOT);
    cbor_write_map(&claims, 4);
    put_number(&claims, 1, report->slot);
    cbor_write_int(&claims, 2);
    cbor_write_bool(&claims, report->is_trial != 0);
    put_number(&claims, 3, report->verdict);
    put_number(&claims, 4, report->trial);
    const struct dice_signer signer = {dice->alias, dice->alias_point,
                                       bytes_text(DICE_EVIDENCE_TYPE)};
    return buf_ok(&claims) && dice_sign(crypto, &signer, buf_bytes(&claims), b);
}

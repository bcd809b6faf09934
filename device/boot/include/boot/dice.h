// Measured boot in the manner of Open DICE, with two secrets that the device's own one leads to:
//
// - attestation, from what was started: image, signers, key set, vendor, class, mode. It is the
//   alias key, which signs evidence. The DeviceID, a key from the device's secret alone that is
//   registered at import, certifies the alias key together with what was measured.
// - sealing, from who may appoint signers (the first key set, which the boot loader is built with),
//   vendor, class, mode and key floor: it wraps the key of the device's certificate (LDevID).
//
// A good update keeps the sealing secret. A higher floor has another, from which those of lower
// floors follow and not the reverse, so that what was sealed before is opened still, and a device
// that was put back to a lower floor opens nothing that was sealed since.
//
// The board gives the device's secret to the boot loader and takes it away before anything else
// runs; so the stack, where compilers and the dice_crypto leave copies. What is secret is used in
// constant time if the dice_crypto does so: <boot/adapters/bearssl.h>. NOT checked: that the report
// is true; that nobody reads the memory where a secret lies.
#pragma once

#include <boot/boot.h>
#include <wire/buf.h>

#define DICE_SECRET_N 32
#define DICE_FLOOR_MAX 1024 // key floors that can be told apart: one hash each
#define DICE_MEASURED_MAX 224
#define DICE_CERTIFICATE_MAX 512
#define DICE_TAG_N 16
#define DICE_SEALED_EXTRA 53 // octets that what is sealed has more
#define DICE_ALIAS_TYPE "application/troth-alias+cwt"
#define DICE_EVIDENCE_TYPE "application/eat+cwt"
#define DICE_NONCE_MIN 8 // RFC 9711 4.1
#define DICE_NONCE_MAX 64

struct dice_crypto {
    // HMAC with SHA-256 (RFC 2104).
    void (*hmac)(struct troth_octets key, const struct troth_message *message,
                 uint8_t ret[TROTH_HASH_N]);
    // The point of a private key of P-256, which is 1 to the order less 1.
    bool (*point)(const uint8_t secret[DICE_SECRET_N], uint8_t ret[TROTH_POINT_N]);
    // ECDSA over P-256, deterministic (RFC 6979 with SHA-256): r || s.
    bool (*sign)(const uint8_t secret[DICE_SECRET_N], const uint8_t hash[TROTH_HASH_N],
                 uint8_t ret[TROTH_SIGNATURE_N]);
    // ChaCha20-Poly1305 (RFC 8439 2.8) with a nonce of zeroes, in place: each key is for one text.
    // With `seals` encrypts, else decrypts. `tag` is what comes out, either way.
    void (*seal)(const uint8_t key[DICE_SECRET_N], struct troth_octets beside, uint8_t *text,
                 size_t n, bool seals, uint8_t tag[DICE_TAG_N]);
};

// Can its memory be read from outside? Another mode has other secrets.
enum dice_mode { DICE_NORMAL = 1, DICE_DEBUG = 2 };

// For who runs: the board hands it over and keeps none of it.
struct dice {
    uint8_t alias[DICE_SECRET_N]; // the alias key
    uint8_t alias_point[TROTH_POINT_N];
    uint8_t sealing[DICE_SECRET_N]; // of `floor`
    uint32_t floor;
    uint8_t measured[DICE_MEASURED_MAX]; // CBOR, as it is certified
    size_t measured_n;
    uint8_t certificate[DICE_CERTIFICATE_MAX];
    size_t certificate_n;
};

// The DeviceID's public half, for whoever registers the device: 04 || x || y. False: the
// dice_crypto could not.
bool dice_device_point(const struct dice_crypto *crypto, const uint8_t device[DICE_SECRET_N],
                       uint8_t ret[TROTH_POINT_N]);

// After boot_start(), where a slot is started. TROTH_TOO_LARGE: the floor is above DICE_FLOOR_MAX;
// TROTH_MISSING: nothing was started; TROTH_PLATFORM: the dice_crypto could not. *ret is all zero
// then.
//
// The certificate is a COSE_Sign1 (RFC 9052 4.2, ES256, type DICE_ALIAS_TYPE, key id the first
// octets of SHA-256 over the DeviceID's point) over a CWT {8: {1: COSE_Key of the alias key},
// -70000: measured} with
//     measured = {1: image's SHA-256, 2: sequence, 3: security counter,
//                 4: SHA-256 over the signers, 5: key set's sequence, 6: key floor,
//                 7: vendor, 8: class, 9: mode, 10: SHA-256 of the first key set}
enum troth_verdict dice_start(const struct dice_crypto *crypto, const uint8_t device[DICE_SECRET_N],
                              enum dice_mode mode, const struct boot_device *board,
                              const struct boot_report *report, struct dice *ret);

// Appends evidence (RFC 9711): a COSE_Sign1 by the alias key (type DICE_EVIDENCE_TYPE) over {10:
// nonce, -70000: measured, -70001: {1: slot, 2: is it a trial, 3: verdict, 4: verdict of an update
// that was not started}}. The nonce is whoever's who asks, DICE_NONCE_MIN to _MAX octets. False: it
// does not fit, or the dice_crypto could not.
bool dice_evidence(const struct dice_crypto *crypto, const struct dice *dice,
                   const struct boot_report *report, struct troth_octets nonce, struct buf *b);

// Appends `secret` sealed for this device, by what runs now and by all that follows it:
// DICE_SEALED_EXTRA octets more. The same secret is the same octets: it takes no random numbers.
bool dice_seal(const struct dice_crypto *crypto, const struct dice *dice,
               struct troth_octets secret, struct buf *b);

// Appends what was sealed. TROTH_LOWER_FLOOR: at a higher floor than this device has now;
// TROTH_BAD_SIGNATURE: not by this device, or not so; TROTH_MALFORMED, TROTH_TOO_LARGE.
enum troth_verdict dice_unseal(const struct dice_crypto *crypto, const struct dice *dice,
                               struct troth_octets sealed, struct buf *b);

void dice_wipe(void *octets, size_t n);

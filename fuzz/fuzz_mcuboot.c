// MCUboot images, as they are and with hash and signature put behind what is protected. The
// header's padding, which nobody reads, says which hash and which signature.
#include "signed_object.h"

#include <troth/mcuboot.h>
#include <wire/x509.h>

#define PADDING 28 // in the header
#define TLV_SHA256 0x10
#define TLV_PURE 0x25

static const struct troth_mcuboot_version running = {1, 2, 3, 0};
static const struct troth_mcuboot_device device = {5, &running, 1};

static const struct troth_algorithm es384 = {TROTH_ES384, verify_stand_in};
static const struct troth_algorithm ed25519 = {TROTH_ED25519, verify_stand_in};
static const struct troth_algorithm ps256 = {TROTH_PS256, verify_stand_in};
static const struct troth_algorithm *const algorithms[] = {&stand_in_es256, &es384, &ed25519,
                                                           &ps256};

static void wide_hash(const struct troth_message *message, size_t n, uint8_t *ret)
{
    must(n == 48 || n == 64);
    sign_message(signer_point, message, ret, n);
}

static const struct troth_crypto crypto = {algorithms, 4, &quick_sha256, wide_hash};

#define KEY(number, algorithm)                                                                     \
    {                                                                                              \
        number, algorithm, TROTH_USE_RELEASE,                                                      \
        {                                                                                          \
            signer_point, sizeof signer_point                                                      \
        }                                                                                          \
    }
static const struct troth_keyset keys = {
    .sequence = 1,
    .floor = 1,
    .wanted = {1, 1, 1, 1},
    .n = 4,
    .keys = {KEY(1, TROTH_ES256), KEY(2, TROTH_ES384), KEY(3, TROTH_ED25519), KEY(4, TROTH_PS256)},
};

static const struct kind {
    unsigned hash, hash_n, tlv, raw_n;
    bool is_der, is_pure;
} kinds[] = {
    {TLV_SHA256, 32, 0x22, 64, true, false},      {TLV_SHA256 + 1, 48, 0x22, 96, true, false},
    {TLV_SHA256, 32, 0x24, 64, false, false},     {TLV_SHA256 + 2, 64, 0x24, 64, false, true},
    {TLV_SHA256 + 1, 48, 0x24, 64, false, false}, {TLV_SHA256, 32, 0x20, 256, false, false},
    {TLV_SHA256, 32, 0x23, 384, false, false},    {TLV_SHA256 + 2, 64, 0x22, 96, true, false},
};

static enum troth_verdict judge(struct bytes slot, struct troth_mcuboot_image *ret)
{
    struct troth_fault fault;
    enum troth_verdict verdict =
        troth_mcuboot_verify(&crypto, &keys, &device, octets_of(slot), ret, &fault);
    must(fault.offset <= slot.n);
    return verdict;
}

static void put_tlv(struct buf *b, unsigned type, struct bytes value)
{
    const uint8_t head[] = {(uint8_t)type, (uint8_t)(type >> 8), (uint8_t)value.n,
                            (uint8_t)(value.n >> 8)};
    buf_put_bytes(b, bytes_of(head, sizeof head));
    buf_put_bytes(b, value);
}

static void put_open(struct buf *b, const struct kind *kind, struct bytes image)
{
    static uint8_t space[1024];
    uint8_t digest[64], raw[384], der_space[128];
    struct buf area = buf_over(space, sizeof space), der = buf_over(der_space, sizeof der_space);
    const struct troth_octets part = octets_of(image), hash = {digest, kind->hash_n};
    if (kind->hash_n == TROTH_HASH_N)
        quick_hash(image, digest);
    else
        wide_hash(&(struct troth_message){&part, 1}, kind->hash_n, digest);
    bool is_of_digest = kind->tlv == 0x24 && !kind->is_pure;
    sign_message(signer_point, &(struct troth_message){is_of_digest ? &hash : &part, 1}, raw,
                 kind->raw_n);
    struct bytes signature = bytes_of(raw, kind->raw_n);
    if (kind->is_der) {
        x509_ecdsa_to_der(&der, signature);
        signature = buf_bytes(&der);
    }
    put_tlv(&area, kind->hash, bytes_of(digest, kind->hash_n));
    if (kind->is_pure)
        put_tlv(&area, TLV_PURE, bytes_text("\1"));
    put_tlv(&area, kind->tlv, signature);
    const size_t n = area.n + 4;
    const uint8_t head[] = {0x07, 0x69, (uint8_t)n, (uint8_t)(n >> 8)};
    buf_put_bytes(b, bytes_of(head, sizeof head));
    buf_put_bytes(b, buf_bytes(&area));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t space[ROOM];
    struct buf slot = buf_over(space, sizeof space);
    struct troth_mcuboot_image image;
    if (size > ROOM / 2)
        return 0;
    must(judge(bytes_of(data, size), &image) != TROTH_VALID);
    const struct kind *kind = &kinds[size > PADDING ? data[PADDING] % 8 : 0];
    buf_put_bytes(&slot, bytes_of(data, size));
    put_open(&slot, kind, bytes_of(data, size));
    must(buf_ok(&slot));
    if (judge(buf_bytes(&slot), &image) != TROTH_VALID)
        return 0;
    // No ECDSA of SHA-512.
    must(kind != &kinds[7]);
    must(image.counter >= device.counter && image.signers != 0 &&
         (image.signers & (image.signers - 1)) == 0);
    must(image.body.p >= slot.p + 32 && image.body.p + image.body.n <= slot.p + size);
    space[slot.n - 1] ^= 1;
    must(judge(buf_bytes(&slot), &image) != TROTH_VALID);
    return 0;
}
